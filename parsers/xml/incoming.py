"""What is walked through tag by tag, as far as the XSD lets it be read: the header, and an invoice that comes in.

Authority: format, section 2 and `schemas/xsd/declaration-1.0.xsd`. Which element may stand where is said here.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from parsers.partial_invoice import PART, PartialInvoice
from parsers.xml.faults import Fault, misplaced, own_faults
from parsers.xml.tag import ADDRESSEE, CONTRACT, DECLARANT, LINE, VERSION, Tag, local
from parsers.xml.values import line, paris, trimmed
from schemas import charset, money
from schemas.declaration import Header, Invoice, Lines
from schemas.finding import Finding, shown
from schemas.lending import lists
from schemas.lending.layout import EN, FA, describe

_SIDE, _USE, _NATURE, _KIND = map(lists.from_xml, (lists.SIDE, lists.USE, lists.NATURE, lists.KIND))


def header(root: Tag, parties: list[Tag]) -> Iterator[Header | Finding]:
    """The header as far as it can be read, after what is to be said of it."""
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


class Incoming:
    """An invoice that is walked through: its head, the lines that have come in, which element may come next."""

    def __init__(self, tag: Tag) -> None:
        self.tag = tag
        self.due = {CONTRACT, LINE}
        self.with_text = False
        self.coming = PartialInvoice({"record": tag.end.line})
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
