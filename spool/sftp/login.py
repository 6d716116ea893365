"""Logging in to a server: its host key is checked against our pins before anything is sent.

Secrets are read when connecting and kept nowhere.
"""

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any, Never

import paramiko

from schemas.errors import EdiError, HostKeyChanged, HostKeyUnknown, LoginRefused, SettingsWrong
from schemas.finding import shown
from schemas.text import Both, Text, filled
from spool.errors import why
from spool.sftp import hostkeys
from spool.sftp.link import SftpLink
from spool.sftp.wire import Client

_OPEN = Both(
    "{setting} {path} : ouvert à d'autres ; chmod 600 {path}", "{setting} {path}: open to others; chmod 600 {path}"
)
_NOT_SET = Both("variable d'environnement {variable} absente", "environment variable {variable} is not set")
_PHRASE = Both("key_file {path} : key_passphrase_env ?", "key_file {path}: key_passphrase_env?")
_WRONG_KEY = Both("key_file {path} : clé ou phrase de passe fausse", "key_file {path}: wrong key or passphrase")


class _Unknown(Exception):
    def __init__(self, key: paramiko.PKey) -> None:
        self.key = key


class _Reject(paramiko.RejectPolicy):
    """RejectPolicy that says which key it was."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> Never:
        raise _Unknown(key)


def passes(trouble: Exception) -> bool:
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


def log_in(link: SftpLink, known_hosts: Path) -> tuple[paramiko.SSHClient, Client]:
    """One try: connect, check the host key, log in, open the session.

    Raises HostKeyUnknown, HostKeyChanged, LoginRefused, SettingsWrong, and what `passes` knows.
    """
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Reject())
    if known_hosts.exists():
        client.load_host_keys(str(known_hosts))
    key, password = _key(link), _password(link)
    if key is None and password is None:
        raise _setting(link, Both("ni clé ni mot de passe", "neither key nor password"))
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
        raise LoginRefused(
            link=link.name, why=Both(f"le serveur demande {allowed}", f"the server asks for {allowed}")
        ) from None
    except paramiko.AuthenticationException:
        client.close()
        raise LoginRefused(
            link=link.name, why=Both(f"utilisateur {shown(link.user)}", f"user {shown(link.user)}")
        ) from None
    except BaseException:
        client.close()
        raise


def _transport(sock: Any, /, **given: Any) -> paramiko.Transport:
    """A transport whose small requests go out at once, and do not wait for the answer to the one before (RFC 896)."""
    with contextlib.suppress(OSError):  # it only takes longer
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return paramiko.Transport(sock, **given)


def _session(client: paramiko.SSHClient, link: SftpLink) -> Client:
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


def _key(link: SftpLink) -> paramiko.PKey | None:
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
            raise _setting(link, filled(_PHRASE, path=path)) from None
        except (paramiko.SSHException, ValueError):
            continue
    raise _setting(link, filled(_WRONG_KEY, path=path))


def _password(link: SftpLink) -> str | None:
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


def _closed(link: SftpLink, setting: str, path: Path) -> None:
    """Raises SettingsWrong when others may read a secret."""
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077:
            raise _setting(link, filled(_OPEN, setting=setting, path=path))


def _secret(link: SftpLink, variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise _setting(link, filled(_NOT_SET, variable=variable))
    return value


def _setting(link: SftpLink, reason: Text) -> SettingsWrong:
    return SettingsWrong(path=f"[[link]] {link.name}", why=reason)
