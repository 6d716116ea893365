"""How many invoices stand where, by period, counted as they come and go (table `tally`), and the invoices behind each count."""

from collections import Counter
from typing import Any

from edi.core import touched
from edi.core.desk import Desk

#: Adds to a tally, or takes from it.
COUNT = "ON CONFLICT (what, period) DO UPDATE SET n = n + excluded.n"
_OUTCOMES = """
INSERT INTO tally WITH some AS (
    SELECT side, booked, state, reason, period, bag = invoice AS named, count(*) AS n FROM {source} GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT what, period, {sign}sum(n) FROM (
    SELECT 'placed-' || side AS what, booked AS period, n FROM some
    UNION ALL SELECT state, period, n FROM some WHERE named
    UNION ALL SELECT reason, period, n FROM some WHERE named AND reason = 'net-differs'
) GROUP BY what, period
"""
#: What was booked and withdrawn counts from the end of the pass that has seen it on; until then `state` counts it.
_PENDING = f"SELECT 'live-' || i.side AS what, i.period, sum(t.live) AS n FROM {touched.PENDING}"


def outcomes(source: str, sign: str = "") -> str:
    """SQL that adds the outcomes of a source to the tally, or with "-" takes them from it."""
    return _OUTCOMES.format(source=source, sign=sign) + COUNT


def count(desk: Desk, seen: int) -> None:
    """Counts what was booked and withdrawn up to the row `seen` of `touched`, which goes in the same transaction."""
    desk.db.execute(f"INSERT INTO tally {_PENDING} AND t.id <= ? GROUP BY 1, 2 {COUNT}", (seen,))
    desk.db.execute("DELETE FROM tally WHERE n = 0")


def recount(desk: Desk) -> None:
    """Counts everything anew, within the caller's transaction."""
    desk.db.execute("DELETE FROM tally")
    desk.db.execute(
        "INSERT INTO tally SELECT 'live-' || side, period, count(*) FROM invoice "
        "WHERE id NOT IN (SELECT invoice FROM withdrawal) GROUP BY side, period"
    )
    desk.db.execute(outcomes("outcome WHERE true"))


_CASES = {
    "matched": ("state = 'matched'", "matched"),
    "discrepancies": ("state = 'discrepancy'", "discrepancy"),
    "waiting_library": ("supplier", "supplier"),
    "waiting_supplier": ("library", "library"),
    "proposed": ("state = 'proposed'", "proposed"),
    "net_differs": ("state = 'matched' AND reason = 'net-differs'", "net-differs"),
}
_OPEN = "period NOT IN (SELECT year FROM period_closed)"


def state(desk: Desk) -> dict[str, int]:
    """How many invoices stand where, over all open periods; a match, proposal or discrepancy counts once."""
    every = f"SELECT what, period, n FROM tally UNION ALL {_PENDING} GROUP BY 1, 2"
    found = desk.db.execute(f"SELECT what, sum(n) FROM ({every}) WHERE {_OPEN} GROUP BY what")
    counts = Counter(dict(found.fetchall()))
    return {
        name: counts[f"live-{what}"] - counts[f"placed-{what}"] if name.startswith("waiting") else counts[what]
        for name, (_, what) in _CASES.items()
    }


def status(desk: Desk) -> dict[str, Any]:
    """What `edi status` says of the lending right: the counts, and the sum of the ledger."""
    sql = "SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration"
    return {"reconciliation": state(desk), "remuneration_cents": desk.db.execute(sql).fetchone()[0]}


def _list(name: str) -> str:
    """SQL for the invoices behind a count; of a match or discrepancy, the one its case is named after."""
    which = _CASES[name][0]
    if name.startswith("waiting"):
        return (
            f"SELECT l.invoice FROM left_over l CROSS JOIN invoice i ON i.id = l.invoice WHERE l.side = '{which}' "
            f"AND i.{_OPEN} AND l.invoice NOT IN (SELECT invoice FROM outcome UNION ALL SELECT invoice FROM withdrawal)"
        )
    return f"SELECT invoice FROM outcome WHERE {which} AND bag = invoice AND {_OPEN}"


def details(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """The invoices behind the counts; of a match or discrepancy, the one its case is named after."""
    return {
        f"{name}_list": [
            dict(row)
            for row in desk.db.execute(
                "SELECT i.supplier, i.library, i.number, i.date, i.kind, i.ht AS ht_cents, coalesce(o.reason, '') AS reason "
                f"FROM invoice i LEFT JOIN outcome o ON o.invoice = i.id WHERE i.id IN ({_list(name)}) "
                "ORDER BY i.date, i.supplier, i.number, i.id"
            )
        ]
        for name in _CASES
    }
