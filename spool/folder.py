"""The spool under a home: where bytes are fetched, kept, set apart and queued until they are sent.

    incoming/    being fetched; a leftover is from a run that died
    received/    original bytes, by sha256; written once, never changed
    quarantine/  a copy of each refused file under a name people can read
    outgoing/    answers by link and home, until they are pushed

Folders are 0700 and files 0600: declarations are other people's business.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from schemas.errors import NotFound
from schemas.finding import shown
from spool import durable, names
from spool.errors import TooBig
from spool.receipt import Kept

_ROOMS = ("incoming", "received", "quarantine", "outgoing")
_CHUNK = 1 << 20


class Folder:
    """The spool of one home; makes what is missing. Every method raises DiskTrouble when the disk fails."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with durable.disk(root):
            for room in _ROOMS:
                _make(root / room)

    def keep(self, source: Iterable[bytes] | BinaryIO, limit: int, name: str = "") -> Kept:
        """Put bytes away for good, and only then return; the same bytes again are not rewritten.

        Raises TooBig past `limit` bytes, calling them `name`. Whatever `source` raises passes through.
        Either way nothing stays behind.
        """
        room = self.root / "incoming"
        aside = room / f"{secrets.token_hex(12)}.part"
        with durable.disk(room):
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                with durable.disk(room):
                    fcntl.flock(file, fcntl.LOCK_EX)
                for chunk in _chunks(source):
                    size += len(chunk)
                    if size > limit:
                        raise TooBig(name=shown(name) or "?", limit=limit)
                    digest.update(chunk)
                    with durable.disk(room):
                        _write_all(file.fileno(), chunk)
                with durable.disk(room):
                    os.fsync(file)
                target = self._place(digest.hexdigest())
                with durable.disk(self.root / "received"):
                    _make(target.parent)
                    durable.flush_folder(target.parent.parent)
                    if not (target.is_file() and target.stat().st_size == size):
                        aside.replace(target)
                    durable.flush_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
        return Kept(digest.hexdigest(), size, target)

    def original(self, sha256: str) -> Path:
        """The file with the bytes of this sha256 (hex). Raises NotFound."""
        path = self._place(sha256) if re.fullmatch("[0-9a-f]{64}", sha256) else None
        if path is None or not path.is_file():
            raise NotFound(what=shown(sha256))
        return path

    def sweep(self) -> int:
        """Remove what dead runs left half written; how many. A file some run still writes is left alone."""
        removed = 0
        for room, pattern in (("incoming", "*"), ("quarantine", ".*.part"), ("outgoing", "**/.*.part")):
            with durable.disk(self.root / room):
                for path in sorted((self.root / room).glob(pattern)):
                    if path.is_file() and _abandoned(path):
                        path.unlink(missing_ok=True)
                        removed += 1
        return removed

    def quarantine(self, sha256: str, name: str) -> Path:
        """Put a copy of a refused file where people look, under a readable name. Raises NotFound.

        A copy and not a hard link: an editor must not reach the original.
        """
        original, path = self.original(sha256), self._quarantined(sha256, name)
        with durable.disk(path):
            if not path.exists():
                with original.open("rb") as source:
                    durable.write(path, source)
        return path

    def release(self, sha256: str, name: str) -> None:
        """Take the copy out of quarantine; the original stays. None there is no error."""
        path = self._quarantined(sha256, name)
        with durable.disk(path):
            path.unlink(missing_ok=True)

    def queue_answer(self, link: str, home: str, name: str, data: bytes | IO[bytes]) -> Path:
        """Put an answer in outgoing/ until it is pushed, over an earlier one of that name."""
        folder = self.root / "outgoing" / names.safe(link) / (names.safe(home) if home else "")
        path = folder / names.safe(name)
        with durable.disk(path):
            _make(folder)
            durable.write(path, data)
        return path

    def queued(self, link: str) -> list[Path]:
        """The answers of this link that lie in outgoing/, sorted by path."""
        folder = self.root / "outgoing" / names.safe(link)
        with durable.disk(folder):
            return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".part")

    def remove(self, path: Path) -> None:
        """Remove an answer that `queue_answer` put there. Gone already is no error."""
        assert path.is_relative_to(self.root / "outgoing"), path
        with durable.disk(path):
            path.unlink(missing_ok=True)

    def _place(self, sha256: str) -> Path:
        return self.root / "received" / sha256[:2] / sha256

    def _quarantined(self, sha256: str, name: str) -> Path:
        return self.root / "quarantine" / names.archived(name, sha256)


def _make(folder: Path) -> None:
    """Make `folder` and those above it, private; one that is there keeps its mode."""
    if not folder.is_dir():
        if not folder.parent.is_dir():
            _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _chunks(source: Iterable[bytes] | BinaryIO) -> Iterator[bytes]:
    if isinstance(source, Iterable) and not hasattr(source, "read"):
        yield from source
        return
    with durable.disk(Path(str(getattr(source, "name", "?")))):
        while chunk := source.read(_CHUNK):
            yield chunk


def _write_all(handle: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(handle, view) :]


def _abandoned(path: Path) -> bool:
    """Whether no living run holds the lock a fetch takes on its file; a lock dies with its process."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True
