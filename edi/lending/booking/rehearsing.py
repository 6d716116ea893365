"""What a declaration would match and owe if it were booked: done within a savepoint, and undone.

For dry runs and test declarations (format, section 5): the same booking, the same pass over what it touches, and
nothing of it stays.
"""

from collections.abc import Callable

from edi.core import partners, touched
from edi.core.desk import Desk
from edi.core.store import PLACES
from edi.lending.matching import claims, match_table, reconciling, scope
from schemas.acknowledgement import Rehearsal, Rehearsed

#: A longer file is not rehearsed: others would wait for it.
LONGEST = 20_000
#: How many invoices are told one by one.
LISTED = 200
_THEIRS = "invoice BETWEEN ?1 AND ?2"
#: What is pending of the rehearsed file, and of others between the same parties.
_CONCERNED = f"""
IN (SELECT i.id FROM {touched.PENDING} AND (t.id > {{before}} OR ({partners.party("i.supplier")}, {partners.party("i.library")})
    IN (SELECT {match_table.PARTIES} FROM invoice WHERE id BETWEEN {{first}} AND {{last}})))
"""
_ONE = """
SELECT i.number, i.date, i.kind, coalesce(o.state, 'waiting') AS state, coalesce(o.reason, '') AS reason,
       (SELECT number FROM invoice t WHERE t.id = o.other) AS other, coalesce(d.cents, 0) AS owed
FROM invoice i LEFT JOIN outcome_new o ON o.invoice = i.id
LEFT JOIN due d ON d.claim = i.id OR (i.side = 'library' AND d.evidence = i.id)
WHERE i.id BETWEEN ? AND ? ORDER BY i.id LIMIT ?
"""


def rehearse(desk: Desk, book: Callable[[], None], receipt: int, invoices: int) -> Rehearsal | None:
    """Books by `book`, looks where the invoices of `receipt` would stand, and undoes all of it; None when it is too long.

    Within the caller's write transaction.
    """
    if invoices > LONGEST:
        return None
    bounds = (receipt * PLACES, receipt * PLACES + PLACES - 1)
    desk.db.execute("SAVEPOINT rehearsal")
    try:
        before = touched.seen(desk) or 0
        book()
        seen = touched.seen(desk) or 0
        match_table.bring(desk, _CONCERNED.format(before=before, first=bounds[0], last=bounds[1]))
        desk.db.execute("DELETE FROM touched WHERE id <= ?", (before,))  # of others: not what is rehearsed
        whole, terms_found = scope.compute(desk, seen)
        desk.db.executemany(scope.SET_TERMS, terms_found)
        reconciling.compute(desk, whole)
        claims.claim(desk, partners.load(desk), whole)
        return _told(desk, bounds)
    finally:
        if desk.db.in_transaction:  # a full disk has SQLite undo all of it by itself
            desk.db.execute("ROLLBACK TO rehearsal")
            desk.db.execute("RELEASE rehearsal")


def _told(desk: Desk, bounds: tuple[int, int]) -> Rehearsal:
    states = dict(
        desk.db.execute(f"SELECT state, count(*) FROM outcome_new WHERE {_THEIRS} GROUP BY state", bounds).fetchall()
    )
    booked = desk.db.execute("SELECT count(*) FROM invoice WHERE id BETWEEN ? AND ?", bounds).fetchone()[0]
    owed = desk.db.execute(
        "SELECT coalesce(sum(cents), 0) FROM due WHERE claim BETWEEN ?1 AND ?2 OR evidence BETWEEN ?1 AND ?2", bounds
    ).fetchone()[0]
    listed = desk.db.execute(_ONE, (*bounds, LISTED))
    return Rehearsal(
        matched=states.get("matched", 0),
        proposed=states.get("proposed", 0),
        discrepancies=states.get("discrepancy", 0),
        waiting=booked - sum(states.values()),
        remuneration_cents=owed,
        invoices=tuple(Rehearsed(**dict(row)) for row in listed),
    )
