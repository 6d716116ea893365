"""Exports read back by other programs: types and amounts are what they were, and no text is a formula or a number."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from parsers.plain import harmless
from parsers.sheets import exports
from parsers.sheets.exports import Sheet, plain_csv, spreadsheet_csv, workbook
from schemas.column import Column

COLUMNS = (
    Column("gln", "GLN"), Column("number", "facture"), Column("day", "date", "date"), Column("n", "n", "int"),
    Column("base", "base", "cents"), Column("rate", "taux", "rate"),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)
rows = st.fixed_dictionaries(
    {
        "gln": st.from_regex(r"[0-9]{13}", fullmatch=True),
        "number": st.one_of(texts, st.sampled_from(["=1+1", "+1", "-1", "@x", "000176", "12/03", "1E5", '="', "2025-01", ".5", "'", "\x1b[2J"])),
        "day": st.dates(datetime.date(2003, 8, 1)).map(str),
        "n": st.none() | st.integers(-(10**9), 10**9),
        "base": st.integers(-(10**12), 10**12),
        "rate": st.sampled_from(["0.00", "0.03", "0.06"]),
    }
)  # fmt: skip


def test_no_text_in_a_csv_commands_a_terminal() -> None:
    row = {
        "gln": "3012900000117",
        "number": "\x1b[2J\x9b\u202e\n=1",
        "day": "2025-01-01",
        "n": 1,
        "base": 1,
        "rate": "0.06",
    }
    for pieces in (plain_csv(NAMES, [row]), spreadsheet_csv(COLUMNS, [row])):
        assert "\\x1b[2J\\x9b\\u202e\\n=1" in b"".join(pieces).decode("utf-8-sig")


def read_xlsx(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def read_csv(pieces: Any, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline=""), delimiter=delimiter))


@given(st.lists(rows, max_size=5))
def test_a_french_spreadsheet_gets_texts_as_texts_and_amounts_exact(given_rows: list[dict[str, Any]]) -> None:
    heads, *cells = read_csv(spreadsheet_csv(COLUMNS, given_rows), ";")
    assert heads == [column.head for column in COLUMNS]
    for row, cell in zip(given_rows, cells, strict=True):
        found = dict(zip(NAMES, cell, strict=True))
        assert found["gln"] == f'="{row["gln"]}"'
        assert Decimal(found["base"].replace(",", ".")) * 100 == row["base"]
        assert datetime.datetime.strptime(found["day"], "%d/%m/%Y").date().isoformat() == row["day"]
        assert found["rate"] == row["rate"].replace(".", ",") and found["n"] == (
            "" if row["n"] is None else str(row["n"])
        )
        number = found["number"]
        assert number.removeprefix("'") == harmless(row["number"]).removeprefix("'") or number == f'="{row["number"]}"'
        assert not number.startswith(("=", "+", "-", "@")) or number == f'="{row["number"]}"'


@given(st.lists(rows, max_size=5))
def test_a_program_gets_every_value_back(given_rows: list[dict[str, Any]]) -> None:
    heads, *cells = read_csv(plain_csv(NAMES, given_rows), ",")
    assert heads == list(NAMES)
    for row, cell in zip(given_rows, cells, strict=True):
        wanted = ["" if row[name] is None else harmless(str(row[name])) for name in NAMES]
        assert [found == text or found == f"'{text}" for found, text in zip(cell, wanted, strict=True)] == [True] * 6


@given(st.lists(rows, max_size=5))
def test_a_workbook_has_types(given_rows: list[dict[str, Any]]) -> None:
    [(name, (heads, *cells))] = read_xlsx(b"".join(workbook([Sheet("Registre", COLUMNS, given_rows)]))).items()
    assert name == "Registre" and heads == [column.head for column in COLUMNS]
    for row, (code, number, day, n, base, rate) in zip(given_rows, cells, strict=True):
        assert (code, number, day) == (row["gln"], row["number"], datetime.date.fromisoformat(row["day"]))
        assert Decimal(str(base)) * 100 == row["base"] and Decimal(str(rate)) == Decimal(row["rate"])
        assert n == ("" if row["n"] is None else row["n"]) and isinstance(base, float)


def test_a_full_sheet_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_SHEET_ROWS", 3)
    numbers = (Column("n", "n", "int"),)
    sheets = [
        Sheet(name, numbers, [{"n": n} for n in range(many)]) for name, many in (("Un", 7), ("Deux", 0), ("Trois", 3))
    ]
    found = read_xlsx(b"".join(workbook(sheets)))
    assert {name: [row[0] for row in rows[1:]] for name, rows in found.items()} == {
        "Un": [0, 1, 2], "Un 2": [3, 4, 5], "Un 3": [6], "Deux": [], "Trois": [0, 1, 2],
    }  # fmt: skip
