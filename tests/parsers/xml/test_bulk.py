"""What is taken in bulk is what the XSD takes and what the walk reads, however it is written."""

import io
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from parsers import read_in_bulk
from parsers.sniff import Source
from parsers.xml import reader
from parsers.xml.bulk import Shape, bulk
from parsers.xml.tag import LINE, NAMESPACE
from schemas.declaration import Invoice, Invoices, one_by_one
from tests.declarations import BASES, codes, read_back, written
from tests.strategies import declarations

CLEAN = written(BASES["supplier"], "xml")
SCHEMA = etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd/declaration-1.0.xsd").read_bytes()))
#: How the same file may be written.
DRESSES: dict[str, Any] = {
    "one line": lambda text: text.replace("\n", ""),
    "CR": lambda text: text.replace("\n", "\r"),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "prefix": lambda text: re.sub(r"<(/?)(?=[a-z])", r"<\1dp:", text).replace("xmlns=", "xmlns:dp="),
    "comments": lambda text: text.replace("<facture", "<!-- > <facture/> --><facture").replace(
        "<ligne", "<!----><ligne"
    ),
    "instructions": lambda text: text.replace("</facture>", "<?a <?></facture><?b?>"),
    "attributes a line": lambda text: re.sub(r'" (?=\w+=)', '"\n\t', text),
    "apostrophes": lambda text: text.replace('"', "'"),
    "spaces about =": lambda text: re.sub(r'=(?=")', " = ", text),
    "another order": lambda text: re.sub(r'( (?:ean|partenaire)="[0-9]*")([^>]*?)(?=/?>)', r"\2\1", text),
    "empty elements": lambda text: re.sub(r"></(ligne|declarant|destinataire)>", "/>", text),
    "a mark": lambda text: "\ufeff" + text,
}


class Trickle(io.BytesIO):
    """A stream that gives a byte at a time."""

    def read(self, size: int | None = -1) -> bytes:
        """At most one byte."""
        return super().read(min(1, size or 0) if size and size > 0 else size)


def invoices(data: bytes) -> list[Invoice]:
    """All of them, without the lines where they stand."""
    found = one_by_one(read_in_bulk(Source("xml", io.BytesIO(data))))
    return [
        Invoice(0, *(getattr(one, name) for name in Invoice.__struct_fields__[1:13]), one.lines)
        for one in found
        if isinstance(one, Invoice)
    ]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("times", [1, 200])
def test_every_way_of_writing_is_read_alike(dress: str, times: int) -> None:
    begin, end = CLEAN.index(b"  <facture"), CLEAN.index(b"</declaration>")
    plain = (CLEAN[:begin] + CLEAN[begin:end] * times + CLEAN[end:]).decode()
    data = DRESSES[dress](plain).encode()
    assert codes(data) == []
    assert invoices(data) == invoices(plain.encode())
    assert len(invoices(data)) == 3 * times


def test_fifteen_invoices_on_one_line_and_byte_by_byte() -> None:
    begin, end = CLEAN.index(b"  <facture"), CLEAN.index(b"</declaration>")
    data = (CLEAN[:begin] + CLEAN[begin:end] * 5 + CLEAN[end:]).replace(b"\n", b"")
    assert codes(data) == []
    whole = list(one_by_one(read_in_bulk(Source("xml", io.BytesIO(data)))))
    assert list(one_by_one(read_in_bulk(Source("xml", Trickle(data))))) == whole
    assert len(whole) == 16


@pytest.mark.parametrize("dress", ["CR", "CRLF"])
def test_lines_are_counted_whatever_ends_them(dress: str) -> None:
    plain, dressed = (
        [(one.record, list(one.line_records)) for one in one_by_one(read_in_bulk(Source("xml", io.BytesIO(data)))) if isinstance(one, Invoice)]
        for data in (CLEAN, DRESSES[dress](CLEAN.decode()).encode())
    )  # fmt: skip
    assert plain == dressed == [(5, [6, 7, 8]), (10, [11, 12]), (14, [15])]


@pytest.mark.parametrize("dress", DRESSES)
def test_most_of_a_file_is_taken_in_bulk_once_its_way_is_known(dress: str) -> None:
    begin, end = CLEAN.index(b"  <facture"), CLEAN.index(b"</declaration>")
    data = DRESSES[dress]((CLEAN[:begin] + CLEAN[begin:end] * 200 + CLEAN[end:]).decode()).encode()
    taken = sum(len(one) for one in read_in_bulk(Source("xml", io.BytesIO(data))) if isinstance(one, Invoices))
    assert taken > 500 or dress in ("comments", "instructions")


@given(declarations())
@settings(max_examples=60, deadline=None)
def test_bulk_reads_what_the_walk_reads(declaration: Any) -> None:
    data = written(declaration, "xml")
    whole = read_back(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader._Reading, "_match", lambda *_: None)
        assert read_back(data) == whole


LINES = st.fixed_dictionaries(
    {
        "ean": st.from_regex(r"[0-9٠]{12,14}", fullmatch=True),
        "quantite": st.from_regex(r"[0-9]{1,7}", fullmatch=True),
        "prixPublicHT": st.from_regex(r"[0-9]{1,8}\.?[0-9]{1,3}", fullmatch=True),
        "tva": st.from_regex(r"[0-9]{1,3}\.[0-9]{2}", fullmatch=True),
    },
    optional={
        "remise": st.from_regex(r"[0-9]{1,3}\.[0-9]{2}", fullmatch=True),
        "exclusion": st.text("A b'é", max_size=3),
        "preuve": st.text("A b'é>\"", max_size=22),
        "titre": st.text("A b'é>&\t\ufffe€", max_size=4),
    },
)


@given(LINES)
@settings(max_examples=400)
def test_what_is_taken_in_bulk_the_xsd_takes(values: dict[str, str]) -> None:
    attributes = "".join(f' {name}="{value.replace("&", "&amp;")}"' for name, value in values.items())
    expressions = bulk(Shape().learned(LINE, b'<ligne a="">', list(values)))
    if expressions.lines.fullmatch(f"<ligne{attributes}/>".encode()) and "\ufffe" not in values.get("titre", ""):
        assert SCHEMA.validate(etree.fromstring(f'<ligne xmlns="{NAMESPACE}"{attributes}/>'))


def test_a_prefix_that_means_another_thing_within_an_invoice_is_not_ours() -> None:
    data = CLEAN.decode().replace("xmlns=", 'xmlns:p="urn:droit-de-pret:declaration:1.0" xmlns=')
    other = data.replace("<facture", '<p:facture xmlns="urn:other"', 1).replace("</facture>", "</p:facture>", 1)
    assert codes(other.encode()) == ["xml-schema"] * 3
    assert "xml-not-well-formed" in codes(
        data.replace("<facture", "<q:facture", 1).replace("</facture>", "</q:facture>", 1).encode()
    )
