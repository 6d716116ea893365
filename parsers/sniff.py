"""What a file is, from its bytes alone: format, size, character set; a `.zip` unwrapped.

Authority: format, sections 1 and 2 (first characters), 3 (`format-unknown`, `file-too-large`,
`charset`) and 5 (`.zip` may wrap one declaration). Nothing here looks at a file's name.
"""

import codecs
import itertools
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import msgspec

from schemas.finding import Finding, shown
from schemas.lending.layout import LENGTH, LG
from schemas.text import Both

MAX_BYTES = 256 << 20
_CHUNK = 1 << 20
_HEAD = 4096

_ZIP_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, LookupError,
)  # fmt: skip
_LATIN9 = Both("ISO-8859-15, sans caractère de commande", "ISO-8859-15, no control characters")
_SAVED_AS = Both("enregistrer le fichier en ISO-8859-15", "save the file as ISO-8859-15")
_UTF8 = Both("XML en UTF-8", "XML in UTF-8")
#: Not LZMA: such a zip says itself how much memory unpacking it takes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
#: Bytes that need no second look; CR is counted apart.
_PLAIN = bytes(byte for byte in range(0x20, 0x100) if not 0x7F <= byte <= 0x9F) + b"\n"
_FORBIDDEN = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]*)")
_TITLE = LG.field("title")
_FILLER = LG.field("filler")
_IN_TITLE = range(_TITLE.first - 1, _TITLE.last)
#: How far from a byte the record may begin and end that it stands in.
_AROUND = LENGTH + 2


class Source(msgspec.Struct):
    """A file opened for reading: its format (`fixed`, `xml` or None), its bytes, and what stops it.

    `unzipped`: the bytes are not those of the stream that was opened.
    """

    format: str | None
    stream: IO[bytes]
    stopped: Finding | None = None
    unzipped: bool = False


def open_source(stream: IO[bytes], max_bytes: int = MAX_BYTES) -> Source:
    """`stream` (seekable) sniffed and, if zipped, unwrapped. Content never raises; see `Source.stopped`."""
    if _head(stream, 4) == b"PK\x03\x04":
        return _unzipped(stream, max_bytes)
    size = stream.seek(0, 2)
    stream.seek(0)
    if size > max_bytes:
        return Source(_format(_head(stream, _HEAD)), stream, _too_large(size, max_bytes))
    return _sniffed(stream)


def _head(stream: IO[bytes], size: int) -> bytes:
    stream.seek(0)
    head = stream.read(size)
    stream.seek(0)
    return head


def _too_large(size: int, limit: int) -> Finding:
    return Finding(code="file-too-large", found=f"{size} o", expected=f"{limit} o")


class _Pieces:
    """A stream that is read in pieces only: a directory of a million files is not even looked at."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        """As a stream's own; BadZipFile when more than a piece is wanted."""
        data = self.stream.read(min(size, _CHUNK + 1) if size >= 0 else _CHUNK + 1)
        if len(data) > _CHUNK:
            raise zipfile.BadZipFile("no piece is that long")
        return data


def _unzipped(stream: IO[bytes], max_bytes: int) -> Source:
    """The one file inside a zip, copied out under the limit; nested or encrypted ones are refused."""
    inner: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the source's reader outlives us
    try:
        with zipfile.ZipFile(_Pieces(stream)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                return Source(None, stream, _unknown(f"zip, {len(members)} fichiers"))
            if members[0].flag_bits & 1:
                return Source(None, stream, _unknown("zip chiffré"))
            if members[0].compress_type not in _METHODS:
                return Source(None, stream, _unknown(f"zip, compression {members[0].compress_type}"))
            with archive.open(members[0]) as packed:
                while chunk := packed.read(_CHUNK):
                    inner.write(chunk)
                    if inner.tell() > max_bytes:
                        return Source(None, stream, _too_large(max(members[0].file_size, inner.tell()), max_bytes))
    except _ZIP_BROKEN:
        return Source(None, stream, _unknown("zip illisible"))
    except OSError as wrong:
        if wrong.errno is not None:  # the disk's trouble; a bz2 stream in disorder has no number
            raise
        return Source(None, stream, _unknown("zip illisible"))
    if _head(inner, 4) == b"PK\x03\x04":
        return Source(None, stream, _unknown("zip dans un zip"))
    return msgspec.structs.replace(_sniffed(inner), unzipped=True)


def _unknown(found: str) -> Finding:
    return Finding(
        code="format-unknown",
        record=1,
        position=1,
        found=found,
        expected=Both("un fichier qui commence par EN, ou par < (XML)", "a file that begins with EN, or with < (XML)"),
    )


def _format(head: bytes) -> str | None:
    """The format that the first bytes announce, whatever their encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[2:].replace(b"\0", b"")
    head = head.removeprefix(codecs.BOM_UTF8)
    if head.replace(b"\0", b"").lstrip(b" \t\r\n").startswith(b"<"):
        return "xml"
    return "fixed" if head.lstrip(b"\r\n").startswith(b"EN") else None


def _sniffed(stream: IO[bytes]) -> Source:
    head = _head(stream, _HEAD)
    form = _format(head)
    if form is None:
        return Source(None, stream, _unknown(shown(head[:20].decode("latin-1")) if head else "0 o"))
    wrong = _fixed_charset(stream) if form == "fixed" else _xml_charset(stream)
    stream.seek(0)
    return Source(form, stream, wrong)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _fixed_charset(stream: IO[bytes]) -> Finding | None:
    """Why a fixed file is not ISO-8859-15 as section 3 wants it; titles (LG 68-127) may hold any byte."""
    if _head(stream, 3).startswith((codecs.BOM_UTF8, b"\xff\xfe", b"\xfe\xff")):
        return Finding(code="charset", record=1, position=1, found="BOM", expected=_LATIN9)
    if (place := _utf8_at(stream)) is not None:
        suggestion = _SAVED_AS if _is_utf8_only(stream) else None
        return msgspec.structs.replace(_at(stream, place, "UTF-8", _LATIN9), suggestion=suggestion)
    place = _first_forbidden(stream)
    if place is None:
        return None
    return _at(stream, place, None, _LATIN9)


def _at(stream: IO[bytes], place: int, found: str | None, expected: Both, form: str = "fixed") -> Finding:
    """The finding at the byte at `place`, which is what was `found` unless that is said."""
    if found is None:
        stream.seek(place)
        found = f"0x{stream.read(1)[0]:02X}"
    record, position = _record_at(stream, place, form)
    return Finding(code="charset", record=record, position=position, found=found, expected=expected)


def _utf8_at(stream: IO[bytes]) -> int | None:
    """Where the first byte stands that is not ASCII, if all of them are UTF-8."""
    if _not_utf8_at(stream) is not None:
        return None
    at = 0
    for chunk in _chunks(stream):
        if not chunk.isascii() and (hit := _NOT_ASCII.search(chunk)):
            return at + hit.start()
        at += len(chunk)
    return None


def _is_utf8_only(stream: IO[bytes]) -> bool:
    """Whether the encoding alone is wrong: the first record with an accent has its length in characters of UTF-8."""
    stream.seek(0)
    while (line := stream.readline(_CHUNK)).isascii() and line:
        pass
    return len(line.rstrip(b"\r\n\x1a").decode("utf-8", "ignore")) == LENGTH


def _not_utf8_at(stream: IO[bytes]) -> int | None:
    """Where the first byte stands that is not UTF-8."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    at = 0
    for chunk in itertools.chain(_chunks(stream), (b"",)):
        held = len(utf8.getstate()[0])
        try:
            utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError as wrong:
            return at - held + wrong.start
        at += len(chunk)
    return None


def _first_forbidden(stream: IO[bytes]) -> int | None:
    """Where the first byte stands that no record may hold; one 1A at the very end is allowed."""
    text, judged, dropped = b"", 0, 0  # what is in sight, what of it is judged, what lies before it
    last: int | None = None  # a 1A with nothing behind it so far
    for chunk in itertools.chain(_chunks(stream), (b"",)):
        if last is not None and chunk.strip(b"\r\n"):
            return last
        text += chunk
        limit = len(text) - _AROUND if chunk else len(text)
        if not _is_plain(text):
            for hit in _FORBIDDEN.finditer(text, judged):
                place = hit.start()
                if place >= limit:
                    break
                if last is not None:
                    return last
                if _in_title(text, place, dropped):
                    continue
                if hit[0] != b"\x1a" or text[place + 1 :].strip(b"\r\n"):
                    return dropped + place
                last = dropped + place
        gone = max(0, limit - 2 * _AROUND)
        dropped += gone
        text, judged = text[gone:], max(0, limit) - gone
    return None


def _is_plain(text: bytes) -> bool:
    odd = text.translate(None, _PLAIN)
    return not odd or (not odd.strip(b"\r") and len(odd) == text.count(b"\r\n"))


def _in_title(text: bytes, place: int, dropped: int) -> bool:
    """Whether a byte stands in LG 68-127; a line feed before it may stand there too, if the record is whole."""
    start = text.rfind(b"\n", 0, place) + 1
    if (start or not dropped) and place - start in _IN_TITLE and text.startswith(b"LG", start):
        return True
    first, last = max(0, place - _IN_TITLE[-1] - 1), max(0, place - _IN_TITLE[0] + 2)  # of LF before LG, and behind LG
    begun = text.find(b"\nLG", first, last)
    while begun >= 0:
        whole = text[begun + 1 : begun + 1 + LENGTH]
        end = text[begun + 1 + LENGTH : begun + 3 + LENGTH]
        if whole.endswith(b" " * _FILLER.width) and (end in (b"", b"\r\n") or end.startswith(b"\n")):
            return len(whole) == LENGTH
        begun = text.find(b"\nLG", begun + 1, last)
    return False


def _record_at(stream: IO[bytes], place: int, form: str) -> tuple[int, int]:
    """(record or line of XML, position in it), from 1, of the byte at `place`."""
    stream.seek(0)
    records, start, at = 1, 0, 0
    while line := stream.readline(_CHUNK):
        if at + len(line) > place:
            break
        at += len(line)
        if line.endswith(b"\n"):
            records += form == "xml" or bool(line.strip(b"\r\n")) or at - start > 2
            start = at
    return records, place - start + 1


def _xml_charset(stream: IO[bytes]) -> Finding | None:
    """Why an XML file is not UTF-8: another declared encoding, UTF-16, or bytes that do not decode."""
    head = _head(stream, _HEAD)
    declared = _DECLARED.match(head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4]:
        return Finding(code="charset", record=1, position=1, found="UTF-16", expected=_UTF8)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        return _at(stream, declared.start(1), shown(declared[1].decode("ascii")), _UTF8, "xml")
    place = _not_utf8_at(stream)
    return None if place is None else _at(stream, place, None, _UTF8, "xml")
