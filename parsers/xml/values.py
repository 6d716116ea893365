"""Values in XML by what their field means: read as far as the XSD lets them be, and written.

Authority: format, section 2. What the XSD has accepted needs no second look, but that a day or an hour may be none.
"""

from collections.abc import Callable, Set
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from parsers.xml.faults import FIELDS
from parsers.xml.tag import NAMESPACE, Tag
from parsers.xml.xsd import elements
from schemas import money
from schemas.lending import lists
from schemas.lending.layout import Field

_PARIS = ZoneInfo("Europe/Paris")


class Attribute(msgspec.Struct, frozen=True):
    """An attribute that an element may have: its name, its field of the fixed format, whether the XSD wants it."""

    name: str
    field: Field
    required: bool


#: The attributes of each element, in the order of the XSD.
ATTRIBUTES: dict[str, tuple[Attribute, ...]] = {
    (name := f"{{{NAMESPACE}}}{element.name}"): tuple(
        Attribute(attribute.name, FIELDS[name, attribute.name], attribute.required) for attribute in element.attributes
    )
    for element in elements("declaration-1.0.xsd", "declaration")
}


def _paris(text: str) -> datetime:
    """Paris wall-clock time of a moment; an hour that summer time skips stays as it was written."""
    moment = datetime.fromisoformat(text)
    wall = moment.replace(tzinfo=None)
    if wall.replace(tzinfo=_PARIS).utcoffset() != moment.utcoffset():
        wall = moment.astimezone(_PARIS).replace(tzinfo=None, fold=0)
    return wall


def _moment(wall: datetime) -> str:
    aware = wall.replace(tzinfo=_PARIS)
    offset = aware.utcoffset()
    # Before 1911 Paris was 9 min 21 s ahead, which no XML time can say.
    return (aware.astimezone(UTC) if offset is None or offset.seconds % 60 else aware).isoformat()


_Codec = tuple[Callable[[str], Any], Callable[[Any], str]]
_TEXT: _Codec = (lambda text: text.rstrip(" "), str)
_CENTS: _Codec = (lambda text: int(text.replace(".", "")), money.decimal)
_DAY: _Codec = (date.fromisoformat, date.isoformat)
_CODECS: dict[str, _Codec] = {
    "gln": (str, str),
    "ean": (str, str),
    "name": _TEXT,
    "text": _TEXT,
    "number": (int, str),
    "cents": _CENTS,
    "rate": _CENTS,
    "day": _DAY,
    "day-or-none": _DAY,
    "moment": (_paris, _moment),
}
_OF_CODES: dict[tuple[lists.Row, ...], _Codec] = {
    rows: (lists.words(rows, "xml").__getitem__, lists.written(rows, "xml").__getitem__)
    for rows in (lists.SIDE, lists.USE, lists.NATURE, lists.KIND)
}


def read(tag: Tag, bad: Set[str | None]) -> tuple[dict[str, Any], list[Attribute]]:
    """The values of an element's attributes by their fields' names, None for those in `bad`; and which have none all the same.

    An attribute that is absent and may be has no value at all.
    """
    values: dict[str, Any] = {}
    wrong: list[Attribute] = []
    for attribute in ATTRIBUTES[tag.name]:
        written = tag.attributes.get(attribute.name)
        if attribute.name in bad:
            values[attribute.field.name] = None
        elif written is not None:
            try:
                values[attribute.field.name] = _codec(attribute.field)[0](written)
            except (ValueError, OverflowError, KeyError):
                values[attribute.field.name] = None
                wrong.append(attribute)
    return values, wrong


def write(name: str, source: object) -> dict[str, str]:
    """The attributes of an element of that name; those that may be absent only where there is anything to say."""
    values = {each.name: (getattr(source, each.field.name), each) for each in ATTRIBUTES[name]}
    assert all(value is not None for value, each in values.values() if each.required), name
    return {key: _codec(each.field)[1](value) for key, (value, each) in values.items() if value or each.required}


def _codec(field: Field) -> _Codec:
    return _OF_CODES[field.codes] if field.codes else _CODECS[field.meaning]
