"""The narrow match table: both sides' live invoices on their match key. Derived from the facts, disposable.

Kept up to date as declarations are booked and withdrawn and as the directory changes. What was touched is noted for
the next reconciliation pass, which looks at nothing else.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from edi import partners
from edi.lending import remuneration, terms
from edi.lending.context import Partner
from edi.reconciliation import derived, tally
from edi.store import breathe, transaction
from schemas import number

CLAIMS_CONTRACT = 1  # supplier: validly claims an exempt contract; library: gives an exempt contract's date
NO_LINES = 2  # supplier: a header-only invoice of before 2006

#: The last invoice of a row of `touched` that has everything looked at again, though nothing has happened to any.
EVERYTHING = (1 << 63) - 1
#: So many invoices are added at once.
_PIECE = 20_000
_COLUMNS = "supplier, library, key, side, day, invoice, kind, period, ht, tolerance, gross, base, rate, cap, flags"


def define(connection: sqlite3.Connection, directory: Mapping[str, Partner]) -> None:
    """Gives SQL the functions `resolved` (the GLN, as a number, that a partner goes by in `directory`) and `number_key`."""
    connection.create_function("resolved", 1, cache(lambda code: int(partners.resolve(directory, code))))
    connection.create_function("number_key", 1, number.key)


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


def _live() -> str:
    """SQL for the rows of invoices, by the law of now."""
    return f"""
SELECT resolved(supplier), resolved(library), key, side, {DAY}, id, kind, period, ht, {TOLERANCE}, gross, base,
       {_by_date("rate_percent")}, {_by_date("cap_bp")},
       CASE WHEN side = 'supplier'
            THEN (exempt_contract AND date <= '{terms.CONTRACTS_DECLARED_UNTIL}') * {CLAIMS_CONTRACT}
                 + (lines = 0) * {NO_LINES}
            ELSE (contract_sent IS NOT NULL AND contract_sent <= '{terms.CONTRACT_EXEMPT_UNTIL}') * {CLAIMS_CONTRACT} END
FROM invoice
"""


_CREDITS = (
    "INSERT INTO credit SELECT resolved(supplier), resolved(library), number_key(credited), id FROM invoice "
    "WHERE kind = 'A' AND side = 'supplier' AND credited <> '' AND credited_on IS NULL"
)


def add(connection: sqlite3.Connection, first: int, last: int, at_once: bool) -> None:
    """Adds the invoices of ids `first` to `last`; of a long file, unless `at_once`, `catch_up` does it later."""
    touched = connection.execute("INSERT INTO touched (first, last) VALUES (?, ?)", (first, last)).lastrowid
    if at_once or _piece(connection, first, last) is None:
        _place(connection, first, last)
    else:
        connection.execute("INSERT INTO unplaced VALUES (?, ?, ?)", (touched, first, last))


def _piece(connection: sqlite3.Connection, first: int, last: int) -> int | None:
    """The last of the invoices that go in at once, out of those from `first` on; None when all do."""
    found = connection.execute(
        "SELECT id FROM invoice WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 2 OFFSET ?", (first, last, _PIECE - 1)
    ).fetchall()
    return found[0][0] if len(found) == 2 else None


def _place(connection: sqlite3.Connection, first: int, last: int) -> None:
    connection.execute(derived.BEGIN, (derived.version(),))
    _put(connection, "id BETWEEN ? AND ?", (first, last))
    connection.execute(tally.live("id BETWEEN ? AND ?"), (first, last))


def catch_up(connection: sqlite3.Connection) -> None:
    """Adds what is booked and not in the table yet, a piece in a transaction: a long file holds nobody up.

    Everything is made anew first where it was derived by another version.
    """
    if not derived.is_current(connection):
        make_anew(connection)
    find = "SELECT touched, first, last FROM unplaced ORDER BY touched LIMIT 1"
    while connection.execute(find).fetchone() is not None:
        with transaction(connection):
            if (row := connection.execute(find).fetchone()) is None:
                return
            touched, first, last = row
            define(connection, partners.load(connection))
            piece = _piece(connection, first, last)
            _place(connection, first, last if piece is None else piece)
            if piece is None:
                connection.execute("DELETE FROM unplaced WHERE touched = ?", (touched,))
            else:
                connection.execute("UPDATE unplaced SET first = ? WHERE touched = ?", (piece + 1, touched))
        breathe()


@contextmanager
def complete(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction in which every live invoice is in the table."""
    while True:
        catch_up(connection)
        with transaction(connection):
            if connection.execute("SELECT 1 FROM unplaced").fetchone() is None:
                yield
                return


def _put(connection: sqlite3.Connection, which: str, values: tuple[int, ...] = ()) -> None:
    connection.execute(f"INSERT INTO twin ({_COLUMNS}) {_live()} WHERE {which} ORDER BY 1, 2, 3, 4, 5, 6", values)
    connection.execute(f"{_CREDITS} AND {which}", values)


def drop(connection: sqlite3.Connection, invoice: int) -> None:
    """Takes an invoice out: it was withdrawn."""
    place = "(SELECT resolved(supplier), resolved(library), {} FROM invoice WHERE id = ?)"
    for table, key in (("twin", "key"), ("credit", "number_key(credited)")):
        connection.execute(
            f"DELETE FROM {table} WHERE (supplier, library, key) = {place.format(key)} AND invoice = ?",
            (invoice, invoice),
        )
    connection.execute("DELETE FROM left_over WHERE invoice = ?", (invoice,))
    touch(connection, invoice)
    connection.execute(tally.live("id = ?", "-"), (invoice,))


def touch(connection: sqlite3.Connection, *invoices: int) -> None:
    """Notes that the next pass has to look at these again."""
    connection.executemany("INSERT INTO touched (first, last) VALUES (?1, ?1)", [(invoice,) for invoice in invoices])


_SCRATCH = {
    "other_partner": "gln TEXT PRIMARY KEY",
    "other_share": "gln TEXT, first TEXT, last TEXT, PRIMARY KEY (gln, first)",
    "moved": "invoice INTEGER PRIMARY KEY, supplier INTEGER, library INTEGER, key TEXT",
    "weighed": "invoice INTEGER PRIMARY KEY",
}
#: Both of these look at every invoice, of some declarations or of all.
_MOVED = """
INSERT INTO moved SELECT id, resolved(supplier), resolved(library), key FROM invoice
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
UNION SELECT invoice FROM weighed
"""


def seek(connection: sqlite3.Connection, before: Mapping[str, Partner], after: Mapping[str, Partner]) -> int:
    """Finds what `move` will have to move and touch; up to which declaration. Long where there is much, so within a snapshot."""
    for name, columns in _SCRATCH.items():
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
        connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
    for code in {**before, **after}:
        was, now = partners.resolve(before, code), partners.resolve(after, code)
        if was != now:
            connection.execute("INSERT INTO other_partner VALUES (?)", (code,))
        elif before.get(was) != after.get(now):
            spans = _other_shares(before.get(was), after.get(now))
            connection.executemany("INSERT INTO other_share VALUES (?, ?, ?)", [(code, *span) for span in spans])
    define(connection, before)
    _find(connection, "")
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM declaration").fetchone()[0])


def _other_shares(before: Partner | None, after: Partner | None) -> Iterator[tuple[str, str]]:
    """First and last days of the spans in which a library owes otherwise."""
    days = sorted(remuneration.turns(before) | remuneration.turns(after))
    for first, until in pairwise([*days, date.max]):
        if remuneration.why_exempt(before, first) != remuneration.why_exempt(after, first):
            yield first.isoformat(), (until - timedelta(1)).isoformat()


def _find(connection: sqlite3.Connection, which: str) -> None:
    """Adds to `moved` and `weighed` the live invoices among those that `which` narrows down to."""
    for cause, find, found in (("other_partner", _MOVED, "moved"), ("other_share", _WEIGHED, "weighed")):
        if connection.execute(f"SELECT EXISTS (SELECT 1 FROM {cause})").fetchone()[0]:
            connection.execute(f"{find} {which}")
            connection.execute(f"DELETE FROM {found} WHERE invoice IN (SELECT invoice FROM withdrawal)")


def affected(connection: sqlite3.Connection) -> int:
    """How many invoices `move` would touch, of those found so far."""
    return int(connection.execute(f"SELECT count(*) FROM ({_AFFECTED})").fetchone()[0])


def move(connection: sqlite3.Connection, after: Mapping[str, Partner], sought: int) -> int:
    """Puts the invoices of partners that `after` resolves otherwise where they belong now; how many were touched.

    Touched are these, what they leave behind, and those that owe otherwise. `sought` is what `seek` said; what was
    booked or withdrawn since is seen to here.
    """
    _find(connection, f"AND declaration > {sought}")
    touched = connection.execute(
        f"INSERT INTO touched (first, last) SELECT invoice, invoice FROM ({_AFFECTED})"
    ).rowcount
    define(connection, after)
    connection.execute("DELETE FROM left_over WHERE invoice IN (SELECT invoice FROM moved)")
    connection.execute(
        "DELETE FROM twin WHERE (supplier, library, key) IN (SELECT supplier, library, key FROM moved) "
        "AND invoice IN (SELECT invoice FROM moved)"
    )
    connection.execute("DELETE FROM credit WHERE invoice IN (SELECT invoice FROM moved)")
    later = "SELECT 1 FROM unplaced u WHERE invoice.id BETWEEN u.first AND u.last"
    _put(connection, f"id IN (SELECT invoice FROM moved) AND NOT EXISTS ({later})")
    for name in _SCRATCH:
        connection.execute(f"DROP TABLE temp.{name}")
    return touched


def make_anew(connection: sqlite3.Connection) -> None:
    """Makes keys, match table and tally anew from the facts, in one transaction (some seconds a million invoices); the
    next pass looks at everything. Outcomes stand until it does, and agree with the entries."""
    with transaction(connection):
        define(connection, partners.load(connection))
        connection.execute("UPDATE invoice SET key = number_key(number) WHERE key <> number_key(number)")
        for table in ("twin", "credit", "unplaced", "tally"):
            connection.execute(f"DELETE FROM {table}")
        _put(connection, "id NOT IN (SELECT invoice FROM withdrawal)")
        connection.execute(tally.live("id NOT IN (SELECT invoice FROM withdrawal)"))
        connection.execute(tally.outcomes("outcome WHERE true"))
        connection.execute("INSERT INTO touched (first, last) VALUES (0, ?)", (EVERYTHING,))
        connection.execute(derived.NOTE, (derived.version(),))
