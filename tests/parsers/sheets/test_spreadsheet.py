"""CSV as spreadsheets save it: what is understood, and what is refused with a sentence."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.sheets import spreadsheet

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
    columns, rows = spreadsheet.rows(data, ("gln", "name"))
    assert columns[:2] == ["gln", "name"]
    assert [list(row.items())[:2] for _, row in rows] == [READ]


def test_short_rows_lack_cells_and_lines_are_counted() -> None:
    _, rows = spreadsheet.rows(b'gln;name\n1\n\n2;"a\nb"\n3;c\n', ())
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
    with pytest.raises(ValueError, match=sentence):
        list(spreadsheet.rows(data, ("gln",))[1])


@pytest.mark.parametrize(
    "text",
    ["", "2020", "2020-02-30", "30/2/2020", "1/2/20", "2020-1-1", "20200101", "٠١/٠١/٢٠٢٠", "2020-01-01\n", "0/0/0000"],
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError):
        spreadsheet.day(text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_days_of_either_writing(day: date) -> None:
    assert spreadsheet.day(f"{day}") == spreadsheet.day(f"{day:%d/%m/%Y}") == day


@given(st.binary(max_size=60))
def test_no_bytes_crash(data: bytes) -> None:
    try:
        for _, row in spreadsheet.rows(b"gln;" + data, ("gln",))[1]:
            assert row
    except ValueError as wrong:
        assert "/" in str(wrong)
