"""What a person at a terminal sees: sentences in one language, tables, progress bars; and JSON for programs."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.column import Column, Row
from schemas.money import french
from schemas.text import Both, Text, filled, say

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bars
    from rich.table import Table
    from rich.text import Text as Rich

#: Not on a terminal, lines are as wide as tables want them: nobody reads a folded GLN.
_PIPE_WIDTH = 160
#: The colour of a word for a state or verdict, whatever it is of.
STYLES = {
    "accepted": "green", "partly-accepted": "yellow", "refused": "red", "duplicate": "cyan", "failed": "magenta", "received": "blue",
    "matched": "bold green", "proposed": "bold yellow", "discrepancy": "bold red", "discrepancies": "bold red",
    "settled": "bold cyan", "waiting": "bold blue", "withdrawn": "bold magenta", "net_differs": "bold",
    "ok": "green", "paused": "cyan", "trouble": "red", "never": "dim", "closed": "cyan",
    "asked": "yellow", "in-progress": "blue", "given": "green", "known": "green",
}  # fmt: skip


class Screen:
    """Where a command speaks: stdout, stderr, in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._bars: Bars | None = None
        self._tasks: dict[str, Any] = {}
        self._waited = False

    @cached_property
    def out(self) -> "Console":
        """Standard output."""
        return _console(width=None if sys.stdout and sys.stdout.isatty() else _PIPE_WIDTH)

    @cached_property
    def errors(self) -> "Console":
        """Standard error."""
        return _console(stderr=True)

    def say(self, text: Text | None, **facts: object) -> str:
        """A text in the language spoken, its places filled."""
        return say(filled(text, **facts) if facts and text else text, self.language) or ""

    def line(self, text: "Text | Rich | None" = "", style: str = "", **facts: object) -> None:
        """A line, however long, harmless."""
        if text is None or isinstance(text, str | Both):
            self.out.print(sentence(self.say(text, **facts)), style=style or None, soft_wrap=True)
        else:
            self.out.print(text, soft_wrap=True)

    def note(self, text: Text, style: str = "") -> None:
        """A line on stderr."""
        self.errors.print(sentence(self.say(text)), style=style or None, soft_wrap=True)

    def complain(self, text: object, about: object = "") -> None:
        """What went wrong, on stderr, on one line however long."""
        head = f"{sentence(about)}{self.say(Both(' : ', ': '))}" if str(about) else ""
        said = self.say(text) if isinstance(text, Both) else text
        self.errors.print(f"[bold red]edi{self.say(Both(' :', ':'))}[/] {head}{sentence(said)}", soft_wrap=True)

    def rich(self, *parts: object) -> "Rich":
        """Texts and (text, style) pairs, in a row."""
        from rich.text import Text as Rich

        made = Rich()
        for part in parts:
            text, style = part if isinstance(part, tuple) else (part, None)
            if isinstance(text, Rich):
                made.append_text(text)
            else:
                made.append(harmless(self.say(text) if isinstance(text, Both) else text), style=style)
        return made

    def word(self, code: str, words: Any) -> "Rich":
        """A word for a code, in its colour."""
        return self.rich((words[code], STYLES.get(code, "")))

    def table(self, title: Text, columns: Iterable[Column], rows: Iterable[Row], last: int | None = None) -> None:
        """A table of rows, or of the last of them; a rare column only where one of them has it."""
        from collections import deque

        shown: Sequence[Row] = list(rows) if last is None else list(deque(rows, maxlen=last))
        if not shown:
            return
        columns = [column for column in columns if not column.rare or any(column.of(row) for row in shown)]
        heads = [(self.say(c.head), c.kind in ("int", "cents", "rate"), c.folded) for c in columns]
        self.show(title, heads, [[self.cell(column, row) for column in columns] for row in shown])

    def cell(self, column: Column, row: Row) -> object:
        """What a person reads in a column of a row."""
        value = column.of(row)
        if value is None or isinstance(value, Both):
            return self.say(value)
        if column.kind == "cents":
            return french(value)
        if column.kind == "moment":
            return when(value)
        if column.kind == "rate":
            return percent(value)
        if column.kind == "word":
            return self.word(value, column.words) if value in column.words else value
        return value

    def show(self, title: Text, heads: Iterable[tuple[str, bool, bool]], rows: Iterable[Iterable[object]]) -> None:
        """A table of cells; of each head whether it is to the right, and may be folded. No figure is ever cut:
        on a terminal too narrow for it the lines run over."""
        from rich import box
        from rich.measure import Measurement
        from rich.table import Table
        from rich.text import Text as Rich

        measured = Measurement.get
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        cells = [[cell if isinstance(cell, Rich) else Rich(harmless(cell)) for cell in row] for row in rows]
        for place, (head, right, folded) in enumerate(heads):
            column = (Rich(head), *(row[place] for row in cells))
            widths = (measured(self.out, self.out.options, cell) for cell in column)
            least = max(width.minimum if folded else width.maximum for width in widths)
            made.add_column(
                head, justify="right" if right else "left", overflow="fold", no_wrap=not folded, min_width=least
            )
        for row in cells:
            made.add_row(*row)
        if said := sentence(self.say(title)):  # not the table's own, which would be folded to its width
            self.out.print(f"[bold]{said}[/]", soft_wrap=True)
        self._print(made)

    def _print(self, made: "Table") -> None:
        least = self.out.measure(made, options=self.out.options.update(width=10_000)).minimum
        if least > self.out.width:
            made.width = least
            self.out.print(made, crop=False, no_wrap=True, overflow="ignore", width=least)
        else:
            self.out.print(made)

    def padded(self, what: "RenderableType", left: int = 2, below: int = 0) -> None:
        """Something set in from the left, folded."""
        from rich.padding import Padding

        self.out.print(Padding(what, (0, 0, below, left)))

    def progress(self, what: Text, done: int, of: int | None) -> None:
        """A bar for what is being done; only on a terminal. The one before is taken away once it is done."""
        if self._bars is None:
            if not (sys.stderr and sys.stderr.isatty()):
                return
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, console=self.errors, transient=True)
            self._bars.start()
        name = self.say(what)
        if name not in self._tasks:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._tasks = {name: self._bars.add_task(sentence(name), total=of)}
        self._bars.update(self._tasks[name], completed=done, total=of)

    def still(self) -> None:
        """Takes the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars, self._tasks = None, {}

    def waits(self, who: Text) -> None:
        """Says once whom we wait for."""
        if not self._waited:
            self._waited = True
            self.note(filled(Both("attend {who}", "waiting for {who}"), who=who), "dim")


def _console(**how: Any) -> "Console":
    from rich.console import Console

    class Quiet(Console):
        """A console whose reader may go away, as `head` does: then nobody is told, and the exit code stays right."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            unread()

    return Quiet(highlight=False, emoji=False, **how)


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


def _plain(value: Any) -> Any:
    """What JSON has no word for: a struct is an object, all else its text."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    return str(value)


def as_json(document: Any, indent: int | None = 2) -> str:
    """A JSON text for stdout: UTF-8, or ASCII where stdout is anything else. What a terminal would obey is escaped;
    bytes of file names that are no text become U+FFFD."""
    import json

    from parsers.plain import escaped

    ascii_only = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=_plain)
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text) if ascii_only else escaped(text)


def json_pieces(document: Any) -> Iterator[str]:
    """A document piece by piece: rows that are read as they go are a row a line, without holding them all."""
    rows = next(iter(document.values()), None) if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(rows, Iterator):
        yield as_json(document) + "\n"
        return
    yield f'{{"{next(iter(document))}": ['
    for place, row in enumerate(rows):
        yield (",\n " if place else "\n ") + as_json(row, None)
    yield "\n]}\n"


def harmless(text: object) -> str:
    """Text from anywhere without control characters."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in str(text))


def sentence(text: object) -> str:
    """Text from anywhere, harmless on a terminal: no control characters, no markup.

    >>> print(sentence("[red]a\\x1b[2Jb"))
    \\[red]a�[2Jb
    """
    from rich.markup import escape

    return escape(harmless(text))


def percent(rate: str) -> str:
    """A rate as people read it.

    >>> percent("0.05"), percent("0.055")
    ('5 %', '5,5 %')
    """
    from decimal import Decimal

    return f"{Decimal(rate).scaleb(2).normalize():f} %".replace(".", ",")


def when(moment: str | None) -> str:
    """An ISO time to the minute, as people read it.

    >>> when("2026-01-15T09:30:12")
    '2026-01-15 09:30'
    """
    return (moment or "")[:16].replace("T", " ")


Tell = Callable[[str, dict[str, Any]], None]
