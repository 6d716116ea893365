"""A reconciliation pass in short transactions: killed after any of them, outcomes and entries agree, and the next completes it."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from edi.core import ledger
from edi.core.store import connect, transaction
from edi.lending.matching import match_table, reconciling, scope, tally
from schemas.declaration import Declaration
from tests.desk import (
    COMMUNE,
    LIBRARY,
    NOW,
    OTHER_LIBRARY,
    OTHER_SHOP,
    SHOP,
    Connection,
    Desk,
    bought,
    codes,
    declared,
    partner,
    sold,
)

DAY = "2025-03-14"


class Killed(BaseException):
    """The process dies."""


def first_year() -> list[Declaration]:
    numbers = [str(place) for place in range(1, 13)]
    return [
        declared("S", *(sold(number, DAY) for number in numbers)),
        declared("L", *(bought(number, DAY) for number in numbers[:9]), by=LIBRARY),
        declared("C", *(bought(number, DAY) for number in numbers[9:]), by=COMMUNE),
        declared("O", *(bought(number, DAY, ht=100) for number in numbers[:3]), by=OTHER_LIBRARY),
        declared("P", *(sold(number, DAY, partner=OTHER_LIBRARY) for number in numbers[:3]), by=OTHER_SHOP),
    ]


def second_year(desk: Desk) -> None:
    """Everything that makes outcomes and entries change: other amounts, withdrawals, partners, an exemption, late files."""
    desk.know(
        [
            partner(COMMUNE, alias_of=LIBRARY),
            partner(OTHER_SHOP, "supplier", successor=SHOP),
            partner(LIBRARY, category="hospital"),
        ]
    )
    invoices = [sold(str(place), DAY, price=20_000 if place % 3 == 0 else 10_000) for place in range(2, 15)]
    desk.take(declared("S2", *invoices, replaces="S"))
    desk.take(declared("C2", by=COMMUNE, cancels="C", period=2025, side="library"))
    desk.take(declared("L2", *(bought(str(place), DAY, ht=18_200) for place in (30, 31, 12)), by=LIBRARY))


def agrees(connection: Connection) -> None:
    """Each match is seen from both sides, and is what the standing entries are of; the tally is that of the outcomes."""
    lonely = (
        "SELECT count(*) FROM outcome o WHERE state = 'matched' AND NOT EXISTS "
        "(SELECT 1 FROM outcome p WHERE p.invoice = o.other AND p.other = o.invoice AND p.bag = o.bag)"
    )
    assert connection.execute(lonely).fetchone()[0] == 0
    matched = connection.execute(
        "SELECT invoice, other FROM outcome WHERE state = 'matched' AND bag = invoice ORDER BY 1"
    )
    standing = connection.execute(
        f"SELECT supplier_invoice, library_invoice FROM remuneration e WHERE {ledger.STANDING} ORDER BY 1"
    )
    assert [tuple(row) for row in matched] == [tuple(row) for row in standing]
    counted = Counter[tuple[str, int]]()
    for one in connection.execute("SELECT * FROM outcome"):
        counted[f"placed-{one['side']}", one["booked"]] += 1
        if one["bag"] == one["invoice"]:
            counted.update(
                (what, one["period"])
                for what in {one["state"], one["reason"]} & {"matched", "discrepancy", "proposed", "net-differs"}
            )
    kept = connection.execute("SELECT what, period, n FROM tally WHERE what NOT LIKE 'live-%'")
    assert {(what, period): n for what, period, n in kept} == counted


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, after: int, where: ModuleType = reconciling) -> Iterator[None]:
    """The process dies before the write transaction number `after` of a module."""
    left = after

    @contextmanager
    def mortal(connection: Connection) -> Iterator[None]:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        with transaction(connection):
            yield

    with monkeypatch.context() as patched:
        patched.setattr(where, "transaction", mortal)
        yield


@pytest.mark.parametrize("much", [0, 3])
@pytest.mark.parametrize("piece", [1, 2, 5])
def test_killed_between_any_two_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, much: int
) -> None:
    """Whether the passes look at everything or at what was touched."""
    monkeypatch.setattr(scope, "_MUCH", much)
    whole = Desk(tmp_path / "whole")
    for sent in first_year():
        whole.take(sent)
    whole.reconcile()
    second_year(whole)
    whole.reconcile()
    agrees(whole.db)

    monkeypatch.setattr(reconciling, "_PIECE", piece)
    desk = Desk(tmp_path / "pieces")
    for sent in first_year():
        desk.take(sent)
    for step in (lambda: None, lambda: second_year(desk)):
        step()
        for after in range(200):
            try:
                with dying(monkeypatch, after):
                    desk.reconcile()
            except Killed:
                agrees(desk.db)
                assert desk.one("SELECT count(*) > 0 FROM touched")
                continue
            break
        assert after > 3
    agrees(desk.db)
    assert (desk.states(), desk.balances()) == (whole.states(), whole.balances())
    assert desk.reconcile()["entries_posted"] == 0


@pytest.mark.parametrize("placed", [0, 1, 6])
def test_what_a_killed_pass_left_out_of_the_match_table_the_next_brings_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placed: int
) -> None:
    """Killed with some of the invoices in the match table: a pass, a file, an import after it each do as if none were."""
    monkeypatch.setattr(match_table, "_PIECE", 1)
    sales, bills = [sold(name, DAY) for name in "1234"], [bought(name, DAY) for name in "1234"]
    for way in ("a pass", "a file", "an import", "a withdrawal"):
        whole, desk = Desk(tmp_path / f"whole {way}"), Desk(tmp_path / way)
        for at in (whole, desk):
            at.take(declared("L", *bills[:2], by=LIBRARY))
            at.take(declared("C", *bills[2:], by=COMMUNE))
            at.take(declared("S", *sales))
        with dying(monkeypatch, placed, match_table), pytest.raises(Killed):
            desk.reconcile()
        for at in (whole, desk):
            if way == "a file":
                told = at.take(declared("S2", *sales, sold("5", DAY)))
                assert codes(told) == ["invoice-already-declared"] * 4
            if way == "an import":
                assert at.know([partner(COMMUNE, alias_of=LIBRARY)]) == 2
            if way == "a withdrawal":
                at.take(declared("L2", by=LIBRARY, cancels="L", period=2025, side="library"))
        assert tally.state(desk) == tally.state(whole)
        assert desk.reconcile() == whole.reconcile()
        assert (desk.states(), desk.balances()) == (whole.states(), whole.balances())
        kept = desk.snapshot()
        assert desk.one("SELECT count(*) FROM twin") == len(desk.live())
        desk.from_scratch()
        desk.reconcile()
        assert desk.snapshot() == kept


def test_what_no_pass_has_seen_counts_as_it_will(desk: Desk) -> None:
    """Booked invoices wait, and withdrawn ones do not, from their booking on."""
    for place, (sent, library, supplier) in enumerate(
        [
            (declared("S", sold("1", DAY), sold("2", DAY)), 2, 0),
            (declared("L", bought("9", DAY, 100), by=LIBRARY), 2, 1),
            (declared("S2", sold("2", DAY), replaces="S"), 1, 1),
            (declared("L2", by=LIBRARY, cancels="L", period=2025, side="library"), 1, 0),
        ]
    ):
        desk.take(sent)
        for _ in range(1 + place % 2):  # seen by a pass, or not
            counts = tally.state(desk)
            assert (counts["waiting_library"], counts["waiting_supplier"]) == (library, supplier)
            lists = tally.details(desk)
            assert len(lists["waiting_library_list"]) <= library and len(lists["waiting_supplier_list"]) <= supplier
            if place % 2:
                desk.reconcile()


def test_nothing_is_held_while_a_pass_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is booked between computing and writing is as if booked after the pass, and waits for the next."""
    desk = Desk(tmp_path / "home")
    for sent in first_year():
        desk.take(sent)
    compute, other = reconciling.compute, Desk(tmp_path / "home")

    def computed(at: Desk, whole: bool) -> None:
        compute(at, whole)
        other.take(declared("LATE", sold("99", DAY)))
        other.take(declared("C2", by=COMMUNE, cancels="C", period=2025, side="library"))

    with monkeypatch.context() as patched:
        patched.setattr(reconciling, "compute", computed)
        desk.reconcile()
    assert desk.one("SELECT count(*) > 0 FROM touched")
    desk.reconcile()
    agrees(desk.db)
    after, states = desk.balances(), desk.states()
    desk.from_scratch()
    desk.reconcile()
    assert (desk.balances(), desk.states()) == (after, states)


def test_passes_follow_one_another(desk: Desk) -> None:
    for sent in first_year():
        desk.take(sent)

    def work(posted: list[int]) -> None:
        with desk.beside() as beside:
            posted.append(reconciling.reconcile(beside, NOW)["entries_posted"])

    posted: list[int] = []
    threads = [threading.Thread(target=work, args=(posted,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(posted) == [0, 0, 0, 9]
    agrees(desk.db)


def test_others_write_between_the_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "_PIECE", 1)
    for sent in first_year():
        desk.take(sent)
    stop, writes = threading.Event(), [0]

    def write() -> None:
        connection = connect(desk.home.database)
        while not stop.is_set():
            with transaction(connection):
                connection.execute("UPDATE link_state SET turn = turn")
            writes[0] += 1
            time.sleep(0)
        connection.close()

    other = threading.Thread(target=write)
    other.start()
    desk.reconcile()
    stop.set()
    other.join()
    assert writes[0] > 0
    agrees(desk.db)
