"""`edi check`: the vendor's validator. Production's own reading and checks, and nothing stored."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    LangOption,
    bars,
    complain,
    examples,
    home_path,
    language,
    note,
    out,
    print_json,
    sentence,
)
from edi.cli.opening import Files, bar, seekable, size, write_out
from edi.cli.reports import Result, document, exit_code, few, show

if TYPE_CHECKING:
    from edi.lending.context import Partner


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(
        epilog=examples(
            "edi check F-2025.txt --partners annuaire.csv",
            "edi check F-2025.txt --html constats.html",
            "edi check depot/* --json > constats.json",
            "unzip -p envoi.zip | edi check - --lang en",
        )
    )(check)


def check(
    context: typer.Context,
    files: Files,
    partners: Annotated[Path | None, typer.Option(metavar="FICHIER.csv", help="Annuaire / directory.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FICHIER.html", help="Une page à transmettre / a page to pass on.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Contrôler des déclarations comme le fait la production, sans rien garder ; « - » : l'entrée standard. /
    Check as production does, storing nothing; "-" is standard input."""
    said, path = language(lang), home_path(context, home)
    checked(files, path, directory_of(partners, path), said, html=html, as_json=as_json)


def checked(
    files: list[Path], home: Path, directory: "dict[str, Partner]", said: str, *, html: Path | None, as_json: bool
) -> None:
    """Checks and shows; raises Exit with the exit code."""
    from edi.intake.taking import check_file
    from edi.limits import OutOfTime
    from edi.settings import OUR_GLN, Settings, open_home, paris_now
    from parsers.answers.report import page, told
    from parsers.excerpts import excerpts
    from spool.errors import why

    settings = open_home(home).settings if (home / "edi.toml").exists() else Settings(gln=OUR_GLN)
    connection = sqlite3.connect("", isolation_level=None)  # a temporary database on disk, gone at the end
    results: list[Result] = []
    with bars(size(files)) as progress:
        for file in files:
            result = Result(str(file))
            try:
                with seekable(file, settings.max_bytes) as stream:
                    acknowledgement, source = check_file(
                        connection, stream, file.name, settings.gln, directory, settings.limits, paris_now(),
                        bar(progress, file, os.fstat(stream.fileno()).st_size),
                    )  # fmt: skip
                    result = Result(str(file), acknowledgement)
                    if html or not as_json:
                        quoted = acknowledgement if html or not out.is_terminal else few(acknowledgement)
                        found = excerpts(source.stream, source.format, quoted.findings)
                        result = Result(str(file), acknowledgement, found)
            except OSError as wrong:
                complain(why(wrong), file)
            except OutOfTime as late:
                if result.acknowledgement is None:
                    complain(f"contrôle en panne / the checker failed : {late}", file)
            except Exception as crash:
                if os.environ.get("EDI_DEBUG"):
                    raise
                complain(f"contrôle en panne / the checker failed ({type(crash).__name__}) ; EDI_DEBUG=1", file)
            results.append(result)
    if html is not None:
        reports = [told(one.acknowledgement, said, one.excerpts) for one in results if one.acknowledgement]
        write_out(html, (piece.encode() for piece in page(reports, said)))
    if as_json:
        print_json(document(results, said))
    else:
        show(results, said)
        if html is not None:
            note(f"[dim]page :[/] {sentence(html)}")
    raise typer.Exit(exit_code(results))


def directory_of(given: Path | None, home: Path) -> "dict[str, Partner]":
    """The directory to check against: the CSV given, else the home's if there is one."""
    from edi.directory.importing import read_csv
    from edi.partners import load
    from edi.store import connect

    if given is not None:
        return read_csv(given)
    if (home / "edi.sqlite").exists():
        with contextlib.closing(connect(home / "edi.sqlite")) as connection:
            return load(connection)
    return {}
