"""The embedded server: everybody sees their own folder, and nothing leads out of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spool.errors import Missing, Refused
from spool.remote import Remote
from spool.sftp import hostkeys
from spool.sftp.link import SftpLink
from spool.sftp.remote import connect
from spool.sftp.server import Server, User
from tests.spool.conftest import embedded_account


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[tuple[Remote, Path]]:
    users = {"ana": User("ana", password="ouvre-toi"), "bob": User("bob", password="sésame")}
    root = tmp_path / "srv"
    with Server(root, users) as server:
        (root / "bob/secret.txt").write_bytes(b"bob's")
        (root / "top.txt").write_bytes(b"top")
        link = SftpLink(name="ana", attempts=1, **embedded_account(server))
        hostkeys.trust(link, tmp_path / "pins", server.fingerprint)
        with connect(link, tmp_path / "pins") as remote:
            yield remote, root / "ana"


@pytest.mark.parametrize("path", ["../bob/secret.txt", "/../../top.txt", "out/secret.txt", "secret-link"])
def test_nothing_leads_out(ana: tuple[Remote, Path], path: str) -> None:
    remote, home = ana
    (home / "out").symlink_to(home.parent / "bob")
    (home / "secret-link").symlink_to(home.parent / "bob/secret.txt")
    (home / "own.txt").write_bytes(b"own")

    with pytest.raises((Missing, Refused)):
        b"".join(remote.read(path, -1))
    with pytest.raises((Missing, Refused)):
        remote.entries("out")
    for target in ("out/stolen.txt", "../../stolen.txt"):
        try:
            remote.move("own.txt", target)
        except Refused:
            continue
    assert sorted(path.name for path in home.parent.iterdir()) == ["ana", "bob", "top.txt"]
    assert [path.name for path in (home.parent / "bob").iterdir()] == ["secret.txt"]


def test_a_user_keeps_their_password_to_themselves() -> None:
    assert "ouvre-toi" not in repr(User("ana", password="ouvre-toi"))
