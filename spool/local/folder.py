"""A folder of this machine as a link: its account, and the other side."""

import errno
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, ClassVar

from schemas.finding import shown
from schemas.text import Both, Text
from spool import durable
from spool.errors import Exists, Missing, Refused, why
from spool.link import Link, problems
from spool.remote import LONGEST_LISTING, Entry, Remote, kind_of

_CHUNK = 1 << 20
_NOT_A_FILE = Both("pas un fichier", "not a file")
_OUTSIDE = Both("hors de la liaison", "outside the link")
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class FolderLink(Link, frozen=True, kw_only=True, tag="folder"):
    """A `[[link]]` with `kind = "folder"`. Its depot, retour and archive are relative to `path`."""

    path: str = ""

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    @property
    def account(self) -> str:
        """The folder."""
        return self.path

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(self.path or ".").expanduser()

    def problems(self) -> Iterator[Text]:
        """What is wrong with these settings, a sentence each. Looks at no file."""
        yield from problems(self)
        if not self.path:
            yield Both("path : le dossier de la liaison manque", "path: the link's folder is missing")
        for field, folder in self.folders.items():
            if folder.startswith("/"):
                yield Both(f"{field} {folder!r} : relatif à path", f"{field} {folder!r}: relative to path")

    def depots(self) -> list[Path]:
        """The folders in which declarations arrive, as far as they are there."""
        return [folder for folder in self.root.glob(self.depot) if folder.is_dir()]


class FolderRemote(Remote):
    """The `Remote` of a folder; a share mounted here will do."""

    def __init__(self, root: Path, link: str) -> None:
        self.root = root
        self.link = link
        self.sure: set[str] = set()

    def entries(self, folder: str, start: int = 0) -> list[Entry]:
        found: list[Entry] = []
        try:
            with os.scandir(self._at(folder)) as there:
                for entry in islice(there, start, None):
                    if len(found) == LONGEST_LISTING:
                        break
                    try:
                        found.append(_entry(entry.name, entry.stat(follow_symlinks=False)))
                    except FileNotFoundError:
                        continue
        except OSError as trouble:
            raise self._trouble("list", folder, trouble) from trouble
        return sorted(found, key=lambda entry: entry.name)

    def look(self, path: str) -> Entry | None:
        try:
            return _entry(PurePosixPath(path).name, self._at(path).lstat())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as trouble:
            raise self._trouble("look", path, trouble) from trouble

    def read(self, path: str, size: int) -> Iterator[bytes]:
        try:
            handle = os.open(self._at(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Refused(link=self.link, path=path, what="read", why=_NOT_A_FILE)
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as trouble:
            raise self._trouble("read", path, trouble) from trouble

    def move(self, source: str, target: str) -> None:
        here, there = self._at(source), self._at(target)
        try:
            _rename(here, there)
            durable.flush_folder(there.parent)
        except FileExistsError as trouble:
            raise Exists(link=self.link, path=target) from trouble
        except OSError as trouble:
            raise self._trouble("rename", source, trouble) from trouble

    def write(self, path: str, data: bytes | IO[bytes]) -> None:
        try:
            durable.write(self._at(path), data, mode=0o666, aside=self._at(f"{path}.part"))
        except OSError as trouble:
            raise self._trouble("write", path, trouble) from trouble

    def make(self, folder: str) -> None:
        try:
            self._at(folder).mkdir(parents=True, exist_ok=True)
        except OSError as trouble:
            raise self._trouble("make", folder, trouble) from trouble

    def close(self) -> None:
        pass

    def _at(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts:
            raise Refused(link=self.link, path=path, what="open", why=_OUTSIDE)
        return self.root.joinpath(*parts)

    def _trouble(self, what: str, path: str, trouble: OSError) -> Missing | Refused:
        if isinstance(trouble, FileNotFoundError):
            return Missing(link=self.link, path=shown(path))
        return Refused(link=self.link, path=shown(path), what=what, why=why(trouble))


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
