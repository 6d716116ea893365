"""The piece of a file that a finding points at: the record, or the line of the XML, and the columns at fault.

Fetched for the findings that are shown and for no others; the readers say where they are. What comes back is harmless:
one character for each of the file's, those a terminal would obey replaced.
"""

import re
from collections.abc import Iterable
from typing import IO

import msgspec

from parsers.fixed import records
from parsers.xml.places import find
from parsers.xml.tag import line_offset
from schemas.finding import Finding
from schemas.lending.layout import LAYOUTS, LENGTH

#: Of a long line, so many characters around the fault.
_KEPT = 1_000
_AROUND = 4 * _KEPT
_LINE_END = re.compile(rb"[\r\n]")


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
    pointing = [finding for finding in findings if finding.record]
    made = _of_xml(stream, pointing) if form == "xml" else _of_fixed(stream, pointing)
    return {finding: excerpt for finding, excerpt in made.items() if excerpt is not None}


def _of_fixed(stream: IO[bytes], findings: list[Finding]) -> dict[Finding, Excerpt | None]:
    of: dict[int, list[Finding]] = {}
    for finding in findings:
        of.setdefault(finding.record or 0, []).append(finding)
    return {
        finding: _of_record(finding, offset, text)
        for number, offset, text in records.some(stream, of)
        for finding in of[number]
    }


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


def _of_xml(stream: IO[bytes], findings: list[Finding]) -> dict[Finding, Excerpt | None]:
    made: dict[Finding, Excerpt | None] = {}
    for finding, spot in zip(findings, find(stream, findings), strict=True):
        if spot is not None:
            made[finding] = _around(stream, spot.begin.offset, spot.width if finding.field else 0)
        elif (offset := line_offset(stream, finding.record or 1, finding.position or 1)) is not None:
            made[finding] = _around(stream, offset, 1 if finding.position else 0)
    return made


def _around(stream: IO[bytes], offset: int, width: int) -> Excerpt | None:
    """The line around a place, as much of it as is shown, and so many bytes of it at fault."""
    begin = max(0, offset - _AROUND)
    stream.seek(begin)
    text = stream.read(offset - begin + _AROUND)
    before, behind = text[: offset - begin], text[offset - begin :]
    before = _LINE_END.split(before)[-1]
    behind = behind[:width] + _LINE_END.split(behind[width:])[0]
    shown_before = before.decode("utf-8", "replace")[-_KEPT // 2 :]
    at_fault = behind[:width].decode("utf-8", "replace")
    whole = shown_before + behind.decode("utf-8", "replace")[: _KEPT - len(shown_before)]
    if not width and len(whole) >= _KEPT:
        return None
    start = (
        offset - len(shown_before.encode()) if "\N{REPLACEMENT CHARACTER}" not in shown_before else offset - len(before)
    )
    return _shown(start, whole, len(shown_before) if width else 0, len(at_fault) or width)


def _shown(offset: int, text: str, first: int, width: int) -> Excerpt | None:
    if first > len(text):
        return None
    cut, width = max(0, first - _KEPT // 2) if len(text) > _KEPT else 0, min(width, _KEPT // 2)
    harmless = (
        c if c.isprintable() else " " if c == "\xa0" else "\N{REPLACEMENT CHARACTER}" for c in text[cut : cut + _KEPT]
    )
    return Excerpt(offset, "".join(harmless).rstrip().ljust(first - cut + width), first - cut, width)
