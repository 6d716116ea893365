"""The invoice that is coming in: its lines are handed on in parts, so that a long one is never held whole."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from schemas.declaration import Invoice, Line, Lines, PartialLine
from schemas.finding import Finding

#: How many lines of one invoice are held at once.
PART = 5_000


class PartialInvoice:
    """An invoice's head, the lines that have come in since its last part, and what is to be said of them.

    `countable` is False once it is not certain that these lines are all of them, and its own.
    """

    def __init__(self, head: dict[str, Any], countable: bool = True, findings: Sequence[Finding] = ()) -> None:
        self.head = head
        self.countable = countable
        self.findings = list(findings)
        self._part = 0
        self._lines: list[Lines | tuple[Line | PartialLine, ...]] = []
        self._held = 0
        self._records: list[Sequence[int]] = []

    def add(self, lines: Lines | tuple[Line | PartialLine, ...], records: Sequence[int]) -> Iterator[Invoice]:
        """Adds lines, which are these records; yields the parts that are full."""
        while count := len(lines):
            room = PART - self._held
            self._lines.append(lines if count <= room else lines[:room])
            self._records.append(records if count <= room else records[:room])
            self._held += min(room, count)
            if self._held == PART:
                yield self.part(last=False)
            lines, records = lines[room:], records[room:]

    def part(self, last: bool) -> Invoice:
        """What has come in; lines and findings begin anew."""
        invoice = Invoice(
            **self.head,
            lines=_joined(self._lines),
            line_records=_run(self._records, self.head.get("record", 0) + 1),
            findings=tuple(self.findings),
            part=self._part,
            last=last,
            countable=self.countable,
        )
        self._lines, self._records, self._held, self.findings = [], [], 0, []
        self._part += 1
        return invoice


def _run(records: Sequence[Sequence[int]], first: int) -> Sequence[int]:
    """Record numbers that came in one after another; none of them would be from `first` on."""
    if not records:
        return range(first, first)
    ranges = [some for some in records if isinstance(some, range)]
    if ranges and len(ranges) == len(records):
        return range(ranges[0].start, ranges[-1].stop)
    return list(chain.from_iterable(records))


def _joined(some: Sequence[Lines | tuple[Line | PartialLine, ...]]) -> Sequence[Line | PartialLine]:
    """Lines that came in one after another, by columns if nothing stands in the way."""
    if len(some) == 1:
        return some[0]
    tables = [lines.columns for lines in some if isinstance(lines, Lines)]
    if tables and len(tables) == len(some):
        return Lines(tuple(list(chain.from_iterable(column)) for column in zip(*tables, strict=True)))
    return tuple(chain.from_iterable(some))
