"""CSV as French spreadsheets save it: `;` between cells, dates JJ/MM/AAAA, UTF-8 with or without a mark, or Windows-1252.

Authority: RFC 4180, and what LibreOffice and Excel write under a French locale; `,` and tabs between cells are read too.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator
from datetime import date

Row = tuple[int, dict[str, str]]

_ISO, _FRENCH = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"), re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def rows(data: bytes, wanted: Collection[str]) -> tuple[list[str], Iterator[Row]]:
    """The columns, and the rows with their line in the file: cells without blanks around, by column.

    Rows without any text are left out; a cell the row is too short for is absent. Raises ValueError with a sentence
    (also while the rows are read).
    """
    text = decoded(data)
    head = re.split(r"[\r\n]", text, maxsplit=1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=head.count))
    columns = [cell.strip().lower() for cell in next(_read(reader), (0, []))[1]]
    if missing := [name for name in wanted if name not in columns]:
        raise ValueError(f"colonnes absentes / missing columns: {', '.join(missing)} (CSV UTF-8, « ; »)")
    if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise ValueError(f"colonnes en double / columns twice: {', '.join(twice)}")
    return columns, _rows(reader, columns)


def decoded(data: bytes) -> str:
    """The text of a CSV file: UTF-8, else as Windows programs save it. Raises ValueError with a sentence."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("ni UTF-8 ni Windows-1252 : enregistrer en « CSV UTF-8 » / save it as CSV UTF-8")


def _read(reader: "Iterator[list[str]]") -> Iterator[tuple[int, list[str]]]:
    try:
        for cells in reader:
            yield reader.line_num, cells  # type: ignore[attr-defined]
    except csv.Error as wrong:
        raise ValueError(f"pas un CSV / not a CSV: {wrong}") from wrong


def _rows(reader: "Iterator[list[str]]", columns: list[str]) -> Iterator[Row]:
    for line, cells in _read(reader):
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise ValueError(f"ligne {line} : {len(cells)} cellules pour {len(columns)} colonnes / too many cells")
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
        if any(row.values()):
            yield line, row


def day(text: str) -> date:
    """A day written AAAA-MM-JJ or JJ/MM/AAAA. Raises ValueError.

    >>> day("2020-09-01") == day("1/9/2020")
    True
    """
    if found := _ISO.fullmatch(text):
        year, month, of_month = map(int, found.groups())
    elif found := _FRENCH.fullmatch(text):
        of_month, month, year = map(int, found.groups())
    else:
        raise ValueError(text)
    return date(year, month, of_month)
