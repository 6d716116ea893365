CREATE TABLE left_over (          -- derived: live invoices that are not matched, as of the last pass; rule 2 looks among these
    invoice INTEGER PRIMARY KEY,
    supplier INTEGER NOT NULL, library INTEGER NOT NULL, key TEXT NOT NULL, side TEXT NOT NULL, day INTEGER NOT NULL,
    kind TEXT NOT NULL, ht INTEGER NOT NULL, tolerance INTEGER NOT NULL
) STRICT;
INSERT INTO left_over
SELECT t.invoice, t.supplier, t.library, t.key, t.side, t.day, t.kind, t.ht, t.tolerance
FROM open_bag b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key
WHERE t.invoice NOT IN (SELECT invoice FROM outcome WHERE state = 'matched');
CREATE INDEX left_over_place ON left_over (supplier, library, side, day);
DROP TABLE open_bag;
