CREATE TRIGGER entry_closed_period BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM period_closed WHERE year = NEW.period) BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
CREATE TRIGGER invoice_closed_period BEFORE INSERT ON invoice
WHEN EXISTS (SELECT 1 FROM period_closed WHERE year = NEW.period) BEGIN SELECT RAISE(ABORT, 'the period is closed'); END;
