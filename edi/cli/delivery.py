"""Brings the result of an act where it is wanted: stdout or files; as JSON, a table, CSV, a workbook, a paper, a page."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edi.cli.screen import Screen, emit, json_pieces
from edi.core.act import SHEETS, Act, Result, Rows, WrongUse
from schemas.column import Column, Row
from schemas.text import Both, filled, say


def form_of(act: Act, given: str | None, as_json: bool) -> str:
    """The form wanted of a result: JSON, or as asked for, else the act's own; empty for a page. Raises WrongUse."""
    form = "json" if as_json and given in (None, *act.forms) else given or act.form
    known = ("json", *act.forms)
    if form and form not in known:
        raise WrongUse(name=f"--format {form!r}", why=", ".join(known))
    return form


def deliver(
    act: Act, asked: dict[str, Any], result: Result, form: str, explicit: bool, output: Path | None, screen: Screen
) -> None:
    """Writes what the act made, then says what came of it. Raises DiskTrouble, WrongUse.

    `explicit` is whether the form was named by `--format`, `output` where to.
    """
    for one in act.asked:
        if one.about.writes and (path := asked.get(one.name)) is not None:
            write_out(path, result.forms[one.about.writes]().pieces())
            if form != "json":
                screen.note(filled(Both("page : {path}", "page: {path}"), path=path), "dim")
    if result.papers is not None and (output is not None or (result.into and form != "json")):
        _write_papers(output or Path(result.into), result, screen)
    if result.paper is not None:
        if output is None and result.into and Path(result.into).exists():
            raise WrongUse(name=result.into, why=Both("existe déjà : -o", "exists already: -o"))
        if output is not None or result.into:
            write_out(output or Path(result.into), result.paper.pieces())
        elif form != "json":
            emit(result.paper.pieces())
    own = output if result.paper is None and result.papers is None else None
    if form in result.forms and (form != "json" or explicit):
        paper = result.forms[form]()
        written(own / paper.name if own is not None and paper.name and own.is_dir() else own, paper.pieces())
    elif form == "json":
        document = result.document(screen.language)
        if document is not None:
            written(own, json_pieces(document))
    elif form in SHEETS:
        written(own, _sheets(result, form, screen.language, own is None))
    else:
        from edi.cli.views import view

        view(result, screen)
    for place, text in enumerate(result.notes, 1):
        if result.code and place == len(result.notes):  # the last one says what it came to
            screen.complain(text)
        else:
            screen.note(text, "yellow")


def _write_papers(folder: Path, result: Result, screen: Screen) -> None:
    """Every paper into a folder; one that is kept only where it does not lie already."""
    papers = list(result.papers() if result.papers is not None else ())
    make(folder)
    for place, paper in enumerate(papers):
        path = folder / paper.name
        if not (paper.kept and path.exists()):
            make(path.parent)
            write_out(path, paper.pieces())
        screen.progress(Both("documents", "papers"), place + 1, len(papers))


def _sheets(result: Result, form: str, language: str, on_stdout: bool) -> Iterable[bytes]:
    import sys

    from parsers.sheets import exports

    if result.sheets is not None:
        sheets = result.sheets()
    else:
        assert isinstance(result, Rows), result
        sheets = [exports.Sheet(result.title, result.columns, result.rows)]
    if form == "xlsx":
        if on_stdout and sys.stdout.isatty():
            raise WrongUse(name="--format xlsx", why=Both("-o FICHIER", "-o FILE"))
        return exports.workbook(sheets, language)
    columns, rows = sheets[0].columns, sheets[0].rows
    if form == "csv":
        return exports.plain_csv([column.name for column in columns], (_plain(columns, row, language) for row in rows))
    return exports.spreadsheet_csv(columns, rows)


def _plain(columns: Iterable[Column], row: Row, language: str) -> Row:
    """A row for programs: codes as they are, and what is only ever said in words in the language spoken."""
    values = ((column.name, column.of(row)) for column in columns)
    return {name: say(value, language) if isinstance(value, Both) else value for name, value in values}


def make(folder: Path) -> None:
    """The folder, made if it is not there. Raises DiskTrouble."""
    from spool.errors import DiskTrouble, why

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise DiskTrouble(path=wrong.filename or folder, why=why(wrong)) from wrong


def written(output: Path | None, pieces: Iterable[str | bytes]) -> None:
    """Writes to a file that appears once it is whole, or to stdout."""
    if output is None:
        emit(pieces)
    else:
        write_out(output, (piece.encode() if isinstance(piece, str) else piece for piece in pieces))


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
