"""One table of checks: what is added to it is raised, wherever the invoice stands; and what refuses silences."""

import io
import sqlite3
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from edi.intake.taking import check_file
from edi.lending.rules import checks
from edi.lending.rules.check_table import Check, Said, by_value
from edi.lending.rules.checked import CleanInvoices
from edi.lending.rules.exclusions import EXCLUDED_SQL, is_excluded
from parsers import read_in_bulk
from parsers.sniff import open_source
from schemas import catalogue
from schemas.declaration import Declaration, Invoice
from schemas.finding import Finding
from schemas.lending import lists
from tests.declarations import BASES, CONTEXT, PLACES, among, book, changed, codes, judged, totalled, written
from tests.desk import aside

CODE = "made-up"
#: In which table, what it reads and where it is said, of which value; what an invoice must hold for it to be raised.
MADE_UP = {
    "head": (Check(CODE, "number", ("number",), lambda _, names: by_value(names, "000".__eq__), lambda _, name: Said(name, "1")), "I1.number=000", "FA"),
    "lines": (Check(CODE, "title", ("title",), lambda _, titles: by_value(titles, "?".__eq__), lambda _, title: Said(title)), "L1.1.title=?", "LG"),
    "whole": (Check(CODE, "ht", ("copies",), lambda _, copies: by_value(copies, (777).__eq__), lambda _, copies: Said(copies)), "L1.1.quantity=770; I1!", "FA"),
}  # fmt: skip


@pytest.fixture
def made_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A check added as the catalogue says: a row there, its paragraph, a row in the table. What it takes to raise it."""
    table, reach = request.param
    check, changes, _ = MADE_UP[table]
    entry = catalogue.Entry(CODE, reach, 399, "Inventé : {found}.", "Made up: {found}.")
    monkeypatch.setitem(catalogue.CATALOGUE, CODE, entry)
    paragraph = f'\n[{CODE}]\nmeans = {{fr = "a", en = "b"}}\nwrite = {{fr = "c", en = "d"}}\n'
    (tmp_path / "findings.toml").write_text(files("schemas").joinpath("findings.toml").read_text("utf-8") + paragraph)
    monkeypatch.setattr(catalogue, "files", lambda _: tmp_path)
    rows = (*getattr(checks.CHECKS, table), check)
    monkeypatch.setattr(checks, "CHECKS", checks.CHECKS._replace(**{table: rows}))
    catalogue.advice.cache_clear()
    return changes


@pytest.mark.parametrize("alone", [True, False], ids=["one invoice", "three"])
@pytest.mark.parametrize(
    "made_up", [(table, reach) for table in MADE_UP for reach in ("warning", "invoice")], indirect=True, ids=str
)
def test_a_check_that_is_added_is_raised(made_up: str, alone: bool) -> None:
    declaration = changed(BASES["supplier"], made_up)
    declaration = replace(declaration, invoices=declaration.invoices[: 1 if alone else 3])
    desk = aside(now=CONTEXT.now)
    for form, place in product(("fixed", "xml"), PLACES):
        found, _ = check_file(desk, io.BytesIO(written(among(declaration, place), form)), "F.txt")

        assert [finding.code for finding in found.findings] == [CODE], (form, place)
        assert catalogue.message(found.findings[0], "en") == f"Made up: {found.findings[0].found}."
        assert catalogue.advice()[CODE].write.en == "d"
        assert found.refused == (catalogue.reach(found.findings[0]) == "invoice")


def test_every_check_names_what_there_is() -> None:
    for check in (check for table in checks.CHECKS for check in table):
        assert check.code in catalogue.CATALOGUE
        assert {*check.silenced_by} <= {*check.reads, "lines"}, check.code
        assert {*check.silences} <= {*check.silenced_by, "lines"}, check.code


def found_in(*invoices: Invoice, form: str = "fixed") -> list[Finding]:
    return judged(written(Declaration(BASES["supplier"].header, invoices), form))[0]


@pytest.mark.parametrize("form", ["fixed", "xml"])
def test_what_is_said_of_a_line_comes_line_by_line(form: str) -> None:
    odd = {"ean": "9782070000028", "vat": 2000, "exclusion": "SO"}
    invoice = totalled(replace(BASES["supplier"].invoices[0], lines=(book(1, **odd), book(2), book(3, **odd))))
    each = ["ean-check-digit", "exclusion-without-evidence", "vat-implausible"]

    assert [finding.code for finding in found_in(invoice, form=form)] == 2 * each


@pytest.mark.parametrize("form", ["fixed", "xml"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # on the first of what reads the same, the rest is silent
        ("L1.1.exclusion=XX; L1.1.vat=2000", "exclusion-unknown vat-implausible"),
        ("L1.1.exclusion=ET", "exclusion-expired"),
        ("L1.1.quantity=0; I1.ttc=99999", "quantity-zero vat-implausible"),
        ("I1.date=2024-01-01; I1.credited_on=2025-01-01", "field-format invoice-date-outside-period"),
        ("I1.ht=99999; I1.ttc=1; I1.contract=M", "ht-exceeds-ttc contract-date-missing"),
        # lines that are missing say nothing against the date by which VAT is judged
        ("I1.lines=-; I1.ht=1000; I1.ttc=1070", "lines-missing vat-implausible"),
        ("I1.partner=3015100339079; I1.number=--", "field-format partner-gln-check-digit"),
    ],
)
def test_what_refuses_an_invoice_silences_what_goes_by_the_same(changes: str, expected: str, form: str) -> None:
    assert codes(written(changed(BASES["supplier"], changes), form)) == expected.split()


def test_lines_missing_leave_the_day_to_judge_by() -> None:
    *_, finding = judged(written(changed(BASES["supplier"], "I1.lines=-; I1.ht=1000; I1.ttc=1090"), "fixed"))[0]

    assert finding.expected == "HT + 0,00 % / HT + 2,10 % / HT + 5,50 %"


def test_exclusions_among_good_invoices_are_taken_off_together() -> None:
    """Told by the column, so that the block they stand in is not read one by one."""
    plain = BASES["supplier"].invoices[0]
    lines = (book(1), book(2, exclusion="SO", evidence="BL-1"), book(3, exclusion="AN", evidence="BL-2"))
    some = [replace(plain, number=f"P{place}") for place in range(4)]
    some[1] = totalled(replace(some[1], lines=lines))
    data = written(Declaration(BASES["supplier"].header, tuple(some)), "xml")
    [clean] = [
        event
        for event in checks.check(read_in_bulk(open_source(io.BytesIO(data))), CONTEXT)
        if isinstance(event, CleanInvoices)
    ]

    counted = lines[0]
    assert len(clean.invoices) == 4
    assert (clean.base[1], clean.base_copies[1]) == (counted.quantity * counted.price, counted.quantity)
    assert clean.base[0] == clean.gross[0] > 0


def test_the_books_take_for_excluded_what_the_checks_do() -> None:
    row = "(SELECT ? AS exclusion, ? AS evidence) l, (SELECT ? AS contract_sent) i"
    for given in product(["", "XX", *sorted(lists.EXCLUSIONS)], ["", "BL-1"], [None, "2003-07-02"]):
        [(excluded,)] = sqlite3.connect("").execute(f"SELECT {EXCLUDED_SQL} FROM {row}", given)

        assert bool(excluded) == is_excluded(*given), given
