"""A walk over an XML stream, markup by markup: what stands there, at which byte, line, column and path.

expat judges the form, fed one whole tag, comment or instruction at a time, so that its events and the bytes they stand
for are never apart, however the stream is cut and whatever its line ends. A DOCTYPE ends the walk. Between two markups
a caller may pass over whole elements that it has read itself. Nothing is held but the markup in sight.
"""

import re
from collections import Counter
from typing import IO
from xml.parsers import expat

import msgspec

from parsers.xml.tag import MAX_ATTRIBUTES, NAMES, NAMESPACE, PIECE, Place, Tag, local
from schemas.finding import Finding, shown

#: How far a tag may be from the next: more is one endless tag, text, comment or space, which would have to be held.
TAG_BYTES = 1 << 18
_DEPTH = 256
_NAME = 50_000
#: Where elements of ours may stand: what is declared deeper names nothing that is looked at.
_NAMED = 3
#: expat keeps each name it meets: it begins anew after so many bytes, with the elements that are open.
_ANEW = 1 << 20
#: Text, then one markup. What is malformed is left to expat.
_MARKUP = re.compile(
    rb"[^<]*<(?:[^!?<>\"'][^<>\"']*(?:(?:\"[^<\"]*\"|'[^<']*')[^<>\"']*)*>"
    rb"|!--[^-]*(?:-(?!->)[^-]*)*-->|\?[^?]*(?:\?(?!>)[^?]*)*\?>|!\[CDATA\[[^]]*(?:\](?!\]>)[^]]*)*\]\]>)"
)


class Markup(msgspec.Struct):
    """What one step has met: its bytes, the text before the markup, the element that begins with it, whether one ends."""

    raw: bytes
    text: str = ""
    tag: Tag | None = None
    ends: bool = False


class _Open(msgspec.Struct):
    """An element that is open: its name as written, its path, its namespaces, how many children it has by name."""

    written: str
    path: str
    scope: dict[str, str]
    children: Counter[str] = msgspec.field(default_factory=Counter)


class _Doctype(Exception):
    pass


class Walk:
    """Where a walk stands: `text[at:]` is in sight, and begins at `place`; `open` are the elements around it.

    `wrong` is what ended it, if it did not come to the end; `elements` counts the tags met or passed over.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        stream.seek(0)
        self._stream = stream
        self._ended = False
        self.text = b""
        self.at = 0
        self.place = Place(0, 1, 1)
        self.open = [_Open("", "", {"xml": "http://www.w3.org/XML/1998/namespace"})]
        self.elements = 0
        self.wrong: Finding | None = None
        self._last = 0  # the offset behind the last tag
        self._text, self._ends = "", False  # what expat has met in a step
        self._name: str | None = None
        self._attributes: dict[str, str] = {}
        self._begin_anew()

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self.open) - 1

    @property
    def written(self) -> tuple[str, dict[str, str]]:
        """The last start tag's name and attributes with their prefixes, as they are written."""
        return self._name or "", self._attributes

    def fill(self) -> None:
        """Sees to it that a piece of the stream is in sight, if there is one left."""
        if self._ended or len(self.text) - self.at >= PIECE:
            return
        self._read(2 * PIECE)

    def _read(self, size: int) -> None:
        chunks = [self.text[self.at :]]
        held = len(chunks[0])
        while held < size and not self._ended:
            chunk = self._stream.read(PIECE)
            self._ended = not chunk
            chunks.append(chunk)
            held += len(chunk)
        self.text, self.at = b"".join(chunks), 0

    def step(self) -> Markup | None:
        """The next markup; None at the end, or when something is wrong."""
        self.fill()
        while (match := _MARKUP.match(self.text, self.at)) is None and not self._ended:
            if len(self.text) - self.at > TAG_BYTES:
                break
            self._read(TAG_BYTES + PIECE)
        if match is None:
            self._feed(self.text[self.at :], self._ended)
            if self.wrong is None and not self._ended:
                self._too_far()
            return None
        raw = match[0]
        if len(raw) > TAG_BYTES:
            self._too_far()
            return None
        self._feed(raw, final=False)
        if self.wrong is not None:
            return None
        return self._met(raw)

    def pass_over(self, end: int, elements: int, children: dict[str, int]) -> None:
        """Goes on behind whole elements of `text`, which stand among the children of the one that is open."""
        raw = self.text[self.at : end]
        self.at, self.place = end, self.place.behind(raw)
        self.elements += elements
        self._skipped += len(raw)
        self._last = self.place.offset
        self.open[-1].children.update(children)

    def _met(self, raw: bytes) -> Markup | None:
        begin = raw.find(b"<")
        tag = None
        start, self.place = self.place, self.place.behind(raw)
        self.at += len(raw)
        if self._name is not None:
            tag = self._tag(self._name, self._attributes, raw[begin:], start.behind(raw[:begin]))
        if self._ends:
            self.open.pop()
        if self.wrong is not None:
            return None
        if tag or self._ends:
            self._last = self.place.offset
        elif self.place.offset - self._last > TAG_BYTES:
            self._too_far()
            return None
        if self._fed > _ANEW:
            self._begin_anew()
        return Markup(raw, self._text, tag, self._ends)

    def _tag(self, written: str, attributes: dict[str, str], raw: bytes, begin: Place) -> Tag:
        parent = self.open[-1]
        scope = parent.scope
        if self.depth < _NAMED and len(attributes) <= MAX_ATTRIBUTES and b"xmlns" in raw:
            declared = {name: uri for name, uri in attributes.items() if name.partition(":")[0] == "xmlns"}
            scope = scope | {name.partition(":")[2]: uri for name, uri in declared.items()}
            attributes = {name: value for name, value in attributes.items() if name not in declared}
        name = _resolved(written, scope, scope.get(""))
        if any(":" in attribute for attribute in attributes):
            attributes = {_resolved(attribute, scope, None): value for attribute, value in attributes.items()}
        if self.depth < _NAMED and any(":" in one and "}" not in one for one in (name, *attributes)):
            self._malformed("unbound prefix", -len(raw), begin)
        step = local(name) if name.startswith(f"{{{NAMESPACE}}}") and local(name) in NAMES else "*"
        parent.children[step] += 1
        path = f"{parent.path}/{step}" + (f"[{parent.children[step]}]" if self.depth else "")
        self.open.append(_Open(written, path, scope))
        self.elements += 1
        return Tag(name, attributes, raw, begin, self.place, path)

    # -- expat -----------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        parser = expat.ParserCreate("UTF-8", intern=None)
        parser.buffer_text = True
        around = "".join(f"<{element.written}>" for element in self.open[1:]).encode()
        parser.Parse(around, False)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser
        self._skipped = self.place.offset - len(around)  # what of the stream this parser has not seen
        self._fed = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._name, self._attributes = name, attributes

    def _end(self, name: str) -> None:
        self._ends = True

    def _characters(self, text: str) -> None:
        self._text += text

    def _doctype(self, *_: object) -> None:
        raise _Doctype

    def _feed(self, raw: bytes, final: bool) -> None:
        self._text, self._name, self._ends, self._attributes = "", None, False, {}
        self._fed += len(raw)
        try:
            self._parser.Parse(raw, final)
        except _Doctype:
            self.wrong = Finding(code="xml-dtd-forbidden", record=1)
        except expat.ExpatError as error:
            place = self._parser.ErrorByteIndex + self._skipped - self.place.offset
            self._malformed(expat.ErrorString(error.code), max(0, place))
        else:
            if self._name is not None and (self.depth == _DEPTH or len(self._name) > _NAME):
                self._malformed(f"<> > {_DEPTH}" if self.depth == _DEPTH else f"<...> > {_NAME}", 0)

    def _too_far(self) -> None:
        self._malformed(f"> {TAG_BYTES} o ; <...> ?", 0)

    def _malformed(self, what: str, behind: int, tag: Place | None = None) -> None:
        """What is wrong, so many bytes behind the place, or at a tag."""
        place = tag or self.place.behind(self.text[self.at : self.at + behind])
        there = self.text[self.at + max(0, behind - 10) :][:30].decode("utf-8", "replace").split("\n")[0]
        found = shown(f"{what} : {there}" if there else what)
        self.wrong = Finding(
            code="xml-not-well-formed", record=place.line, position=place.column, column=place.column, found=found,
            path=self.open[-1].path or None,
        )  # fmt: skip


def _resolved(written: str, scope: dict[str, str], default: str | None) -> str:
    """A name under its namespace; one whose prefix nobody has declared stays as it is."""
    prefix, colon, name = written.partition(":")
    uri = scope.get(prefix or "\0") if colon else default
    return f"{{{uri}}}{name if colon else written}" if uri else written
