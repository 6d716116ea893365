"""Years shared out of a ledger: sums, copies, what waits for the next year, and that it is done once."""

import sqlite3
from pathlib import Path

import pytest

from edi.core.periods import close, reopen
from edi.core.store import transaction
from edi.lending.books import closing
from edi.lending.books.distributing import POSTINGS, Users, Year, compute, record
from edi.lending.books.proof import verify
from edi.lending.rules.distribution import Terms
from schemas import ean
from schemas.errors import NotAllowed
from tests.desk import Desk
from tests.edi.lending.books.test_proof import tamper
from tests.edi.lending.books.years import counted, declare


def adds_up(made: Year) -> None:
    facts = made.facts
    out = sum(facts[name] for name in list(POSTINGS)[2:])
    assert facts["entries_cents"] + facts["state_cents"] + facts["brought_cents"] == out
    assert facts["authors_cents"] + facts["publishers_cents"] == sum(row["paid_cents"] for row in made.titles)
    assert facts["carried_cents"] == facts["undivided_cents"] + sum(row["carried_cents"] for row in made.titles)


def close_year(desk: Desk, year: int) -> None:
    with transaction(desk.db):
        close(desk, year, desk.time)


@pytest.mark.parametrize("seed", range(6))
def test_random_years_add_up_and_hand_on_what_waits(tmp_path: Path, seed: int) -> None:
    desk, terms = Desk(tmp_path / "home"), Terms(fees_bp=450, pension_bp=3000, threshold_cents=40 * seed)
    said = {year: declare(desk, 10 * seed + year, year) for year in (2023, 2024, 2025)}
    carried: dict[str, tuple[int, int]] = {}
    undivided = 0
    for year, invoices in said.items():
        made = compute(desk, year, Users(100 * seed, 10), terms)
        adds_up(made)
        close_year(desk, year)
        kept = record(desk, made)
        assert {**kept.facts, "recorded_at": None} == made.facts
        assert kept.titles == made.titles
        matched = {row[0] for row in desk.rows("SELECT invoice_number FROM remuneration WHERE period = ?", year)}
        assert {row["ean"]: row["copies"] for row in kept.titles if row["copies"]} == {
            c: n for c, n in counted(invoices, matched).items() if n
        }
        for row in kept.titles:
            brought = row["brought_authors_cents"] + row["brought_publishers_cents"]
            assert (row["brought_copies"], brought) == carried.get(row["ean"], (0, 0))
            assert row["ean"] != ean.NONE or row["paid"] == 0
        assert kept.facts["brought_cents"] == undivided + sum(cents for _, cents in carried.values())
        carried = {
            row["ean"]: (min(0, row["copies"] + row["brought_copies"]), row["carried_cents"]) for row in kept.titles
        }
        undivided = kept.facts["undivided_cents"]
    assert (
        desk.one("SELECT sum(cents * (credit = 'to_distribute') - cents * (debit = 'to_distribute')) FROM v_posting")
        == 0
    )


def test_recorded_once_in_order_and_never_changed(desk: Desk) -> None:
    declare(desk, 5, 2024)
    made = compute(desk, 2024, Users(), Terms())
    with pytest.raises(NotAllowed, match="period close"):
        record(desk, made)
    close_year(desk, 2024)
    declare(desk, 6, 2025)
    with pytest.raises(NotAllowed, match="changé entre-temps"):
        record(desk, made)
    made = compute(desk, 2024, Users(), Terms())
    record(desk, made)
    with pytest.raises(NotAllowed, match="déjà répartie"):
        record(desk, made)
    for table in ("distribution", "distribution_posting", "distribution_share"):
        for act in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET year = 2023",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE true",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                desk.db.execute(act)


def test_years_are_shared_out_in_their_order_and_no_share_is_left_behind(desk: Desk) -> None:
    declare(desk, 5, 2024)
    declare(desk, 6, 2025)
    close_year(desk, 2025)
    with pytest.raises(NotAllowed, match="d'abord 2024"):
        record(desk, compute(desk, 2025, Users(), Terms()))
    with pytest.raises(NotAllowed, match="d'abord 2024"):
        closing.close(desk, 2025, users=Users())
    assert desk.one("SELECT count(*) FROM issued_statement") == 0  # nothing half done
    for year in (2024, 2025):
        closing.close(desk, year, users=Users())
    declare(desk, 7, 2023)  # open, and its turn is over: the next year's
    late = desk.one("SELECT sum(remuneration_cents) FROM remuneration WHERE period = 2023")
    assert compute(desk, 2026, Users(), Terms()).facts["entries_cents"] == late != 0


ALTERED = """
UPDATE distribution_posting SET cents = cents + 1 WHERE credit = 'fees'
UPDATE distribution_posting SET cents = cents + (CASE credit WHEN 'fees' THEN 9 ELSE -9 END) WHERE credit IN ('fees', 'carried')
UPDATE distribution_posting SET cents = cents + 9 WHERE debit = 'state' OR credit = 'carried'
UPDATE distribution_posting SET debit = 'fees' WHERE credit = 'pension'
DELETE FROM distribution_posting WHERE credit = 'fees'
DELETE FROM distribution
UPDATE distribution SET last_entry = last_entry - 1
UPDATE distribution SET terms = replace(terms, '100', '101')
UPDATE distribution SET terms = '{}'
UPDATE distribution_share SET copies = copies + 1 WHERE ean = (SELECT max(ean) FROM distribution_share)
UPDATE distribution_share SET title = 'Un autre' WHERE ean = (SELECT max(ean) FROM distribution_share)
UPDATE distribution_share SET ean = '9782070000003' WHERE ean = (SELECT max(ean) FROM distribution_share)
UPDATE distribution_share SET paid = 1 - paid WHERE ean = (SELECT max(ean) FROM distribution_share)
DELETE FROM distribution_share WHERE ean = (SELECT max(ean) FROM distribution_share)
"""


@pytest.mark.parametrize("change", ALTERED.strip().splitlines())
def test_a_distribution_that_was_altered_is_found(desk: Desk, change: str) -> None:
    declare(desk, 5, 2024)
    close_year(desk, 2024)
    terms = Terms(fees_bp=450, pension_bp=3000, threshold_cents=900)
    record(desk, compute(desk, 2024, Users(100, 10), terms))
    assert verify(desk, files=False).failure is None
    tamper(desk, change)
    found = verify(desk, files=False).failure
    assert found is not None and (found.check, found.found) == ("distribution", "2024")


def test_what_comes_late_to_a_year_shared_out_is_the_next_ones(desk: Desk) -> None:
    declare(desk, 5, 2024)
    close_year(desk, 2024)
    record(desk, compute(desk, 2024, Users(), Terms()))
    with transaction(desk.db):
        reopen(desk, 2024, desk.time, "oubli")
    declare(desk, 8, 2024)
    late = desk.one(
        "SELECT sum(remuneration_cents) FROM remuneration WHERE entry > (SELECT last_entry FROM distribution)"
    )
    assert compute(desk, 2025, Users(), Terms()).facts["entries_cents"] == late != 0


def test_nothing_to_share(desk: Desk) -> None:
    made = compute(desk, 2025, Users(), Terms(threshold_cents=5))
    assert (made.titles, made.facts["carried_cents"], made.facts["per_copy_cents"]) == ([], 0, 0)
    made = compute(desk, 2025, Users(100, 0), Terms(fees_bp=1000, pension_bp=5000))
    adds_up(made)
    assert made.facts["undivided_cents"] == 104 * 150 - 1_560 - 7_020
