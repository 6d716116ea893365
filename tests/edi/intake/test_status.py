"""What is stuck, why, and whose turn it is; and how each link is."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edi.desk import Desk, open_desk
from edi.intake import links
from edi.intake.ingesting import ingest
from edi.intake.pipeline import Run
from edi.intake.status import status
from edi.settings import open_home, paris_now
from schemas.errors import LinkError
from spool.errors import Changed
from spool.receipt import RemoteFile
from tests.edi.intake.test_pipeline import Links, reconciled
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
    list(ingest(desk.home, desk.connection, [BAD]))
    assert len(stuck(desk)) == 1
    desk.connection.execute(
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
    running.tell = lambda event, facts: running.stop.set()
    running.once()
    text = (desk.home.path / "edi.toml").read_text()
    (desk.home.path / "edi.toml").write_text(text.replace('"un"', '"autre"'))
    [row] = status(Desk(open_home(desk.home.path), desk.connection))["stuck"]
    assert (row["turn"], "edi.toml" in row["why"]) == ("operator", True)


def test_states_of_links(desk: Links) -> None:
    def states() -> dict[str, str]:
        return {row["name"]: row["state"] for row in links.overview(desk)}

    assert states() == {"un": "never", "deux": "never"}
    shutil.rmtree(desk.base / "un" / "depot")
    Run(desk, reconciled).once()
    assert states() == {"un": "trouble", "deux": "ok"}
    un = links.overview(desk)[0]
    assert un["seen_at"] is None and un["trouble_since"] and "n'existe pas" in un["trouble"]
    links.pause(desk, "un")
    links.pause(desk, "un")
    assert states() == {"un": "paused", "deux": "ok"}
    links.resume(desk, "un")
    (desk.base / "un" / "depot").mkdir()
    Run(desk, reconciled).once()
    assert states() == {"un": "ok", "deux": "ok"}


def test_testing_a_link_changes_nothing(desk: Links) -> None:
    desk.drop("un", "F-3012921742188-2025.txt")
    facts = links.test(desk, desk.home.link("un"))
    assert facts == {"link": "un", "homes": 1, "files": 1, "troubles": []}
    assert not (desk.base / "un" / "archive").exists()
    shutil.rmtree(desk.base / "un" / "depot")
    assert links.test(desk, desk.home.link("un"))["troubles"]


def test_whom_a_link_speaks_for(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    glns = ["3015096792903", "3015100339070", "3012793834707"]
    text = "".join(
        f'[[link]]\nname = "l{n}"\nkind = "folder"\npath = "x"\ndeclarants = {glns[:n] or ["*"]}\n'.replace("'", '"')
        for n in range(4)
    )
    (home.path / "edi.toml").write_text(text)
    with open_desk(home.path) as desk:
        rows = links.overview(desk)
    assert [row["declarants"] for row in rows] == ["*", glns[0], " ".join(sorted(glns[:2])), "3 GLN"]


def test_link_that_cannot_be_reached(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    (home.path / "edi.toml").write_text(
        '[[link]]\nname = "a"\nhost = "127.0.0.1"\nport = 1\nuser = "u"\npassword_file = "p"\ndeclarants = ["*"]\nattempts = 1\n'
    )
    (home.path / "p").write_text("secret")
    (home.path / "p").chmod(0o600)
    with open_desk(home.path) as desk, pytest.raises(LinkError, match="connexion refusée"):
        links.test(desk, desk.home.link("a"))


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
    assert desk.connection.execute("SELECT count(*) FROM held_back").fetchone()[0] == 1
    hours_ago = (paris_now() - timedelta(hours=3)).isoformat()
    desk.connection.execute("UPDATE held_back SET since = ?", (hours_ago,))
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
    desk.connection.execute("UPDATE held_back SET since = ?", ((paris_now() - timedelta(hours=3)).isoformat(),))
    running.once()
    [after] = status(desk)["stuck"]
    assert (before["turn"], after["turn"]) == ("edi", "partner")
    assert after["since"] < before["since"]
