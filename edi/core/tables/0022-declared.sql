-- What many statements ask of an invoice, or of a declaration, said once.
ALTER TABLE invoice ADD COLUMN signed_ht INTEGER GENERATED ALWAYS AS (iif(kind = 'A', -ht, ht)) VIRTUAL;
ALTER TABLE invoice ADD COLUMN by_gln TEXT GENERATED ALWAYS AS (iif(side = 'supplier', supplier, library)) VIRTUAL;
ALTER TABLE invoice ADD COLUMN with_gln TEXT GENERATED ALWAYS AS (iif(side = 'supplier', library, supplier)) VIRTUAL;
CREATE VIEW v_declaration AS      -- `counts`: real and not refused; `superseded` by one that replaces or cancels it
SELECT d.*, d.use = 'real' AND NOT d.dry AND d.verdict <> 'refused' AS counts,
       EXISTS (SELECT 1 FROM declaration n WHERE n.supersedes = d.id) AS superseded,
       EXISTS (SELECT 1 FROM declaration n WHERE n.supersedes = d.id AND n.nature = 'cancels') AS cancelled
FROM declaration d;
