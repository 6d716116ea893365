"""What the XSD says against one element of a declaration, one fault a place.

Authority: `schemas/xsd/declaration-1.0.xsd`. Elements are held against it one by one, each by itself:
an error's own path and line say nothing certain under prefixes, in long files and in long invoices.
Which child may stand where is checked here, so that every misplaced one is named.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec
from lxml import etree

from schemas.finding import Finding, shown
from schemas.layout import EN, FA, LG, Field, describe
from schemas.text import Both, Text

NAMESPACE = "urn:droit-de-pret:declaration:1.0"
ROOT, DECLARANT, ADDRESSEE, INVOICE, CONTRACT, LINE = (
    f"{{{NAMESPACE}}}{name}" for name in ("declaration", "declarant", "destinataire", "facture", "marche", "ligne")
)
#: More attributes than any element has: such a one is not looked at, since each would be an error to hold.
MAX_ATTRIBUTES = 32

_SCHEMA = etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd/declaration-1.0.xsd").read_bytes()))
_ATTRIBUTE = re.compile(r"[Aa]ttribute '(?:\{[^}]*\})?([^']+)'")
#: The fixed format's field that an attribute of an element stands for.
FIELDS: dict[tuple[str, str], Field] = {
    **{(ROOT, field.wire): field for field in EN.fields[2:-1]},
    (DECLARANT, "gln"): EN.field("declarant"),
    (ADDRESSEE, "gln"): EN.field("addressee"),
    **{(INVOICE, field.wire): field for field in FA.fields[2:-1]},
    (CONTRACT, "reference"): FA.field("contract"),
    (CONTRACT, "envoi"): FA.field("contract_sent"),
    **{(LINE, field.wire): field for field in LG.fields[2:-1]},
}
_ELSEWHERE = Both("ce que le schéma prévoit ici", "what the schema provides for here")


class Fault(msgspec.Struct, frozen=True):
    """One place the XSD refuses: an attribute of an element, or (attribute None) the element itself."""

    element: etree._Element
    attribute: str | None
    found: str
    expected: Text

    def finding(self, code: str, line: int, field: str | None = None) -> Finding:
        name = field or self.attribute or local(self.element)
        return Finding(code=code, record=line, field=shown(name), found=shown(self.found), expected=self.expected)


def local(element: etree._Element) -> str:
    """An element's name without its namespace; a parser passes names that lxml's QName does not (`:`)."""
    return str(element.tag).rpartition("}")[2]


def shell(element: etree._Element) -> etree._Element:
    """A new element of the same name and attributes, under no prefix; ValueError if a name is none."""
    return etree.Element(element.tag, dict(element.attrib), nsmap={None: NAMESPACE})


def is_valid(invoice: etree._Element, part: int = 0) -> bool:
    """Whether the XSD has nothing to say against an invoice, or a part of one, counted from 0, and all it holds."""
    return (
        len(invoice.attrib) <= MAX_ATTRIBUTES
        and not any(len(child) or len(child.attrib) > MAX_ATTRIBUTES for child in invoice)
        and (not part or invoice.find(CONTRACT) is None)
        and bool(_SCHEMA.validate(invoice))
    )


def header_faults(root: etree._Element, children: Sequence[etree._Element]) -> Iterator[Fault]:
    """Faults of the root's own attributes, and of declarant and addressee, which must be its first two children."""
    yield from _own(root, (DECLARANT, ADDRESSEE))
    for tag in (DECLARANT, ADDRESSEE):
        if not any(child.tag == tag for child in children):
            yield Fault(root, tag.rpartition("}")[2], "absent", _ELSEWHERE)
    due = [DECLARANT, ADDRESSEE]
    for child in children:
        if child.tag in due:
            del due[: due.index(str(child.tag)) + 1]
            yield from _own(child)
        else:
            yield Fault(child, None, f"<{local(child)}>", _ELSEWHERE)


def invoice_faults(invoice: etree._Element, part: int) -> Iterator[Fault]:
    """Faults of an invoice, or a part of one, counted from 0, in the order in which they stand."""
    yield from _own(invoice)
    for text in (invoice.text, *(child.tail for child in invoice)):
        if text and text.strip(" \t\r\n"):
            yield Fault(invoice, None, text.strip(), _ELSEWHERE)
            break
    due = {LINE} if part else {CONTRACT, LINE}
    for child in invoice:
        if child.tag not in due:
            yield Fault(child, None, f"<{local(child)}>", _ELSEWHERE)
            continue
        due = {LINE}
        if not _is_sound(child):
            yield from _own(child)


def _is_empty(element: etree._Element) -> bool:
    return not len(element) and not element.text


def _is_sound(element: etree._Element) -> bool:
    return len(element.attrib) <= MAX_ATTRIBUTES and _is_empty(element) and bool(_SCHEMA.validate(element))


def _own(element: etree._Element, parties: Sequence[str] = ()) -> Iterator[Fault]:
    """Faults of one element: its attributes, and of a leaf that it holds something."""
    if len(element.attrib) > MAX_ATTRIBUTES:
        yield _unjudged(element, f"{len(element.attrib)} attributs")
        return
    leaf = element.tag not in (ROOT, INVOICE)
    try:
        alone = shell(element)
    except ValueError as wrong:
        yield _unjudged(element, str(wrong))
        return
    for party in parties:
        etree.SubElement(alone, party, {"gln": "0000000000000"})
    if leaf and not _is_empty(element):
        yield Fault(element, None, f"<{local(element)}>...", Both("un élément vide", "an empty element"))
    if _SCHEMA.validate(alone):
        return
    said: set[str | None] = set()
    for error in _SCHEMA.error_log:
        named = _ATTRIBUTE.search(error.message)
        attribute = named[1] if named else None
        if attribute not in said:
            said.add(attribute)
            value = re.sub(r"\{[^}]*\}", "", error.message) if attribute is None else _value(element, attribute)
            known = None if "is not allowed" in error.message else FIELDS.get((str(element.tag), attribute or ""))
            yield Fault(element, attribute, value, describe(known) if known else _ELSEWHERE)


def _unjudged(element: etree._Element, why: str) -> Fault:
    """An element whose attributes cannot be judged loses them, so that nobody reads them."""
    element.attrib.clear()
    return Fault(element, None, why, _ELSEWHERE)


def _value(element: etree._Element, attribute: str) -> str:
    for name, value in element.attrib.items():
        if str(name).rpartition("}")[2] == attribute:
            return str(value)
    return "absent"
