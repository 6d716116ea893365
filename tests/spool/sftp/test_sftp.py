"""The SFTP link itself: host keys, logging in, what is tried again, and what a lost connection leaves."""

import contextlib
import logging
import os
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from schemas.errors import EdiError, HostKeyChanged, HostKeyUnknown, LinkAway, LinkError, LoginRefused, SettingsWrong
from schemas.text import Both
from spool.errors import Exists, FingerprintDiffers, Refused
from spool.folder import Folder
from spool.pull import archive, listing, pull
from spool.push import push
from spool.sftp import hostkeys
from spool.sftp.link import SftpLink
from spool.sftp.remote import SftpRemote, connect
from spool.sftp.server import Server, User
from tests.program import until
from tests.spool.conftest import Site, embedded_account, sshd_account
from tests.spool.sftp.proxy import Proxy
from tests.sshd import Sshd, free_port, make_key

LONG = 3 * 2**20


@pytest.fixture
def proxied(sftp_site: Site) -> Iterator[tuple[Site, Proxy]]:
    with Proxy(sftp_site.account["port"]) as proxy:
        fingerprint = hostkeys.fingerprint(sftp_site.link())[1]
        sftp_site.account = {**sftp_site.account, "port": proxy.port}
        hostkeys.trust(sftp_site.link(), sftp_site.known_hosts, fingerprint)
        proxy.connections = 0
        yield sftp_site, proxy


def test_an_unknown_key_is_refused_until_it_is_trusted(sftp_site: Site) -> None:
    link, pins = sftp_site.link(), sftp_site.known_hosts
    kind, fingerprint = hostkeys.fingerprint(link)
    pins.unlink()

    with pytest.raises(HostKeyUnknown) as refused:
        connect(link, pins)
    assert fingerprint in str(refused.value)
    assert not pins.exists()

    with pytest.raises(FingerprintDiffers, match="Rien n'a été retenu"):
        hostkeys.trust(link, pins, "SHA256:" + "A" * 43)
    assert not pins.exists()

    assert hostkeys.trust(link, pins, fingerprint) == kind
    connect(link, pins).close()


@pytest.mark.parametrize("dress", ["{}", " {}= ", "{bare}"])
def test_a_fingerprint_as_people_paste_it(sftp_site: Site, dress: str) -> None:
    _, fingerprint = hostkeys.fingerprint(sftp_site.link())
    pasted = dress.format(fingerprint, bare=fingerprint.removeprefix("SHA256:"))

    assert hostkeys.trust(sftp_site.link(), sftp_site.known_hosts, pasted)


def test_a_changed_key_stops_everything_until_it_is_trusted_again(tmp_path: Path) -> None:
    pins, users = tmp_path / "known_hosts", {"ana": User("ana", password="ouvre-toi")}
    with Server(tmp_path / "a", users) as first:
        link = SftpLink(name="lyon", attempts=1, **embedded_account(first))
        hostkeys.trust(link, pins, first.fingerprint)
    with Server(tmp_path / "a", users, port=link.port) as second:
        with pytest.raises(HostKeyChanged) as refused:
            connect(link, pins)
        assert second.fingerprint in str(refused.value)
        with pytest.raises(FingerprintDiffers):
            hostkeys.trust(link, pins, first.fingerprint)

        hostkeys.trust(link, pins, second.fingerprint)
        connect(link, pins).close()
    assert len(pins.read_text().splitlines()) == 1


def test_a_key_of_another_type_is_a_changed_key(tmp_path: Path) -> None:
    pins, users = tmp_path / "known_hosts", {"ana": User("ana", password="ouvre-toi")}
    with Server(tmp_path / "a", users) as first:
        link = SftpLink(name="lyon", attempts=1, **embedded_account(first))
        hostkeys.trust(link, pins, first.fingerprint)
    with (
        Server(tmp_path / "a", users, port=link.port, host_key=paramiko.RSAKey.generate(2048)),
        pytest.raises(HostKeyChanged),
    ):
        connect(link, pins)


def test_any_of_the_servers_keys_can_be_the_trusted_one(sshd: Sshd, tmp_path: Path) -> None:
    link = SftpLink(name="lyon", attempts=1, **sshd_account(sshd))
    pins = tmp_path / "known_hosts"

    assert hostkeys.fingerprint(link) == ("ssh-ed25519", sshd.fingerprint)
    assert hostkeys.trust(link, pins, sshd.rsa_fingerprint) == "ssh-rsa"
    connect(link, pins).close()


def test_pins_of_other_hosts_and_remarks_stay(sftp_site: Site) -> None:
    link, pins = sftp_site.link(), sftp_site.known_hosts
    own = pins.read_text().strip()
    name, _, key = own.partition(" ")
    hashed = paramiko.HostKeys.hash_host(name)
    pins.write_text(f"# ours\nother.example.fr,{name} {key} remark\n{hashed} {key}\n{own}\n")
    hostkeys.trust(link, pins, hostkeys.fingerprint(link)[1])

    assert pins.read_text().splitlines() == ["# ours", f"other.example.fr {key} remark", own]
    assert pins.stat().st_mode & 0o777 == 0o600


def test_a_damaged_known_hosts_is_said_and_trusts_nobody(sftp_site: Site) -> None:
    name = sftp_site.known_hosts.read_text().split()[0]
    sftp_site.known_hosts.write_text(f"{name} ssh-ed25519 AAAA!\n")
    with pytest.raises((SettingsWrong, HostKeyUnknown)):
        sftp_site.connect()


def test_a_wrong_password_is_tried_once_and_never_shown(
    embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEST_SFTP_PASSWORD", "hunter2-secret")
    with Proxy(embedded.port) as proxy:
        link = SftpLink(name="lyon", **{**embedded_account(embedded), "port": proxy.port})
        hostkeys.trust(link, tmp_path / "pins", embedded.fingerprint)
        proxy.connections = 0
        with pytest.raises(LoginRefused) as refused:
            connect(link, tmp_path / "pins")
        assert proxy.connections == 1

    told = "".join(traceback.format_exception(refused.value)) + caplog.text + repr(link)
    assert "hunter2" not in told


def test_a_wrong_key_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    link = SftpLink(name="lyon", **{**sshd_account(sshd), "key_file": str(tmp_path / "stranger")})
    hostkeys.trust(link, tmp_path / "pins", sshd.fingerprint)
    with pytest.raises(LoginRefused):
        connect(link, tmp_path / "pins")


def test_a_key_with_a_passphrase(embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(tmp_path / "key"), password="phrase")
    (tmp_path / "wrong").write_text("not a key")
    embedded.users["cle"] = User("cle", public_key=f"{key.get_name()} {key.get_base64()} remark")
    account = {**embedded_account(embedded), "user": "cle", "password_env": None}
    link = SftpLink(name="lyon", key_passphrase_env="PHRASE", key_file=str(tmp_path / "key"), **account)
    hostkeys.trust(link, tmp_path / "pins", embedded.fingerprint)

    monkeypatch.setenv("PHRASE", "phrase")
    connect(link, tmp_path / "pins").close()
    for phrase in ("wrong-secret", ""):
        monkeypatch.setenv("PHRASE", phrase)
        with pytest.raises(SettingsWrong) as refused:
            connect(link, tmp_path / "pins")
        assert "wrong-secret" not in "".join(traceback.format_exception(refused.value))
    for file, env in (("key", None), ("wrong", None), ("none", None)):
        bare = SftpLink(name="lyon", key_passphrase_env=env, key_file=str(tmp_path / file), **account)
        with pytest.raises(SettingsWrong):
            connect(bare, tmp_path / "pins")


def test_an_openssh_key_with_a_passphrase(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_key(tmp_path / "locked", "phrase")
    link = SftpLink(
        name="lyon", key_passphrase_env="PHRASE", **{**sshd_account(sshd), "key_file": str(tmp_path / "locked")}
    )
    hostkeys.trust(link, tmp_path / "pins", sshd.fingerprint)
    for phrase, error in (("phrase", LoginRefused), ("wrong", SettingsWrong)):
        monkeypatch.setenv("PHRASE", phrase)
        with pytest.raises(error):
            connect(link, tmp_path / "pins")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_from_a_file(embedded: Server, tmp_path: Path, end: str) -> None:
    (tmp_path / "password").write_bytes(f"ouvre-toi{end}".encode())
    (tmp_path / "password").chmod(0o600)
    account = {**embedded_account(embedded), "password_env": None}
    link = SftpLink(name="lyon", password_file=str(tmp_path / "password"), **account)
    hostkeys.trust(link, tmp_path / "pins", embedded.fingerprint)
    connect(link, tmp_path / "pins").close()
    (tmp_path / "password").chmod(0o640)
    with pytest.raises(SettingsWrong, match="chmod 600"):
        connect(link, tmp_path / "pins")


def test_the_operators_own_keys_are_offered_to_nobody(
    embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = SftpLink(name="lyon", attempts=1, **{**embedded_account(embedded), "user": "nobody"})
    hostkeys.trust(link, tmp_path / "pins", embedded.fingerprint)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        called: list[str] = []

        def hang_up() -> None:  # so that whoever calls does not wait for ever
            with contextlib.suppress(OSError):
                while True:
                    agent.accept()[0].close()
                    called.append("agent")

        caller = threading.Thread(target=hang_up, daemon=True)
        caller.start()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with pytest.raises(LoginRefused):
            connect(link, tmp_path / "pins")
        agent.shutdown(socket.SHUT_RDWR)
        caller.join(5)
        assert not called


def test_a_missing_secret_says_which(embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_SFTP_PASSWORD")
    with pytest.raises(SettingsWrong, match="TEST_SFTP_PASSWORD"):
        connect(SftpLink(name="lyon", **embedded_account(embedded)), tmp_path / "pins")


def test_nobody_there_is_transient_and_tried_again(tmp_path: Path) -> None:
    link = SftpLink(name="lyon", host="127.0.0.1", port=free_port(), user="x", password_env="TEST_SFTP_PASSWORD")
    with pytest.raises(LinkAway, match="connexion refusée") as away:
        connect(link, tmp_path / "pins")
    assert away.value.transient
    with pytest.raises(LinkAway):
        hostkeys.fingerprint(link)


def test_a_connection_that_is_cut_at_once_is_tried_again(proxied: tuple[Site, Proxy]) -> None:
    site, proxy = proxied
    proxy.left = 10
    with pytest.raises(LinkAway):
        site.connect(attempts=3)
    assert proxy.connections == 3


def test_a_server_that_says_nothing_does_not_hold_us_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        account: dict[str, Any] = {"host": "127.0.0.1", "port": mute.getsockname()[1], "user": "x"}
        link = SftpLink(name="lyon", password_env="TEST_SFTP_PASSWORD", timeout_seconds=0.3, attempts=1, **account)
        with pytest.raises(LinkAway):
            connect(link, tmp_path / "pins")


@pytest.mark.parametrize(
    "where", ["paramiko.SFTPServer.start_subsystem", "spool.sftp.server._Door.check_channel_subsystem_request"]
)
def test_a_server_that_stops_answering_does_not_hold_us_up(
    embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    held, outwaited = threading.Event(), []
    link = SftpLink(name="lyon", timeout_seconds=0.5, attempts=1, **embedded_account(embedded))
    hostkeys.trust(link, tmp_path / "pins", embedded.fingerprint)
    monkeypatch.setattr(where, lambda *_: outwaited.append(held.wait(50)))
    try:
        with pytest.raises(LinkAway):
            connect(link, tmp_path / "pins")
        assert not outwaited, "only once the server let go"
    finally:
        held.set()


@pytest.mark.parametrize("passed", [2_000, 100_000, LONG - 5_000])
def test_a_connection_lost_in_a_fetch_leaves_no_debris(
    proxied: tuple[Site, Proxy], folder: Folder, debris: Callable[[], list[Path]], passed: int
) -> None:
    site, proxy = proxied
    data = os.urandom(LONG)
    site.put("depot/a.bin", data)
    threads = threading.active_count()
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        proxy.left = passed
        with pytest.raises(LinkAway) as away:
            pull(remote, file, folder, limit=LONG)
        assert away.value.transient
        with pytest.raises(LinkAway):
            listing(remote, site.link())
    assert debris() == []
    assert site.names("depot") == ["a.bin"]
    assert until(lambda: threading.active_count() <= threads + 2), "threads outlive the connection"

    proxy.left = None
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        kept = pull(remote, file, folder, limit=LONG)
        assert archive(remote, site.link(), file, kept)
    assert kept.path.read_bytes() == data


def test_a_connection_lost_in_a_push_leaves_no_half_answer(proxied: tuple[Site, Proxy]) -> None:
    site, proxy = proxied
    with site.connect() as remote:
        push(remote, site.link(), "", "a.xml", b"whole")
        proxy.left = 1_000
        with pytest.raises(LinkAway):
            push(remote, site.link(), "", "a.xml", os.urandom(LONG))
    proxy.left = None

    assert (site.base / "retour/a.xml").read_bytes() == b"whole"
    with site.connect() as remote:
        push(remote, site.link(), "", "a.xml", b"again")
    assert site.names("retour") == ["a.xml"]


def test_a_closed_folder_is_refused_not_away(sftp_site: Site, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    sftp_site.put("depot/a.txt")
    with sftp_site.connect() as remote:
        (file,) = listing(remote, sftp_site.link())
        kept = pull(remote, file, folder, limit=100)
        sftp_site.put("archive", b"a file, not a folder")
        with pytest.raises(LinkError) as refused:
            archive(remote, sftp_site.link(), file, kept)
        assert not refused.value.transient
        assert listing(remote, sftp_site.link()) == [file]


def test_a_server_without_posix_rename(embedded: Server, sftp_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Operation unsupported")

    monkeypatch.setattr(paramiko.SFTPClient, "posix_rename", refuse)
    with sftp_site.connect() as remote:
        for data in (b"1", b"2"):
            push(remote, sftp_site.link(), "", "a.xml", data)
    assert sftp_site.names("retour") == ["a.xml"]
    assert (sftp_site.base / "retour/a.xml").read_bytes() == b"2"


def test_a_server_that_would_rename_over_a_file(sftp_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paramiko.SFTPClient, "rename", paramiko.SFTPClient.posix_rename)
    sftp_site.put("depot/a.txt", b"a")
    there = sftp_site.put("depot/b.txt", b"b")
    with sftp_site.connect() as remote, pytest.raises(Exists):
        remote.move(f"{sftp_site.prefix}depot/a.txt", f"{sftp_site.prefix}depot/b.txt")
    assert there.read_bytes() == b"b"


def test_a_server_that_answers_in_another_order(sftp_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sftp_site.put("depot/a.bin", data := os.urandom(500_000))
    late: list[tuple[int, bytes]] = []
    with sftp_site.connect() as remote:
        assert isinstance(remote, SftpRemote)
        session = remote._session
        read = session._read_packet

        def shuffled() -> tuple[int, bytes]:
            if not late and len(session._expecting) > 1:
                late.extend([read(), read()])
            return late.pop() if late else read()

        monkeypatch.setattr(session, "_read_packet", shuffled)
        assert b"".join(remote.read(sftp_site.prefix + "depot/a.bin", len(data))) == data


def test_only_modern_algorithms_unless_the_link_says_otherwise(
    embedded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modern, legacy = (
        SftpLink(name="lyon", legacy_kex=legacy, attempts=1, **embedded_account(embedded)) for legacy in (False, True)
    )
    with pytest.MonkeyPatch.context() as old:
        old.setattr(paramiko.Transport, "_preferred_macs", ("hmac-sha1",))
        with pytest.raises(LinkError, match="legacy_kex") as refused:
            hostkeys.fingerprint(modern)
        assert not isinstance(refused.value, LinkAway)
        assert hostkeys.fingerprint(legacy)[1] == embedded.fingerprint


def test_a_thousand_small_files(sftp_site: Site) -> None:
    for number in range(1000):
        sftp_site.put(f"depot/{number:04}.txt", b"x" * number)
    with sftp_site.connect() as remote:
        files = listing(remote, sftp_site.link())
    assert [file.size for file in files] == list(range(1000))


def test_a_listing_has_an_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        site.put(f"depot/{number}.txt")
    monkeypatch.setattr("spool.local.folder.LONGEST_LISTING", 7)
    monkeypatch.setattr("spool.sftp.remote.LONGEST_LISTING", 7)
    with site.connect() as remote:
        assert len(listing(remote, site.link())) == 7


def test_no_error_is_without_a_sentence() -> None:
    for error in (EdiError, *EdiError.__subclasses__(), *LinkError.__subclasses__()):
        assert isinstance(error.says, Both) or error.says == "{why}", error
    assert "non-UTF" not in str(Refused(link="a", path="b", what="c", why="d"))
