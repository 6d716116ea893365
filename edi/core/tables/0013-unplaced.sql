CREATE TABLE unplaced (           -- invoices of long files that are booked and not in `twin` yet: those of a row of `touched`
    touched INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL
) STRICT;
