"""Sending: an answer into the partner's `retour`, whole or not at all."""

from typing import IO

from spool import names
from spool.link import Link, in_home
from spool.pull import ensure
from spool.remote import Remote


def push(remote: Remote, link: Link, home: str, name: str, data: bytes | IO[bytes]) -> str:
    """Put `data` into the home's `retour` as `name`, made safe; the path it has there.

    It is written as `<name>.part` and renamed, so that a partner never collects half an answer. The same
    name again replaces the earlier one: pushing twice is the same as pushing once. Raises Refused,
    Missing when the home is gone, LinkAway.
    """
    ensure(remote, link, link.retour, home)
    path = f"{in_home(link.retour, home)}/{names.safe(name)}"
    remote.write(path, data)
    return path
