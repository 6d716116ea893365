"""The narrow match table: both sides' live invoices on their match key. Derived from the facts, disposable.

Kept up to date as declarations are booked and withdrawn; made anew when the directory changes, since
partners are resolved in it.
"""

import sqlite3
from collections.abc import Callable

from edi import partners
from edi.lending import terms
from edi.lending.context import Partner

CLAIMS_CONTRACT = 1  # supplier: validly claims an exempt contract; library: gives an exempt contract's date
NO_LINES = 2  # supplier: a header-only invoice of before 2006

_COLUMNS = "supplier, library, key, side, day, invoice, kind, period, ht, tolerance, gross, base, rate, cap, flags"


def define(connection: sqlite3.Connection, directory: dict[str, Partner]) -> None:
    """Gives SQL the function `resolved`: the GLN, as a number, that a partner goes by in `directory`."""

    def once(function: Callable[[str], int]) -> Callable[[str], int]:
        known: dict[str, int] = {}

        def remembered(argument: str) -> int:
            if argument not in known:
                known[argument] = function(argument)
            return known[argument]

        return remembered

    connection.create_function("resolved", 1, once(lambda code: int(partners.resolve(directory, code))))


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


def add(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Adds the invoices of ids `first` to `last`."""
    connection.execute(
        f"INSERT INTO twin ({_COLUMNS}) {_LIVE} WHERE id BETWEEN ? AND ? ORDER BY 1, 2, 3, 4, 5, 6", (first, last)
    )


def drop(connection: sqlite3.Connection, invoice: int) -> None:
    """Takes an invoice out: it was withdrawn."""
    connection.execute(
        "DELETE FROM twin WHERE (supplier, library, key) = "
        "(SELECT resolved(supplier), resolved(library), key FROM invoice WHERE id = ?) AND invoice = ?",
        (invoice, invoice),
    )


def rebuild(connection: sqlite3.Connection) -> None:
    """Makes the table anew from the facts, sorted in bulk."""
    connection.execute("DELETE FROM twin")
    connection.execute(
        f"INSERT INTO twin ({_COLUMNS}) {_LIVE} WHERE id NOT IN (SELECT invoice FROM withdrawal) "
        "ORDER BY 1, 2, 3, 4, 5, 6"
    )
