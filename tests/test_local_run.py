"""`edi run` over a local folder link: what is denied, what waits, and ending it cleanly."""

import shutil
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from tests.program import SAMPLES, edi, start, until

YEAR = SAMPLES / "year-2025"
PASSWORD = "sésame-9731-ouvre-toi"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home with one local link `ici` over `partner/`; the file `F.xml` waits in its depot."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "edi.toml").write_text(
        f'[[link]]\nname = "ici"\nkind = "folder"\npath = "{tmp_path / "partner"}"\ndeclarants = ["*"]\nsettle_seconds = 0\n'
    )
    for name in ("depot", "retour", "archive"):
        (tmp_path / "partner" / name).mkdir(parents=True)
    shutil.copy(YEAR / "F-3012877893286-2025.xml", tmp_path / "partner" / "depot" / "F.xml")
    return tmp_path


def count(base: Path, table: str) -> int:
    with sqlite3.connect(base / "home" / "edi.sqlite") as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_archive_denied_is_told_and_nothing_is_booked_twice(folder: Path) -> None:
    (folder / "partner" / "archive").rmdir()
    (folder / "partner" / "archive").touch()  # nobody, not even root, makes a file in a file
    for _ in range(2):
        ran = edi("run", "--once", "--json", cwd=folder, env={"EDI_HOME": "home"}, expect=2)
        assert "Liaison ici" in ran.json["troubles"]["ici"] and "Liaison ici" in ran.err
        assert (count(folder, "receipt"), count(folder, "declaration"), count(folder, "invoice")) == (1, 1, 14)
    assert (folder / "partner" / "retour" / "F.xml.ate.xml").exists()
    (folder / "partner" / "archive").unlink()
    ran = edi("run", "--once", "--json", cwd=folder, env={"EDI_HOME": "home"}, expect=0)
    assert (ran.json["pulled"], ran.json["files"]) == (1, [])
    assert list((folder / "partner" / "depot").iterdir()) == []
    assert count(folder, "receipt") == 1


def test_answers_wait_in_outgoing_until_retour_can_be_written(folder: Path) -> None:
    (folder / "partner" / "retour").rmdir()
    (folder / "partner" / "retour").touch()
    ran = edi("--home", "home", "run", "--once", cwd=folder, expect=2)
    assert "ici" in ran.err
    waiting = sorted(path.name for path in (folder / "home" / "outgoing" / "ici").iterdir())
    told = [f"etat-3012877893286-000001.{form}" for form in ("csv", "json", "xml")]
    assert waiting == ["F.xml.ate.xml", "F.xml.rapport.json", "F.xml.rapport.txt", *told]
    listed = edi("--home", "home", "answers", "list", "--waiting", "--json", cwd=folder, expect=0).json["answers"]
    assert len(listed) == 6 and not any(answer["sent_at"] for answer in listed)
    assert sum(answer["trouble"] is not None for answer in listed) == 3  # then the home is left for the next pass
    (folder / "partner" / "retour").unlink()
    ran = edi("--home", "home", "run", "--once", "--json", cwd=folder, expect=0)
    assert ran.json["pushed"] == 6
    assert sorted(path.name for path in (folder / "partner" / "retour").iterdir()) == waiting
    assert list((folder / "home" / "outgoing" / "ici").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_for_ever_until_told_to_end(folder: Path, number: signal.Signals) -> None:
    running = start("--home", "home", "run", cwd=folder)
    try:
        assert until((folder / "partner" / "retour" / "F.xml.ate.xml").exists)
        busy = edi("--home", "home", "run", cwd=folder, expect=2)
        assert f"pid {running.pid}" in busy.err
        shutil.copy(YEAR / "F-3012921742188-2025.txt", folder / "partner" / "depot" / "later.txt")
        assert until((folder / "partner" / "retour" / "later.txt.ate.txt").exists, 50), "only the next pass saw it"
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 0, err
    assert b"Traceback" not in out + err
    assert "rien n'est perdu" in out.decode()
    edi("--home", "home", "run", "--once", cwd=folder, expect=0)


def test_a_silent_server_does_not_keep_a_run_from_ending(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with (folder / "home" / "edi.toml").open("a") as settings:
            settings.write(
                f'[[link]]\nname = "muette"\nhost = "127.0.0.1"\nport = {silent.getsockname()[1]}\nuser = "u"\n'
                'password_env = "TEST_PW"\ndeclarants = ["*"]\n'
            )
        running = start("--home", "home", "run", cwd=folder, env={"TEST_PW": PASSWORD})
        try:
            silent.settimeout(20)
            caller, _ = silent.accept()
            running.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            running.send_signal(signal.SIGTERM)  # the second one does not wait for the partner
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()
        caller.close()
    assert running.returncode == 0, err
    assert b"Traceback" not in out + err
