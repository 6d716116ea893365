"""What a finding points at, shown harmless and with the very columns at fault, in either format and however long."""

import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.answers import report, report_text
from parsers.excerpts import excerpts
from parsers.fixed import records
from schemas.finding import Finding
from tests.breaking import after
from tests.declarations import BASES, changed, judged, written
from tests.edi.lending.rules.test_suggestions import checked

CLEAN = written(BASES["supplier"], "fixed")


def marked(data: bytes, form: str, **about: Any) -> list[str]:
    """Of each finding of a code: what stands above the carets."""
    findings, _ = judged(data)
    found = excerpts(io.BytesIO(data), form, findings)
    return [one.text[one.first : one.first + one.width] for one in map(found.get, findings) if one]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("set 2.date 14032025", "14032025"),
        ("set 2.ht 000000001052 ; set 11.sum_invoices 00000000005042", "000000001052"),
        ("set 3.ean 9782070000021", "9782070000021"),
        ("set 1.addressee 3012345678901", "3012345678901"),
        ("length 8 131", " "),
        ("length 8 143", "   "),
        ("set 4.record 0000009", "0000009"),
        ("put 5 100 1B", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_columns_at_fault_are_marked(steps: str, expected: str) -> None:
    data = after(CLEAN, steps)
    if "1B" in steps:
        data = data.replace(b"\x1b", b"x\x1b", 1)[:-2]
        finding = Finding(code="charset", record=5, position=101)
        [one] = excerpts(io.BytesIO(data), "fixed", [finding]).values()
        assert one.text[one.first : one.first + one.width] == expected
    else:
        assert expected in marked(data, "fixed")


def test_a_record_at_fault_as_a_whole_is_shown_from_its_beginning() -> None:
    twice = Finding(code="invoice-twice-in-file", record=2, field=None, invoice="1", found="2")
    [one] = excerpts(io.BytesIO(CLEAN), "fixed", [twice]).values()
    assert (one.text[:2], one.first, one.width) == ("FA", 0, 0)
    quoted = [text for [(role, text)] in report_text._quote(one, report_text.WIDTH) if role == "quote"]
    assert quoted[0].strip().startswith("FA0000002")


@pytest.mark.parametrize(
    ("changes", "dress", "expected"),
    [
        ("I1.ttc=1", lambda text: text, "99.69"),
        ("I1.ttc=1", lambda text: text.replace(" totalHT", "\n    totalHT").replace(" totalTTC", "\n  totalTTC"), "99.69"),
        ("I1.ttc=1", lambda text: text.replace('totalHT="99.69"', "totalHT = '99.69'"), "99.69"),
        ("L1.2.ean=9782070000028", lambda text: text.replace("\n", ""), "9782070000028"),
        ("L1.2.ean=9782070000028", lambda text: text, "9782070000028"),
        ("I2.date=2024-03-03", lambda text: text.replace("\n", "\r\n"), "2024-03-03"),
        ("H.period=2002", lambda text: text, "2002"),
    ],
)  # fmt: skip
def test_the_attribute_at_fault_is_marked(changes: str, dress: Any, expected: str) -> None:
    data = dress(written(changed(BASES["supplier"], changes), "xml").decode()).encode()
    assert expected in marked(data, "xml")


def test_two_that_may_be_meant_are_not_marked() -> None:
    """All on one line, two rates of one invoice, and one finding: nobody knows which."""
    text = written(BASES["supplier"], "xml").replace(b"\n", b"")
    one = Finding(code="vat-implausible", record=1, field="tva", invoice="000013", found="5,50 %")
    assert (
        excerpts(io.BytesIO(text), "xml", [one]).get(one) is None
        or not excerpts(io.BytesIO(text), "xml", [one])[one].width
    )
    both = [one, msgspec.structs.replace(one, code="vat-other")]
    assert [found.first for found in excerpts(io.BytesIO(text), "xml", both).values()] == [500, 500]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("spoilt", ["renumber", "length 8 131", "feed 4 80", "insert \\n after 3"])
def test_records_are_found_as_they_are_counted(end: bytes, spoilt: str) -> None:
    """However many are passed over at once."""
    data = (after(CLEAN, spoilt) * 3_000).replace(b"\n", end)
    every = [(number, *place) for number, place in enumerate(records.each(io.BytesIO(data)), 1)]
    wanted = [1, 2, 3, 7, 8, 9, 1_000, 20_001, len(every), len(every) + 1]
    assert list(records.some(io.BytesIO(data), wanted)) == [every[number - 1] for number in wanted[:-1]]


@given(
    st.binary(max_size=400),
    st.sampled_from(["fixed", "xml", None]),
    st.integers(1, 6),
    st.none() | st.integers(1, 2_000),
)
def test_nothing_that_a_terminal_would_obey_is_shown(
    data: bytes, form: str | None, record: int, position: int | None
) -> None:
    finding = Finding(code="field-format", record=record, position=position, field="date", found="x")
    for one in excerpts(io.BytesIO(data), form, [finding]).values():
        assert one.text.isprintable()
        assert 0 <= one.first <= one.first + one.width <= len(one.text)


def test_hostile_content_is_harmless_in_a_page() -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}\"'&"
    lines = after(CLEAN, "renumber").split(b"\n")
    lines[2] = lines[2][:67] + hostile.encode()[:60].ljust(60) + lines[2][127:]
    data = b"\n".join(lines).replace(b"9782070000012", b"9782070000013", 1)
    acknowledgement = checked(data)
    found = excerpts(io.BytesIO(data), "fixed", acknowledgement.findings)
    page = "".join(report.page([report.told(acknowledgement, "fr", found)]))
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page and "default-src 'none'" in page
    assert "http://" not in page and "https://" not in page and "src=" not in page.replace("default-src", "")
    assert "<mark>9782070000013</mark>" in page
