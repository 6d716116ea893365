"""Reads XML declarations, version 1.0, as a stream: Header, Invoices, Findings.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. Invoices of which there is nothing to say are taken
by one expression (`parsers.xml.bulk`). The first that it does not take is walked through tag by tag, and each tag held
against the XSD by itself, so that one refused never takes its neighbours with it; reading goes on behind it. Memory does
not grow with the file: at most one piece of it, one tag and one part of an invoice are held.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import IO

from parsers.coming import PART, Coming
from parsers.records import too_many
from parsers.xml import bulk
from parsers.xml.faults import Fault, misplaced, own_faults
from parsers.xml.values import line, paris, trimmed
from parsers.xml.walk import (
    ADDRESSEE,
    CONTRACT,
    DECLARANT,
    INVOICE,
    LINE,
    NAMESPACE,
    ROOT,
    VERSION,
    Markup,
    Place,
    Tag,
    Walk,
    local,
)
from schemas import charset, lists, money
from schemas.declaration import Event, Header, Invoice, Invoices, Lines
from schemas.finding import Finding, shown
from schemas.layout import EN, FA, describe

#: Of what stands where declarant and addressee should, so much is looked at.
_HEAD_CHILDREN = 16
#: How often a file may change its way of writing before the rest is walked through.
_SHAPES = 8
_SPACE = " \t\r\n"

_SIDE, _USE, _NATURE, _KIND = map(lists.from_xml, (lists.SIDE, lists.USE, lists.NATURE, lists.KIND))


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
        self.invoice: _Incoming | None = None
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
                self.invoice = _Incoming(tag)
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
        yield from _header(self.root, self.parties)
        self.parties.clear()


# -- the root, declarant and addressee ---------------------------------------------------------------


def _header(root: Tag, parties: list[Tag]) -> Iterator[Event]:
    bad: set[tuple[str, str | None]] = set()
    for fault in _header_faults(root, parties):
        bad.add((fault.tag.path, fault.attribute))
        yield fault.finding("header-field", root.end.line, None if fault.tag is root else fault.tag.local)

    def get(name: str, absent: str | None = None) -> str | None:
        return None if (root.path, name) in bad else root.attributes.get(name, absent)

    def gln(name: str) -> str | None:
        party = next((party for party in parties if party.name == name), None)
        return (
            None
            if party is None or not bad.isdisjoint({(party.path, "gln"), (party.path, None)})
            else party.attributes.get("gln")
        )

    version, emission, period, sending = get("version"), get("emission"), get("periode"), get("envoiNumero", "0")
    if version is not None and version != VERSION:
        yield Fault(root, "version", version, VERSION).finding("header-version")
    issued = paris(emission) if emission else None
    if emission and issued is None:  # what the XSD takes for a time, and no calendar does: 24:00:00
        yield Fault(root, "emission", emission, describe(EN.field("issued"))).finding("header-field")
    yield Header(
        format="xml",
        record=root.end.line,
        version=version,
        side=_SIDE.get(get("cote") or ""),
        declarant=gln(DECLARANT),
        addressee=gln(ADDRESSEE),
        issued=issued,
        reference=trimmed(get("reference")),
        period=int(period) if period else None,
        use=_USE.get(get("usage") or ""),
        nature=_NATURE.get(get("nature") or ""),
        replaced=trimmed(get("remplace", "")),
        sending=int(sending) if sending else None,
    )


def _header_faults(root: Tag, parties: list[Tag]) -> Iterator[Fault]:
    """Faults of the root's own attributes, and of declarant and addressee, which must be its first two children."""
    due = [DECLARANT, ADDRESSEE]
    yield from own_faults(root, due)
    for name in due:
        if not any(party.name == name for party in parties):
            yield Fault(root, local(name), "absent")
    for party in parties:
        if party.name in due:
            del due[: due.index(party.name) + 1]
            yield from own_faults(party)
        else:
            yield misplaced(party)


# -- one invoice -------------------------------------------------------------------------------------


class _Incoming:
    """An invoice that is walked through: its head, the lines that have come in, which element may come next."""

    def __init__(self, tag: Tag) -> None:
        self.tag = tag
        self.due = {CONTRACT, LINE}
        self.with_text = False
        self.coming = Coming({"record": tag.end.line})
        bad = self._note(own_faults(tag))

        def get(name: str) -> str | None:
            return None if name in bad else tag.attributes.get(name)

        def cents(name: str) -> int | None:
            written = get(name)
            return money.from_decimal(written) if written else None

        self.coming.head |= {
            "partner": get("partenaire"),
            "number": trimmed(get("numero")),
            "date": self._day(tag, bad, "date", "invoice-date-invalid"),
            "kind": _KIND.get(get("type") or ""),
            "ht": cents("totalHT"),
            "ttc": cents("totalTTC"),
            "credited": self._name(tag, bad, "origine"),
            "credited_on": self._day(tag, bad, "dateOrigine", "invoice-date-invalid"),
        }

    def text(self, text: str) -> None:
        """Notes text between its elements, once."""
        if not self.with_text:
            self.with_text = True
            self._note((Fault(self.tag, None, text),))

    def child(self, tag: Tag) -> Iterator[Invoice]:
        """Takes in an element that has ended; yields a part if it is full."""
        bad: set[str | None] = set()
        if tag.name in self.due:
            bad = self._note(own_faults(tag))
        else:
            self._note((misplaced(tag),))
        if tag.name == CONTRACT and "contract" not in self.coming.head:
            self.coming.head |= {
                "contract": self._name(tag, bad, "reference"),
                "contract_sent": self._day(tag, bad, "envoi", "field-format"),
            }
        if tag.name in self.due:
            self.due = {LINE}
        if tag.name == LINE:
            title = tag.attributes.get("titre", "")
            plain, altered = charset.title(title)
            if altered:
                self.coming.findings.append(Fault(tag, "titre", title, plain).finding("title-altered"))
            yield from self.coming.add((line(tag.attributes, bad, plain),), (tag.end.line,))
        if len(self.coming.findings) >= PART:
            yield self.coming.part(last=False)

    def take(self, lines: Lines, records: list[int], altered: list[tuple[int, str]]) -> Iterator[Invoice]:
        """Takes in lines of which there is nothing to say, but that titles were altered."""
        self.due = {LINE}
        for place, title in altered:
            plain = lines.table[-1][place]
            self.coming.findings.append(
                Finding(code="title-altered", record=records[place], field="titre", found=shown(title), expected=plain)
            )
        yield from self.coming.add(lines, records)

    def _note(self, faults: Iterable[Fault]) -> set[str | None]:
        """Says these faults; the attributes at fault, None for the element itself."""
        bad: set[str | None] = set()
        for fault in faults:
            bad.add(fault.attribute)
            self.coming.findings.append(fault.finding("xml-schema"))
        if None in bad:
            self.coming.countable = False
        return bad

    @staticmethod
    def _name(tag: Tag, bad: set[str | None], name: str) -> str | None:
        """An optional text: None if it cannot be read, blank if it is absent."""
        return None if name in bad else tag.attributes.get(name, "").rstrip(" ")

    def _day(self, tag: Tag, bad: set[str | None], name: str, code: str) -> date | None:
        written = None if name in bad else tag.attributes.get(name)
        try:
            return date.fromisoformat(written) if written else None
        except ValueError:
            field = next(field for field in FA.fields if field.wire == name)
            self.coming.findings.append(Fault(tag, name, written or "", describe(field)).finding(code))
            return None
