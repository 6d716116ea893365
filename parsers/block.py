"""Well-formed FA and LG records by the hundred, column by column: the hot path of the fixed format.

`parsers.grammar` has said that the bytes are records of their form. Brought to one length they lie at one distance from
each other, so that they are cut at the layout's positions all at once, and no record is looked at by itself.
"""

import re
import struct
from collections.abc import Sequence
from functools import cached_property
from itertools import chain, compress
from typing import Any

from parsers import fields
from parsers.grammar import END
from schemas.charset import ENCODING
from schemas.declaration import Lines
from schemas.layout import FA, LENGTH, LG, Field, Layout

_STRIDE = LENGTH + 1
_RECORD = re.compile(rf"([\s\S]{{{LENGTH}}}){END}".encode())
_FA_MARK, _LG_MARK = ord("F"), ord("L")  # the first letters of FA and LG
_IS_LINE = bytes(byte == _LG_MARK for byte in range(256))
#: What a title may hold: anything but control characters.
_SOUND = bytes(byte for byte in range(256) if not (byte < 0x20 or 0x7F <= byte <= 0x9F))


def _cutter(some: Sequence[Field]) -> struct.Struct:
    """Cuts fields that follow one another out of records."""
    return struct.Struct(
        f"{some[0].first - 1}x" + "".join(f"{field.width}s" for field in some) + f"{_STRIDE - some[-1].last}x"
    )


def fields_of(layout: Layout) -> tuple[Field, ...]:
    """The fields that are read by the column: all between running number and filler."""
    return layout.fields[2:-1]


_HEADS, _LINES, _NUMBER = _cutter(fields_of(FA)), _cutter(fields_of(LG)), _cutter(FA.fields[1:2])


class Block:
    """Records one after another, each followed by one line feed."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._marks = raw[::_STRIDE]

    def __len__(self) -> int:
        return len(self._marks)

    def part(self, begin: int, end: int) -> "Block":
        """The records from `begin` up to `end`."""
        if end - begin == len(self):
            return self
        return Block(self.raw[begin * _STRIDE : end * _STRIDE])

    @cached_property
    def invoices(self) -> list[int]:
        """The places of the FA among them."""
        return [place for place, mark in enumerate(self._marks) if mark == _FA_MARK]

    def numbers(self) -> list[int]:
        """The running number of each."""
        return list(map(int, chain.from_iterable(_NUMBER.iter_unpack(self.raw))))

    @cached_property
    def heads(self) -> list[list[Any]]:
        """The FA field by field. ValueError or KeyError when one holds what is no value: a date may be no day."""
        some = b"".join([self.raw[place * _STRIDE : (place + 1) * _STRIDE] for place in self.invoices])
        return list(map(_values, fields_of(FA), _columns(_HEADS.iter_unpack(some), fields_of(FA))))

    def unsound(self) -> list[int]:
        """The places of the FA that hold what is no value."""
        try:
            self.heads  # noqa: B018 - made here, or not
        except (ValueError, KeyError):
            if len(self) == 1:
                return [0]
            return [place for place in self.invoices if self.part(place, place + 1).unsound()]
        return []

    def lines(self) -> tuple[Lines, bool]:
        """The LG; and whether a title among them wants a second look, in which case they are given as they stand."""
        rows = compress(_LINES.iter_unpack(self.raw), self._marks.translate(_IS_LINE))
        *columns, titles = _columns(rows, fields_of(LG))
        *others, field = fields_of(LG)
        width, joined = field.width, b"".join(titles)
        odd = joined[::width].count(b" ") != titles.count(b" " * width) or bool(joined.translate(None, _SOUND))
        plain = [title.decode(ENCODING) for title in titles] if odd else _values(field, titles)
        return Lines((*map(_values, others, columns), plain)), odd


def block(raw: bytes) -> Block:
    """Records as they stand, which may end and be followed by empty lines differently."""
    if b"\r" in raw or raw.count(b"\n") * _STRIDE != len(raw):
        raw = b"".join([record + b"\n" for record in _RECORD.findall(raw)])
    return Block(raw)


def _columns(rows: Any, some: Sequence[Field]) -> Sequence[tuple[bytes, ...]]:
    return tuple(zip(*rows, strict=True)) or ((),) * len(some)


def _values(field: Field, column: tuple[bytes, ...]) -> list[Any]:
    """What the bytes of a field stand for, in every record."""
    convert = fields.converter(field)
    if column and column.count(column[0]) == len(column):
        return [convert(column[0].decode(ENCODING))] * len(column)
    if convert is int:
        return list(map(int, column))
    if field.meaning == "text":  # its spaces are cheaper to drop before it is decoded
        return _texts([text.rstrip(b" ") for text in column])
    return _texts(column) if convert is str else list(map(convert, _texts(column)))


def _texts(column: Sequence[bytes]) -> list[str]:
    """The characters of a field in every record: decoded all at once, since that codec is slow to begin."""
    return b"\n".join(column).decode(ENCODING).split("\n") if column else []
