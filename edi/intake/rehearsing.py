"""What a declaration would match and owe if it were booked: done within a savepoint, and undone.

For dry runs and test declarations (format, section 5): the same booking, the same pass over what it touches, and
nothing of it stays.
"""

import sqlite3
from collections.abc import Callable

from edi import partners
from edi.reconciliation import claims, reconciling
from edi.reconciliation.looking import SET_TERMS, look
from edi.store import PLACES
from schemas.acknowledgement import Rehearsal, Rehearsed

#: A longer file is not rehearsed: others would wait for it.
LONGEST = 20_000
#: How many invoices are told one by one.
LISTED = 200
_THEIRS = "invoice BETWEEN ?1 AND ?2"
_ONE = """
SELECT i.number, i.date, i.kind, coalesce(o.state, 'waiting') AS state, coalesce(o.reason, '') AS reason,
       (SELECT number FROM invoice t WHERE t.id = o.other) AS other, coalesce(d.cents, 0) AS owed
FROM invoice i LEFT JOIN outcome_new o ON o.invoice = i.id
LEFT JOIN due d ON d.claim = i.id OR (i.side = 'library' AND d.evidence = i.id)
WHERE i.id BETWEEN ? AND ? ORDER BY i.id LIMIT ?
"""


def rehearse(connection: sqlite3.Connection, book: Callable[[], None], receipt: int, invoices: int) -> Rehearsal | None:
    """Books by `book`, looks where the invoices of `receipt` would stand, and undoes all of it; None when it is too long.

    Within the caller's write transaction, after `twins.define`.
    """
    if invoices > LONGEST:
        return None
    bounds = (receipt * PLACES, receipt * PLACES + PLACES - 1)
    connection.execute("SAVEPOINT rehearsal")
    try:
        connection.execute("DELETE FROM touched")  # of others: not what is rehearsed
        book()
        seen = connection.execute("SELECT coalesce(max(id), 0) FROM touched").fetchone()[0]
        whole, terms_found = look(connection, seen)
        connection.executemany(SET_TERMS, terms_found)
        reconciling.compute(connection, whole)
        claims.claim(connection, partners.load(connection), whole)
        return _told(connection, bounds)
    finally:
        if connection.in_transaction:  # a full disk has SQLite undo all of it by itself
            connection.execute("ROLLBACK TO rehearsal")
            connection.execute("RELEASE rehearsal")


def _told(connection: sqlite3.Connection, bounds: tuple[int, int]) -> Rehearsal:
    states = dict(
        connection.execute(f"SELECT state, count(*) FROM outcome_new WHERE {_THEIRS} GROUP BY state", bounds).fetchall()
    )
    booked = connection.execute("SELECT count(*) FROM invoice WHERE id BETWEEN ? AND ?", bounds).fetchone()[0]
    owed = connection.execute(
        "SELECT coalesce(sum(cents), 0) FROM due WHERE claim BETWEEN ?1 AND ?2 OR evidence BETWEEN ?1 AND ?2",
        bounds,
    ).fetchone()[0]
    listed = connection.execute(_ONE, (*bounds, LISTED))
    return Rehearsal(
        matched=states.get("matched", 0),
        proposed=states.get("proposed", 0),
        discrepancies=states.get("discrepancy", 0),
        waiting=booked - sum(states.values()),
        remuneration_cents=owed,
        invoices=tuple(Rehearsed(**dict(row)) for row in listed),
    )
