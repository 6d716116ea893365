"""A database that a disk has damaged: what cannot be read is named, and is never taken for what was written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from edi.core.desk import Desk
from schemas.errors import Unreadable


@contextmanager
def damage_named(desk: Desk) -> Iterator[None]:
    """Text that is none reads as such, so that its hash fails; what SQLite cannot read is named."""
    desk.db.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    try:
        yield
    except sqlite3.DatabaseError as wrong:
        if getattr(wrong, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        undamaged(desk)
        raise Unreadable(path=desk.home.database, why=wrong) from wrong
    finally:
        desk.db.text_factory = str


def undamaged(desk: Desk, tables: tuple[str, ...] = ()) -> None:
    """Raises Unreadable naming the first table, of all unless some are given, that has a page SQLite cannot make out."""
    table = "sqlite_schema"
    try:
        named = tables or [row[0] for row in desk.db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in named:
            sql = "SELECT * FROM pragma_integrity_check (?) LIMIT 1"  # the pragma itself fails after its first row
            said = desk.db.execute(sql, (table,)).fetchone()[0].replace("*** in database main ***\n", "")
            if said != "ok":
                raise Unreadable(path=desk.home.database, why=f"table {table} : {' '.join(said.split())}")
    except sqlite3.DatabaseError as wrong:
        raise Unreadable(path=desk.home.database, why=f"table {table} : {wrong}") from wrong
