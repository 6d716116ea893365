"""Reads XML declarations, version 1.0, as a stream: Header, Invoices, Findings.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. lxml's pull parser is fed line
by line, so that the line where a start tag ends is known however long the file; each invoice is
held against the XSD by itself, so that one refused never takes its neighbours with it. A DOCTYPE
is refused before anything else: with entities left alone, `5&x;0` would read as `5`.
"""

import copy
import re
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from typing import IO, Any
from zoneinfo import ZoneInfo

from lxml import etree

from schemas import charset, lists, money
from schemas.declaration import Event, Header, Invoice, Line, PartialLine
from schemas.finding import Both, Finding, Text, shown
from schemas.layout import EN, FA, LG, Field, describe

NAMESPACE = "urn:droit-de-pret:declaration:1.0"
VERSION = "1.0"
PARIS = ZoneInfo("Europe/Paris")
#: How many lines of one invoice are held at once.
PART = 5_000
_LINE_BYTES = 1 << 16

_ROOT, _DECLARANT, _ADDRESSEE, _INVOICE, _CONTRACT, _LINE = (
    f"{{{NAMESPACE}}}{name}" for name in ("declaration", "declarant", "destinataire", "facture", "marche", "ligne")
)
_SCHEMA = etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd/declaration-1.0.xsd").read_bytes()))
_ATTRIBUTE = re.compile(r"[Aa]ttribute '(?:\{[^}]*\})?([^']+)'")
_CHILD = re.compile(r"\A/\*/\*(?:\[(\d+)\])?")
_FIELDS = {field.wire: field for layout in (LG, FA, EN) for field in layout.fields}
_PROLOG_DTD = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*<!DOCTYPE", re.DOTALL)
_PROLOG_BYTES = 1 << 16

_SIDE, _USE, _NATURE, _KIND = map(lists.from_xml, (lists.SIDE, lists.USE, lists.NATURE, lists.KIND))


def read(stream: IO[bytes]) -> Iterator[Event]:
    """The events of an XML declaration; content never raises."""
    stream.seek(0)
    if _PROLOG_DTD.match(stream.read(_PROLOG_BYTES)):
        yield Finding(code="xml-dtd-forbidden", record=1)
        return
    stream.seek(0)
    reading = _Reading()
    try:
        yield from reading.events(stream)
    except etree.XMLSyntaxError as wrong:
        yield Finding(
            code="xml-not-well-formed",
            record=wrong.lineno or reading.line,
            position=wrong.offset or None,
            found=shown(wrong.msg or "?"),
        )


class _Reading:
    """Where reading stands: the line, the root, and the invoice that is coming in."""

    def __init__(self) -> None:
        self.line = 1
        self.root: etree._Element | None = None
        self.root_line = 1
        self.headed = False
        self.misplaced = False
        self.invoice_line = 0
        self.child_lines: list[int] = []
        self.lines = 0
        self.part = 0
        self.head: dict[str, Any] = {}
        self.refused = False

    def events(self, stream: IO[bytes]) -> Iterator[Event]:
        parser = etree.XMLPullParser(
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        while text := stream.readline(_LINE_BYTES):
            parser.feed(text)
            for event, element in parser.read_events():
                assert isinstance(element, etree._Element)
                yield from self._start(element) if event == "start" else self._end(element)
                if self.refused:
                    return
            self.line += text.endswith(b"\n")
        parser.close()
        for event, element in parser.read_events():
            assert isinstance(element, etree._Element)
            yield from self._start(element) if event == "start" else self._end(element)

    def _start(self, element: etree._Element) -> Iterator[Event]:
        if self.root is None:
            yield from self._begin(element)
            return
        parent = element.getparent()
        if parent is self.root:
            if element.tag == _INVOICE:
                if not self.headed:
                    yield from self._header()
                self.invoice_line, self.child_lines, self.lines, self.part = self.line, [], 0, 0
            elif self.headed or element.tag not in (_DECLARANT, _ADDRESSEE):
                yield from self._stray(element)
        elif parent is not None and parent.tag == _INVOICE and parent.getparent() is self.root:
            self.child_lines.append(self.line)

    def _begin(self, root: etree._Element) -> Iterator[Finding]:
        self.root, self.root_line = root, self.line
        if root.getroottree().docinfo.doctype:
            self.refused = True
            yield Finding(code="xml-dtd-forbidden", record=1)
        elif root.tag != _ROOT:
            self.refused = True
            yield Finding(
                code="format-unknown",
                record=self.line,
                found=shown(f"<{etree.QName(root).text}>"),
                expected=Both(f"<declaration xmlns='{NAMESPACE}'>", f"<declaration xmlns='{NAMESPACE}'>"),
            )

    def _stray(self, element: etree._Element) -> Iterator[Finding]:
        if not self.misplaced:
            self.misplaced = True
            name = shown(f"<{etree.QName(element).localname}>")
            expected = "<declarant>, <destinataire>, <facture>..."
            yield Finding(code="record-order", record=self.line, found=name, expected=expected)

    def _end(self, element: etree._Element) -> Iterator[Event]:
        if element is self.root:
            if not self.headed:
                yield from self._header()
            return
        parent = element.getparent()
        if parent is self.root:
            if element.tag == _INVOICE:
                yield self._invoice(element, last=True)
            if self.headed:  # what has been read makes room
                assert self.root is not None
                self.root.remove(element)
        elif parent is not None and parent.tag == _INVOICE and parent.getparent() is self.root:
            if element.tag == _LINE:
                self.lines += 1
            if self.lines == PART:
                yield self._invoice(parent, last=False)
                for child in list(parent):
                    parent.remove(child)
                self.lines, self.child_lines = 0, []

    # -- the root, declarant and addressee -------------------------------------------------------

    def _header(self) -> Iterator[Event]:
        """The header, held against the XSD without the invoices that follow it."""
        assert self.root is not None
        self.headed = True
        head = etree.Element(self.root.tag, dict(self.root.attrib), nsmap=self.root.nsmap)
        for child in self.root:
            if child.tag == _INVOICE:
                break
            head.append(copy.deepcopy(child))
        wrong = _against_schema(head)
        for fault in wrong:
            name = _local(fault.element) if fault.element is not head else fault.attribute or "declaration"
            yield fault.finding("header-field", self.root_line, name)
        bad = {(fault.element, fault.attribute) for fault in wrong}
        whole = {fault.element for fault in wrong if fault.attribute is None}

        def get(name: str) -> str | None:
            return None if (head, name) in bad else head.get(name)

        def gln(tag: str) -> str | None:
            child = head.find(tag)
            broken = child is None or (child, "gln") in bad or head in whole
            return None if broken or child is None else child.get("gln")

        version = head.get("version")
        if version is not None and version != VERSION:
            yield Finding(
                code="header-version", record=self.root_line, field="version", found=shown(version), expected=VERSION
            )
        issued, period = get("emission"), get("periode")
        sending = get("envoiNumero") if "envoiNumero" in head.attrib else "0"
        replaced = get("remplace") if "remplace" in head.attrib else ""
        yield Header(
            format="xml",
            record=self.root_line,
            version=version,
            side=_SIDE.get(get("cote") or ""),
            declarant=gln(_DECLARANT),
            addressee=gln(_ADDRESSEE),
            issued=_paris(issued) if issued else None,
            reference=_trimmed(get("reference")),
            period=int(period) if period else None,
            use=_USE.get(get("usage") or ""),
            nature=_NATURE.get(get("nature") or ""),
            replaced=_trimmed(replaced),
            sending=int(sending) if sending is not None else None,
        )

    # -- one invoice -----------------------------------------------------------------------------

    def _invoice(self, element: etree._Element, last: bool) -> Invoice:
        """An invoice, or a part of a long one, as far as it can be read."""
        wrong = () if _SCHEMA.validate(element) else tuple(_faults(element))
        findings: list[Finding] = []
        bad: set[tuple[etree._Element, str | None]] = set()
        for fault in wrong:
            bad.add((fault.element, fault.attribute))
            if fault.element is element and self.part:
                continue  # said with the first part
            place = element.index(fault.element) if fault.element is not element else None
            line = self.invoice_line if place is None else self.child_lines[place]
            findings.append(fault.finding("xml-schema", line, fault.attribute or _local(fault.element)))
        if self.part == 0:
            self.head = self._invoice_head(element, bad, findings)
        lines: list[Line | PartialLine] = []
        records: list[int] = []
        for child, record in zip(element, self.child_lines, strict=True):
            if child.tag == _LINE:
                lines.append(_partial_line(child, bad) if wrong else _line(child))
                records.append(record)
                title = child.get("titre", "")
                plain, altered = charset.title(title)
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
            countable=True,
        )

    def _invoice_head(
        self, element: etree._Element, bad: set[tuple[etree._Element, str | None]], findings: list[Finding]
    ) -> dict[str, Any]:
        contract = element.find(_CONTRACT)

        def get(name: str, of: etree._Element | None = element) -> str | None:
            return None if of is None or (of, name) in bad else of.get(name)

        def day(name: str, code: str, of: etree._Element | None = element) -> date | None:
            text = get(name, of)
            try:
                return date.fromisoformat(text) if text else None
            except ValueError:
                findings.append(
                    Finding(
                        code=code,
                        record=self.invoice_line,
                        field=name,
                        found=shown(text or ""),
                        expected=describe(_FIELDS[name]),
                    )
                )
                return None

        def cents(name: str) -> int | None:
            text = get(name)
            return money.from_decimal(text) if text else None

        unread_contract = contract is not None and (contract, "reference") in bad
        return {
            "record": self.invoice_line,
            "partner": get("partenaire"),
            "number": _trimmed(get("numero")),
            "date": day("date", "invoice-date-invalid"),
            "kind": _KIND.get(get("type") or ""),
            "ht": cents("totalHT"),
            "ttc": cents("totalTTC"),
            "contract": None if unread_contract else (get("reference", contract) or "").rstrip(" "),
            "contract_sent": day("envoi", "field-format", contract),
            "credited": None if (element, "origine") in bad else (get("origine") or "").rstrip(" "),
            "credited_on": day("dateOrigine", "invoice-date-invalid"),
        }


def _trimmed(text: str | None) -> str | None:
    return None if text is None else text.rstrip(" ")


def _paris(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(PARIS).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _line(element: etree._Element) -> Line:
    """A line the XSD has accepted."""
    get = element.attrib.get
    return Line(
        get("ean", ""),
        int(get("quantite", "")),
        int(get("prixPublicHT", "").replace(".", "")),
        int(get("remise", "0").replace(".", "")),
        int(get("tva", "").replace(".", "")),
        get("exclusion", "").rstrip(" "),
        get("preuve", "").rstrip(" "),
        charset.title(get("titre", ""))[0],
    )


def _partial_line(element: etree._Element, bad: set[tuple[etree._Element, str | None]]) -> Line | PartialLine:
    """A line of an invoice against which the XSD says something: perhaps of this line, perhaps not."""
    if not any(where is element for where, _ in bad):
        return _line(element)

    def get(name: str, absent: str | None = None) -> str | None:
        return None if (element, name) in bad else element.get(name, absent)

    def whole(name: str, absent: str | None = None) -> int | None:
        text = get(name, absent)
        return None if text is None else int(text.replace(".", ""))

    return PartialLine(
        ean=get("ean"),
        quantity=whole("quantite"),
        price=whole("prixPublicHT"),
        discount=whole("remise", "0"),
        vat=whole("tva"),
        exclusion=_trimmed(get("exclusion", "")),
        evidence=_trimmed(get("preuve", "")),
        title=charset.title(element.get("titre", ""))[0],
    )


# -- what the XSD says ---------------------------------------------------------------------------


class _Fault:
    """One place the XSD refuses: an attribute of an element, or (attribute None) the element itself."""

    def __init__(self, element: etree._Element, attribute: str | None, message: str) -> None:
        self.element = element
        self.attribute = attribute
        self.message = message

    def finding(self, code: str, line: int, field: str) -> Finding:
        found: str | None
        if self.attribute is None:
            found = re.sub(r"\{[^}]*\}", "", self.message)
        else:
            found = self.element.get(self.attribute)
        known = _FIELDS.get(self.attribute or "")
        expected: Text | None = _expected(known, self.message)
        return Finding(
            code=code,
            record=line,
            field=shown(field),
            found="absent" if found is None else shown(found),
            expected=expected,
        )


def _expected(field: Field | None, message: str) -> Text:
    if "is not allowed" in message or field is None:
        return Both("ce que le schéma prévoit ici", "what the schema provides for here")
    return describe(field)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _against_schema(element: etree._Element) -> list[_Fault]:
    return [] if _SCHEMA.validate(element) else list(_faults(element))


def _faults(element: etree._Element) -> Iterator[_Fault]:
    """What the last validation of `element` said, one a place."""
    said: set[tuple[etree._Element, str | None]] = set()
    for error in _SCHEMA.error_log:
        where = element
        child = _CHILD.match(error.path or "")
        if child:
            where = element[int(child[1] or 1) - 1]
        named = _ATTRIBUTE.search(error.message)
        attribute = named[1] if named else None
        if (where, attribute) not in said:
            said.add((where, attribute))
            yield _Fault(where, attribute, error.message)
