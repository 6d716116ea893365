"""Every defect of a fixed file's form is one finding, at its record and field; the rest is read all the same."""

import io
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import read
from parsers.fixed import writer as write_fixed
from parsers.sniff import Source
from schemas import catalogue
from schemas.declaration import Invoice, Line
from schemas.lending.layout import LAYOUTS, LENGTH
from tests.breaking import after
from tests.declarations import BASES, codes, judged, rows, written

WHOLE = written(BASES["supplier"], "fixed")
CLEAN = WHOLE.split(b"\n")[:-1]


def test_the_clean_file_is_what_the_table_says() -> None:
    marks = [record[:2].decode() for record in CLEAN]

    assert marks == ["EN", "FA", "LG", "LG", "LG", "FA", "LG", "LG", "FA", "LG", "FI"]
    assert {len(record) for record in CLEAN} == {LENGTH}


@pytest.mark.parametrize("row", list(rows("fixed.txt")), ids=lambda row: row[0])
def test_one_defect_is_one_finding(row: list[str]) -> None:
    steps, record, field, expected = row

    findings, invoices = judged(after(WHOLE, steps))

    assert sorted(finding.code for finding in findings) == sorted(expected.replace("-", " ", expected == "-").split())
    if record != "-" and len(set(expected.split())) == 1:
        assert [finding.record for finding in findings] == [int(number) for number in record.split()]
    if field != "-" and len(findings) == 1:
        assert findings[0].field == field
        if field != "enregistrement":
            mark = after(WHOLE, steps).replace(b"\r", b"").split(b"\n")[int(record) - 1][:2].decode()
            wired = next(known for known in LAYOUTS[mark].fields if known.wire == field)
            assert findings[0].position == wired.first
    refused = {place for place, invoice in enumerate(invoices) if invoice.refused}
    if len(findings) == 1:
        inside = catalogue.reach(findings[0]) == "invoice"
        assert len(refused) == inside
        if inside:
            assert {place for place, first in enumerate((2, 6, 9)) if first <= int(record)} >= refused
            assert findings[0].record is not None and max(refused) == sum(findings[0].record >= s for s in (6, 9))


def test_lines_of_no_invoice_are_said_once_and_not_judged() -> None:
    orphans = b"\n".join([CLEAN[0], *CLEAN[2:5], *CLEAN[5:]]) + b"\n"

    findings, invoices = judged(orphans)

    assert [(finding.code, finding.record) for finding in findings] == [("record-order", 2)]
    assert len(invoices) == 2


def test_neighbours_of_a_refused_invoice_are_read_whole() -> None:
    _, invoices = judged(after(WHOLE, "length 4 139"))

    assert [invoice.refused for invoice in invoices] == [True, False, False]
    assert [invoice.sums.lines for invoice in invoices] == [3, 2, 1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_writer_is_read_back(end: str) -> None:
    import io

    out = io.BytesIO()
    write_fixed.write(BASES["old"].header, BASES["old"].invoices, out, end)

    assert codes(out.getvalue()) == []


def test_a_line_whose_number_is_not_due_is_read_whole() -> None:
    swapped = b"\n".join([*CLEAN[:3], CLEAN[4], CLEAN[3], *CLEAN[5:]]) + b"\n"

    invoices = [event for event in read(Source("fixed", io.BytesIO(swapped))) if isinstance(event, Invoice)]

    assert [len(invoice.lines) for invoice in invoices] == [3, 2, 1]
    assert all(isinstance(line, Line) for invoice in invoices for line in invoice.lines)
    assert [(finding.code, finding.record) for finding in judged(swapped)[0]] == [("record-number", 4)]


#: What may end a record and follow it: nothing of this changes what is read.
ENDS = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])


@given(
    st.lists(ENDS, min_size=len(CLEAN), max_size=len(CLEAN)), st.sampled_from([b"Titre", b"\n\n\n\n\n", b"\r\r\r\n\r"])
)
def test_records_may_end_differently(ends: list[bytes], title: bytes) -> None:
    records = [record.replace(b"Titre", title) for record in CLEAN]

    plain = list(read(Source("fixed", io.BytesIO(b"".join(record + b"\n" for record in records)))))
    mixed = list(read(Source("fixed", io.BytesIO(b"".join(map(add, records, ends))))))

    assert mixed == plain
    assert sum(len(event.lines) for event in plain if isinstance(event, Invoice)) == 6
