"""What spool asks of the other side of a link, and the simplest other side: a folder of this machine."""

import errno
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Literal, Protocol, Self

import msgspec

from schemas.finding import shown
from spool import durable
from spool.errors import Exists, Missing, Refused, why

#: How many names of one folder are looked at in one listing; the next begins further on.
LONGEST_LISTING = 50_000
_CHUNK = 1 << 20

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

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def is_segment(name: str) -> bool:
    """Whether a name from a listing is one segment of a path, as every honest name is."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def kind_of(mode: int) -> Kind:
    """What the mode bits of `stat` say."""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


class FolderRemote:
    """A folder of this machine as the other side of a link; a share mounted here will do."""

    def __init__(self, root: Path, link: str) -> None:
        self.root = root
        self.link = link
        self.sure: set[str] = set()

    def entries(self, folder: str, start: int = 0) -> list[Entry]:
        found: list[Entry] = []
        try:
            with os.scandir(self._at(folder)) as there:
                for item in islice(there, start, None):
                    if len(found) == LONGEST_LISTING:
                        break
                    try:
                        found.append(_entry(item.name, item.stat(follow_symlinks=False)))
                    except FileNotFoundError:
                        continue
        except OSError as trouble:
            raise self._said("list", folder, trouble) from trouble
        return sorted(found, key=lambda entry: entry.name)

    def look(self, path: str) -> Entry | None:
        try:
            return _entry(PurePosixPath(path).name, self._at(path).lstat())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as trouble:
            raise self._said("look", path, trouble) from trouble

    def read(self, path: str, size: int) -> Iterator[bytes]:
        try:
            handle = os.open(self._at(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Refused(link=self.link, path=path, what="read", why="pas un fichier / not a file")
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as trouble:
            raise self._said("read", path, trouble) from trouble

    def move(self, source: str, target: str) -> None:
        here, there = self._at(source), self._at(target)
        try:
            _rename(here, there)
            durable.flush_folder(there.parent)
        except FileExistsError as trouble:
            raise Exists(link=self.link, path=target) from trouble
        except OSError as trouble:
            raise self._said("rename", source, trouble) from trouble

    def write(self, path: str, data: bytes | IO[bytes]) -> None:
        try:
            durable.write(self._at(path), data, mode=0o666, aside=self._at(f"{path}.part"))
        except OSError as trouble:
            raise self._said("write", path, trouble) from trouble

    def make(self, folder: str) -> None:
        try:
            self._at(folder).mkdir(parents=True, exist_ok=True)
        except OSError as trouble:
            raise self._said("make", folder, trouble) from trouble

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts:
            raise Refused(link=self.link, path=path, what="open", why="hors de la liaison / outside the link")
        return self.root.joinpath(*parts)

    def _said(self, what: str, path: str, trouble: OSError) -> Missing | Refused:
        if isinstance(trouble, FileNotFoundError):
            return Missing(link=self.link, path=shown(path))
        return Refused(link=self.link, path=shown(path), what=what, why=why(trouble))


_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def _rename(here: Path, there: Path) -> None:
    """Rename, never over something: a hard link is made only where nothing stands, unlike rename(2).

    What a run that died has linked and not unlinked is the same file under both names: it is unlinked now.
    """
    try:
        os.link(here, there, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samestat(here.lstat(), there.lstat()):
            raise
    except OSError as trouble:
        if trouble.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(there):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        here.rename(there)
        return
    try:
        here.unlink()
    except OSError:
        there.unlink()
        raise


def _entry(name: str, seen: os.stat_result) -> Entry:
    return Entry(name, kind_of(seen.st_mode), seen.st_size, seen.st_mtime_ns / 1e9)
