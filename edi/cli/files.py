"""Commands on declaration files: check, convert, ingest."""

import contextlib
import functools
import os
import re
import secrets
import sqlite3
import stat
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from edi.cli.common import (
    VERDICTS,
    HomeOption,
    JsonOption,
    LangOption,
    bars,
    complain,
    emit,
    errors,
    examples,
    home_path,
    language,
    note,
    opened,
    out,
    print_json,
    sentence,
    wrong_use,
)

if TYPE_CHECKING:
    from edi.lending.context import Partner
    from schemas.acknowledgement import Acknowledgement

Files = Annotated[
    list[Path], typer.Argument(metavar="FICHIER...", help="Déclarations, zip ou non / declarations, zipped or not.")
]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(
        epilog=examples(
            "edi check F-2025.txt --partners annuaire.csv",
            "edi check depot/* --json > constats.json",
            "unzip -p envoi.zip | edi check - --lang en",
        )
    )(check)
    app.command(
        epilog=examples("edi convert F-2025.txt --to xml -o F-2025.xml", "edi convert F-2025.xml --to fixed | less")
    )(convert)
    app.command(epilog=examples("edi ingest depot/*.txt depot/*.xml", "edi --home /srv/edi ingest F-2025.txt --json"))(
        ingest
    )


def check(
    context: typer.Context,
    files: Files,
    partners: Annotated[Path | None, typer.Option(metavar="FICHIER.csv", help="Annuaire / directory.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Contrôler des déclarations comme le fait la production, sans rien garder ; « - » : l'entrée standard. /
    Check as production does, storing nothing; "-" is standard input."""
    from edi.limits import OutOfTime
    from edi.settings import OUR_GLN, Settings, open_home, paris_now
    from edi.taking import check_file
    from parsers.report import as_json as report_json
    from spool.errors import why

    said = language(lang)
    path = home_path(context, home)
    settings = open_home(path).settings if (path / "edi.toml").exists() else Settings(gln=OUR_GLN)
    directory = _directory(partners, path)
    connection = sqlite3.connect("", isolation_level=None)  # a temporary database on disk, gone at the end
    results: list[tuple[str, Acknowledgement | None]] = []
    with bars(_size(files)) as progress:
        for file in files:
            acknowledgement = None
            try:
                with _seekable(file, settings.max_bytes) as stream:
                    task = progress.add_task(sentence(file.name), total=os.fstat(stream.fileno()).st_size)
                    acknowledgement = check_file(
                        connection, stream, file.name, settings.gln, directory, settings.limits, paris_now(),
                        functools.partial(_advance, progress, task),
                    )  # fmt: skip
                    progress.remove_task(task)
            except OSError as wrong:
                complain(why(wrong), file)
            except OutOfTime as late:
                complain(f"contrôle en panne / the checker failed : {late}", file)
            except Exception as crash:
                if os.environ.get("EDI_DEBUG"):
                    raise
                complain(f"contrôle en panne / the checker failed ({type(crash).__name__}) ; EDI_DEBUG=1", file)
            results.append((str(file), acknowledgement))
    if as_json:
        print_json({"files": [_report(file, ack, said, report_json) for file, ack in results]})
    else:
        _show(results, said)
    raise typer.Exit(_exit_code([ack.verdict if ack else "failed" for _, ack in results]))


def _size(files: Iterable[Path]) -> int | None:
    """The bytes of all files; None when that cannot be known."""
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            seen = file.stat()
            total += seen.st_size
            if stat.S_ISREG(seen.st_mode):
                continue
        if str(file) == "-":
            return None
    return total


def _advance(progress: Any, task: Any, done: int) -> None:
    progress.update(task, completed=done)


def _seekable(file: Path, max_bytes: int) -> IO[bytes]:
    """The file opened; standard input (`-`) and pipes are copied aside first, since reading looks twice.

    Of a pipe no more is copied than shows that it is too large.
    """
    stream: IO[bytes] = _stdin() if str(file) == "-" else file.open("rb")
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with stream:
        while copy.tell() <= max_bytes + (1 << 20) and (chunk := stream.read(1 << 20)):
            copy.write(chunk)
    copy.seek(0)
    return copy


def _stdin() -> IO[bytes]:
    if sys.stdin is None:
        raise FileNotFoundError(2, "stdin")
    return sys.stdin.buffer


def _directory(given: Path | None, home: Path) -> "dict[str, Partner]":
    """The directory to check against: the CSV given, else the home's if there is one."""
    from edi.partners import load, read_csv
    from edi.store import connect

    if given is not None:
        return read_csv(given)
    if (home / "edi.sqlite").exists():
        with contextlib.closing(connect(home / "edi.sqlite")) as connection:
            return load(connection)
    return {}


def _report(
    file: str, acknowledgement: "Acknowledgement | None", said: str, report_json: Callable[..., dict[str, Any]]
) -> dict[str, Any]:
    """A file's JSON; one that could not be checked says so, and nothing else of it."""
    if acknowledgement is None:
        return {
            "file": file, "sha256": None, "format": None, "verdict": "failed", "side": None, "reference": None,
            "invoices": 0, "accepted": 0, "refused": 0, "not_checked": [], "findings": [],
            "findings_total": 0, "findings_by_code": {},
        }  # fmt: skip
    return {**report_json(acknowledgement, said), "file": file}


def _show(results: "list[tuple[str, Acknowledgement | None]]", said: str) -> None:
    """Each report in full, then, of several, a line each."""
    from parsers.report import text

    for _, acknowledgement in results:
        if acknowledgement is not None:
            colour = VERDICTS[acknowledgement.verdict][2]
            for line in _painted(text(acknowledgement, said), colour):
                out.print(line, soft_wrap=True)
            out.print()
    if len(results) < 2:
        return
    place = 0 if said == "fr" else 1
    for file, acknowledgement in results:
        words = VERDICTS[acknowledgement.verdict if acknowledgement else "failed"]
        counts = f"{acknowledgement.accepted}/{acknowledgement.invoices}" if acknowledgement else "-"
        out.print(f"[{words[2]}]{words[place]:<20}[/] {counts:>9}  {sentence(file)}", soft_wrap=True)


_VERDICT = re.compile(r"│ +Verdict +")
_LABEL = re.compile(r" {9}\S+( \S+)? {2,}")
_NUMBER = re.compile(r" {2}(\d{3}) {2}")


def _painted(report: str, colour: str) -> Iterator[Text]:
    """The lines of a plain report, in the colours of a terminal."""
    lines = report.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        made = Text(line)
        if verdict := _VERDICT.match(line):
            made.stylize(f"bold {colour}", verdict.end(), len(line.rstrip("│ ")))
        elif following.startswith("────") or line.startswith("▪"):
            made.stylize("bold")
        elif line.startswith("────"):
            made.stylize("dim")
        elif number := _NUMBER.match(line):
            made.stylize("bold yellow" if number[1] > "300" else "bold red", 2, 5)
        elif label := _LABEL.match(line):
            made.stylize("dim", 0, label.end())
        if line.startswith(("┌", "├", "└")):
            made.stylize("dim")
        elif line.startswith("│"):
            made.stylize("dim", 0, 1)
            made.stylize("dim", len(line) - 1)
        yield made


def _exit_code(verdicts: list[str]) -> int:
    if "failed" in verdicts:
        return 2
    return 1 if {"refused", "partly-accepted"} & set(verdicts) else 0


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
        stream = _seekable(file, MAX_BYTES)
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


def write_out(output: Path, pieces: Iterable[bytes]) -> None:
    """A file that appears only once it is whole. Raises DiskTrouble naming `output`."""
    from spool.errors import DiskTrouble, why

    part = output.with_name(f".{output.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        if output.is_dir():
            raise IsADirectoryError(21, "")
        try:
            with part.open("wb") as target:
                target.writelines(pieces)
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
    except OSError as wrong:
        raise DiskTrouble(path=output, why=why(wrong)) from wrong


def ingest(
    context: typer.Context,
    files: Files,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Prendre des fichiers locaux par le chemin ordinaire : lire, contrôler, comptabiliser, répondre. /
    Take local files by the ordinary road: read, check, book, answer."""
    from edi.ingesting import ingest as ingested
    from parsers.report import as_json as report_json

    said = language(lang)
    taken: dict[Path, list[Acknowledgement]] = defaultdict(list)
    with opened(context, home) as (where, connection), bars(_size(files)) as progress:

        def bar(path: Path) -> functools.partial[None]:
            return functools.partial(
                _advance, progress, progress.add_task(sentence(path.name), total=path.stat().st_size)
            )

        for path, acknowledgement in ingested(where, connection, files, progress=bar):
            taken[path].append(acknowledgement)
    results = [(str(file), taken[file].pop(0)) for file in files]  # the same file given twice is taken twice
    if as_json:
        print_json({"files": [_report(file, ack, said, report_json) for file, ack in results]})
    else:
        _show(list(results), said)
        out.print(f"[dim]réponses / answers :[/] {sentence(where.path / 'outgoing' / 'local')}", soft_wrap=True)
    for file, acknowledgement in results:
        if acknowledgement.verdict == "failed":
            complain(
                "contrôle en panne ; le fichier est gardé : edi status / the checker failed; the file is kept", file
            )
    raise typer.Exit(_exit_code([acknowledgement.verdict for _, acknowledgement in results]))
