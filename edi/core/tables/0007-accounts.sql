CREATE TABLE issued_statement (   -- an "appel de rémunération", as it was sent
    number INTEGER PRIMARY KEY,   -- without gaps
    supplier TEXT NOT NULL, period INTEGER NOT NULL, issued_at TEXT NOT NULL,
    previous INTEGER REFERENCES issued_statement (number),  -- of the same supplier and period
    last_entry INTEGER NOT NULL,  -- it tells of the entries after the previous one's last, up to this one
    entries_cents INTEGER NOT NULL,
    estimates_cents INTEGER NOT NULL, taken_back_cents INTEGER NOT NULL,  -- billed here; billed by the previous one
    facts BLOB NOT NULL,          -- the document: JSON, packed by zlib
    sha256 TEXT NOT NULL          -- of that JSON
) STRICT;
CREATE UNIQUE INDEX issued_statement_previous ON issued_statement (previous) WHERE previous IS NOT NULL;
CREATE INDEX issued_statement_supplier ON issued_statement (supplier, period);

CREATE TABLE distribution (       -- a year shared out: once
    year INTEGER PRIMARY KEY, distributed_at TEXT NOT NULL,
    last_entry INTEGER NOT NULL,  -- of the year's entries up to this one
    terms TEXT NOT NULL           -- JSON of what it was computed by: users, fees, pension, threshold
) STRICT;
CREATE TABLE distribution_posting (  -- what it moved, from account to account
    year INTEGER NOT NULL REFERENCES distribution (year) DEFERRABLE INITIALLY DEFERRED,
    label TEXT NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL, cents INTEGER NOT NULL,
    PRIMARY KEY (year, label)
) STRICT, WITHOUT ROWID;
CREATE TABLE distribution_share ( -- per title: this year's halves, what earlier years brought, and whether it is paid
    year INTEGER NOT NULL REFERENCES distribution (year) DEFERRABLE INITIALLY DEFERRED,
    ean TEXT NOT NULL, title TEXT NOT NULL,
    copies INTEGER NOT NULL, brought_copies INTEGER NOT NULL,
    authors_cents INTEGER NOT NULL, publishers_cents INTEGER NOT NULL,
    brought_authors_cents INTEGER NOT NULL, brought_publishers_cents INTEGER NOT NULL,
    paid INTEGER NOT NULL,        -- 0: carried over, being below the threshold or nobody's
    PRIMARY KEY (year, ean)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_posting AS          -- every movement of money: one amount, from one account to another
SELECT 'PART' AS journal, e.entry AS id, r.posted_at AS at, e.period AS period, e.supplier AS party,
       e.invoice_number AS piece, e.invoice_date AS piece_date,
       CASE WHEN e.reverses IS NOT NULL THEN 'Contre-passation de la part ' || e.reverses
            WHEN e.kind = 'A' THEN 'Part sur avoir' ELSE 'Part sur facture' END AS label,
       'suppliers' AS debit, 'to_distribute' AS credit, e.remuneration_cents AS cents
FROM entry e JOIN posting_run r ON r.id = e.run WHERE e.remuneration_cents <> 0
UNION ALL
SELECT 'APPEL', number, issued_at, period, supplier, printf('AR-%06d', number), substr(issued_at, 1, 10),
       'Estimations appelées, les précédentes reprises', 'suppliers', 'estimates', estimates_cents - taken_back_cents
FROM issued_statement WHERE estimates_cents <> taken_back_cents
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

CREATE VIEW v_ledger AS           -- the entries as people read them, down to file and record
SELECT e.entry, r.posted_at, e.period, e.supplier, s.name AS supplier_name, e.library, l.name AS library_name,
       e.invoice_number, e.invoice_date, e.kind, e.base_cents, e.rate_percent, e.remuneration_cents, e.copies,
       e.reverses, e.reason, si.record AS supplier_record, sr.name AS supplier_file, li.record AS library_record,
       lr.name AS library_file, e.hash
FROM entry e
JOIN posting_run r ON r.id = e.run
JOIN invoice si ON si.id = e.supplier_invoice JOIN declaration sd ON sd.id = si.declaration JOIN receipt sr ON sr.id = sd.receipt
JOIN invoice li ON li.id = e.library_invoice JOIN declaration ld ON ld.id = li.declaration JOIN receipt lr ON lr.id = ld.receipt
LEFT JOIN partner s ON s.gln = e.supplier LEFT JOIN partner l ON l.gln = e.library;

CREATE VIEW v_invoice AS          -- every invoice and where it stands
SELECT i.id, i.side, i.supplier, s.name AS supplier_name, i.library, l.name AS library_name, i.number, i.date, i.kind,
       i.ht AS ht_cents, i.ttc AS ttc_cents, i.copies, i.period, i.record, r.name AS file, d.reference AS declaration,
       CASE WHEN w.invoice IS NOT NULL THEN 'withdrawn' ELSE coalesce(o.state, 'waiting') END AS state, o.reason
FROM invoice i JOIN declaration d ON d.id = i.declaration JOIN receipt r ON r.id = d.receipt
LEFT JOIN withdrawal w ON w.invoice = i.id LEFT JOIN outcome o ON o.invoice = i.id
LEFT JOIN partner s ON s.gln = i.supplier LEFT JOIN partner l ON l.gln = i.library;
