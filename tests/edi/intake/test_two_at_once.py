"""Two at once: every pair of writers on one home, as processes of their own, is safe, waits, or says who holds it."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest

from edi.core import store
from edi.core.lock import held, holder, in_turn
from edi.core.store import connect, transaction
from schemas.errors import HomeBusy
from schemas.text import Both, Text
from tests.edi.intake.forked import Forked
from tests.edi.lending.matching.test_passes import agrees
from tests.program import SAMPLES, edi, start
from tests.worlds import volume

YEAR = SAMPLES / "year-2025"
DIRECTORY = (
    "gln;name;role;category;successor;alias_of\n3015096792903;Sud;library;2;;\n3012921742188;Livres;supplier;;;\n"
)


BOOKED, GIVEN, LEFT = sorted(YEAR.iterdir())[:2], sorted(YEAR.iterdir())[1:3], sorted(YEAR.iterdir())[3:5]


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forked]:
    with Forked(tmp_path_factory.mktemp("said")) as made:
        yield made


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with booked declarations, two refused files and answers to send; a link `ici` in whose depot files wait."""
    base = tmp_path_factory.mktemp("stock")
    home = base / "home"
    home.mkdir(mode=0o700)
    (home / "edi.toml").write_text(
        '[[link]]\nname = "ici"\nkind = "folder"\npath = "../partner"\ndeclarants = ["*"]\nsettle_seconds = 0\n'
    )
    for name in ("depot", "retour", "archive"):
        (base / "partner" / name).mkdir(parents=True)
    (base / "annuaire.csv").write_text(DIRECTORY)
    for name in ("r1.txt", "r2.txt"):
        (base / name).write_text(f"{name} ?")
    edi("--home", home, "ingest", *BOOKED, base / "r1.txt", base / "r2.txt", cwd=base, expect=1)
    for path in LEFT:
        shutil.copy(path, base / "partner" / "depot")
    return base


#: Receipts 3 and 4 are the refused files, or 1 and 2: whatever cannot be read comes last.
WRITERS = {
    "run": ("run", "--once"),
    "ingest": ("ingest", *map(str, GIVEN)),
    "reconcile": ("reconcile",),
    "release": ("quarantine", "release", "3", "--reason", "x"),
    "discard": ("quarantine", "discard", "4", "--reason", "x"),
    "close": ("period", "close", "2004"),
    "import": ("partners", "import", "{base}/annuaire.csv"),
    "resend": ("answers", "resend", "1"),
    "status": ("status", "--json"),
}


@pytest.mark.parametrize("pair", list(combinations_with_replacement(WRITERS, 2)), ids="-".join)
def test_every_pair(stock: Path, forked: Forked, tmp_path: Path, pair: tuple[str, str]) -> None:
    base = tmp_path / "base"
    shutil.copytree(stock, base)
    home = ("--home", str(base / "home"))
    done = forked.run(*((*home, *(word.format(base=base) for word in WRITERS[name])) for name in pair))
    twice = pair[0] == pair[1]
    for name, (code, out, err) in zip(pair, done, strict=True):
        assert "Traceback" not in out + err and "locked" not in out + err, err
        theirs = twice and name in ("run", "release", "discard", "close")  # it is the other's, and says so
        assert code in (0, 1) or (theirs and code == 2 and err.strip()), (name, code, out + err)
    assert min(code for code, _, _ in done) in (0, 1)
    for _ in range(2):
        [(code, out, err)] = forked.run((*home, "run", "--once", "--json"))
        assert code in (0, 1), out + err
    assert json.loads(out)["reconciliation"]["entries_posted"] == 0
    sound(base, ingested="ingest" in pair)


def sound(base: Path, ingested: bool) -> None:
    """What must hold of a home whoever worked on it: nothing half written, lost or there twice."""
    with closing(connect(base / "home" / "edi.sqlite")) as connection:

        def one(sql: str) -> Any:
            return connection.execute(sql).fetchone()[0]

        agrees(connection)
        assert one("PRAGMA integrity_check") == "ok"
        assert one("SELECT count(*) FROM receipt WHERE state <> 'answered'") == 0
        assert one("SELECT count(*) FROM receipt WHERE remote_path <> ''") == len(LEFT)
        declarations = "SELECT count(*) FROM declaration WHERE verdict <> 'refused'"
        assert one(declarations) == len({*BOOKED, *LEFT, *(GIVEN if ingested else ())})
        assert one("SELECT count(*) FROM line") == one("SELECT sum(lines) FROM invoice")
        assert one("SELECT count(*) FROM answer WHERE sent_at IS NULL") == 0
        assert one("SELECT count(*) - count(DISTINCT receipt) FROM quarantine_act") == 0
    assert not list((base / "home" / "incoming").iterdir())
    assert not list((base / "partner" / "depot").iterdir())


def test_many_make_one_home(forked: Forked, tmp_path: Path) -> None:
    """Eight commands find no home at all, at the same moment."""
    home = ("--home", str(tmp_path / "home"))
    done = forked.run(*[(*home, "status", "--json"), (*home, "ingest", "--json", str(BOOKED[0]))] * 4)
    assert {code for code, _, _ in done} == {0}, done
    verdicts = sorted(json.loads(out)["files"][0]["verdict"] for _, out, _ in done[1::2])
    assert set(verdicts) <= {"accepted", "duplicate"}  # one may take up what another has received, and gets its answer
    with closing(connect(tmp_path / "home" / "edi.sqlite")) as connection:
        booked = connection.execute("SELECT count(*), sum(accepted) FROM declaration").fetchone()
        assert (booked[0], booked[1]) == (1, connection.execute("SELECT count(*) FROM invoice").fetchone()[0])


# -- locks ------------------------------------------------------------------------------------------


def test_lock_of_a_dead_process_is_taken_over_at_once(stock: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(stock, base)
    running = start("--home", "home", "run", cwd=base)
    assert running.stdout is not None
    running.stdout.readline()
    busy = edi("--home", "home", "run", "--once", cwd=base, expect=2)
    assert f"pid {running.pid}" in busy.err
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert (base / "home" / "run.lock").read_text() == str(running.pid)  # it could not tidy up
    assert edi("--home", "home", "run", "--once", cwd=base).code in (0, 1)
    assert holder(base / "home") == Both("un autre processus edi", "another edi process")


def test_writer_waits_with_a_message_and_readers_do_not(forked: Forked, tmp_path: Path) -> None:
    edi("--home", "home", "status", cwd=tmp_path, expect=0)
    with closing(connect(tmp_path / "home" / "edi.sqlite")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        writer = start("--home", "home", "period", "close", "2004", cwd=tmp_path)
        home = ("--home", str(tmp_path / "home"))
        lists = [(*home, word, "list") for word in ("ledger", "answers", "period", "quarantine", "link", "partners")]
        assert {code for code, _, _ in forked.run((*home, "status"), *lists)} == {0}
        assert writer.stderr is not None
        assert "attend" in writer.stderr.readline().decode()
        assert writer.poll() is None
        connection.execute("ROLLBACK")
        _, err = writer.communicate(timeout=30)
    assert writer.returncode == 0, err


def test_wait_that_is_in_vain_says_who_holds_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_QUIET_MS", 50)
    monkeypatch.setattr(store, "_WAIT_MS", 200)
    said: list[Text] = []
    with closing(connect(tmp_path / "edi.sqlite")) as one, closing(connect(tmp_path / "edi.sqlite")) as other:
        other.on_wait = said.append
        sleeper = subprocess.Popen(["sleep", "60"])
        (tmp_path / "run.lock").write_text(str(sleeper.pid))
        try:
            with transaction(one), pytest.raises(HomeBusy, match=f"edi run, pid {sleeper.pid}"), transaction(other):
                pass
        finally:
            sleeper.kill()
            sleeper.wait()
        assert said == [f"edi run, pid {sleeper.pid}"]
        with transaction(one), pytest.raises(HomeBusy, match="un autre processus"), transaction(other):
            pass
        with transaction(other):  # and all is well afterwards
            pass


def test_turns(tmp_path: Path) -> None:
    said: list[Text] = []
    with in_turn(tmp_path, "reconcile", said.append):
        assert isinstance(holder(tmp_path), Both)  # we are not somebody else
        ours = f"edi reconcile, pid {os.getpid()}"
        with pytest.raises(HomeBusy, match=ours), in_turn(tmp_path, "reconcile", said.append, 0.01, 0.2):
            pass
    assert said == [f"edi reconcile, pid {os.getpid()}"]
    with held(tmp_path), pytest.raises(HomeBusy), held(tmp_path):
        pass
    with in_turn(tmp_path, "reconcile", said.append), held(tmp_path):
        pass


# -- a long booking ---------------------------------------------------------------------------------


def test_long_booking_lets_others_write(tmp_path: Path) -> None:
    """The measure itself, of a million lines, is `make bench`'s; here others only have to get on."""
    volume.write_million(tmp_path / "big.txt", "fixed", 60_000)
    edi("--home", "home", "status", cwd=tmp_path, expect=0)
    booking = start("--home", "home", "ingest", "big.txt", cwd=tmp_path)
    writes = 0
    with closing(connect(tmp_path / "home" / "edi.sqlite")) as connection:
        while booking.poll() is None:
            with transaction(connection):
                connection.execute("INSERT OR REPLACE INTO link_state (link) VALUES ('x')")
            writes += 1
            time.sleep(0.01)
    _, err = booking.communicate()
    assert booking.returncode == 0, err
    assert writes > 10
