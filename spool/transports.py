"""Every kind of link there is, as settings say it, and the other side of each.

A transport is a folder beside this: a `Link` with its account, and a `Remote`. A new one is named here twice.
"""

from pathlib import Path
from typing import Any

from schemas.errors import LinkError
from schemas.text import Both
from spool.local.folder import FolderLink, FolderRemote
from spool.remote import Remote
from spool.sftp.link import SftpLink

AnyLink = SftpLink | FolderLink
_NO_KEY = Both(
    "un dossier local n'a pas de clé d'hôte ; il n'y a rien à faire",
    "a local folder has no host key; there is nothing to do",
)


def tagged(table: dict[str, Any]) -> dict[str, Any]:
    """A `[[link]]` table as `AnyLink` is decoded from it: with its kind, and of a folder without what only SFTP has.

    >>> tagged({"name": "a", "host": "h"}), tagged({"kind": "folder", "path": "p", "timeout_seconds": 5})
    ({'name': 'a', 'host': 'h', 'kind': 'sftp'}, {'kind': 'folder', 'path': 'p'})
    """
    kind = table.get("kind", "sftp")
    foreign = set(SftpLink.__struct_fields__) - set(FolderLink.__struct_fields__) if kind == "folder" else set()
    return {**{name: value for name, value in table.items() if name not in foreign}, "kind": kind}


def connect(link: AnyLink, known_hosts: Path) -> Remote:
    """The other side of a link, logged in to. Raises LinkAway, LinkError, HostKeyUnknown, HostKeyChanged, LoginRefused
    and SettingsWrong."""
    if isinstance(link, FolderLink):
        return FolderRemote(link.root, link.name)
    from spool.sftp.remote import connect  # not above: most commands talk to nobody, and paramiko takes its time

    return connect(link, known_hosts)


def server_of(link: AnyLink) -> SftpLink:
    """The link, which must have a host key. Raises LinkError for a folder."""
    if isinstance(link, SftpLink):
        return link
    raise LinkError(link=link.name, why=_NO_KEY)
