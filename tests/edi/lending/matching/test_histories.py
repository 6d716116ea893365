"""Histories at random: whatever the order of the files, states and balances come out the same, and owe what is owed."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edi.lending.booking.staging
from edi.core.partners import Partner
from edi.core.store import PLACES, transaction
from edi.lending.books.proof import verify
from edi.lending.matching import deciding, match_table, reconciling, scope, tally
from schemas.declaration import Declaration, Invoice
from schemas.errors import NotAllowed
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, declared, partner, sold


def often(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


FIRST = date(2004, 7, 1)
DIRECTORY = (
    partner(COMMUNE, alias_of=LIBRARY),
    partner(OTHER_SHOP, "supplier", successor=SHOP),
    partner(LIBRARY, category="hospital"),
)

numbers = st.sampled_from(["1", "01", "2", "F-2", "31", "F-31", "47"])
days = st.integers(0, 120).map(lambda days: (FIRST + timedelta(days)).isoformat())
kinds = st.sampled_from(["F", "F", "F", "A"])


@st.composite
def sales(draw: st.DrawFn) -> Invoice:
    kind = draw(kinds)
    note = {"credited": draw(st.sampled_from(["", "1", "2"]))} if kind == "A" else {}
    price = draw(st.sampled_from([10_000, 10_003, 10_500, 20_000]))
    lines = {"lines": (), "ht": price * 9 // 10} if draw(st.integers(0, 9)) == 0 else {}
    partner = draw(st.sampled_from([LIBRARY, COMMUNE, OTHER_LIBRARY]))
    return sold(draw(numbers), draw(days), price, partner, kind=kind, **lines, **note)


@st.composite
def purchases(draw: st.DrawFn) -> Invoice:
    ht = draw(st.sampled_from([9_000, 9_100, 9_103, 9_555, 9_900, 18_200]))
    return bought(draw(numbers), draw(days), ht, draw(st.sampled_from([SHOP, OTHER_SHOP])), kind=draw(kinds))


@st.composite
def histories(draw: st.DrawFn, declarant: str) -> list[Declaration]:
    """What one declarant sends, in its order: declarations, replacements and cancellations, some of them wrong."""
    invoices = sales() if declarant in (SHOP, OTHER_SHOP) else purchases()
    sent: list[Declaration] = []
    for place in range(draw(st.integers(1, 4))):
        nature = draw(st.sampled_from(["initial", "replaces", "replaces", "cancels"])) if place else "initial"
        named: dict[str, Any] = (
            {} if nature == "initial" else {nature: draw(st.sampled_from([one.header.reference for one in sent]))}
        )
        content = [] if nature == "cancels" else draw(st.lists(invoices, max_size=5))
        if content and draw(st.integers(0, 3)) == 0:
            content[0] = msgspec.structs.replace(content[0], ttc=1)
        if content and draw(st.integers(0, 3)) == 0 and sent and sent[-1].invoices:
            content[-1] = sent[-1].invoices[0]
        sent.append(declared(f"R{place}", *content, by=declarant, period=2004, **named))
    return sent


worlds = st.tuples(*(histories(who) for who in (SHOP, OTHER_SHOP, LIBRARY, COMMUNE)))


def told(path: Path, order: list[Declaration | None], every: int) -> Desk:
    """The desk after these files in this order; None imports the directory. Reconciled every so often, and at the end."""
    desk = Desk(path)
    for place, step in enumerate(order):
        if step is None:
            desk.know(DIRECTORY)
        else:
            assert desk.take(step).verdict != "failed"
        if every and place % every == 0:
            desk.reconcile()
            holds(desk)
    desk.reconcile()
    return desk


def holds(desk: Desk) -> None:
    """What must be true after every pass."""
    owed = {row[0]: row[1:] for row in desk.rows(
        "SELECT o.invoice, o.other, CASE i.kind WHEN 'A' THEN -1 ELSE 1 END * i.base, o.rate, l.category FROM outcome o "
        "JOIN invoice i ON i.id = o.invoice LEFT JOIN partner l ON l.gln = ? AND i.library IN (?, ?) "
        "WHERE o.state = 'matched' AND o.side = 'supplier'", LIBRARY, LIBRARY, COMMUNE)}  # fmt: skip
    posted = {
        row[0]: row[1] for row in desk.rows("SELECT supplier_invoice, sum(base_cents) FROM remuneration GROUP BY 1")
    }
    for invoice, base in posted.items():
        _, full, rate, category = owed.get(invoice, (None, 0, 6, None))
        assert base == (0 if category or not rate else full), invoice
    assert owed.keys() <= posted.keys()
    live = {row[0] for row in desk.rows("SELECT invoice FROM twin")}
    facts = {row[0] for row in desk.rows("SELECT id FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal)")}
    assert live == facts
    assert {row[0] for row in desk.rows("SELECT invoice FROM outcome")} <= live
    stated = desk.rows(
        "SELECT id FROM invoice i WHERE EXISTS (SELECT 1 FROM declaration d WHERE d.verdict <> 'refused' AND d.id IN "
        "(SELECT i.declaration UNION SELECT declaration FROM statement WHERE invoice = i.id) "
        "AND NOT EXISTS (SELECT 1 FROM declaration n WHERE n.supersedes = d.id))"
    )
    assert {row[0] for row in stated} == facts  # an invoice stands as long as a live declaration states it
    places = desk.rows("SELECT first_line, first_line + lines, lines FROM invoice WHERE lines > 0")
    assert desk.one("SELECT count(*) FROM line") == sum(lines for _, _, lines in places)  # no line without an invoice
    for first, end, lines in places:
        assert desk.one("SELECT count(*) FROM line WHERE id >= ? AND id < ?", first, end) == lines
    before = desk.snapshot()
    assert desk.reconcile()["entries_posted"] == 0
    assert desk.snapshot() == before


@pytest.fixture(autouse=True, scope="module")
def lines_go_ahead() -> Iterator[None]:
    """Every file is a long one: its lines are in the store before its verdict, its invoices in the match table after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edi.lending.booking.stored_lines, "_PIECE", 2)
        patch.setattr(match_table, "_PIECE", 1)
        patch.setattr(match_table, "breathe", lambda: None)
        yield


@often(60)
@given(worlds, st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_order_of_files_changes_nothing(world: tuple[list[Declaration], ...], chance: Any, every: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        one = told(root / "one", [None, *itertools.chain(*world)], every=0)
        left: list[list[Declaration | None]] = [[None], *(list[Declaration | None](story) for story in world)]
        mixed = []
        while left := [story for story in left if story]:
            mixed.append(chance.choice(left).pop(0))
        other = told(root / "other", mixed, every)

        assert other.states() == one.states()
        assert other.balances() == one.balances()
        for desk in (one, other):
            holds(desk)
            assert verify(desk).failure is None
            before = desk.snapshot()
            desk.from_scratch()
            assert desk.reconcile()["entries_posted"] == 0
            assert desk.snapshot() == before
            desk.db.close()


# -- the same with decisions, and a directory that changes: what was touched is all there was to look at ---------

directories = st.lists(
    st.sampled_from(
        [
            partner(COMMUNE, alias_of=LIBRARY),
            partner(COMMUNE, alias_of=OTHER_LIBRARY),
            partner(COMMUNE),
            partner(OTHER_SHOP, "supplier", successor=SHOP),
            partner(OTHER_SHOP, "supplier"),
            partner(LIBRARY, category="hospital"),
            partner(LIBRARY, category="1"),
        ]
    ),
    max_size=3,
)


def decide_something(desk: Desk, chance: Any) -> None:
    """Accepts, rejects or settles a case taken at random, or undoes a decision."""
    standing = [row["id"] for row in deciding.listing(desk) if row["act"] != "undo"]
    cases = [row[0] for row in desk.rows("SELECT invoice FROM outcome WHERE bag = invoice ORDER BY 1")]
    with suppress(NotAllowed), transaction(desk.db):
        if standing and chance.random() < 0.3:
            deciding.undo(desk, chance.choice(standing), "b")
        elif cases:
            act = chance.choice(["accept", "reject", "settle"])
            deciding.decide(desk, act, chance.choice(cases), "b")


@often(40)
@given(worlds, st.lists(directories, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_what_was_touched_is_all_there_was_to_look_at(
    world: tuple[list[Declaration], ...], books: list[list[Partner]], chance: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scope, "_MUCH", 0)  # never everything
        desk = Desk(Path(folder) / "home")
        left: list[list[Any]] = [list(books), *(list(story) for story in world), [None] * 6]
        while left := [story for story in left if story]:
            step = chance.choice(left).pop(0)
            if step is None:
                desk.reconcile()
                decide_something(desk, chance)
            elif isinstance(step, list):
                desk.know(step)
            else:
                desk.take(step)
            if chance.random() < 0.5:
                desk.reconcile()
        desk.reconcile()
        before, states, counts = desk.snapshot(), desk.states(), tally.state(desk)
        lists = {name: len(rows) for name, rows in tally.details(desk).items()}
        assert lists == {f"{name}_list": count for name, count in counts.items()}
        patch.setattr(scope, "_MUCH", 1_000_000)  # always everything
        desk.from_scratch()
        assert desk.reconcile()["entries_posted"] == 0
        assert (desk.snapshot(), desk.states()) == (before, states)
        assert tally.state(desk) == counts
        desk.db.close()


# -- SQL and Python are one rule ------------------------------------------------------------------------


def whole(desk: Desk) -> list[tuple[Any, ...]]:
    """Every outcome, as `settle` has it for every bag, the plain ones too."""
    rows = desk.db.execute(
        f"SELECT t.supplier, t.library, {reconciling.CANDIDATE} "
        "FROM twin t JOIN invoice i ON i.id = t.invoice ORDER BY 1, 2, 3"
    )
    return sorted(reconciling._settled(rows, {}))


tops = st.sampled_from([0, 1, 100, 9_999, 10_000, 10_005, 12_345])
near = st.integers(-14, 14)
twin_rows = st.lists(
    st.tuples(
        st.sampled_from(["supplier", "library"]), kinds, st.integers(0, 60), st.sampled_from([0.0, 0.88, 0.91, 1.0]), tops,
        tops, near, st.integers(0, 9), st.sampled_from([900, 1_200, 10_000]), st.integers(0, 3), numbers,
    ),
    max_size=4,
)  # fmt: skip


@often(150)
@given(st.lists(twin_rows, min_size=1, max_size=12))
def test_the_plain_path_and_the_closer_look_agree(bags: list[list[tuple[Any, ...]]]) -> None:
    desk = _bench()
    with transaction(desk.db):
        desk.db.execute("DELETE FROM twin")
        desk.db.execute("DELETE FROM outcome")
        place = PLACES  # the first receipt's
        for key, bag in enumerate(bags):
            for side, kind, day, share, gross, base, off, tolerance, cap, flags, _ in bag:
                place += 1
                ht = max(0, int(gross * 100 * share) // 100 + off)
                desk.db.execute(
                    "INSERT INTO twin VALUES (1, 2, ?, ?, ?, ?, ?, 2025, ?, ?, ?, ?, 6, ?, ?)",
                    (str(key), side, 731_000 + day, place, kind, ht, tolerance, gross, min(base, gross), cap,
                     flags if side == "supplier" else flags & match_table.CLAIMS_CONTRACT),
                )  # fmt: skip
        reconciling.compute(desk, whole=True)
        assert sorted(desk.rows("SELECT * FROM outcome_new")) == whole(desk)


_BENCH: list[Desk] = []


def _bench() -> Desk:
    """One desk with a hundred invoices for twins to point at: the number is all that is read of them."""
    if not _BENCH:
        desk = Desk(Path(tempfile.mkdtemp()) / "home")
        sales = [sold(str(place), "2025-03-14") for place in range(100)]
        desk.take(declared("A", *sales))
        _BENCH.append(desk)
    return _BENCH[0]


# -- a pass looks at what one more file can touch, and at nothing else -------------------------------------


@pytest.mark.parametrize(
    ("more", "looked", "proposed"),
    [
        (sold("900", "2025-06-20", 77_700), 1, 0),  # the library has nothing like it
        (sold("901", "2025-03-12", 10_000), 2, 1),  # an amount, five days apart
        (sold("902", "2025-03-25", 50_000), 2, 0),  # a month in which the library has something: a statement, perhaps
        (sold("903", "2025-09-01", 1_000, kind="A"), 6, 0),  # a credit note that may be part of a net
    ],
)
def test_one_more_file_is_looked_at_with_what_it_may_be_tied_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, more: Invoice, looked: int, proposed: int
) -> None:
    monkeypatch.setattr(scope, "_MUCH", 0)
    late = (
        ("2025-03-14", 9_100),
        ("2025-05-14", 18_200),
        ("2025-07-14", 27_300),
        ("2025-08-14", 36_400),
        ("2025-10-14", 45_500),
    )
    desk.take(declared("L", *(bought(f"L{place}", day, ht) for place, (day, ht) in enumerate(late)), by=LIBRARY))
    desk.take(declared("S", *(sold(f"S{place}", "2025-12-01", 99_900 + place) for place in range(20))))
    desk.reconcile()
    seen = []
    settled = reconciling.compute

    def compute(desk: Desk, whole: bool) -> None:
        seen.append(desk.one("SELECT count(*) FROM looked"))
        settled(desk, whole)

    monkeypatch.setattr(reconciling, "compute", compute)
    desk.take(declared("M", more))
    assert desk.reconcile()["proposed"] == proposed
    assert seen == [looked]
