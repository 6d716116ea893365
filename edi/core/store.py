"""The database, `edi.sqlite`: connections, transactions, waiting for others. What it holds: `edi.core.schema`.

Facts (receipts, declarations, invoices, lines, statements, withdrawals, entries) are only ever added.
`twin` and `outcome` are derived and disposable: a pass makes them anew.
GLNs are numbers in `twin` (narrow keys), text everywhere else. Money is integer cents.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, lru_cache
from itertools import count, islice
from pathlib import Path
from typing import Any

from edi.core import schema
from edi.core.lock import holder
from schemas.errors import HomeBusy, HomeTooNew, Unreadable
from schemas.text import Text

#: Invoices and lines bear the receipt's id times this plus their place in the file, so a file's are apart from all others'.
PLACES = 1 << 24

#: How long a write waits for others: without a word, and in all.
_QUIET_MS = 2_000
_WAIT_MS = 60_000
_LOOK_SECONDS = 0.004
_ROWS_A_STATEMENT = 100


class Connection(sqlite3.Connection):
    """A connection to the database of a home; `on_wait` is told who keeps a write waiting for a moment."""

    on_wait: Callable[[Text], None] = staticmethod(lambda who: None)


def connect(path: Path) -> Connection:
    """A connection to the database at `path`, made or migrated first. Rows come as `sqlite3.Row`.

    Raises Unreadable when it is no database, HomeTooNew when a newer version wrote it.
    """
    try:
        with suppress(OSError):  # SQLite gives its other files the mode of this one
            path.touch(mode=0o600)
            path.chmod(0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=60, factory=Connection)
        connection.row_factory = sqlite3.Row
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # 16 MB, not 4: a fifth less time for long files
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        connection.execute("PRAGMA cache_size = -32000")  # 32 MB: the match table is written all over
        _migrate(connection, path)
    except sqlite3.DatabaseError as wrong:
        if _is_busy(wrong):
            raise HomeBusy(home=path.parent, who=holder(path.parent)) from wrong
        raise Unreadable(path=path, why=wrong) from wrong
    return connection


def scratch() -> Connection:
    """A database like a home's, empty, in a temporary file that SQLite takes away when it is closed."""
    connection = sqlite3.connect("", isolation_level=None, factory=Connection)
    connection.row_factory = sqlite3.Row
    _tables().backup(connection)
    return connection


@cache
def _tables() -> sqlite3.Connection:
    """The tables of an empty database, made once a process and copied."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    schema.make(connection)
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
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone():
        applied = {row["name"] for row in connection.execute("SELECT name FROM _sqlite_migrations")}
        if applied - schema.SCRIPTS.keys():
            raise HomeTooNew(home=path.parent)
        if applied == schema.SCRIPTS.keys():
            return
    from sqlite_utils import Database

    with transaction(connection):
        schema.migrations().apply(Database(connection, execute_plugins=False))


@contextmanager
def _whole(connection: sqlite3.Connection, begin: Callable[[sqlite3.Connection], object]) -> Iterator[None]:
    """All of what is done inside, or nothing."""
    rollback(connection)  # of one that could not be ended when the disk failed
    try:
        begin(connection)
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            rollback(connection)
        raise


def transaction(connection: sqlite3.Connection) -> AbstractContextManager[None]:
    """A write transaction: all of it, or nothing. Waits a minute for other writers, and tells its `on_wait`; then HomeBusy."""
    return _whole(connection, _begin)


@contextmanager
def undone(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction of which nothing stays."""
    rollback(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        rollback(connection)


def snapshot(connection: sqlite3.Connection) -> AbstractContextManager[None]:
    """Everything read inside is of one moment; nobody is kept waiting. Only temporary tables are written."""
    return _whole(connection, lambda connection: connection.execute("BEGIN"))


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
                waiting_told(connection)(holder(home_of(connection)))
            time.sleep(_LOOK_SECONDS)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")


def insert(connection: sqlite3.Connection, into: str, rows: Iterable[Sequence[Any]]) -> None:
    """Rows into a table, named with or without its columns."""
    left = iter(rows)
    while some := list(islice(left, _ROWS_A_STATEMENT)):
        insert_columns(connection, into, list(zip(*some, strict=True)))


def insert_columns(connection: sqlite3.Connection, into: str, columns: Sequence[Sequence[Any]]) -> None:
    """The same of rows that are at hand by the column: many a statement, and bound once what is the same in all of
    them, which spares up to half of the time."""
    for begin in range(0, len(columns[0]), _ROWS_A_STATEMENT):
        some = [column[begin : begin + _ROWS_A_STATEMENT] for column in columns]
        size = len(some[0])
        if size < _ROWS_A_STATEMENT:
            marks = ", ".join("?" * len(some))
            connection.executemany(f"INSERT INTO {into} VALUES ({marks})", zip(*some, strict=True))
            continue
        same = tuple(part[0] == part[-1] and part.count(part[0]) == size for part in some)
        each = [part for part, alike in zip(some, same, strict=True) if not alike]
        values: list[Any] = [None] * (len(each) * size)
        for place, part in enumerate(each):
            values[place :: len(each)] = part
        once = [part[0] for part, alike in zip(some, same, strict=True) if alike]
        connection.execute(_many_rows(into, same), once + values)


@lru_cache(256)
def _many_rows(into: str, same: tuple[bool, ...]) -> str:
    """The statement for as many rows as go into one; of the columns that are the same in all, the values come first."""
    once, each = count(1), count(1 + sum(same))
    fixed = [f"?{next(once)}" if alike else "" for alike in same]
    rows = (", ".join(mark or f"?{next(each)}" for mark in fixed) for _ in range(_ROWS_A_STATEMENT))
    return f"INSERT INTO {into} VALUES ({'), ('.join(rows)})"


def breathe() -> None:
    """Between two pieces of long work: whoever waits for the database has time to see that it is free."""
    time.sleep(3 * _LOOK_SECONDS)


def waiting_told(connection: sqlite3.Connection) -> Callable[[Text], None]:
    """Who is told whom a write waits for."""
    return connection.on_wait if isinstance(connection, Connection) else Connection.on_wait


def home_of(connection: sqlite3.Connection) -> Path:
    """The home whose database this is."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent


def _is_busy(wrong: sqlite3.Error) -> bool:
    return getattr(wrong, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


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
