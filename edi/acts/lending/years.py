"""Acts on years: which are open, closing one as one act, reopening it, sharing it out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from edi.acts.lending.billing import _statement
from edi.core.act import FOLDER, Asked, Facts, Output, Paper, Reason, Rows, SomeYear, WrongUse, Year
from schemas.column import Column, word
from schemas.text import Both, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk

_STATES = {"closed": Both("close", "closed"), "open": Both("ouverte", "open")}
PERIODS = (
    Column("year", Both("année", "year"), "int"), word("state", Both("état", "state"), _STATES),
    Column("closed_at", Both("depuis", "since"), "moment"), Column("invoices", Both("factures", "invoices"), "int"),
    Column("remuneration_cents", Both("rémunération", "share"), "cents"),
)  # fmt: skip
_Users = Annotated[
    int,
    Asked(
        Both("Usagers des bibliothèques de lecture publique.", "Registered users of public libraries."), "N", least=0
    ),
]
_Higher = Annotated[
    int, Asked(Both("Usagers de l'enseignement supérieur.", "Users in higher education."), "N", least=0)
]


def periods(desk: "Desk") -> Rows:
    """Every year since 2003."""
    from edi.lending.books.closing import overview

    rows = overview(desk)
    return Rows(name="periods", title=Both("Périodes", "Periods"), columns=PERIODS, rows=rows)


class Closed(Facts, frozen=True, kw_only=True):
    """The facts of the closing report, with `state` and where what comes late goes (`late_invoices_go_to`)."""


def close(
    desk: "Desk", *,
    year: Year,
    output: Annotated[Path | None, Asked(Both("Y écrire le rapport et les appels.", "Write the report and the statements there."), FOLDER, short="o")] = None,
    estimates: Annotated[bool, Asked(Both("Appeler aussi ce que seules les bibliothèques ont déclaré.", "Bill also what only libraries declared."))] = False,
    distribute: Annotated[bool, Asked(Both("Répartir l'année, une fois pour toutes.", "Share the year out, for good."))] = False,
    public_users: _Users = 0,
    higher_education_users: _Higher = 0,
) -> Closed:  # fmt: skip
    """Reconciles, proves, closes, issues, shares out, reports; once more, it changes nothing and reports the same."""
    from edi.core import periods
    from edi.lending.books import closing, statements
    from edi.lending.books.distributing import Users

    users = Users(public_users, higher_education_users)
    if users != Users() and not distribute:
        names = "--public-users, --higher-education-users"
        raise WrongUse(name=names, why=Both("avec --distribute", "with --distribute"))
    facts = closing.close(
        desk, year, estimates=estimates,
        users=users if distribute else None, progress=desk.progress,
    )  # fmt: skip

    def papers() -> Any:
        yield Paper(f"cloture-{year}.pdf", lambda: [closing.as_pdf(facts)])
        for row in statements.listing(desk, year):
            yield _statement(desk, row)

    late = periods.booked_in(year, periods.closed_years(desk))
    says = Both("  les retardataires iront en {late}", "  what comes late goes into {late}")
    return Closed(
        facts={**facts, "state": "closed", "late_invoices_go_to": late}, papers=papers, below=(filled(says, late=late),)
    )


def reopen(desk: "Desk", *, year: Year, reason: Reason = "") -> Facts:
    """Reopens a closed year, for a reason that is kept."""
    from edi.core.store import transaction
    from edi.lending.books.closing import reopen as reopen_year

    with transaction(desk.db):
        reopen_year(desk, year, reason)
    says = filled(Both("Période {year} rouverte.", "Period {year} reopened."), year=year)
    return Facts(facts={"year": year, "state": "open"}, below=(says,))


class Shared(Rows, frozen=True, kw_only=True):
    """A year shared out: its sums, and a row a title."""

    facts: dict[str, Any]


def distribute(
    desk: "Desk", *,
    year: SomeYear,
    public_users: _Users = 0,
    higher_education_users: _Higher = 0,
    record: Annotated[bool, Asked(Both("L'inscrire, une fois pour toutes ; l'année doit être close.", "Record it, for good; the year must be closed."))] = False,
    output: Output = None,
) -> Shared:  # fmt: skip
    """Shares a year out: State, fees, pension, then half to authors and half to publishers, by copy."""
    from edi.lending.books import distributing
    from parsers.sheets.exports import Sheet

    made = distributing.recorded(desk, year)
    if made is None or record:
        users = distributing.Users(public_users, higher_education_users)
        made = distributing.compute(desk, year, users, distributing.terms_of(desk.home))
        made = distributing.record(desk, made) if record else made
    title = filled(Both("Répartition {year}", "Distribution {year}"), year=year)
    sheet = Sheet(title, distributing.SHEET, made.titles)
    rows = made.titles

    def every() -> Paper:  # `--format json` is the table, `--json` the sums
        return Paper("", lambda: [msgspec.json.encode({"titles": rows}) + b"\n"])

    return Shared(
        facts=made.facts, whole={**made.facts, "titles": len(list(rows))}, name="titles", title=title, columns=distributing.SHEET, rows=rows, sheets=lambda: [sheet],
        forms={"json": every},
    )  # fmt: skip
