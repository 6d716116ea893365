"""One pass seen from within: what is queued, told once, taken up again, and whose files are taken in the same pass."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from edi.core.desk import Desk, open_desk
from edi.core.settings import open_home
from edi.core.store import connect, transaction
from edi.core.timing import Timing
from edi.intake import answers, fetch
from edi.intake.arrivals import Arrival
from edi.intake.ingesting import ingest
from edi.intake.pipeline import Run
from edi.intake.taking import receive
from edi.lending.matching.reconciling import reconcile
from schemas.errors import Unreadable
from spool.folder import Folder
from tests.desk import LIBRARY, OTHER_LIBRARY, bought, declared, written
from tests.program import SAMPLES

YEAR = SAMPLES / "year-2025"
LINK = '[[link]]\nname = "{name}"\nkind = "folder"\npath = "{path}"\ndeclarants = ["*"]\nsettle_seconds = {settle}\nstatus = false\n'


def reconciled(desk: Desk) -> dict[str, int]:
    return reconcile(desk)


class Links(Desk):
    """The desk of a home with local links `un` and `deux`, and what was told."""

    def __init__(self, base: Path, settle: float = 0) -> None:
        self.base = base
        self.told: list[tuple[str, dict[str, Any]]] = []
        path = base / "home"
        path.mkdir(mode=0o700)
        text = "".join(LINK.format(name=name, path=base / name, settle=settle) for name in ("un", "deux"))
        (path / "edi.toml").write_text("every_seconds = 60\n" + text)
        for name in ("un", "deux"):
            (base / name / "depot").mkdir(parents=True)
        home = open_home(path)
        super().__init__(home, connect(home.database))

    def drop(self, link: str, sample: str, name: str | None = None) -> None:
        shutil.copy(YEAR / sample, self.base / link / "depot" / (name or sample))

    def run(self) -> Run:
        self.stop, self.tell = threading.Event(), lambda event, facts: self.told.append((event, facts))
        return Run(self, reconciled)

    def troubles(self) -> list[str]:
        return [facts["trouble"] for event, facts in self.told if event == "trouble"]


@pytest.fixture
def desk(tmp_path: Path) -> Links:
    return Links(tmp_path)


F, B = "F-3012921742188-2025.txt", "B-3015100339070-2025.xml"


def test_trouble_is_told_when_it_begins_and_not_each_time(desk: Links) -> None:
    shutil.rmtree(desk.base / "un" / "depot")
    running = desk.run()
    assert [set(running.once().troubles) for _ in range(3)] == [{"un"}] * 3
    assert len(desk.troubles()) == 1
    running.once(only={"deux"})
    running.once(only={"un"})
    assert len(desk.troubles()) == 1
    (desk.base / "un" / "depot").mkdir()
    assert running.once().troubles == {}
    shutil.rmtree(desk.base / "un" / "depot")
    running.once()
    assert len(desk.troubles()) == 2


def test_only_some_links(desk: Links) -> None:
    desk.drop("un", F)
    desk.drop("deux", B)
    running = desk.run()
    assert [taken.file for taken in running.once(only={"deux"}).taken] == [B]
    assert [taken.file for taken in running.once(only=set()).taken] == []
    assert [taken.file for taken in running.once().taken] == [F]


def test_paused_link_rests(desk: Links) -> None:
    desk.drop("un", F)
    desk.db.execute("INSERT INTO link_paused VALUES ('un', '2026-01-01')")
    running = desk.run()
    assert running.once().pulled == 0
    desk.db.execute("DELETE FROM link_paused")
    assert running.once().pulled == 1


def test_stopped_between_files_and_taken_up_again(desk: Links) -> None:
    desk.drop("un", F)
    desk.drop("un", B)
    running = desk.run()
    desk.tell = lambda event, facts: running.stop.set() if event == "pulled" else None
    done = running.once()
    assert (done.pulled, done.taken) == (1, [])
    done = desk.run().once()
    assert (done.pulled, len(done.taken), done.pushed) == (1, 2, 6)


def test_receipt_of_a_run_that_died_is_taken(desk: Links) -> None:
    kept = Folder(desk.home.path).keep(iter([(YEAR / F).read_bytes()]), 1 << 20)
    for link in ("local", "un", "partie"):
        receive(desk, Arrival(name=F, link=link), kept)
    done = desk.run().once()
    assert [taken.verdict for taken in done.taken] == ["accepted", "duplicate"]
    assert set(done.troubles) == {"partie"}  # its link is not in the settings any more
    assert (desk.home.path / "outgoing" / "local" / f"{F}.ate.txt").exists()
    assert answers.listing(desk, only_waiting=True) == []


def test_missing_original_stops_nobody_else(desk: Links) -> None:
    kept = Folder(desk.home.path).keep(iter([b"EN"]), 1 << 20)
    receive(desk, Arrival(name="gone", link="un"), kept)
    kept.path.unlink()
    desk.drop("deux", F)
    done = desk.run().once()
    assert [taken.file for taken in done.taken] == [F]
    assert set(done.troubles) == {"un"}


def test_outgoing_holds_what_waits_and_nothing_else(desk: Links) -> None:
    (desk.base / "un" / "retour").touch()
    desk.drop("un", F)
    outgoing = desk.home.path / "outgoing" / "un"
    first = desk.run()
    first.once()
    assert len(list(outgoing.iterdir())) == 3
    with transaction(desk.db):  # sent by a run that died before it cleared up
        desk.db.execute("UPDATE answer SET sent_at = '2026-01-01' WHERE name LIKE '%.json'")
    second = desk.run()
    second.once()
    assert len(list(outgoing.iterdir())) == 2
    (desk.base / "un" / "retour").unlink()
    assert second.once().pushed == 2
    assert list(outgoing.iterdir()) == []


def test_ingest_looks_at_all_files_first(desk: Links) -> None:
    with pytest.raises(Unreadable, match="missing"):
        list(ingest(desk, [YEAR / F, desk.base / "missing"]))
    assert not list((desk.folder.root / "received").iterdir())


def test_ingest_takes_up_what_failed(desk: Links) -> None:
    first = list(ingest(desk, [YEAR / B]))
    kept = Folder(desk.home.path).keep(iter([(YEAR / F).read_bytes()]), 1 << 20)
    receipt = receive(desk, Arrival(name=F, link="local"), kept)
    desk.db.execute("UPDATE receipt SET state = 'failed', verdict = 'failed' WHERE id = ?", (receipt,))
    again = list(ingest(desk, [YEAR / F]))
    assert [taken.verdict for _, taken in first + again] == ["accepted", "accepted"]
    assert desk.db.execute("SELECT count(*) FROM receipt").fetchone()[0] == 2


def test_a_file_that_comes_while_answers_are_sent_is_taken_in_the_same_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    settings = ""
    for name, code in (("early", LIBRARY), ("late", OTHER_LIBRARY)):
        depot = tmp_path / name / "depot"
        depot.mkdir(parents=True)
        (depot / f"{name}.txt").write_bytes(written(declared(name, bought("1", "2025-03-14"), by=code)))
        settings += (
            f'[[link]]\nname = "{name}"\nkind = "folder"\npath = "{tmp_path / name}"\ndeclarants = ["*"]\n'
            "settle_seconds = 0\nstatus = false\n"
        )
    (home / "edi.toml").write_text(settings)
    answering = threading.Event()
    listing = fetch.listing

    def slow_listing(remote: Any, link: Any, *given: Any) -> Any:
        assert link.name == "early" or answering.wait(30)
        return listing(remote, link, *given)

    def slow_reconcile(desk: Desk) -> dict[str, int]:
        answering.set()
        for future in list(run.crew.pulling):
            future.result(30)
        return reconciled(desk)

    monkeypatch.setattr(fetch, "listing", slow_listing)
    with open_desk(home) as desk:
        desk.timing = Timing(patience_seconds=0.3)
        run = Run(desk, slow_reconcile)
        done = run.once(patient=True)
    assert (done.pulled, sorted(taken.file for taken in done.taken)) == (2, ["early.txt", "late.txt"])
    assert done.pushed == 6
    assert (tmp_path / "late" / "retour" / "late.txt.ate.txt").exists()
