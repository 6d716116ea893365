"""`edi convert`: the same declaration in the other format."""

import functools
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from edi.cli.common import complain, emit, errors, examples, note, sentence, wrong_use
from edi.cli.opening import seekable, write_out


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(
        epilog=examples("edi convert F-2025.txt --to xml -o F-2025.xml", "edi convert F-2025.xml --to fixed | less")
    )(convert)


def convert(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Déclaration ; « - » : l'entrée standard / stdin.")],
    to: Annotated[str, typer.Option("--to", metavar="fixed|xml", help="Format voulu / wanted format.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SORTIE", help="Sinon stdout / else stdout.")
    ] = None,
) -> None:
    """La même déclaration dans l'autre format. / The same declaration in the other format."""
    from edi.converting import convert as converted
    from parsers.sniff import MAX_BYTES
    from schemas.catalogue import message
    from schemas.errors import Unreadable
    from spool.errors import why

    if to not in ("fixed", "xml"):
        raise wrong_use(f"--to {to!r} : fixed ou / or xml")
    try:
        stream = seekable(file, MAX_BYTES)
    except OSError as wrong:
        raise Unreadable(path=file, why=why(wrong)) from wrong
    with stream, tempfile.TemporaryFile() as made:
        findings = converted(stream, to, made)
        if findings:
            for finding in findings[:50]:
                place = f"enregistrement / record {finding.record}  " if finding.record else ""
                errors.print(f"[red]{finding.code}[/]  {place}{sentence(message(finding))}", soft_wrap=True)
            if findings[50:]:
                note(f"… {len(findings) - 50} autres / more")
            complain(
                "illisible en partie, rien n'est converti. Voir tout : edi check. / Cannot be read whole, nothing is "
                "converted. To see all: edi check.",
                file,
            )
            raise typer.Exit(1)
        made.seek(0)
        pieces = iter(functools.partial(made.read, 1 << 20), b"")
        if output is None:
            emit(pieces)
        else:
            write_out(output, pieces)
