CREATE TABLE estimate (           -- what a silent supplier owes at the least, by the libraries' word: beside the entries, in the same manner
    estimate INTEGER PRIMARY KEY, posted_at TEXT NOT NULL,
    period INTEGER NOT NULL, supplier TEXT NOT NULL, library TEXT NOT NULL,
    invoice_number TEXT NOT NULL, invoice_date TEXT NOT NULL, kind TEXT NOT NULL,
    ht_cents INTEGER NOT NULL, rate_percent INTEGER NOT NULL, remuneration_cents INTEGER NOT NULL,
    reason TEXT NOT NULL,         -- of a reversal: why it does not stand any more
    library_invoice INTEGER NOT NULL REFERENCES invoice (id), reverses INTEGER REFERENCES estimate (estimate),
    previous TEXT NOT NULL, hash TEXT NOT NULL  -- of all of this, the one before included
) STRICT;
CREATE UNIQUE INDEX estimate_reverses ON estimate (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX estimate_invoice ON estimate (library_invoice);
CREATE INDEX estimate_period ON estimate (period, supplier);
CREATE TRIGGER estimate_closed_period BEFORE INSERT ON estimate
WHEN EXISTS (SELECT 1 FROM period_closed WHERE year = NEW.period) BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;

DROP VIEW v_posting;
CREATE VIEW v_posting AS          -- every movement of money: one amount, from one account to another
SELECT 'PART' AS journal, e.entry AS id, r.posted_at AS at, e.period AS period, e.supplier AS party,
       e.invoice_number AS piece, e.invoice_date AS piece_date,
       CASE WHEN e.reverses IS NOT NULL THEN 'Contre-passation de la part ' || e.reverses
            WHEN e.kind = 'A' THEN 'Part sur avoir' ELSE 'Part sur facture' END AS label,
       'suppliers' AS debit, 'to_distribute' AS credit, e.remuneration_cents AS cents
FROM entry e JOIN posting_run r ON r.id = e.run WHERE e.remuneration_cents <> 0
UNION ALL
SELECT 'ESTIM', estimate, posted_at, period, supplier, invoice_number, invoice_date,
       CASE WHEN reverses IS NOT NULL THEN 'Reprise de l''estimation ' || reverses ELSE 'Part estimée d''office' END,
       'suppliers', 'estimates', remuneration_cents
FROM estimate WHERE remuneration_cents <> 0
UNION ALL
SELECT 'REPART', d.year, distributed_at, d.year, '', 'REP-' || d.year, substr(distributed_at, 1, 10), label, debit, credit, cents
FROM distribution d JOIN distribution_posting p ON p.year = d.year WHERE cents <> 0;
