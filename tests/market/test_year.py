"""A made-up year with everything that really goes wrong, small, through the commands (`make year` judges a big one)."""

from pathlib import Path

import pytest

from tests.market import judge
from tests.market.oracle import Rules
from tests.worlds.market import deposit, market

SMALL = 500


def test_the_same_numbers_make_the_same_year(tmp_path: Path) -> None:
    files = []
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        paths = deposit(market(2025, SMALL, 3), tmp_path / place)
        files.append({path.name: path.read_bytes() for path in paths})

    assert files[0] == files[1]
    assert market(2025, SMALL, 4).papers != market(2025, SMALL, 3).papers


@pytest.mark.parametrize("which", [2003, 2004, 2005, 2012, 2025])
def test_every_fault_is_planted_beside_honest_sales_that_rule_1_allows(which: int) -> None:
    year = market(which, 2_000, 1)
    found = Rules(year.papers, year.directory()).outcomes()
    planted = {paper.fault for paper in year.papers}
    honest = [paper for paper in year.papers if not paper.fault]

    assert len(planted) >= (35 if which < 2006 else 31)
    assert len(honest) > len(year.papers) // 3
    assert {found[paper].state for paper in honest} == {"matched"}


def test_a_year_is_matched_as_its_truth_and_the_rules_say(tmp_path: Path) -> None:
    result = judge.judged(market(2004, SMALL, 1), tmp_path)

    assert judge.reproaches(result) == []
    assert judge.disagreements(result) == []
