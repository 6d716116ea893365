"""Our XSDs as tables, for the partners' specification: elements, what they hold, their attributes.

Knows only what our own schemas are made of: sequences, attributes, named or anonymous types, simple content.
"""

from importlib.resources import files

import msgspec
from lxml import etree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_Named = dict[tuple[object, str | None], etree._Element]


class Attribute(msgspec.Struct, frozen=True):
    """One attribute: its type's name, and the values it may have when they are listed."""

    name: str
    required: bool
    type: str
    values: tuple[str, ...]


class Element(msgspec.Struct, frozen=True):
    """One element: how often it stands in its parent (`1`, `0..n`), its attributes, its children, whether it holds text."""

    name: str
    times: str
    text: bool
    attributes: tuple[Attribute, ...]
    children: tuple[str, ...]


def elements(name: str, root: str) -> list[Element]:
    """The elements of the schema `name` (`declaration-1.0.xsd`) from `root` down, each where it first stands."""
    schema = etree.fromstring(files("schemas").joinpath("xsd", name).read_bytes())
    named: _Named = {(child.tag, child.get("name")): child for child in schema if child.get("name")}
    found: dict[str, Element] = {}
    _walk(named[_XS + "element", root], "1", named, found)
    return list(found.values())


def _walk(element: etree._Element, times: str, named: _Named, found: dict[str, Element]) -> None:
    inner = element.find(_XS + "complexType")
    held = named.get((_XS + "complexType", element.get("type"))) if inner is None else inner
    places = [] if held is None else held.findall(f"{_XS}sequence/{_XS}element")
    children = [named[_XS + "element", place.get("ref")] if place.get("ref") else place for place in places]
    content = (
        () if held is None else (*held.findall(_XS + "attribute"), *held.findall(f"{_XS}simpleContent//{_XS}attribute"))
    )
    found[element.attrib["name"]] = Element(
        element.attrib["name"],
        times,
        held is None or held.find(_XS + "simpleContent") is not None,
        tuple(_attribute(one, named) for one in content),
        tuple(child.attrib["name"] for child in children),
    )
    for child, place in zip(children, places, strict=True):
        if child.attrib["name"] not in found:
            least, most = place.get("minOccurs", "1"), place.get("maxOccurs", "1").replace("unbounded", "n")
            _walk(child, least if least == most else f"{least}..{most}", named, found)


def _attribute(attribute: etree._Element, named: _Named) -> Attribute:
    own = attribute.find(_XS + "simpleType")
    simple = named.get((_XS + "simpleType", attribute.get("type"))) if own is None else own
    values = () if simple is None else tuple(one.attrib["value"] for one in simple.iter(_XS + "enumeration"))
    required = attribute.get("use") == "required"
    return Attribute(attribute.attrib["name"], required, attribute.get("type", "xs:string"), values)
