"""The database of a home: what a power cut may not take, and what its tables may not hold."""

import sqlite3
from pathlib import Path

import pytest

from edi.core import store
from edi.core.store import connect
from tests.desk import Desk


def test_what_is_committed_outlives_a_power_cut(tmp_path: Path) -> None:
    connection = connect(tmp_path / "edi.sqlite")
    asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}

    assert asked == {"synchronous": 2, "journal_mode": "wal"}  # FULL: each commit is on the disk before it returns


def test_no_row_is_about_nothing(desk: Desk) -> None:

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        desk.db.execute(
            "INSERT INTO answer (receipt, link, home, name, body, written_at) VALUES (9, 'l', '', 'a', x'', '')"
        )


def test_whoever_waits_sees_the_gap_between_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(store.time, "sleep", slept.append)
    store.breathe()

    assert sum(slept) > 2 * store._LOOK_SECONDS
