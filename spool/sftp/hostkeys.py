"""Host keys: shown without logging in, pinned only when told which, checked at every connection.

The pins lie in a file of ours in OpenSSH's known_hosts format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"),
so that `ssh-keygen -l -f` reads it too. The first key a server shows is never believed by itself.
"""

import contextlib
import logging
import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import paramiko

from schemas.errors import LinkAway, LinkError, SettingsWrong
from schemas.finding import shown
from schemas.text import Both, Text
from spool import durable
from spool.errors import FingerprintDiffers, why
from spool.sftp.link import SftpLink

# What paramiko tells is told again as an EdiError; without a handler it would write to the terminal.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)

#: What only a link with `legacy_kex` may use, as far as the installed paramiko has it at all:
#: SHA-1 and MD5, CBC modes, and the keys that are bound to SHA-1.
LEGACY = {
    "kex": ("diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"),
    "keys": ("ssh-rsa", "ssh-dss"),
    "pubkeys": ("ssh-rsa", "ssh-dss"),
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc", "blowfish-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}


def disabled(link: SftpLink) -> dict[str, tuple[str, ...]]:
    """The algorithms this link must not use, as paramiko's `disabled_algorithms`."""
    return {} if link.legacy_kex else LEGACY


def host_name(link: SftpLink) -> str:
    """The link's server as known_hosts spells it.

    >>> host_name(SftpLink(name="a", host="SFTP.example.fr", port=2222))
    '[sftp.example.fr]:2222'
    """
    host = link.host.lower()
    return host if link.port == 22 else f"[{host}]:{link.port}"


def load(known_hosts: Path) -> paramiko.HostKeys:
    """The pins; none where the file does not exist. Raises SettingsWrong when it is damaged."""
    keys = paramiko.HostKeys()
    try:
        keys.load(known_hosts)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, paramiko.hostkeys.InvalidHostKey, paramiko.SSHException) as trouble:
        reason = why(trouble) if isinstance(trouble, OSError) else Both("ligne illisible", "a line cannot be read")
        raise SettingsWrong(path=known_hosts, why=reason) from trouble
    return keys


def fingerprint(link: SftpLink) -> tuple[str, str]:
    """The key the server shows now, without logging in: (`ssh-ed25519`, `SHA256:...`).

    Raises LinkAway, or LinkError when both sides share no algorithm.
    """
    key = _shown_key(link, ())
    assert key is not None
    return key.get_name(), key.fingerprint


def trust(link: SftpLink, known_hosts: Path, fingerprint: str) -> str:
    """Pin the key of this fingerprint if the server shows it now, instead of older pins; the key's type.

    The fingerprint is the partner's, of any of the server's keys, with or without `SHA256:`. Raises
    FingerprintDiffers and pins nothing otherwise; LinkAway, SettingsWrong, DiskTrouble.
    """
    wanted = "SHA256:" + fingerprint.strip().removeprefix("SHA256:").rstrip("=")
    seen: list[str] = []
    for family in ((), *_FAMILIES):
        key = _shown_key(link, family)
        if key is not None and key.fingerprint == wanted:
            _pin(known_hosts, host_name(link), key)
            return key.get_name()
        if key is not None and key.fingerprint not in seen:
            seen.append(key.fingerprint)
    raise FingerprintDiffers(link=link.name, shown=", ".join(seen), expected=shown(wanted))


@contextlib.contextmanager
def away(link: SftpLink) -> Iterator[None]:
    """What the network does to a connection inside is raised as LinkAway, or LinkError if it will not pass."""
    try:
        yield
    except paramiko.ssh_exception.IncompatiblePeer as trouble:
        shared = Both("aucun algorithme commun", "no algorithm in common")
        if not link.legacy_kex:
            shared = Both(f"{shared.fr} ; essayer legacy_kex = true", f"{shared.en}; try legacy_kex = true")
        raise LinkError(link=link.name, why=shared) from trouble
    except (OSError, EOFError, paramiko.SSHException) as trouble:
        raise LinkAway(link=link.name, why=network(trouble)) from trouble


def network(trouble: BaseException) -> Text:
    """What happened to a connection, in words.

    >>> network(TimeoutError())
    Both(fr='délai dépassé', en='timed out')
    """
    if isinstance(trouble, TimeoutError):
        return Both("délai dépassé", "timed out")
    if isinstance(trouble, socket.gaierror):
        return Both("nom de serveur introuvable", "host name not found")
    if isinstance(trouble, paramiko.ssh_exception.NoValidConnectionsError | ConnectionRefusedError):
        return Both("connexion refusée", "connection refused")
    if isinstance(trouble, OSError) and trouble.errno is not None:
        return why(trouble)
    if isinstance(trouble, paramiko.SSHException) and "banner" in str(trouble):
        return Both("pas de réponse SSH", "no SSH banner")
    return Both("connexion coupée", "connection dropped")


def _shown_key(link: SftpLink, family: Sequence[str]) -> paramiko.PKey | None:
    """The key the server shows of this family, or its best one; None if it has none of the family."""
    with away(link):
        sock = socket.create_connection((link.host, link.port), timeout=link.timeout_seconds)
        try:
            transport = paramiko.Transport(sock, disabled_algorithms=disabled(link))
        except BaseException:
            sock.close()
            raise
        try:
            transport.banner_timeout = link.timeout_seconds
            if family:
                transport.get_security_options().key_types = tuple(family)
            transport.start_client(timeout=link.timeout_seconds)
            return transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer:
            if family:
                return None
            raise
        finally:
            transport.close()


def _pin(known_hosts: Path, host: str, key: paramiko.PKey) -> None:
    """Write the pin and drop the host's older ones; every other line stays as it was."""
    with durable.disk(known_hosts):
        known_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = known_hosts.read_text("utf-8").splitlines() if known_hosts.exists() else []
        kept = [line for line in (_without(line, host) for line in lines) if line is not None]
        kept.append(f"{host} {key.get_name()} {key.get_base64()}")
        durable.write(known_hosts, ("\n".join(kept) + "\n").encode())


def _without(line: str, host: str) -> str | None:
    """A line of known_hosts without `host`; None when it named no other."""
    names, gap, rest = re.match(r"(\S*)(\s*)(.*)", line).groups()  # type: ignore[union-attr]
    if not names or names.startswith(("#", "@")):
        return line
    others = [name for name in names.split(",") if not _names(name, host)]
    return ",".join(others) + gap + rest if others else None


def _names(name: str, host: str) -> bool:
    if name.startswith("|1|"):
        return paramiko.HostKeys.hash_host(host, name) == name
    return name.lower() == host
