"""Commands on the directory of partners; those on referencing requests are in `edi.cli.requests`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from edi.cli import requests
from edi.cli.changes import show_changes
from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    note,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    when,
    wrong_use,
)
from edi.cli.quarantine import ByOption

if TYPE_CHECKING:
    from edi.partners import Partner

#: How many rows a terminal is shown; --json has them all.


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    made = typer.Typer(no_args_is_help=True, help="L'annuaire des partenaires. / The directory.")
    made.command("import", epilog=examples("edi partners import annuaire.csv --dry-run"))(import_)
    made.command("list", epilog=examples("edi partners list --json"))(listing)
    made.command("search", epilog=examples("edi partners search saint aubin", "edi partners search 302561"))(search)
    made.command("show", epilog=examples("edi partners show 3025616805006"))(shown)
    requests.add_to(made)
    app.add_typer(made, name="partners")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER.csv", help="gln;name;role;category;successor;alias_of")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Montrer sans rien changer / show, change nothing.")
    ] = False,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Importer l'annuaire ; ce qu'un fichier ne dit pas reste. / Import the directory; what a file does not say stays.

    CSV, point-virgule. Colonnes facultatives / optional columns: postcode, city, opened, closed, subject (oui, non / yes, no),
    since. Plusieurs lignes d'un GLN avec d'autres `since` : sa catégorie et son assujettissement à partir de ce jour.
    / Several rows of one GLN: category and subject from that day on.
    """
    from edi.directory.importing import bring_in, read_facts
    from edi.log import decided, user
    from edi.settings import paris_now

    told, ignored = read_facts(file)
    with opened(context, home) as (where, connection):
        who = by or user()
        report = bring_in(connection, told, who, file.name, paris_now(), dry_run)
        if not dry_run:
            counts = {name: report[name] for name in ("added", "changed", "touched")}
            decided(where.path, "partners-imported", who, file=file.name, **counts)
    if ignored:
        note(f"[yellow]colonnes ignorées / columns ignored[/] : {sentence(', '.join(ignored))}")
    if as_json:
        print_json(report)
        return
    show_changes(report)
    if dry_run:
        out.print("[yellow]Rien n'a été changé (--dry-run). / Nothing was changed.[/]")


def listing(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Lister l'annuaire. / List the directory."""
    from edi import partners

    with opened(context, home) as (_, connection):
        known = partners.load(connection)
    if not as_json and not known:
        out.print("L'annuaire est vide : edi partners import annuaire.csv / The directory is empty.")
        return
    _show_partners(known.values(), as_json)


def search(
    context: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="TEXTE...", help="Nom, ville, début de GLN / name, city, GLN.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Chercher par nom, ville, code postal ou début de GLN ; sans accents ni casse. / Search by name, city, postcode, GLN."""
    from edi import partners

    wanted = " ".join(text)
    if not partners.folded(wanted):
        raise wrong_use(f"{wanted!r} : ni lettre ni chiffre / neither letter nor digit")
    with opened(context, home) as (_, connection):
        found = partners.search(partners.load(connection), wanted)
    if not as_json and not found:
        out.print(
            f"Personne : {sentence(wanted)}. Demander : edi partners request add / Nobody: ask with a request.",
            soft_wrap=True,
        )
        return
    _show_partners(found, as_json)


def _show_partners(found: Iterable["Partner"], as_json: bool) -> None:
    rows = [to_builtins(partner) for partner in found]
    if as_json:
        print_json({"partners": rows})
        return
    heads = {
        "gln": "GLN", "name": "nom / name", "role": "rôle / role", "category": "catégorie / category",
        "postcode": "code postal / postcode", "city": "ville / city", "successor": "successeur / successor",
        "alias_of": "alias de / alias of",
    }  # fmt: skip
    show(table("Annuaire / Directory", heads.values(), [[row[name] for name in heads] for row in rows]))


def shown(
    context: typer.Context,
    gln: Annotated[str, typer.Argument(metavar="GLN")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Montrer un partenaire : ses faits, leur histoire, les GLN qui mènent à lui. / Facts, history, what resolves to it."""
    from edi import partners
    from schemas.errors import NotFound

    with opened(context, home) as (_, connection):
        directory = partners.load(connection)
        history = partners.history(connection, gln)
    if gln not in directory:
        raise NotFound(what=f"GLN {gln}")
    known_as = [code for code in directory if code != gln and partners.resolve(directory, code) == gln]
    facts = {**to_builtins(directory[gln]), "resolves_to": partners.resolve(directory, gln)}
    if as_json:
        print_json({**facts, "known_as": known_as, "history": history})
        return
    later = facts.pop("later")
    for name, value in facts.items():
        out.print(f"[dim]{name:<12}[/] {sentence(value or '')}", soft_wrap=True)
    for then in later:
        told = ", ".join(f"{name} {then[name]}" for name in partners.DATED if then[name])
        out.print(f"[dim]{'since':<12}[/] {then['since']} : {sentence(told)}", soft_wrap=True)
    for code in known_as:
        out.print(f"[dim]{'known_as':<12}[/] {code}  {sentence(directory[code].name)}", soft_wrap=True)
    if history:
        heads = ("le / on", "par / by", "source", "fait / fact", "depuis / since", "avant / before", "après / after")
        cells = [
            (when(act["at"]), act["who"], act["source"], act["field"], act["since"], act["before"] or "", act["after"])
            for act in history
        ]
        out.print()
        show(table("Histoire / History", heads, cells))
