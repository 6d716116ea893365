"""What the XSD says against one element of a declaration, one fault a place.

Authority: `schemas/xsd/declaration-1.0.xsd`. Each element is held against it by itself, under its own name; which may
stand where is the reader's to say. libxml2 keeps every name it meets for as long as the process lives, so names that
the schema does not know are shown to it as others.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec
from lxml import etree

from parsers.xml.tag import ADDRESSEE, CONTRACT, DECLARANT, INVOICE, LINE, MAX_ATTRIBUTES, NAMESPACE, ROOT, Tag, local
from schemas.finding import Finding, shown
from schemas.lending.layout import EN, FA, LG, Field, describe
from schemas.text import Both, Text

_SCHEMA = etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd/declaration-1.0.xsd").read_bytes()))
_ATTRIBUTE = re.compile(r"[Aa]ttribute '(?:\{[^}]*\})?([^']+)'")
_UNKNOWN = "inconnu"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
#: What a validator reads of any element; where a schema lies is for nobody to follow.
_OF_INSTANCES = {_INSTANCE + "type", _INSTANCE + "nil"}
_LOCATIONS = {_INSTANCE + "schemaLocation", _INSTANCE + "noNamespaceSchemaLocation"}
#: The fixed format's field that an attribute of an element stands for, or would.
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

    tag: Tag
    attribute: str | None
    found: str
    expected: Text = _ELSEWHERE

    def finding(self, code: str, line: int | None = None, field: str | None = None) -> Finding:
        """The finding, at the element or at a `line` above it."""
        known = self.attribute is None or self.attribute in map(local, self.tag.attributes)
        return Finding(
            code=code,
            record=line or self.tag.end.line,
            field=shown(field or self.attribute or self.tag.local),
            found=shown(self.found),
            expected=self.expected,
            column=self.tag.column(self.attribute) if line in (None, self.tag.end.line) else None,
            path=self.tag.path + (f"/@{shown(self.attribute)}" if self.attribute and known else ""),
        )


def misplaced(tag: Tag) -> Fault:
    """An element that the schema does not provide for where it stands."""
    return Fault(tag, None, f"<{tag.local}>")


def own_faults(tag: Tag, parties: Sequence[str] = ()) -> Iterator[Fault]:
    """Faults of one element: its attributes, and of a leaf that it holds something.

    `parties` stand in it for the schema's sake. An element of too many attributes loses them, so that nobody reads them.
    """
    if len(tag.attributes) > MAX_ATTRIBUTES:
        yield Fault(tag, None, f"{len(tag.attributes)} attributs")
        tag.attributes = {}
        return
    if tag.name not in (ROOT, INVOICE) and not tag.empty:
        yield Fault(tag, None, f"<{tag.local}>...", Both("un élément vide", "an empty element"))
    names = dict(_shown_names(tag))
    alone = etree.Element(tag.name, {name: tag.attributes[as_is] for name, as_is in names.items()}, {None: NAMESPACE})
    for party in parties:
        etree.SubElement(alone, party, {"gln": "0000000000000"})
    if _SCHEMA.validate(alone):
        return
    known: set[str | None] = set()
    for error in _SCHEMA.error_log:
        named = _ATTRIBUTE.search(error.message)
        as_is = names.get(named[1], named[1]) if named else None
        attribute = None if as_is is None else local(as_is)
        if attribute in known:
            continue
        known.add(attribute)
        if attribute is None:
            yield Fault(tag, None, re.sub(r"\{[^}]*\}", "", error.message))
            continue
        field = None if "is not allowed" in error.message else FIELDS.get((tag.name, attribute))
        written = next((value for name, value in tag.attributes.items() if local(name) == attribute), "absent")
        yield Fault(tag, attribute, written, describe(field) if field else _ELSEWHERE)


def _shown_names(tag: Tag) -> Iterator[tuple[str, str]]:
    """(name that libxml2 is shown, name) of each attribute that is judged."""
    for place, name in enumerate(tag.attributes):
        if (tag.name, name) in FIELDS or name in _OF_INSTANCES:
            yield name, name
        elif name not in _LOCATIONS:
            yield f"{_UNKNOWN}{place}", name
