-- the ledger in names of its own, for any scheme; the view `remuneration` has the names of the lending right. Hashes are as they were.
-- a hash of facts beside the chain that the run vouches for
ALTER TABLE posting_run ADD COLUMN seals TEXT NOT NULL DEFAULT '';
CREATE INDEX posting_run_seals ON posting_run (id) WHERE seals <> '';

CREATE TABLE entry_kind (         -- what the entries of a kind move, and what the books call them
    scheme TEXT NOT NULL, kind TEXT NOT NULL,
    journal TEXT NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL,
    label TEXT NOT NULL, credit_label TEXT NOT NULL, reversal TEXT NOT NULL,
    PRIMARY KEY (scheme, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO entry_kind VALUES
    ('lending', 'remuneration', 'PART', 'suppliers', 'to_distribute', 'Part sur facture', 'Part sur avoir', 'Contre-passation de la part ');

DROP VIEW v_ledger;
DROP VIEW v_journal;
DROP VIEW v_posting;
ALTER TABLE entry RENAME TO entry_before;
CREATE TABLE entry (
    entry INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES posting_run (id) DEFERRABLE INITIALLY DEFERRED,
    scheme TEXT NOT NULL, kind TEXT NOT NULL,
    period INTEGER NOT NULL,
    party TEXT NOT NULL, counterparty TEXT,      -- who owes, and by whose word or purchase, where there is somebody
    piece TEXT NOT NULL, piece_date TEXT NOT NULL, piece_kind TEXT NOT NULL,  -- the document: its number, date, kind
    base_cents INTEGER NOT NULL, rate TEXT NOT NULL,  -- exact, as a decimal; '' of what is no part of its base
    cents INTEGER NOT NULL, units INTEGER NOT NULL,
    reason TEXT NOT NULL,
    claim INTEGER NOT NULL, evidence INTEGER,    -- the scheme's own keys; one entry of a kind stands for a claim
    facts TEXT,                                  -- JSON of whatever else a kind has: `number` and `reverses`, where it counts for itself
    reverses INTEGER REFERENCES entry (entry),
    hash TEXT NOT NULL                           -- of what its scheme publishes of all this
) STRICT;
INSERT INTO entry
SELECT entry, run, 'lending', 'remuneration', period, supplier, library, invoice_number, invoice_date, kind, base_cents,
       printf('%d.%02d', rate_percent / 100, rate_percent % 100), remuneration_cents, copies, reason, supplier_invoice,
       library_invoice, NULL, reverses, hash
FROM entry_before;
DROP TABLE entry_before;
CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_claim ON entry (claim);
CREATE INDEX entry_evidence ON entry (evidence);
CREATE INDEX entry_period ON entry (period, party);
CREATE TRIGGER entry_closed_period BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM period_closed WHERE year = NEW.period) BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;

CREATE VIEW remuneration AS       -- suppliers' shares: the entries of that kind, in the lending right's words
SELECT entry, run, period, party AS supplier, counterparty AS library, piece AS invoice_number, piece_date AS invoice_date,
       piece_kind AS kind, base_cents, rate, CAST(replace(rate, '.', '') AS INTEGER) AS rate_percent, cents AS remuneration_cents,
       units AS copies, reason, reverses, claim AS supplier_invoice, evidence AS library_invoice, hash
FROM entry WHERE scheme = 'lending' AND kind = 'remuneration';

CREATE VIEW v_ledger AS           -- the same as people read them, down to file and record
SELECT e.entry, r.posted_at, e.period, e.supplier, s.name AS supplier_name, e.library, l.name AS library_name,
       e.invoice_number, e.invoice_date, e.kind, e.base_cents, e.rate_percent, e.remuneration_cents, e.copies,
       e.reverses, e.reason, si.record AS supplier_record, sr.name AS supplier_file, li.record AS library_record,
       lr.name AS library_file, e.hash
FROM remuneration e
JOIN posting_run r ON r.id = e.run
JOIN invoice si ON si.id = e.supplier_invoice JOIN declaration sd ON sd.id = si.declaration JOIN receipt sr ON sr.id = sd.receipt
JOIN invoice li ON li.id = e.library_invoice JOIN declaration ld ON ld.id = li.declaration JOIN receipt lr ON lr.id = ld.receipt
LEFT JOIN partner s ON s.gln = e.supplier LEFT JOIN partner l ON l.gln = e.library;

CREATE VIEW v_posting AS          -- every movement of money: one amount, from one account to another
SELECT k.journal AS journal, coalesce(json_extract(e.facts, '$.number'), e.entry) AS id, r.posted_at AS at, e.period AS period,
       e.party AS party, e.piece AS piece, e.piece_date AS piece_date,
       CASE WHEN coalesce(json_extract(e.facts, '$.reverses'), e.reverses) IS NOT NULL
            THEN k.reversal || coalesce(json_extract(e.facts, '$.reverses'), e.reverses)
            WHEN e.piece_kind = 'A' THEN k.credit_label ELSE k.label END AS label,
       k.debit AS debit, k.credit AS credit, e.cents AS cents
FROM entry e JOIN posting_run r ON r.id = e.run JOIN entry_kind k ON k.scheme = e.scheme AND k.kind = e.kind WHERE e.cents <> 0
UNION ALL
SELECT 'ESTIM', estimate, posted_at, period, supplier, invoice_number, invoice_date,
       CASE WHEN reverses IS NOT NULL THEN 'Reprise de l''estimation ' || reverses ELSE 'Part estimée d''office' END,
       'suppliers', 'estimates', remuneration_cents
FROM estimate WHERE remuneration_cents <> 0
UNION ALL
SELECT 'REPART', d.year, distributed_at, d.year, '', 'REP-' || d.year, substr(distributed_at, 1, 10), label, debit, credit, cents
FROM distribution d JOIN distribution_posting p ON p.year = d.year WHERE cents <> 0;

CREATE VIEW v_journal AS          -- the same in double entry; a late day is the last of its period, whose book it is
SELECT journal, id, at, period, min(max(substr(at, 1, 10), period || '-01-01'), period || '-12-31') AS day,
       party, piece, piece_date, label, debit AS account, max(cents, 0) AS debit_cents, max(-cents, 0) AS credit_cents
FROM v_posting
UNION ALL
SELECT journal, id, at, period, min(max(substr(at, 1, 10), period || '-01-01'), period || '-12-31'),
       party, piece, piece_date, label, credit, max(-cents, 0), max(cents, 0)
FROM v_posting;
