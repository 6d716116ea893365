"""The other side of a link, of whichever kind."""

from pathlib import Path

from spool.link import Link
from spool.remote import FolderRemote, Remote


def reach(link: Link, known_hosts: Path) -> Remote:
    """The other side of a link of either kind. Raises what `spool.sftp.connect` does."""
    if link.kind == "folder":
        return FolderRemote(Path(link.path or ".").expanduser(), link.name)
    from spool.sftp import connect  # not above: most commands talk to nobody, and paramiko takes its time

    return connect(link, known_hosts)
