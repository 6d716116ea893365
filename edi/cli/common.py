"""What commands share: options, consoles, the home, JSON, tables, progress bars."""

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from schemas.text import Both, say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from edi.settings import Home


class _Console(Console):
    """A console whose reader may go away, as `head` does: then nobody is told, and the exit code stays right."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        unread()


#: Not on a terminal, lines are as wide as tables want them: nobody reads a folded GLN.
_PIPE_WIDTH = 160
out = _Console(highlight=False, emoji=False, width=None if sys.stdout and sys.stdout.isatty() else _PIPE_WIDTH)
errors = _Console(stderr=True, highlight=False, emoji=False)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="Le dossier de travail / the home (EDI_HOME, ./edi-home).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Un document JSON sur stdout / one JSON document.")]
LangOption = Annotated[str, typer.Option("--lang", metavar="fr|en", help="Langue des constats / language of findings.")]

#: Verdicts as people read them, and their colour.
VERDICTS = {
    "accepted": ("accepté", "accepted", "green"),
    "partly-accepted": ("accepté en partie", "partly accepted", "yellow"),
    "refused": ("refusé", "refused", "red"),
    "duplicate": ("doublon", "duplicate", "cyan"),
    "failed": ("contrôle en panne", "checker failed", "magenta"),
    "received": ("pas encore pris", "not taken yet", "blue"),
}


def add_home_option(app: typer.Typer) -> None:
    """Lets `--home` stand before the command too; `--version`."""

    def version(wanted: bool) -> None:
        if wanted:
            from importlib.metadata import version as installed

            out.print(f"edi {installed('droit-de-pret')}")
            raise typer.Exit

    @app.callback()
    def common(
        context: typer.Context,
        home: HomeOption = None,
        version: Annotated[
            bool, typer.Option("--version", callback=version, is_eager=True, help="La version / the version.")
        ] = False,
    ) -> None:
        context.obj = home


def examples(*lines: str) -> str:
    """The end of a command's help: what one would type."""
    return "\n\n".join(["[dim]Exemples / examples[/]", *(f"  [cyan]{escape(line)}[/]" for line in lines)])


def wrong_use(message: str) -> typer.BadParameter:
    """The error for a wrong argument: message on stderr, exit code 2."""
    return typer.BadParameter(message)


def complain(message: object, about: object = "") -> None:
    """A message on stderr, on one line however long."""
    head = f"{sentence(about)} : " if str(about) else ""
    spoken = say(message, "fr") if isinstance(message, Both) else message
    errors.print(f"[bold red]edi :[/] {head}{sentence(spoken)}", soft_wrap=True)


def note(message: str) -> None:
    """A hint on stderr, in markup."""
    errors.print(message, soft_wrap=True)


def language(given: str) -> str:
    """`fr` or `en`; anything else is wrong use."""
    if given not in ("fr", "en"):
        raise wrong_use(f"--lang {given!r} : fr ou / or en")
    return given


def home_path(context: typer.Context, given: Path | None) -> Path:
    """Where the home is: this command's `--home`, the one before the command, EDI_HOME, ./edi-home."""
    from edi.settings import locate

    return locate(given or context.find_root().obj)


@contextmanager
def opened(context: typer.Context, given: Path | None) -> "Iterator[tuple[Home, sqlite3.Connection]]":
    """The home, made on first use, and its database."""
    from edi import store
    from edi.settings import open_home

    home = open_home(home_path(context, given))
    connection = store.connect(home.database)
    connection.on_wait = once_told()
    try:
        yield home, connection
    finally:
        connection.close()


def once_told() -> Callable[[str], None]:
    """Says on stderr, once, whom we wait for."""
    told: list[str] = []

    def tell(who: str) -> None:
        if not told:
            note(f"[dim]attend {sentence(who)} / waiting for it[/]")
        told.append(who)

    return tell


def unread() -> None:
    """Nobody reads our output any more, which is their right: the rest of it goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def emit(pieces: Iterable[str | bytes]) -> None:
    """Text or bytes on stdout as they are; quiet once nobody reads."""
    try:
        for piece in pieces:
            if isinstance(piece, bytes):
                sys.stdout.buffer.write(piece)
            else:
                sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        unread()


def as_json(document: Any, indent: int | None = 2) -> str:
    """A JSON text for stdout: UTF-8, or ASCII where stdout is anything else. What a terminal would obey is escaped;
    bytes of file names that are no text become U+FFFD."""
    from parsers.plain import escaped

    ascii_only = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=str)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text) if ascii_only else escaped(text)


def print_json(document: Any, indent: int | None = 2) -> None:
    """One JSON document on stdout, and nothing else there."""
    emit([as_json(document, indent), "\n"])


def json_rows(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """`{"<name>": [...]}`, a row a line, without holding them all."""
    yield f'{{"{name}": ['
    for place, row in enumerate(rows):
        yield (",\n " if place else "\n ") + as_json(row, None)
    yield "\n]}\n"


def sentence(text: object) -> str:
    """Text from anywhere, harmless on a terminal: no control characters, no markup.

    >>> print(sentence("[red]a\\x1b[2Jb"))
    \\[red]a�[2Jb
    """
    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in str(text)))


def verdict_text(verdict: str, english: bool = True) -> Text:
    """A verdict in its colour, in French with English beside."""
    french, beside, colour = VERDICTS[verdict]
    made = Text(french, style=colour)
    return made.append(f" / {beside}", style="dim") if english else made


def when(moment: str | None) -> str:
    """An ISO time to the minute, as people read it.

    >>> when("2026-01-15T09:30:12")
    '2026-01-15 09:30'
    """
    return (moment or "")[:16].replace("T", " ")


def table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], right: Iterable[str] = (),
    folded: Iterable[str] = ("ennui", "pourquoi", "nom", "compte", "fichier", "réponse", "parle pour"),
) -> Table:  # fmt: skip
    """A table for people. Heads are `français / English`; `right` and `folded` name columns by their French.

    Cells are text from anywhere, shown harmless, or a rich `Text`. A column that is not folded is never cut.
    """
    from rich import box

    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for head in columns:
        french, _, english = head.partition(" / ")
        made.add_column(
            f"{french}\n[dim not bold]{english}[/]" if english else french,
            justify="right" if french in right else "left",
            overflow="fold",
            no_wrap=french not in folded,
        )
    for row in rows:
        made.add_row(*("" if cell is None else cell if isinstance(cell, Text) else sentence(cell) for cell in row))
    return made


def show(made: Table) -> None:
    """Prints a table; on a terminal too narrow for it the lines run over, and no figure is cut."""
    least = out.measure(made, options=out.options.update(width=10_000)).minimum
    if least > out.width:
        made.width = least
        out.print(made, crop=False, no_wrap=True, overflow="ignore", width=least)
    else:
        out.print(made)


@contextmanager
def bars(total_bytes: int | None = None) -> "Iterator[Bars]":
    """Progress bars on stderr: only on a terminal, and not for what is done in a moment."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    short = total_bytes is not None and total_bytes < 2 << 20
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
        console=errors, transient=True, disable=short or not errors.is_terminal,
    ) as progress:  # fmt: skip
        yield progress
