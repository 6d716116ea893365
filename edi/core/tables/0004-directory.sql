ALTER TABLE partner ADD COLUMN postcode TEXT NOT NULL DEFAULT '';
ALTER TABLE partner ADD COLUMN city TEXT NOT NULL DEFAULT '';
ALTER TABLE partner ADD COLUMN opened TEXT NOT NULL DEFAULT '';
ALTER TABLE partner ADD COLUMN closed TEXT NOT NULL DEFAULT '';
ALTER TABLE partner ADD COLUMN subject TEXT NOT NULL DEFAULT '' CHECK (subject IN ('', 'yes', 'no'));

CREATE TABLE partner_since (      -- what of a partner is so from a day on; before, what `partner` says
    gln TEXT NOT NULL, since TEXT NOT NULL,
    category TEXT NOT NULL,       -- '' of either: as it was
    subject TEXT NOT NULL CHECK (subject IN ('', 'yes', 'no')),
    PRIMARY KEY (gln, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_act (      -- who changed the directory, when, and out of what: a file, a request
    id INTEGER PRIMARY KEY, who TEXT NOT NULL CHECK (who <> ''), source TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE partner_change (     -- every fact of a partner that changed; the partner is new where `before` is null
    act INTEGER NOT NULL REFERENCES directory_act (id), gln TEXT NOT NULL,
    field TEXT NOT NULL, since TEXT NOT NULL, before TEXT, after TEXT NOT NULL,
    PRIMARY KEY (gln, act, field, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (            -- who is that: a GLN the directory does not know, or a partner without one
    id INTEGER PRIMARY KEY,
    about TEXT NOT NULL UNIQUE,   -- the GLN, or role, name, postcode and city: asked for once
    gln TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN ('library', 'supplier')),
    postcode TEXT NOT NULL, city TEXT NOT NULL,
    declaration INTEGER REFERENCES declaration (id)  -- that named the GLN, where one did
) STRICT;
CREATE TABLE request_act (
    id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id),
    act TEXT NOT NULL CHECK (act IN ('ask', 'take', 'answer', 'refuse')),
    who TEXT NOT NULL CHECK (who <> ''), reason TEXT NOT NULL, at TEXT NOT NULL,
    gln TEXT NOT NULL             -- of an answer: who it is
) STRICT;
CREATE INDEX request_act_request ON request_act (request);
