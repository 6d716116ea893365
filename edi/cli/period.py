"""Commands on periods: list, close, reopen."""

from typing import Annotated, Any

import typer
from rich.text import Text

from edi.cli.common import HomeOption, JsonOption, examples, opened, out, print_json, show, table, when
from schemas.money import french


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    period = typer.Typer(no_args_is_help=True, help="Les périodes, une par année. / Periods, one a year.")
    period.command("list", epilog=examples("edi period list --json"))(period_list)
    period.command("close", epilog=examples("edi period close 2024"))(period_close)
    period.command("reopen", epilog=examples('edi period reopen 2024 --reason "oubli du fournisseur"'))(period_reopen)
    app.add_typer(period, name="period")


def period_list(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Toutes les années depuis 2003. / Every year since 2003."""
    from edi.periods import overview
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
    """Clore une année : ce qui arrive ensuite va dans la plus ancienne ouverte. / Close a year."""
    from edi import periods
    from edi.settings import paris_now
    from edi.store import transaction
    from edi.waiting import worth

    with opened(context, home) as (_, connection):
        with transaction(connection):
            periods.close(connection, year, paris_now())
        late = periods.booked_in(year, periods.closed_years(connection))
        waits = worth(connection, year)
    if as_json:
        print_json({"year": year, "state": "closed", "late_invoices_go_to": late, "waiting": waits})
        return
    out.print(
        f"Période {year} close ; les retardataires iront en {late}. / Period {year} closed; late invoices go to {late}."
    )
    show_waiting(waits)


def show_waiting(waits: dict[str, dict[str, int]]) -> None:
    """What still waits in a period, on which side, and its worth."""
    for side, whom in (("library", "des bibliothèques / libraries"), ("supplier", "des fournisseurs / suppliers")):
        wait = waits[side]
        between = french(wait["least_cents"])
        if wait["most_cents"] != wait["least_cents"]:
            between += f" à / to {french(wait['most_cents'])}"
        out.print(f"  attend / waits for {whom} : {wait['invoices']} factures, {between} €")


def period_reopen(
    context: typer.Context,
    year: Annotated[int, typer.Argument(metavar="ANNÉE")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXTE", help="Pourquoi / why (gardé / kept).")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rouvrir une année close. / Reopen a closed year."""
    from edi import periods
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (_, connection), transaction(connection):
        periods.reopen(connection, year, paris_now(), reason)
    if as_json:
        print_json({"year": year, "state": "open"})
    else:
        out.print(f"Période {year} rouverte. / Period {year} reopened.")
