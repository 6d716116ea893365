"""One field of a fixed-format record: its characters into a value and back, and the finding when they have none."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from operator import methodcaller
from typing import Any

from parsers.fixed.grammar import Misread
from schemas import charset
from schemas.finding import Finding, shown
from schemas.lending import lists
from schemas.lending.layout import LG, Field, describe
from schemas.text import Text

_TITLE = LG.field("title")
#: Digits in these may be no day; the date is wrong then, and not its form.
_INVOICE_DATES = ("date", "credited_on")


def finding(code: str, field: Field, record: int, found: str, expected: Text | None = None) -> Finding:
    """A finding at `field`, where its characters are `found`; what it should hold is expected, unless anything is named."""
    return Finding(
        code=code, record=record, position=field.first, field=field.wire, found=shown(found),
        expected=describe(field) if expected is None else expected,
    )  # fmt: skip


def misread(code: str, field: Field, record: int, text: str) -> Finding:
    """A finding at `field`, whose characters are `text`; blanks that only fill are not shown."""
    return finding(code, field, record, text.rstrip(" ") or text)


def _name(text: str) -> str:
    name = text.rstrip(" ")
    if not name:
        raise ValueError(text)
    return name


@lru_cache(4096)
def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _moment(text: str) -> datetime:
    return datetime.combine(_day(text[:8]), time(int(text[8:10]), int(text[10:12]), int(text[12:])))


def _digits(when: date) -> str:
    """ISO 8601 without its separators; unlike strftime it fills the year."""
    iso = when.isoformat(timespec="seconds") if isinstance(when, datetime) else when.isoformat()
    return iso.translate({ord(separator): None for separator in "-:T"})


_Codec = tuple[Callable[[str], Any], Callable[[Any], str]]
#: How the characters of each meaning are read (ValueError or KeyError when they have no value), and written.
_CODECS: dict[str, _Codec] = {
    **dict.fromkeys(("number", "cents", "rate"), (int, str)),
    **dict.fromkeys(("gln", "ean"), (str, str)),
    "text": (methodcaller("rstrip", " "), str),
    "name": (_name, str),
    "blank": (lambda text: None, lambda _: ""),
    "day": (_day, _digits),
    "day-or-none": (lambda text: None if text == "00000000" else _day(text), lambda day: _digits(day) if day else ""),
    "moment": (_moment, _digits),
}
_OF_CODES: dict[tuple[lists.Row, ...], _Codec] = {
    rows: (lists.words(rows, "fixed").__getitem__, lists.written(rows, "fixed").__getitem__)
    for rows in (lists.SIDE, lists.USE, lists.NATURE, lists.KIND)
}


def converter(field: Field) -> Callable[[str], Any]:
    """What turns a field's characters into its value; ValueError or KeyError when they have none."""
    return _codec(field)[0]


def read(
    some: Sequence[Field], texts: Mapping[str, str], record: int, code: str = "field-format"
) -> tuple[dict[str, Any], list[Finding]]:
    """The values of fields, None where the characters have none; and what is to be said of those, and of titles."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for field in some:
        text = texts[field.name]
        if field.form == "title":
            values[field.name], altered = title(text, record)
            findings += altered
            continue
        value, wrong = _value(field, text)
        if wrong:
            no_day = field.name in _INVOICE_DATES and not isinstance(text, Misread)
            findings.append(misread("invoice-date-invalid" if no_day else code, field, record, text))
        if field.meaning != "blank":
            values[field.name] = value
    return values, findings


def title(text: str, record: int) -> tuple[str, list[Finding]]:
    """A title brought into the repertoire; and the finding if that altered it."""
    plain, altered = charset.title(text)
    if not altered:
        return plain, []
    return plain, [finding("title-altered", _TITLE, record, text.strip(" "), plain)]


def write(field: Field, value: Any) -> str:
    """The characters of a value. A None where something must stand is our own mistake, and so is text too wide."""
    assert value is not None or field.meaning in ("blank", "day-or-none"), field.name
    text = _codec(field)[1](value)
    padded = text.rjust(field.width, "0") if field.form == "n" else text.ljust(field.width)
    assert len(padded) == field.width, f"{field.name}: {text!r} is too wide"
    return padded


def _codec(field: Field) -> _Codec:
    return _OF_CODES[field.codes] if field.codes else _CODECS[field.meaning]


def _value(field: Field, text: str) -> tuple[Any, bool]:
    """(value, whether it is wrong) of a field's characters."""
    if isinstance(text, Misread):
        return None, True
    try:
        return converter(field)(text), False
    except (ValueError, KeyError):
        return None, True
