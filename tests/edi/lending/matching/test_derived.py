"""The law changes backwards, and so do the rules by which two sides meet: what is derived is made anew, the differences
are posted, old runs are proved by the law they name, and the year closes."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edi.core import periods
from edi.core.store import transaction
from edi.lending.books import closing
from edi.lending.books.proof import verify
from edi.lending.matching import derived, reconciling
from edi.lending.rules import terms
from edi.lending.rules.terms import Terms
from schemas import number
from tests.desk import LIBRARY, OTHER_LIBRARY, SHOP, Desk, bought, declared, sold

DECREED = (*terms.TERMS, Terms(date(2025, 7, 1), 7, 900))


@pytest.fixture
def desk(desk: Desk) -> Iterator[Desk]:
    """A year of one supplier: two invoices of spring, two of autumn, each side's; a credit note that names its invoice by
    number, and one that no library has declared."""
    days = {"1": "2025-03-14", "2": "2025-05-02", "3": "2025-09-14", "4": "2025-11-02"}
    desk.take(
        declared(
            "L", *(bought(name, day) for name, day in days.items()), bought("9", "2025-10-01", kind="A"), by=LIBRARY
        )
    )
    credit = sold("9", "2025-10-01", kind="A", credited="1")
    desk.take(declared("A", *(sold(name, day) for name, day in days.items()), credit, sold("5", "2025-12-01")))
    desk.reconcile()
    yield desk
    desk.db.close()


@pytest.fixture
def decree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def publish(of: tuple[Terms, ...] = DECREED) -> None:
        monkeypatch.setattr(terms, "TERMS", of)
        terms.at.cache_clear()

    yield publish
    monkeypatch.undo()
    terms.at.cache_clear()


def holds(desk: Desk) -> bool:
    return verify(desk).failure is None


def changed(monkeypatch: pytest.MonkeyPatch, *module: str) -> None:
    """As if a module were another one."""
    source = derived.source
    monkeypatch.setattr(derived, "source", lambda *of: source(*of) + b"#" * (of == module))
    assert source(*module)


def derivation(desk: Desk) -> list[list[tuple[Any, ...]]]:
    """Everything that is derived."""
    tables = ("twin", "credit", "left_over", "outcome", "tally", "derived")
    return [sorted(desk.rows(f"SELECT * FROM {table}"), key=repr) for table in tables]


def test_a_rate_decreed_late_posts_the_differences(desk: Desk, decree: Any) -> None:
    before = desk.owed()
    assert before == 4 * 600 - 600
    decree()
    assert holds(desk), "reading makes nothing anew, and the old runs are by the old law"
    found = desk.reconcile()
    assert (found["entries_posted"], found["remuneration_cents"]) == (
        4,
        2 * 100,
    )  # the note goes by the invoice it names
    assert desk.rows("SELECT invoice_number, rate_percent, reverses FROM remuneration WHERE run = 2 ORDER BY entry") == [
        ("3", 6, 3), ("4", 6, 5), ("3", 7, None), ("4", 7, None),
    ]  # fmt: skip
    versions = desk.rows("SELECT rules FROM posting_run ORDER BY id")
    assert versions[0] == (terms.FIRST_LAW,) and versions[1] != versions[0]
    assert holds(desk) and desk.reconcile()["entries_posted"] == 0
    facts = closing.close(desk, 2025)
    assert {row["rate"]: row["cents"] for row in facts["by_rate"]} == {"0.06": 600, "0.07": 1_400}
    assert holds(desk)


def test_each_run_is_judged_by_its_own_law(desk: Desk, decree: Any) -> None:
    decree()
    desk.reconcile()
    desk.db.execute("DROP TRIGGER posting_run_no_update")
    first, second = (row[0] for row in desk.rows("SELECT rules FROM posting_run ORDER BY id"))
    desk.db.execute("UPDATE posting_run SET rules = ? WHERE id = 2", (first,))
    failure = verify(desk).failure
    assert failure is not None and (failure.check, failure.entry, failure.found) == ("amount", 8, "rate_percent 7")
    desk.db.execute("UPDATE posting_run SET rules = ? WHERE id IN (1, 2)", (second,))
    failure = verify(desk).failure
    assert failure is not None and failure.check == "amount" and failure.entry in (3, 4, 5)


def test_a_closed_year_has_its_differences_in_the_next(desk: Desk, decree: Any) -> None:
    closing.close(desk, 2025)
    decree()
    desk.reconcile()
    assert desk.rows("SELECT DISTINCT period FROM remuneration WHERE run = 2") == [(2026,)]
    assert desk.one("SELECT sum(remuneration_cents) FROM remuneration WHERE period = 2025") == 4 * 600 - 600
    assert holds(desk)
    with transaction(desk.db):
        periods.reopen(desk, 2025, desk.time, "décret")
    assert desk.reconcile()["entries_posted"] == 0


def test_a_changed_number_key_posts_the_differences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path / "home")
    desk.take(declared("L", bought("FX-1", "2025-03-14"), bought("FY-2", "2025-04-14", 4_550), by=LIBRARY))
    desk.take(declared("A", sold("FX-1", "2025-03-14"), sold("FX-2", "2025-04-14", 5_000)))
    assert desk.reconcile()["matched"] == 1
    plain = number.key
    monkeypatch.setattr(number, "key", lambda written: plain(written.replace("Y", "X")))
    changed(monkeypatch, "schemas", "number")
    found = desk.reconcile()
    assert (found["matched"], found["entries_posted"], found["remuneration_cents"]) == (2, 1, 300)
    assert desk.one("SELECT count(*) FROM invoice WHERE key = 'FX2'") == 2
    assert holds(desk) and closing.close(desk, 2025)["remuneration_cents"] == 900


@pytest.mark.parametrize(("package", "module"), derived.BY)
def test_whatever_derives_is_part_of_the_version(package: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = derived.version()
    changed(monkeypatch, package, module)
    assert derived.version() != before
    assert {"number", "matching", "proposing", "candidate", "match_table", "scope", "reconciling"} <= {
        name for _, name in derived.BY
    }


def test_nothing_changes_when_nothing_changed(desk: Desk) -> None:
    desk.db.execute("DELETE FROM untold")  # everybody was told
    before = derivation(desk)
    found = reconciling.reconcile(desk, anew=True)
    assert (found["entries_posted"], derivation(desk), desk.rows("SELECT * FROM untold")) == (0, before, [])


def test_anew_mends_whatever_is_derived(desk: Desk) -> None:
    before, counts = derivation(desk), desk.reconcile()
    for damage in (
        "DELETE FROM twin WHERE side = 'library'", "UPDATE tally SET n = n + 7", "DELETE FROM credit", "UPDATE twin SET rate = 3",
        "DELETE FROM left_over", "UPDATE invoice SET key = 'X' || key", "UPDATE outcome SET bag = 1, period = 2003",
    ):  # fmt: skip
        desk.db.execute(damage)
        assert reconciling.reconcile(desk, anew=True) == {**counts, "entries_posted": 0}, damage
        assert derivation(desk) == before, damage


def test_a_file_is_taken_by_the_keys_of_now(desk: Desk) -> None:
    """After an upgrade a file may come before any pass: what it states again is known by the new keys."""
    desk.db.execute("UPDATE derived SET version = 'old'")
    desk.db.execute("UPDATE invoice SET key = 'old' || key")
    desk.db.execute("UPDATE twin SET key = 'old' || key")
    assert desk.take(declared("B", sold("1", "2025-03-14"))).accepted == 1
    assert desk.one("SELECT count(*) FROM invoice WHERE number = '1' AND side = 'supplier'") == 1
    assert desk.reconcile()["entries_posted"] == 0


def test_a_new_home_is_not_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "make_anew", lambda connection: pytest.fail("made anew"))
    desk = Desk(tmp_path / "home")
    desk.reconcile()
    desk.take(declared("A", sold("1", "2025-03-14")))
    desk.take(declared("L", bought("1", "2025-03-14", partner=SHOP), by=OTHER_LIBRARY))
    desk.reconcile()
