"""Commands that bring the money to people: distribute."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.common import HomeOption, JsonOption, examples, opened, out, print_json, show, table
from edi.cli.ledger import FORMS, export
from schemas.money import french

_SHOWN = 10
YearArgument = Annotated[int, typer.Argument(metavar="ANNÉE", min=2003, max=9999)]
FileOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FICHIER", help="Sinon stdout / else stdout.")
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(
        epilog=examples(
            "edi distribute 2025 --public-users 6187588 --higher-education-users 1052041",
            "edi distribute 2025 --record", "edi distribute 2025 --format xlsx -o titres-2025.xlsx",
        )
    )(distribute)  # fmt: skip


def distribute(
    context: typer.Context,
    year: YearArgument,
    public: Annotated[int, typer.Option("--public-users", metavar="N", min=0, help="Usagers des bibliothèques de lecture publique / registered users of public libraries.")] = 0,
    higher: Annotated[int, typer.Option("--higher-education-users", metavar="N", min=0, help="Usagers de l'enseignement supérieur / in higher education.")] = 0,
    record: Annotated[bool, typer.Option("--record", help="L'inscrire, une fois pour toutes ; l'année doit être close / for good; the year must be closed.")] = False,
    form: Annotated[str | None, typer.Option("--format", metavar="|".join(FORMS), help="Un titre par ligne / a row a title.")] = None,
    output: FileOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Répartir une année : État, frais, retraite, puis moitié auteurs et moitié éditeurs, par exemplaire. / Share a year out.

    Taux et seuil : [distribution] dans edi.toml. Sans --record rien n'est écrit. / Nothing is written without --record.
    """
    from edi import distributing
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        made = distributing.recorded(connection, year)
        if made is None or record:
            users = distributing.Users(public, higher)
            made = distributing.compute(connection, year, users, where.settings.distribution)
            made = distributing.record(connection, made, paris_now()) if record else made
    if form is not None:
        export(form, output, "titles", [(f"Répartition {year}", distributing.SHEET, made.titles)])
    elif as_json:
        print_json({**made.facts, "titles": len(made.titles)})
    else:
        _show(made.facts, made.titles)


def _show(facts: dict[str, Any], titles: list[dict[str, Any]]) -> None:
    state = (
        f"inscrite le / recorded {facts['recorded_at'][:10]}" if facts["recorded_at"] else "projet / preview : --record"
    )
    rows = [
        (label, french(facts[name]))
        for name, label in _WORDS.items()
        if facts[name] or name in ("entries_cents", "carried_cents")
    ]
    show(
        table(
            f"Répartition {facts['year']} / Distribution ({state})", ("", "montant / amount"), rows, right=("montant",)
        )
    )
    each = f"{french(facts['per_copy_cents'])} € l'exemplaire / a copy"
    out.print(f"{facts['copies']} exemplaires / copies, {len(titles)} titres / titles, {each}")
    top = sorted(titles, key=lambda row: (-row["copies"], row["ean"]))[:_SHOWN]
    if top:
        heads = (
            "EAN",
            "titre / title",
            "ex. / cop.",
            "auteurs / authors",
            "éditeurs / publishers",
            "reporté / carried",
        )
        columns = ("authors_cents", "publishers_cents", "carried_cents")
        cells = [(r["ean"], r["title"][:40], r["copies"], *(french(r[c]) for c in columns)) for r in top]
        out.print()
        show(
            table(
                "Premiers titres / Top titles",
                heads,
                cells,
                right=("ex.", "auteurs", "éditeurs", "reporté"),
                folded=("titre",),
            )
        )


_WORDS = {
    "entries_cents": "Parts des fournisseurs / Suppliers' shares", "state_cents": "+ part de l'État / the State's share",
    "brought_cents": "+ reports / brought forward", "fees_cents": "− frais / fees", "pension_cents": "− retraite / pension",
    "authors_cents": "= auteurs / authors", "publishers_cents": "= éditeurs / publishers",
    "carried_cents": "= reporté / carried over",
}  # fmt: skip
