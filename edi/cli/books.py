"""Commands that bring the money to people: statement issue, list, show; distribute."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.common import HomeOption, JsonOption, bars, examples, opened, out, print_json, show, table
from edi.cli.common import as_json as dumped
from edi.cli.ledger import FORMS, PeriodOption, SupplierOption, export, written
from edi.cli.opening import write_out
from schemas.money import french, several

_SHOWN = 10
_SHOWN_ROWS = 100
YearArgument = Annotated[int, typer.Argument(metavar="ANNÉE", min=2003, max=9999)]
FileOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FICHIER", help="Sinon stdout / else stdout.")
]


PublicUsers = Annotated[int, typer.Option("--public-users", metavar="N", min=0, help="Usagers des bibliothèques de lecture publique / registered users of public libraries.")]  # fmt: skip
HigherUsers = Annotated[int, typer.Option("--higher-education-users", metavar="N", min=0, help="Usagers de l'enseignement supérieur / in higher education.")]  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    statement = typer.Typer(no_args_is_help=True, help="Les appels de rémunération. / Statements.")
    statement.command(
        "issue", epilog=examples("edi statement issue 2025 -o appels", "edi statement issue 2025 --estimates")
    )(issue)
    statement.command("list", epilog=examples("edi statement list --period 2025"))(listing)
    statement.command("show", epilog=examples("edi statement show 12 --format pdf -o AR-000012.pdf"))(shown)
    app.add_typer(statement, name="statement")
    app.command(
        epilog=examples(
            "edi distribute 2025 --public-users 6187588 --higher-education-users 1052041",
            "edi distribute 2025 --record", "edi distribute 2025 --format xlsx -o titres-2025.xlsx",
        )
    )(distribute)  # fmt: skip


def issue(
    context: typer.Context,
    year: YearArgument,
    estimates: Annotated[bool, typer.Option("--estimates", help="Appeler aussi, au moins-disant, ce que seules les bibliothèques ont déclaré / bill what only libraries declared, at the least.")] = False,
    folder: Annotated[Path | None, typer.Option("-o", "--output", metavar="DOSSIER", help="Y écrire les PDF qui n'y sont pas / write the PDFs that are not there.")] = None,
    supplier: SupplierOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Émettre l'appel de chaque fournisseur qui a du nouveau ; relancer n'émet rien de plus. / Issue what is new."""
    from edi.books import statements
    from edi.reconciliation import estimating
    from edi.reconciliation.reconciling import reconcile
    from edi.settings import paris_now

    with opened(context, home) as (where, connection), bars() as progress:
        task = progress.add_task("appels / statements")
        posted: list[dict[str, Any]] = []
        if estimates:
            reconcile(connection, paris_now())
            posted = estimating.post(connection, year, paris_now(), supplier)
        made = [
            facts["number"]
            for facts in statements.issue(
                connection, where.settings, year, paris_now(), supplier,
                lambda done, of: progress.update(task, completed=done, total=of),
            )
        ]  # fmt: skip
        rows = statements.listing(connection, year, supplier)
        if folder is not None:
            make(folder)
            task = progress.add_task("PDF", total=len(rows))
            for row in rows:
                path = folder / f"{row['label']}.pdf"
                if not path.exists():
                    write_out(path, [statements.as_pdf(statements.document(connection, row["number"]))])
                progress.advance(task)
    rows = [row for row in rows if row["number"] in set(made)]
    due = sum(row["due_cents"] for row in rows)
    estimated = sum(row["remuneration_cents"] for row in posted)
    if as_json:
        facts = {"estimates_posted": len(posted), "estimates_cents": estimated} if estimates else {}
        print_json({"issued": rows, "due_cents": due, **facts})
    else:
        _list(rows)
        if posted:
            booked = posted[0]["period"]
            out.print(f"{several(len(posted), 'estimation')} d'office / estimates posted, {french(estimated)} €")
            if booked != year:
                out.print(
                    f"{year} est close : elles sont en {booked}, edi statement issue {booked}. / Closed: they are in {booked}.",
                    soft_wrap=True,
                )
        out.print(f"{several(len(rows), 'appel')} émis / statements issued, [bold]{french(due)} €[/]")


def make(folder: Path) -> None:
    """The folder, made if it is not there. Raises DiskTrouble."""
    from spool.errors import DiskTrouble, why

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise DiskTrouble(path=folder, why=why(wrong)) from wrong


def listing(
    context: typer.Context, period: PeriodOption = None, supplier: SupplierOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Les appels émis. / The statements issued."""
    from edi.books.statements import listing as issued

    with opened(context, home) as (_, connection):
        rows = issued(connection, period, supplier)
    if as_json:
        print_json({"statements": rows})
    else:
        _list(rows)
        out.print(
            f"{several(len(rows), 'appel')} / statements, [bold]{french(sum(row['due_cents'] for row in rows))} €[/]"
        )


def _list(rows: list[dict[str, Any]]) -> None:
    heads = (
        "appel / statement",
        "émis / issued",
        "fournisseur / supplier",
        "an / year",
        "estimations / estimates",
        "à payer / due",
    )
    cells = [
        (r["label"], r["issued_at"][:10], r["supplier"], r["period"], french(r["estimates_cents"] - r["taken_back_cents"]), french(r["due_cents"]))
        for r in rows[-_SHOWN_ROWS:]
    ]  # fmt: skip
    if cells:
        show(table("Appels de rémunération / Statements", heads, cells, right=("estimations", "à payer")))


def shown(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N°", min=1, help="Dans « statement list » / in statement list.")],
    form: Annotated[str | None, typer.Option("--format", metavar="|".join((*FORMS, "pdf")), help="Le document / the document.")] = None,
    output: FileOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Un appel tel qu'il a été émis. / A statement as it was issued."""
    from edi.books import statements

    with opened(context, home) as (_, connection):
        facts = statements.document(connection, number)
    if as_json or form == "json":
        written(output, [dumped(facts), "\n"])
    elif form == "pdf":
        written(output, [statements.as_pdf(facts)])
    elif form is not None:
        export(form, output, "lines", statements.sheets(facts), "pdf")
    else:
        _, columns, lines = statements.sheets(facts)[0]
        names = [column for column in columns if any(line[column.name] for line in lines)]
        heads = [column.head for column in names]
        cells = [
            [french(line[c.name]) if c.kind == "cents" and line[c.name] is not None else line[c.name] for c in names]
            for line in lines[-_SHOWN_ROWS:]
        ]
        title = f"{facts['label']} : {facts['supplier']['name']}, {facts['period']}"
        show(table(title, heads, cells, right=[c.head for c in names if c.kind in ("cents", "int")], folded=("nom",)))


def distribute(
    context: typer.Context,
    year: YearArgument,
    public: PublicUsers = 0,
    higher: HigherUsers = 0,
    record: Annotated[bool, typer.Option("--record", help="L'inscrire, une fois pour toutes ; l'année doit être close / for good; the year must be closed.")] = False,
    form: Annotated[str | None, typer.Option("--format", metavar="|".join(FORMS), help="Un titre par ligne / a row a title.")] = None,
    output: FileOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Répartir une année : État, frais, retraite, puis moitié auteurs et moitié éditeurs, par exemplaire. / Share a year out.

    Taux et seuil : [distribution] dans edi.toml. Sans --record rien n'est écrit. / Nothing is written without --record.
    """
    from edi.books import distributing
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        made = distributing.recorded(connection, year)
        if made is None or record:
            users = distributing.Users(public, higher)
            made = distributing.compute(connection, year, users, distributing.terms_of(where))
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
