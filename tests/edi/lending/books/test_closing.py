"""Closing a year is one act: everything adds up to the cent, done twice it changes nothing, and it stops at a ledger that was altered."""

import io
import itertools
import sqlite3
import tempfile
from datetime import date
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader

from edi.core import periods
from edi.core.partners import Since
from edi.core.store import transaction
from edi.lending.books import closing, distributing, statements
from edi.lending.books.distributing import Users
from edi.lending.matching.waiting import worth
from schemas.declaration import Declaration
from schemas.errors import NotAllowed
from schemas.money import french
from tests.desk import LIBRARY, Desk, bought, declared, partner, sold
from tests.edi.lending.matching.test_histories import DIRECTORY, often, told, worlds
from tests.edi.test_samples import taken
from tests.program import edi

USERS = Users(10, 4)


def adds_up(desk: Desk, facts: closing.Facts) -> None:
    year = facts["year"]
    entries = desk.one("SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration WHERE period = ?", year)
    documents = [statements.document(desk, row["number"]) for row in statements.listing(desk, year)]
    shared = facts["distribution"]
    out = sum(shared[f"{name}_cents"] for name in ("fees", "pension", "authors", "publishers", "carried"))
    called = sum(facts["totals"]["invoices_cents"] + facts["totals"]["reversed_cents"] for facts in documents)
    assert called == entries == facts["remuneration_cents"] == out - shared["state_cents"] - shared["brought_cents"]
    assert (
        entries == sum(row["cents"] for row in facts["by_month"]) == sum(row["cents"] for row in facts["by_category"])
    )
    assert entries == sum(row["cents"] for row in facts["by_rate"])


@often(12)
@given(worlds)
def test_a_year_adds_up_to_the_cent_and_closes_once(world: tuple[list[Declaration], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = told(Path(folder) / "home", [None, *itertools.chain(*world)], every=0)
        facts = closing.close(desk, 2004, users=USERS)
        adds_up(desk, facts)
        before = desk.snapshot()
        assert closing.close(desk, 2004, users=USERS) == facts
        assert desk.snapshot() == before
        desk.db.close()


def test_the_report_says_what_the_facts_say(tmp_path: Path) -> None:
    desk = taken(tmp_path / "home", "year-2025", 1, at_the_end=True)
    facts = closing.close(desk, 2025, users=USERS)
    adds_up(desk, facts)
    made = closing.as_pdf(facts)
    text = (
        "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
        .replace("\u202f", " ")
        .replace("\u00a0", " ")
    )
    for cents in (facts["remuneration_cents"], facts["base_cents"], *(row["cents"] for row in facts["by_month"])):
        assert french(cents).replace("-", "−") in text
    assert closing.as_pdf(facts) == made


def test_money_goes_by_the_category_of_the_invoice_s_own_day(desk: Desk) -> None:
    desk.know([partner(LIBRARY, category="1", later=(Since(date(2025, 7, 1), category="2"),))])
    days = ("2025-03-14", "2025-07-01", "2025-09-14")
    desk.take(declared("S", *(sold(str(n), day, 10_000 * n) for n, day in enumerate(days, 1))))
    desk.take(declared("L", *(bought(str(n), day, 9_100 * n) for n, day in enumerate(days, 1)), by=LIBRARY))
    facts = closing.close(desk, 2025)
    assert facts["by_category"] == [{"category": "2", "cents": 3_000}, {"category": "1", "cents": 600}]


def test_nothing_is_closed_on_an_altered_ledger(desk: Desk) -> None:
    desk.take(declared("S", sold("1", "2025-03-14")))
    desk.take(declared("L", bought("1", "2025-03-14"), by=LIBRARY))
    desk.reconcile()
    desk.db.execute("DROP TRIGGER entry_no_update")
    desk.db.execute("UPDATE entry SET cents = 601")
    with pytest.raises(NotAllowed):
        closing.close(desk, 2025)
    assert periods.closed_years(desk) == set() and statements.listing(desk) == []


@pytest.mark.parametrize(
    ("room", "act", "instead"),
    [
        (statements, "issue", lambda *given, **named: ()),
        (distributing, "record", lambda desk, made: replace(made, facts={**made.facts, "fees_cents": 1})),
    ],
)
def test_sums_that_do_not_agree_are_our_own_mistake(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, room: ModuleType, act: str, instead: Any
) -> None:
    desk.take(declared("S", sold("1", "2025-03-14")))
    desk.take(declared("L", bought("1", "2025-03-14"), by=LIBRARY))
    monkeypatch.setattr(room, act, instead)
    with pytest.raises(AssertionError):
        closing.close(desk, 2025, users=USERS)


def test_what_waits_is_worth_between_two_bounds(desk: Desk) -> None:
    desk.know([partner(LIBRARY)])
    desk.take(declared("S", sold("1", "2025-03-14"), sold("2", "2025-03-14", kind="A")))
    desk.take(declared("L", bought("8", "2025-09-14", 9_100), bought("9", "2025-10-20", 4_550, kind="A"), by=LIBRARY))
    desk.reconcile()
    assert worth(desk, 2025) == {
        "library": {"invoices": 2, "least_cents": 0, "most_cents": 0},
        "supplier": {"invoices": 2, "least_cents": 546 - 300, "most_cents": 600 - 273},
    }
    desk.know([partner(LIBRARY, category="primary")])
    desk.reconcile()
    assert worth(desk, 2025)["supplier"]["most_cents"] == 0


def test_a_closed_year_sends_what_comes_late_to_the_next(desk: Desk) -> None:
    desk.take(declared("S", sold("1", "2024-03-14"), period=2024))
    desk.reconcile()
    facts = closing.close(desk, 2024)
    assert facts["waiting"]["library"]["least_cents"] == 600 and facts["remuneration_cents"] == 0
    desk.take(declared("L", bought("1", "2024-03-14"), by=LIBRARY, period=2024))
    desk.reconcile()
    assert desk.rows("SELECT period, remuneration_cents FROM remuneration") == [(2025, 600)]
    with transaction(desk.db):
        periods.reopen(desk, 2024, desk.time, "oubli")
    assert closing.close(desk, 2024)["remuneration_cents"] == 0


def test_an_invoice_of_before_2006_without_lines_is_worth_between_two_bounds_too(desk: Desk) -> None:
    desk.take(declared("S", sold("1", "2004-07-31", lines=(), ht=8_800), sold("2", "2004-08-01", lines=(), ht=9_100)))
    desk.reconcile()
    assert worth(desk, 2004)["library"] == {"invoices": 2, "least_cents": 264 + 546, "most_cents": 300 + 600}


# -- a closed period is immutable ------------------------------------------------------------------------


def booked(desk: Desk, year: int) -> list[tuple[object, ...]]:
    """All that a period's book holds."""
    return [
        *desk.rows("SELECT entry, hash FROM remuneration WHERE period = ? ORDER BY entry", year),
        *desk.rows("SELECT id FROM invoice WHERE period = ? ORDER BY id", year),
    ]


@often(30)
@given(worlds, st.randoms(use_true_random=False))
def test_nothing_that_comes_later_changes_a_closed_year(world: tuple[list[Declaration], ...], chance: Random) -> None:
    """Late declarations, replacements, cancellations, directory facts: they go to the oldest open year, at their own
    date's rate, and what is owed in the end is what it would be had nothing been closed."""
    with tempfile.TemporaryDirectory() as folder:
        order: list[Declaration | None] = [None]
        left = [list(story) for story in world]
        while left := [story for story in left if story]:
            order.append(chance.choice(left).pop(0))
        one, other = Desk(Path(folder) / "one"), told(Path(folder) / "other", order, every=0)
        closed: dict[int, list[tuple[object, ...]]] = {}
        for step in order:
            if step is None:
                one.know(DIRECTORY)
            else:
                one.take(step)
            one.reconcile()
            assert all(booked(one, year) == then for year, then in closed.items())
            year = 2004 + len(closed)
            if year < 2007 and chance.random() < 0.4:
                with transaction(one.db):
                    periods.close(one, year, one.time)
                closed[year] = booked(one, year)
        assert (one.balances(), [row[:3] for row in sorted(one.states().values(), key=repr)]) == (
            other.balances(), [row[:3] for row in sorted(other.states().values(), key=repr)],
        )  # fmt: skip
        assert one.rows("SELECT DISTINCT rate_percent FROM remuneration WHERE rate_percent NOT IN (0, 3, 6)") == []
        one.db.close()
        other.db.close()


def test_the_database_itself_books_nothing_in_a_closed_year(desk: Desk) -> None:
    desk.take(declared("S", sold("1", "2025-03-14")))
    desk.take(declared("L", bought("1", "2025-03-14"), by=LIBRARY))
    desk.reconcile()
    with transaction(desk.db):
        periods.close(desk, 2025, desk.time)
    for table, key in (("entry", "entry"), ("invoice", "id")):
        names = [row[1] for row in desk.rows(f"PRAGMA table_info({table})")]
        values = ", ".join(f"{name} + 77" if name == key else name for name in names)
        with pytest.raises(sqlite3.IntegrityError, match="closed"):
            desk.db.execute(f"INSERT INTO {table} SELECT {values} FROM {table} LIMIT 1")


def test_closing_takes_in_what_is_there_and_tells_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    desk = Desk(home)
    desk.take(declared("S", sold("1", "2025-03-14"), sold("2", "2025-03-14")))
    desk.take(declared("L", bought("1", "2025-03-14"), bought("8", "2025-09-14"), by=LIBRARY))
    ran = edi("--home", home, "period", "close", "2025", "--json", cwd=tmp_path, expect=0).json
    assert {name: ran[name] for name in ("year", "state", "late_invoices_go_to", "waiting")} == {
        "year": 2025, "state": "closed", "late_invoices_go_to": 2026,
        "waiting": {
            "library": {"invoices": 1, "least_cents": 600, "most_cents": 600},
            "supplier": {"invoices": 1, "least_cents": 546, "most_cents": 600},
        },
    }  # fmt: skip
    assert desk.rows("SELECT period, remuneration_cents FROM remuneration") == [(2025, 600)]
    assert desk.one("SELECT count(*) FROM untold") == 0
    assert "--reason" in edi("--home", home, "period", "reopen", "2025", cwd=tmp_path, expect=2).err
    assert edi("--home", home, "period", "reopen", "2025", "--reason", "oubli", cwd=tmp_path, expect=0).out
