"""The log of a home: one JSON object a line, with file, link and declarant; no secrets, no lines made by names."""

import json
import os
import shutil
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from edi.cli import app
from edi.core.log import logged, user
from edi.intake.ingesting import ingest
from schemas.errors import NotFound
from tests.edi.intake.test_pipeline import B, F, Links
from tests.hostile.conftest import PASSWORD, World, world
from tests.program import SAMPLES

__all__ = ["world"]


def facts(home: Path) -> list[dict[str, Any]]:
    text = (home / "edi.log").read_text("utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Links:
    return Links(tmp_path)


def test_each_fact_of_a_pass_with_file_link_and_declarant(desk: Links) -> None:
    desk.drop("un", F)
    desk.drop("deux", B)
    desk.run().once()
    found = facts(desk.home.path)
    assert all({"fact", "at", "level"} <= fact.keys() for fact in found)
    assert [fact["matched"] >= 0 for fact in found if fact["fact"] == "reconciled"] == [True]
    found = [fact for fact in found if fact["fact"] != "reconciled"]
    kinds = [fact["fact"] for fact in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {"pulled": 2, "taken": 2, "pushed": 6}
    for fact in found:
        assert (fact["link"], fact["file"].startswith(F)) in (("un", True), ("deux", False))
        if fact["fact"] != "pulled":  # whose it is is known once it is read
            assert fact["declarant"] == ("3012921742188" if fact["link"] == "un" else "3015100339070")
    [taken] = [fact for fact in found if fact["fact"] == "taken" and fact["link"] == "un"]
    assert (taken["verdict"], taken["file"], len(taken["sha256"])) == ("accepted", F, 64)
    assert {fact["level"] for fact in found} == {"info"}


def test_refusals_and_troubles(desk: Links) -> None:
    (desk.base / "un" / "archive").touch()
    desk.drop("un", F)
    desk.run().once()
    list(ingest(desk, [SAMPLES / "single-defects" / "total-differs.txt"]))
    found = facts(desk.home.path)
    [trouble] = [fact for fact in found if fact["fact"] == "trouble"]
    assert (trouble["level"], trouble["link"], trouble["file"]) == ("warning", "un", F)
    [refused] = [fact for fact in found if fact["link"] == "local"]
    assert refused["codes"] and refused["verdict"] == "partly-accepted"


@pytest.mark.parametrize(
    "name", ["a\nb", "\x1b[2J", "\x85", "\u2028\u2029", "\udcff", "\u202e", '"}\n{"fact": "x"', "é€"]
)
def test_no_name_breaks_a_line(tmp_path: Path, name: str) -> None:
    logged(tmp_path)("pulled", {"file": name, "link": "l"})
    text = (tmp_path / "edi.log").read_bytes().decode("utf-8")
    assert text.count("\n") == 1 and text[:-1].isprintable() and len(text.splitlines()) == 1
    assert json.loads(text)["file"] == name


def test_no_secret_is_written(world: World) -> None:
    world.put("a.txt")
    world.set_up()
    world.once()
    world.server.users.clear()
    world.once()
    text = (world.home.path / "edi.log").read_text()
    assert "identification refusée" in text and PASSWORD not in text


def test_log_is_its_owners_and_may_be_moved_away(tmp_path: Path) -> None:
    log, path = logged(tmp_path), tmp_path / "edi.log"
    before = os.umask(0)
    try:
        log("one", {})
        path.rename(tmp_path / "edi.log.1")
        log("two", {})
    finally:
        os.umask(before)
    assert [fact["fact"] for fact in facts(tmp_path)] == ["two"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("edi.log*")} == {0o600}


def test_log_that_cannot_be_written_stops_nothing(desk: Links, capfd: pytest.CaptureFixture[str]) -> None:
    (desk.home.path / "edi.log").mkdir()
    desk.drop("un", F)
    assert desk.run().once().pulled == 1
    assert capfd.readouterr().err == ""


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    log = logged(tmp_path)
    threads = [
        threading.Thread(target=lambda: [log("pulled", {"file": "x" * 5000}) for _ in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(facts(tmp_path)) == 200


def test_what_people_decide_is_logged_with_who(desk: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*words: str) -> list[dict[str, Any]]:
        before = len(facts(desk.home.path))
        app.main([*words, "--home", str(desk.home.path)], standalone_mode=False)
        return [
            {key: fact[key] for key in fact if key not in ("at", "level")} for fact in facts(desk.home.path)[before:]
        ]

    desk.drop("un", F)
    shutil.copy(SAMPLES / "single-defects" / "truncated.txt", desk.base / "un" / "depot" / "a\nb.txt")
    desk.run().once()
    monkeypatch.setattr("getpass.getuser", lambda: "anne")
    [number] = [row["id"] for row in desk.db.execute("SELECT id FROM receipt WHERE verdict = 'refused'")]
    refused = {"link": "un", "file": "a_b.txt", "reason": "essai"}
    name = desk.db.execute("SELECT name FROM receipt WHERE id = ?", (number,)).fetchone()[0]
    refused["file"] = name
    [released, taken] = told("quarantine", "release", str(number), "--reason", "essai", "--by", "exploitant")
    new = released["read_again_as"]
    assert released == {**refused, "fact": "released", "who": "exploitant", "receipt": number, "read_again_as": new}
    assert (taken["fact"], taken["verdict"], taken["file"]) == ("taken", "refused", name)
    assert told("quarantine", "discard", str(new), "--reason", "essai") == [
        {**refused, "fact": "discarded", "who": "anne", "receipt": new}
    ]
    assert told("link", "pause", "un") == [{"fact": "link-paused", "link": "un", "who": "anne"}]
    assert told("link", "resume", "un") == [{"fact": "link-resumed", "link": "un", "who": "anne"}]
    [resent] = told("answers", "resend", "1")
    assert (resent["fact"], resent["link"], resent["answer"], resent["who"]) == ("answer-resent", "un", 1, "anne")
    with pytest.raises(NotFound):
        told("quarantine", "discard", str(new), "--reason", "essai")
    assert facts(desk.home.path)[-1]["fact"] == "answer-resent"


def test_who_has_no_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 4242)
    assert user() == "uid 4242"
