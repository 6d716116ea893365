"""Staging: what a file says of itself before it is booked."""

import io
from datetime import datetime

import pytest

from edi.intake.taking import check_file
from schemas.declaration import Invoice, Line
from tests.desk import (
    EAN,
    LIBRARY,
    OTHER_LIBRARY,
    OTHER_SHOP,
    SHOP,
    Desk,
    aside,
    codes,
    declared,
    partner,
    sold,
    written,
)

ISSUED = datetime(2005, 1, 15, 9, 30)


def note(credited: str = "FA-12", number: str = "AV-1", discount: int = 1_200, **more: str) -> Invoice:
    lines = (Line(EAN, 1, 10_000, discount, 550, "", "", ""),)
    return sold(number, "2004-09-10", kind="A", credited=credited, lines=lines, **more)


# When 12 % was the highest discount, when 9 % is; what the note says; what is found of the invoice it names.
CAPS = """
FA-12 2004-07-31 | FA-12 | 12 | -
FA-12 2004-07-31 | fa 0012 | 12 | -
FA-12 2004-07-31 | FA-12 | 13 | discount-over-cap
FA-12 2004-08-01 | FA-12 | 12 | discount-over-cap
FA-13 2004-07-31 | FA-12 | 12 | discount-over-cap
FA-12 2004-07-31 | - | 12 | discount-over-cap
FA-12 2004-07-31, FA-12 2004-08-02 | FA-12 | 12 | discount-over-cap
FA-12 2004-07-31, FA-12 2004-11-02 | FA-12 | 12 | -
"""


@pytest.mark.parametrize("place", ["behind it", "before it", "booked", "checked offline"])
@pytest.mark.parametrize("row", CAPS.strip().split("\n"))
def test_a_credit_note_goes_by_the_cap_of_the_invoice_it_names(desk: Desk, row: str, place: str) -> None:
    named, credited, discount, expected = row.split(" | ")
    invoices = [
        sold(*words.split(), lines=(Line(EAN, 1, 10_000, 900, 550, "", "", ""),)) for words in named.split(", ")
    ]
    credit = note(credited.strip("-"), discount=int(discount) * 100)
    found = []
    if place == "booked":
        assert codes(desk.take(declared("A", *invoices, issued=ISSUED))) == []
        found = codes(desk.take(declared("B", credit, issued=ISSUED)))
    elif place == "checked offline":
        data = io.BytesIO(written(declared("A", credit, *invoices, issued=ISSUED)))
        found = codes(check_file(aside(now=desk.time), data, "F.txt")[0])
    else:
        order = [credit, *invoices] if place == "before it" else [*invoices, credit]
        found = codes(desk.take(declared("A", *order, issued=ISSUED)))
    assert found == [expected] * (expected != "-")


def test_only_the_invoice_of_the_same_two_parties_found_in_time_counts(desk: Desk) -> None:
    old = sold("FA-12", "2004-07-31")
    desk.take(declared("A", old, by=OTHER_SHOP, issued=ISSUED))
    desk.take(declared("B", sold("FA-12", "2004-07-31", partner=OTHER_LIBRARY), issued=ISSUED))
    desk.take(declared("C", old, use="test", issued=ISSUED))
    [finding] = desk.take(declared("D", note(), issued=ISSUED)).findings
    assert (finding.code, finding.found, finding.expected) == ("discount-over-cap", "12,00 %", "9,00 %")
    desk.take(declared("E", old, issued=ISSUED))  # too late for D, in time for the next
    assert codes(desk.take(declared("F", note(number="AV-2"), issued=ISSUED))) == []
    [finding] = desk.take(declared("G", note(number="AV-3", discount=1_300), issued=ISSUED)).findings
    assert (finding.invoice, finding.expected) == ("AV-3", "12,00 %")


def test_a_partner_under_another_gln_is_the_same_partner(desk: Desk) -> None:
    desk.take(declared("A", sold("FA-12", "2004-07-31"), issued=ISSUED))
    desk.know([partner(OTHER_LIBRARY, alias_of=LIBRARY), partner(LIBRARY), partner(SHOP, "supplier")])
    assert codes(desk.take(declared("B", note(partner=OTHER_LIBRARY), issued=ISSUED))) == []
