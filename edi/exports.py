"""Tables for people: CSV as a French spreadsheet opens it, and XLSX with typed columns. Amounts stay exact.

In both a text is never a formula, and what only looks like a number (a GLN, an invoice number with its zeros) stays
text. XLSX is written a row at a time; SpreadsheetML's decimals are made from integer cents, not from floats.
"""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec

from parsers.plain import french_day, harmless

Row = Mapping[str, Any]

#: What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER_LIKE = re.compile(r"[.,]?[0-9][0-9eE.,/: -]*")
_SHEET_ROWS = 1_048_575


class Column(msgspec.Struct, frozen=True):
    """A column: the name of its fact, its French head, and what it holds. `rate` is a decimal string, `date` ISO text."""

    name: str
    head: str
    kind: Literal["text", "int", "cents", "rate", "date"] = "text"
    wide: int = 12


def plain_csv(names: Iterable[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV for programs, RFC 4180: exact numbers, points, UTF-8; no text is a formula here either."""
    names = tuple(names)
    return _csv(names, ([_defused(row[name]) for name in names] for row in rows), ",")


def spreadsheet_csv(columns: Iterable[Column], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV for a French spreadsheet: `;`, decimal comma, days as JJ/MM/AAAA, UTF-8 with a mark that says so."""
    columns = tuple(columns)
    yield b"\xef\xbb\xbf"
    heads = [column.head for column in columns]
    yield from _csv(heads, ([_french(column.kind, row[column.name]) for column in columns] for row in rows), ";")


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


def _french(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "cents":
        return str(Decimal(value).scaleb(-2)).replace(".", ",")
    if kind == "rate":
        return str(value).replace(".", ",")
    if kind == "date":
        return french_day(value)
    if kind == "int":
        return str(value)
    if _NUMBER_LIKE.fullmatch(value):
        return f'="{value}"'
    return str(_defused(value))


def workbook(sheets: Iterable[tuple[str, Iterable[Column], Iterable[Row]]]) -> Iterator[bytes]:
    """An XLSX file of sheets (title, columns, rows); a sheet that is full goes on in another."""
    import xlsxwriter  # not above: it takes its time, and most commands export nothing

    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF4F4"})
            forms = {kind: book.add_format({"num_format": form}) for kind, form in _FORMS.items()}
            for title, columns, rows in sheets:
                columns, rows, part = tuple(columns), iter(rows), 0
                row = next(rows, None)
                while row is not None or not part:
                    part, y = part + 1, 0
                    sheet = book.add_worksheet(title if part == 1 else f"{title} {part}")
                    sheet.freeze_panes(1, 0)
                    for x, column in enumerate(columns):
                        sheet.set_column(x, x, column.wide)
                        sheet.write_string(0, x, column.head, head)
                    while row is not None and y < _SHEET_ROWS:
                        y += 1
                        for x, column in enumerate(columns):
                            if (value := row[column.name]) is not None:
                                _WRITE[column.kind](sheet, y, x, value, forms[column.kind])
                        row = next(rows, None)
        file.seek(0)
        while piece := file.read(1 << 20):
            yield piece


_FORMS = {"text": "@", "int": "0", "cents": "#,##0.00", "rate": "0 %", "date": "dd/mm/yyyy"}
_WRITE: dict[str, Callable[..., Any]] = {
    "text": lambda sheet, y, x, value, form: sheet.write_string(y, x, value, form),
    "int": lambda sheet, y, x, value, form: sheet.write_number(y, x, value, form),
    "cents": lambda sheet, y, x, value, form: sheet.write_number(y, x, Decimal(value).scaleb(-2), form),
    "rate": lambda sheet, y, x, value, form: sheet.write_number(y, x, Decimal(value), form),
    "date": lambda sheet, y, x, value, form: sheet.write_datetime(y, x, date.fromisoformat(value), form),
}
