CREATE INDEX invoice_key ON invoice (key);
CREATE INDEX entry_library ON entry (library_invoice);
