"""The same again, told apart: bytes booked, refused or failed before; names; references; and what a nature R changed."""

import io
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

import edi.lending.booking.staging
from edi.core.limits import Limits
from edi.core.settings import open_home
from edi.intake.arrivals import Arrival
from edi.intake.taking import checker, receive
from schemas.catalogue import message
from tests.desk import LIBRARY, OTHER_SHOP, SHOP, Desk, bought, codes, counts, declared, partner, sold, written
from tests.edi.intake.test_pipeline import Links

DAY = "2025-03-14"


def answers(desk: Desk) -> list[str]:
    """The names of the answers to the latest file."""
    rows = desk.rows("SELECT name FROM answer WHERE receipt = (SELECT max(id) FROM receipt) ORDER BY id")
    return [name for (name,) in rows]


def receipts(desk: Desk) -> list[str]:
    return [verdict for (verdict,) in desk.rows("SELECT verdict FROM receipt ORDER BY id")]


def test_the_four_ways_to_come_again_are_four_verdicts(desk: Desk) -> None:
    """One story: each row is a file, and what a partner is told of it."""
    first = written(declared("A", sold("1", DAY)))
    spoilt = written(declared("B", sold("2", DAY, ttc=1)))
    other = written(declared("A", sold("1", DAY), sold("3", DAY)))
    story: list[tuple[str, bytes, tuple[str, int, int], list[str]]] = [
        ("F.txt", first, ("accepted", 1, 0), []),
        ("F.txt", first, ("duplicate", 1, 0), []),  # the same name and bytes
        ("G.txt", first, ("duplicate", 1, 0), []),  # the same bytes
        ("F.txt", spoilt, ("refused", 0, 1), ["ht-exceeds-ttc"]),  # the same name, new bytes: a new file
        ("F.txt", spoilt, ("refused", 0, 1), ["ht-exceeds-ttc"]),  # refused before: read again
        ("F.txt", other, ("refused", 0, 2), ["reference-already-used", "invoice-already-declared"]),
        ("F.txt", written(declared("C", sold("1", DAY), sold("3", DAY))), ("accepted", 2, 0), ["invoice-already-declared"]),
    ]  # fmt: skip
    for name, data, verdict, found in story:
        taken = desk.take(data, name=name)
        assert (counts(taken), codes(taken), taken.file) == (verdict, found, name)
        assert {answer.split(".")[0] for answer in answers(desk)} == {name.split(".")[0]}
    assert desk.live() == ["1 9100", "3 9100"]
    assert len(receipts(desk)) == len(story), "every file has its own receipt and its own answers"


def test_a_duplicate_is_answered_in_full_and_says_that_it_is_one(desk: Desk) -> None:
    data = written(declared("A", sold("1", DAY), sold("2", DAY, ttc=1)))
    desk.take(data, name="F.txt")
    first = dict(desk.rows("SELECT name, body FROM answer WHERE receipt = 1"))
    desk.take(data, name="encore.txt")
    again = dict(desk.rows("SELECT name, body FROM answer WHERE receipt = 2"))
    assert set(again) == {f"encore.txt.{end}" for end in ("ane.txt", "ate.txt", "rapport.txt", "rapport.json")}
    for end in ("ane.txt", "ate.txt"):
        assert again[f"encore.txt.{end}"] == first[f"F.txt.{end}"]
    assert b'"verdict": "duplicate"' in again["encore.txt.rapport.json"]
    assert "DÉJÀ REÇUE" in again["encore.txt.rapport.txt"].decode()


def test_bytes_refused_before_are_judged_by_today_s_rules(desk: Desk) -> None:
    stranger = "3012345678901"  # no check digit is right here, unless the directory knows it
    data = written(declared("A", sold("1", DAY, partner=stranger)))
    assert codes(desk.take(data)) == ["partner-gln-check-digit"]
    desk.know([partner(stranger)])
    assert (counts(again := desk.take(data)), codes(again)) == (("accepted", 1, 0), ["gln-check-digit-legacy"])
    assert counts(desk.take(data))[0] == "duplicate"


def test_bytes_that_failed_before_are_read_again_once_and_for_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError

    data = written(declared("A", sold("1", DAY)))
    with monkeypatch.context() as patch:
        patch.setattr(edi.lending.booking.staging, "check", crash)
        assert [counts(desk.take(data))[0] for _ in range(2)] == ["failed", "failed"]
        assert answers(desk) == []
    assert counts(desk.take(data)) == ("accepted", 1, 0)
    for receipt in (1, 2):  # tried again, as a new run does
        assert counts(desk.take(b"", receipt=receipt))[0] == "duplicate"
    assert receipts(desk) == ["duplicate", "duplicate", "accepted"]
    assert desk.live() == ["1 9100"]


def test_the_same_remote_file_is_one_receipt_and_any_other_is_another(desk: Desk) -> None:
    kept, other = (desk.folder.keep(io.BytesIO(data), 100) for data in (b"1", b"2"))
    base = Arrival(name="F.txt", link="l", remote_path="/depot/F.txt", modified=1)
    first = receive(desk, base, kept)
    assert receive(desk, base, kept) == first
    others = [
        (base, other),
        (msgspec.structs.replace(base, modified=2), kept),
        (msgspec.structs.replace(base, remote_path="/depot/G.txt", name="G.txt"), kept),
        (msgspec.structs.replace(base, link="m"), kept),
    ]
    assert len({first, *(receive(desk, arrival, bytes_) for arrival, bytes_ in others)}) == 5


@pytest.mark.parametrize("change", ["amounts", "an invoice more", "another period", "the other side", "the format"])
def test_a_reference_used_is_used_whatever_else_differs(desk: Desk, change: str) -> None:
    desk.take(declared("A", sold("1", DAY)))
    again = {
        "amounts": declared("A", sold("1", DAY, 20_000)),
        "an invoice more": declared("A", sold("1", DAY), sold("2", DAY)),
        "another period": declared("A", sold("1", "2024-03-14")),
        "the other side": declared("A", bought("1", DAY, partner=OTHER_SHOP), side="library"),
        "the format": declared("A", sold("1", DAY)),
    }[change]
    taken = desk.take(again, "xml" if change == "the format" else "fixed")
    assert (counts(taken)[0], codes(taken)[0]) == ("refused", "reference-already-used")
    assert "A" in message(taken.findings[0])
    assert desk.live() == ["1 9100"]
    assert counts(desk.take(declared("A", sold("1", DAY), by=OTHER_SHOP)))[0] == "accepted"


def test_a_replacement_says_and_does_what_changed_and_nothing_else(desk: Desk) -> None:
    desk.take(declared("L", *(bought(str(n), DAY) for n in range(1, 4)), by=LIBRARY))
    desk.take(declared("A", *(sold(str(n), DAY) for n in range(1, 4))))
    desk.reconcile()
    entries = desk.one("SELECT count(*) FROM remuneration")
    replaced = declared("R", sold("1", DAY), sold("2", DAY, 10_004), sold("4", DAY), replaces="A")
    assert counts(desk.take(replaced)) == ("accepted", 3, 0)
    assert desk.rows("SELECT number FROM invoice JOIN withdrawal ON invoice = id ORDER BY number") == [("2",), ("3",)]
    assert desk.live() == ["1 9100", "1 9100", "2 9100", "2 9104", "3 9100", "4 9100"]
    desk.reconcile()
    new = desk.rows("SELECT invoice_number, base_cents FROM remuneration WHERE entry > ? ORDER BY 1, 2", entries)
    assert new == [("2", -10_000), ("2", 10_004), ("3", -10_000)]
    assert counts(desk.take(replaced))[0] == "duplicate", "and its bytes are known too"
    assert desk.reconcile()["entries_posted"] == 0
    assert [codes(desk.take(declared("S", sold("1", DAY), replaces="A")))] == [["replaced-reference-unknown"]]


def test_the_bytes_of_a_replaced_declaration_stay_known(desk: Desk) -> None:
    """Sent again by mistake after its replacement, the first one must not undo it."""
    first = written(declared("A", sold("1", DAY)))
    desk.take(first)
    desk.take(declared("R", sold("1", DAY, 20_000), replaces="A"))
    assert counts(desk.take(first, speaks_for=[SHOP]))[0] == "duplicate"
    assert desk.live() == ["1 18200"]


# -- the same file put back -----------------------------------------------------------------------


def put(runs: Links, data: bytes) -> None:
    """The partner puts a file back as it was, with its old time."""
    path = runs.base / "un" / "depot" / "F.txt"
    path.write_bytes(data)
    os.utime(path, (1_767_000_000, 1_767_000_000))


def taken(runs: Links) -> list[tuple[str, int]]:
    """The verdict on each receipt, and how many answers it had."""
    rows = runs.db.execute(
        "SELECT verdict, (SELECT count(*) FROM answer a WHERE a.receipt = r.id AND sent_at IS NOT NULL) FROM receipt r"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(("ttc", "again"), [(1, ("refused", 3)), (9_601, ("duplicate", 3))])
def test_a_file_put_back_as_it_was_is_read_and_answered_again(tmp_path: Path, ttc: int, again: tuple[str, int]) -> None:
    runs, data = Links(tmp_path), written(declared("A", sold("1", DAY, ttc=ttc)))
    first = ("refused" if ttc == 1 else "accepted", 3)
    for expected in ([first], [first, again], [first, again, again]):
        put(runs, data)
        runs.run().once()
        assert taken(runs) == expected
        runs.run().once()
        assert taken(runs) == expected
    assert runs.db.execute("SELECT count(*) FROM invoice").fetchone()[0] == (ttc != 1)


@pytest.mark.parametrize("died", ["before it was archived", "before that was noted"])
def test_a_file_that_a_run_died_at_is_one_receipt(tmp_path: Path, died: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, data = Links(tmp_path), written(declared("A", sold("1", DAY, ttc=1)))
    put(runs, data)
    with monkeypatch.context() as patch:

        def dies(*_: Any) -> Any:
            raise SystemExit

        patch.setattr(f"edi.intake.fetch.{'archive' if died.startswith('before it') else 'note_archived'}", dies)
        with pytest.raises(SystemExit):
            runs.run().once()
    for _ in range(2):
        runs.run().once()
        assert taken(runs) == [("refused", 3)]
    put(runs, data)
    runs.run().once()
    assert taken(runs) == [("refused", 3), ("refused", 3)]


# -- the checker failed ---------------------------------------------------------------------------


def test_what_failed_is_tried_again_by_another_checker_and_by_no_other_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def crash(*_: Any) -> Any:
        tries.append(1)
        raise ZeroDivisionError

    runs = Links(tmp_path)
    put(runs, written(declared("A", sold("1", DAY))))
    with monkeypatch.context() as patch:
        patch.setattr(edi.lending.booking.staging, "check", crash)
        for _ in range(3):
            runs.run().once()
        assert (taken(runs), len(tries)) == ([("failed", 0)], 1)
        (tmp_path / "home" / "edi.toml").write_text(
            "max_seconds = 700\n" + (tmp_path / "home" / "edi.toml").read_text()
        )
        runs.home = open_home(tmp_path / "home")
        for _ in range(3):
            runs.run().once()
        assert (taken(runs), len(tries)) == ([("failed", 0)], 2), "limits that are others may let it through"
        patch.setattr("edi.intake.backlog.checker", lambda limits: "upgraded")
        runs.run().once()
        assert (taken(runs), len(tries)) == ([("failed", 0)], 3)
    runs.run().once()
    assert taken(runs) == [("failed", 0)], "mended behind our back: nothing says so"
    with monkeypatch.context() as patch:
        patch.setattr("edi.intake.backlog.checker", lambda limits: "upgraded")
        runs.run().once()
    assert taken(runs) == [("accepted", 3)]


def test_the_checker_is_its_code_and_its_limits() -> None:
    assert checker(Limits()) == checker(Limits()) != checker(Limits(max_seconds=1))
