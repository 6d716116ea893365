"""A dry run says what it would match and owe, and changes nothing; booked for real, that is what comes of it."""

import sqlite3

import pytest

from edi.lending.booking import rehearsing
from parsers.answers import report, report_text
from tests.desk import LIBRARY, Desk, bought, declared, sold

DAY = "2025-03-14"
SALES = [
    sold("1", DAY),
    sold("2", DAY, 20_000),
    sold("3", DAY, 30_000),
    sold("F-4", DAY, 40_000),
    sold("5", DAY, 50_000),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    purchases = [bought("1", DAY), bought("2", DAY, 19_000), bought("3", DAY, 15_000), bought("44", DAY, 36_400)]
    desk.take(declared("L", *purchases, by=LIBRARY))
    desk.reconcile()
    return desk


def would(desk: Desk, **how: object) -> tuple[int, ...]:
    before = desk.snapshot()
    told = desk.take(
        declared("S", *SALES, **({"use": "test"} if how.get("test") else {})), dry=bool(how.get("dry"))
    ).would
    after = desk.snapshot()
    assert after[1:] == before[1:]  # a declaration is remembered, and nothing booked
    assert told is not None
    return told.matched, told.proposed, told.discrepancies, told.waiting, told.remuneration_cents


@pytest.mark.parametrize("how", [{"dry": True}, {"test": True}, {"dry": True, "test": True}])
def test_a_dry_run_says_what_it_would_come_to(desk: Desk, how: dict[str, bool]) -> None:
    assert would(desk, **how) == (2, 1, 1, 1, 600 + 1200)
    assert desk.owed() == 0 and desk.reconcile()["entries_posted"] == 0
    desk.take(declared("S", *SALES))
    counts = desk.reconcile()
    assert (counts["matched"], counts["proposed"], counts["discrepancies"], counts["waiting_library"], desk.owed()) == (
        2,
        1,
        1,
        1,
        1800,
    )


def test_what_no_pass_has_seen_yet_is_reckoned_with(desk: Desk) -> None:
    desk.take(declared("L2", bought("5", DAY, 45_500), by=LIBRARY))
    assert would(desk, dry=True)[:2] == (3, 1)
    desk.take(declared("L3", by=LIBRARY, cancels="L", period=2025, side="library"))
    assert would(desk, dry=True)[:2] == (1, 0)


def test_a_replacement_is_rehearsed_as_one(desk: Desk) -> None:
    desk.take(declared("S", *SALES))
    desk.reconcile()
    told = desk.take(declared("S2", sold("1", DAY, 10_400), sold("2", DAY, 20_000), replaces="S"), dry=True).would
    assert told is not None and (told.matched, told.discrepancies) == (0, 1)  # the second is only stated once more
    assert desk.reconcile()["entries_posted"] == 0


def test_the_report_says_it(desk: Desk) -> None:
    answered = desk.take(declared("S", *SALES), dry=True)
    text = report_text.text(answered, "fr")
    assert "2 rapprochées, 1 proposées, 1 en écart, 1 en attente ; rémunération 18,00 €" in " ".join(text.split())
    listed = report.as_json(answered)["would"]["invoices"]
    assert [(one["number"], one["state"], one["other"]) for one in listed] == [
        ("1", "matched", "1"), ("2", "matched", "2"), ("3", "discrepancy", None), ("F-4", "proposed", "44"), ("5", "waiting", None)
    ]  # fmt: skip


def test_a_long_file_is_not_rehearsed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "LONGEST", 4)
    assert desk.take(declared("S", *SALES), dry=True).would is None


def test_a_full_disk_is_the_worlds_trouble_though_sqlite_has_undone_everything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(desk: Desk, whole: bool) -> None:
        desk.db.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched, pytest.raises(sqlite3.OperationalError, match="disk is full"):
        patched.setattr(rehearsing.reconciling, "compute", full)
        desk.take(declared("S", *SALES), dry=True)
    assert desk.one("SELECT state FROM receipt WHERE id = 2") == "received"  # not `failed`: the next pass takes it
