"""The directory in memory and in the database say the same: who a partner is, and whom its GLN stands for."""

import pytest

from edi.core import partners
from edi.core.store import transaction
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, aside, partner

KNOWN = (
    partner(COMMUNE, alias_of=LIBRARY, successor=OTHER_LIBRARY),  # an alias goes before a successor
    partner(LIBRARY, successor=OTHER_LIBRARY),
    partner(OTHER_LIBRARY),
    partner(SHOP, "supplier", successor="3000000000000"),  # whom nobody knows
)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.know(KNOWN[1:])
    desk.know(KNOWN[:1])
    return desk


def test_sql_resolves_as_the_directory_does(desk: Desk) -> None:
    directory = partners.load(desk)
    expected = {COMMUNE: OTHER_LIBRARY, LIBRARY: OTHER_LIBRARY, OTHER_LIBRARY: OTHER_LIBRARY, OTHER_SHOP: OTHER_SHOP}
    for code, party in (expected | {SHOP: "3000000000000"}).items():
        assert (desk.one(f"SELECT {partners.party('?1')}", code), partners.resolve(directory, code)) == (
            int(party),
            party,
        )
    desk.know([partner(LIBRARY)])
    assert desk.one(f"SELECT {partners.party('?1')}", COMMUNE) == int(LIBRARY)


def test_an_alias_goes_before_a_successor(desk: Desk) -> None:
    both = {"1": partner("1", alias_of="2", successor="3"), "2": partner("2"), "3": partner("3")}
    assert partners.resolve(both, "1") == "2"
    with transaction(desk.db):
        partners.keep(desk, both.values())
    assert desk.one(f"SELECT {partners.party('?1')}", "1") == 2


def test_partners_are_asked_for_one_by_one_as_if_all_were_loaded(desk: Desk) -> None:
    every, asked = partners.load(desk), partners.Directory(desk)
    assert dict(asked) == every and len(asked) == len(every)
    assert (OTHER_SHOP in asked, asked.get(OTHER_SHOP), {LIBRARY, OTHER_SHOP} & asked.keys()) == (
        False,
        None,
        {LIBRARY},
    )
    empty = partners.Directory(aside())
    assert not empty and empty.get(LIBRARY) is None
