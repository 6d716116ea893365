"""What people decide: accept, reject, settle, undo; append-only, reversed and never deleted; and why an invoice stands as it does."""

import msgspec
import pytest

from edi.core.store import transaction
from edi.lending.matching import deciding, scope
from edi.lending.matching.why import why
from schemas.errors import NotAllowed, NotFound
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, SHOP, Desk, bought, declared, partner, sold

DAY = "2025-03-14"


def sides(desk: Desk, sales: list, purchases: list) -> None:  # type: ignore[type-arg]
    desk.take(declared("S", *sales))
    desk.take(declared("L", *purchases, by=LIBRARY))
    desk.reconcile()


def invoice(desk: Desk, number: str, side: str = "supplier") -> int:
    return int(desk.one("SELECT id FROM invoice WHERE number = ? AND side = ? ORDER BY id DESC", number, side))


def decide(desk: Desk, act: str, number: str, side: str = "supplier") -> int:
    with transaction(desk.db):
        made = deciding.decide(desk, act, invoice(desk, number, side), "vu")
    desk.reconcile()
    return made


def undo(desk: Desk, decision: int) -> int:
    with transaction(desk.db):
        made = deciding.undo(desk, decision, "erreur")
    desk.reconcile()
    return made


def stands(desk: Desk, number: str, side: str = "supplier") -> str:
    state, reason, ids = deciding.case_of(desk, invoice(desk, number, side))
    return f"{state} {reason} {len(ids)}".replace("  ", " ")


def test_a_proposal_is_accepted_and_undone_by_a_reversal(desk: Desk) -> None:
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    assert stands(desk, "F-12") == "proposed same-amount 2" and desk.owed() == 0
    made = decide(desk, "accept", "77", "library")
    assert stands(desk, "F-12") == "matched accepted 2" and desk.owed() == 600
    undo(desk, made)
    assert stands(desk, "F-12") == "proposed same-amount 2" and desk.owed() == 0
    assert [row[0] for row in desk.rows("SELECT remuneration_cents FROM remuneration")] == [600, -600]
    assert [row["act"] for row in deciding.listing(desk)] == ["accept", "undo"]


def test_a_rejected_proposal_is_not_made_again(desk: Desk) -> None:
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    made = decide(desk, "reject", "F-12")
    assert stands(desk, "F-12") == "waiting 1"
    desk.from_scratch()
    desk.reconcile()
    assert stands(desk, "F-12") == "waiting 1"
    undo(desk, made)
    assert stands(desk, "F-12") == "proposed same-amount 2"


def test_what_is_rejected_leaves_room_for_another(desk: Desk) -> None:
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    decide(desk, "reject", "F-12")
    desk.take(declared("L2", bought("78", DAY), by=LIBRARY))
    desk.reconcile()
    assert stands(desk, "78", "library") == "proposed same-amount 2" and stands(desk, "77", "library") == "waiting 1"


def test_a_statement_is_accepted_whole(desk: Desk) -> None:
    sides(desk, [sold("1", "2025-03-02"), sold("2", "2025-03-20", 20_000)], [bought("R3", "2025-03-31", 27_300)])
    assert stands(desk, "R3", "library") == "proposed statement 3"
    made = decide(desk, "accept", "R3", "library")
    assert stands(desk, "1") == "matched accepted 3" and desk.owed() == 600 + 1200
    assert desk.reconcile()["entries_posted"] == 0
    undo(desk, made)
    assert desk.owed() == 0 and stands(desk, "2") == "proposed statement 3"


def test_a_rejected_statement_is_not_made_again(desk: Desk) -> None:
    sides(desk, [sold("1", DAY), sold("2", DAY, 20_000)], [bought("S-1", DAY, 9_100 + 18_200)])
    assert stands(desk, "S-1", "library") == "proposed statement 3"
    decide(desk, "reject", "S-1", "library")
    assert stands(desk, "S-1", "library") == "waiting 1"


def test_a_discrepancy_is_accepted_or_settled(desk: Desk) -> None:
    sides(desk, [sold("1", DAY), sold("2", DAY)], [bought("1", DAY, 5_000), bought("2", DAY, 4_000)])
    assert stands(desk, "1") == "discrepancy amount-differs 2"
    decide(desk, "accept", "1")
    made = decide(desk, "settle", "2")
    assert stands(desk, "1") == "matched accepted 2" and desk.owed() == 600
    assert stands(desk, "2") == "settled amount-differs 2"
    assert desk.reconcile()["discrepancies"] == 0
    undo(desk, made)
    assert desk.reconcile()["discrepancies"] == 1


def test_a_net_that_differs_is_settled_and_still_posted(desk: Desk) -> None:
    sides(desk, [sold("1", DAY)], [bought("1", DAY, 9_900)])
    assert desk.reconcile()["net_differs"] == 1
    made = decide(desk, "settle", "1")
    counts = desk.reconcile()
    assert (counts["matched"], counts["net_differs"], desk.owed()) == (1, 0, 600)
    undo(desk, made)
    assert desk.reconcile()["net_differs"] == 1


def test_a_decision_goes_with_the_invoices_it_was_about(desk: Desk) -> None:
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    decide(desk, "accept", "F-12")
    desk.take(declared("S2", sold("F-12", DAY, 10_500), replaces="S"))
    desk.reconcile()
    assert stands(desk, "F-12") == "waiting 1" and desk.owed() == 0
    assert [row["stands"] for row in deciding.listing(desk)] == [False]


def test_a_decision_whose_one_side_is_gone_is_not_about_the_other_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "_MUCH", 0)  # only what was touched
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    decide(desk, "accept", "F-12")
    desk.take(declared("S2", sold("F-13", "2025-09-14"), replaces="S"))
    desk.reconcile()
    desk.take(declared("L2", bought("77", "2025-03-20", 1_000), by=LIBRARY))
    desk.reconcile()
    assert [row[0] for row in desk.rows("SELECT invoice FROM outcome")] == [] and desk.owed() == 0


def test_a_decision_holds_while_its_partners_are_one(desk: Desk) -> None:
    desk.know([partner(COMMUNE, alias_of=LIBRARY)])
    sides(desk, [sold("F-12", DAY, partner=COMMUNE)], [bought("77", DAY)])
    decide(desk, "accept", "F-12")
    assert desk.owed() == 600
    desk.know([partner(COMMUNE, alias_of=OTHER_LIBRARY)])
    desk.reconcile()
    assert stands(desk, "F-12") == "waiting 1" and desk.owed() == 0
    desk.know([partner(COMMUNE, alias_of=LIBRARY)])
    desk.reconcile()
    assert stands(desk, "F-12") == "matched accepted 2" and desk.owed() == 600


@pytest.mark.parametrize(
    ("act", "number"),
    [("accept", "1"), ("reject", "1"), ("settle", "1"), ("accept", "2"), ("reject", "2"), ("reject", "3"), ("settle", "4"),
     ("accept", "5")],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(desk: Desk, act: str, number: str) -> None:
    """1 waits, 2 is matched exactly, 3 is a discrepancy, 4 a proposal, 5 declared twice."""
    sides(
        desk,
        [sold("1", DAY, 7_000), sold("2", DAY), sold("3", DAY), sold("4", DAY, 30_000), sold("5", DAY, 40_000), sold("5", "2025-03-15", 50_000)],
        [bought("2", DAY), bought("3", DAY, 5_000), bought("44", DAY, 27_300), bought("5", DAY, 36_400)],
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        decide(desk, act, number)
    assert deciding.listing(desk) == []


def test_a_decision_wants_a_name_and_a_reason_and_is_undone_once(desk: Desk) -> None:
    sides(desk, [sold("F-12", DAY)], [bought("77", DAY)])
    for who, reason in (("", "vu"), ("comptable", " ")):
        with pytest.raises(NotAllowed), transaction(desk.db):
            desk.who = who
            deciding.decide(desk, "accept", invoice(desk, "F-12"), reason)
    made = decide(desk, "accept", "F-12")
    undone = undo(desk, made)
    for again in (made, undone):
        with pytest.raises(NotAllowed):
            undo(desk, again)
    with pytest.raises(NotFound):
        undo(desk, 99)


# -- why --------------------------------------------------------------------------------------------


def test_why_of_a_match_goes_down_to_the_file_and_up_to_the_entry(desk: Desk) -> None:
    sides(desk, [sold("FA-0012", DAY)], [bought("fa 12", DAY)])
    (case,) = why(desk, "FA/12")["cases"]
    assert (case["state"], case["reason"], case["reconciled"]) == ("matched", "", True)
    (ours,), (theirs,) = case["supplier_invoices"], case["library_invoices"]
    assert (ours["number"], theirs["number"], ours["record"], theirs["record"]) == ("FA-0012", "fa 12", 2, 2)
    assert desk.folder.original(ours["sha256"]).read_bytes()[141:].lstrip(b"\r\n")[9:22].decode() == LIBRARY
    assert [entry["remuneration_cents"] for entry in case["entries"]] == [600]
    assert case["evidence"]["same_key"] and case["evidence"]["gap_cents"] == 0 and case["evidence"]["days_apart"] == 0


def test_why_of_one_that_waits_lays_out_what_comes_nearest(desk: Desk) -> None:
    desk.know([partner(LIBRARY), partner(OTHER_LIBRARY), partner(SHOP, "supplier")])
    sides(desk, [sold("F-12", DAY)], [bought("12", "2025-05-20"), bought("99", "2025-03-15", 3_000)])
    desk.take(declared("O", bought("F-12", DAY), by=OTHER_LIBRARY))
    desk.reconcile()
    (case,) = why(desk, "F-12", library=LIBRARY)["cases"]
    assert case["state"] == "waiting" and case["awaits"]["partner"] == LIBRARY and case["awaits"]["side"] == "library"
    assert [(miss["number"], [lost["en"] for lost in miss["lost"]]) for miss in case["near_misses"]] == [
        ("F-12", ["another partner"]),
        ("12", ["other numbers: F-12 and 12", "67 days apart, more than 45"]),
        ("99", ["other numbers: F-12 and 99", "net: -61,00 € apart, tolerance 0,05 €"]),
    ]


def test_near_misses_of_what_is_not_waiting_have_its_number_or_its_amount(desk: Desk) -> None:
    sales = [sold("1", DAY), sold("2", DAY), sold("3", DAY, 40_000), sold("3", DAY, 70_000, kind="A")]
    sides(desk, sales, [bought("1", DAY), bought("1", "2025-03-20"), bought("3", DAY, 5_000), bought("8", DAY, 5_001)])

    def near(number: str) -> list[str]:
        case = next(one for one in why(desk, number)["cases"] if one["supplier_invoices"])
        return [
            f"{case['state']} {miss['number']} {miss['date'][8:]} {miss['ht_cents']}" for miss in case["near_misses"]
        ]

    assert (near("1"), near("3")) == (["matched 1 20 9100"], [])
    assert near("2")[0] == "waiting 1 20 9100" and len(near("2")) == 3


def test_why_of_the_withdrawn_the_refused_and_the_unknown(desk: Desk) -> None:
    desk.take(declared("S", sold("1", DAY), sold("2", DAY)))
    desk.take(declared("S2", sold("1", DAY), replaces="S"))
    desk.take(declared("S3", sold("8", "2025-03-15"), msgspec.structs.replace(sold("7", DAY), ttc=1)))
    desk.reconcile()
    (case,) = why(desk, "2")["cases"]
    assert case["state"] == "withdrawn" and case["withdrawn"]["reference"] == "S2"
    refused = why(desk, "7")["refused"]
    assert [(one["code"], one["record"]) for one in refused] == [("ht-exceeds-ttc", 4)]
    unknown = why(desk, "X")
    assert (unknown["cases"], unknown["refused"]) == ([], [])
