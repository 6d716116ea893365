"""What is stuck, why, and whose turn it is."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edi.core.desk import Desk
from edi.core.settings import open_home, paris_now
from edi.intake import links
from edi.intake.ingesting import ingest
from edi.intake.status import status
from spool.errors import Changed
from spool.receipt import RemoteFile
from tests.edi.intake.test_pipeline import Links
from tests.program import SAMPLES

BAD = SAMPLES / "single-defects" / "total-differs.txt"


@pytest.fixture
def desk(tmp_path: Path) -> Links:
    return Links(tmp_path)


def stuck(desk: Links) -> list[tuple[str, str, str]]:
    rows: list[dict[str, Any]] = status(desk)["stuck"]
    return [(row["name"], row["turn"], row["why"]) for row in rows]


def test_refused_file_until_something_comes_in_its_place(desk: Links) -> None:
    shutil.copy(BAD, desk.base / "un" / "depot" / "a.txt")
    (desk.base / "deux" / "depot" / "test").mkdir()
    shutil.copy(BAD, desk.base / "deux" / "depot" / "test" / "trial.txt")
    running = desk.run()
    running.once()
    [(name, turn, why)] = stuck(desk)  # a dry run is nobody's turn
    assert (name, turn) == ("un: a.txt", "partner")
    assert why == "refusé en partie : invoice-total-differs"
    shutil.copy(SAMPLES / "single-defects" / "clean-lf-no-last.txt", desk.base / "un" / "depot" / "a.txt")
    running.once()
    assert stuck(desk) == []


def test_discarded_file_is_not_stuck(desk: Links) -> None:
    list(ingest(desk, [BAD]))
    assert len(stuck(desk)) == 1
    desk.db.execute(
        "INSERT INTO quarantine_act (receipt, act, who, reason, at) SELECT id, 'discard', 'me', 'x', '2026' FROM receipt"
    )
    assert stuck(desk) == []


def test_answers_of_one_link_stand_together(desk: Links) -> None:
    (desk.base / "un" / "retour").touch()
    desk.drop("un", "F-3012921742188-2025.txt")
    desk.run().once()
    answers = [row for row in stuck(desk) if "réponses" in row[0]]
    assert [row[:2] for row in answers] == [("un: 3 réponses", "edi")]
    links.pause(desk, "un")
    assert {turn for name, turn, _ in stuck(desk) if name.startswith("un: ")} == {"operator"}


def test_file_whose_link_is_gone(desk: Links) -> None:
    desk.drop("un", "F-3012921742188-2025.txt")
    running = desk.run()
    desk.tell = lambda event, facts: running.stop.set()
    running.once()
    text = (desk.home.path / "edi.toml").read_text()
    (desk.home.path / "edi.toml").write_text(text.replace('"un"', '"autre"'))
    [row] = status(Desk(open_home(desk.home.path), desk.db))["stuck"]
    assert (row["turn"], "edi.toml" in row["why"]) == ("operator", True)


@pytest.mark.parametrize("way", ["looked at again in one pass, as --once does", "from pass to pass"])
def test_file_that_never_stops_growing(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Links(tmp_path, settle=0.01)
    path = desk.base / "un" / "depot" / "a.txt"
    again = way.startswith("looked")

    def grow() -> None:
        path.write_bytes(b"EN" + b"0" * (path.stat().st_size if path.exists() else 0))

    def one_pass() -> None:
        running = desk.run() if again else endless
        with monkeypatch.context() as patch:
            patch.setattr(running.channels["un"].stop, "wait", lambda seconds=None: grow())
            running.once(patient=again, only={"un"})
        grow()

    endless = desk.run()
    grow()
    for _ in range(3):
        one_pass()
    assert stuck(desk) == [], "it may be a long one"
    assert desk.db.execute("SELECT count(*) FROM held_back").fetchone()[0] == 1
    hours_ago = (paris_now() - timedelta(hours=3)).isoformat()
    desk.db.execute("UPDATE held_back SET since = ?", (hours_ago,))
    one_pass()
    [(name, turn, why)] = stuck(desk)
    assert (name, turn) == ("un: a.txt", "partner") and "encore en cours d'écriture" in why and "0x" not in why
    [row] = status(desk)["stuck"]
    assert row["since"] == hours_ago
    path.unlink()
    desk.drop("un", "F-3012921742188-2025.txt", "a.txt")
    desk.run().once(patient=True)
    assert stuck(desk) == [] and list((desk.base / "un" / "depot").iterdir()) == []


def test_file_said_to_be_complete_that_never_stops_growing(desk: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.base / "un" / "depot" / "a.txt.rdy"

    def pull(remote: object, file: RemoteFile, *rest: object) -> None:
        path.write_bytes(b"EN" + b"0" * file.size)
        raise Changed(name=file.name)

    monkeypatch.setattr("edi.intake.fetch.pull", pull)
    path.write_bytes(b"EN")
    running = desk.run()
    running.once()
    [before] = status(desk)["stuck"]
    desk.db.execute("UPDATE held_back SET since = ?", ((paris_now() - timedelta(hours=3)).isoformat(),))
    running.once()
    [after] = status(desk)["stuck"]
    assert (before["turn"], after["turn"]) == ("edi", "partner")
    assert after["since"] < before["since"]
