"""Taking a file: bytes seen before, trouble, interruptions; and closed periods."""

import io
import sqlite3
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import edi.lending.booking.booking
import edi.lending.booking.staging
from edi.core import periods
from edi.core.store import transaction
from edi.intake.answers import recall
from edi.intake.taking import check_file
from schemas.errors import EdiError
from tests.desk import COMMUNE, LIBRARY, OTHER_SHOP, SHOP, Desk, bought, codes, counts, declared, partner, sold, written
from tests.desk import aside as at_home_nowhere

DAY = "2024-03-14"


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("F.txt", data)
    return out.getvalue()


def close(desk: Desk, *years: int) -> None:
    with transaction(desk.db):
        for year in years:
            periods.close(desk, year, desk.time)


def test_the_same_bytes_are_a_duplicate_however_they_come(desk: Desk) -> None:
    data = written(declared("A", sold("1", DAY), msgspec.structs.replace(sold("2", DAY), ttc=1)))
    first = desk.take(data)
    before = desk.snapshot()
    for given in (data, zipped(data), zipped(data)):
        again = desk.take(given, name="again.zip", speaks_for=[SHOP])
        assert counts(again) == ("duplicate", 1, 1)
        assert (again.findings, again.reference, again.file) == (first.findings, "A", "again.zip")
    assert desk.snapshot() == before
    notices = "SELECT body FROM answer WHERE receipt = ? AND name NOT LIKE '%rapport%' AND name NOT LIKE '%correction%' ORDER BY name"
    assert desk.rows(notices, 1) == desk.rows(notices, 2) != []


def test_a_refused_file_is_read_again(desk: Desk) -> None:
    data = written(declared("A", msgspec.structs.replace(sold("1", DAY), ttc=1)))
    assert [counts(desk.take(data))[0] for _ in range(2)] == ["refused", "refused"]


def test_a_receipt_is_taken_once(desk: Desk) -> None:
    first = desk.take(declared("A", sold("1", DAY)))
    before = desk.snapshot()
    assert msgspec.structs.replace(desk.take(b"", receipt=1), file=first.file) == recall(desk, 1) == first
    assert desk.snapshot() == before


def test_a_crash_of_the_checker_is_neither_valid_nor_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(edi.lending.booking.staging, "check", crash)
        taken = desk.take(declared("A", sold("1", DAY)))
        assert counts(taken) == ("failed", 0, 0)
    assert desk.rows("SELECT state, verdict FROM receipt") == [("failed", "failed")]
    assert desk.one("SELECT count(*) FROM declaration") == 0
    assert counts(desk.take(b"", receipt=1))[0] == "accepted"


@pytest.mark.parametrize(
    "where",
    [
        "edi.lending.booking.booking.stage",
        "edi.lending.booking.booking._insert_invoices",
        "edi.intake.answers.keep",
        "edi.intake.answers.render",
    ],
)
def test_what_fails_when_a_file_is_taken_fails_when_it_is_checked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """And a check that fails spoils none that follows; nothing of it stays but that it was there."""
    data, aside = written(declared("A", sold("1", DAY))), at_home_nowhere()
    with monkeypatch.context() as patch:
        patch.setattr(where, lambda *_, **__: 1 // 0)
        assert desk.take(data).verdict == "failed"
        with pytest.raises(ZeroDivisionError):
            check_file(aside, io.BytesIO(data), "F.txt")
    for _ in range(2):
        assert check_file(aside, io.BytesIO(data), "F.txt")[0].verdict == "accepted"
    tables = ("declaration", "invoice", "line", "touched", "answer", "acknowledgement", "finding")
    assert [aside.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * len(tables)


@pytest.mark.parametrize(
    "trouble", [EdiError(why="full"), OSError("full"), sqlite3.OperationalError("locked"), KeyboardInterrupt()]
)
def test_trouble_of_the_world_leaves_the_receipt_for_the_next_pass(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr("edi.intake.answers.post", fails)
        with pytest.raises(type(trouble)):
            desk.take(declared("A", sold("1", DAY)))
    assert desk.rows("SELECT state, verdict FROM receipt") == [("received", None)]
    assert [
        desk.one(f"SELECT count(*) FROM {table}") for table in ("declaration", "invoice", "line", "twin", "answer")
    ] == [0] * 5
    assert counts(desk.take(b"", receipt=1))[0] == "accepted"


def interrupted(desk: Desk, steps: int, work: Any) -> Any:
    """The work's result after one attempt that SQLite breaks off after so many steps."""
    left = [steps]

    def tick() -> bool:
        left[0] -= 1
        return left[0] == 0

    desk.db.set_progress_handler(tick, 100)
    try:
        return work()
    except sqlite3.OperationalError:
        assert not desk.db.in_transaction
    finally:
        desk.db.set_progress_handler(None, 100)
    return work()


_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 12, 17, 23, 30, 40, 55, 70])
@pytest.mark.parametrize("piece", [2, 20_000])
def test_broken_off_anywhere_and_done_again_is_as_if_done_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, piece: int
) -> None:
    monkeypatch.setattr(edi.lending.booking.stored_lines, "_PIECE", piece)  # how many lines go ahead of the verdict
    monkeypatch.setattr(edi.lending.booking.booking, "_MANY", piece)  # how many invoices go in past the triggers
    story = [
        declared("L", *(bought(str(n), DAY) for n in range(1, 9)), by=LIBRARY),
        declared("A", *(sold(str(n), DAY) for n in range(1, 9))),
        declared("B", *(sold(str(n), DAY, 10_000 + n % 3) for n in range(2, 9)), replaces="A"),
        declared("X", cancels="L", by=LIBRARY, period=2024),
    ]
    whole, broken = Desk(tmp_path / "whole"), Desk(tmp_path / "broken")
    for receipt, declaration in enumerate(story, 1):
        whole.take(declaration)
        whole.reconcile()
        now = broken.time
        kept = broken.folder.keep(io.BytesIO(written(declaration)), 1 << 20)
        broken.db.execute(
            "INSERT INTO receipt (id, sha256, size, name, link, home, remote_path, remote_modified, dry, received_at, state) "
            "VALUES (?, ?, 1, 'F.txt', 'l', '', '', 0, 0, '', 'received')",
            (receipt, kept.sha256),
        )

        def once(receipt: int = receipt, now: datetime = now) -> Any:
            broken.time = now
            return broken.take(b"", receipt=receipt)

        assert interrupted(broken, steps, once).verdict == "accepted"
        interrupted(broken, steps, broken.reconcile)

    assert broken.snapshot() == whole.snapshot()
    assert broken.rows(_TRIGGERS) == whole.rows(_TRIGGERS)


def test_a_duplicate_seen_only_at_the_end_leaves_no_lines(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process booked the same bytes, plain, while we read them zipped."""
    monkeypatch.setattr(edi.lending.booking.stored_lines, "_PIECE", 1)
    data = written(declared("A", sold("1", DAY), sold("2", DAY)))
    staged, other = edi.lending.booking.staging.stage, [True]

    def slowly(*given: Any, **named: Any) -> Any:
        result = staged(*given, **named)
        if other.pop():
            other.append(False)
            Desk(desk.home.path).take(data)
        return result

    monkeypatch.setattr("edi.lending.booking.booking.stage", slowly)
    assert counts(desk.take(zipped(data)))[0] == "duplicate"
    assert desk.one("SELECT count(*) FROM line") == desk.one("SELECT count(*) FROM invoice") == 2


def test_partners_imported_while_a_file_is_read_are_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    staged = edi.lending.booking.staging.stage

    def slowly(*given: Any, **named: Any) -> Any:
        result = staged(*given, **named)
        desk.know([partner(COMMUNE, alias_of=LIBRARY)])
        return result

    monkeypatch.setattr("edi.lending.booking.booking.stage", slowly)
    desk.take(declared("A", sold("1", DAY, partner=COMMUNE)))

    assert desk.reconcile()["matched"] == 1


# -- closed periods -------------------------------------------------------------------------------------


def test_late_for_a_closed_period_goes_to_the_oldest_open_one_after_it(desk: Desk) -> None:
    desk.take(declared("A", sold("1", "2004-03-01"), sold("2", "2004-09-01", 20_000)))
    desk.take(declared("L", bought("1", "2004-03-01", 8_800), by=LIBRARY))
    desk.reconcile()
    close(desk, 2004, 2005)
    late = desk.take(declared("M", bought("2", "2004-09-01", 18_200), by=LIBRARY))
    assert (counts(late), codes(late)) == (("accepted", 1, 0), ["period-closed-booked-late"])
    (finding,) = late.findings
    assert (finding.found, finding.expected, finding.position) == ("2004", "2006", 75)
    found = desk.reconcile()
    assert (found["entries_posted"], found["matched"]) == (1, 1)
    assert desk.rows("SELECT period, rate_percent, remuneration_cents FROM remuneration") == [
        (2004, 3, 300),
        (2006, 6, 1_200),
    ]


def test_a_reversal_goes_to_the_oldest_open_period_too(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), by=LIBRARY))
    desk.reconcile()
    close(desk, 2024)
    same = desk.take(declared("B", sold("1", DAY), sold("2", DAY), replaces="A"))
    assert codes(same) == []  # nothing is booked at all
    changed = desk.take(declared("C", sold("1", DAY), sold("2", DAY, 10_003), replaces="B"))
    assert codes(changed) == ["period-closed-booked-late"]
    desk.reconcile()
    assert desk.rows("SELECT period, invoice_number, base_cents FROM remuneration WHERE entry > 2 ORDER BY entry") == [
        (2025, "2", -10_000), (2025, "2", 10_003),
    ]  # fmt: skip
    gone = desk.take(declared("X", cancels="C", period=2024))
    assert codes(gone) == ["period-closed-booked-late"]
    desk.reconcile()
    assert desk.balances() == {}
    assert desk.rows("SELECT DISTINCT period FROM remuneration WHERE entry > 4") == [(2025,)]


def test_a_match_found_after_the_period_was_closed_is_posted_late(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    close(desk, 2024)
    desk.reconcile()
    assert desk.rows("SELECT period FROM remuneration") == [(2025,)]


def test_a_duplicate_in_a_closed_period_books_nothing_late(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    close(desk, 2024)
    assert codes(desk.take(declared("B", sold("1", DAY)))) == ["invoice-already-declared"]
    assert codes(desk.take(declared("C", sold("1", DAY), by=OTHER_SHOP))) == ["period-closed-booked-late"]
