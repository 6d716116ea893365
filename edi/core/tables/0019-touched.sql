-- What was booked and withdrawn is noted with what was touched, and the next pass brings it into `twin` and `tally`:
-- `live` says of each of these invoices 1 booked, -1 withdrawn, 0 to be looked at again.
ALTER TABLE touched ADD COLUMN live INTEGER NOT NULL DEFAULT 0;
INSERT INTO touched (first, last, live) SELECT first, last, 1 FROM unplaced;
DROP TABLE unplaced;
DROP INDEX invoice_key;
CREATE INDEX invoice_key ON invoice (key, supplier, library);
