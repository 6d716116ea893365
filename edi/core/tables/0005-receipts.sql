-- when a receipt's file was out of its depot: the same file there again is another; and which checker failed on it: another tries again
ALTER TABLE receipt ADD COLUMN archived_at TEXT;
ALTER TABLE receipt ADD COLUMN failed_with TEXT;
DROP INDEX receipt_once;
CREATE UNIQUE INDEX receipt_once ON receipt (link, remote_path, sha256, remote_modified)
    WHERE remote_path <> '' AND archived_at IS NULL;
