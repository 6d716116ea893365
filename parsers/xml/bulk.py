"""Whole invoices, and runs of lines, of which there is nothing to say: many at once, by one expression over their bytes.

The expression is made of the layout and the XSD's attributes: what it takes, the XSD takes (a property test holds it to that). It knows the
attributes in one order, one quote and one prefix, which are the file's own: the reader learns them as it goes. What it
does not take, the reader takes apart.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec

from parsers.xml.faults import FIELDS
from parsers.xml.tag import CONTRACT, INVOICE, LINE, local
from parsers.xml.tag import lines as line_ends
from parsers.xml.values import ATTRIBUTES
from schemas import charset
from schemas.declaration import NO_LINES, Invoices, Lines
from schemas.lending import lists
from schemas.lending.layout import FA, LG, Field

_TEXT = r"(?! )[!#-%(-;=?-~ ]"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
#: A value's expression by what its field means. What is not ASCII stands in titles alone, which are not long; entities are the five.
_VALUES: dict[str, Callable[[Field], str]] = {
    "gln": lambda field: "[0-9]{13}",
    "ean": lambda field: "[0-9]{13}",
    "name": lambda field: f"{_TEXT}{{1,{field.width}}}",
    "text": lambda field: f"(?:{_TEXT}{{1,{field.width}}})?",
    "code": lambda field: "|".join(row.xml for row in field.codes),
    "day": lambda field: _DAY,
    "day-or-none": lambda field: _DAY,
    "cents": lambda field: rf"[0-9]{{1,{field.width - 2}}}\.[0-9]{{2}}",
    "rate": lambda field: rf"[0-9]{{1,{field.width - 2}}}\.[0-9]{{2}}",
    "number": lambda field: f"[0-9]{{1,{field.width}}}",
}
_TITLE = r"[^QUOTE&<>\x00-\x1f]{0,999}(?:&(?:amp|lt|gt|quot|apos);[^QUOTE&<>\x00-\x1f]{0,99}){0,99}"
_ENTITIES = ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&apos;", b"'"), (b"&amp;", b"&"))
_ELEMENTS = (INVOICE, CONTRACT, LINE)
_S = r"[ \t\r\n]"
#: U+FFFE and U+FFFF, which are no characters of XML, begin so; so do few others.
ODD = b"\xef\xbf"


_ReadTitles = Callable[[Sequence[bytes]], tuple[list[str] | None, list[tuple[int, str]]]]


class Shape(msgspec.Struct, frozen=True):
    """How a file writes its invoices: prefix with its colon, quote, what stands before it, and the order of the attributes of each element."""

    prefix: str = ""
    quote: str = '"'
    equals: str = "="
    orders: tuple[tuple[str, ...], ...] = tuple(tuple(each.name for each in ATTRIBUTES[name]) for name in _ELEMENTS)

    def order(self, name: str) -> tuple[str, ...]:
        """The attributes of an element in the order of the file."""
        return self.orders[_ELEMENTS.index(name)]

    def learned(self, name: str, raw: bytes, attributes: Sequence[str]) -> "Shape":
        """The shape in which this tag is written too, its absent attributes behind those that the XSD has before them."""
        prefix = raw[1:].split(local(name).encode())[0].decode()
        if name not in _ELEMENTS:
            return Shape(prefix, self.quote, self.equals, self.orders)
        place = _ELEMENTS.index(name)
        present = [attribute for attribute in attributes if attribute in self.orders[place]]
        order = list(present)
        for before, attribute in pairwise((None, *self.orders[place])):
            if attribute not in present:
                order.insert(order.index(before) + 1 if before in order else 0, attribute or "")
        quote = self.quote if self.quote.encode() in raw or b"=" not in raw else {'"': "'"}.get(self.quote, '"')
        orders = (*self.orders[:place], tuple(order), *self.orders[place + 1 :])
        equals = " = " if f" = {quote}".encode() in raw else "="
        return Shape(prefix, quote, equals, self.orders if _follows(present, self.orders[place]) else orders)


def _follows(some: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(name) for name in some]
    return places == sorted(places)


class Bulk(msgspec.Struct, frozen=True):
    """The expressions of one shape: a run of whole invoices, the first of it, a run of lines; and those that take a tag apart."""

    shape: Shape
    run: re.Pattern[bytes]
    first: re.Pattern[bytes]
    lines: re.Pattern[bytes]
    head: re.Pattern[bytes]
    line: re.Pattern[bytes]

    def invoices(self, raw: bytes, line: int) -> tuple[Invoices, int] | None:
        """The invoices of a run that begins on that line, and how many elements they are; None if something is to be said."""
        heads = self._heads(raw)
        table, _ = self._table(raw, _plain_titles) if heads is not None else (None, [])
        if heads is None or table is None:
            return None
        records, line_records, begins, elements = _records(raw, line, self.shape.prefix.encode())
        return Invoices(records, heads, begins, table, [line_records[b:e] for b, e in pairwise(begins)]), elements

    def lines_of(self, raw: bytes, line: int) -> tuple[Lines, list[int], list[tuple[int, str]]]:
        """The lines of a run, the line where each tag ends, and of those whose title was altered the place and what it was."""
        table, altered = self._table(raw, _titles)
        assert table is not None
        return Lines(table), _records(raw, line, self.shape.prefix.encode())[1], altered

    def _heads(self, raw: bytes) -> list[Sequence[Any]] | None:
        columns = dict(
            zip(_fields(self.shape, INVOICE, CONTRACT), zip(*self.head.findall(raw), strict=True), strict=True)
        )
        try:
            return [
                _CONVERTERS[field.meaning](columns[field.name])
                if field.name in columns
                else [None] * len(columns["number"])
                for field in FA.fields[2:-1]
            ]
        except ValueError:  # of a day that is none
            return None

    def _table(self, raw: bytes, read: _ReadTitles) -> tuple[tuple[Sequence[Any], ...] | None, list[tuple[int, str]]]:
        """The columns of the lines, and the titles altered; None if titles cannot be read so."""
        rows = self.line.findall(raw)
        if not rows:
            return NO_LINES.table, []
        columns = dict(zip(_fields(self.shape, LINE), zip(*rows, strict=True), strict=True))
        titles, altered = read(columns.pop("title"))
        if titles is None:
            return None, altered
        others = [_CONVERTERS[field.meaning](columns[field.name]) for field in LG.fields[2:-2]]
        return (*others, titles), altered


def _tag(shape: Shape, name: str, groups: bool) -> str:
    """The expression of a start tag up to its end; each value is a group, if `groups`."""
    known = {attribute.name: attribute for attribute in ATTRIBUTES[name]}
    parts = [f"<{re.escape(shape.prefix)}{local(name)}"]
    for attribute in shape.order(name):
        field = known[attribute].field
        value = _TITLE.replace("QUOTE", shape.quote) if field.form == "title" else _VALUES[field.meaning](field)
        value = f"({value})" if groups else f"(?:{value})"
        written = f"{_S}+{attribute}{shape.equals}{shape.quote}{value}{shape.quote}"
        parts.append(written if known[attribute].required else f"(?:{written})?")
    return "".join(parts) + f"{_S}*"


@lru_cache(64)
def bulk(shape: Shape) -> Bulk:
    """The expressions of a shape."""
    prefix = re.escape(shape.prefix)
    close = {name: f"</{prefix}{name}{_S}*>" for name in ("facture", "marche", "ligne")}

    def leaf(name: str, groups: bool) -> str:
        return f"{_tag(shape, name, groups)}(?:/>|>{close[local(name)]}){_S}*"

    def start(groups: bool) -> tuple[str, str]:
        return _tag(shape, INVOICE, groups), f">{_S}*(?:{leaf(CONTRACT, groups)})?"

    tag, inside = start(False)
    whole = f"{tag}(?:/>{_S}*|{inside}(?:{leaf(LINE, False)})*{close['facture']}{_S}*)"
    taken_apart = "(?:/>|" + start(True)[1] + ")"
    texts = (
        f"{_S}*(?:{whole})+",
        _S + "*" + whole,
        f"{_S}*(?:{leaf(LINE, False)})+",
        start(True)[0] + taken_apart,
        leaf(LINE, True),
    )
    return Bulk(shape, *(re.compile(text.encode()) for text in texts))


@lru_cache(256)
def _fields(shape: Shape, *names: str) -> list[str]:
    """The layout's name for each group of the expressions."""
    return [FIELDS[name, attribute].name for name in names for attribute in shape.order(name)]


def _records(raw: bytes, line: int, prefix: bytes) -> tuple[list[int], list[int], list[int], int]:
    """The lines where the tags of invoices end, and of their lines; which line of these each begins with; how many elements."""
    invoices: list[int] = []
    lines: list[int] = []
    begins: list[int] = []
    contracts, plain = 0, b"\r" not in raw
    name = len(prefix) + 1
    for piece in raw.split(b">")[:-1]:
        line += piece.count(b"\n") if plain else line_ends(piece)
        at = piece.find(b"<")
        mark = piece[at + name]
        if piece[at + 1] == _CLOSE:
            continue
        if mark == _LINE:
            lines.append(line)
        elif mark == _INVOICE:
            invoices.append(line)
            begins.append(len(lines))
        else:
            contracts += 1
    return invoices, lines, [*begins, len(lines)], len(invoices) + len(lines) + contracts


_CLOSE, _LINE, _INVOICE = b"/lf"


def _texts(column: Sequence[bytes]) -> list[str]:
    if column.count(column[0]) == len(column):
        return [column[0].decode().rstrip(" ")] * len(column)
    text = b"\n".join(column).decode()
    return text.split("\n") if " " not in text else [one.rstrip(" ") for one in text.split("\n")]


def _integers(column: Sequence[bytes]) -> list[int]:
    if column.count(column[0]) == len(column):
        return [int(column[0].replace(b".", b"") or 0)] * len(column)
    digits = b"\n".join(column).replace(b".", b"").split(b"\n")
    return [int(text) if text else 0 for text in digits]


@lru_cache(4096)
def _day(text: bytes) -> date | None:
    return date.fromisoformat(text.decode()) if text else None


def _plain_titles(column: Sequence[bytes]) -> tuple[list[str] | None, list[tuple[int, str]]]:
    """Titles, if all stand as the repertoire has them."""
    titles, text = _unescaped(column)
    spaced = "\n " in f"\n{text}" or " \n" in f"{text}\n"
    sound = charset.TEXTS.fullmatch(text) and not spaced and max(map(len, titles)) <= charset.TITLE_WIDTH
    return titles if sound else None, []


def _titles(column: Sequence[bytes]) -> tuple[list[str], list[tuple[int, str]]]:
    """Titles as the repertoire has them; of those altered the place and what stood there."""
    if (sound := _plain_titles(column)[0]) is not None:
        return sound, []
    titles, _ = _unescaped(column)
    brought = list(map(charset.title, titles))
    return [plain for plain, _ in brought], [(at, titles[at]) for at, (_, odd) in enumerate(brought) if odd]


def _unescaped(column: Sequence[bytes]) -> tuple[list[str], str]:
    """Texts without entities; and all of them, a line each."""
    joined = b"\n".join(column)
    if b"&" in joined:
        for entity, character in _ENTITIES:
            joined = joined.replace(entity, character)
    text = joined.decode()
    return text.split("\n"), text


_KIND = {code.encode(): kind for code, kind in lists.words(lists.KIND, "xml").items()}
_CONVERTERS: dict[str, Callable[[Sequence[bytes]], Sequence[Any]]] = {
    "gln": _texts,
    "ean": _texts,
    "name": _texts,
    "text": _texts,
    "number": _integers,
    "cents": _integers,
    "rate": _integers,
    "day": lambda column: list(map(_day, column)),
    "day-or-none": lambda column: list(map(_day, column)),
    "code": lambda column: [_KIND[kind] for kind in column],
}
