"""The piece of a file that a finding points at: the record, or the line of the XML, and the columns at fault.

Fetched for the findings that are shown and for no others, in one pass that ends at the last of them. What comes back
is harmless: one character for each of the file's, those a terminal would obey replaced.
"""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import IO

import msgspec

from parsers import records
from schemas.finding import Finding
from schemas.layout import LAYOUTS, LENGTH

#: Of a long line, so many characters around the fault.
_KEPT = 1_000
_TAG_LINES = 16
_LINE_BYTES = 1 << 16


class Excerpt(msgspec.Struct, frozen=True):
    """The text, where it begins in the unpacked file, and the columns at fault: `width` of them from `first`, from 0.

    `width` 0: all of it, or nobody knows where in it.
    """

    offset: int
    text: str
    first: int = 0
    width: int = 0


def excerpts(stream: IO[bytes], form: str | None, findings: Iterable[Finding]) -> dict[Finding, Excerpt]:
    """An excerpt for each finding that points at a record or line. `stream` is the unpacked file."""
    of: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.record:
            of.setdefault(finding.record, []).append(finding)
    made: dict[Finding, Excerpt | None] = {}
    if form == "xml":
        for number, lines in _tags(stream, of):
            made |= {finding: _of_tag(finding, lines) for finding in of[number]}
    else:
        for number, offset, text in records.some(stream, of):
            made |= {finding: _of_record(finding, offset, text) for finding in of[number]}
    return {finding: excerpt for finding, excerpt in made.items() if excerpt is not None}


def _of_record(finding: Finding, offset: int, text: str) -> Excerpt | None:
    if finding.position is None:
        odd_length = finding.expected == str(LENGTH) and len(text) != LENGTH
        return (
            _shown(offset, text, min(len(text), LENGTH), max(1, len(text) - LENGTH))
            if odd_length
            else _shown(offset, text, 0, 0)
        )
    layout = LAYOUTS.get(text[:2])
    fields = layout.fields if layout else ()
    width = next(
        (field.width for field in fields if field.wire == finding.field and field.first == finding.position), 1
    )
    return _shown(offset, text, finding.position - 1, width)


def _of_tag(finding: Finding, lines: list[tuple[int, str]]) -> Excerpt | None:
    """The line with the attribute at fault, of those the start tag covers; failing that the last one, if it is short."""
    offset, text = lines[-1]
    if finding.position is not None:
        return _shown(offset, text, finding.position - 1, 1)
    name = re.escape(finding.field or "\0")
    sought = re.compile(
        rf"(?<![\w:.-]){name}\s*=\s*(?:\"(?P<a>[^\"]*)\"?|'(?P<b>[^']*)'?)|<(?P<c>(?:[\w.-]+:)?{name})\b"
    )
    for at, line in reversed(lines):
        matches = list(sought.finditer(line))
        exact = [match for match in matches if match[match.lastgroup or 0] == finding.found]
        if len(exact or matches) == 1:
            start, end = (exact or matches)[0].span((exact or matches)[0].lastgroup or 0)
            return _shown(at, line, start, max(1, end - start))
        if matches or re.search(r"<[\w]", line):
            break
    return _shown(offset, text, 0, 0) if len(text) < _KEPT else None


def _tags(stream: IO[bytes], wanted: Collection[int]) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Each wanted line with the few before it: (offset, text) of each, of an endless one the beginning."""
    stream.seek(0)
    last: deque[tuple[int, bytes]] = deque(maxlen=_TAG_LINES)
    offset, whole, count, due = 0, True, 0, set(wanted)
    while due and (line := stream.readline(_LINE_BYTES)):
        if whole:
            count += 1
            last.append((offset, line))
            if count in due:
                due.remove(count)
                yield count, [(at, text.decode("utf-8", "replace").rstrip("\r\n")) for at, text in last]
        offset, whole = offset + len(line), line.endswith(b"\n")


def _shown(offset: int, text: str, first: int, width: int) -> Excerpt | None:
    if first > len(text):
        return None
    cut, width = max(0, first - _KEPT // 2) if len(text) > _KEPT else 0, min(width, _KEPT // 2)
    harmless = (
        c if c.isprintable() else " " if c == "\xa0" else "\N{REPLACEMENT CHARACTER}" for c in text[cut : cut + _KEPT]
    )
    return Excerpt(offset, "".join(harmless).rstrip().ljust(first - cut + width), first - cut, width)
