"""What is written is read back, in either format and across both; nothing, however broken, makes a reader raise."""

import io
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from edi.lending.rules.checked import Checked
from edi.lending.rules.checks import check
from parsers import read
from parsers.fixed import block, records
from parsers.fixed import writer as write_fixed
from parsers.partial_invoice import PART
from parsers.sniff import Source, open_source
from parsers.xml import walk
from schemas import charset
from schemas.catalogue import CATALOGUE
from schemas.declaration import Declaration, Header, Invoice
from schemas.finding import Finding
from tests.declarations import BASES, CONTEXT, judged, read_back, written
from tests.strategies import declarations

CLEAN = {form: [written(BASES[base], form) for base in BASES] for form in ("fixed", "xml")}


def unsniffed(data: bytes, form: str) -> Declaration:
    """Read back without sniffing: a file all in UTF-8 letters by chance is not what this is about."""
    events = list(read(Source(form, io.BytesIO(data))))
    header, *invoices = events
    assert isinstance(header, Header), header
    plain = []
    for invoice in invoices:
        assert isinstance(invoice, Invoice) and not invoice.findings, invoice
        plain.append(msgspec.structs.replace(invoice, record=0, announced=None, line_records=()))
    return Declaration(msgspec.structs.replace(header, format="fixed", record=1, version="0100"), tuple(plain))


SKIPPED_HOUR = msgspec.structs.replace(BASES["nil"].header, issued=datetime(2025, 3, 30, 2, 30))
DOUBLED_HOUR = msgspec.structs.replace(BASES["nil"].header, issued=datetime(2025, 10, 26, 2, 30))
LOCAL_TIME = msgspec.structs.replace(BASES["nil"].header, issued=datetime(1899, 1, 1))


@given(declarations())
@example(Declaration(SKIPPED_HOUR))
@example(Declaration(DOUBLED_HOUR))
@example(Declaration(LOCAL_TIME))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read(declaration: Declaration) -> None:
    once = written(declaration, "fixed")

    assert unsniffed(once, "fixed") == declaration
    assert unsniffed(written(declaration, "xml"), "xml") == declaration
    assert written(unsniffed(written(unsniffed(once, "fixed"), "xml"), "xml"), "fixed") == once


@pytest.mark.parametrize("base", BASES)
def test_fixed_to_xml_to_fixed_is_the_same_bytes(base: str) -> None:
    once = written(BASES[base], "fixed")

    assert written(read_back(written(read_back(once), "xml")), "fixed") == once


def verdict_on(data: bytes) -> None:
    """Judges any bytes: never raises, and says something of them."""
    events = list(check(read(open_source(io.BytesIO(data))), CONTEXT))

    assert any(isinstance(event, Header) for event in events) or any(isinstance(event, Finding) for event in events)
    last = {id(event.invoice): event.invoice.last for event in events if isinstance(event, Checked)}
    assert not last or list(last.values())[-1] or "xml" in str(open_source(io.BytesIO(data)).format)
    findings = [event for event in events if isinstance(event, Finding)]
    findings += [finding for event in events if isinstance(event, Checked) for finding in event.findings]
    assert {finding.code for finding in findings} <= CATALOGUE.keys()


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x1a")
@example(b"EN")
@example(b"<")
@example(b"PK\x03\x04")
@example(b"<a>&x;</a>")
@settings(max_examples=300, deadline=None)
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    verdict_on(data)
    for start in (b"EN", b"\xef\xbb\xbf<", b"PK\x03\x04", CLEAN["fixed"][0][:141], CLEAN["xml"][0][:300]):
        verdict_on(start + data)


@st.composite
def mutations(draw: st.DrawFn, form: str) -> bytes:
    """A clean file with some pieces cut out, doubled, moved or overwritten."""
    data = draw(st.sampled_from(CLEAN[form]))
    tokens = (
        b"\n",
        b"\r\n",
        b"LG",
        b"FA",
        b"\x1a",
        b"\x00",
        b"&x;",
        b"<ligne/>",
        b"</facture>",
        b'"',
        b"\xe9",
        b"<!--",
    )
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 300)))
        other = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["cut", "double", "move", "write", "token", "end"]))
        piece = data[begin:end]
        if kind == "cut":
            data = data[:begin] + data[end:]
        elif kind == "double":
            data = data[:end] + piece + data[end:]
        elif kind == "move":
            data = data[:other] + piece + data[other:]
        elif kind == "write":
            data = data[:begin] + draw(st.binary(max_size=8)) + data[end:]
        elif kind == "token":
            data = data[:begin] + draw(st.sampled_from(tokens)) + data[begin:]
        else:
            data = data[:begin]
    return data


@pytest.mark.parametrize("form", ["fixed", "xml"])
@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_any_broken_file_gets_a_verdict(form: str, data: Any) -> None:
    verdict_on(data.draw(mutations(form)))


@pytest.mark.parametrize("form", ["fixed", "xml"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_pieces_make_no_difference(form: str, data: Any) -> None:
    """However a stream is cut into pieces, and whether records are taken one by one or by columns, the same is read."""
    broken = data.draw(mutations(form))
    assume(open_source(io.BytesIO(broken)).format == form)  # a reader is given nothing else
    reader, name = (records, "_PIECE") if form == "fixed" else (walk, "PIECE")
    whole = str(list(read(Source(form, io.BytesIO(broken)))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, name, data.draw(st.integers(300, 700)) if form == "fixed" else 1 << 20)
        if form == "fixed":
            patch.setattr(records, "_KEPT_OF_A_LONG_LINE", 1 << 20)
            patch.setattr(block, "_FEW", data.draw(st.sampled_from([0, 1_000])))
        assert str(list(read(Source(form, io.BytesIO(broken))))) == whole


@pytest.mark.parametrize("lines", [PART - 1, PART, PART + 1, 2 * PART + 3])
def test_a_long_invoice_is_its_lines(lines: int) -> None:
    first, *rest = BASES["supplier"].invoices
    many = msgspec.structs.replace(first, lines=(first.lines * lines)[:lines])
    declaration = Declaration(BASES["supplier"].header, (many, *rest))

    judgements = [judged(written(declaration, form)) for form in ("fixed", "xml")]

    for findings, checked in judgements:
        assert {finding.code for finding in findings} == {"invoice-total-differs"}
        assert checked[0].sums.lines == lines
        assert checked[0].sums.copies == sum(line.quantity for line in many.lines if line.quantity)
        assert not checked[1].refused
    assert [checked.digest for checked in judgements[0][1]] == [checked.digest for checked in judgements[1][1]]
    assert read_back(written(declaration, "xml")) == read_back(written(declaration, "fixed"))


def test_parts_are_announced_behind_them() -> None:
    first, *_ = BASES["supplier"].invoices
    parts = [msgspec.structs.replace(first, part=part, last=part == 2) for part in range(3)]
    out = io.BytesIO()

    write_fixed.write(BASES["supplier"].header, parts, out)

    assert [finding.code for finding in judged(out.getvalue())[0]] == ["invoice-total-differs"]


@given(st.text(st.characters(exclude_categories=())))
@settings(max_examples=300)
def test_a_title_once_told_stays(text: str) -> None:
    told, _ = charset.title(text)

    assert charset.title(told) == (told, False)
    assert len(told) <= charset.TITLE_WIDTH


@pytest.mark.parametrize("too_long", [0, 17])
@pytest.mark.parametrize("behind", [b"00", b"0", b"\r\n\x1a00\n", b"0\n", b"0\r1"])
def test_what_stands_behind_the_end_is_told_wherever_a_piece_ends(behind: bytes, too_long: int) -> None:
    clean = written(msgspec.structs.replace(BASES["supplier"], invoices=()), "fixed")
    data = clean.removesuffix(b"\n") + b" " * too_long + b"\n" + behind
    for piece in range(281, len(data) + 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "_PIECE", piece)
            *_, last = read(Source("fixed", io.BytesIO(data)))
        assert isinstance(last, Finding), piece
        assert (last.code, last.found) == ("record-order", behind.strip(b"\r\n\x1a").decode()[:2].rstrip("\r\n"))
