"""The cells of a spreadsheet: XLSX, ODS, or CSV as French programs save it.

Authority: RFC 4180, and what LibreOffice and Excel write under a French locale: `;`, `,` or tabs between cells, UTF-8
with or without a mark, or Windows-1252. A CSV is read strictly: one open quote would swallow every row after it.
"""

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from schemas.text import Both, Text, filled, say

Row = tuple[int, dict[str, str]]

#: Of a workbook, unpacked: it is held whole.
_WORKBOOK_BYTES = 64 << 20
_ISO, _FRENCH = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"), re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
#: Excel's own word for what stands between cells.
_HINT = re.compile(r"\"?sep=([;,\t])\"?\r?\n", re.IGNORECASE)


_TOO_LARGE = Both("classeur trop grand : l'enregistrer en CSV", "workbook too large: save it as CSV")
_UNREADABLE = Both("classeur illisible : l'enregistrer en CSV", "unreadable workbook: save it as CSV")
_MISSING = Both("colonnes absentes : {names} (CSV UTF-8, « ; »)", 'missing columns: {names} (CSV UTF-8, ";")')
_TWICE = Both("colonnes en double : {names}", "columns twice: {names}")
_ENCODING = Both(
    "ni UTF-8 ni Windows-1252 : enregistrer en « CSV UTF-8 »", 'neither UTF-8 nor Windows-1252: save it as "CSV UTF-8"'
)
_TOO_MANY = Both(
    "ligne {line} : {cells} cellules pour {columns} colonnes", "row {line}: {cells} cells for {columns} columns"
)


class BadSheet(ValueError):
    """A file that is no spreadsheet, or not the one wanted: `text` is what a person is told, `str()` of it French."""

    def __init__(self, says: Text, **facts: object) -> None:
        self.text = filled(says, **facts)
        super().__init__(say(self.text, "fr"))


class NoTable(BadSheet):
    """A file that is no spreadsheet from some `row` on."""

    def __init__(self, row: int, why: object) -> None:
        super().__init__(Both("pas un CSV : {why}", "not a CSV: {why}"), why=why)
        self.row = row
        self.why = str(why)


def table(content: bytes | str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, each with its number as the program counts it: of a workbook those of the first sheet.

    Raises BadSheet, also while rows are read; NoTable where a CSV is none.
    """
    if isinstance(content, bytes) and content.startswith(b"PK\x03\x04"):
        rows = _workbook(content)
    else:
        rows = _csv(_decoded(content) if isinstance(content, bytes) else content)
    return ((number, cells) for number, cells in rows if any(cell.strip() for cell in cells))


def _csv(text: str) -> Iterator[tuple[int, list[str]]]:
    hint = _HINT.match(text)
    text = text if hint is None else "\n" + text[hint.end() :]
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = hint[1] if hint else max(";\t,", key=first.count)
    text = re.sub(
        rf'(?<!")" +(?=[{delimiter}\r\n])', '"', text
    )  # a space between a quoted cell and the next is no fault
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as wrong:
        raise NoTable(reader.line_num, wrong) from wrong


def _workbook(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _WORKBOOK_BYTES:
                raise BadSheet(_TOO_LARGE)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, NotImplementedError) as wrong:
        raise BadSheet(_UNREADABLE) from wrong
    return ((number, list(map(_text, cells))) for number, cells in enumerate(rows, 1))


def _text(cell: object) -> str:
    """A typed cell as it would be written: a whole number without a point, a day as ISO has it."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell.date().isoformat() if isinstance(cell, datetime) else str(cell)


def rows(data: bytes, wanted: Collection[str]) -> tuple[list[str], Iterator[Row]]:
    """The columns, and the rows with their number: cells without blanks around, by column.

    Rows without any text are left out; a cell the row is too short for is absent. Raises BadSheet, also while the rows
    are read.
    """
    read = table(data)
    columns = [cell.strip().lower() for cell in next(read, (0, []))[1]]
    if missing := [name for name in wanted if name not in columns]:
        raise BadSheet(_MISSING, names=", ".join(missing))
    if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise BadSheet(_TWICE, names=", ".join(twice))
    return columns, _rows(read, columns)


def _decoded(data: bytes) -> str:
    """The text of a CSV file: UTF-8, else as Windows programs save it."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadSheet(_ENCODING)


def _rows(read: Iterator[tuple[int, list[str]]], columns: list[str]) -> Iterator[Row]:
    for line, cells in read:
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise BadSheet(_TOO_MANY, line=line, cells=len(cells), columns=len(columns))
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
