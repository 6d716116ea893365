"""One set of tests for every kind of link: a folder, the embedded server, a real sshd."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
import stamina

from spool.folder import Folder
from spool.remote import Remote
from spool.sftp.hostkeys import trust
from spool.sftp.server import Server, User
from spool.transports import AnyLink, connect, tagged
from tests.sshd import Sshd, available, sshd

__all__ = ["sshd"]

_NUMBERS = count()


class Site:
    """A partner's side for one test: `base` is its login folder as this machine sees it."""

    def __init__(self, base: Path, prefix: str, account: dict[str, Any], known_hosts: Path) -> None:
        self.base = base
        self.prefix = prefix
        self.account = account
        self.known_hosts = known_hosts
        base.mkdir(parents=True, exist_ok=True)

    def link(self, **settings: Any) -> Any:
        folders = {"depot": "depot", "retour": "retour", "archive": "archive"}
        folders |= {field: settings.pop(field) for field in folders if field in settings}
        placed = {field: self.prefix + folder for field, folder in folders.items()}
        given = {"name": "lyon", "declarants": ("*",), "attempts": 1, **self.account, **placed, **settings}
        return msgspec.convert(tagged(given), AnyLink)

    def connect(self, **settings: Any) -> Remote:
        return connect(self.link(**settings), self.known_hosts)

    def put(self, path: str, data: bytes = b"declaration\n") -> Path:
        place = self.base / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return place

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.base / folder).iterdir())


def embedded_account(server: Server) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "user": "ana", "password_env": "TEST_SFTP_PASSWORD"}


def sshd_account(running: Sshd) -> dict[str, Any]:
    return {"host": running.host, "port": running.port, "user": running.user, "key_file": str(running.key)}


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    users = {"ana": User("ana", password="ouvre-toi"), "bob": User("bob", password="sésame")}
    with Server(tmp_path_factory.mktemp("embedded"), users) as server:
        yield server


@pytest.fixture(params=["folder", "embedded", "sshd"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    if request.param == "folder":
        base = tmp_path / "partner"
        return Site(base, "", {"kind": "folder", "path": str(base)}, tmp_path / "known_hosts")
    return _over_sftp(request, tmp_path)


@pytest.fixture(params=["embedded", "sshd"])
def sftp_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return _over_sftp(request, tmp_path)


def _over_sftp(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    own, known_hosts = f"t{next(_NUMBERS)}", tmp_path / "known_hosts"
    if request.param == "sshd":
        if not available():
            pytest.skip("no sshd here: make system-deps")
        running: Sshd = request.getfixturevalue("sshd")
        base, account, fingerprint = running.root / own, sshd_account(running), running.fingerprint
    else:
        server: Server = request.getfixturevalue("embedded")
        base, account, fingerprint = server.root / "ana" / own, embedded_account(server), server.fingerprint
    site = Site(base, f"{own}/", account, known_hosts)
    trust(site.link(), known_hosts, fingerprint)
    return site


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SFTP_PASSWORD", "ouvre-toi")


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "home")


@pytest.fixture
def debris(folder: Folder) -> Callable[[], list[Path]]:
    """Whatever lies in incoming/ now."""
    return lambda: list((folder.root / "incoming").iterdir())
