CREATE TABLE receipt (            -- a file arrived: transaction T1
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    name TEXT NOT NULL, link TEXT NOT NULL, home TEXT NOT NULL,
    remote_path TEXT NOT NULL, remote_modified INTEGER NOT NULL,
    dry INTEGER NOT NULL,         -- 1: from the test folder, changes nothing
    received_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'answered', 'failed')),
    verdict TEXT, trouble TEXT
) STRICT;
CREATE UNIQUE INDEX receipt_once ON receipt (link, remote_path, sha256, remote_modified) WHERE remote_path <> '';
CREATE INDEX receipt_open ON receipt (state) WHERE state <> 'answered';
CREATE INDEX receipt_sha ON receipt (sha256);
CREATE INDEX receipt_day ON receipt (link, received_at);
CREATE INDEX receipt_refused ON receipt (link) WHERE state = 'failed' OR verdict = 'refused';

CREATE TABLE declaration (        -- what a receipt's bytes declared, booked or not
    id INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL REFERENCES receipt (id),
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL, verdict TEXT NOT NULL,
    side TEXT NOT NULL, use TEXT NOT NULL, nature TEXT NOT NULL,
    declarant TEXT NOT NULL, reference TEXT NOT NULL, replaced TEXT NOT NULL,
    period INTEGER NOT NULL, sending INTEGER NOT NULL, issued TEXT NOT NULL,
    invoices INTEGER NOT NULL, accepted INTEGER NOT NULL,
    dry INTEGER NOT NULL,
    supersedes INTEGER REFERENCES declaration (id),  -- what this one replaced or cancelled
    taken_at TEXT NOT NULL
) STRICT;
CREATE INDEX declaration_reference ON declaration (declarant, reference);
CREATE INDEX declaration_sha ON declaration (sha256);
CREATE INDEX declaration_receipt ON declaration (receipt);
CREATE UNIQUE INDEX declaration_supersedes ON declaration (supersedes) WHERE supersedes IS NOT NULL;

CREATE TABLE invoice (
    id INTEGER PRIMARY KEY,
    declaration INTEGER NOT NULL REFERENCES declaration (id),
    record INTEGER NOT NULL, side TEXT NOT NULL,
    supplier TEXT NOT NULL, library TEXT NOT NULL,
    number TEXT NOT NULL, key TEXT NOT NULL, date TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('F', 'A')),
    ht INTEGER NOT NULL, ttc INTEGER NOT NULL,
    contract TEXT NOT NULL, contract_sent TEXT, credited TEXT NOT NULL, credited_on TEXT,
    first_line INTEGER NOT NULL,  -- its lines are those of `lines` ids from this one on
    lines INTEGER NOT NULL, copies INTEGER NOT NULL, gross INTEGER NOT NULL,
    base INTEGER NOT NULL, base_copies INTEGER NOT NULL, exempt_contract INTEGER NOT NULL,
    period INTEGER NOT NULL,      -- in which it was booked: its own, or the oldest then open after it
    digest BLOB NOT NULL
) STRICT;
CREATE INDEX invoice_declaration ON invoice (declaration);
CREATE INDEX invoice_credits ON invoice (id)
    WHERE kind = 'A' AND side = 'supplier' AND credited <> '' AND credited_on IS NULL;

CREATE TABLE line (               -- ids of invoices and lines: the receipt's << 24 + their place in the file
    id INTEGER PRIMARY KEY, record INTEGER NOT NULL,
    ean TEXT NOT NULL, quantity INTEGER NOT NULL, price INTEGER NOT NULL,
    discount INTEGER NOT NULL, vat INTEGER NOT NULL,
    exclusion TEXT NOT NULL, evidence TEXT NOT NULL, title TEXT NOT NULL
) STRICT;

CREATE TABLE statement (          -- a later declaration states an invoice already booked
    declaration INTEGER NOT NULL REFERENCES declaration (id),
    invoice INTEGER NOT NULL REFERENCES invoice (id),
    PRIMARY KEY (declaration, invoice)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_invoice ON statement (invoice);

CREATE TABLE withdrawal (         -- the last live declaration that stated an invoice is gone
    invoice INTEGER PRIMARY KEY REFERENCES invoice (id),
    declaration INTEGER NOT NULL REFERENCES declaration (id)
) STRICT;

CREATE TABLE finding (
    receipt INTEGER NOT NULL REFERENCES receipt (id), ordinal INTEGER NOT NULL,
    code TEXT NOT NULL, finding TEXT NOT NULL,  -- JSON of schemas.finding.Finding
    PRIMARY KEY (receipt, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (             -- the outbox: written in T2, pushed afterwards
    id INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL REFERENCES receipt (id),
    link TEXT NOT NULL, home TEXT NOT NULL, name TEXT NOT NULL,
    body BLOB NOT NULL, written_at TEXT NOT NULL,
    sent_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, trouble TEXT
) STRICT;
CREATE INDEX answer_receipt ON answer (receipt);
CREATE INDEX answer_waiting ON answer (link) WHERE sent_at IS NULL;

CREATE TABLE acknowledgement (    -- the verdict of each receipt, whole: JSON of schemas.acknowledgement
    receipt INTEGER PRIMARY KEY REFERENCES receipt (id),
    acknowledgement TEXT NOT NULL
) STRICT;

CREATE TABLE partner (
    gln TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN ('library', 'supplier')),
    category TEXT NOT NULL, successor TEXT NOT NULL, alias_of TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE period_closed (year INTEGER PRIMARY KEY, closed_at TEXT NOT NULL) STRICT;
CREATE TABLE period_act (
    id INTEGER PRIMARY KEY, year INTEGER NOT NULL, act TEXT NOT NULL CHECK (act IN ('close', 'reopen')),
    at TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;

CREATE TABLE quarantine_act (     -- what people decided of a refused file
    id INTEGER PRIMARY KEY, receipt INTEGER NOT NULL REFERENCES receipt (id),
    act TEXT NOT NULL CHECK (act IN ('release', 'discard')),
    who TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    released_as INTEGER REFERENCES receipt (id)
) STRICT;
CREATE INDEX quarantine_act_receipt ON quarantine_act (receipt);

CREATE TABLE link_paused (link TEXT PRIMARY KEY, paused_at TEXT NOT NULL) STRICT;
CREATE TABLE link_state (
    link TEXT PRIMARY KEY, seen_at TEXT, trouble TEXT, trouble_since TEXT, turn TEXT
) STRICT;

CREATE TABLE held_back (          -- files that could not be had, or not yet: tried again at next_at
    link TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    attempts INTEGER NOT NULL, why TEXT NOT NULL, turn TEXT NOT NULL, since TEXT NOT NULL, next_at TEXT NOT NULL,
    PRIMARY KEY (link, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE twin (               -- derived: both sides' live invoices on their match key, resolved partners
    supplier INTEGER NOT NULL, library INTEGER NOT NULL, key TEXT NOT NULL,
    side TEXT NOT NULL, day INTEGER NOT NULL, invoice INTEGER NOT NULL,
    kind TEXT NOT NULL, period INTEGER NOT NULL,
    ht INTEGER NOT NULL, tolerance INTEGER NOT NULL, gross INTEGER NOT NULL, base INTEGER NOT NULL,
    rate INTEGER NOT NULL, cap INTEGER NOT NULL,
    flags INTEGER NOT NULL,       -- supplier: 1 claims an exempt contract, 2 has no lines; library: 1 contract exempt
    PRIMARY KEY (supplier, library, key, side, day, invoice)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (            -- derived: where each paired invoice stands; an invoice without one waits
    invoice INTEGER PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('matched', 'discrepancy')),
    reason TEXT NOT NULL,         -- '' or 'net-differs' of a match; the name of a discrepancy
    other INTEGER,                -- the matched invoice of the other side
    bag INTEGER NOT NULL,         -- the first invoice of the match or discrepancy: one bag, one case
    period INTEGER NOT NULL,      -- the latest in which one of the bag was booked
    rate INTEGER NOT NULL         -- the supplier's rate in %, where matched
) STRICT;
CREATE INDEX outcome_bag ON outcome (bag) WHERE state = 'discrepancy';
CREATE TABLE pass (               -- what the last reconciliation pass had seen
    id INTEGER PRIMARY KEY CHECK (id = 1), changes INTEGER NOT NULL, reconciled INTEGER NOT NULL
) STRICT;
INSERT INTO pass VALUES (1, 0, 0);

CREATE TABLE posting_run (
    id INTEGER PRIMARY KEY, posted_at TEXT NOT NULL, entries INTEGER NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
    entry INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES posting_run (id) DEFERRABLE INITIALLY DEFERRED,
    period INTEGER NOT NULL, supplier TEXT NOT NULL, library TEXT NOT NULL,
    invoice_number TEXT NOT NULL, invoice_date TEXT NOT NULL, kind TEXT NOT NULL,
    base_cents INTEGER NOT NULL, rate_percent INTEGER NOT NULL, remuneration_cents INTEGER NOT NULL,
    copies INTEGER NOT NULL, reason TEXT NOT NULL, reverses INTEGER REFERENCES entry (entry),
    supplier_invoice INTEGER NOT NULL REFERENCES invoice (id), library_invoice INTEGER NOT NULL REFERENCES invoice (id),
    hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_invoice ON entry (supplier_invoice);
CREATE INDEX entry_period ON entry (period, supplier);
