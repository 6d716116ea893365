"""An embedded SFTP server on loopback, for the demo and where no OpenSSH is at hand.

Each user sees one folder and nothing above it. Not for the open world: it knows no limits and keeps no log.
"""

import contextlib
import errno
import hmac
import io
import logging
import os
import posixpath
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import paramiko
from paramiko import common, sftp

from spool import durable

logging.getLogger("paramiko").addHandler(logging.NullHandler())

_HANDSHAKE_SECONDS = 20
T = TypeVar("T")


def host_key(path: Path) -> paramiko.PKey:
    """The host key kept at `path`, made there on first use, readable by its owner only."""
    if not path.exists():
        text = io.StringIO()
        paramiko.ECDSAKey.generate().write_private_key(text)
        durable.write(path, text.getvalue().encode())
    return paramiko.ECDSAKey.from_private_key_file(str(path))


class User:
    """Who may log in: the folder under the server's root that is all they see, a password, a public key.

    `public_key` is a line as in OpenSSH's `authorized_keys`.
    """

    def __init__(self, home: str, password: str | None = None, public_key: str | None = None) -> None:
        self.home = home
        self._password = password
        self._key = public_key.split()[1] if public_key else None

    def __repr__(self) -> str:
        return f"User(home={self.home!r})"

    def knows_password(self, password: str) -> bool:
        """Whether this is the user's password."""
        return self._password is not None and hmac.compare_digest(self._password.encode(), password.encode())

    def knows_key(self, key: paramiko.PKey) -> bool:
        """Whether this is the user's key; paramiko has checked that the client holds it."""
        return self._key is not None and key.get_base64() == self._key


class Server:
    """A running server, as a context manager.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Server(Path(folder), {"ana": User("ana")}) as server:
    ...     server.host, server.port > 0, server.fingerprint[:7]
    ('127.0.0.1', True, 'SHA256:')
    """

    host = "127.0.0.1"
    #: What answers requests: the protocol, and the files behind it.
    protocol: type[paramiko.SFTPServer] = paramiko.SFTPServer

    def __init__(
        self, root: Path, users: Mapping[str, User], port: int = 0, host_key: paramiko.PKey | None = None
    ) -> None:
        self.root = root
        self.users = dict(users)
        self.port = port
        self.host_key = host_key or paramiko.ECDSAKey.generate()
        self.files: type[Files] = Files
        self._transports: list[paramiko.Transport] = []
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint, `SHA256:...`."""
        return self.host_key.fingerprint

    def __enter__(self) -> Self:
        for user in self.users.values():
            (self.root / user.home).mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server((self.host, self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="sftp-server", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        self.drop()

    def drop(self) -> None:
        """Hang up on everybody, as a failing network would."""
        with self._lock:
            transports, self._transports = self._transports, []
        for transport in transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(_HANDSHAKE_SECONDS)
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", self.protocol, self.files)
            with self._lock:
                self._transports = [known for known in self._transports if known.is_active()]
                self._transports.append(transport)
            try:
                transport.start_server(event=threading.Event(), server=_Door(self.root, self.users))
            except (OSError, EOFError, paramiko.SSHException):
                transport.close()


class _Door(paramiko.ServerInterface):
    """Who comes in, and to which folder."""

    def __init__(self, root: Path, users: Mapping[str, User]) -> None:
        self.home = root
        self._root = root
        self._users = users

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        return self._admit(username, lambda user: user.knows_password(password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._admit(username, lambda user: user.knows_key(key))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind == "session":
            return common.OPEN_SUCCEEDED
        return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def _admit(self, username: str, knows: Callable[[User], bool]) -> int:
        user = self._users.get(username)
        if user is None or not knows(user):
            return common.AUTH_FAILED
        self.home = (self._root / user.home).resolve()
        return common.AUTH_SUCCESSFUL


def _answered(operation: Callable[[], T]) -> T | int:
    """What an operation gives, or the SFTP status of what went wrong."""
    try:
        return operation()
    except OSError as trouble:
        return paramiko.SFTPServer.convert_errno(trouble.errno or errno.EIO)


def _code(operation: Callable[[], object]) -> int:
    """The SFTP status an operation ends in."""
    return _answered(lambda: operation() and None) or sftp.SFTP_OK


class Handle(paramiko.SFTPHandle):
    """An open file."""

    def __init__(self, file: Any, flags: int) -> None:
        super().__init__(flags)
        self.readfile = self.writefile = file

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def chattr(self, attr: paramiko.SFTPAttributes) -> int:
        return sftp.SFTP_OK


class Files(paramiko.SFTPServerInterface):
    """One user's folder; a path that leads out of it, by `..` or by a link, is refused."""

    def __init__(self, server: paramiko.ServerInterface, *more: Any, **named: Any) -> None:
        super().__init__(server, *more, **named)
        assert isinstance(server, _Door)
        self._home = server.home

    def _at(self, path: str) -> Path:
        """The real place of `path`; its last segment is not followed. Raises PermissionError."""
        inside = posixpath.normpath("/" + path).lstrip("/")
        wanted = self._home / inside
        if not inside:
            return self._home
        if not wanted.parent.resolve().is_relative_to(self._home):
            raise PermissionError(errno.EACCES, "outside")
        return wanted.parent.resolve() / wanted.name

    def _followed(self, path: str) -> Path:
        place = self._at(path).resolve()
        if not place.is_relative_to(self._home):
            raise PermissionError(errno.EACCES, "outside")
        return place

    def canonicalize(self, path: str) -> str:
        return posixpath.normpath("/" + path)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        def scan() -> Iterator[paramiko.SFTPAttributes]:
            for entry in os.scandir(self._followed(path)):
                # paramiko's server cannot be asked for a name that is not UTF-8, so none is shown
                with contextlib.suppress(FileNotFoundError, UnicodeEncodeError):
                    entry.name.encode("utf-8")
                    seen = entry.stat(follow_symlinks=False)
                    yield paramiko.SFTPAttributes.from_stat(seen, entry.name)

        return _answered(lambda: list(scan()))

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return _answered(lambda: paramiko.SFTPAttributes.from_stat(self._followed(path).stat()))

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return _answered(lambda: paramiko.SFTPAttributes.from_stat(self._at(path).lstat()))

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        mode = {os.O_RDONLY: "rb", os.O_WRONLY: "wb"}.get(flags & os.O_ACCMODE, "r+b")

        def opened() -> Handle:
            handle = os.open(self._followed(path), flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
            return Handle(os.fdopen(handle, mode, buffering=0), flags)

        return _answered(opened)

    def remove(self, path: str) -> int:
        return _code(lambda: self._at(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        def move() -> None:
            source, target = self._at(oldpath), self._at(newpath)
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "exists")
            source.rename(target)

        return _code(move)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _code(lambda: self._at(oldpath).replace(self._at(newpath)))

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return _code(lambda: self._at(path).mkdir())

    def rmdir(self, path: str) -> int:
        return _code(lambda: self._at(path).rmdir())

    def chattr(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        return _code(lambda: paramiko.SFTPServer.set_file_attr(str(self._followed(path)), attr))
