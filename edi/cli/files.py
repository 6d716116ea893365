"""Commands on declaration files: check, convert, ingest."""

import functools
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    LangOption,
    bars,
    errors,
    home_path,
    language,
    opened,
    out,
    print_json,
    sentence,
    wrong_use,
)

if TYPE_CHECKING:
    from edi.lending.context import Partner
    from schemas.acknowledgement import Acknowledgement

Files = Annotated[list[Path], typer.Argument(metavar="FICHIER...", help="Déclarations / declarations.")]

_STYLES = {"accepted": "green", "partly-accepted": "yellow", "refused": "red", "duplicate": "cyan", "failed": "magenta"}
_WORDS = {
    "fr": {"accepted": "accepté", "partly-accepted": "accepté en partie", "refused": "refusé", "duplicate": "doublon", "failed": "contrôle en panne"},
    "en": {"accepted": "accepted", "partly-accepted": "partly accepted", "refused": "refused", "duplicate": "duplicate", "failed": "checker failed"},
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog="edi check F-2025.txt --partners annuaire.csv")(check)
    app.command(epilog="edi convert F-2025.txt --to xml -o F-2025.xml")(convert)
    app.command(epilog="edi ingest depot/*.txt depot/*.xml")(ingest)


def check(
    context: typer.Context,
    files: Files,
    partners: Annotated[Path | None, typer.Option(metavar="FICHIER.csv", help="Annuaire / directory.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Contrôler des déclarations comme le fait la production, sans rien garder. / Check as production does, storing nothing."""
    from edi.settings import OUR_GLN, Settings, open_home, paris_now
    from edi.taking import check_file
    from parsers.report import as_json as report_json

    said = language(lang)
    path = home_path(context, home)
    settings = open_home(path).settings if (path / "edi.toml").exists() else Settings(gln=OUR_GLN)
    directory = _directory(partners, path)
    connection = sqlite3.connect("", isolation_level=None)  # a temporary database on disk, gone at the end
    results: list[tuple[str, Acknowledgement | None]] = []
    with bars() as progress:
        for file in files:
            try:
                with _seekable(file) as stream:
                    task = progress.add_task(sentence(file.name), total=os.fstat(stream.fileno()).st_size)
                    acknowledgement = check_file(
                        connection, stream, file.name, settings.gln, directory, settings.max_bytes, paris_now(),
                        functools.partial(_advance, progress, task),
                    )  # fmt: skip
                    progress.remove_task(task)
                results.append((str(file), acknowledgement))
            except OSError as wrong:
                errors.print(f"[bold red]edi :[/] {sentence(file)} : {sentence(wrong.strerror)}")
                results.append((str(file), None))
            except Exception as crash:
                if os.environ.get("EDI_DEBUG"):
                    raise
                errors.print(
                    f"[bold red]edi :[/] {sentence(file)} : contrôle en panne / the checker failed ({type(crash).__name__})"
                )
                results.append((str(file), None))
    if as_json:
        print_json({"files": [_report(file, ack, said, report_json) for file, ack in results]})
    else:
        _show([ack for _, ack in results if ack is not None], said)
    raise typer.Exit(_exit_code([ack.verdict if ack else "failed" for _, ack in results]))


def _advance(progress: object, task: object, done: int) -> None:
    progress.update(task, completed=done)  # type: ignore[attr-defined]


def _seekable(file: Path) -> IO[bytes]:
    """The file opened; standard input (`-`) and pipes are copied aside first, since reading looks twice."""
    if file.is_dir():
        raise IsADirectoryError(21, "est un dossier / is a folder")
    stream: IO[bytes] = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    if stream.seekable():
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with stream:
        while chunk := stream.read(1 << 20):
            copy.write(chunk)
    copy.seek(0)
    return copy


def _directory(given: Path | None, home: Path) -> "dict[str, Partner]":
    """The directory to check against: the CSV given, else the home's if there is one."""
    from edi.partners import load, read_csv
    from edi.store import connect

    if given is not None:
        return read_csv(given)
    if (home / "edi.sqlite").exists():
        connection = connect(home / "edi.sqlite")
        try:
            return load(connection)
        finally:
            connection.close()
    return {}


def _report(file: str, acknowledgement: "Acknowledgement | None", said: str, report_json: object) -> dict[str, object]:
    """A file's JSON; one that could not be checked says so, and nothing else of it."""
    if acknowledgement is None:
        nothing = dict.fromkeys(("sha256", "format", "side", "reference"))
        counts = dict.fromkeys(("invoices", "accepted", "refused"), 0)
        return {"file": file, **nothing, "verdict": "failed", **counts, "not_checked": [], "findings": []}
    return {**report_json(acknowledgement, said), "file": file}  # type: ignore[operator]


def _show(acknowledgements: "list[Acknowledgement]", said: str) -> None:
    from parsers.report import text

    for acknowledgement in acknowledgements:
        style = _STYLES[acknowledgement.verdict]
        out.print(
            sentence(text(acknowledgement, said)), style=None if acknowledgement.findings else style, soft_wrap=True
        )
    if len(acknowledgements) > 1:
        for acknowledgement in acknowledgements:
            verdict = acknowledgement.verdict
            out.print(
                f"[{_STYLES[verdict]}]{_WORDS[said][verdict]:<20}[/] {sentence(acknowledgement.file)}  "
                f"[dim]{acknowledgement.accepted}/{acknowledgement.invoices}[/]"
            )


def _exit_code(verdicts: list[str]) -> int:
    if "failed" in verdicts:
        return 2
    return 1 if {"refused", "partly-accepted"} & set(verdicts) else 0


def convert(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Déclaration / declaration.")],
    to: Annotated[str, typer.Option("--to", metavar="fixed|xml", help="Format voulu / wanted format.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SORTIE", help="Sinon stdout / else stdout.")
    ] = None,
) -> None:
    """La même déclaration dans l'autre format. / The same declaration in the other format."""
    from edi.converting import convert as converted
    from schemas.catalogue import message

    if to not in ("fixed", "xml"):
        raise wrong_use(f"--to {to!r} : fixed ou / or xml")
    try:
        with _seekable(file) as stream, tempfile.TemporaryFile() as made:
            findings = converted(stream, to, made)
            if findings:
                for finding in findings[:50]:
                    errors.print(
                        f"[red]{finding.code}[/] {sentence(finding.record or '')} {sentence(message(finding))}"
                    )
                errors.print(
                    f"{sentence(file)} : illisible en partie, rien n'est converti / cannot be read whole, nothing is converted."
                )
                raise typer.Exit(1)
            made.seek(0)
            _copy_out(made, output)
    except OSError as wrong:
        errors.print(f"[bold red]edi :[/] {sentence(wrong.filename or file)} : {sentence(wrong.strerror)}")
        raise typer.Exit(2) from wrong


def _copy_out(made: IO[bytes], output: Path | None) -> None:
    """To stdout, or to a file that appears only once it is whole."""
    if output is None:
        while chunk := made.read(1 << 20):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    part = output.with_name(output.name + ".part")
    with part.open("wb") as target:
        while chunk := made.read(1 << 20):
            target.write(chunk)
    part.replace(output)


def ingest(
    context: typer.Context,
    files: Files,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Prendre des fichiers locaux par le chemin ordinaire : lire, contrôler, comptabiliser, répondre. / Take local files."""
    from edi.pipeline import ingest as ingested
    from parsers.report import as_json as report_json

    said = language(lang)
    with opened(context, home) as (where, connection), bars() as progress:

        def bar(path: Path) -> functools.partial[None]:
            return functools.partial(
                _advance, progress, progress.add_task(sentence(path.name), total=path.stat().st_size)
            )

        taken = dict(ingested(where, connection, files, progress=bar))
        answers = where.path / "outgoing" / "local"
    if as_json:
        print_json({"files": [_report(str(file), taken[file], said, report_json) for file in files]})
    else:
        _show([taken[file] for file in files], said)
        out.print(f"[dim]réponses / answers : {sentence(answers)}[/]")
    raise typer.Exit(_exit_code([acknowledgement.verdict for acknowledgement in taken.values()]))
