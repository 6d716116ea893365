"""Periods: years, each open until it is closed.

What comes late for a closed period is booked in the oldest open one after it, at its own date's rate: invoices, entries
and reversals. The database itself refuses a row of a closed period.
"""

import sqlite3
from datetime import datetime

from schemas.errors import NotAllowed
from schemas.text import Both


def closed_years(connection: sqlite3.Connection) -> set[int]:
    """The years closed now."""
    return {row["year"] for row in connection.execute("SELECT year FROM period_closed")}


def booked_in(year: int, closed: set[int]) -> int:
    """The period in which an invoice of `year` is booked.

    >>> booked_in(2020, {2020, 2021}), booked_in(2019, {2020})
    (2022, 2019)
    """
    while year in closed:
        year += 1
    return year


def close(connection: sqlite3.Connection, year: int, now: datetime, first: int = 1) -> None:
    """Closes a year, inside the caller's transaction. NotAllowed when it is none since `first`, or is closed."""
    if not first <= year < now.year + 1:
        why = Both(
            f"La période {year} n'existe pas : {first} à {now.year}.",
            f"There is no period {year}: {first} to {now.year}.",
        )
        raise NotAllowed(why=why)
    if year in closed_years(connection):
        raise NotAllowed(why=Both(f"La période {year} est déjà close.", f"Period {year} is closed already."))
    connection.execute("INSERT INTO period_closed VALUES (?, ?)", (year, now.isoformat()))
    connection.execute(
        "INSERT INTO period_act (year, act, at, reason) VALUES (?, 'close', ?, '')", (year, now.isoformat())
    )


def reopen(connection: sqlite3.Connection, year: int, now: datetime, reason: str) -> None:
    """Reopens a closed year, for a reason that is kept. NotAllowed when it is not closed or no reason is given."""
    if year not in closed_years(connection):
        raise NotAllowed(why=Both(f"La période {year} est ouverte.", f"Period {year} is open."))
    if not reason.strip():
        raise NotAllowed(
            why=Both(
                "Rouvrir une période demande une raison : --reason.", "Reopening a period needs a reason: --reason."
            )
        )
    connection.execute("DELETE FROM period_closed WHERE year = ?", (year,))
    connection.execute(
        "INSERT INTO period_act (year, act, at, reason) VALUES (?, 'reopen', ?, ?)", (year, now.isoformat(), reason)
    )
