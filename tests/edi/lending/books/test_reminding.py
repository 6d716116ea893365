"""Who is awaited and what for: never the exempt, nor whoever said there is nothing; letters and facts say the same."""

import io
from datetime import date

import pytest
from pypdf import PdfReader

from edi.lending.books.reminding import as_pdf, as_text, silent
from schemas.money import french
from tests.desk import LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, declared, partner, sold

DAY = "2025-03-14"


def awaited(desk: Desk, period: int = 2025) -> dict[str, tuple[int, int, int, int]]:
    desk.reconcile()
    return {
        one["partner"]["gln"]: (one["declared"], len(one["invoices"]), one["least_cents"], one["most_cents"])
        for one in silent(desk, period)
    }


def test_the_other_side_alone_makes_a_partner_awaited(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), bought("2", DAY, 9_100, OTHER_SHOP), by=LIBRARY))
    assert awaited(desk) == {SHOP: (0, 1, 546, 600), OTHER_SHOP: (0, 1, 546, 600)}
    desk.take(declared("S", sold("1", DAY), sold("3", DAY, partner=OTHER_LIBRARY)))
    assert awaited(desk) == {OTHER_SHOP: (0, 1, 546, 600), OTHER_LIBRARY: (0, 1, 600, 600)}
    assert awaited(desk, 2024) == {}


def test_bounds_are_of_each_date(desk: Desk) -> None:
    desk.take(
        declared("L", bought("1", "2004-07-31", 8_800), bought("2", "2004-08-01", 9_100), by=LIBRARY, period=2004)
    )
    assert awaited(desk, 2004) == {SHOP: (0, 2, 264 + 546, 300 + 600)}


def test_nobody_exempt_and_nobody_with_a_nil_declaration_is_chased(desk: Desk) -> None:
    desk.know([partner(OTHER_LIBRARY, category="primary")])
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    desk.take(declared("O", bought("1", DAY, 9_100, OTHER_SHOP), by=OTHER_LIBRARY))
    exempt = bought("9", "2005-03-14", contract="M", contract_sent=date(2003, 7, 1))
    desk.take(declared("X", exempt, by=LIBRARY, period=2005))
    assert awaited(desk) == {SHOP: (0, 1, 546, 600)} and awaited(desk, 2005) == {}
    desk.take(declared("NIL", by=SHOP, period=2025))
    assert awaited(desk) == {}
    desk.take(declared("A", by=SHOP, cancels="NIL", period=2025, side="supplier"))
    assert awaited(desk) == {SHOP: (0, 1, 546, 600)}


@pytest.mark.parametrize(("count", "said"), [(1, "la facture ci-dessous"), (2, "les 2 factures ci-dessous")])
def test_text_and_paper_say_the_same_words(desk: Desk, count: int, said: str) -> None:
    desk.take(declared("L", *(bought(f"{n}", DAY) for n in range(count)), by=LIBRARY))
    desk.take(declared("S", sold("7", "2025-09-01", 33_000)))
    desk.reconcile()
    letter = next(one for one in silent(desk, 2025) if one["role"] == "supplier")
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(letter))).pages)
    words = [" ".join(text.replace("’", "'").split()) for text in (as_text(letter), paper)]
    for text in words:
        assert said in text and f"En tout : {count} facture" in text and "Vous avez déclaré 1 facture pour" in text
        assert ("celle-ci n'y figure pas" in text) == (count == 1)


def test_the_letter_says_what_the_facts_say(desk: Desk) -> None:
    desk.take(declared("L", *(bought(f"FA#{n}", DAY, 9_100 + n) for n in range(60)), by=LIBRARY))
    desk.reconcile()
    (letter,) = silent(desk, 2025)
    text = as_text(letter)
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(letter))).pages)
    paper = paper.replace("\u202f", " ").replace("\u00a0", " ")
    for cents in (letter["least_cents"], letter["most_cents"], *(one["ht_cents"] for one in letter["invoices"])):
        assert french(cents) in text and french(cents) in paper
    assert "FA#59" in text and "FA#59" in paper
