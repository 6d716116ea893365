-- estimates are entries from here on; those of before stay as they are, sealed: the next posting run names the hash of the last
INSERT INTO entry_kind VALUES
    ('lending', 'estimate', 'ESTIM', 'suppliers', 'estimates', 'Part estimée d''office', 'Part estimée d''office', 'Reprise de l''estimation ');
CREATE TRIGGER estimate_no_more BEFORE INSERT ON estimate
BEGIN SELECT RAISE(ABORT, 'estimate is closed: estimates are entries'); END;

CREATE INDEX entry_estimate ON entry (period, party) WHERE kind = 'estimate';
CREATE UNIQUE INDEX entry_estimate_number ON entry (json_extract(facts, '$.number')) WHERE kind = 'estimate';
CREATE UNIQUE INDEX entry_estimate_reverses ON entry (json_extract(facts, '$.reverses')) WHERE kind = 'estimate';

CREATE VIEW estimation AS         -- estimates, of before and since, in one numbering; `entry` and `run` of those that are entries
SELECT estimate, NULL AS entry, NULL AS run, posted_at, period, supplier, library, invoice_number, invoice_date, kind, ht_cents,
       printf('%d.%02d', rate_percent / 100, rate_percent % 100) AS rate, remuneration_cents, reason, library_invoice, reverses, hash
FROM estimate
UNION ALL
SELECT json_extract(e.facts, '$.number'), e.entry, e.run, r.posted_at, e.period, e.party, e.counterparty, e.piece, e.piece_date,
       e.piece_kind, e.base_cents, e.rate, e.cents, e.reason, e.claim, json_extract(e.facts, '$.reverses'), e.hash
FROM entry e JOIN posting_run r ON r.id = e.run WHERE e.scheme = 'lending' AND e.kind = 'estimate';

CREATE VIEW estimation_standing AS  -- those that were not reversed; + lets the index of an expression be used
SELECT n.* FROM estimation n
WHERE n.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM estimate r WHERE r.reverses = n.estimate)
AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.kind = 'estimate' AND json_extract(r.facts, '$.reverses') = +n.estimate);
