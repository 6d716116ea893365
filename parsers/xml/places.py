"""Where in the bytes of an XML file a finding points: the tag or the value, its line, column and path.

A finding names a line, an invoice, a field and what was found. Where several values of one line answer to that, as many
as there are findings are taken in their order; of more, nobody knows which is meant.
"""

import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import IO

import msgspec

from parsers.xml.bulk import Shape, bulk
from parsers.xml.faults import FIELDS
from parsers.xml.tag import INVOICE, LINE, Place, Tag, lines, local
from parsers.xml.walk import Walk
from schemas.finding import Finding, shown

_FILLING = re.compile(r"[\s.,%]")
_FIELDS = {name: frozenset(field for owner, field in FIELDS if owner == name) for name, _ in FIELDS}


class Spot(msgspec.Struct, frozen=True):
    """Where a tag or value begins, how many bytes it has, its column on the line where the tag ends, and its path."""

    begin: Place
    width: int
    column: int
    path: str


class _Group(msgspec.Struct):
    """The findings of one line, invoice and field, and the places that answer to them: by column, by value, any."""

    wanted: list[tuple[int, Finding]] = msgspec.field(default_factory=list)
    columns: dict[int, Spot] = msgspec.field(default_factory=dict)
    values: dict[str, list[Spot]] = msgspec.field(default_factory=dict)
    any: list[Spot] = msgspec.field(default_factory=list)

    def offer(self, tag: Tag, field: str | None, written: str | None) -> None:
        """Takes in a place that may be meant."""
        room = len(self.wanted) + 1
        values = None if written is None else self.values.get(_figures(shown(written)))
        columns = [finding.column for _, finding in self.wanted if finding.column]
        if len(self.any) < room or (values is not None and len(values) < room) or columns:
            at = field if written is not None else None
            begin, width = tag.value(at or "")
            spot = Spot(begin, width, tag.column(at), tag.path + (f"/@{at}" if at else ""))
            self.any.append(spot)
            del self.any[room:]
            if spot.column in columns:
                self.columns.setdefault(spot.column, spot)
            if values is not None:
                values.append(spot)

    def meant(self) -> Iterator[tuple[int, Spot]]:
        """Each finding's number, and the place it means."""
        free = [(number, finding) for number, finding in self.wanted if not finding.column]
        count, whole = Counter(_figures(finding.found or "") for _, finding in free), list(self.any)
        for number, finding in self.wanted:
            figures = _figures(finding.found or "")
            if finding.column:
                if spot := self.columns.get(finding.column):
                    yield number, spot
            elif len(exact := self.values.get(figures, [])) == count[figures]:
                count[figures] -= 1
                yield number, exact.pop(0)
            elif not exact and len(whole) == len(free) and self.any:
                yield number, self.any.pop(0)


def find(stream: IO[bytes], findings: Sequence[Finding]) -> list[Spot | None]:
    """The place of each finding of a file that the reader has read; None where nobody can tell."""
    groups: dict[tuple[int, str | None, str | None], _Group] = {}
    for number, finding in enumerate(findings):
        if finding.record and not finding.position:
            group = groups.setdefault((finding.record, finding.invoice, finding.field), _Group())
            group.wanted.append((number, finding))
            group.values.setdefault(_figures(finding.found or ""), [])
    label = None
    for tag in _tags(stream, sorted({record for record, _, _ in groups})):
        if tag.name == INVOICE:
            label = shown(tag.attributes.get("numero", "").rstrip(" "))
        written = {local(name): value for name, value in tag.attributes.items()}
        for field in (*written, *(_FIELDS.get(tag.name, frozenset()) - written.keys()), tag.local, None):
            for invoice in {None, label if tag.name in (INVOICE, LINE) or tag.path.count("/") == 3 else None}:
                offered = groups.get((tag.end.line, invoice, field))
                if offered is not None and (field is not None or invoice is None or tag.name == INVOICE):
                    offered.offer(tag, field, written.get(field or ""))
    spots: list[Spot | None] = [None] * len(findings)
    for group in groups.values():
        for number, spot in group.meant():
            spots[number] = spot
    return spots


def placed(stream: IO[bytes], findings: Sequence[Finding]) -> list[Finding]:
    """The findings with column and path, where those can be told."""
    spots = find(stream, findings) if any(not finding.path for finding in findings) else [None] * len(findings)
    return [
        msgspec.structs.replace(finding, column=spot.column, path=spot.path) if spot and not finding.path else finding
        for finding, spot in zip(findings, spots, strict=True)
    ]


def _tags(stream: IO[bytes], records: Sequence[int]) -> Iterator[Tag]:
    """The start tags that end on these lines, and of other invoices as few as can be."""
    walk, run = Walk(stream), None
    begins: deque[int] = deque()  # where invoices begin that the expression has taken, and where the last ends
    while records and walk.place.line <= records[-1]:
        walk.fill()
        if run is not None and walk.depth == 1:
            while begins and begins[0] < walk.place.offset:
                begins.popleft()
            if len(begins) < 2 and (match := run.match(walk.text, walk.at)):
                heads = (head.start() for head in _HEADS.finditer(match[0]))
                begins = deque(walk.place.offset + each for each in (*heads, len(match[0])))
            if passed := _passed_over(walk, begins, records[bisect_left(records, walk.place.line)]):
                walk.pass_over(begins[0] - walk.place.offset + walk.at, 0, {"facture": passed})
                continue
        met = walk.step()
        if met is None:
            return
        if met.tag is not None:
            if walk.depth == 1 and run is None:
                run = bulk(Shape().learned(met.tag.name, met.tag.raw, ())).run
            yield met.tag


def _passed_over(walk: Walk, begins: deque[int], line: int) -> int:
    """How many of these invoices end before a line; they are taken from `begins`."""
    at, shift, passed = walk.at, walk.at - walk.place.offset, 0
    before = line - walk.place.line
    while len(begins) > 1:
        end = begins[1] + shift
        before -= lines(walk.text[at:end])
        if before <= 0:
            break
        begins.popleft()
        at, passed = end, passed + 1
    return passed


_HEADS = re.compile(rb"<(?:[^\s/<>:]+:)?facture\b")


def _figures(text: str) -> str:
    """What is the same of a figure however it is written."""
    return _FILLING.sub("", text).lstrip("0")
