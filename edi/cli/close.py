"""The command that closes a year."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.books import HigherUsers, PublicUsers, make
from edi.cli.common import HomeOption, JsonOption, bars, examples, opened, out, print_json, wrong_use
from edi.cli.opening import write_out
from edi.cli.period import show_waiting
from schemas.money import french, several


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(
        epilog=examples(
            "edi close 2025 -o cloture-2025", "edi close 2025 -o cloture-2025 --distribute --public-users 6187588"
        )
    )(close)


def close(
    context: typer.Context,
    year: Annotated[int, typer.Argument(metavar="ANNÉE")],
    folder: Annotated[Path | None, typer.Option("-o", "--output", metavar="DOSSIER", help="Y écrire le rapport et les appels / write the report and the statements there.")] = None,
    estimates: Annotated[bool, typer.Option("--estimates", help="Appeler aussi ce que seules les bibliothèques ont déclaré / bill what only libraries declared.")] = False,
    distribute: Annotated[bool, typer.Option("--distribute", help="Répartir l'année, une fois pour toutes / share the year out, for good.")] = False,
    public: PublicUsers = 0, higher: HigherUsers = 0,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Clore une année en un acte : prouver, clore, appeler, répartir, rendre compte ; refaire ne change rien. / Close a year."""
    from edi.books import closing, statements
    from edi.books.distributing import Users
    from edi.settings import paris_now

    if (public or higher) and not distribute:
        raise wrong_use("--public-users, --higher-education-users : avec --distribute / with --distribute")
    with opened(context, home) as (where, connection), bars() as progress:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=of)

        users = Users(public, higher) if distribute else None
        facts = closing.close(connection, where, year, paris_now(), estimates=estimates, users=users, progress=told)
        if folder is not None:
            make(folder)
            write_out(folder / f"cloture-{year}.pdf", [closing.as_pdf(facts)])
            for row in statements.listing(connection, year):
                path = folder / f"{row['label']}.pdf"
                if not path.exists():
                    write_out(path, [statements.as_pdf(statements.document(connection, row["number"]))])
    if as_json:
        print_json(facts)
        return
    out.print(
        f"[bold]Année {year} close[/] [dim]/ closed[/]  {several(facts['entries'], 'écriture')}, {several(facts['statements'], 'appel')}"
    )
    out.print(
        f"  rémunération / share [bold]{french(facts['remuneration_cents'])} €[/], {facts['copies']} exemplaires / copies"
    )
    show_waiting(facts["waiting"])
    if facts["distribution"]:
        shares = facts["distribution"]
        out.print(
            f"  répartis / shared out : auteurs {french(shares['authors_cents'])} €, éditeurs {french(shares['publishers_cents'])} €"
        )
    if folder is not None:
        out.print(f"  [dim]{folder / f'cloture-{year}.pdf'}[/]", soft_wrap=True)
