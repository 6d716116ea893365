"""The other side of a link over SFTP.

Only what passes by itself (refused, reset, timed out) is tried again; a wrong key or password never is.
"""

import contextlib
import errno
import io
import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import paramiko
import stamina

from schemas.errors import LinkAway
from schemas.finding import shown
from spool.errors import Exists, Missing, Refused, why
from spool.remote import LONGEST_LISTING, Entry, Kind, Remote, kind_of
from spool.sftp import hostkeys
from spool.sftp.link import SftpLink
from spool.sftp.login import log_in, passes
from spool.sftp.wire import Client, raw

#: What a server says beyond this is no size of a file, and fits into no database.
_LARGEST = 1 << 60
_CHUNK = 1 << 20

# Its default hook prints to standard output wherever structlog happens to be installed.
stamina.instrumentation.set_on_retry_hooks(())


def connect(link: SftpLink, known_hosts: Path) -> "SftpRemote":
    """Log in to a link's server.

    Raises LinkAway after `link.attempts` tries; HostKeyUnknown, HostKeyChanged, LoginRefused, LinkError and
    SettingsWrong at once.
    """
    hostkeys.load(known_hosts)
    with hostkeys.away(link):
        for attempt in stamina.retry_context(on=passes, attempts=link.attempts, timeout=None):
            with attempt:
                return SftpRemote(link.name, *log_in(link, known_hosts))
    raise AssertionError("stamina gives a result or raises")


class SftpRemote(Remote):
    """The `Remote` of a logged-in SFTP session; for one thread. Once the link is lost, make another."""

    def __init__(self, link: str, client: paramiko.SSHClient, session: Client) -> None:
        self.link = link
        self.sure: set[str] = set()
        self._client = client
        self._session = session

    def entries(self, folder: str, start: int = 0) -> list[Entry]:
        with self._speaking("list", folder):
            found = self._session.entries(folder, LONGEST_LISTING, start)
        return sorted((_entry(name, seen) for name, seen in found), key=lambda entry: entry.name)

    def look(self, path: str) -> Entry | None:
        try:
            with self._speaking("look", path):
                seen = self._session.lstat(raw(path))
        except Missing:
            return None
        return _entry(PurePosixPath(path).name, seen)

    def read(self, path: str, size: int) -> Iterator[bytes]:
        with self._speaking("read", path):
            yield from self._session.chunks(path, size)

    def move(self, source: str, target: str) -> None:
        # Servers differ: some rename over what exists, and most say only "Failure" when they do not.
        if self.look(target) is not None:
            raise Exists(link=self.link, path=target)
        try:
            with self._speaking("rename", source):
                self._session.rename(raw(source), raw(target))
        except Refused:
            if self.look(target) is not None and self.look(source) is not None:
                raise Exists(link=self.link, path=target) from None
            raise

    def write(self, path: str, data: bytes | IO[bytes]) -> None:
        aside, stream, size = f"{path}.part", io.BytesIO(data) if isinstance(data, bytes) else data, 0
        with self._speaking("write", path):
            try:
                # Not pipelined: paramiko forgets a refused write in the middle of a pipeline.
                with self._session.open(raw(aside), "wb") as file:
                    while chunk := stream.read(_CHUNK):
                        file.write(chunk)
                        size += len(chunk)
                if self._session.stat(raw(aside)).st_size != size:
                    raise OSError(errno.EIO, "size")
                self._replace(aside, path)
            except OSError as trouble:
                if not self._lost(trouble):
                    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                        self._session.remove(raw(aside))
                raise

    def _replace(self, source: str, target: str) -> None:
        try:
            self._session.posix_rename(raw(source), raw(target))
        except OSError as trouble:
            if trouble.errno not in (None, errno.EOPNOTSUPP) or self._lost(trouble):
                raise
            # A server without OpenSSH's extension: the old one goes first, the new one is complete beside it.
            with contextlib.suppress(FileNotFoundError):
                self._session.remove(raw(target))
            self._session.rename(raw(source), raw(target))

    def make(self, folder: str) -> None:
        missing = []
        for path in (PurePosixPath(folder), *PurePosixPath(folder).parents):
            if str(path) in (".", "/") or self.look(str(path)) is not None:
                break
            missing.append(str(path))
        for path_text in reversed(missing):
            with self._speaking("make", path_text):
                self._session.mkdir(raw(path_text))

    def close(self) -> None:
        self._client.close()

    @contextlib.contextmanager
    def _speaking(self, what: str, path: str) -> Iterator[None]:
        """What goes wrong inside, in our words: about `path`, or about the whole link."""
        try:
            yield
        except FileNotFoundError as trouble:
            raise Missing(link=self.link, path=shown(path)) from trouble
        except PermissionError as trouble:
            raise Refused(link=self.link, path=shown(path), what=what, why=why(trouble)) from trouble
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError, struct.error) as trouble:
            if self._lost(trouble):
                self.close()
                raise LinkAway(link=self.link, why=hostkeys.network(trouble)) from trouble
            reason = why(trouble) if isinstance(trouble, OSError) and trouble.errno else shown(str(trouble))
            raise Refused(link=self.link, path=shown(path), what=what, why=reason) from trouble

    def _lost(self, trouble: Exception) -> bool:
        """Whether the session is over, rather than one request refused."""
        if isinstance(trouble, OSError) and not isinstance(trouble, TimeoutError | ConnectionError):
            transport = self._client.get_transport()
            channel = self._session.get_channel()
            return transport is None or not transport.is_active() or channel is None or channel.closed
        return True


def _entry(name: str, seen: Any) -> Entry:
    kind: Kind
    if seen.st_mode is None:  # rare: then the line as `ls -l` shows it, where there is one, tells
        kind = {"-": "file", "d": "folder"}.get(getattr(seen, "longname", "-")[:1], "other")  # type: ignore[assignment]
    else:
        kind = kind_of(seen.st_mode)
    size = -1 if seen.st_size is None or seen.st_size > _LARGEST else int(seen.st_size)
    return Entry(name, kind, size, float(seen.st_mtime or 0))
