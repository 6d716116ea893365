"""New facts in the directory: whenever they come, states and balances are those of doing everything from scratch,
and only what they touch is looked at again."""

import itertools
import tempfile
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import edi.lending.booking.staging
import edi.lending.matching.match_table
import edi.lending.matching.scope
from edi import schemes
from edi.core import ledger, partners
from edi.core.lock import in_turn
from edi.core.partners import Partner, Since
from edi.directory.importing import bring_in
from edi.lending.matching import reconciling
from schemas.declaration import Declaration
from schemas.errors import SettingsWrong
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, code, declared, partner, sold
from tests.edi.lending.matching.test_histories import often, worlds

Step = Declaration | list[Partner]

# -- random directories among random files --------------------------------------------------------------

libraries, shops = st.sampled_from([LIBRARY, OTHER_LIBRARY, COMMUNE]), st.sampled_from([SHOP, OTHER_SHOP])
days = st.sampled_from([date(2004, 7, 20), date(2004, 8, 15), date(2004, 9, 30)])
categories, subjects = st.sampled_from(["", "1", "primary", "hospital"]), st.sampled_from(["", "", "yes", "no"])
laters = st.lists(st.builds(Since, days, categories, subjects), max_size=2, unique_by=lambda then: then.since)


@st.composite
def told(draw: st.DrawFn) -> Partner:
    role = draw(st.sampled_from(["library", "library", "supplier"]))
    one = libraries if role == "library" else shops
    other = st.just("") | st.just("") | one
    return partner(
        draw(one), role, alias_of=draw(other), successor=draw(other), category=draw(categories), subject=draw(subjects),
        later=tuple(sorted(draw(laters), key=lambda then: then.since)),
    )  # fmt: skip


changes = st.lists(st.lists(told(), min_size=1, max_size=3, unique_by=lambda one: one.gln), min_size=1, max_size=4)


def take(desk: Desk, step: Step) -> None:
    if isinstance(step, list):
        with_cycle = False
        try:
            desk.know(step)
        except SettingsWrong as wrong:
            with_cycle = "->" in str(wrong)
            assert with_cycle
    else:
        assert desk.take(step).verdict != "failed"


def reasons(desk: Desk) -> dict[tuple[Any, ...], str]:
    """Why each standing entry's base is what it is, by what its invoices say."""
    rows = desk.rows(
        "SELECT e.supplier, e.library, invoice_number, invoice_date, e.kind, i.digest, l.ht, reason FROM remuneration e "
        f"JOIN invoice i ON i.id = supplier_invoice JOIN invoice l ON l.id = library_invoice WHERE {ledger.STANDING}"
    )
    return {row[:-1]: row[-1] for row in rows}


def owes(desk: Desk) -> None:
    """Every standing entry owes as the directory has it on its date, worked out fact by fact."""
    directory = partners.load(desk)
    for library, day, rate, base, reason in desk.rows(
        f"SELECT library, invoice_date, rate_percent, base_cents, reason FROM remuneration e WHERE {ledger.STANDING}"
    ):
        while (known := directory.get(library)) and (known.alias_of or known.successor):
            library = known.alias_of or known.successor
        category = subject = ""
        for since, then in [("", known), *((one.since.isoformat(), one) for one in (known.later if known else ()))]:
            if then is not None and since <= day:
                category, subject = then.category or category, then.subject or subject
        exempt = category in ("primary", "hospital")  # the world is of 2004
        expected = "library-exempt" if exempt else "library-not-subject" if subject == "no" else reason
        assert rate == 0 or reason == expected, (library, day)
        assert (
            (base == 0) if reason.startswith("library-") else (exempt, subject == "no") == (False, False) or rate == 0
        )


@pytest.fixture(autouse=True, scope="module")
def bit_by_bit() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edi.lending.booking.stored_lines, "_PIECE", 2)
        patch.setattr(edi.lending.matching.match_table, "_PIECE", 1)
        patch.setattr(edi.lending.matching.match_table, "breathe", lambda: None)
        patch.setattr(edi.lending.matching.scope, "_MUCH", 0)  # a pass never looks at everything
        yield


@often(25)
@given(worlds, changes, st.randoms(use_true_random=False), st.integers(0, 3))
def test_it_does_not_matter_when_the_directory_learns(
    world: tuple[list[Declaration], ...], directory: list[list[Partner]], chance: Any, every: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, other = Desk(Path(folder) / "one"), Desk(Path(folder) / "other")
        for step in (*directory, *itertools.chain(*world)):
            take(one, step)
        one.reconcile()
        left: list[list[Step]] = [list(directory), *(list[Step](story) for story in world)]
        place = 0
        while left := [story for story in left if story]:
            take(other, chance.choice(left).pop(0))
            if every and (place := place + 1) % every == 0:
                other.reconcile()
                owes(other)
        other.reconcile()
        assert partners.load(one) == partners.load(other)
        assert (other.states(), other.balances(), reasons(other)) == (one.states(), one.balances(), reasons(one))
        for desk in (one, other):
            owes(desk)
            before = desk.snapshot()
            desk.from_scratch()
            assert desk.reconcile()["entries_posted"] == 0
            assert desk.snapshot() == before
            desk.db.close()


# -- only what is touched --------------------------------------------------------------------------------

DAY = "2025-03-14"


def touched(desk: Desk) -> list[str]:
    """The side and number of every invoice that the next pass looks at."""
    rows = desk.rows(
        "SELECT DISTINCT i.side, i.number FROM touched t JOIN invoice i ON i.id BETWEEN t.first AND t.last ORDER BY 1, 2"
    )
    return [f"{side} {number}" for side, number in rows]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Thirty matches of LIBRARY with SHOP, one a month from 2023-07, with the numbers 1 to 30; others of OTHER_LIBRARY."""
    months = [(year, month) for year in (2023, 2024, 2025) for month in range(1, 13)][6:]
    for year in (2023, 2024, 2025):
        of_year = [(str(n), f"{y}-{m:02d}-15") for n, (y, m) in enumerate(months, 1) if y == year]
        other = [(f"9{n}", f"{year}-05-{n:02d}") for n in range(1, 11)]
        desk.take(
            declared(
                f"S{year}", *(sold(*one) for one in of_year), *(sold(*one, partner=OTHER_LIBRARY) for one in other)
            )
        )
        desk.take(declared(f"L{year}", *(bought(*one) for one in of_year), by=LIBRARY))
        desk.take(declared(f"O{year}", *(bought(*one) for one in other), by=OTHER_LIBRARY))
    assert desk.reconcile()["matched"] == 60
    return desk


def test_a_dated_fact_touches_what_was_bought_from_that_day_on(desk: Desk) -> None:
    assert desk.know([partner(LIBRARY, later=(Since(date(2025, 10, 1), subject="no"),))]) == 3
    assert touched(desk) == ["supplier 28", "supplier 29", "supplier 30"]
    owed = desk.owed()
    assert desk.reconcile()["entries_posted"] == 6
    assert desk.owed() == owed - 3 * 600
    assert set(reasons(desk).values()) == {"", "library-not-subject"}
    # taken back in the middle, only the middle is looked at
    assert (
        desk.know(
            [partner(LIBRARY, later=(Since(date(2025, 11, 1), subject="yes"), Since(date(2025, 12, 1), subject="no")))]
        )
        == 1
    )
    assert touched(desk) == ["supplier 29"]
    assert desk.reconcile()["entries_posted"] == 2
    assert desk.owed() == owed - 2 * 600


def test_facts_that_decide_nothing_touch_nothing(desk: Desk) -> None:
    told = partner(
        LIBRARY, category="1", city="Brest", opened=date(1990, 1, 1), closed=date(2024, 12, 31), subject="yes"
    )
    assert desk.know([told, partner(SHOP, "supplier"), partner(code(99), category="primary")]) == 0
    assert desk.know([partner(LIBRARY, category="hospital")]) == 0  # exempt until 2005 only
    assert touched(desk) == []


def test_an_alias_goes_before_a_successor(desk: Desk) -> None:
    desk.know([partner(COMMUNE, alias_of=LIBRARY, successor=OTHER_LIBRARY)])

    assert partners.resolve(partners.load(desk), COMMUNE) == LIBRARY


def test_an_alias_touches_its_own_invoices(desk: Desk) -> None:
    assert desk.know([partner(COMMUNE, alias_of=LIBRARY)]) == 0
    desk.take(declared("C", bought("31", DAY), by=COMMUNE))
    desk.take(declared("S31", sold("31", DAY)))
    assert desk.reconcile()["matched"] == 61
    assert desk.know([partner(COMMUNE)]) == 2
    assert touched(desk) == ["library 31", "supplier 31"]
    assert desk.reconcile()["matched"] == 60
    assert desk.know([partner(OTHER_LIBRARY, successor=LIBRARY)]) == 60
    assert desk.reconcile()["matched"] == 60


def test_a_pass_looks_at_what_was_touched_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    compute = reconciling.compute

    def counting(at: Desk, whole: bool) -> Any:
        looked.append(-1 if whole else at.db.execute("SELECT count(*) FROM looked").fetchone()[0])
        return compute(at, whole)

    monkeypatch.setattr(reconciling, "compute", counting)
    desk.know([partner(LIBRARY, later=(Since(date(2025, 12, 1), category="primary"),))])
    desk.reconcile()
    assert looked == [2]


def test_what_a_moved_invoice_leaves_behind_is_looked_at(desk: Desk) -> None:
    """A proposal loses its other half, a credit note the invoice it names, when that goes to another partner."""
    desk.know([partner(COMMUNE, alias_of=LIBRARY)])
    note = sold("501", "2004-08-10", 9_000, kind="A", credited="500")
    desk.take(declared("F", sold("500", "2004-07-20", partner=COMMUNE), note))
    desk.take(declared("N", bought("501", "2004-08-10", 8_190, kind="A"), by=LIBRARY))
    desk.take(declared("P", sold("77", DAY, 31_000)))
    desk.take(declared("Q", bought("7078", DAY, 28_210), by=COMMUNE))
    assert desk.reconcile()["proposed"] == 1
    rate = "SELECT rate FROM outcome o JOIN invoice i ON i.id = o.invoice WHERE number = '501' AND i.side = 'supplier'"
    assert desk.one(rate) == 3
    desk.know([partner(COMMUNE)])
    assert (desk.reconcile()["proposed"], desk.one(rate)) == (0, 6)
    after = desk.states(), desk.balances()
    desk.from_scratch()
    desk.reconcile()
    assert (desk.states(), desk.balances()) == after


def test_files_that_come_while_an_import_seeks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is booked or withdrawn after the import has looked, and before it writes, is seen to all the same."""
    other = Desk(desk.home.path)
    assert schemes.LENDING.moving is not None
    seek = schemes.LENDING.moving.seek

    def sought(*given: Any) -> int:
        found = seek(*given)
        other.take(declared("C", bought("31", DAY), by=COMMUNE))
        other.take(declared("O2025C", by=OTHER_LIBRARY, side="library", cancels="O2025"))
        return found

    desk.take(declared("S31", sold("31", DAY)))
    moving = replace(schemes.LENDING.moving, seek=sought)
    monkeypatch.setattr(schemes, "SCHEMES", (replace(schemes.LENDING, moving=moving),))
    desk.know([partner(COMMUNE, alias_of=LIBRARY), partner(OTHER_LIBRARY, successor=LIBRARY)])
    assert desk.reconcile()["matched"] == 51
    before = desk.snapshot()
    desk.from_scratch()
    assert desk.reconcile()["entries_posted"] == 0
    assert desk.snapshot() == before


def test_an_import_waits_for_a_pass(tmp_path: Path) -> None:
    """The match table is not moved about under a pass that computes from it."""
    desk = Desk(tmp_path / "home")
    with in_turn(desk.home.path, "reconcile", print):
        importer = threading.Thread(
            target=lambda: bring_in(
                Desk(desk.home.path), {SHOP: partners.facts(partner(SHOP, "supplier"))}, "x", "y", desk.time
            )
        )
        importer.start()
        importer.join(0.2)
        assert importer.is_alive() and desk.one("SELECT count(*) FROM partner") == 0
    importer.join()
    assert desk.one("SELECT count(*) FROM partner") == 1
