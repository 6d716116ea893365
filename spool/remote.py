"""What spool asks of the other side of a link, whatever its transport."""

import stat
from collections.abc import Iterator
from typing import IO, Literal, Protocol, Self

import msgspec

#: How many names of one folder are looked at in one listing; the next begins further on.
LONGEST_LISTING = 50_000

Kind = Literal["file", "folder", "other"]


class Entry(msgspec.Struct, frozen=True):
    """What a folder holds under `name`; a symbolic link is `other` and never followed.

    `size` in bytes, -1 when unknown; `modified` in seconds since 1970.
    """

    name: str
    kind: Kind
    size: int
    modified: float


class Remote(Protocol):
    """The other side of a link. Paths are relative to the login folder unless they start with `/`.

    Methods raise Missing, Refused or Exists about one path, and LinkAway when the link itself is lost.
    `sure` holds the folders that this session has already seen or made.
    """

    link: str
    sure: set[str]

    def entries(self, folder: str, start: int = 0) -> list[Entry]:
        """What `folder` holds, at most LONGEST_LISTING after the first `start` as they come, by name."""
        ...

    def look(self, path: str) -> Entry | None:
        """What stands at `path` itself, without following a link; None when nothing does."""
        ...

    def read(self, path: str, size: int) -> Iterator[bytes]:
        """The bytes of a regular file to its end, in chunks; `size` is what to expect, -1 if unknown."""
        ...

    def move(self, source: str, target: str) -> None:
        """Rename; never over something that exists (raises Exists)."""
        ...

    def write(self, path: str, data: bytes | IO[bytes]) -> None:
        """Put `data` at `path` whole, by way of `<path>.part`; what was there is replaced."""
        ...

    def make(self, folder: str) -> None:
        """Make a folder and those above it; no error when it is there."""
        ...

    def close(self) -> None:
        """Let go of the connection; twice is no error."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()


def is_segment(name: str) -> bool:
    """Whether a name from a listing is one segment of a path, as every honest name is."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def kind_of(mode: int) -> Kind:
    """What the mode bits of `stat` say."""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"
