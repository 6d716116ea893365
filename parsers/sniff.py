"""What a file is, from its bytes alone: format, size, character set; a `.zip` unwrapped.

Authority: format, sections 1 and 2 (first characters), 3 (`format-unknown`, `file-too-large`,
`charset`) and 5 (`.zip` may wrap one declaration). Nothing here looks at a file's name.
"""

import codecs
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

import msgspec

from schemas.finding import Both, Finding, shown

MAX_BYTES = 256 << 20
_CHUNK = 1 << 20
_HEAD = 4096

_LATIN9 = Both("ISO-8859-15, sans caractère de commande", "ISO-8859-15, no control characters")
_UTF8 = Both("XML en UTF-8", "XML in UTF-8")
# Controls but LF; a CR only before LF; a 1A only at the very end.
_FORBIDDEN = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x19\x1b-\x1f\x7f-\x9f]|\r(?!\n)|\x1a(?!(?:\r?\n)*\Z)")
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]*)")
_TITLE = range(67, 127)


class Source(msgspec.Struct):
    """A file opened for reading: its format (`fixed`, `xml` or None), its bytes, and what stops it."""

    format: str | None
    stream: IO[bytes]
    stopped: Finding | None = None


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


def _unzipped(stream: IO[bytes], max_bytes: int) -> Source:
    """The one file inside a zip, copied out under the limit; nested or encrypted ones are refused."""
    inner: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the source's reader outlives us
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                return Source(None, stream, _unknown(f"zip, {len(members)} fichiers"))
            if members[0].flag_bits & 1:
                return Source(None, stream, _unknown("zip chiffré"))
            with archive.open(members[0]) as packed:
                while chunk := packed.read(_CHUNK):
                    inner.write(chunk)
                    if inner.tell() > max_bytes:
                        return Source(None, stream, _too_large(max(members[0].file_size, inner.tell()), max_bytes))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError):
        return Source(None, stream, _unknown("zip illisible"))
    if _head(inner, 4) == b"PK\x03\x04":
        return Source(None, stream, _unknown("zip dans un zip"))
    return _sniffed(inner)


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
    """The stream in chunks that never end between a CR and what follows it."""
    stream.seek(0)
    carried = b""
    while chunk := stream.read(_CHUNK):
        chunk = carried + chunk
        carried = chunk[len(chunk.rstrip(b"\r\n\x1a")) :][:_CHUNK]
        if len(carried) < len(chunk):
            yield chunk[: len(chunk) - len(carried)]
    if carried:
        yield carried


def _fixed_charset(stream: IO[bytes]) -> Finding | None:
    """Why a fixed file is not ISO-8859-15 as section 3 wants it; titles (LG 68-127) may hold any byte."""
    if _head(stream, 3).startswith((codecs.BOM_UTF8, b"\xff\xfe", b"\xfe\xff")):
        return Finding(code="charset", record=1, position=1, found="BOM", expected=_LATIN9)
    utf8 = codecs.getincrementaldecoder("utf-8")()
    ascii_only, valid_utf8 = True, True
    first: Finding | None = None
    records, mark, offset = 0, b"", 0  # of the line the chunk begins in: lines before it, mark, bytes before the chunk
    for chunk in _chunks(stream):
        if not chunk.isascii():
            ascii_only = False
        if valid_utf8:
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError:
                valid_utf8 = False
        if first is None:
            for hit in _FORBIDDEN.finditer(chunk):
                start = chunk.rfind(b"\n", 0, hit.start()) + 1
                begun = start == 0
                place = hit.start() - start + (offset if begun else 0)
                line_mark = (mark + chunk)[:2] if begun else chunk[start : start + 2]
                if line_mark == b"LG" and place in _TITLE:
                    continue
                first = Finding(
                    code="charset",
                    record=records + chunk.count(b"\n", 0, hit.start()) + 1,
                    position=place + 1,
                    found=f"0x{hit[0][0]:02X}",
                    expected=_LATIN9,
                )
                break
        last = chunk.rfind(b"\n")
        records += chunk.count(b"\n")
        mark = (mark + chunk)[:2] if last < 0 else chunk[last + 1 : last + 3]
        offset = offset + len(chunk) if last < 0 else len(chunk) - last - 1
    if not ascii_only and valid_utf8:
        return Finding(
            code="charset",
            found="UTF-8",
            expected=_LATIN9,
            suggestion=Both("enregistrer le fichier en ISO-8859-15", "save the file as ISO-8859-15"),
        )
    return first


def _xml_charset(stream: IO[bytes]) -> Finding | None:
    """Why an XML file is not UTF-8: another declared encoding, UTF-16, or bytes that do not decode."""
    head = _head(stream, _HEAD)
    declared = _DECLARED.search(head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        return Finding(code="charset", record=1, position=1, found="UTF-16", expected=_UTF8)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        return Finding(code="charset", record=1, found=shown(declared[1].decode("ascii")), expected=_UTF8)
    utf8 = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    for chunk in _chunks(stream):
        try:
            utf8.decode(chunk)
        except UnicodeDecodeError as wrong:
            line = lines + wrong.object.count(b"\n", 0, wrong.start) + 1
            position = wrong.start - wrong.object.rfind(b"\n", 0, wrong.start)
            found = f"0x{wrong.object[wrong.start]:02X}"
            return Finding(code="charset", record=line, position=position, found=found, expected=_UTF8)
        lines += chunk.count(b"\n")
    try:
        utf8.decode(b"", final=True)
    except UnicodeDecodeError:
        return Finding(code="charset", record=lines + 1, found="...", expected=_UTF8)
    return None
