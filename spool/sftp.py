"""A link over SFTP: connecting, and the `Remote` on the other side.

The host key is checked against our pins at every connection, before anything is sent. Only what passes by
itself (refused, reset, timed out) is tried again; a wrong key or password never is. Secrets are read when
connecting and kept nowhere.
"""

import contextlib
import errno
import io
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Never, Self

import paramiko
import stamina

from schemas.errors import EdiError, HostKeyChanged, HostKeyUnknown, LinkAway, LoginRefused, SettingsWrong
from schemas.finding import shown
from schemas.text import Both, Text, filled
from spool import hostkeys
from spool.errors import Exists, Missing, Refused, why
from spool.link import Link
from spool.remote import LONGEST_LISTING, Entry, Kind, kind_of
from spool.wire import Client, raw

#: What a server says beyond this is no size of a file, and fits into no database.
_LARGEST = 1 << 60
_CHUNK = 1 << 20

# Its default hook prints to standard output wherever structlog happens to be installed.
stamina.instrumentation.set_on_retry_hooks(())


def connect(link: Link, known_hosts: Path) -> "SftpRemote":
    """Log in to a link's server.

    Raises LinkAway after `link.attempts` tries; HostKeyUnknown, HostKeyChanged, LoginRefused, LinkError and
    SettingsWrong at once.
    """
    hostkeys.load(known_hosts)
    with hostkeys.away(link):
        for attempt in stamina.retry_context(on=_passes, attempts=link.attempts, timeout=None):
            with attempt:
                return SftpRemote(link.name, *_open(link, known_hosts))
    raise AssertionError("stamina gives a result or raises")


class _Unknown(Exception):
    def __init__(self, key: paramiko.PKey) -> None:
        self.key = key


class _Reject(paramiko.RejectPolicy):
    """RejectPolicy that says which key it was."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> Never:
        raise _Unknown(key)


def _passes(trouble: Exception) -> bool:
    """Whether a failed connection may succeed in a moment."""
    if isinstance(trouble, socket.gaierror):
        return trouble.errno == socket.EAI_AGAIN
    never = (
        EdiError,
        paramiko.AuthenticationException,
        paramiko.BadHostKeyException,
        paramiko.ssh_exception.IncompatiblePeer,
        PermissionError,
        FileNotFoundError,
    )
    return isinstance(trouble, OSError | EOFError | paramiko.SSHException) and not isinstance(trouble, never)


def _open(link: Link, known_hosts: Path) -> tuple[paramiko.SSHClient, Client]:
    """One try: connect, check the host key, log in, open the session."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Reject())
    if known_hosts.exists():
        client.load_host_keys(str(known_hosts))
    key, password = _key(link), _password(link)
    if key is None and password is None:
        raise _setting(link, "ni clé ni mot de passe / neither key nor password")
    try:
        client.connect(
            link.host.lower(),
            port=link.port,
            username=link.user,
            password=password,
            pkey=key,
            timeout=link.timeout_seconds,
            banner_timeout=link.timeout_seconds,
            auth_timeout=link.timeout_seconds,
            channel_timeout=link.timeout_seconds,
            allow_agent=False,
            look_for_keys=False,
            disabled_algorithms=hostkeys.disabled(link),
            transport_factory=_transport,
        )
        return client, _session(client, link)
    except _Unknown as trouble:
        client.close()
        raise HostKeyUnknown(link=link.name, fingerprint=trouble.key.fingerprint) from None
    except paramiko.BadHostKeyException as trouble:
        client.close()
        raise HostKeyChanged(link=link.name, fingerprint=trouble.key.fingerprint) from None
    except paramiko.BadAuthenticationType as trouble:
        client.close()
        allowed = shown(", ".join(trouble.allowed_types))
        raise LoginRefused(link=link.name, why=f"le serveur demande / the server asks: {allowed}") from None
    except paramiko.AuthenticationException:
        client.close()
        raise LoginRefused(link=link.name, why=f"utilisateur / user {shown(link.user)}") from None
    except BaseException:
        client.close()
        raise


def _transport(sock: Any, /, **given: Any) -> paramiko.Transport:
    """A transport whose small requests go out at once, and do not wait for the answer to the one before (RFC 896)."""
    with contextlib.suppress(OSError):  # it only takes longer
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return paramiko.Transport(sock, **given)


def _session(client: paramiko.SSHClient, link: Link) -> Client:
    """The SFTP session; a server that never answers is hung up on, which paramiko alone would not do."""
    transport = client.get_transport()
    assert transport is not None
    transport.set_keepalive(link.keepalive_seconds)
    late = threading.Timer(link.timeout_seconds, transport.close)
    late.daemon = True
    late.start()
    try:
        channel = transport.open_session(timeout=link.timeout_seconds)
        channel.settimeout(link.timeout_seconds)
        channel.invoke_subsystem("sftp")
        return Client(channel)
    finally:
        late.cancel()


def _key(link: Link) -> paramiko.PKey | None:
    if not link.key_file:
        return None
    phrase = _secret(link, link.key_passphrase_env) if link.key_passphrase_env else None
    path = Path(link.key_file).expanduser()
    _closed(link, "key_file", path)
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key_file(str(path), phrase)
            certificate = path.with_name(path.name + "-cert.pub")
            if certificate.exists():
                key.load_certificate(str(certificate))
            return key
        except OSError as trouble:
            raise _setting(link, filled("key_file {path} : {why}", path=path, why=why(trouble))) from None
        except (paramiko.PasswordRequiredException, TypeError):
            raise _setting(link, f"key_file {path}: key_passphrase_env ?") from None
        except (paramiko.SSHException, ValueError):
            continue
    raise _setting(
        link, Both(f"key_file {path} : clé ou phrase de passe fausse", f"key_file {path}: wrong key or passphrase")
    )


def _password(link: Link) -> str | None:
    if link.password_env:
        return _secret(link, link.password_env)
    if not link.password_file:
        return None
    path = Path(link.password_file).expanduser()
    _closed(link, "password_file", path)
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as trouble:
        reason = why(trouble) if isinstance(trouble, OSError) else "UTF-8 ?"
        raise _setting(link, filled("password_file {path} : {why}", path=path, why=reason)) from None


def _closed(link: Link, setting: str, path: Path) -> None:
    """Raises SettingsWrong when others may read a secret."""
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077:
            raise _setting(link, f"{setting} {path} : ouvert à d'autres / open to others: chmod 600 {path}")


def _secret(link: Link, variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise _setting(link, f"variable d'environnement {variable} absente / environment variable not set")
    return value


def _setting(link: Link, reason: Text) -> SettingsWrong:
    return SettingsWrong(path=f"[[link]] {link.name}", why=reason)


class SftpRemote:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
