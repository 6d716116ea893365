"""Commands on the directory of partners."""

from pathlib import Path
from typing import Annotated

import typer

from edi.cli.common import HomeOption, JsonOption, examples, opened, out, print_json, sentence, show, table


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    made = typer.Typer(no_args_is_help=True, help="L'annuaire des partenaires. / The directory.")
    made.command("import", epilog=examples("edi partners import annuaire.csv"))(import_)
    made.command("list", epilog=examples("edi partners list --json"))(listing)
    made.command("show", epilog=examples("edi partners show 3025616805006"))(shown)
    app.add_typer(made, name="partners")


def import_(
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


def listing(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
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


def shown(
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
