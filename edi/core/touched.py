"""What the next reconciliation pass has to look at. Whoever writes a fact of an invoice notes it here and does no more.

`live` says by how much each of these invoices adds to those that stand: 1 booked, -1 withdrawn, 0 neither (decided,
or of partners who are resolved otherwise). The pass that has looked at them takes the rows away.
"""

from collections.abc import Iterable

from edi.core.desk import Desk

#: The invoices `i` that were booked or withdrawn since the last pass, with their rows `t`.
PENDING = "touched t CROSS JOIN invoice i ON i.id BETWEEN t.first AND t.last WHERE t.live <> 0"

#: The last invoice of a row that has everything looked at again, though nothing has happened to any.
EVERYTHING = (1 << 63) - 1


def note(desk: Desk, spans: Iterable[tuple[int, int]], live: int = 0) -> None:
    """Notes the invoices of ids from the first to the last of each span, inside the caller's transaction."""
    desk.db.executemany(f"INSERT INTO touched (first, last, live) VALUES (?, ?, {live:d})", spans)


def again(desk: Desk, invoices: Iterable[int], live: int = 0) -> None:
    """The same of invoices one by one."""
    note(desk, ((invoice, invoice) for invoice in invoices), live)


def seen(desk: Desk) -> int | None:
    """The last row there is; None when there is none."""
    row: tuple[int | None] = desk.db.execute("SELECT max(id) FROM touched").fetchone()
    return row[0]
