"""Every defect of an XML file's form is one finding, at its line and field; one invoice never takes its neighbours."""

import io
import re

import pytest

from parsers import read
from parsers.partial_invoice import PART
from parsers.sniff import Source
from schemas import catalogue
from schemas.declaration import Invoice
from schemas.finding import Finding
from tests.declarations import BASES, codes, judged, read_back, rows, written

CLEAN = re.sub(r"></(ligne|declarant|destinataire)>", "/>", written(BASES["supplier"], "xml").decode()).replace(
    "version='1.0' encoding='UTF-8'", 'version="1.0" encoding="UTF-8"'
)


def broken(row: list[str]) -> bytes:
    what, place = (cell.replace("\\n", "\n") for cell in row[:2])
    assert what in CLEAN or row[-1] == "-", what
    return CLEAN.replace(what, place, 1).encode()


@pytest.mark.parametrize("row", list(rows("xml.txt")), ids=lambda row: f"{row[0]} | {row[1]}"[:90])
def test_one_defect_is_one_finding(row: list[str]) -> None:
    _, _, line, fields, expected = row

    findings, invoices = judged(broken(row))

    assert [finding.code for finding in findings] == ([] if expected == "-" else expected.split())
    if expected == "-":
        assert len(invoices) == 3
        return
    assert {finding.record for finding in findings} == ({int(line)} if line != "-" else {None})
    if fields != "-":
        assert [finding.field for finding in findings] == fields.split()
    inside = catalogue.reach(findings[0]) == "invoice"
    assert sum(invoice.refused for invoice in invoices) == inside
    if inside or catalogue.reach(findings[0]) == "warning":
        owner = sum(int(line) >= start for start in (10, 14))
        assert len(invoices) == 3
        assert [invoice.refused for invoice in invoices].index(inside) in (owner, 0)
        assert invoices[owner].refused == inside
        assert findings[0].invoice == invoices[owner].invoice.number


def about_prefixes(row: list[str]) -> bool:
    """Whether the defect is in the prefix itself, so that another prefix makes no sense."""
    return "</d" in row[0] or "<d" in row[0] or row[0] == "<?xml" or "xmlns" in row[0] + row[1]


@pytest.mark.parametrize(
    "row", [row for row in rows("xml.txt") if not about_prefixes(row)], ids=lambda row: f"{row[0]} | {row[1]}"[:90]
)
def test_prefixes_and_one_long_line_change_nothing_but_the_line(row: list[str]) -> None:
    data = broken(row).decode()
    for name in ("declaration", "declarant", "destinataire", "facture", "marche", "ligne"):
        data = data.replace(f"<{name}", f"<p:{name}").replace(f"</{name}", f"</p:{name}")
    prefixed = data.replace("xmlns=", "xmlns:p=").replace("<lot", "<p:lot")

    assert codes(prefixed.encode()) == codes(broken(row))
    if "encoding" not in row[0]:
        on_one_line = prefixed.replace("\n", " ").strip()
        assert codes(on_one_line.encode()) == codes(broken(row))


def test_findings_before_a_fault_of_form_are_told_too() -> None:
    data = CLEAN.replace('quantite="2"', 'quantite="0"', 1).replace("</declaration>", "</x>").replace("\n", "")

    assert codes(data.encode()) == ["quantity-zero", "xml-not-well-formed"]


@pytest.mark.parametrize("text", ["stray", "<lot/>"])
@pytest.mark.parametrize("lines", [PART - 1, PART, PART + 1, 2 * PART + 3])
def test_a_long_invoice_is_read_as_its_lines(lines: int, text: str) -> None:
    head, line, tail = CLEAN.split("\n")[:5], CLEAN.split("\n")[5], CLEAN.split("\n")[8:]
    for glue in ("\n", ""):
        data = glue.join([*head, *[line] * lines, *tail])
        invoice = read_back(data.encode()).invoices[0]
        assert len(invoice.lines) == lines
        broken = glue.join([*head, *[line] * (lines - 1), text, line, *tail])
        assert [code for code in codes(broken.encode()) if code == "xml-schema"] == ["xml-schema"]
        assert "invoice-total-differs" not in codes(broken.encode())


def test_lines_are_counted_beyond_seventy_thousand() -> None:
    data = CLEAN.replace("<facture", "\n" * 70_000 + "<facture", 1).replace("000013", "--")

    events = list(read(Source("xml", io.BytesIO(data.encode()))))
    first, second = (event for event in events if isinstance(event, Invoice) and event.number in ("FA-2025/0012", "--"))
    assert (first.record, list(first.line_records)) == (70_005, [70_006, 70_007, 70_008])
    assert second.record == 70_010
    wrong = list(read(Source("xml", io.BytesIO(data.replace("</declaration>", "</x>").encode()))))[-1]
    assert isinstance(wrong, Finding)
    assert wrong.record == 70_017
