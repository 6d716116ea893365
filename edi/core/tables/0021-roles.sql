-- roles are words of the schemes, which the directory asks (`schemes.roles`): no table names them. Both tables are made again
-- without that CHECK, row by row as they were; acts on requests find theirs before all is committed.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE partner_before AS SELECT * FROM partner;
CREATE TABLE request_before AS SELECT * FROM request;
DROP TABLE partner;
DROP TABLE request;
CREATE TABLE partner (
    gln TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,
    category TEXT NOT NULL, successor TEXT NOT NULL, alias_of TEXT NOT NULL,
    postcode TEXT NOT NULL DEFAULT '', city TEXT NOT NULL DEFAULT '', opened TEXT NOT NULL DEFAULT '',
    closed TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '' CHECK (subject IN ('', 'yes', 'no'))
) STRICT, WITHOUT ROWID;
CREATE TABLE request (            -- who is that: a GLN the directory does not know, or a partner without one
    id INTEGER PRIMARY KEY,
    about TEXT NOT NULL UNIQUE,   -- the GLN, or role, name, postcode and city: asked for once
    gln TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
    postcode TEXT NOT NULL, city TEXT NOT NULL,
    declaration INTEGER REFERENCES declaration (id)  -- that named the GLN, where one did
) STRICT;
INSERT INTO partner SELECT * FROM partner_before;
INSERT INTO request SELECT * FROM request_before;
DROP TABLE partner_before;
DROP TABLE request_before;
