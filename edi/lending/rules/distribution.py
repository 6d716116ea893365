"""How a year's remuneration reaches the titles (CPI L133-4, R133-2): the State's share, then fees, then the pension
share, and the rest half to authors and half to publishers, per copy bought.

Every division adds up to the cent: each part gets the whole cents of its exact share, and the cents that are left go
to the largest remainders, the lower EAN first among equals; the odd cent of the two halves goes to the authors.
*Ours*, where the law is silent: fees are of the year's entries and State's share; "half of the total" is half of what
fees leave; a title below the threshold, and money nobody can be named for, wait for the next year.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from edi.lending.rules.terms import FIRST_PERIOD
from schemas import ean, money

#: Cents for each registered user of a public lending library, and in higher education; the first year half of it.
USER_CENTS = {"public": 150, "higher_education": 100}
FIRST_YEAR, FIRST_YEAR_CENTS = FIRST_PERIOD, {"public": 75, "higher_education": 50}
_HALF = 5_000


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a year is shared out by: parts in 1/100 %, the threshold of a title in cents.

    `other_libraries` rounds the 4 % of public users that stand for the other libraries: down, as in 2019 and 2022, or
    up, as in 2017.
    """

    fees_bp: int = 0
    pension_bp: int = 0
    threshold_cents: int = 0
    other_libraries: Literal["down", "up"] = "down"

    def __post_init__(self) -> None:
        if not 0 <= self.fees_bp <= 10_000 or self.threshold_cents < 0:
            raise ValueError("fees_bp : 0..10000 ; threshold_cents : >= 0")
        if not 0 <= self.pension_bp <= _HALF:
            raise ValueError("pension_bp : la moitié au plus, 0..5000 (L133-4)")


class Title(msgspec.Struct, frozen=True):
    """One EAN: net copies of the year, and what earlier years brought it (copies are negative: returns)."""

    copies: int = 0
    brought_copies: int = 0
    brought_authors_cents: int = 0
    brought_publishers_cents: int = 0

    @property
    def net(self) -> int:
        """The copies that take part."""
        return max(0, self.copies + self.brought_copies)


class Share(msgspec.Struct, frozen=True):
    """What a title gets this year, in cents, and whether it is paid, with what was brought; else all waits."""

    authors_cents: int
    publishers_cents: int
    paid: bool


class Distribution(msgspec.Struct, frozen=True):
    """A year shared out, in cents: entries + state + brought = fees + pension + authors + publishers + carried."""

    entries_cents: int
    state_cents: int
    brought_cents: int
    fees_cents: int
    pension_cents: int
    authors_cents: int
    publishers_cents: int
    carried_cents: int
    copies: int
    undivided_cents: int
    shares: dict[str, Share]


def state_share(year: int, public_users: int, higher_education_users: int, other_libraries: str = "down") -> int:
    """The State's share in cents (CPI R133-2); the other libraries' users are 4 % of the public ones, in whole users.

    >>> state_share(2022, 6_187_588, 0), state_share(2022, 0, 1_052_041)
    (965263650, 105204100)
    """
    cents = FIRST_YEAR_CENTS if year == FIRST_YEAR else USER_CENTS
    others = -(-public_users * 4 // 100) if other_libraries == "up" else public_users * 4 // 100
    return (public_users + others) * cents["public"] + higher_education_users * cents["higher_education"]


def apportion(cents: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`cents` (0 or more) by weights (0 or more, not all 0), to the cent, by the largest remainders.

    >>> apportion(100, {"a": 1, "b": 1, "c": 1})
    {'a': 34, 'b': 33, 'c': 33}
    """
    total = sum(weights.values())
    parts = {name: cents * weight // total for name, weight in weights.items()}
    left = cents - sum(parts.values())
    by_remainder = sorted(weights, key=lambda name: (-(cents * weights[name] % total), name))
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts


def distribute(
    entries_cents: int, state_cents: int, undivided_cents: int, titles: Mapping[str, Title], terms: Terms
) -> Distribution:
    """Shares a year out. `undivided_cents` is what earlier years left that was no title's, below 0 too."""
    total = entries_cents + state_cents
    fees = money.half_away(max(0, total) * terms.fees_bp, 10_000)
    pension = max(0, total - fees) * terms.pension_bp // 10_000
    pot = total - fees - pension + undivided_cents
    weights = {code: title.net for code, title in titles.items() if title.net}
    shared = pot if pot > 0 and weights else 0
    authors = apportion((shared + 1) // 2, weights) if weights else {}
    publishers = apportion(shared // 2, weights) if weights else {}
    shares: dict[str, Share] = {}
    paid = [0, 0]
    for code, title in titles.items():
        mine = (authors.get(code, 0), publishers.get(code, 0))
        due = (mine[0] + title.brought_authors_cents, mine[1] + title.brought_publishers_cents)
        pays = code != ean.NONE and sum(due) > 0 and sum(due) >= terms.threshold_cents
        shares[code] = Share(*mine, pays)
        if pays:
            paid = [paid[0] + due[0], paid[1] + due[1]]
    brought = undivided_cents + sum(t.brought_authors_cents + t.brought_publishers_cents for t in titles.values())
    return Distribution(
        entries_cents=entries_cents, state_cents=state_cents, brought_cents=brought, fees_cents=fees, pension_cents=pension,
        authors_cents=paid[0], publishers_cents=paid[1], carried_cents=total + brought - fees - pension - sum(paid),
        copies=sum(weights.values()), undivided_cents=pot - shared, shares=shares,
    )  # fmt: skip


def per_copy(distribution_cents: int, copies: int) -> int:
    """Cents for each copy, halves away from zero; 0 when there is none.

    >>> per_copy(11_706_025_00, 6_263_928)
    187
    """
    return money.half_away(distribution_cents, copies) if copies else 0
