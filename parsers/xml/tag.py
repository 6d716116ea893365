"""Places in an XML stream, and start tags: names, attributes, bytes, path."""

import re
from typing import IO

import msgspec

VERSION = "1.0"
NAMESPACE = "urn:droit-de-pret:declaration:1.0"
NAMES = ("declaration", "declarant", "destinataire", "facture", "marche", "ligne")
ROOT, DECLARANT, ADDRESSEE, INVOICE, CONTRACT, LINE = (f"{{{NAMESPACE}}}{name}" for name in NAMES)
#: More attributes than any element has: such a one is not looked at.
MAX_ATTRIBUTES = 32
PIECE = 1 << 17
_LINE_END = re.compile(rb"\r\n?|\n")
_ATTRIBUTE = re.compile(rb"\s(?:[^\s=:]+:)?([^\s=:]+)\s*=\s*(?:\"([^\"]*)|'([^']*))")


class Place(msgspec.Struct, frozen=True):
    """Where something stands: its byte in the stream, line and column (in characters), both from 1."""

    offset: int
    line: int
    column: int

    def behind(self, raw: bytes) -> "Place":
        """The place behind these bytes, which begin here."""
        if ends := lines(raw):
            column = 1 + _characters(raw[max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1 :])
        else:
            column = self.column + _characters(raw)
        return Place(self.offset + len(raw), self.line + ends, column)


class Tag(msgspec.Struct):
    """A start tag: its names and attributes under their namespaces, its bytes, where they begin and end, and its path.

    The path is an XPath of local names; an element that is none of ours is a `*`. `empty` is False once it holds anything.
    """

    name: str
    attributes: dict[str, str]
    raw: bytes
    begin: Place
    end: Place
    path: str
    empty: bool = True

    @property
    def local(self) -> str:
        """Its name without the namespace."""
        return local(self.name)

    def value(self, attribute: str) -> tuple[Place, int]:
        """Where an attribute's value begins, and how many bytes it has; of one that is absent, the tag and its name."""
        for written in _ATTRIBUTE.finditer(self.raw):
            if written[1] == attribute.encode():
                begin, end = written.span(written.lastindex or 0)
                return self.begin.behind(self.raw[:begin]), end - begin
        return self.begin, len(re.split(rb"[\s/>]", self.raw, maxsplit=1)[0])

    def column(self, attribute: str | None = None) -> int:
        """The column of an attribute's value, or of the tag, on the line where the tag ends; that of its end failing that."""
        place = self.begin if attribute is None else self.value(attribute)[0]
        return place.column if place.line == self.end.line else self.end.column - 1


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def lines(raw: bytes) -> int:
    """How many lines end in these bytes."""
    ends = raw.count(b"\n")
    return ends + raw.count(b"\r") - raw.count(b"\r\n") if b"\r" in raw else ends


def line_offset(stream: IO[bytes], line: int, column: int) -> int | None:
    """The byte at a line and column, both from 1, of a file that need not be well-formed; None if it has no such line."""
    stream.seek(0)
    place = Place(0, 1, 1)
    while chunk := stream.read(PIECE):
        chunk += stream.read(1) if chunk.endswith(b"\r") else b""
        behind = place.behind(chunk)
        if behind.line > line or (behind.line == line and behind.column > column):
            ends = [0, *(end.end() for end in _LINE_END.finditer(chunk))]
            begin = ends[line - place.line]
            text = chunk[begin:].decode("utf-8", "replace")[: column - (1 if begin else place.column)]
            return place.offset + begin + len(text.encode())
        place = behind
    return place.offset if place.line == line else None


def _characters(raw: bytes) -> int:
    return len(raw) if raw.isascii() else len(raw.decode("utf-8", "replace"))
