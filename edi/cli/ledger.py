"""Commands on the ledger: its entries, listed and exported."""

from collections import deque
from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    emit,
    examples,
    json_rows,
    opened,
    out,
    show,
    table,
    wrong_use,
)
from edi.cli.files import write_out
from schemas.money import french

PeriodOption = Annotated[int | None, typer.Option("--period", metavar="ANNÉE", help="Une période / one period.")]
#: How many entries a terminal is shown; an export has them all.
_SHOWN = 100
SupplierOption = Annotated[str | None, typer.Option("--supplier", metavar="GLN", help="Un fournisseur / one supplier.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    ledger = typer.Typer(no_args_is_help=True, help="Le registre des écritures. / The ledger.")
    ledger.command("list", epilog=examples("edi ledger list --period 2025 --supplier 3025616805006"))(ledger_list)
    ledger.command(
        "export",
        epilog=examples(
            "edi ledger export --format csv -o registre.csv", "edi ledger export --format json --period 2025"
        ),
    )(ledger_export)
    app.add_typer(ledger, name="ledger")


def ledger_list(
    context: typer.Context, home: HomeOption = None, as_json: JsonOption = False,
    period: PeriodOption = None, supplier: SupplierOption = None,
) -> None:  # fmt: skip
    """Lister les écritures. / List the entries."""
    from edi.ledger import entries

    count = total = 0
    last: deque[dict[str, Any]] = deque(maxlen=_SHOWN)
    with opened(context, home) as (_, connection):
        rows = entries(connection, period, supplier)
        if as_json:
            emit(json_rows("entries", rows))
            return
        for row in rows:
            count, total = count + 1, total + row["remuneration_cents"]
            last.append(row)
    if last:
        heads = [
            "n°", "an / year", "fournisseur / supplier", "bibliothèque / library", "facture / invoice", "date", "base",
            "taux / rate", "part / share", "ex. / cop.",
        ]  # fmt: skip
        shown = [
            "entry", "period", "supplier", "library", "invoice_number", "invoice_date", "base_cents", "rate",
            "remuneration_cents", "copies",
        ]  # fmt: skip
        if any(row["reverses"] for row in last):
            heads, shown = [*heads, "annule / reverses"], [*shown, "reverses"]
        cells = [[french(r[c]) if c.endswith("_cents") else r[c] for c in shown] for r in last]
        right = ("n°", "base", "part", "ex.", "annule")
        show(table("Registre / Ledger", heads, cells, right=right, folded=("facture",)))
    if count > len(last):
        out.print(f"[dim]… {count - len(last)} avant / before ; tout / all : edi ledger export[/]")
    out.print(f"{count} écritures / entries, total [bold]{french(total)} €[/]")


def ledger_export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", metavar="csv|json", help="Format.")] = "csv",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FICHIER", help="Sinon stdout / else stdout.")
    ] = None,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Comme --format json / same as --format json.")] = False,
    period: PeriodOption = None,
    supplier: SupplierOption = None,
) -> None:
    """Exporter les écritures, montants exacts. / Export the entries, exact amounts."""
    from edi.ledger import as_csv, entries

    form = "json" if as_json else form
    if form not in ("csv", "json"):
        raise wrong_use(f"--format {form!r} : csv ou / or json")
    with opened(context, home) as (_, connection):
        rows = entries(connection, period, supplier)
        text = as_csv(rows) if form == "csv" else json_rows("entries", rows)
        if output is None:
            emit(text)
        else:
            write_out(output, (piece.encode() for piece in text))
