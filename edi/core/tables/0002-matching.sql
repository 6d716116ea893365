DROP TABLE outcome;
DROP TABLE pass;

CREATE TABLE touched (            -- what a reconciliation pass has still to look at: booked, withdrawn, decided, moved
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first INTEGER NOT NULL, last INTEGER NOT NULL  -- invoices of these ids
) STRICT;
INSERT INTO touched (first, last) SELECT min(id), max(id) FROM invoice HAVING count(*) > 0;

CREATE TABLE outcome (            -- derived: where each invoice stands that does not wait
    invoice INTEGER PRIMARY KEY, side TEXT NOT NULL,
    booked INTEGER NOT NULL,      -- the period it was booked in
    state TEXT NOT NULL CHECK (state IN ('matched', 'proposed', 'discrepancy', 'settled')),
    reason TEXT NOT NULL,         -- '', 'net-differs', 'net-settled' or 'accepted' of a match; the form of a proposal; the name of a discrepancy
    other INTEGER,                -- an invoice of the other side, where matched or proposed
    bag INTEGER NOT NULL,         -- the first invoice of the case: one bag, one case
    period INTEGER NOT NULL,      -- the latest in which one of the case was booked
    rate INTEGER NOT NULL         -- the supplier's rate in %, where matched
) STRICT;
CREATE INDEX outcome_bag ON outcome (bag) WHERE state <> 'matched';

CREATE TABLE open_bag (           -- derived: where not every invoice is matched; rule 2 looks among these
    supplier INTEGER NOT NULL, library INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (supplier, library, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE credit (             -- derived: credit notes that name a number and no date, by the bag of that number
    supplier INTEGER NOT NULL, library INTEGER NOT NULL, key TEXT NOT NULL, invoice INTEGER NOT NULL,
    PRIMARY KEY (supplier, library, key, invoice)
) STRICT, WITHOUT ROWID;
DROP INDEX invoice_credits;

CREATE TABLE tally (              -- derived: how many live invoices, placed ones and cases, by period
    what TEXT NOT NULL, period INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (what, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (           -- what people decided of a case; an undo is one more row
    id INTEGER PRIMARY KEY,
    act TEXT NOT NULL CHECK (act IN ('accept', 'reject', 'settle', 'undo')),
    who TEXT NOT NULL CHECK (who <> ''), reason TEXT NOT NULL CHECK (reason <> ''), at TEXT NOT NULL,
    state TEXT NOT NULL, named TEXT NOT NULL,  -- the state of the case and its name when it was decided
    undoes INTEGER REFERENCES decision (id)
) STRICT;
CREATE UNIQUE INDEX decision_undoes ON decision (undoes) WHERE undoes IS NOT NULL;
CREATE TABLE decision_invoice (   -- the invoices of the case
    decision INTEGER NOT NULL REFERENCES decision (id), invoice INTEGER NOT NULL REFERENCES invoice (id),
    PRIMARY KEY (decision, invoice)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_invoice_invoice ON decision_invoice (invoice);

CREATE TABLE untold (             -- derived: invoices whose state changed since their declarant was last told
    invoice INTEGER PRIMARY KEY
) STRICT;
