"""Reads XML declarations, version 1.0, as a stream: Header, Invoices, Findings.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. lxml's pull parser is fed line
by line, so that the line where a start tag ends is known however long the file; each invoice is
held against the XSD by itself, so that one refused never takes its neighbours with it. A DOCTYPE
is refused before anything else: with entities left alone, `5&x;0` would read as `5`.

What has been read makes room, but only what has a sibling behind it: the parser still writes to
the last child of every open element. What would not make room in time is refused: see `_TAG_BYTES`.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import IO, Any

from lxml import etree

from parsers.apart import apart
from parsers.records import too_many
from parsers.xml_faults import (
    ADDRESSEE,
    CONTRACT,
    DECLARANT,
    INVOICE,
    LINE,
    NAMESPACE,
    ROOT,
    header_faults,
    invoice_faults,
    is_valid,
    local,
    shell,
)
from parsers.xml_values import line, paris, partial_line, trimmed
from schemas import charset, lists, money
from schemas.declaration import Event, Header, Invoice, Invoices, Line, PartialLine, together
from schemas.finding import Finding, shown
from schemas.layout import EN, FA, describe
from schemas.text import Both

VERSION = "1.0"
#: How many lines of one invoice are held at once.
PART = 5_000
_CHILDREN = 2 * PART  # and how many elements of any kind
_PART_BYTES = 1 << 20  # and how many bytes of them, all but the last
_HEAD_CHILDREN = 16
#: How far a tag may be from the next: more is one endless tag, text, comment or space, which a parser would hold.
_TAG_BYTES = 1 << 18
_LINE_BYTES = 1 << 16
_PROLOG_DTD = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->)*<!DOCTYPE", re.DOTALL)
_PROLOG_BYTES = 1 << 20

_SIDE, _USE, _NATURE, _KIND = map(lists.from_xml, (lists.SIDE, lists.USE, lists.NATURE, lists.KIND))


def read_in_bulk(stream: IO[bytes], max_records: int | None = None) -> Iterator[Event | Invoices]:
    """The events of an XML declaration; content never raises. Past `max_records` elements reading ends, and says so.

    Invoices that stand together and of which the reader has nothing to say come together.
    """
    return together(_events(stream, max_records))


def _events(stream: IO[bytes], max_records: int | None) -> Iterator[Event]:
    stream.seek(0)
    if _PROLOG_DTD.match(stream.read(_PROLOG_BYTES)):
        yield Finding(code="xml-dtd-forbidden", record=1)
        return
    stream.seek(0)
    yield from apart(_Reading(max_records).events(stream))


def _not_well_formed(line: int, position: int | None, message: str | None) -> Finding:
    found = shown(message or "?")
    return Finding(code="xml-not-well-formed", record=line, position=position or None, found=found)


class _Reading:
    """Where reading stands: the line, the root, and the invoice that is coming in."""

    def __init__(self, max_records: int | None = None) -> None:
        self.max_records = max_records
        self.elements = 0
        self.fed = 0  # bytes, and how many of them when the last tag was met, and when the part began
        self.tag_at = self.part_at = 0
        self.line = 1
        self.depth = 0
        self.root: etree._Element | None = None
        self.root_line = 1
        self.headed = False
        self.misplaced = False
        self.refused = False
        self.invoice: etree._Element | None = None
        self.invoice_line = 0
        self.child_lines: list[int] = []
        self.lines = 0
        self.part = 0
        self.said: set[str | None] = set()  # faults of the invoice's own element, said with an earlier part
        self.countable = True
        self.head: dict[str, Any] = {}

    def events(self, stream: IO[bytes]) -> Iterator[Event | None]:
        parser = etree.XMLPullParser(
            events=("start", "end"),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        text: bytes | None = None
        while text != b"":
            yield None
            text = stream.readline(_LINE_BYTES)
            self.fed += len(text)
            wrong: Finding | None = None
            try:
                if text:
                    parser.feed(text)
                else:
                    parser.close()
            except etree.XMLSyntaxError as error:  # what was read before it is told all the same
                wrong = _not_well_formed(error.lineno or self.line, error.offset, error.msg)
            else:
                for entry in parser.feed_error_log:
                    if entry.level == etree.ErrorLevels.FATAL:  # of which lxml says nothing, but begins anew
                        wrong = wrong or _not_well_formed(entry.line, entry.column, entry.message)
            for event, element in parser.read_events():
                assert isinstance(element, etree._Element)
                self.tag_at = self.fed
                yield from self._start(element) if event == "start" else self._end(element)
                if self.refused:
                    return
            if self.fed - self.tag_at > _TAG_BYTES:
                wrong = wrong or _not_well_formed(self.line, None, f"> {_TAG_BYTES} o ; <...> ?")
            if wrong is not None:
                yield wrong
                return
            self.line += text.endswith(b"\n")

    def _start(self, element: etree._Element) -> Iterator[Event]:
        self.depth += 1
        self.elements += 1
        if self.max_records is not None and self.elements > self.max_records:
            self.refused = True
            yield too_many(self.elements, self.max_records)
        elif self.depth == 3 and self.invoice is not None:
            if self.lines == PART or len(self.child_lines) == _CHILDREN or self.fed - self.part_at > _PART_BYTES:
                yield self._invoice(_moved(self.invoice, len(self.child_lines)), last=False)
                self.child_lines, self.lines, self.part_at = [], 0, self.fed
            self.child_lines.append(self.line)
            self.lines += element.tag == LINE
        elif self.depth == 1:
            yield from self._begin(element)
        elif self.depth == 2:
            if element.tag == INVOICE:
                yield from self._header()
                self.invoice, self.invoice_line, self.child_lines = element, self.line, []
                self.lines, self.part, self.countable, self.part_at = 0, 0, True, self.fed
                self.said = set()
            else:
                if not self.headed and len(_parent(element)) > _HEAD_CHILDREN:
                    yield from self._header()
                if self.headed or element.tag not in (DECLARANT, ADDRESSEE):
                    yield from self._stray(f"<{local(element)}>")
            if self.headed:
                yield from self._make_room(element)
        else:
            element.attrib.clear()  # its being there is the fault, and nobody looks at them
            previous = element.getprevious()
            if previous is not None:
                _parent(element).remove(previous)

    def _begin(self, root: etree._Element) -> Iterator[Finding]:
        self.root, self.root_line = root, self.line
        if root.getroottree().docinfo.doctype:
            self.refused = True
            yield Finding(code="xml-dtd-forbidden", record=1)
        elif root.tag != ROOT:
            self.refused = True
            expected = f"<declaration xmlns='{NAMESPACE}'>"
            found = shown(f"<{root.tag!s}>")
            yield Finding(code="format-unknown", record=self.line, found=found, expected=expected)

    def _make_room(self, element: etree._Element) -> Iterator[Finding]:
        """Drops what stands before a child of the root; no text may stand there."""
        for previous in list(element.itersiblings(preceding=True)):
            yield from self._stray_text(previous.tail)
            _parent(element).remove(previous)

    def _stray(self, found: str) -> Iterator[Finding]:
        if not self.misplaced:
            self.misplaced = True
            expected = "<declarant>, <destinataire>, <facture>..."
            yield Finding(code="record-order", record=self.line, found=shown(found), expected=expected)

    def _stray_text(self, text: str | None) -> Iterator[Finding]:
        if text and text.strip(" \t\r\n"):
            yield from self._stray(text.strip())

    def _end(self, element: etree._Element) -> Iterator[Event]:
        self.depth -= 1
        if self.depth == 0:
            yield from self._header()
            for child in element:
                yield from self._stray_text(child.tail)
        elif self.depth == 1 and self.invoice is not None:
            yield self._invoice(element, last=True)
            self.invoice = None

    # -- the root, declarant and addressee -------------------------------------------------------

    def _header(self) -> Iterator[Event]:
        """The header, once: as soon as something follows declarant and addressee."""
        if self.headed:
            return
        self.headed = True
        root = self.root
        assert root is not None
        yield from self._stray_text(root.text)
        children = [child for child in root if child.tag in (DECLARANT, ADDRESSEE)][: _HEAD_CHILDREN + 1]
        bad: set[tuple[etree._Element, str | None]] = set()
        for fault in header_faults(root, children):
            bad.add((fault.element, fault.attribute))
            name = None if fault.element is root else local(fault.element)
            yield fault.finding("header-field", self.root_line, name)

        def get(name: str, absent: str | None = None) -> str | None:
            return None if (root, name) in bad or (root, None) in bad else root.get(name, absent)

        def gln(tag: str) -> str | None:
            child = next((child for child in children if child.tag == tag), None)
            broken = child is None or (child, "gln") in bad or (child, None) in bad
            return None if broken or child is None else child.get("gln")

        version, emission, period, sending = get("version"), get("emission"), get("periode"), get("envoiNumero", "0")
        if version is not None and version != VERSION:
            yield self._about("header-version", "version", version, VERSION)
        issued = paris(emission) if emission else None
        if emission and issued is None:  # what the XSD takes for a time, and no calendar does: 24:00:00
            yield self._about("header-field", "emission", emission, describe(EN.field("issued")))
        yield Header(
            format="xml",
            record=self.root_line,
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

    def _about(self, code: str, name: str, found: str, expected: str | Both) -> Finding:
        return Finding(code=code, record=self.root_line, field=name, found=shown(found), expected=expected)

    # -- one invoice -----------------------------------------------------------------------------

    def _invoice(self, element: etree._Element, last: bool) -> Invoice:
        """An invoice, or a part of a long one, as far as it can be read."""
        lines_of = dict(zip(element, self.child_lines, strict=True))
        findings: list[Finding] = []
        bad: dict[etree._Element, set[str | None]] = {}
        for fault in () if is_valid(element, self.part) else invoice_faults(element, self.part):
            bad.setdefault(fault.element, set()).add(fault.attribute)
            if fault.attribute is None:
                self.countable = False
            if fault.element is not element:
                findings.append(fault.finding("xml-schema", lines_of[fault.element]))
            elif fault.attribute not in self.said:
                self.said.add(fault.attribute)
                findings.append(fault.finding("xml-schema", self.invoice_line))
        if self.part == 0:
            self.head = self._invoice_head(element, bad, lines_of, findings)
        lines: list[Line | PartialLine] = []
        records: list[int] = []
        for child, record in lines_of.items():
            if child.tag == LINE:
                title = child.get("titre", "")
                plain, altered = charset.title(title)
                lines.append(partial_line(child, bad[child], plain) if child in bad else line(child, plain))
                records.append(record)
                if altered:
                    findings.append(
                        Finding(code="title-altered", record=record, field="titre", found=shown(title), expected=plain)
                    )
        self.part += 1
        return Invoice(
            **self.head,
            lines=tuple(lines),
            line_records=records,
            findings=tuple(findings),
            part=self.part - 1,
            last=last,
            countable=self.countable,
        )

    def _invoice_head(
        self,
        element: etree._Element,
        bad: dict[etree._Element, set[str | None]],
        lines_of: dict[etree._Element, int],
        findings: list[Finding],
    ) -> dict[str, Any]:
        contract = element.find(CONTRACT)

        def get(name: str, of: etree._Element | None = element) -> str | None:
            return None if of is None or name in bad.get(of, ()) else of.get(name)

        def text(name: str, of: etree._Element | None = element) -> str | None:
            """An optional text: None if it cannot be read, blank if it is absent."""
            return None if of is not None and name in bad.get(of, ()) else (get(name, of) or "").rstrip(" ")

        def day(name: str, code: str, of: etree._Element | None = element) -> date | None:
            written = get(name, of)
            try:
                return date.fromisoformat(written) if written else None
            except ValueError:
                line = self.invoice_line if of is element or of is None else lines_of[of]
                field = next(field for field in FA.fields if field.wire == name)
                found, expected = shown(written or ""), describe(field)
                findings.append(Finding(code=code, record=line, field=name, found=found, expected=expected))
                return None

        def cents(name: str) -> int | None:
            written = get(name)
            return money.from_decimal(written) if written else None

        return {
            "record": self.invoice_line,
            "partner": get("partenaire"),
            "number": trimmed(get("numero")),
            "date": day("date", "invoice-date-invalid"),
            "kind": _KIND.get(get("type") or ""),
            "ht": cents("totalHT"),
            "ttc": cents("totalTTC"),
            "contract": text("reference", contract),
            "contract_sent": day("envoi", "field-format", contract),
            "credited": text("origine"),
            "credited_on": day("dateOrigine", "invoice-date-invalid"),
        }


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _moved(invoice: etree._Element, count: int) -> etree._Element:
    """A part of an invoice: its own attributes and text, and its first children, which leave it."""
    try:
        part = shell(invoice)
    except ValueError:  # attributes that nothing can bear: the part bears none, which is said
        part = etree.Element(invoice.tag)
    part.text = invoice.text
    part.extend(invoice[:count])
    return part
