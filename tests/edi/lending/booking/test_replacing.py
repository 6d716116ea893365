"""Natures I, R and A, sentence by sentence (format, section 1), seen in what is booked and what is owed."""

import msgspec
import pytest

from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Declaration, Invoice, Line
from schemas.text import Both
from tests.desk import (
    COMMUNE,
    EAN,
    LIBRARY,
    OTHER_LIBRARY,
    OTHER_SHOP,
    SHOP,
    Desk,
    bought,
    codes,
    counts,
    declared,
    sold,
)

DAY = "2025-03-14"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A library that bought 1, 2 and 3; whatever a supplier declares of them matches at 91.00 (or 45.50)."""
    bills = [bought(str(n), DAY) for n in (1, 2, 3)] + [bought("4", DAY, 4_550)]
    desk.take(declared("LIB", *bills, by=LIBRARY))
    return desk


def spoilt(number: str, day: str = DAY) -> Invoice:
    """An invoice that is refused: its HT is above its TTC."""
    return msgspec.structs.replace(sold(number, day), ttc=1)


def standing(desk: Desk, declarant: str = SHOP) -> list[str]:
    """What stands of a declarant's invoices."""
    return [
        f"{number} {ht}"
        for number, ht in desk.rows(
            "SELECT number, ht FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal) "
            "AND CASE side WHEN 'supplier' THEN supplier ELSE library END = ? ORDER BY date, number, id",
            declarant,
        )
    ]


def replaced_finding(taken: Acknowledgement) -> str | Both | None:
    (finding,) = [one for one in taken.findings if one.code == "replaced-reference-unknown"]
    return finding.expected


def test_a_replacement_withdraws_posts_anew_and_leaves_alone(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY), sold("3", DAY)))
    assert desk.reconcile()["entries_posted"] == 3
    first = desk.one("SELECT entry FROM remuneration WHERE invoice_number = '1'")
    changed = sold("2", DAY, lines=(Line(EAN, 2, 5_000, 900, 550, "", "", ""),))
    taken = desk.take(declared("B", sold("1", DAY), changed, sold("4", DAY, 5_000), replaces="A"))

    assert (counts(taken), codes(taken)) == (("accepted", 3, 0), [])
    found = desk.reconcile()
    assert found["entries_posted"] == 4  # 2 and 3 reversed, 2 and 4 posted
    assert standing(desk) == ["1 9100", "2 9100", "4 4550"]
    assert desk.rows("SELECT entry FROM remuneration WHERE invoice_number = '1'") == [(first,)]
    assert desk.rows("SELECT copies, reverses IS NULL FROM remuneration WHERE invoice_number = '2' ORDER BY entry") == [
        (1, 1), (-1, 0), (2, 1),
    ]  # fmt: skip
    assert desk.owed() == 600 + 600 + 300
    assert found["waiting_supplier"] == 1


def test_a_partly_refused_replacement_withdraws_nothing_absent_until_a_clean_one(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY), sold("3", DAY)))
    desk.reconcile()
    taken = desk.take(declared("B", sold("1", DAY, 10_001), spoilt("2"), replaces="A"))

    assert (counts(taken), codes(taken)) == (("partly-accepted", 1, 1), ["ht-exceeds-ttc"])
    desk.reconcile()
    assert standing(desk) == ["1 9101", "2 9100", "3 9100"]
    assert desk.owed() == 1_800
    again = desk.take(declared("C", sold("1", DAY, 10_001), replaces="B"))
    assert (counts(again), codes(again)) == (("accepted", 1, 0), [])
    assert desk.reconcile()["entries_posted"] == 2
    assert standing(desk) == ["1 9101"]
    assert desk.owed() == 600


def test_two_partly_refused_replacements_then_a_clean_one(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    desk.take(declared("B", sold("1", DAY, 10_001), spoilt("9"), replaces="A"))
    desk.take(declared("C", sold("1", DAY, 10_002), spoilt("9"), replaces="B"))
    assert standing(desk) == ["1 9102", "2 9100"]
    desk.take(declared("D", sold("2", DAY), replaces="C"))
    assert standing(desk) == ["2 9100"]


def test_a_partly_refused_replacement_takes_over_what_another_states_too(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    desk.take(declared("B", sold("1", DAY), sold("2", DAY)))
    desk.take(declared("C", sold("3", DAY), spoilt("9"), replaces="B"))
    desk.take(declared("X", cancels="A"))

    assert standing(desk) == ["1 9100", "2 9100", "3 9100"]
    desk.take(declared("D", sold("3", DAY), replaces="C"))
    assert standing(desk) == ["3 9100"]


def test_a_wholly_refused_replacement_changes_nothing(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    desk.reconcile()
    before = desk.snapshot()[1:]
    taken = desk.take(declared("B", spoilt("1"), replaces="A"))
    assert counts(taken) == ("refused", 0, 1)
    elsewhere = msgspec.structs.replace(declared("B", sold("1", DAY, 9_999), replaces="A"))
    other = msgspec.structs.replace(elsewhere.header, addressee=OTHER_SHOP)
    assert codes(desk.take(Declaration(other, elsewhere.invoices))) == ["addressee-not-us"]
    assert desk.reconcile()["entries_posted"] == 0
    assert desk.snapshot()[1:] == before
    assert counts(desk.take(declared("B", sold("1", DAY), replaces="A")))[0] == "accepted"
    assert standing(desk) == ["1 9100"]


def test_a_replacement_of_one_that_booked_nothing_is_an_initial_one(desk: Desk) -> None:
    assert counts(desk.take(declared("A", spoilt("1"))))[0] == "refused"
    taken = desk.take(declared("B", sold("1", DAY), replaces="A"))
    assert (counts(taken), codes(taken)) == (("accepted", 1, 0), [])
    assert desk.one("SELECT supersedes FROM declaration WHERE reference = 'B'") is None
    assert counts(desk.take(declared("A", sold("2", DAY))))[0] == "accepted"  # a reference that booked nothing is free
    assert standing(desk) == ["1 9100", "2 9100"]


def test_a_replacement_of_nothing_ever_sent_is_refused(desk: Desk) -> None:
    taken = desk.take(declared("B", sold("1", DAY), replaces="NEVER"))
    assert (counts(taken), codes(taken)) == (("refused", 0, 1), ["replaced-reference-unknown"])
    assert replaced_finding(taken) == Both("aucune en vigueur", "none is live")
    assert codes(desk.take(declared("C", cancels="NEVER"))) == ["replaced-reference-unknown"]


@pytest.mark.parametrize("nature", ["replaces", "cancels"])
def test_a_chain_is_named_by_its_latest_live_declaration(desk: Desk, nature: str) -> None:
    desk.take(declared("A", sold("1", DAY)))
    desk.take(declared("B", sold("1", DAY, 10_100), replaces="A"))
    desk.take(declared("C", sold("1", DAY, 10_200), replaces="B"))
    desk.take(declared("A", sold("8", DAY)))  # refused: the reference is used
    desk.reconcile()
    invoices = () if nature == "cancels" else (sold("1", DAY, 10_300), sold("2", DAY))
    for dead in ("A", "B"):
        taken = desk.take(declared("D", *invoices, **{nature: dead}))
        assert codes(taken) == ["replaced-reference-unknown"]  # alone: the invoices are not judged by what is unknown
        assert replaced_finding(taken) == "C"
    assert standing(desk) == ["1 9282"]
    taken = desk.take(declared("D", *invoices, **{nature: "C"}))
    assert (counts(taken)[0], codes(taken)) == ("accepted", [])
    assert standing(desk) == (["1 9373", "2 9100"] if invoices else [])
    desk.reconcile()  # 2 matches; 1 is too far from the 91.00 that the library declared
    assert len(desk.balances()) == (1 if invoices else 0)


def test_a_cancellation_withdraws_all_and_its_reference_and_bytes_are_free_again(desk: Desk) -> None:
    declaration = declared("A", sold("1", DAY), sold("2", DAY))
    desk.take(declaration)
    desk.reconcile()
    assert desk.owed() == 1_200
    assert counts(desk.take(declaration)) == ("duplicate", 2, 0)
    taken = desk.take(declared("X", cancels="A"))
    assert (counts(taken), codes(taken)) == (("accepted", 0, 0), [])
    assert desk.reconcile()["remuneration_cents"] == -1_200
    assert standing(desk) == []
    again = desk.take(declaration)
    assert (counts(again), codes(again)) == (("accepted", 2, 0), [])
    assert desk.reconcile()["remuneration_cents"] == 1_200
    assert counts(desk.take(declaration))[0] == "duplicate"
    assert replaced_finding(desk.take(declared("Y", cancels="X"))) == "A"  # a cancellation is no declaration to cancel


def test_a_cancelled_replacement_does_not_bring_the_replaced_one_back(desk: Desk) -> None:
    first = declared("A", sold("1", DAY))
    desk.take(first)
    desk.take(declared("B", sold("1", DAY), sold("2", DAY), replaces="A"))
    desk.take(declared("X", cancels="B"))
    assert standing(desk) == []
    assert codes(desk.take(declared("A", sold("3", DAY)))) == ["reference-already-used"]  # replaced, never cancelled
    assert counts(desk.take(first))[0] == "duplicate"
    assert codes(desk.take(declared("C", sold("1", DAY), replaces="A"))) == ["replaced-reference-unknown"]
    assert counts(desk.take(declared("B", sold("1", DAY))))[0] == "accepted"


def test_a_cancellation_with_an_invoice_is_out_of_order(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    assert codes(desk.take(declared("X", sold("1", DAY), cancels="A"))) == ["record-order"]
    assert standing(desk) == ["1 9100"]


@pytest.mark.parametrize("last", ["A", "B"])
def test_an_invoice_of_two_live_declarations_goes_with_the_last(desk: Desk, last: str) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    taken = desk.take(declared("B", sold("1", DAY), sold("3", DAY)))
    assert (counts(taken), codes(taken)) == (("accepted", 2, 0), ["invoice-already-declared"])
    desk.reconcile()
    first = "B" if last == "A" else "A"
    desk.take(declared("X", cancels=first))
    assert "1 9100" in standing(desk)
    assert desk.reconcile()["entries_posted"] == 1
    desk.take(declared("Y", cancels=last))
    assert standing(desk) == []
    desk.reconcile()
    assert desk.balances() == {}


def test_what_another_live_declaration_states_cannot_be_changed_by_replacing_one(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    desk.take(declared("B", sold("1", DAY), sold("2", DAY)))
    taken = desk.take(declared("C", sold("1", DAY, 5_000), sold("2", DAY), replaces="B"))
    assert (counts(taken), codes(taken)) == (("partly-accepted", 1, 1), ["invoice-declared-differently"])
    assert desk.db.execute("SELECT finding FROM finding WHERE finding LIKE '%\"A\"%'").fetchone()
    desk.take(declared("X", cancels="A"))
    assert standing(desk) == ["1 9100", "2 9100"]  # C has taken over what B said of 1
    assert counts(desk.take(declared("D", sold("1", DAY, 5_000), sold("2", DAY), replaces="C")))[0] == "accepted"
    assert standing(desk) == ["1 4550", "2 9100"]


def test_declared_again_alike_counts_once_and_otherwise_is_refused(desk: Desk) -> None:
    desk.take(declared("A", sold("Fa-1", DAY)))
    alike = desk.take(declared("B", sold("FA-1", DAY)), "xml")  # as written: trimmed, upper case
    other = desk.take(declared("C", sold("FA-1", DAY, 10_001)))
    typed = desk.take(declared("D", sold("FA 1", DAY)))  # another way to write it is another invoice
    assert (counts(alike), codes(alike)) == (("accepted", 1, 0), ["invoice-already-declared"])
    assert (counts(other), codes(other)) == (("refused", 0, 1), ["invoice-declared-differently"])
    assert (counts(typed), codes(typed)) == (("accepted", 1, 0), [])
    assert standing(desk) == ["FA 1 9100", "Fa-1 9100"]
    differs = desk.take(declared("E", bought("1", DAY, ttc=9_600), by=LIBRARY))
    assert codes(differs) == ["invoice-declared-differently"]


def test_the_replaced_declaration_is_left_out_of_the_duplicate_checks(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    taken = desk.take(declared("B", sold("1", DAY), sold("2", DAY, 5_000), replaces="A"))
    assert codes(taken) == []


def test_numbers_that_begin_again_inside_one_declaration(desk: Desk) -> None:
    january, november = sold("0001", "2025-01-09"), sold("0001", "2025-11-20", 20_000)
    desk.take(declared("A", january, november))
    desk.take(declared("B", sold("0001", "2025-11-20", 20_001), spoilt("9"), replaces="A"))
    assert standing(desk) == ["0001 9100", "0001 18201"]  # January is absent, not changed
    desk.take(declared("C", january, november, replaces="B"))
    assert standing(desk) == ["0001 9100", "0001 18200"]
    desk.take(declared("D", november, replaces="C"))
    assert standing(desk) == ["0001 18200"]


def test_test_declarations_know_only_tests_and_book_nothing(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    for reference in ("A", "T1"):
        taken = desk.take(declared(reference, sold("1", DAY, 9_000), use="test"))
        assert (counts(taken), codes(taken)) == (("accepted", 1, 0), [])
    assert counts(desk.take(declared("T1", sold("1", DAY, 9_000), use="test")))[0] == "accepted"  # no duplicate either
    assert codes(desk.take(declared("B", sold("1", DAY), replaces="T1"))) == ["replaced-reference-unknown"]
    assert codes(desk.take(declared("T2", sold("1", DAY), use="test", replaces="T1"))) == []
    late = desk.take(declared("T3", use="test", cancels="A"))  # the test of that name
    assert (counts(late)[0], codes(late)) == ("accepted", [])
    assert codes(desk.take(declared("T4", use="test", cancels="A"))) == ["replaced-reference-unknown"]
    assert standing(desk) == ["1 9100"]
    assert desk.reconcile()["matched"] == 1


def test_a_dry_run_judges_as_production_does_and_changes_nothing(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    desk.reconcile()
    before = desk.snapshot()[1:]
    assert codes(desk.take(declared("B", sold("1", DAY, 9_000)), dry=True)) == ["invoice-declared-differently"]
    assert codes(desk.take(declared("B", sold("1", DAY, 9_000), replaces="A"), dry=True)) == []
    assert codes(desk.take(declared("X", cancels="A"), dry=True)) == []
    desk.db.execute("INSERT INTO period_closed VALUES (2025, '')")
    late = desk.take(declared("B", sold("1", DAY, 9_000), replaces="A"), dry=True)
    assert codes(late) == ["period-closed-booked-late"]
    desk.reconcile()
    assert desk.snapshot()[1:] == before
    assert counts(desk.take(declared("B", sold("2", DAY))))[0] == "accepted"


def test_each_declarant_side_and_period_has_its_own_references(desk: Desk) -> None:
    """The same reference elsewhere is another declaration: neither used up, nor replaced, nor cancelled."""
    both = {"side": "library", "by": SHOP}
    desk.take(declared("A", sold("1", DAY)))
    assert codes(desk.take(declared("A", sold("1", DAY), by=OTHER_SHOP))) == []
    assert codes(desk.take(declared("B", sold("1", "2024-03-14"), replaces="A"))) == ["replaced-reference-unknown"]
    assert codes(desk.take(declared("B", bought("1", DAY, partner=OTHER_SHOP), replaces="A", **both))) == [
        "replaced-reference-unknown"
    ]
    desk.take(declared("B", sold("2", DAY), by=OTHER_SHOP, replaces="A"))
    assert (standing(desk), standing(desk, OTHER_SHOP)) == (["1 9100"], ["2 9100"])


def test_nil_declarations(desk: Desk) -> None:
    assert counts(desk.take(declared("N"))) == ("accepted", 0, 0)
    assert counts(desk.take(declared("N", sold("1", DAY))))[0] == "accepted"  # it had booked nothing
    taken = desk.take(declared("Z", replaces="N"))  # a nil replacement withdraws everything
    assert (counts(taken), standing(desk)) == (("accepted", 0, 0), [])
    assert counts(desk.take(declared("Y", sold("1", DAY), replaces="Z"))) == ("accepted", 1, 0)
    assert standing(desk) == ["1 9100"]


def test_a_reference_serves_once(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    taken = desk.take(declared("A", sold("2", DAY)))
    assert (counts(taken), codes(taken)) == (("refused", 0, 1), ["reference-already-used"])
    assert codes(desk.take(declared("A", sold("2", DAY), replaces="A"))) == ["reference-already-used"]


def test_a_wrong_header_does_not_cascade_into_references(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY)))
    taken = desk.take(declared("B", sold("1", DAY, 9_000), replaces="A", period=2031))
    assert set(codes(taken)) == {"header-field"}
    assert codes(desk.take(declared("B", sold("1", DAY, 9_000), nature="replaces"))) == ["header-field"]


def test_another_link_neither_learns_nor_leaves_anything(desk: Desk) -> None:
    mine = declared("A", sold("1", DAY))
    desk.take(mine, speaks_for=[SHOP])
    for bad in (mine, declared("A", sold("1", DAY, 1_000)), declared("B", sold("2", DAY), replaces="A")):
        assert codes(desk.take(bad, speaks_for=[OTHER_SHOP])) == ["declarant-not-allowed"]
    assert codes(desk.take(declared("C", sold("2", DAY), replaces="B"))) == ["replaced-reference-unknown"]
    assert counts(desk.take(mine, speaks_for=[SHOP]))[0] == "duplicate"


def test_a_partner_under_another_gln_is_another_invoice_until_it_is_matched(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY, partner=LIBRARY)))
    taken = desk.take(declared("B", sold("1", DAY, partner=COMMUNE), sold("1", DAY, partner=OTHER_LIBRARY)))
    assert (counts(taken), codes(taken)) == (("accepted", 2, 0), [])


@pytest.mark.parametrize("lines", [4_999, 5_000, 5_001, 10_000])
def test_a_long_invoice_is_the_same_in_either_format_and_anywhere_in_a_file(desk: Desk, lines: int) -> None:
    long = sold("7", DAY, lines=sold("1", DAY).lines * lines)
    desk.take(declared("A", long))
    taken = desk.take(declared("B", sold("1", DAY), long), "xml")
    assert codes(taken) == ["invoice-already-declared"]
    assert codes(desk.take(declared("C", long, replaces="A"))) == []
    assert standing(desk) == ["1 9100", f"7 {9_100 * lines}"]
