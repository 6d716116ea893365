"""How much of one file is read, and for how long: what comes from outside may be made to last.

Every limit is a setting. Bytes and records are the file's own fault (`file-too-large`); time is not judged: the
checker has failed, the file is kept, shown as stuck, and tried again.
"""

import hashlib
import io
import time
from typing import IO

import msgspec

from parsers.sniff import MAX_BYTES, Source, open_source
from schemas.text import Both, filled, say

_PIECE = 1 << 17


class Limits(msgspec.Struct, frozen=True):
    """Of one file: its bytes, unpacked; its records, or XML elements; the seconds it may take to read and check;
    how many findings of refusal, and how many warnings, are kept (all are counted)."""

    max_bytes: int = MAX_BYTES
    max_records: int = 4_000_000
    max_seconds: float = 600
    findings_kept: int = 1_000


class OutOfTime(Exception):
    """A file that takes longer to read than it may; `text` is what a person is told, `str()` of it French."""

    says = Both("plus de {seconds:g} s de lecture (max_seconds)", "not read within {seconds:g} s (max_seconds)")

    def __init__(self, seconds: float) -> None:
        self.text = filled(self.says, seconds=seconds)
        super().__init__(say(self.text, "fr"))


def open_within(stream: IO[bytes], limits: Limits) -> Source:
    """`stream` sniffed and unzipped; from now on reading it raises OutOfTime once its time is up."""
    until = time.monotonic() + limits.max_seconds
    watched = _watched(stream, until, limits.max_seconds)
    source = open_source(watched, limits.max_bytes)
    if not source.unzipped:
        return source
    return msgspec.structs.replace(source, stream=_watched(source.stream, until, limits.max_seconds))


def content_sha256(source: Source, sha256: str) -> str:
    """The sha256 of the bytes that are read: of the declaration where the file, whose `sha256` is given, is a zip."""
    if not source.unzipped:
        return sha256
    source.stream.seek(0)
    return hashlib.file_digest(source.stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _watched(stream: IO[bytes], until: float, seconds: float) -> IO[bytes]:
    return io.BufferedReader(_Watched(stream, until, seconds), _PIECE)


class _Watched(io.RawIOBase):
    """A stream that looks at the clock whenever it is read; closing it leaves the other one open."""

    def __init__(self, stream: IO[bytes], until: float, seconds: float) -> None:
        self.stream, self.until, self.seconds = stream, until, seconds

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        if time.monotonic() > self.until:
            raise OutOfTime(self.seconds)
        data = self.stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
