"""The database, `edi.sqlite`: schema, numbered migrations, connections, transactions.

Facts (receipts, declarations, invoices, lines, statements, withdrawals, entries) are only ever added.
`twin` and `outcome` are derived and disposable: `edi.twins` and `edi.reconciling` make them anew.
GLNs are numbers in `twin` (narrow keys), text everywhere else. Money is integer cents.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database, Migrations

from edi.lock import holder
from schemas.errors import HomeBusy, HomeTooNew, Unreadable

migrations = Migrations("edi")

#: Invoices and lines bear the receipt's id times this plus their place in the file, so a file's are apart from all others'.
PLACES = 1 << 24

#: How long a write waits for others: without a word, and in all.
_QUIET_MS = 2_000
_WAIT_MS = 60_000
_LOOK_SECONDS = 0.004

_FIRST = """
CREATE TABLE receipt (            -- a file arrived: transaction T1
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    name TEXT NOT NULL, link TEXT NOT NULL, home TEXT NOT NULL,
    remote_path TEXT NOT NULL, remote_modified INTEGER NOT NULL,
    dry INTEGER NOT NULL,         -- 1: from the test folder, changes nothing
    received_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'answered', 'failed')),
    verdict TEXT, trouble TEXT
) STRICT;
CREATE UNIQUE INDEX receipt_once ON receipt (link, remote_path, sha256, remote_modified) WHERE remote_path <> '';
CREATE INDEX receipt_open ON receipt (state) WHERE state <> 'answered';
CREATE INDEX receipt_sha ON receipt (sha256);
CREATE INDEX receipt_day ON receipt (link, received_at);
CREATE INDEX receipt_refused ON receipt (link) WHERE state = 'failed' OR verdict = 'refused';

CREATE TABLE declaration (        -- what a receipt's bytes declared, booked or not
    id INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL REFERENCES receipt (id),
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL, verdict TEXT NOT NULL,
    side TEXT NOT NULL, use TEXT NOT NULL, nature TEXT NOT NULL,
    declarant TEXT NOT NULL, reference TEXT NOT NULL, replaced TEXT NOT NULL,
    period INTEGER NOT NULL, sending INTEGER NOT NULL, issued TEXT NOT NULL,
    invoices INTEGER NOT NULL, accepted INTEGER NOT NULL,
    dry INTEGER NOT NULL,
    supersedes INTEGER REFERENCES declaration (id),  -- what this one replaced or cancelled
    taken_at TEXT NOT NULL
) STRICT;
CREATE INDEX declaration_reference ON declaration (declarant, reference);
CREATE INDEX declaration_sha ON declaration (sha256);
CREATE INDEX declaration_receipt ON declaration (receipt);
CREATE UNIQUE INDEX declaration_supersedes ON declaration (supersedes) WHERE supersedes IS NOT NULL;

CREATE TABLE invoice (
    id INTEGER PRIMARY KEY,
    declaration INTEGER NOT NULL REFERENCES declaration (id),
    record INTEGER NOT NULL, side TEXT NOT NULL,
    supplier TEXT NOT NULL, library TEXT NOT NULL,
    number TEXT NOT NULL, key TEXT NOT NULL, date TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('F', 'A')),
    ht INTEGER NOT NULL, ttc INTEGER NOT NULL,
    contract TEXT NOT NULL, contract_sent TEXT, credited TEXT NOT NULL, credited_on TEXT,
    first_line INTEGER NOT NULL,  -- its lines are those of `lines` ids from this one on
    lines INTEGER NOT NULL, copies INTEGER NOT NULL, gross INTEGER NOT NULL,
    base INTEGER NOT NULL, base_copies INTEGER NOT NULL, exempt_contract INTEGER NOT NULL,
    period INTEGER NOT NULL,      -- in which it was booked: its own, or the oldest then open after it
    digest BLOB NOT NULL
) STRICT;
CREATE INDEX invoice_declaration ON invoice (declaration);
CREATE INDEX invoice_credits ON invoice (id)
    WHERE kind = 'A' AND side = 'supplier' AND credited <> '' AND credited_on IS NULL;

CREATE TABLE line (               -- ids of invoices and lines: the receipt's << 24 + their place in the file
    id INTEGER PRIMARY KEY, record INTEGER NOT NULL,
    ean TEXT NOT NULL, quantity INTEGER NOT NULL, price INTEGER NOT NULL,
    discount INTEGER NOT NULL, vat INTEGER NOT NULL,
    exclusion TEXT NOT NULL, evidence TEXT NOT NULL, title TEXT NOT NULL
) STRICT;

CREATE TABLE statement (          -- a later declaration states an invoice already booked
    declaration INTEGER NOT NULL REFERENCES declaration (id),
    invoice INTEGER NOT NULL REFERENCES invoice (id),
    PRIMARY KEY (declaration, invoice)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_invoice ON statement (invoice);

CREATE TABLE withdrawal (         -- the last live declaration that stated an invoice is gone
    invoice INTEGER PRIMARY KEY REFERENCES invoice (id),
    declaration INTEGER NOT NULL REFERENCES declaration (id)
) STRICT;

CREATE TABLE finding (
    receipt INTEGER NOT NULL REFERENCES receipt (id), ordinal INTEGER NOT NULL,
    code TEXT NOT NULL, finding TEXT NOT NULL,  -- JSON of schemas.finding.Finding
    PRIMARY KEY (receipt, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (             -- the outbox: written in T2, pushed afterwards
    id INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL REFERENCES receipt (id),
    link TEXT NOT NULL, home TEXT NOT NULL, name TEXT NOT NULL,
    body BLOB NOT NULL, written_at TEXT NOT NULL,
    sent_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, trouble TEXT
) STRICT;
CREATE INDEX answer_receipt ON answer (receipt);
CREATE INDEX answer_waiting ON answer (link) WHERE sent_at IS NULL;

CREATE TABLE acknowledgement (    -- the verdict of each receipt, whole: JSON of schemas.acknowledgement
    receipt INTEGER PRIMARY KEY REFERENCES receipt (id),
    acknowledgement TEXT NOT NULL
) STRICT;

CREATE TABLE partner (
    gln TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL CHECK (role IN ('library', 'supplier')),
    category TEXT NOT NULL, successor TEXT NOT NULL, alias_of TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE period_closed (year INTEGER PRIMARY KEY, closed_at TEXT NOT NULL) STRICT;
CREATE TABLE period_act (
    id INTEGER PRIMARY KEY, year INTEGER NOT NULL, act TEXT NOT NULL CHECK (act IN ('close', 'reopen')),
    at TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;

CREATE TABLE quarantine_act (     -- what people decided of a refused file
    id INTEGER PRIMARY KEY, receipt INTEGER NOT NULL REFERENCES receipt (id),
    act TEXT NOT NULL CHECK (act IN ('release', 'discard')),
    who TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    released_as INTEGER REFERENCES receipt (id)
) STRICT;
CREATE INDEX quarantine_act_receipt ON quarantine_act (receipt);

CREATE TABLE link_paused (link TEXT PRIMARY KEY, paused_at TEXT NOT NULL) STRICT;
CREATE TABLE link_state (
    link TEXT PRIMARY KEY, seen_at TEXT, trouble TEXT, trouble_since TEXT, turn TEXT
) STRICT;

CREATE TABLE held_back (          -- files that could not be had, or not yet: tried again at next_at
    link TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    attempts INTEGER NOT NULL, why TEXT NOT NULL, turn TEXT NOT NULL, since TEXT NOT NULL, next_at TEXT NOT NULL,
    PRIMARY KEY (link, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE twin (               -- derived: both sides' live invoices on their match key, resolved partners
    supplier INTEGER NOT NULL, library INTEGER NOT NULL, key TEXT NOT NULL,
    side TEXT NOT NULL, day INTEGER NOT NULL, invoice INTEGER NOT NULL,
    kind TEXT NOT NULL, period INTEGER NOT NULL,
    ht INTEGER NOT NULL, tolerance INTEGER NOT NULL, gross INTEGER NOT NULL, base INTEGER NOT NULL,
    rate INTEGER NOT NULL, cap INTEGER NOT NULL,
    flags INTEGER NOT NULL,       -- supplier: 1 claims an exempt contract, 2 has no lines; library: 1 contract exempt
    PRIMARY KEY (supplier, library, key, side, day, invoice)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (            -- derived: where each paired invoice stands; an invoice without one waits
    invoice INTEGER PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('matched', 'discrepancy')),
    reason TEXT NOT NULL,         -- '' or 'net-differs' of a match; the name of a discrepancy
    other INTEGER,                -- the matched invoice of the other side
    bag INTEGER NOT NULL,         -- the first invoice of the match or discrepancy: one bag, one case
    period INTEGER NOT NULL,      -- the latest in which one of the bag was booked
    rate INTEGER NOT NULL         -- the supplier's rate in %, where matched
) STRICT;
CREATE INDEX outcome_bag ON outcome (bag) WHERE state = 'discrepancy';
CREATE TABLE pass (               -- what the last reconciliation pass had seen
    id INTEGER PRIMARY KEY CHECK (id = 1), changes INTEGER NOT NULL, reconciled INTEGER NOT NULL
) STRICT;
INSERT INTO pass VALUES (1, 0, 0);

CREATE TABLE posting_run (
    id INTEGER PRIMARY KEY, posted_at TEXT NOT NULL, entries INTEGER NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
    entry INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES posting_run (id) DEFERRABLE INITIALLY DEFERRED,
    period INTEGER NOT NULL, supplier TEXT NOT NULL, library TEXT NOT NULL,
    invoice_number TEXT NOT NULL, invoice_date TEXT NOT NULL, kind TEXT NOT NULL,
    base_cents INTEGER NOT NULL, rate_percent INTEGER NOT NULL, remuneration_cents INTEGER NOT NULL,
    copies INTEGER NOT NULL, reason TEXT NOT NULL, reverses INTEGER REFERENCES entry (entry),
    supplier_invoice INTEGER NOT NULL REFERENCES invoice (id), library_invoice INTEGER NOT NULL REFERENCES invoice (id),
    hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX entry_invoice ON entry (supplier_invoice);
CREATE INDEX entry_period ON entry (period, supplier);
"""

_FACTS = (
    "declaration",
    "invoice",
    "line",
    "statement",
    "withdrawal",
    "finding",
    "entry",
    "posting_run",
    "period_act",
    "quarantine_act",
)
#: Keys by which `INSERT OR REPLACE` could walk past the triggers on UPDATE and DELETE.
_KEYS = {
    "declaration": ("id", "supersedes"),
    "invoice": ("id",),
    "withdrawal": ("invoice",),
    "posting_run": ("id",),
    "entry": ("entry", "reverses"),
    "line": ("id",),
    "finding": ("(receipt, ordinal)",),
    "period_act": ("id",),
    "quarantine_act": ("id",),
}


# Lines of a long file are written before its verdict; those that come to nothing may go.
_UNBOOKED_LINE = (
    "WHEN EXISTS (SELECT 1 FROM invoice WHERE id BETWEEN (OLD.id >> 24) << 24 "
    "AND (((OLD.id >> 24) + 1) << 24) - 1 AND OLD.id BETWEEN first_line AND first_line + lines - 1) "
)


def _append_only() -> Iterator[str]:
    yield "CREATE TRIGGER receipt_no_delete BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'receipts stay'); END"
    for table in _FACTS:
        for act in ("UPDATE", "DELETE"):
            when = _UNBOOKED_LINE if (table, act) == ("line", "DELETE") else ""
            yield (
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        for place, key in enumerate(_KEYS.get(table, ())):
            new = re.sub(r"\w+", r"NEW.\g<0>", key)
            yield (
                f"CREATE TRIGGER {table}_no_replace_{place} BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = {new}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


@migrations()
def first_schema(db: Database) -> None:
    """Every table of version 0.1, and the triggers that keep the facts append-only."""
    for statement in [*_FIRST.split(";\n"), *_append_only()]:
        if statement.strip():
            db.execute(statement)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the database at `path`, made or migrated first. Rows come as `sqlite3.Row`.

    Raises Unreadable when it is no database, HomeTooNew when a newer version wrote it.
    """
    try:
        with suppress(OSError):  # SQLite gives its other files the mode of this one
            path.touch(mode=0o600)
            path.chmod(0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=60)
        connection.row_factory = sqlite3.Row
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        connection.execute("PRAGMA cache_size = -32000")  # 32 MB: the match table is written all over
        _migrate(connection, path)
    except sqlite3.DatabaseError as wrong:
        if _is_busy(wrong):
            raise HomeBusy(home=path.parent, who=holder(path.parent)) from wrong
        raise Unreadable(path=path, why=wrong) from wrong
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Lets readers and a writer alone. While another process does this to a new database SQLite does not wait by itself."""
    until = time.monotonic() + _WAIT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as wrong:
            if not _is_busy(wrong) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    database = Database(connection, execute_plugins=False)
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    if "_sqlite_migrations" in database.table_names():
        applied = {row["name"] for row in database["_sqlite_migrations"].rows}
        if applied - known:
            raise HomeTooNew(home=path.parent)
        if applied == known:
            return
    with transaction(connection):
        migrations.apply(database)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: all of it, or nothing. Waits a minute for other writers, and tells `on_wait`; then HomeBusy."""
    rollback(connection)  # of one that could not be ended when the disk failed
    _begin(connection)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            rollback(connection)
        raise


def _begin(connection: sqlite3.Connection) -> None:
    """BEGIN IMMEDIATE, waiting for whoever writes now: looking often, since the gaps between two pieces are short."""
    asked, said = time.monotonic(), False
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as wrong:
                waited = (time.monotonic() - asked) * 1000
                if not _is_busy(wrong):
                    raise
                if waited > _WAIT_MS:
                    home = home_of(connection)
                    raise HomeBusy(home=home, who=holder(home)) from wrong
            if waited > _QUIET_MS and not said:
                said = True
                on_wait(holder(home_of(connection)))
            time.sleep(_LOOK_SECONDS)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")


def breathe() -> None:
    """Between two pieces of long work: whoever waits for the database has time to see that it is free."""
    time.sleep(3 * _LOOK_SECONDS)


def on_wait(who: str) -> None:
    """Told when a write has waited for a moment for another process, `who`; the command line says it on stderr."""


def home_of(connection: sqlite3.Connection) -> Path:
    """The home whose database this is."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


def _is_busy(wrong: sqlite3.Error) -> bool:
    return getattr(wrong, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside is of one moment; nobody is kept waiting. Only temporary tables are written."""
    rollback(connection)
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            rollback(connection)
        raise


def rollback(connection: sqlite3.Connection) -> None:
    """Ends a transaction without it, if there is one: SQLite itself undoes some, as when the disk is full."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


_WORLD = (
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
)  # fmt: skip


def is_world(wrong: sqlite3.Error) -> bool:
    """Whether a database error is the world's (locked, disk full, damaged) and not a mistake of ours in a statement."""
    code = getattr(wrong, "sqlite_errorcode", None)
    return isinstance(wrong, sqlite3.OperationalError) if code is None else code & 0xFF in _WORLD


def changed(connection: sqlite3.Connection) -> None:
    """Notes that something happened that a reconciliation pass has not seen."""
    connection.execute("UPDATE pass SET changes = changes + 1")
