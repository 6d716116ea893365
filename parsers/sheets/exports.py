"""Tables for people: CSV as a French spreadsheet opens it, and XLSX with typed columns. Amounts stay exact.

In both a text is never a formula, and what only looks like a number (a GLN, an invoice number with its zeros) stays
text. XLSX is written a row at a time; SpreadsheetML's decimals are made from integer cents, not from floats.
"""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from parsers.plain import french_day, harmless
from schemas.column import Column, Row
from schemas.text import Both, Text, say

#: What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER_LIKE = re.compile(r"[.,]?[0-9][0-9eE.,/: -]*")
_SHEET_ROWS = 1_048_575
#: What a sheet's name may not hold.
_NO_NAME = re.compile(r"[\[\]:*?/\\]")


class Sheet(NamedTuple):
    """A table to be exported: its title, its columns, its rows, which may be read once only."""

    title: Text
    columns: tuple[Column, ...]
    rows: Iterable[Row]


def plain_csv(names: Iterable[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV for programs, RFC 4180: exact numbers, points, UTF-8; no text is a formula here either."""
    names = tuple(names)
    return _csv(names, ([_defused(row[name]) for name in names] for row in rows), ",")


def spreadsheet_csv(columns: Iterable[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV for a French spreadsheet: `;`, decimal comma, days as JJ/MM/AAAA, UTF-8 with a mark that says so."""
    columns = tuple(columns)
    yield b"\xef\xbb\xbf"
    heads = [str(say(column.head, "fr")) for column in columns]
    yield from _csv(heads, ([_french(column, column.of(row)) for column in columns] for row in rows), ";")


def _csv(heads: Iterable[str], rows: Iterable[list[Any]], delimiter: str) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(row)
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def _defused(value: Any) -> Any:
    """A text is harmless to a terminal too; one that would be taken for a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    return harmless(f"'{value}" if value.startswith(_FORMULA) else value)


def _worded(column: Column, value: Any) -> Any:
    """A value as people read it: a word for its code where the column has some."""
    return column.words.get(value, value) if column.words else value


def _kind(column: Column, value: Any) -> str:
    """What is to be written: a number is none where a column says something in words instead."""
    return "text" if isinstance(value, str) and column.kind in ("int", "cents") else column.kind


def _french(column: Column, value: Any) -> str:
    if value is None:
        return ""
    kind = _kind(column, value)
    if kind == "cents":
        return str(Decimal(value).scaleb(-2)).replace(".", ",")
    if kind == "rate":
        return str(value).replace(".", ",")
    if kind == "date":
        return french_day(value)
    if kind == "int":
        return str(value)
    text = str(say(_worded(column, value), "fr"))
    return f'="{text}"' if _NUMBER_LIKE.fullmatch(text) else str(_defused(text))


def workbook(sheets: Iterable[tuple[Text, tuple[Column, ...], Iterable[Row]]], language: str = "fr") -> Iterator[bytes]:
    """An XLSX file of sheets, heads in `language`; a sheet that is full goes on in another."""
    import xlsxwriter  # not above: it takes its time, and most commands export nothing

    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF4F4"})
            forms = {kind: book.add_format({"num_format": form}) for kind, form in _FORMS.items()}
            for title, columns, rows in sheets:
                rows, part, name = iter(rows), 0, _NO_NAME.sub(" ", str(say(title, language)))[:28]
                row = next(rows, None)
                while row is not None or not part:
                    part, y = part + 1, 0
                    sheet = book.add_worksheet(name if part == 1 else f"{name} {part}")
                    sheet.freeze_panes(1, 0)
                    for x, column in enumerate(columns):
                        sheet.set_column(x, x, column.width)
                        sheet.write_string(0, x, say(column.head, language), head)
                    while row is not None and y < _SHEET_ROWS:
                        y += 1
                        for x, column in enumerate(columns):
                            if (value := column.of(row)) is not None:
                                value = _worded(column, value)
                                said = say(value, language) if isinstance(value, Both) else value
                                _WRITE[_kind(column, said)](sheet, y, x, said, forms[column.kind])
                        row = next(rows, None)
        file.seek(0)
        while piece := file.read(1 << 20):
            yield piece


_FORMS = {"text": "@", "moment": "@", "word": "@", "int": "0", "cents": "#,##0.00", "rate": "0 %", "date": "dd/mm/yyyy"}
_TEXT: Callable[..., Any] = lambda sheet, y, x, value, form: sheet.write_string(y, x, str(value), form)  # noqa: E731
_WRITE: dict[str, Callable[..., Any]] = {
    "text": _TEXT,
    "moment": _TEXT,
    "word": _TEXT,
    "int": lambda sheet, y, x, value, form: sheet.write_number(y, x, value, form),
    "cents": lambda sheet, y, x, value, form: sheet.write_number(y, x, Decimal(value).scaleb(-2), form),
    "rate": lambda sheet, y, x, value, form: sheet.write_number(y, x, Decimal(value), form),
    "date": lambda sheet, y, x, value, form: sheet.write_datetime(y, x, date.fromisoformat(value), form),
}
