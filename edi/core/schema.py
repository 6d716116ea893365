"""What the database holds: numbered migrations, each a file of `tables/`, and the triggers that keep facts append-only.

A migration is never changed once it has landed; another one follows it. Statements end with `;` at the end of a line.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # needed by a new home and after an upgrade alone
    from sqlite_utils import Database, Migrations

#: Facts: rows that are only ever added. With each, the keys by which `INSERT OR REPLACE` could walk past the
#: triggers on UPDATE and DELETE.
FACTS: dict[str, tuple[str, ...]] = {
    "declaration": ("id", "supersedes"),
    "invoice": ("id",),
    "line": ("id",),
    "statement": (),
    "withdrawal": ("invoice",),
    "finding": ("(receipt, ordinal)",),
    "entry": ("entry", "reverses"),
    "posting_run": ("id",),
    "rules": ("version",),
    "correction": ("answer",),
    "period_act": ("id",),
    "quarantine_act": ("id",),
    "decision": ("id", "undoes"),
    "decision_invoice": (),
    "directory_act": ("id",),
    "partner_change": ("(gln, act, field, since)",),
    "request": ("id", "about"),
    "request_act": ("id",),
    "estimate": ("estimate", "reverses"),
    "issued_statement": ("number", "previous"),
    "distribution": ("year",),
    "distribution_posting": ("(year, label)",),
    "distribution_share": ("(year, ean)",),
}
# Lines of a long file are written before its verdict; those that come to nothing may go.
_UNBOOKED_LINE = (
    "WHEN EXISTS (SELECT 1 FROM invoice WHERE id BETWEEN (OLD.id >> 24) << 24 "
    "AND (((OLD.id >> 24) + 1) << 24) - 1 AND OLD.id BETWEEN first_line AND first_line + lines - 1) "
)

#: The migrations by their names, in their order.
SCRIPTS = {path.stem.partition("-")[2]: path for path in sorted(Path(__file__).with_name("tables").glob("*.sql"))}


def _append_only(table: str) -> Iterator[str]:
    for act in ("UPDATE", "DELETE"):
        when = _UNBOOKED_LINE if (table, act) == ("line", "DELETE") else ""
        yield (
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {when}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    for place, key in enumerate(FACTS[table]):
        new = re.sub(r"\w+", r"NEW.\g<0>", key)
        yield (
            f"CREATE TRIGGER {table}_no_replace_{place} BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = {new}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


@contextmanager
def plain_inserts(connection: sqlite3.Connection, table: str) -> Iterator[None]:
    """Within a transaction, for many rows at once: that no key is taken is looked up by INSERT itself, not by a trigger.

    The triggers against INSERT OR REPLACE double the price of a row. They are put aside and back in the caller's
    transaction, so that nobody ever sees the table without them, and a killed process leaves them where they were.
    """
    assert connection.in_transaction
    guards = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 AND name LIKE ?1 || '_no_replace_%'",
        (table,),
    ).fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _, sql in guards:
        connection.execute(sql)


def _applied_by(script: Path) -> "Callable[[Database], None]":
    def apply(db: "Database") -> None:
        _apply(script, db.conn)

    return apply


def make(connection: sqlite3.Connection) -> None:
    """Makes the tables of an empty database that is not to be migrated: one that is thrown away."""
    for script in SCRIPTS.values():
        _apply(script, connection)


def _apply(script: Path, connection: sqlite3.Connection) -> None:
    """Runs one file of `tables/`, then keeps the facts it made append-only."""
    known = _tables(connection)
    for statement in script.read_text("utf-8").split(";\n"):
        if statement.strip():
            connection.execute(statement)
    guarded = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")}
    for table in FACTS.keys() & _tables(connection):
        if f"{table}_no_delete" not in guarded:
            for statement in _append_only(table):
                connection.execute(statement)
    if "receipt" not in known:
        connection.execute(
            "CREATE TRIGGER receipt_no_delete BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'receipts stay'); END"
        )


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def migrations() -> "Migrations":
    """The files of `tables/`, as sqlite-utils applies them: each once, in a transaction."""
    from sqlite_utils import Migrations

    made = Migrations("edi")
    for name, script in SCRIPTS.items():
        made(name=name)(_applied_by(script))
    return made
