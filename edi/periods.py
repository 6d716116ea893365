"""Periods: the years since 2003, each open until it is closed.

What comes late for a closed period is booked in the oldest open one after it, at its own date's rate: invoices, shares
and reversals. The database itself refuses a row of a closed period.
"""

import sqlite3
from datetime import datetime
from typing import Any

from edi.lending.terms import FIRST_PERIOD
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


def close(connection: sqlite3.Connection, year: int, now: datetime) -> None:
    """Closes a year, inside the caller's transaction. NotAllowed when it is none or is closed."""
    if not FIRST_PERIOD <= year < now.year + 1:
        why = Both(
            f"La période {year} n'existe pas : {FIRST_PERIOD} à {now.year}.",
            f"There is no period {year}: {FIRST_PERIOD} to {now.year}.",
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
    connection.execute("INSERT OR IGNORE INTO untold SELECT id FROM invoice WHERE period = ?", (year,))


def overview(connection: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
    """Every year from 2003 to this one: since when it is closed, invoices booked in it, remuneration in cents."""
    closed = {row["year"]: row["closed_at"] for row in connection.execute("SELECT year, closed_at FROM period_closed")}
    booked = dict(
        connection.execute(
            "SELECT period, count(*) FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal) GROUP BY period"
        ).fetchall()
    )
    owed = dict(connection.execute("SELECT period, sum(remuneration_cents) FROM entry GROUP BY period").fetchall())
    return [
        {
            "year": year,
            "state": "closed" if year in closed else "open",
            "closed_at": closed.get(year),
            "invoices": booked.get(year, 0),
            "remuneration_cents": owed.get(year, 0),
        }
        for year in range(FIRST_PERIOD, now.year + 1)
    ]
