"""The narrow match table: both sides' live invoices on their match key. Derived from the facts, disposable.

A pass brings in what was booked and withdrawn since the last (`edi.core.touched`), before it looks at it; a change of the
directory moves invoices about. Whoever books, withdraws or decides does not know it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from edi.core import partners
from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.core.store import breathe, transaction
from edi.core.touched import PENDING
from edi.lending.rules import remuneration, terms
from schemas import number

CLAIMS_CONTRACT = 1  # supplier: validly claims an exempt contract; library: gives an exempt contract's date
NO_LINES = 2  # supplier: a header-only invoice of before 2006

#: So many invoices are added at once.
_PIECE = 20_000
_COLUMNS = "supplier, library, key, side, day, invoice, kind, period, ht, tolerance, gross, base, rate, cap, flags"
WITHDRAWN = "SELECT invoice FROM withdrawal"


def _by_date(column: str) -> str:
    """SQL for a column of the terms table at the day a rate goes by."""
    cases = " ".join(
        f"WHEN coalesce(credited_on, date) >= '{of.since.isoformat()}' THEN {getattr(of, column)}"
        for of in reversed(terms.TERMS)
    )
    return f"CASE {cases} END"


#: The day of a date as Python counts them (date.toordinal): julianday of 0001-01-01 is 1721425.5.
DAY = "CAST(julianday(date) - 1721424.5 AS INTEGER)"
#: schemas.money.tolerance, in SQL.
TOLERANCE = "lines + copies + (gross + 9999) / 10000"

#: SQL for an invoice's parties.
PARTIES = f"{partners.party('supplier')}, {partners.party('library')}"


def _live() -> str:
    """SQL for the rows of invoices, by the law of now."""
    return f"""
SELECT {PARTIES}, key, side, {DAY}, id, kind, period, ht, {TOLERANCE}, gross, base,
       {_by_date("rate_percent")}, {_by_date("cap_bp")},
       CASE WHEN side = 'supplier'
            THEN (exempt_contract AND date <= '{terms.CONTRACTS_DECLARED_UNTIL}') * {CLAIMS_CONTRACT}
                 + (lines = 0) * {NO_LINES}
            ELSE (contract_sent IS NOT NULL AND contract_sent <= '{terms.CONTRACT_EXEMPT_UNTIL}') * {CLAIMS_CONTRACT} END
FROM invoice
"""


_CREDITS = f"SELECT {PARTIES}, credited, id FROM invoice"
_NAMES_ONE = "kind = 'A' AND side = 'supplier' AND credited <> '' AND credited_on IS NULL"
#: The table as a temporary one of its own.
_TEMPORARY = f"({_COLUMNS}, PRIMARY KEY (supplier, library, key, side, day, invoice)) WITHOUT ROWID"


def place(desk: Desk, seen: int) -> None:
    """Brings what was booked and withdrawn into the table, as the rows of `touched` up to `seen` say: a piece in a
    transaction, so that nobody is held up. Done once more it changes nothing."""
    desk.db.execute("DROP TABLE IF EXISTS temp.unplaced")
    desk.db.execute("CREATE TEMP TABLE unplaced (invoice INTEGER PRIMARY KEY)")
    desk.db.execute(f"INSERT OR IGNORE INTO unplaced SELECT i.id FROM {PENDING} AND t.id <= ?", (seen,))
    piece = "SELECT invoice FROM unplaced WHERE invoice > ? ORDER BY invoice LIMIT ?"
    first = 0
    while last := desk.db.execute(f"SELECT max(invoice) FROM ({piece})", (first, _PIECE)).fetchone()[0]:
        if first:
            breathe()
        with transaction(desk.db):
            bring(desk, "IN (SELECT invoice FROM unplaced WHERE invoice > ? AND invoice <= ?)", (first, last))
        first = last
    desk.db.execute("DROP TABLE temp.unplaced")


def bring(desk: Desk, which: str, values: tuple[int, ...] = ()) -> None:
    """Puts those invoices whose id is `which` into the table if they stand, and takes them out if they are withdrawn."""
    if desk.db.execute(f"SELECT EXISTS ({WITHDRAWN} WHERE invoice {which})", values).fetchone()[0]:
        gone = f"{which} AND {{}} IN ({WITHDRAWN})"
        place = f"SELECT {PARTIES}, key, side, {DAY}, id FROM invoice WHERE id {gone.format('id')}"
        desk.db.execute(f"DELETE FROM twin WHERE (supplier, library, key, side, day, invoice) IN ({place})", values)
        for table in ("credit", "left_over"):
            desk.db.execute(f"DELETE FROM {table} WHERE invoice {gone.format('invoice')}", values)
    stands = f"WHERE id {which} AND id NOT IN ({WITHDRAWN})"
    desk.db.execute(f"INSERT INTO twin {_live()} {stands} ORDER BY 1, 2, 3, 4, 5, 6 ON CONFLICT DO NOTHING", values)
    notes = desk.db.execute(f"{_CREDITS} {stands} AND {_NAMES_ONE}", values)
    rows = ((supplier, library, number.key(credited), note) for supplier, library, credited, note in notes)
    desk.db.executemany("INSERT INTO credit VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)


def pending(desk: Desk) -> None:
    """Leaves in the temporary table `pending` the rows of what was booked since the last pass, as `place` will put them."""
    desk.db.execute("DROP TABLE IF EXISTS temp.pending")
    desk.db.execute(f"CREATE TEMP TABLE pending {_TEMPORARY}")
    desk.db.execute(
        f"INSERT INTO pending {_live()} WHERE id IN (SELECT i.id FROM {PENDING}) AND id NOT IN ({WITHDRAWN})"
    )


_SCRATCH = {
    "other_partner": "gln TEXT PRIMARY KEY",
    "other_share": "gln TEXT, first TEXT, last TEXT, PRIMARY KEY (gln, first)",
    "moved": "invoice INTEGER PRIMARY KEY, supplier INTEGER, library INTEGER, key TEXT",
    "weighed": "invoice INTEGER PRIMARY KEY",
}
#: Both of these look at every invoice, of some declarations or of all.
_MOVED = f"""
INSERT INTO moved SELECT id, {PARTIES}, key FROM invoice
WHERE (supplier IN (SELECT gln FROM other_partner) OR library IN (SELECT gln FROM other_partner))
"""
_WEIGHED = """
INSERT INTO weighed SELECT i.id FROM invoice i CROSS JOIN other_share o ON o.gln = i.library AND i.date BETWEEN o.first AND o.last
WHERE i.side = 'supplier'
"""
#: Whatever the moved invoices leave behind may stand otherwise without them: their bags, what is left over of their partners
#: (rule 2 looks there), and the credit notes that name a number of theirs.
_AFFECTED = """
WITH bag AS (SELECT DISTINCT supplier, library, key FROM moved), pair AS (SELECT DISTINCT supplier, library FROM moved)
SELECT t.invoice FROM bag b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key
UNION SELECT o.invoice FROM pair p CROSS JOIN left_over o ON o.supplier = p.supplier AND o.library = p.library
UNION SELECT c.invoice FROM bag b CROSS JOIN credit c ON c.supplier = b.supplier AND c.library = b.library AND c.key = b.key
UNION SELECT invoice FROM moved UNION SELECT invoice FROM weighed
"""


def seek(desk: Desk, before: Mapping[str, Partner], after: Mapping[str, Partner]) -> int:
    """Finds what `leave` will have to move and touch; up to which declaration. Long where there is much, so within a snapshot."""
    for name, columns in _SCRATCH.items():
        desk.db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        desk.db.execute(f"CREATE TEMP TABLE {name} ({columns})")
    for code in {**before, **after}:
        was, now = partners.resolve(before, code), partners.resolve(after, code)
        if was != now:
            desk.db.execute("INSERT INTO other_partner VALUES (?)", (code,))
        elif before.get(was) != after.get(now):
            spans = _other_shares(before.get(was), after.get(now))
            desk.db.executemany("INSERT INTO other_share VALUES (?, ?, ?)", [(code, *span) for span in spans])
    _find(desk, "")
    return int(desk.db.execute("SELECT coalesce(max(id), 0) FROM declaration").fetchone()[0])


def _other_shares(before: Partner | None, after: Partner | None) -> Iterator[tuple[str, str]]:
    """First and last days of the spans in which a library owes otherwise."""
    days = sorted(remuneration.turns(before) | remuneration.turns(after))
    for first, until in pairwise([*days, date.max]):
        if remuneration.why_exempt(before, first) != remuneration.why_exempt(after, first):
            yield first.isoformat(), (until - timedelta(1)).isoformat()


def _find(desk: Desk, which: str) -> None:
    """Adds to `moved` and `weighed` the live invoices among those that `which` narrows down to."""
    for cause, find, found in (("other_partner", _MOVED, "moved"), ("other_share", _WEIGHED, "weighed")):
        if desk.db.execute(f"SELECT EXISTS (SELECT 1 FROM {cause})").fetchone()[0]:
            desk.db.execute(f"{find} {which}")
            desk.db.execute(f"DELETE FROM {found} WHERE invoice IN ({WITHDRAWN})")


def affected(desk: Desk) -> int:
    """How many invoices `leave` would touch, of those found so far."""
    return int(desk.db.execute(f"SELECT count(*) FROM ({_AFFECTED})").fetchone()[0])


def leave(desk: Desk, sought: int) -> int:
    """Takes out the invoices of partners that are to be resolved otherwise, before they are; how many were touched.

    Touched are these, what they leave behind, and those that owe otherwise. `sought` is what `seek` said; what was
    booked or withdrawn since is seen to here. `arrive` follows, in the same transaction.
    """
    _find(desk, f"AND declaration > {sought}")
    bring(desk, f"IN (SELECT i.id FROM {PENDING} AND t.live < 0)")  # under the names it was put by
    count = desk.db.execute(f"INSERT INTO touched (first, last) SELECT invoice, invoice FROM ({_AFFECTED})").rowcount
    desk.db.execute("DELETE FROM left_over WHERE invoice IN (SELECT invoice FROM moved)")
    desk.db.execute(
        "DELETE FROM twin WHERE (supplier, library, key) IN (SELECT supplier, library, key FROM moved) "
        "AND invoice IN (SELECT invoice FROM moved)"
    )
    desk.db.execute("DELETE FROM credit WHERE invoice IN (SELECT invoice FROM moved)")
    return count


def arrive(desk: Desk) -> None:
    """Puts what `leave` took out where it belongs now."""
    bring(desk, "IN (SELECT invoice FROM moved)")
    for name in _SCRATCH:
        desk.db.execute(f"DROP TABLE temp.{name}")
