"""Reads XML declarations, version 1.0, as a stream: Header, Invoices, Findings.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. Invoices of which there is nothing to say are taken
by one expression (`parsers.xml.bulk`). The first that it does not take is walked through tag by tag, and each tag held
against the XSD by itself, so that one refused never takes its neighbours with it; reading goes on behind it. Memory does
not grow with the file: at most one piece of it, one tag and one part of an invoice are held.
"""

import re
from collections.abc import Iterator
from typing import IO

from parsers.fixed.records import too_many
from parsers.xml import bulk
from parsers.xml.incoming import Incoming, header
from parsers.xml.tag import ADDRESSEE, DECLARANT, INVOICE, NAMESPACE, ROOT, Place, Tag
from parsers.xml.walk import Markup, Walk
from schemas.declaration import Event, Invoice, Invoices
from schemas.finding import Finding, shown

#: Of what stands where declarant and addressee should, so much is looked at.
_HEAD_CHILDREN = 16
#: How often a file may change its way of writing before the rest is walked through.
_SHAPES = 8
_SPACE = " \t\r\n"


def read_in_bulk(stream: IO[bytes], max_records: int | None = None) -> Iterator[Event | Invoices]:
    """The events of an XML declaration; content never raises. Past `max_records` elements reading ends, and says so.

    Invoices that stand together and of which the reader has nothing to say come together.
    """
    return _Reading(stream, max_records).events()


class _Reading:
    """Where reading stands: the walk, the header, and the invoice that is coming in."""

    def __init__(self, stream: IO[bytes], max_records: int | None) -> None:
        self.walk = Walk(stream)
        self.max_records = max_records
        self.bulk = bulk.bulk(bulk.Shape())
        self.shapes = 0
        self.with_odd = 0  # the offset behind a run in which something is to be said: its invoices come one by one
        self.taken_apart = 0  # and that behind the invoice of which it is
        self.root: Tag | None = None
        self.parties: list[Tag] = []
        self.headed = False
        self.misplaced = False
        self.invoice: Incoming | None = None
        self.child: Tag | None = None

    def events(self) -> Iterator[Event | Invoices]:
        walk = self.walk
        while True:
            if self.max_records is not None and walk.elements > self.max_records:
                yield too_many(walk.elements, self.max_records)
                return
            walk.fill()
            if walk.depth == 1 and (run := self._match(self.bulk.run, self.bulk.first)):
                yield from self._header()
                yield from self._invoices(run)
                continue
            if self._among_lines() and (run := self._match(self.bulk.lines)):
                yield from self._lines(run)
                continue
            depth, place = walk.depth, walk.place
            met = walk.step()
            if met is None:
                break
            yield from self._met(met, depth, place)
            if walk.wrong is not None:
                break
        if walk.wrong is not None:
            yield walk.wrong

    def _match(self, expression: re.Pattern[bytes], by_itself: re.Pattern[bytes] | None = None) -> bytes | None:
        """What an expression takes from here on; one `by_itself` where something is to be said of the run."""
        walk, offset = self.walk, self.walk.place.offset
        if by_itself is not None and offset < self.taken_apart:
            return None
        chosen = by_itself if by_itself is not None and offset < self.with_odd else expression
        match = chosen.match(walk.text, walk.at)
        return None if match is None or bulk.ODD in match[0] else match[0]

    def _among_lines(self) -> bool:
        """Whether lines of an invoice may come, under the names that hold for the whole file."""
        walk = self.walk
        return walk.depth == 2 and self.invoice is not None and walk.open[2].scope is walk.open[1].scope

    def _lines(self, run: bytes) -> Iterator[Invoice]:
        assert self.invoice is not None
        lines, records, altered = self.bulk.lines_of(run, self.walk.place.line)
        yield from self.invoice.take(lines, records, altered)
        self.walk.pass_over(self.walk.at + len(run), len(lines), {"ligne": len(lines)})

    def _invoices(self, run: bytes) -> Iterator[Invoices]:
        """The invoices of a run; if something is to be said of them, one by one, and that one is walked through."""
        walk = self.walk
        end = walk.place.offset + len(run)
        if taken := self.bulk.invoices(run, walk.place.line):
            invoices, elements = taken
            yield invoices
            walk.pass_over(walk.at + len(run), elements, {"facture": len(invoices)})
        elif walk.place.offset >= self.with_odd:
            self.with_odd = end
        else:
            self.taken_apart = end

    def _met(self, met: Markup, depth: int, place: Place) -> Iterator[Event]:
        """What comes of one markup, at a depth and behind a place."""
        if met.text:
            yield from self._text(met.text, depth, place)
        if met.tag is not None:
            yield from self._start(met.tag, depth + 1)
        if met.ends and self.walk.wrong is None:
            yield from self._end(depth + (met.tag is not None))

    def _text(self, text: str, depth: int, place: Place) -> Iterator[Finding]:
        if depth == 1 and (stray := text.strip(_SPACE)):
            yield from self._stray(stray, place.behind(text[: len(text) - len(text.lstrip(_SPACE))].encode()))
        elif depth == 2 and self.invoice is not None and (stray := text.strip(_SPACE)):
            self.invoice.text(stray)
        elif depth > 1 and self.child is not None:
            self.child.empty = False

    def _start(self, tag: Tag, depth: int) -> Iterator[Event]:
        if depth == 1:
            self.root = tag
            self._learn(tag)
            if tag.name != ROOT:
                expected, found = f"<declaration xmlns='{NAMESPACE}'>", shown(f"<{tag.name}>")
                self.walk.wrong = Finding(code="format-unknown", record=tag.end.line, found=found, expected=expected)
        elif depth == 2:
            if tag.name == INVOICE:
                yield from self._header()
                self.invoice = Incoming(tag)
                self._learn(tag)
            elif not self.headed and tag.name in (DECLARANT, ADDRESSEE):
                self.parties.append(tag)
                self.child = tag
                if len(self.parties) > _HEAD_CHILDREN:
                    yield from self._header()
            else:
                yield from self._stray(f"<{tag.local}>", tag.end, tag)
        elif depth == 3 and self.invoice is not None:
            self.child = tag
        elif self.child is not None:
            self.child.empty = False

    def _end(self, depth: int) -> Iterator[Event]:
        if depth == 1:
            yield from self._header()
        elif depth == 2:
            if self.invoice is not None:
                yield self.invoice.coming.part(last=True)
            self.invoice = self.child = None
        elif depth == 3 and self.invoice is not None and self.child is not None:
            self._learn(self.child)
            yield from self.invoice.child(self.child)
            self.child = None

    def _learn(self, tag: Tag) -> None:
        """Takes the next ones in bulk if they are written as this one is."""
        shape = self.bulk.shape.learned(tag.name, tag.raw, list(tag.attributes))
        prefix = shape.prefix.removesuffix(":")
        if shape != self.bulk.shape and self.shapes < _SHAPES and self.walk.open[1].scope.get(prefix) == NAMESPACE:
            self.shapes += 1
            self.bulk = bulk.bulk(shape)

    def _stray(self, found: str, place: Place, tag: Tag | None = None) -> Iterator[Finding]:
        if not self.misplaced:
            self.misplaced = True
            expected = "<declarant>, <destinataire>, <facture>..."
            column, path = (tag.column(), tag.path) if tag else (place.column, "/declaration")
            yield Finding(
                code="record-order", record=place.line, found=shown(found), expected=expected, column=column, path=path
            )

    def _header(self) -> Iterator[Event]:
        """The header, once: as soon as something follows declarant and addressee."""
        if self.headed:
            return
        self.headed = True
        assert self.root is not None
        yield from header(self.root, self.parties)
        self.parties.clear()
