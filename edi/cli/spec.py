"""The command that writes the partners' specification."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from edi.cli.common import JsonOption, emit, examples, out, print_json, sentence


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(epilog=examples("edi spec", "edi spec -o /srv/www/droit-de-pret", "edi spec --json | less"))(spec)


def spec(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DOSSIER", help="Sinon ./specification / else ./specification."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Écrire la spécification des partenaires : formats, codes, contrôles, réponses, exemples ; HTML, Markdown, JSON. /
    Write the partners' specification: formats, codes, checks, answers, examples; HTML, Markdown, JSON."""
    from edi.cli.opening import write_out
    from edi.spec.rendering import document, rendered
    from spool.errors import DiskTrouble, why

    if as_json and output is None:
        print_json(document())
        return
    folder = output or Path("specification")
    made = rendered()
    for name, data in made.items():
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise DiskTrouble(path=wrong.filename or folder, why=why(wrong)) from wrong
        write_out(target, [data])
    if as_json:
        emit([made["specification.json"]])
        return
    for name in made:
        out.print(f"[dim]{sentence(folder)}/[/]{sentence(name)}", soft_wrap=True)
    if sys.stdout.isatty():
        first = folder / "specification.fr.html"
        out.print(f"[dim]lire / read :[/] {sentence(first.absolute().as_uri())}", soft_wrap=True)
