CREATE TABLE resolved (           -- derived from `partner`: which party a name as written is of; one that is not here is its own
    type TEXT NOT NULL,           -- of the value: gln
    value TEXT NOT NULL,
    party INTEGER NOT NULL,       -- its GLN, as a number
    PRIMARY KEY (type, value)
) STRICT, WITHOUT ROWID;
CREATE VIEW v_resolved AS         -- the same, computed: an alias stands for another, else one has a successor, until neither is
WITH RECURSIVE step (value, gln) AS (
    SELECT gln, iif(alias_of <> '', alias_of, successor) FROM partner WHERE alias_of <> '' OR successor <> ''
    UNION SELECT s.value, iif(p.alias_of <> '', p.alias_of, p.successor) FROM step s JOIN partner p ON p.gln = s.gln
    WHERE p.alias_of <> '' OR p.successor <> ''
)
SELECT 'gln' AS type, value, CAST(gln AS INTEGER) AS party FROM step
WHERE gln NOT IN (SELECT gln FROM partner WHERE alias_of <> '' OR successor <> '');
INSERT INTO resolved SELECT * FROM v_resolved;

CREATE INDEX credit_invoice ON credit (invoice);
