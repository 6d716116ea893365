"""The narrow match table: both sides' live invoices on their match key. Derived from the facts, disposable.

Kept up to date as declarations are booked and withdrawn and as the directory changes. What was touched is noted for
the next reconciliation pass, which looks at nothing else.
"""

import sqlite3
from collections.abc import Mapping
from functools import cache

from edi import partners
from edi.lending import terms
from edi.lending.context import Partner
from schemas import number

CLAIMS_CONTRACT = 1  # supplier: validly claims an exempt contract; library: gives an exempt contract's date
NO_LINES = 2  # supplier: a header-only invoice of before 2006

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
_DAY = "CAST(julianday(date) - 1721424.5 AS INTEGER)"
#: schemas.money.tolerance, in SQL.
_TOLERANCE = "lines + copies + (gross + 9999) / 10000"

_LIVE = f"""
SELECT resolved(supplier), resolved(library), key, side, {_DAY}, id, kind, period, ht, {_TOLERANCE}, gross, base,
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
#: Adds to a tally, or takes from it.
COUNT = "ON CONFLICT (what, period) DO UPDATE SET n = n + excluded.n"


def add(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Adds the invoices of ids `first` to `last`."""
    _put(connection, "id BETWEEN ? AND ?", (first, last))
    connection.execute("INSERT INTO touched (first, last) VALUES (?, ?)", (first, last))
    _count(connection, "id BETWEEN ? AND ?", (first, last))


def _put(connection: sqlite3.Connection, which: str, values: tuple[int, ...] = ()) -> None:
    connection.execute(f"INSERT INTO twin ({_COLUMNS}) {_LIVE} WHERE {which} ORDER BY 1, 2, 3, 4, 5, 6", values)
    connection.execute(f"{_CREDITS} AND {which}", values)


def _count(connection: sqlite3.Connection, which: str, values: tuple[int, ...] = (), sign: str = "") -> None:
    connection.execute(
        f"INSERT INTO tally SELECT 'live-' || side, period, {sign}count(*) FROM invoice WHERE {which} "
        f"GROUP BY side, period {COUNT}",
        values,
    )


def drop(connection: sqlite3.Connection, invoice: int) -> None:
    """Takes an invoice out: it was withdrawn."""
    place = "(SELECT resolved(supplier), resolved(library), {} FROM invoice WHERE id = ?)"
    for table, key in (("twin", "key"), ("credit", "number_key(credited)")):
        connection.execute(
            f"DELETE FROM {table} WHERE (supplier, library, key) = {place.format(key)} AND invoice = ?",
            (invoice, invoice),
        )
    touch(connection, invoice)
    _count(connection, "id = ?", (invoice,), "-")


def touch(connection: sqlite3.Connection, *invoices: int) -> None:
    """Notes that the next pass has to look at these again."""
    connection.executemany("INSERT INTO touched (first, last) VALUES (?1, ?1)", [(invoice,) for invoice in invoices])


def move(connection: sqlite3.Connection, before: Mapping[str, Partner], after: Mapping[str, Partner]) -> None:
    """Puts the invoices of partners that `after` resolves otherwise than `before` where they belong now.

    Those of libraries that owe otherwise now are touched too.
    """
    moved = [
        (code, int(was))
        for code in {**before, **after}
        if (was := partners.resolve(before, code)) != partners.resolve(after, code)
    ]
    define(connection, after)
    otherwise = [
        (int(code),)
        for code in {**before, **after}
        if partners.owes_by(before.get(code)) != partners.owes_by(after.get(code))
    ]
    if otherwise:
        connection.execute("CREATE TEMP TABLE otherwise (library INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO otherwise VALUES (?)", otherwise)
        connection.execute(
            "INSERT INTO touched (first, last) SELECT invoice, invoice FROM twin "
            "WHERE library IN (SELECT library FROM otherwise)"
        )
        connection.execute("DROP TABLE temp.otherwise")
    if not moved:
        return
    for name, columns in (
        ("moved_partner", "gln TEXT PRIMARY KEY, was INTEGER"),
        ("moved", "invoice INTEGER PRIMARY KEY"),
    ):
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
        connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
    connection.executemany("INSERT INTO moved_partner VALUES (?, ?)", moved)
    connection.execute(
        "INSERT INTO moved SELECT t.invoice FROM twin t JOIN invoice i ON i.id = t.invoice "
        "WHERE (t.supplier IN (SELECT was FROM moved_partner) AND i.supplier IN (SELECT gln FROM moved_partner)) "
        "OR (t.library IN (SELECT was FROM moved_partner) AND i.library IN (SELECT gln FROM moved_partner))"
    )
    bags = "SELECT supplier, library, key FROM twin WHERE {0} IN (SELECT was FROM moved_partner) AND invoice IN (SELECT invoice FROM moved)"
    left = f"{bags.format('supplier')} UNION {bags.format('library')}"
    connection.execute(f"CREATE TEMP TABLE left_bag AS {left}")
    connection.execute(
        "INSERT INTO touched (first, last) SELECT t.invoice, t.invoice FROM left_bag b CROSS JOIN twin t "
        "ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key"
    )
    connection.execute("DELETE FROM open_bag WHERE (supplier, library, key) IN (SELECT * FROM left_bag)")
    connection.execute(
        "DELETE FROM twin WHERE (supplier, library, key) IN (SELECT * FROM left_bag) "
        "AND invoice IN (SELECT invoice FROM moved)"
    )
    connection.execute("DELETE FROM credit WHERE invoice IN (SELECT invoice FROM moved)")
    _put(connection, "id IN (SELECT invoice FROM moved)")
    for name in ("left_bag", "moved", "moved_partner"):
        connection.execute(f"DROP TABLE temp.{name}")


def rebuild(connection: sqlite3.Connection) -> None:
    """Makes all that is derived anew from the facts; the next pass looks at everything."""
    for table in ("twin", "credit", "open_bag", "outcome", "tally", "touched", "untold"):
        connection.execute(f"DELETE FROM {table}")
    live = "id NOT IN (SELECT invoice FROM withdrawal)"
    _put(connection, live)
    _count(connection, live)
    connection.execute("INSERT INTO touched (first, last) SELECT min(id), max(id) FROM invoice HAVING count(*) > 0")
