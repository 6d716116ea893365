"""Well-formed FA and LG records by the hundred, column by column: the hot path of the fixed format.

`parsers.fixed.grammar` has said that the bytes are records of their form. Brought to one length they lie at one distance from
each other, so that a column is cut out of all of them at once, at the layout's positions, and no record is looked at by
itself.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import Any

from parsers.fixed import fields
from parsers.fixed.grammar import END
from schemas.charset import ENCODING
from schemas.declaration import Lines
from schemas.lending.layout import FA, LENGTH, LG, Field, Layout

_STRIDE = LENGTH + 1
_RECORD = re.compile(rf"([\s\S]{{{LENGTH}}}){END}".encode())
_FA_MARK = ord(FA.mark[0])
_NUMBER = FA.field("record")
#: What a title may hold: anything but control characters.
_SOUND = bytes(byte for byte in range(256) if not (byte < 0x20 or 0x7F <= byte <= 0x9F))
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))
#: As many records are taken one by one: columns are worth their while for more.
_FEW = 16
#: (most digits, bytes that hold them, what `struct` calls these).
_LANES = ((9, 4, "I"), (19, 8, "Q"))


def fields_of(layout: Layout) -> tuple[Field, ...]:
    """The fields that are read by the column: all between running number and filler."""
    return layout.fields[2:-1]


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
        return _columns(self.raw, (_NUMBER,))[0]

    @cached_property
    def heads(self) -> list[list[Any]]:
        """The FA field by field. ValueError or KeyError when one holds what is no value: a date may be no day."""
        some = b"".join([self.raw[place * _STRIDE : (place + 1) * _STRIDE] for place in self.invoices])
        return _columns(some, fields_of(FA))

    def unsound(self) -> list[int]:
        """The places of the FA that hold what is no value."""
        try:
            self.heads  # noqa: B018 - made here, or not
        except (ValueError, KeyError):
            return [place for place in self.invoices if not _is_sound(self.part(place, place + 1).raw)]
        return []

    def lines(self) -> tuple[Lines, bool]:
        """The LG; and whether a title among them wants a second look, in which case they are given as they stand."""
        between = pairwise((-1, *self.invoices, len(self)))
        some = b"".join([self.raw[(begin + 1) * _STRIDE : end * _STRIDE] for begin, end in between])
        *others, field = fields_of(LG)
        titles = list(_cut(some, field))
        stripped = list(map(bytes.rstrip, titles))
        odd = bool(b"".join(titles).translate(None, _SOUND)) or b"\n " in b"\n" + b"\n".join(stripped)
        plain = [title.decode(ENCODING) for title in titles] if odd else _texts(stripped)
        return Lines((*_columns(some, others), plain)), odd


def block(raw: bytes) -> Block:
    """Records as they stand, which may end and be followed by empty lines differently."""
    if b"\r" in raw or raw.count(b"\n") * _STRIDE != len(raw):
        raw = b"".join([record + b"\n" for record in _RECORD.findall(raw)])
    return Block(raw)


def _is_sound(record: bytes) -> bool:
    """Whether an FA holds values."""
    try:
        return bool(_columns(record, fields_of(FA)))
    except (ValueError, KeyError):
        return False


def _columns(raw: bytes, some: Sequence[Field]) -> list[list[Any]]:
    """What the characters of these fields stand for, in every record. ValueError or KeyError when they are no value."""
    if len(raw) > _FEW * _STRIDE:
        return [_values(raw, field) for field in some]
    text, begins = raw.decode(ENCODING), range(0, len(raw), _STRIDE)
    return [
        [fields.converter(field)(text[begin + field.first - 1 : begin + field.last]) for begin in begins]
        for field in some
    ]


def _values(raw: bytes, field: Field) -> list[Any]:
    """The same of one field in many records."""
    convert = fields.converter(field)
    columns = (raw[place::_STRIDE] for place in range(field.first - 1, field.last))
    if all(column == column[:1] * len(column) for column in columns):
        return [convert(raw[field.first - 1 : field.last].decode(ENCODING))] * (len(raw) // _STRIDE)
    if convert is int:
        return _integers(raw, field)
    if field.meaning == "text":  # its spaces, the only blanks it may hold, are cheaper to drop before it is decoded
        return _texts(list(map(bytes.rstrip, _cut(raw, field))))
    texts = _texts(list(_cut(raw, field)))
    return texts if convert is str else list(map(convert, texts))


def _integers(raw: bytes, field: Field) -> list[int]:
    """The numbers in a field of digits. Of each of its places all records' digits are taken at once, as one long number."""
    count = len(raw) // _STRIDE
    size, code = next((size, code) for most, size, code in _LANES if field.width <= most)
    total, zeros = 0, b"0" * count
    for place in range(field.first - 1, field.last):
        digits = raw[place::_STRIDE]
        if digits != zeros:
            lanes = bytearray(size * count)
            lanes[::size] = digits.translate(_DIGITS)
            total += int.from_bytes(lanes, "little") * 10 ** (field.last - 1 - place)
    return list(struct.unpack(f"<{count}{code}", total.to_bytes(size * count, "little")))


def _cut(raw: bytes, field: Field) -> Iterator[bytes]:
    """The characters of a field in every record."""
    return chain.from_iterable(_cutter(field).iter_unpack(raw))


@lru_cache
def _cutter(field: Field) -> struct.Struct:
    return struct.Struct(f"{field.first - 1}x{field.width}s{_STRIDE - field.last}x")


def _texts(column: Sequence[bytes]) -> list[str]:
    """The same as text: decoded all at once, since that codec is slow to begin."""
    return b"\n".join(column).decode(ENCODING).split("\n") if column else []
