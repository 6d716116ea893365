"""Commands on what is booked: reconcile, partners."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
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
)
from schemas.money import french


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog=examples("edi reconcile --details", "edi reconcile --json | jq .discrepancies"))(reconcile)
    partners = typer.Typer(no_args_is_help=True, help="L'annuaire des partenaires. / The directory.")
    partners.command("import", epilog=examples("edi partners import annuaire.csv"))(partners_import)
    partners.command("list", epilog=examples("edi partners list --json"))(partners_list)
    partners.command("show", epilog=examples("edi partners show 3025616805006"))(partners_show)
    app.add_typer(partners, name="partners")


_STATES = {
    "matched": ("rapprochées", "matched"),
    "net_differs": ("dont net différent", "of which net differs"),
    "discrepancies": ("en écart", "discrepancies"),
    "proposed": ("proposées", "proposed"),
    "waiting_library": ("attendent la bibliothèque", "waiting for the library"),
    "waiting_supplier": ("attendent le fournisseur", "waiting for the supplier"),
}
_COLOURS = {"matched": "bold green", "discrepancies": "bold red", "proposed": "bold yellow"}


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
    rows = [
        (
            Text.assemble(french_word, (f" / {english}", "dim")),
            Text(str(counts[name]), style=_COLOURS.get(name, "bold") if counts[name] else "dim"),
        )
        for name, (french_word, english) in _STATES.items()
    ]
    show(table("Rapprochement / Reconciliation", ("état / state", "factures / invoices"), rows, right=("factures",)))
    amount = f"[bold]{french(counts['remuneration_cents'])} €[/]"
    out.print(f"{counts['entries_posted']} écritures de ce passage / entries of this pass : {amount}")
    for name, invoices in lists.items():
        state = name.removesuffix("_list")
        if invoices and state != "matched":
            out.print()
            show(_invoices(" / ".join(_STATES[state]), invoices))


def _invoices(title: str, invoices: list[dict[str, Any]]) -> Table:
    columns = ("date", "supplier", "library", "number", "kind", "ht_cents", "reason")
    heads = (
        "date", "fournisseur / supplier", "bibliothèque / library", "numéro / number", "type / kind", "HT / net",
        "motif / reason",
    )  # fmt: skip
    cells = [[french(i[c]) if c == "ht_cents" else i[c] for c in columns] for i in invoices]
    return table(title, heads, cells, right=("HT",))


def partners_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER.csv", help="gln;name;role;category;successor;alias_of")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Importer l'annuaire (CSV, point-virgule, UTF-8). / Import the directory."""
    from edi import partners, twins
    from edi.store import transaction

    imported = partners.read_csv(file)
    with opened(context, home) as (_, connection), transaction(connection):
        before = partners.load(connection)
        counts = partners.store(connection, imported)
        twins.move(connection, before, partners.load(connection))
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
    if not rows:
        out.print("L'annuaire est vide : edi partners import annuaire.csv / The directory is empty.")
        return
    heads = (
        "GLN",
        "nom / name",
        "rôle / role",
        "catégorie / category",
        "successeur / successor",
        "alias de / alias of",
    )
    show(table("Annuaire / Directory", heads, [[row[name] for name in partners.COLUMNS] for row in rows]))


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
        out.print(f"[dim]{name:<12}[/] {sentence(value)}", soft_wrap=True)
