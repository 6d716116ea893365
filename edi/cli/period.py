"""Commands on periods: list, close, reopen, and a declarant's certificate for one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    when,
    wrong_use,
)
from edi.cli.opening import write_out
from schemas.money import french, several


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    period = typer.Typer(no_args_is_help=True, help="Les périodes, une par année. / Periods, one a year.")
    period.command("list", epilog=examples("edi period list --json"))(period_list)
    period.command("close", epilog=examples("edi period close 2024"))(period_close)
    period.command("reopen", epilog=examples('edi period reopen 2024 --reason "oubli du fournisseur"'))(period_reopen)
    app.add_typer(period, name="period")
    app.command(
        "certificate",
        epilog=examples(
            "edi certificate 3025616805006 --period 2025",
            "edi certificate 3025616805006 --period 2025 -o attestation.pdf",
        ),
    )(certificate)


def period_list(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Toutes les années depuis 2003. / Every year since 2003."""
    from edi.books.closing import overview
    from edi.settings import paris_now

    with opened(context, home) as (_, connection):
        rows: list[dict[str, Any]] = overview(connection, paris_now())
    if as_json:
        print_json({"periods": rows})
        return
    cells = [
        (
            r["year"],
            Text("close / closed", style="cyan") if r["closed_at"] else Text("ouverte / open"),
            when(r["closed_at"]),
            r["invoices"],
            french(r["remuneration_cents"]),
        )
        for r in rows
    ]
    show(
        table(
            "Périodes / Periods",
            ("année / year", "état / state", "depuis / since", "factures / invoices", "rémunération / share"),
            cells,
            right=("factures", "rémunération"),
        )
    )


def period_close(
    context: typer.Context,
    year: Annotated[int, typer.Argument(metavar="ANNÉE")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rapprocher une dernière fois, puis clore une année : ce qui arrive ensuite va dans la plus ancienne ouverte. / Close a year."""
    from edi import periods
    from edi.lending.booking.status_files import send_pending
    from edi.lending.terms import FIRST_PERIOD
    from edi.reconciliation.reconciling import reconcile
    from edi.reconciliation.waiting import worth
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (where, connection):
        reconcile(connection, paris_now())  # what is in by now belongs to its year
        send_pending(where, connection, paris_now())
        with transaction(connection):
            periods.close(connection, year, paris_now(), FIRST_PERIOD)
        late = periods.booked_in(year, periods.closed_years(connection))
        waits = worth(connection, year)
    if as_json:
        print_json({"year": year, "state": "closed", "late_invoices_go_to": late, "waiting": waits})
        return
    out.print(
        f"Période {year} close ; les retardataires iront en {late}. / Period {year} closed; late invoices go to {late}."
    )
    show_waiting(waits)


def certificate(
    context: typer.Context,
    declarant: Annotated[str, typer.Argument(metavar="GLN", help="Le déclarant / the declarant.")],
    year: Annotated[int, typer.Option("--period", metavar="ANNÉE", help="L'année / the year.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FICHIER.pdf", help="En PDF ; sinon du texte / as PDF; else text.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Attestation de fin de déclaration : déclaré, rapproché, ouvert, à cet instant. / A declarant's certificate."""
    from edi.books import certificates
    from edi.settings import paris_now
    from schemas import gln

    if not gln.has_form(declarant):
        raise wrong_use(f"GLN {declarant!r} : 13 chiffres / 13 digits")
    with opened(context, home) as (where, connection):
        facts = certificates.certificate(connection, where, declarant, year, paris_now())
    if output is not None:
        write_out(output, [certificates.as_pdf(facts)])
    if as_json:
        print_json(facts)
    elif output is None:
        for line in certificates.as_text(facts):
            out.print(sentence(line), soft_wrap=True)


def show_waiting(waits: dict[str, dict[str, int]]) -> None:
    """What still waits in a period, on which side, and its worth."""
    for side, whom in (("library", "des bibliothèques / libraries"), ("supplier", "des fournisseurs / suppliers")):
        wait = waits[side]
        between = french(wait["least_cents"])
        if wait["most_cents"] != wait["least_cents"]:
            between += f" à / to {french(wait['most_cents'])}"
        out.print(f"  attend / waits for {whom} : {several(wait['invoices'], 'facture')}, {between} €")


def period_reopen(
    context: typer.Context,
    year: Annotated[int, typer.Argument(metavar="ANNÉE")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXTE", help="Pourquoi / why (gardé / kept).")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rouvrir une année close. / Reopen a closed year."""
    from edi.books.closing import reopen
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (_, connection), transaction(connection):
        reopen(connection, year, paris_now(), reason)
    if as_json:
        print_json({"year": year, "state": "open"})
    else:
        out.print(f"Période {year} rouverte. / Period {year} reopened.")
