"""What commands share: options, consoles, the home, JSON, progress bars."""

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from edi.settings import Home

#: Not on a terminal, lines are as wide as tables want them: nobody reads a folded GLN.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True, highlight=False)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="Le dossier de travail / the home (EDI_HOME, ./edi-home).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Un document JSON sur stdout / one JSON document.")]
LangOption = Annotated[str, typer.Option("--lang", metavar="fr|en", help="Langue des constats / language of findings.")]


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


def wrong_use(message: str) -> typer.BadParameter:
    """The error for a wrong argument: message on stderr, exit code 2."""
    return typer.BadParameter(message)


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
    from edi.settings import open_home
    from edi.store import connect

    home = open_home(home_path(context, given))
    connection = connect(home.database)
    try:
        yield home, connection
    finally:
        connection.close()


def print_json(document: Any) -> None:
    """One JSON document on stdout, and nothing else there."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def sentence(text: object) -> str:
    """Text from anywhere, harmless on a terminal: no control characters, no markup."""
    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in str(text)))


_FOLDED = ("ennui", "pourquoi", "nom", "compte", "fichier", "réponse", "parle pour")


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], right: Iterable[str] = ()) -> Table:
    """A table for people; cells are text from anywhere, shown harmless."""
    from rich import box

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        long = column in _FOLDED
        made.add_column(column, justify="right" if column in right else "left", overflow="fold", no_wrap=not long)
    for row in rows:
        made.add_row(*("" if cell is None else sentence(cell) for cell in row))
    return made


@contextmanager
def bars() -> "Iterator[Bars]":
    """Progress bars on stderr; only on a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
        console=errors, transient=True, disable=not errors.is_terminal,
    ) as progress:  # fmt: skip
        yield progress
