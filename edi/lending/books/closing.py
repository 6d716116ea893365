"""Closing a year, as one act: prove the ledger, close the period, issue the statements, share the year out, report.

Each step is done once; doing it all again changes nothing and reports the same. The sums must agree to the cent: what
the statements call is what the entries come to, and what is shared out is the entries and the State's share.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from edi.core import partners, periods
from edi.core.desk import Desk
from edi.core.store import transaction
from edi.lending.booking.status_files import send_pending
from edi.lending.books import accounts, distributing, proof, statements
from edi.lending.books.distributing import Users
from edi.lending.books.paper import pdf
from edi.lending.matching import estimating
from edi.lending.matching.reconciling import reconcile
from edi.lending.matching.tally import state
from edi.lending.matching.waiting import worth
from edi.lending.rules.terms import FIRST_PERIOD
from schemas.errors import NotAllowed
from schemas.text import Both, Text

Facts = dict[str, Any]
_TOP = 20
_BY_MONTH = "SELECT substr(invoice_date, 1, 7) AS month, sum(remuneration_cents) AS cents FROM remuneration WHERE period = ? GROUP BY 1 ORDER BY 1"
_BY_RATE = (
    "SELECT rate, count(*) AS entries, sum(base_cents) AS base_cents, sum(remuneration_cents) AS cents "
    "FROM remuneration WHERE period = ? GROUP BY 1 ORDER BY 1"
)
_BY_LIBRARY = "SELECT library, invoice_date, sum(remuneration_cents) AS cents FROM remuneration WHERE period = ? GROUP BY library, invoice_date"


def close(
    desk: Desk, year: int, *,
    estimates: bool = False, users: Users | None = None, progress: Callable[[Text, int, int], None] = lambda what, done, of: None,
) -> Facts:  # fmt: skip
    """Closes a year and gives the facts of its report. With `users` it is shared out too, once and for good.

    Raises NotAllowed when anything does not balance, or another year is to be shared out first: then nothing is closed.
    """
    terms = distributing.terms_of(desk.home)
    reconcile(desk)
    if users is not None and distributing.recorded(desk, year) is None:
        distributing.in_turn(desk, year)
    send_pending(desk)
    _proved(desk, progress)
    if estimates:
        estimating.post(desk, year)
    if year not in periods.closed_years(desk):
        with transaction(desk.db):
            periods.close(desk, year, desk.now(), FIRST_PERIOD)
    for _ in statements.issue(desk, year, progress=lambda done, of: progress(Both("appels", "statements"), done, of)):
        pass
    shared = distributing.recorded(desk, year)
    if shared is None and users is not None:
        shared = distributing.record(desk, distributing.compute(desk, year, users, terms))
    _agrees(desk, year, shared)
    return report(desk, year, shared)


def reopen(desk: Desk, year: int, reason: str) -> None:
    """Reopens a closed year (`periods.reopen`), within the caller's transaction; its declarants are told of it anew."""
    periods.reopen(desk, year, desk.now(), reason)
    desk.db.execute("INSERT OR IGNORE INTO untold SELECT id FROM invoice WHERE period = ?", (year,))


def overview(desk: Desk) -> list[Facts]:
    """Every year from 2003 to this one: since when it is closed, invoices booked in it, remuneration in cents."""
    closed = {row["year"]: row["closed_at"] for row in desk.db.execute("SELECT year, closed_at FROM period_closed")}
    booked = dict(
        desk.db.execute(
            "SELECT period, count(*) FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal) GROUP BY period"
        ).fetchall()
    )
    owed = dict(desk.db.execute("SELECT period, sum(remuneration_cents) FROM remuneration GROUP BY period").fetchall())
    return [
        {
            "year": year,
            "state": "closed" if year in closed else "open",
            "closed_at": closed.get(year),
            "invoices": booked.get(year, 0),
            "remuneration_cents": owed.get(year, 0),
        }
        for year in range(FIRST_PERIOD, desk.now().year + 1)
    ]


def _proved(desk: Desk, progress: Callable[[Text, int, int], None]) -> None:
    failure = proof.verify(desk, progress=progress).failure
    if failure is not None:
        raise NotAllowed(
            why=Both(
                f"Le registre ne se prouve pas ({failure.check}, écriture {failure.entry}) : edi ledger verify.",
                f"The ledger does not hold ({failure.check}, entry {failure.entry}): edi ledger verify.",
            )
        )
    if balance := sum(row["balance_cents"] for row in accounts.trial(desk)):
        raise NotAllowed(
            why=Both(
                f"La balance ne tombe pas à zéro : {balance} centimes.", f"The books do not balance: {balance} cents."
            )
        )


def _agrees(desk: Desk, year: int, shared: distributing.Year | None) -> None:
    """The sums that must be one, to the cent: an assertion, since each is computed from the same entries."""
    entries = desk.db.execute(
        "SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration WHERE period = ?", (year,)
    ).fetchone()[0]
    called = desk.db.execute(
        "SELECT coalesce(sum(entries_cents), 0) FROM issued_statement WHERE period = ?", (year,)
    ).fetchone()[0]
    assert called == entries, f"statements call {called}, entries are {entries}"
    if shared is not None:
        facts = shared.facts
        out = sum(facts[f"{name}_cents"] for name in ("fees", "pension", "authors", "publishers", "carried"))
        assert out == facts["entries_cents"] + facts["state_cents"] + facts["brought_cents"]


def report(desk: Desk, year: int, shared: distributing.Year | None) -> Facts:
    """The facts of the closing report, amounts in cents; the same for as long as nothing changes."""
    directory = partners.load(desk)
    by_category: dict[str, int] = {}
    for row in desk.db.execute(_BY_LIBRARY, (year,)):
        known = directory.get(partners.resolve(directory, row["library"]))
        category = known.on(date.fromisoformat(row["invoice_date"]))[0] if known else ""
        by_category[category] = by_category.get(category, 0) + row["cents"]
    closed_at = desk.db.execute("SELECT closed_at FROM period_closed WHERE year = ?", (year,)).fetchone()["closed_at"]
    rows = statements.listing(desk, year)
    titles = (
        distributing.compute(desk, year, Users(), distributing.terms_of(desk.home)).titles
        if shared is None
        else shared.titles
    )
    entries, cents, copies, base = desk.db.execute(
        "SELECT count(*), coalesce(sum(remuneration_cents), 0), coalesce(sum(copies), 0), coalesce(sum(base_cents), 0) FROM remuneration WHERE period = ?",
        (year,),
    ).fetchone()
    return {
        "year": year,
        "closed_at": closed_at,
        "issuer": desk.home.settings.letterhead,
        "entries": entries,
        "remuneration_cents": cents,
        "base_cents": base,
        "copies": copies,
        "statements": len(rows),
        "called_cents": sum(row["due_cents"] for row in rows),
        "by_month": [dict(row) for row in desk.db.execute(_BY_MONTH, (year,))],
        "by_category": [
            {"category": category, "cents": cents}
            for category, cents in sorted(by_category.items(), key=lambda one: -one[1])
        ],
        "by_rate": [
            {"rate": row["rate"], **{name: row[name] for name in ("entries", "base_cents", "cents")}}
            for row in desk.db.execute(_BY_RATE, (year,))
        ],
        "waiting": worth(desk, year),
        "open": state(desk),
        "titles": [
            {name: row[name] for name in ("ean", "title", "copies")}
            for row in sorted(titles, key=lambda row: (-row["copies"], row["ean"]))[:_TOP]
        ],
        "distribution": shared.facts if shared is not None else None,
    }


def as_pdf(facts: Facts) -> bytes:
    """The closing report, made at the moment the year was closed: the same facts are the same bytes."""
    return pdf("cloture", facts, datetime.fromisoformat(facts["closed_at"]))
