"""Who may speak, and what is told to whom: a stranger learns nothing and changes nothing; secrets stay where they are."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edi.core.settings import open_home, read_settings
from edi.demo.show import demo
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Declaration
from schemas.errors import NotAllowed
from spool.link import Link, declarants
from tests.desk import (
    LIBRARY,
    NOW,
    OTHER_LIBRARY,
    OTHER_SHOP,
    SHOP,
    Desk,
    bought,
    codes,
    counts,
    declared,
    sold,
    written,
)
from tests.edi.cli.conftest import _main
from tests.worlds.core import zipped

DAY = "2025-03-14"
MINE = [declared("A", sold("1", DAY), sold("2", DAY, 20_000)), declared("L", bought("1", DAY), by=LIBRARY)]
#: What a stranger may say in SHOP's name.
FORGED = {
    "the same": MINE[0],
    "new": declared("N", sold("7", DAY)),
    "a taken reference": declared("A", sold("7", DAY)),
    "other amounts": declared("N", sold("1", DAY, 5_000)),
    "replaces": declared("R", sold("1", DAY, 5_000), replaces="A"),
    "replaces nothing known": declared("R", sold("1", DAY, 5_000), replaces="ZZZ"),
    "cancels": declared("X", cancels="A"),
    "cancels nothing known": declared("X", cancels="ZZZ"),
    "a test": declared("A", sold("1", DAY), use="test"),
    "nil": declared("A"),
    "very wrong": declared("A", *(msgspec.structs.replace(sold(str(n), DAY), ttc=1) for n in range(40))),
}


def said(desk: Desk, taken: Acknowledgement) -> object:
    """Everything a partner can get to know of a file."""
    receipt = desk.one("SELECT max(id) FROM receipt")
    return taken, desk.rows("SELECT name, body FROM answer WHERE receipt = ? ORDER BY name", receipt)


@pytest.mark.parametrize("form", ["fixed", "xml", "zip"])
@pytest.mark.parametrize("forged", FORGED)
def test_a_stranger_is_told_the_same_whatever_is_booked_and_leaves_nothing(
    tmp_path: Path, forged: str, form: str
) -> None:
    data = written(FORGED[forged], "xml" if form == "xml" else "fixed")
    data = zipped(("F.txt", data)) if form == "zip" else data
    full, empty = Desk(tmp_path / "full"), Desk(tmp_path / "empty")
    for declaration in MINE:
        full.take(declaration)
    full.reconcile()
    before = full.snapshot()
    told = []
    for desk in (full, empty):
        desk.time = NOW + timedelta(hours=1)
        taken = desk.take(data, name="x.txt", speaks_for=[OTHER_SHOP])
        assert "declarant-not-allowed" in codes(taken)
        assert (taken.verdict, taken.accepted) == ("refused", 0)
        told.append(said(desk, taken))
    assert told[0] == told[1]
    assert full.snapshot() == before
    assert full.reconcile()["entries_posted"] == 0


def test_few_findings_kept_do_not_make_a_stranger_known(desk: Desk) -> None:
    """A file refused for many reasons once dropped the first of them, by which it was known to be a stranger's."""
    (desk.home.path / "edi.toml").write_text("findings_kept = 10\n")
    desk.home = msgspec.structs.replace(desk.home, settings=read_settings(desk.home.path / "edi.toml"))
    desk.take(MINE[0])
    strays = b"".join(b"%d\n" % n for n in range(30))
    data = written(declared("N", sold("1", DAY, 5_000))).replace(b"\nFI", b"\n" + strays + b"FI")
    taken = desk.take(data, speaks_for=[OTHER_SHOP])
    assert "invoice-declared-differently" not in taken.findings_by_code
    assert desk.one("SELECT count(*) FROM declaration") == 1


@pytest.mark.parametrize("forged", FORGED)
def test_nobody_s_own_home_is_shut_by_what_a_stranger_sent(desk: Desk, forged: str) -> None:
    desk.take(FORGED[forged], speaks_for=[OTHER_SHOP])
    for declaration in MINE:
        assert counts(desk.take(declaration, speaks_for=[SHOP, LIBRARY]))[0] == "accepted"
    assert desk.reconcile()["matched"] == 1


def test_two_links_of_one_declarant_are_one_declarant(desk: Desk) -> None:
    desk.take(MINE[0], speaks_for=[SHOP])
    assert counts(desk.take(MINE[0], speaks_for=[SHOP, OTHER_SHOP]))[0] == "duplicate"
    assert counts(desk.take(declared("X", cancels="A"), speaks_for=[SHOP, OTHER_SHOP]))[0] == "accepted"


def test_the_homes_of_a_link_do_not_speak_for_each_other() -> None:
    link = Link(name="a", declarants=("*",), homes={"lyon": (LIBRARY,), "oubli": ()})
    assert declarants(link, "lyon") == (LIBRARY,)
    assert declarants(link, "oubli") == declarants(link, "inconnu") == ()
    narrow = msgspec.structs.replace(link, declarants=(LIBRARY, OTHER_LIBRARY))
    assert declarants(narrow, "lyon") == (LIBRARY,)


def test_one_s_own_reference_is_not_another_s(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)), speaks_for=[SHOP])
    other: Declaration = declared("A", sold("1", DAY), by=OTHER_SHOP)
    assert counts(desk.take(other, speaks_for=[OTHER_SHOP])) == ("accepted", 1, 0)
    taken = desk.take(declared("R", sold("1", DAY), by=OTHER_SHOP, replaces="B"), speaks_for=[OTHER_SHOP])
    assert codes(taken) == ["replaced-reference-unknown"]


# -- secrets ------------------------------------------------------------------------------------------------


def bytes_below(root: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def test_the_demo_tells_no_password(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[object] = []
    demo(tmp_path / "home", lambda event, facts: told.append(facts), keep=True)
    shown = "".join(capfd.readouterr()) + repr(told)
    vault = tmp_path / "home" / "secrets"
    secrets = [path.read_text().strip() for path in vault.iterdir()] if vault.exists() else []
    assert len(secrets) > 3
    for secret in secrets:
        assert secret not in shown
        assert not [path for path, data in bytes_below(tmp_path) if secret.encode() in data and path.parent != vault]


SECRET = "s3cr3t-hunter2-\u00e9"


def test_a_secret_that_does_not_work_is_told_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUD", SECRET)
    home = tmp_path / "home"
    open_home(home)
    (home / "key").write_text(SECRET)
    (home / "password").write_text(SECRET)
    for secret in ("key", "password"):
        (home / secret).chmod(0o600)
    common = f'host = "127.0.0.1"\nport = 1\nuser = "u"\ndeclarants = ["{SHOP}"]\nattempts = 1\n'
    ways = ('password_env = "SUD"', 'password_file = "password"', 'key_file = "key"\nkey_passphrase_env = "SUD"')
    (home / "edi.toml").write_text(
        "".join(f'[[link]]\nname = "a{n}"\n{common}{way}\n' for n, way in enumerate(ways)), "utf-8"
    )
    words = ["run --once --json", "status --json", "status", "link list --json", "link list", "answers list --json"]
    words += [f"link {act} a{n}" for act in ("test", "trust") for n in range(3)]
    for line in words:
        _main(["--home", str(home), *line.split()])
        said = "".join(capfd.readouterr())
        assert said.strip()
        assert "hunter2" not in said
    for path, data in bytes_below(home):
        assert b"hunter2" not in data or path.name in ("key", "password"), path


def test_a_secret_in_the_settings_is_refused_and_not_repeated(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    open_home(tmp_path / "home")
    (tmp_path / "home" / "edi.toml").write_text(f'[[link]]\nname = "a"\npassword = "{SECRET}"\n', "utf-8")
    for line in ("run --once --json", "status", "check x"):
        assert _main(["--home", str(tmp_path / "home"), *line.split()]) == 2
        assert "hunter2" not in "".join(capfd.readouterr())


def test_all_that_is_kept_is_its_owner_s_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        (tmp_path / "F.txt").write_bytes(written(MINE[0]))
        (tmp_path / "bad.txt").write_bytes(b"?")
        desk = Desk(home)  # keeps the database open, with the files SQLite lays beside it
        for words in (["ingest", str(tmp_path / "F.txt"), str(tmp_path / "bad.txt")], ["run", "--once"], ["status"]):
            _main(["--home", str(home), *words])
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}
    finally:
        os.umask(before)
    assert len(modes) > 15
    assert {path.name for path in modes} >= {"edi.sqlite-wal", "edi.toml", "received", "quarantine", "outgoing"}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {path: oct(mode) for path, mode in modes.items() if path.is_file() and mode != 0o600} == {}
    desk.db.close()


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777, 0o710])
def test_a_home_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    open_home(tmp_path / "home")
    (tmp_path / "home").chmod(mode)
    with pytest.raises(NotAllowed, match="chmod 700"):
        open_home(tmp_path / "home")
    (tmp_path / "home").chmod(0o700)
