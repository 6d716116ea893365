"""The demo: every part is real, what it tells is what happened, and it can be looked at in 100 columns."""

import io
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edi.cli.screen import Screen
from edi.cli.views.lending.demo import step
from edi.core.desk import Desk, open_desk
from edi.core.settings import open_home
from edi.core.store import connect
from edi.demo import cast, show
from edi.demo.show import demo
from edi.intake.pipeline import Run
from schemas.errors import NotAllowed
from schemas.text import Language
from tests.edi.intake.test_pipeline import reconciled


def quiet(step: str, facts: dict[str, Any]) -> None:
    """Nobody looks on."""


def looked_at(home: Path, language: Language) -> tuple[dict[str, Any], str]:
    """The facts of the demo, and what a person sees in 100 columns."""
    screen = Screen(language)
    screen.__dict__["out"] = Console(file=io.StringIO(), width=100, highlight=False)
    facts = demo(home, lambda name, facts: step(name, facts, screen), keep=True, language=language)
    return facts, screen.out.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, *looked_at(home, "fr")


def test_everything_arrives_and_stands_where_planned(shown: tuple[Path, dict[str, Any], str]) -> None:
    _, facts, _ = shown

    first, second = facts["rounds"]
    assert (first["troubles"], second["troubles"]) == ({}, {})
    assert first["as_planned"] == first["planned"] and second["as_planned"] == second["planned"]
    assert len(cast.planted(2)) == second["planned"]
    verdicts = [file["verdict"] for file in first["files"]]
    assert [verdicts.count(name) for name in ("refused", "partly-accepted", "duplicate", "failed")] == [4, 4, 1, 0]
    assert {file["verdict"] for file in second["files"]} == {"accepted"}


def test_nothing_stands_that_was_not_planned(shown: tuple[Path, dict[str, Any], str]) -> None:
    with open_desk(shown[0]) as desk:
        assert show._stands(desk) == cast.planted(2)


def test_the_ledger_told_is_the_ledger_kept(shown: tuple[Path, dict[str, Any], str]) -> None:
    home, facts, _ = shown
    kept = (
        sqlite3.connect(home / "edi.sqlite").execute("SELECT sum(remuneration_cents) FROM remuneration").fetchone()[0]
    )

    assert facts["remuneration_cents"] == kept == sum(row["remuneration_cents"] for row in facts["ledger"]) > 0
    assert sum(row["reversals"] for row in facts["ledger"]) == 2


def test_answers_lie_with_the_partners(shown: tuple[Path, dict[str, Any], str]) -> None:
    _, facts, _ = shown

    assert all(answer["files"] for answer in facts["answers"])
    assert all((Path(answer["folder"]) / name).is_file() for answer in facts["answers"] for name in answer["files"])
    assert not any(name.endswith(".part") for answer in facts["answers"] for name in answer["files"])


def test_depots_are_empty_and_archives_hold_what_was_sent(shown: tuple[Path, dict[str, Any], str]) -> None:
    home, facts, _ = shown
    archived = [path for path in (home / "partenaires").rglob("archive/*") if path.is_file()]

    assert not list((home / "partenaires").rglob("depot/*"))
    assert len(archived) == sum(one["pulled"] for one in facts["rounds"]) == 19


def test_it_can_be_looked_at(shown: tuple[Path, dict[str, Any], str]) -> None:
    _, facts, screen = shown

    assert max(map(len, screen.splitlines())) <= 100
    assert "…" not in screen, "nothing is cut"
    for file in facts["rounds"][0]["files"]:
        assert file["file"] in screen
        assert not file["findings"] or file["findings"][0]["code"] in screen
    assert f"{facts['seconds']} s" in screen


def test_it_speaks_one_language_at_a_time(tmp_path: Path, shown: tuple[Path, dict[str, Any], str]) -> None:
    french, english = shown[2], looked_at(tmp_path / "home", "en")[1]

    for words in (
        "declare their invoices",
        "Refused, and why",
        "wrong check digit",
        "cases stand where planned",
        "Try next",
    ):
        assert words in english and words not in french
    for words in ("déclarent", "Refusés", "clé de contrôle", "à la place prévue", "À essayer", "en écart", "accepté"):
        assert words in french and words not in english.split(".rapport.txt")[0]


def test_the_facts_are_one_json_document(shown: tuple[Path, dict[str, Any], str]) -> None:
    _, facts, _ = shown

    assert json.loads(json.dumps(facts, ensure_ascii=False)) == facts


def test_the_home_goes_on_working_without_the_server(shown: tuple[Path, dict[str, Any], str]) -> None:
    home = open_home(shown[0])
    connection = connect(home.database)

    done = Run(Desk(home, connection), reconciled).once()

    assert (done.pulled, done.troubles, done.reconciled["entries_posted"]) == (0, {}, 0)


def test_a_home_in_use_is_left_alone(shown: tuple[Path, dict[str, Any], str]) -> None:
    with pytest.raises(NotAllowed, match="sert déjà"):
        demo(shown[0], quiet, keep=False)
    assert (shown[0] / "edi.sqlite").exists()


def test_nothing_stays_that_was_not_asked_for(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    facts = demo(tmp_path / "gone", quiet, keep=False)
    for thread in set(threading.enumerate()) - before:  # connections that have been hung up end in their own time
        thread.join(20)

    assert not set(threading.enumerate()) - before
    assert not (tmp_path / "gone").exists()
    assert facts["remuneration_cents"] > 0
