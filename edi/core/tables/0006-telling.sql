CREATE TABLE told (               -- what the declarant of an invoice was last told of it, as a hash; with it `untold` is emptied
    invoice INTEGER PRIMARY KEY REFERENCES invoice (id), said INTEGER NOT NULL
) STRICT;
CREATE TABLE told_to (            -- how many status files a declarant was given, and when the last
    declarant TEXT PRIMARY KEY, files INTEGER NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
