"""A year shared out adds up to the cent, and the figures that were published come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.lending.rules.distribution import Terms, Title, apportion, distribute, per_copy, state_share
from schemas import ean, money

# year, public users, higher education users, rounding of the others | euros as published
PUBLISHED = """
2022 6187588 0       down | 9652637
2022 0       1052041 down | 1052041
2019 6032051 0       down | 9410000
"""


@pytest.mark.parametrize("line", PUBLISHED.strip().splitlines())
def test_state_share_as_published(line: str) -> None:
    (year, public, higher, rounding), euros = line.split("|")[0].split(), int(line.split("|")[1])
    assert money.half_away(state_share(int(year), int(public), int(higher), rounding), 100) == euros


def test_users_of_other_libraries_were_rounded_up_in_2017_and_the_first_year_was_half() -> None:
    assert state_share(2017, 5_660_490, 0, "up") == (5_660_490 + 226_420) * 150
    assert state_share(2017, 5_660_490, 0) == (5_660_490 + 226_419) * 150
    assert state_share(2003, 100, 10) == 104 * 75 + 10 * 50


def test_euros_per_copy_of_2016() -> None:
    titles = {f"97820703{place:05d}": Title(copies=6_263_928 // 8) for place in range(8)}
    made = distribute(11_706_025_00, 0, 0, titles, Terms())
    assert (per_copy(11_706_025_00, made.copies), made.copies) == (187, 6_263_928)
    by_title = [share.authors_cents + share.publishers_cents for share in made.shares.values()]
    assert sum(by_title) == 11_706_025_00 and max(by_title) - min(by_title) <= 2


@pytest.mark.parametrize(("threshold", "paid"), [(1_000, True), (1_001, False)])
def test_a_title_that_reaches_the_threshold_is_paid(threshold: int, paid: bool) -> None:
    made = distribute(1_000, 0, 0, {"9782070360024": Title(copies=1)}, Terms(threshold_cents=threshold))
    assert made.shares["9782070360024"].paid is paid
    assert made.carried_cents == (0 if paid else 1_000)


@given(
    st.integers(0, 10**12),
    st.dictionaries(st.text(max_size=3), st.integers(0, 10**7), min_size=1).filter(lambda w: any(w.values())),
)
def test_parts_add_up_and_none_is_a_cent_off(cents: int, weights: dict[str, int]) -> None:
    parts, total = apportion(cents, weights), sum(weights.values())
    assert sum(parts.values()) == cents
    for name, weight in weights.items():
        assert abs(parts[name] * total - cents * weight) < total
        for other, its in weights.items():
            assert weight < its or parts[name] >= parts[other] - (weight == its)


amounts = st.integers(-(10**9), 10**10)
codes = st.sampled_from([ean.NONE, *(f"97820703600{place:02d}" for place in range(20))])
titles = st.builds(Title, st.integers(-50, 1000), st.integers(-20, 0), st.integers(0, 500), st.integers(0, 500))
terms = st.builds(Terms, st.integers(0, 10_000), st.integers(0, 5_000), st.integers(0, 2_000))


@given(amounts, st.integers(0, 10**10), st.integers(-(10**6), 10**6), st.dictionaries(codes, titles), terms)
def test_any_year_adds_up(entries: int, state: int, undivided: int, given: dict[str, Title], by: Terms) -> None:
    made = distribute(entries, state, undivided, given, by)
    gone = made.fees_cents + made.pension_cents + made.authors_cents + made.publishers_cents
    assert entries + state + made.brought_cents == gone + made.carried_cents
    shared = sum(share.authors_cents + share.publishers_cents for share in made.shares.values())
    halves = [
        sum(getattr(share, name) for share in made.shares.values()) for name in ("authors_cents", "publishers_cents")
    ]
    assert shared + made.undivided_cents == entries + state + undivided - made.fees_cents - made.pension_cents
    assert halves[0] - halves[1] in (0, 1)
    assert 0 <= made.pension_cents * 2 <= max(0, entries + state - made.fees_cents)
    waits = made.undivided_cents
    for code, title in given.items():
        share = made.shares[code]
        due = (
            share.authors_cents + share.publishers_cents + title.brought_authors_cents + title.brought_publishers_cents
        )
        assert title.net == title.copies + title.brought_copies or title.net == 0 > title.copies + title.brought_copies
        assert title.net or not share.authors_cents + share.publishers_cents
        assert share.paid == (code != ean.NONE and due > 0 and due >= by.threshold_cents)
        waits += 0 if share.paid else due
    assert waits == made.carried_cents
    if not made.shares or not any(title.net for title in given.values()):
        assert shared == 0


@pytest.mark.parametrize(
    "wrong", [{"pension_bp": 5_001}, {"pension_bp": -1}, {"fees_bp": 10_001}, {"threshold_cents": -1}]
)
def test_terms_the_law_forbids(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Terms(**wrong)
