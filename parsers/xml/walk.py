"""A walk over an XML stream, markup by markup: what stands there, at which byte, line, column and path.

expat judges the form, fed one whole tag, comment or instruction at a time, so that its events and the bytes they stand
for are never apart, however the stream is cut and whatever its line ends. A DOCTYPE ends the walk. Between two markups
a caller may pass over whole elements that it has read itself. Nothing is held but the markup in sight.
"""

import re
from collections import Counter
from typing import IO
from xml.parsers import expat
from xml.parsers.expat import errors

import msgspec

from parsers.xml.tag import MAX_ATTRIBUTES, NAMES, NAMESPACE, PIECE, Place, Tag, local
from schemas.finding import Finding, shown
from schemas.text import Both

#: A tag or text may be so long: more would have to be held. Space and comments are passed over piece by piece; of
#: instructions and character data there may be as much between two tags.
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
#: Space up to where it may be cut, a line end whole; and a comment, so that what is left may stand in another one.
_SPACE = re.compile(rb"[ \t\r\n]+(?:(?<!\r)|(?=[^\n]))")
_COMMENT = re.compile(rb"(?s)<!--.*(?<![-\r])(?=[^\x80-\xbf])")
_UNKNOWN_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)")
_CODES = errors.codes
#: What expat says of a file that was cut short: it names where the last markup begins, not where the bytes end.
_CUT_SHORT = {
    _CODES[error]
    for error in (
        errors.XML_ERROR_UNCLOSED_TOKEN, errors.XML_ERROR_PARTIAL_CHAR, errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}  # fmt: skip
_SHORT_ENOUGH = Both(
    f"une balise ou un texte d'au plus {TAG_BYTES} octets", f"a tag or text of at most {TAG_BYTES} bytes"
)
_SHORTEN = Both(
    "Cette balise ou ce texte est plus long que ce qui est lu : écrivez-le plus court.",
    "This tag or text is longer than what is read: write it shorter.",
)


class Markup(msgspec.Struct):
    """What one step has met: its bytes, the text before the markup, the element that begins with it, whether one ends.

    Of much space, or a long comment, it may be a piece.
    """

    raw: bytes
    text: str = ""
    tag: Tag | None = None
    ends: bool = False


class _Open(msgspec.Struct):
    """An element that is open: its name as written, its line, path and namespaces, how many children it has by name."""

    written: str
    line: int
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
        self.open = [_Open("", 1, "", {"xml": "http://www.w3.org/XML/1998/namespace"})]
        self.elements = 0
        self.wrong: Finding | None = None
        self._far = 0  # the bytes since the last tag, but for space and comments
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
        far = not self._ended if match is None else len(match[0]) > TAG_BYTES
        if far and (space := _SPACE.match(self.text, self.at)):
            match, far = space, False
        elif far and match is None and (comment := _COMMENT.match(self.text, self.at)):
            return self._piece(comment[0])
        elif match and match[0].startswith(b"<!--"):
            far = False
        raw = match[0] if match else self.text[self.at :]
        if match is None or not far:
            self._feed(raw, final=match is None and not far)
        if far and self.wrong is None:
            self._too_long()
        return None if match is None or self.wrong else self._met(raw)

    def _piece(self, raw: bytes) -> Markup | None:
        """The beginning of a long comment, as a comment by itself: the rest is taken for another."""
        self._feed(raw + b"-->", final=False)
        if self.wrong is not None:
            return None
        behind = self.place.behind(raw)
        again = b"<!--"
        self.text, self.at = again + self.text[self.at + len(raw) :], 0
        self.place = Place(behind.offset - len(again), behind.line, behind.column - len(again))
        self._skipped -= len(b"-->" + again)
        return Markup(raw + b"-->")

    def pass_over(self, end: int, elements: int, children: dict[str, int]) -> None:
        """Goes on behind whole elements of `text`, which stand among the children of the one that is open."""
        raw = self.text[self.at : end]
        self.at, self.place = end, self.place.behind(raw)
        self.elements += elements
        self._skipped += len(raw)
        self._far = 0
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
            self._far = 0
        elif begin >= 0 and not raw.startswith(b"<!--", begin):
            self._far += len(raw)
        if self._far > TAG_BYTES:
            self._too_long()
            return None
        if self.depth and self._fed > _ANEW:  # behind the root it would ask for another
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
        self.open.append(_Open(written, begin.line, path, scope))
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
            self._judged(error.code, raw, final)
        else:
            if self._name is not None and (self.depth == _DEPTH or len(self._name) > _NAME):
                self._malformed(f"<> > {_DEPTH}" if self.depth == _DEPTH else f"<...> > {_NAME}", 0)

    def _judged(self, code: int, raw: bytes, final: bool) -> None:
        """What expat says, at the byte at fault."""
        behind, expected = max(0, self._parser.ErrorByteIndex + self._skipped - self.place.offset), None
        if final and code in _CUT_SHORT:
            behind = len(raw.rstrip())
        elif code == _CODES[errors.XML_ERROR_UNDEFINED_ENTITY] and (entity := _UNKNOWN_ENTITY.search(raw, behind)):
            behind = entity.start()
        elif code == _CODES[errors.XML_ERROR_TAG_MISMATCH]:
            end, line = f"</{shown(self.open[-1].written)}>", self.open[-1].line
            expected = Both(f"{end} (ouvert ligne {line})", f"{end} (opened on line {line})")
        self._malformed(expat.ErrorString(code), behind, expected=expected)

    def _too_long(self) -> None:
        self._malformed(f"> {TAG_BYTES} o", 0, expected=_SHORT_ENOUGH, suggestion=_SHORTEN)

    def _malformed(
        self, what: str, behind: int, tag: Place | None = None, *,
        expected: Both | None = None, suggestion: Both | None = None,
    ) -> None:  # fmt: skip
        """What is wrong, so many bytes behind the place, or at a tag."""
        place = tag or self.place.behind(self.text[self.at : self.at + behind])
        there = self.text[self.at + max(0, behind - 10) :][:30].decode("utf-8", "replace").split("\n")[0]
        found = shown(f"{what} : {there}" if there else what)
        self.wrong = Finding(
            code="xml-not-well-formed", record=place.line, position=place.column, column=place.column, found=found,
            path=self.open[-1].path or None, expected=expected, suggestion=suggestion,
        )  # fmt: skip


def _resolved(written: str, scope: dict[str, str], default: str | None) -> str:
    """A name under its namespace; one whose prefix nobody has declared stays as it is."""
    prefix, colon, name = written.partition(":")
    uri = scope.get(prefix or "\0") if colon else default
    return f"{{{uri}}}{name if colon else written}" if uri else written
