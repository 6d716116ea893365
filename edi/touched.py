"""What the next reconciliation pass has to look at. Whoever writes a fact of an invoice notes it here and does no more.

`live` says by how much each of these invoices adds to those that stand: 1 booked, -1 withdrawn, 0 neither (decided,
or of partners who are resolved otherwise). The pass that has looked at them takes the rows away.
"""

import sqlite3
from collections.abc import Iterable

#: The invoices `i` that were booked or withdrawn since the last pass, with their rows `t`.
PENDING = "touched t CROSS JOIN invoice i ON i.id BETWEEN t.first AND t.last WHERE t.live <> 0"

#: The last invoice of a row that has everything looked at again, though nothing has happened to any.
EVERYTHING = (1 << 63) - 1


def note(connection: sqlite3.Connection, spans: Iterable[tuple[int, int]], live: int = 0) -> None:
    """Notes the invoices of ids from the first to the last of each span, inside the caller's transaction."""
    connection.executemany(f"INSERT INTO touched (first, last, live) VALUES (?, ?, {live:d})", spans)


def again(connection: sqlite3.Connection, invoices: Iterable[int], live: int = 0) -> None:
    """The same of invoices one by one."""
    note(connection, ((invoice, invoice) for invoice in invoices), live)


def seen(connection: sqlite3.Connection) -> int | None:
    """The last row there is; None when there is none."""
    row: tuple[int | None] = connection.execute("SELECT max(id) FROM touched").fetchone()
    return row[0]
