"""Our XSDs as tables, for the partners' specification: elements, what they hold, attributes and their facets.

Knows only what our own schemas are made of: sequences, attributes, named or anonymous types, simple content.
"""

from collections.abc import Iterator
from importlib.resources import files

import msgspec
from lxml import etree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_Named = dict[tuple[object, str | None], etree._Element]


class Attribute(msgspec.Struct, frozen=True):
    """One attribute: its type's name, and every facet of that type and of those it is made from."""

    name: str
    required: bool
    type: str
    values: tuple[str, ...]
    patterns: tuple[str, ...]
    least: int | None
    most: int | None


class Element(msgspec.Struct, frozen=True):
    """One element: how often it may stand in its parent, its attributes, its children; whether it holds text.

    `most` None is any number; the root stands once.
    """

    name: str
    least: int
    most: int | None
    text: bool
    attributes: tuple[Attribute, ...]
    children: tuple[str, ...]


def elements(name: str, root: str) -> list[Element]:
    """The elements of the schema `name` (`declaration-1.0.xsd`) from `root` down, each where it first stands."""
    schema = etree.fromstring(files("schemas").joinpath("xsd", name).read_bytes())
    named: _Named = {(child.tag, child.get("name")): child for child in schema if child.get("name")}
    found: list[Element] = []
    _walk(named[_XS + "element", root], None, named, found)
    return found


def _walk(element: etree._Element, place: etree._Element | None, named: _Named, found: list[Element]) -> None:
    """Adds `element`, which stands at `place` in a sequence, and what it holds."""
    typed = element.get("type")
    complex_type = element.find(_XS + "complexType")
    if complex_type is None and (_XS + "complexType", typed) in named:
        complex_type = named[_XS + "complexType", typed]
    inside = [] if complex_type is None else list(complex_type.iterfind(f"{_XS}sequence/{_XS}element"))
    held = [(named[_XS + "element", child.get("ref")] if child.get("ref") else child, child) for child in inside]
    most = "1" if place is None else place.get("maxOccurs", "1")
    found.append(
        Element(
            name=element.attrib["name"],
            least=1 if place is None else int(place.get("minOccurs", "1")),
            most=None if most == "unbounded" else int(most),
            text=complex_type is None or complex_type.find(_XS + "simpleContent") is not None,
            attributes=() if complex_type is None else tuple(_attributes(complex_type, named)),
            children=tuple(child.attrib["name"] for child, _ in held),
        )
    )
    for child, at in held:
        if child.get("name") not in [one.name for one in found]:
            _walk(child, at, named, found)


def _attributes(complex_type: etree._Element, named: _Named) -> Iterator[Attribute]:
    for attribute in complex_type.iter(_XS + "attribute"):
        if next(attribute.iterancestors(_XS + "complexType")) is not complex_type:
            continue  # of an element within
        facets: dict[str, list[str]] = {}
        simple, base = attribute.find(_XS + "simpleType"), attribute.get("type", "xs:string")
        while simple is not None or (_XS + "simpleType", base) in named:
            restriction = (named[_XS + "simpleType", base] if simple is None else simple).find(_XS + "restriction")
            assert restriction is not None
            for facet in restriction:
                if isinstance(facet.tag, str):
                    facets.setdefault(facet.tag.removeprefix(_XS), []).append(facet.attrib["value"])
            simple, base = None, restriction.attrib["base"]
        yield Attribute(
            name=attribute.attrib["name"],
            required=attribute.get("use") == "required",
            type=attribute.get("type", "xs:string"),
            values=tuple(facets.get("enumeration", ())),
            patterns=tuple(facets.get("pattern", ())),
            least=int(facets["minLength"][0]) if "minLength" in facets else None,
            most=int(facets["maxLength"][0]) if "maxLength" in facets else None,
        )
