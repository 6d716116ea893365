"""Periods: years, each open until it is closed.

What comes late for a closed period is booked in the oldest open one after it, at its own date's rate: invoices, entries
and reversals. The database itself refuses a row of a closed period.
"""

from datetime import datetime

from edi.core.desk import Desk
from schemas.errors import NotAllowed
from schemas.text import Both


def closed_years(desk: Desk) -> set[int]:
    """The years closed now."""
    return {row["year"] for row in desk.db.execute("SELECT year FROM period_closed")}


def booked_in(year: int, closed: set[int]) -> int:
    """The period in which an invoice of `year` is booked.

    >>> booked_in(2020, {2020, 2021}), booked_in(2019, {2020})
    (2022, 2019)
    """
    while year in closed:
        year += 1
    return year


def close(desk: Desk, year: int, now: datetime, first: int = 1) -> None:
    """Closes a year, inside the caller's transaction. NotAllowed when it is none since `first`, or is closed."""
    if not first <= year < now.year + 1:
        why = Both(
            f"La période {year} n'existe pas : {first} à {now.year}.",
            f"There is no period {year}: {first} to {now.year}.",
        )
        raise NotAllowed(why=why)
    if year in closed_years(desk):
        raise NotAllowed(why=Both(f"La période {year} est déjà close.", f"Period {year} is closed already."))
    desk.db.execute("INSERT INTO period_closed VALUES (?, ?)", (year, now.isoformat()))
    desk.db.execute(
        "INSERT INTO period_act (year, act, at, reason) VALUES (?, 'close', ?, '')", (year, now.isoformat())
    )


def reopen(desk: Desk, year: int, now: datetime, reason: str) -> None:
    """Reopens a closed year, for a reason that is kept. NotAllowed when it is not closed or no reason is given."""
    if year not in closed_years(desk):
        raise NotAllowed(why=Both(f"La période {year} est ouverte.", f"Period {year} is open."))
    if not reason.strip():
        raise NotAllowed(
            why=Both(
                "Rouvrir une période demande une raison : --reason.", "Reopening a period needs a reason: --reason."
            )
        )
    desk.db.execute("DELETE FROM period_closed WHERE year = ?", (year,))
    desk.db.execute(
        "INSERT INTO period_act (year, act, at, reason) VALUES (?, 'reopen', ?, ?)", (year, now.isoformat(), reason)
    )
