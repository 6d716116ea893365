"""`edi why` has French and English words for every state and every reason there is, and shows what came of an invoice."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from edi.cli import app
from edi.core import touched
from edi.lending.booking.status_files import send_pending
from edi.lending.matching import estimating, match_table
from edi.lending.matching.why import why
from schemas.declaration import Line
from schemas.lending.outcome import REASONS, STATES
from tests.desk import EAN, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, code, declared, partner, sold
from tests.edi.lending.matching.test_deciding import decide

DAY = "2025-03-14"
FREE, UNTAXED, NEWER = code(31), code(32), code(33)
OLD = date(2003, 7, 1)
TWENTY, USED = Line(EAN, 2, 10_000, 900, 550, "", "", ""), Line(EAN, 1, 10_000, 900, 550, "OC", "BL-77", "")
CONTRACT = {"contract": "M", "contract_sent": OLD}
MP = Line(EAN, 1, 10_000, 900, 550, "MP", "M", "")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A home with an invoice in every state and for every reason, each under a number that says which."""
    desk.know([
        partner(SHOP, "supplier"), partner(OTHER_SHOP, "supplier"), partner(LIBRARY), partner(OTHER_LIBRARY),
        partner(FREE, category="primary"), partner(UNTAXED, subject="no"),
    ])  # fmt: skip
    desk.take(
        declared("E1", *(bought(n, DAY, ht) for n, ht in (("D1", 9_100), ("D2", 9_101), ("D3", 77_002))), by=LIBRARY)
    )
    desk.take(declared("E2", bought("D4", "2024-03-14", partner=OTHER_SHOP), by=LIBRARY))
    desk.reconcile()
    estimating.post(desk, 2025)
    estimating.post(desk, 2024)
    desk.take(declared("E3", bought("D1", DAY), bought("D3", DAY, 77_002), by=LIBRARY, replaces="E1"))
    desk.take(declared("NIL", by=OTHER_SHOP, period=2024))
    sales = [
        sold("A1", DAY), sold("A2", DAY), sold("A3", DAY), sold("A4", DAY), sold("D1", DAY),
        sold("B1", DAY, 20_000, OTHER_LIBRARY), sold("C1", DAY, 15_000), sold("C2", DAY, 13_000), sold("C3", DAY), sold("C3", "2025-03-20", 10_001),
        sold("F1", DAY, partner=FREE), sold("F2", DAY, partner=UNTAXED), sold("F3", DAY, lines=(USED,)),
        sold("F4", DAY, kind="A", credited_on=OLD), sold("W1", "2025-12-14", 70_000),
        sold("G1", DAY, 30_000), sold("G1", DAY, 10_000, kind="A"),
        sold("H1", "2025-05-02", 11_000), sold("H2", "2025-05-20", 22_000),
    ]  # fmt: skip
    desk.take(declared("S", *sales))
    desk.take(
        declared("S05", sold("K1", "2005-03-14", lines=(MP,), **CONTRACT), sold("K2", "2005-06-14", lines=(), ht=8_000))
    )
    desk.take(declared("L05", bought("K1", "2005-03-14"), bought("K2", "2005-06-14", 8_000), by=LIBRARY))
    buys = [
        bought("A1", DAY), bought("A2", DAY, 9_700), bought("A3", DAY, 9_700), bought("A4", DAY, 5_000),
        bought("C1", DAY, kind="A", ht=13_650), bought("C2", DAY, 4_000), bought("C3", DAY),
        bought("F3", DAY), bought("F4", DAY, kind="A"), bought("G1", DAY, 18_200), bought("R05", "2025-05-31", 30_030),
    ]  # fmt: skip
    desk.take(declared("L", *buys, by=LIBRARY))
    desk.take(declared("LB", bought("XB", "2025-03-16", 18_200), by=OTHER_LIBRARY))
    desk.take(declared("LF", bought("F1", DAY), by=FREE, side="library"))
    desk.take(declared("LU", bought("F2", DAY), by=UNTAXED, side="library"))
    ends = (
        sold("FA-0012", "2025-06-14", 40_000),
        sold("N9", "2025-08-01", 50_000),
        sold("P1", DAY, 60_000, OTHER_LIBRARY),
    )
    desk.take(declared("S2", *ends))
    desk.take(declared("L2", bought("12", "2025-07-01", 36_400), bought("N9", "2025-10-15", 45_500), by=LIBRARY))
    desk.take(declared("LP", bought("P1", DAY, 1_000), by=OTHER_LIBRARY))
    desk.reconcile()
    decide(desk, "settle", "A3")
    decide(desk, "accept", "A4")
    decide(desk, "settle", "P1")
    desk.know([partner(SHOP, "supplier", successor=NEWER)])
    desk.reconcile()
    return desk


def test_every_state_and_reason_has_words_and_is_shown(desk: Desk) -> None:
    cases = [case for (n,) in desk.rows("SELECT DISTINCT number FROM invoice") for case in why(desk, n)["cases"]]
    found = {case["reason"] for case in cases} | {row["reason"] for case in cases for row in case["entries"]}
    found |= {row["reason"] for case in cases for row in case["estimates"]}
    assert {case["state"] for case in cases} == set(STATES)
    found |= {"law"}  # test_estimating changes the law
    assert found - {""} == set(REASONS), "a reason has no words, or words no reason"
    assert all(word.fr and word.en and word.fr != word.en for word in (*STATES.values(), *REASONS.values()))
    for case in cases:
        number = (case["supplier_invoices"] or case["library_invoices"])[0]["number"]
        said = {row["reason"] for row in (case, *case["entries"], *case["estimates"])} - {""}
        for lang in ("fr", "en"):
            ran = CliRunner().invoke(app, ["--home", str(desk.home.path), "--lang", lang, "why", number])
            page = " ".join(ran.stdout.split())
            for words in (STATES[case["state"]], *(REASONS[reason] for reason in said)):
                assert getattr(words, lang) in page, (number, words)
    send_pending(desk)


def test_what_no_pass_has_seen_yet_is_a_near_miss_too(tmp_path: Path) -> None:
    """And what was withdrawn since is none."""
    desk = Desk(tmp_path / "home")
    desk.take(declared("S", sold("1", DAY)))
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    desk.take(declared("L9", bought("1", "2025-03-15", 9_000), by=LIBRARY))
    for _ in range(2):
        [mine, *_] = why(desk, "1", supplier=SHOP)["cases"]
        misses = [miss["ht_cents"] for miss in mine["near_misses"]]
        assert (mine["state"], mine["reconciled"], misses) == ("waiting", False, [9_100, 9_000])
        match_table.place(desk, touched.seen(desk) or 0)  # a pass that is killed
    desk.take(declared("L2", by=LIBRARY, cancels="L", period=2025, side="library"))
    [mine, *_] = why(desk, "1", supplier=SHOP)["cases"]
    assert [miss["ht_cents"] for miss in mine["near_misses"]] == [9_000]


def test_opening_and_closing_are_told_and_change_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.know([partner(SHOP, "supplier", opened=date(2025, 3, 14)), partner(LIBRARY, closed=date(2025, 3, 14))])
    days = ("2025-03-13", DAY, "2025-03-15")
    assert desk.take(declared("S", *(sold(day, day) for day in days))).findings == ()
    assert desk.take(declared("L", *(bought(day, day) for day in days), by=LIBRARY)).findings == ()
    assert desk.reconcile()["matched"] == 3
    told = {day: why(desk, day)["cases"][0]["library_invoices"][0]["not_open"] for day in days}
    assert told == {days[0]: ["supplier"], DAY: [], days[2]: ["library"]}
    page = CliRunner().invoke(app, ["--home", str(desk.home.path), "why", days[2]]).stdout
    assert f"{LIBRARY} n'est pas ouvert le 2025-03-15" in page
