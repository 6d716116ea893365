"""Commands on what is booked: reconcile, ledger, period, partners."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.common import HomeOption, JsonOption, opened, out, print_json, sentence, table, wrong_use
from schemas.money import french

PeriodOption = Annotated[int | None, typer.Option("--period", metavar="ANNÉE", help="Une période / one period.")]
SupplierOption = Annotated[str | None, typer.Option("--supplier", metavar="GLN", help="Un fournisseur / one supplier.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog="edi reconcile --details --json")(reconcile)
    ledger = typer.Typer(no_args_is_help=True, help="Le registre des écritures. / The ledger.")
    ledger.command("list", epilog="edi ledger list --period 2025")(ledger_list)
    ledger.command("export", epilog="edi ledger export --format csv -o registre.csv")(ledger_export)
    app.add_typer(ledger, name="ledger")
    period = typer.Typer(no_args_is_help=True, help="Les périodes, une par année. / Periods, one a year.")
    period.command("list")(period_list)
    period.command("close", epilog="edi period close 2024")(period_close)
    period.command("reopen", epilog='edi period reopen 2024 --reason "oubli du fournisseur"')(period_reopen)
    app.add_typer(period, name="period")
    partners = typer.Typer(no_args_is_help=True, help="L'annuaire des partenaires. / The directory.")
    partners.command("import", epilog="edi partners import annuaire.csv")(partners_import)
    partners.command("list")(partners_list)
    partners.command("show", epilog="edi partners show 3025616805006")(partners_show)
    app.add_typer(partners, name="partners")


_STATES = {
    "matched": ("rapprochées", "matched"),
    "net_differs": ("dont net différent", "of which net differs"),
    "discrepancies": ("en écart", "discrepancies"),
    "proposed": ("proposées", "proposed"),
    "waiting_library": ("attendent la bibliothèque", "waiting for the library"),
    "waiting_supplier": ("attendent le fournisseur", "waiting for the supplier"),
    "entries_posted": ("écritures de ce passage", "entries of this pass"),
}


def reconcile(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="Les factures une à une / each invoice.")] = False,
) -> None:
    """Rapprocher les deux côtés et écrire le registre. / Match both sides and post the ledger."""
    from edi.reconciling import details as detailed
    from edi.reconciling import reconcile as reconciled
    from edi.settings import paris_now

    with opened(context, home) as (_, connection):
        counts: dict[str, Any] = dict(reconciled(connection, paris_now()))
        lists = detailed(connection) if details else {}
    if as_json:
        print_json({**counts, **lists})
        return
    out.print(
        table(
            "Rapprochement / Reconciliation",
            ("état", "state", "factures"),
            [(french_word, english, counts[name]) for name, (french_word, english) in _STATES.items()],
            right=("factures",),
        )
    )
    out.print(f"rémunération de ce passage / of this pass : [bold]{french(counts['remuneration_cents'])} €[/]")
    for name, invoices in lists.items():
        state = name.removesuffix("_list")
        if invoices and state != "matched":
            columns = ("date", "supplier", "library", "number", "kind", "ht_cents", "reason")
            cells = [[french(i[c]) if c == "ht_cents" else i[c] for c in columns] for i in invoices]
            out.print(
                table(
                    " / ".join(_STATES[state]),
                    ("date", "fournisseur", "bibliothèque", "numéro", "type", "HT", "motif"),
                    cells,
                    right=("HT",),
                )
            )


def ledger_list(
    context: typer.Context, home: HomeOption = None, as_json: JsonOption = False,
    period: PeriodOption = None, supplier: SupplierOption = None,
) -> None:  # fmt: skip
    """Lister les écritures. / List the entries."""
    from edi.ledger import COLUMNS, entries

    with opened(context, home) as (_, connection):
        rows = list(entries(connection, period, supplier))
    if as_json:
        print_json({"entries": rows})
        return
    shown = [name for name in COLUMNS if name not in ("hash", "match")]
    heads = (
        "n°",
        "période",
        "fournisseur",
        "bibliothèque",
        "facture",
        "date",
        "type",
        "base",
        "taux",
        "rémunération",
        "ex.",
        "annule",
    )
    cells = [[french(r[c]) if c.endswith("_cents") else r[c] for c in shown] for r in rows]
    out.print(table("Registre / Ledger", heads, cells, right=("n°", "base", "rémunération", "ex.")))
    total = sum(row["remuneration_cents"] for row in rows)
    out.print(f"{len(rows)} écritures / entries, total [bold]{french(total)} €[/]")


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
        text = as_csv(rows) if form == "csv" else _json_lines(rows)
        if output is None:
            sys.stdout.writelines(text)
            return
        part = output.with_name(output.name + ".part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(text)
            part.replace(output)
        except OSError as wrong:
            from schemas.errors import Unreadable

            raise Unreadable(path=output, why=wrong.strerror) from wrong


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """`{"entries": [...]}`, an entry a line, without holding them all."""
    yield '{"entries": ['
    for place, row in enumerate(rows):
        yield (",\n " if place else "\n ") + json.dumps(row, ensure_ascii=False)
    yield "\n]}\n"


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
            "close / closed" if r["closed_at"] else "ouverte / open",
            r["closed_at"],
            r["invoices"],
            french(r["remuneration_cents"]),
        )
        for r in rows
    ]
    out.print(
        table(
            "Périodes / Periods",
            ("année", "état", "depuis", "factures", "rémunération"),
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

    with opened(context, home) as (_, connection):
        with transaction(connection):
            periods.close(connection, year, paris_now())
        late = periods.booked_in(year, periods.closed_years(connection))
    if as_json:
        print_json({"year": year, "state": "closed", "late_invoices_go_to": late})
    else:
        out.print(
            f"Période {year} close ; les retardataires iront en {late}. / Period {year} closed; late invoices go to {late}."
        )


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


def partners_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER.csv", help="gln;name;role;category;successor;alias_of")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Importer l'annuaire (CSV, point-virgule, UTF-8). / Import the directory."""
    from edi import partners, twins
    from edi.store import changed, transaction

    imported = partners.read_csv(file)
    with opened(context, home) as (_, connection), transaction(connection):
        counts = partners.store(connection, imported)
        if counts["added"] or counts["changed"]:
            twins.define(connection, partners.load(connection))
            twins.rebuild(connection)
            changed(connection)
    if as_json:
        print_json(counts)
    else:
        out.print(
            f"{counts['added']} ajoutés, {counts['changed']} modifiés, {counts['unchanged']} inchangés. / "
            f"{counts['added']} added, {counts['changed']} changed, {counts['unchanged']} unchanged."
        )


def partners_list(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Lister l'annuaire. / List the directory."""
    import msgspec

    from edi import partners

    with opened(context, home) as (_, connection):
        rows = [msgspec.structs.asdict(partner) for partner in partners.load(connection).values()]
    if as_json:
        print_json({"partners": rows})
        return
    heads = ("GLN", "nom", "rôle", "catégorie", "successeur", "alias de")
    out.print(table("Annuaire / Directory", heads, [[row[name] for name in partners.COLUMNS] for row in rows]))


def partners_show(
    context: typer.Context,
    gln: Annotated[str, typer.Argument(metavar="GLN")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Montrer un partenaire. / Show one partner."""
    import msgspec

    from edi import partners
    from schemas.errors import NotFound

    with opened(context, home) as (_, connection):
        directory = partners.load(connection)
    if gln not in directory:
        raise NotFound(what=f"GLN {gln}")
    facts = {**msgspec.structs.asdict(directory[gln]), "resolves_to": partners.resolve(directory, gln)}
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        out.print(f"[dim]{name:<12}[/] {sentence(value)}")
