"""A declarant's certificate says what it declared, what matched and what is open, the same as text, PDF and facts."""

import io

import pytest
from pypdf import PdfReader

from edi.lending.books.certificates import as_pdf, as_text, certificate
from schemas.errors import NotFound
from schemas.money import french
from tests.desk import LIBRARY, SHOP, Desk, bought, declared, partner, sold

DAY = "2025-03-14"


def test_what_was_declared_what_matched_and_what_is_open(desk: Desk) -> None:
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY)])
    desk.take(declared("S", sold("1", DAY), sold("2", DAY, 20_000), sold("3", DAY, 30_000), sold("4", DAY, kind="A")))
    desk.take(declared("S2", sold("1", DAY), sold("2", DAY, 20_000), sold("4", DAY, kind="A"), replaces="S"))
    desk.take(declared("L", bought("1", DAY), bought("2", DAY, 10_000), by=LIBRARY))
    desk.reconcile()
    facts = certificate(desk, SHOP, 2025)
    assert [(one["reference"], one["replaced"]) for one in facts["declarations"]] == [("S", 1), ("S2", 0)]
    assert {state: tuple(sums.values()) for state, sums in facts["states"].items() if sums["invoices"]} == {
        "matched": (1, 9_100), "discrepancy": (1, 18_200), "waiting": (1, -9_100)
    }  # fmt: skip
    assert [(one["number"], one["why"]) for one in facts["open"]] == [("2", "montants différents"), ("4", "en attente")]
    text = "\n".join(as_text(facts))
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(facts))).pages)
    paper = paper.replace("\u202f", " ").replace("\u00a0", " ").replace("−", "-")
    for sums in facts["states"].values():
        if sums["invoices"]:
            assert french(sums["ht_cents"]) in text and french(sums["ht_cents"]) in paper


def test_a_nil_declaration_is_attested_and_silence_is_not(desk: Desk) -> None:
    desk.take(declared("L", by=LIBRARY, period=2025))
    assert certificate(desk, LIBRARY, 2025)["nil"]
    with pytest.raises(NotFound):
        certificate(desk, LIBRARY, 2024)


def test_hostile_names_are_harmless(desk: Desk) -> None:
    desk.take(declared("L", bought("#1*<b>", DAY), by=LIBRARY))
    desk.reconcile()
    facts = certificate(desk, LIBRARY, 2025)
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(facts))).pages)
    assert "#1*<b>" in paper
