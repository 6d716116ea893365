"""CSV as spreadsheets save it: what is understood, and what is refused with a sentence."""

import io
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from parsers.lending import invoice_sheet
from parsers.sheets import cells
from schemas.text import say

READ = [("gln", "1"), ("name", "Médiathèque ; l'Œuvre")]
SAVED = 'gln;name\r\n1;"Médiathèque ; l\'Œuvre"\r\n'


@pytest.mark.parametrize(
    "data",
    [
        SAVED.encode(),
        SAVED.encode("utf-8-sig"),
        SAVED.encode("cp1252"),
        SAVED.replace("\r\n", "\n").encode(),
        SAVED.replace("\r\n", "\r").encode(),
        SAVED.replace(";", "\t", 1).replace("1;", "1\t").encode(),
        'gln,name\n1,"Médiathèque ; l\'Œuvre"'.encode(),
        ('" GLN "; Name \n;;\n 1 ;"Médiathèque ; l\'Œuvre" ;;\n ; \n\n').encode(),
    ],
)
def test_one_table_however_it_is_saved(data: bytes) -> None:
    columns, rows = cells.rows(data, ("gln", "name"))
    assert columns[:2] == ["gln", "name"]
    assert [list(row.items())[:2] for _, row in rows] == [READ]


def test_short_rows_lack_cells_and_lines_are_counted() -> None:
    _, rows = cells.rows(b'gln;name\n1\n\n2;"a\nb"\n3;c\n', ())
    assert list(rows) == [(2, {"gln": "1"}), (5, {"gln": "2", "name": "a\nb"}), (6, {"gln": "3", "name": "c"})]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "colonnes absentes"),
        (b"\xef\xbb\xbf", "colonnes absentes"),
        (b"name\n1", "gln"),
        (b"gln;gln\n", "double"),
        (b"gln\n1;2\n", "2 cellules pour 1"),
        (b"gln\n\x81\n", "ni UTF-8"),
        ("gln\n1".encode("utf-16"), "ni UTF-8"),
        (b"gln\n" + b"1" * 200_000, "CSV"),
    ],
)
def test_what_cannot_be_read(data: bytes, sentence: str) -> None:
    with pytest.raises(cells.BadSheet, match=sentence):
        list(cells.rows(data, ("gln",))[1])


@pytest.mark.parametrize(
    "text",
    ["", "2020", "2020-02-30", "30/2/2020", "1/2/20", "2020-1-1", "20200101", "٠١/٠١/٢٠٢٠", "2020-01-01\n", "0/0/0000"],
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError):
        cells.day(text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_days_of_either_writing(day: date) -> None:
    assert cells.day(f"{day}") == cells.day(f"{day:%d/%m/%Y}") == day


@given(st.binary(max_size=60))
def test_no_bytes_crash(data: bytes) -> None:
    try:
        for _, row in cells.rows(b"gln;" + data, ("gln",))[1]:
            assert row
    except cells.BadSheet as wrong:
        assert say(wrong.text, "fr") == str(wrong) != say(wrong.text, "en")


def book(rows: list[list[Any]], kind: str) -> bytes:
    """A workbook of one sheet."""
    out = io.BytesIO()
    if kind == "xlsx":
        with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as written:
            sheet = written.add_worksheet()
            for place, cells_of in enumerate(rows):
                sheet.write_row(place, 0, cells_of)
        return out.getvalue()

    def cell(value: Any) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="F">{body}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_is_read_as_its_cells(kind: str) -> None:
    rows = [["partenaire", "numero", "date", "ht"], [3015100339070, "FÉ-1", date(2025, 3, 14), 181.45], [1, "x", "", 2]]
    assert list(cells.table(book(rows, kind))) == [
        (1, ["partenaire", "numero", "date", "ht"]),
        (2, ["3015100339070", "FÉ-1", "2025-03-14", "181.45"]),
        (3, ["1", "x", "", "2"]),
    ]
    assert invoice_sheet.read(book(rows[:2], kind), "library")[0][0].ht == 18145


def test_a_workbook_that_is_none_or_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = book([["gln"], ["1"]], "xlsx")
    for data in (sound[:200], b"PK\x03\x04", sound.replace(b"xl/workbook.xml", b"xl/workbonk.xml")):
        with pytest.raises(cells.BadSheet, match="illisible"):
            list(cells.table(data))
    monkeypatch.setattr(cells, "_WORKBOOK_BYTES", 100)
    with pytest.raises(cells.BadSheet, match="trop grand") as refused:
        list(cells.table(sound))
    assert say(refused.value.text, "en") == "workbook too large: save it as CSV"


def test_an_open_quote_swallows_no_row() -> None:
    with pytest.raises(cells.NoTable):
        list(cells.rows(b'gln;name\n1;"Un\n2;Deux\n', ("gln",))[1])
    [fault] = invoice_sheet.read('partenaire;numero;date;ht\n1;"x\n2;y;z;1\n', "library")[1][-1:]
    assert fault.expected.en == "a CSV"
