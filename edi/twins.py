"""The narrow match table: both sides' live invoices on their match key. Derived from the facts, disposable.

Kept up to date as declarations are booked and withdrawn; made anew when the directory changes, since
partners are resolved in it.
"""

import sqlite3
from collections.abc import Callable
from datetime import date

from edi import partners
from edi.lending import terms
from edi.lending.context import Partner
from schemas import money

CLAIMS_CONTRACT = 1  # supplier: validly claims an exempt contract; library: gives an exempt contract's date
NO_LINES = 2  # supplier: a header-only invoice of before 2006

_COLUMNS = "supplier, library, key, side, day, invoice, kind, period, ht, tolerance, gross, base, rate, cap, flags"


def define(connection: sqlite3.Connection, directory: dict[str, Partner]) -> None:
    """Gives SQL the functions that a twin's columns are computed with; GLNs are resolved by `directory`."""

    def once(function: Callable[[str], int]) -> Callable[[str], int]:
        known: dict[str, int] = {}

        def remembered(argument: str) -> int:
            if argument not in known:
                known[argument] = function(argument)
            return known[argument]

        return remembered

    deterministic = {"deterministic": True}
    connection.create_function("resolved", 1, once(lambda code: int(partners.resolve(directory, code))))
    connection.create_function("day_of", 1, once(lambda day: date.fromisoformat(day).toordinal()), **deterministic)
    connection.create_function(
        "rate_of", 1, once(lambda day: terms.at(date.fromisoformat(day)).rate_percent), **deterministic
    )
    connection.create_function("cap_of", 1, once(lambda day: terms.at(date.fromisoformat(day)).cap_bp), **deterministic)
    connection.create_function("tolerance_of", 3, money.tolerance, **deterministic)


_LIVE = f"""
SELECT resolved(supplier), resolved(library), key, side, day_of(date), id, kind, period, ht,
       tolerance_of(lines, copies, gross), gross, base,
       rate_of(coalesce(credited_on, date)), cap_of(coalesce(credited_on, date)),
       CASE WHEN side = 'supplier'
            THEN (exempt_contract AND date <= '{terms.CONTRACTS_DECLARED_UNTIL}') * {CLAIMS_CONTRACT}
                 + (lines = 0) * {NO_LINES}
            ELSE (contract_sent IS NOT NULL AND contract_sent <= '{terms.CONTRACT_EXEMPT_UNTIL}') * {CLAIMS_CONTRACT} END
FROM invoice
"""


def add(connection: sqlite3.Connection, first: int) -> None:
    """Adds the invoices from id `first` on."""
    connection.execute(f"INSERT INTO twin ({_COLUMNS}) {_LIVE} WHERE id >= ?", (first,))


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
