CREATE TABLE rules (              -- what runs were posted by: each version once, written by the first run that names it
    version TEXT PRIMARY KEY,     -- the sha256 of the text
    text TEXT NOT NULL            -- JSON, of edi.lending.terms.Law
) STRICT;
INSERT INTO rules VALUES
    ('a63c59893dda75ad9e239b3f147c52df1a90afdb37b73377afa2852e24d1a2a3',
     '{"contract_exempt_until":"2003-08-01","contracts_declared_until":"2005-12-31","days_apart":45,"hospitals_exempt_until":"2005-12-31","terms":[{"cap_bp":10000,"rate_percent":0,"since":"0001-01-01"},{"cap_bp":1200,"rate_percent":3,"since":"2003-08-01"},{"cap_bp":900,"rate_percent":6,"since":"2004-08-01"}],"tolerance_cents":5}');
-- '': a run of before, by the rules above; its hash is as it was
ALTER TABLE posting_run ADD COLUMN rules TEXT NOT NULL DEFAULT '';

CREATE TABLE derived (            -- what everything derived was derived by: where that is not what the program does, it is made anew
    id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL
) STRICT;
-- invoice.key is derived, of number; all else of an invoice is a fact
DROP TRIGGER invoice_no_update;
CREATE TRIGGER invoice_no_update BEFORE UPDATE OF id, declaration, record, side, supplier, library, number, date, kind, ht, ttc, contract, contract_sent, credited, credited_on, first_line, lines, copies, gross, base, base_copies, exempt_contract, period, digest ON invoice
BEGIN SELECT RAISE(ABORT, 'invoice is append-only'); END;
