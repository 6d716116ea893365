"""What is walked through tag by tag, as far as the XSD lets it be read: the header, and an invoice that comes in.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. Which element may stand where is said here.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from parsers.partial_invoice import PART, PartialInvoice
from parsers.xml import values
from parsers.xml.faults import Fault, misplaced, own_faults
from parsers.xml.tag import ADDRESSEE, CONTRACT, DECLARANT, LINE, VERSION, Tag, local
from schemas import charset
from schemas.declaration import Header, Invoice, Line, Lines, PartialLine
from schemas.finding import Finding, shown
from schemas.lending.layout import describe


def header(root: Tag, parties: list[Tag]) -> Iterator[Header | Finding]:
    """The header as far as it can be read, after what is to be said of it."""
    bad: set[tuple[str, str | None]] = set()
    for fault in _header_faults(root, parties):
        bad.add((fault.tag.path, fault.attribute))
        yield fault.finding("header-field", root.end.line, None if fault.tag is root else fault.tag.local)

    facts, wrong = values.read(root, {attribute for path, attribute in bad if path == root.path})
    for party in reversed(parties):  # of several, the first counts
        if party.name in (DECLARANT, ADDRESSEE):
            at_fault = not bad.isdisjoint({(party.path, "gln"), (party.path, None)})
            facts |= values.read(party, {"gln"} if at_fault else set())[0]
    version = root.attributes.get("version")
    if facts.get("version") is not None and version not in (None, VERSION):
        yield Fault(root, "version", version or "", VERSION).finding("header-version")
    for attribute in wrong:  # what the XSD takes for a time, and no calendar does: 24:00:00
        yield _no_value(root, attribute).finding("header-field")
    yield Header(format="xml", record=root.end.line, **facts)


def _no_value(tag: Tag, attribute: values.Attribute) -> Fault:
    return Fault(tag, attribute.name, tag.attributes[attribute.name], describe(attribute.field))


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


class Incoming:
    """An invoice that is walked through: its head, the lines that have come in, which element may come next."""

    def __init__(self, tag: Tag) -> None:
        self.tag = tag
        self.due = {CONTRACT, LINE}
        self.with_text = False
        self.coming = PartialInvoice({"record": tag.end.line})
        self.coming.head |= self._read(tag, self._note(own_faults(tag)), "invoice-date-invalid")

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
            self.coming.head |= {"contract": ""} | self._read(tag, bad, "field-format")
        if tag.name in self.due:
            self.due = {LINE}
        if tag.name == LINE:
            title = tag.attributes.get("titre", "")
            plain, altered = charset.title(title)
            if altered:
                self.coming.findings.append(Fault(tag, "titre", title, plain).finding("title-altered"))
            yield from self.coming.add((_line(tag, bad, plain),), (tag.end.line,))
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

    def _read(self, tag: Tag, bad: set[str | None], code: str) -> dict[str, Any]:
        """What an element's attributes say, after a finding of each that is no day."""
        facts, wrong = values.read(tag, bad)
        self.coming.findings += (_no_value(tag, attribute).finding(code) for attribute in wrong)
        return facts


def _line(tag: Tag, bad: set[str | None], title: str) -> Line | PartialLine:
    """A line of which the XSD refuses some attributes, or (None among them) the element; its title as the repertoire has it."""
    if None in bad:
        return PartialLine()
    facts = {"discount": 0, "exclusion": "", "evidence": "", **values.read(tag, bad)[0], "title": title}
    return PartialLine(**facts) if bad else Line(**facts)
