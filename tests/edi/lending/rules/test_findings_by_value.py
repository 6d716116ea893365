"""Every check of values: one defect, one code, in the right place, in both formats; neighbours are booked."""

import re
from itertools import product

import msgspec
import pytest

from schemas import catalogue
from schemas.catalogue import message
from schemas.finding import Finding
from tests.declarations import (
    BASES,
    CONTEXT,
    DIRECTORY,
    LIBRARY,
    PLACES,
    SHOP,
    among,
    changed,
    codes,
    judged,
    place_of,
    rows,
    staged,
    written,
)  # fmt: skip

FORMS = ("fixed", "xml")


def test_a_clean_declaration_has_no_finding() -> None:
    assert [(base, form) for base in BASES for form in FORMS if codes(written(BASES[base], form))] == []


@pytest.mark.parametrize("row", list(rows("values.txt")), ids=lambda row: " | ".join(row[:2]))
def test_one_wrong_value_is_one_finding(row: list[str]) -> None:
    for form, place in product(FORMS, PLACES):
        finds_only(row, form, place)


def finds_only(row: list[str], form: str, place: str) -> None:
    base, changes, where, code = row
    broken = changed(BASES[base], changes)
    declaration, (before, _) = among(broken, place), PLACES[place]
    data = written(declaration, form)

    findings, invoices = judged(data)

    assert [finding.code for finding in findings] == ([] if code == "-" else [code])
    assert [unlike(finding) for finding in staged(data)] == [unlike(finding) for finding in findings]
    assert len(invoices) == len(declaration.invoices)
    if code == "-":
        return
    (finding,) = findings
    others = {"FA": before, "LG": sum(len(invoice.lines) for invoice in declaration.invoices[:before])}
    if code != "record-order":  # of the first invoice, whichever it is
        where = re.sub(r"(FA|LG)(\d+)", lambda found: f"{found[1]}{int(found[2]) + others[found[1]]}", where)
    record, position, field = place_of(data, form, where)
    assert finding.record == record
    if code != "record-order":
        assert (finding.position, finding.field) == (position, field)
    refused = [place for place, invoice in enumerate(invoices) if invoice.refused]
    inside = catalogue.reach(finding) == "invoice"
    assert len(refused) == inside
    if where[:2] in ("FA", "LG") and code != "record-order":
        starts = [invoice.invoice.record for invoice in invoices]
        owner = max(place for place, start in enumerate(starts) if start <= record)
        assert finding.invoice == declaration.invoices[owner].number
        assert refused == ([owner] if inside else [])
    else:
        assert finding.invoice is None


def unlike(finding: Finding) -> Finding:
    """A finding as the checks make it: its likely correction, and its place in XML, are found later."""
    return msgspec.structs.replace(finding, suggestion=None, column=None, path=None)


@pytest.mark.parametrize("form", FORMS)
def test_a_directory_vouches_for_its_own(form: str) -> None:
    known = msgspec.structs.replace(CONTEXT, directory=DIRECTORY)
    data = written(changed(BASES["supplier"], "I1.partner=3012345678901; I2.partner=" + LIBRARY), form)
    stranger = written(changed(BASES["supplier"], f"I2.partner={SHOP}"), form)
    sister = written(changed(BASES["supplier"], f"I2.partner={BASES['supplier'].header.declarant}"), form)

    assert codes(data, known) == ["gln-check-digit-legacy"]
    assert codes(data) == ["partner-gln-check-digit"]
    assert codes(stranger, known) == ["partner-unknown"]
    assert codes(sister, known) == ["partner-role"]
    assert not any(invoice.refused for invoice in judged(sister, known)[1])


@pytest.mark.parametrize("form", FORMS)
def test_a_link_speaks_for_its_own_declarants(form: str) -> None:
    stranger = msgspec.structs.replace(CONTEXT, speaks_for=frozenset({SHOP}))
    friend = msgspec.structs.replace(CONTEXT, speaks_for=frozenset({LIBRARY}))
    data = written(BASES["library"], form)
    wrong = written(changed(BASES["library"], "H.declarant=3015100339071"), form)

    assert codes(data, stranger) == ["declarant-not-allowed"]
    assert codes(data, friend) == []
    assert codes(wrong, stranger) == ["declarant-gln-check-digit"]


def test_the_likely_correction_is_told() -> None:
    outside = judged(written(changed(BASES["library"], "I1.date=2024-05-01"), "fixed"))[0][0]
    digit = judged(written(changed(BASES["library"], "I1.partner=3015100339071"), "fixed"))[0][0]
    zeros = judged(written(changed(BASES["library"], "I1.partner=0000000000000"), "fixed"))[0][0]

    assert "2024" in str(outside.suggestion)
    assert digit.expected == LIBRARY
    assert zeros.expected != zeros.found


def test_a_line_without_an_ean_is_told_whether_its_title_does() -> None:
    said = {}
    for title in ("Le Vent", ""):
        changes = f"L1.2.ean=0000000000000; L1.2.title={title}"
        for form in ("fixed", "xml"):
            [finding] = judged(written(changed(BASES["supplier"], changes), form))[0]
            said[title, form] = message(finding), message(finding, "en")
    assert len(set(said.values())) == 2
    assert "sans EAN, le titre suffit" in said["Le Vent", "xml"][0] and "the title does" in said["Le Vent", "fixed"][1]
    assert "ou à défaut un titre" in said["", "fixed"][0] and "failing that a title" in said["", "xml"][1]


def test_how_far_ahead_an_issue_time_may_be_is_said() -> None:
    late = changed(BASES["library"], "H.issued=2026-03-02T12:00:01")
    [finding] = judged(written(late, "fixed"))[0]
    assert "au plus un jour d'avance : jusqu'au 2026-03-02 12:00:00" in message(finding)
    assert "a day ahead at most: up to 2026-03-02 12:00:00" in message(finding, "en")
