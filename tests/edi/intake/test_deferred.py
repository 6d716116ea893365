"""What is left in a depot: tried again later and later, with why and whose turn, in both languages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edi.core.desk import Desk, open_desk
from edi.intake import status
from edi.intake.deferred import Quota, clear, defer, deferred, note_growing, stuck, turn_after
from schemas.text import Both
from spool.local.folder import FolderLink
from spool.receipt import RemoteFile

NOW = datetime(2026, 11, 20, 12, 0)
LOCKED = Both("verrouillé", "locked")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "home", clock=Clock()) as desk:
        yield desk


def file(size: int = 10, name: str = "a.txt") -> RemoteFile:
    return RemoteFile(path=f"depot/{name}", name=name, home="", folder="depot", size=size, modified=1.0)


def fail(desk: Desk, size: int = 10, why: Both = LOCKED, turn: str = "edi") -> Any:
    """One more failure of the same file; the row that it leaves."""
    defer(desk, "l", [(file(size), why, turn)], deferred(desk, "l"))
    [row] = deferred(desk, "l").values()
    return row


def test_it_is_tried_again_later_and_later_up_to_six_hours(desk: Desk) -> None:
    waits = [(row := fail(desk)).next_at - NOW for _ in range(12)]

    assert [wait.total_seconds() for wait in waits] == [min(60 * 2**place, 6 * 3600) for place in range(12)]
    assert (row.attempts, row.why, row.turn, row.since) == (12, LOCKED, "edi", NOW)
    assert row.tried(file()) == 12 and row.tried(file(size=11)) == 0


def test_one_that_has_changed_begins_anew_unless_it_fails_for_the_same_reason(desk: Desk) -> None:
    fail(desk)
    desk.clock.time += timedelta(hours=1)  # type: ignore[attr-defined]
    row = fail(desk, size=11)
    assert (row.attempts, row.since) == (1, NOW)
    row = fail(desk, size=12, why=Both("parti", "gone"))
    assert (row.attempts, row.since) == (1, NOW + timedelta(hours=1))


def test_one_that_is_still_written_is_noted_once_and_shown_after_an_hour(desk: Desk) -> None:
    for _ in range(2):
        note_growing(desk, "l", [file()], deferred(desk, "l"))
        desk.clock.time += timedelta(minutes=40)  # type: ignore[attr-defined]
    [(link, row)] = stuck(desk)
    assert (link, row.attempts, row.since, row.turn) == ("l", 0, NOW, "partner")
    clear(desk, "l", ["depot/a.txt"])
    assert stuck(desk) == []


@pytest.mark.parametrize(
    ("hours", "tried", "why", "turn"),
    [(0, 0, LOCKED, "edi"), (0, 2, LOCKED, "partner"), (1, 0, LOCKED, "partner"), (1, 0, Both("parti", "gone"), "edi")],
)
def test_whose_turn_it_is(desk: Desk, hours: int, tried: int, why: Both, turn: str) -> None:
    assert turn_after(fail(desk), tried, why, NOW + timedelta(hours=hours)) == turn


@pytest.mark.parametrize(
    ("limits", "said", "turn"),
    [
        ({"files_a_day": 1}, Both("quota du jour atteint : 1 (files_a_day)", "today's quota"), "edi"),
        ({"bytes_a_day": 9}, Both("quota du jour atteint : 9 (bytes_a_day)", "today's quota"), "operator"),
        ({"bytes_a_day": 15}, Both("quota du jour atteint : 15 (bytes_a_day)", "today's quota"), "edi"),
        ({"quarantine_bytes": 9}, Both("quarantaine pleine : 9 (quarantine_bytes)", "quarantine is"), "operator"),
    ],
)
def test_a_quota_is_said_in_one_language(desk: Desk, limits: dict[str, int], said: Both, turn: str) -> None:
    quota = Quota(desk, FolderLink(name="l", path="p", **limits))  # type: ignore[arg-type]
    if turn == "edi":
        assert quota.over(10) is None
        quota.count(10)
    over = quota.over(10)

    assert over is not None and isinstance(over[0], Both)
    assert (over[0].fr, over[1]) == (said.fr, turn)
    assert over[0].en.startswith(said.en) and over[0].en.endswith(f"({next(iter(limits))})")


def test_status_says_it_in_the_language_of_the_desk(desk: Desk) -> None:
    fail(desk)
    desk.db.execute(  # as it was kept before there were two languages
        "INSERT INTO held_back SELECT link, 'b', 'b', size, modified, 1, 'plein / full', turn, since, next_at FROM held_back"
    )
    said = {
        language: [row["why"] for row in status.status(Desk(desk.home, desk.db, language))["stuck"]]  # type: ignore[arg-type]
        for language in ("fr", "en")
    }
    assert said == {
        "fr": ["laissé dans le dépôt (1x) : plein / full", "laissé dans le dépôt (1x) : verrouillé"],
        "en": ["left in the depot (1x): plein / full", "left in the depot (1x): locked"],
    }
