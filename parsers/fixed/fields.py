"""One field of a fixed-format record: its characters into a value, and the finding when they have none."""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from operator import methodcaller
from typing import Any

from parsers.fixed.grammar import Misread
from schemas.finding import Finding, shown
from schemas.lending import lists
from schemas.lending.layout import Field, describe


def finding(code: str, field: Field, text: str, record: int) -> Finding:
    """A finding at `field`, whose characters are `text`."""
    return Finding(
        code=code,
        record=record,
        position=field.first,
        field=field.wire,
        found=shown(text.rstrip(" ") or text),
        expected=describe(field),
    )


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


_CODES: dict[tuple[lists.Row, ...], dict[str, str]] = {
    rows: lists.from_fixed(rows) for rows in (lists.SIDE, lists.USE, lists.NATURE, lists.KIND)
}
_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "number": int,
    "cents": int,
    "rate": int,
    "gln": str,
    "ean": str,
    "text": methodcaller("rstrip", " "),
    "name": _name,
    "blank": lambda text: None,
    "day": _day,
    "day-or-none": lambda text: None if text == "00000000" else _day(text),
    "moment": _moment,
}


def converter(field: Field) -> Callable[[str], Any]:
    """What turns a field's characters into its value; ValueError or KeyError when they have none."""
    return _CODES[field.codes].__getitem__ if field.codes else _CONVERTERS[field.meaning]


def value(field: Field, text: str) -> tuple[Any, bool]:
    """(value, whether it is wrong) of a field's characters."""
    if isinstance(text, Misread):
        return None, True
    try:
        return converter(field)(text), False
    except (ValueError, KeyError):
        return None, True
