"""Status files in XML, CSV and JSON, written and read back: three forms of one table, `schemas.lending.status`.

CSV is what a French spreadsheet opens at a double click: UTF-8 with its mark, semicolons, decimal commas, JJ/MM/AAAA,
the facts of the file repeated on each line; a text that it would take for a formula has an apostrophe before it.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from lxml import etree

from parsers.answers.answer_xml import MOMENT, NUMBER, TEXT, Codec, validated, words
from schemas import money
from schemas.lending.status import COLUMNS, FORMS, HEAD, VERSION, Column, Standing, Status

NAMESPACE = "urn:droit-de-pret:etat:1.0"
_TAG = f"{{{NAMESPACE}}}"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_DAY, _MOMENT = "%d/%m/%Y", "%d/%m/%Y %H:%M:%S"


def write(status: Status, form: str) -> bytes:
    """The file in `form`: xml, csv or json."""
    return {"xml": _xml, "csv": _csv, "json": _json}[form](status)


def read(data: bytes, form: str) -> Status:
    """What a file says; ValueError when it is none of that form."""
    assert form in FORMS, form
    if form == "json":
        return msgspec.json.decode(data, type=Status)
    if form == "csv":
        return _read_csv(data)
    root = validated(data, schema())
    rows = tuple(Standing(**_values(COLUMNS, row.attrib, False)) for row in root)
    return Status(**_values(HEAD, root.attrib, False), invoices=rows)


@cache
def schema() -> etree.XMLSchema:
    """The XSD of status files, version 1.0, ready to validate."""
    return etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd", "etat-1.0.xsd").read_bytes()))


def _xml(status: Status) -> bytes:
    root = etree.Element(f"{_TAG}etat", _texts(HEAD, status, False) | {"version": VERSION}, nsmap={None: NAMESPACE})
    for row in status.invoices:
        etree.SubElement(root, f"{_TAG}facture", _texts(COLUMNS, row, False))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _json(status: Status) -> bytes:
    """One document, an invoice a line."""
    head = msgspec.json.encode(msgspec.structs.replace(status, invoices=()))
    rows = b",\n".join(map(msgspec.json.encode, status.invoices))
    return head.removesuffix(b"]}") + b"\n" + rows + b"\n]}\n"


def _csv(status: Status) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.head for column in (*HEAD, *COLUMNS)])
    head = _cells(HEAD, status)
    writer.writerows([*head, *_cells(COLUMNS, row)] for row in status.invoices)
    return out.getvalue().encode("utf-8-sig")


def _read_csv(data: bytes) -> Status:
    try:
        heads, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";", strict=True)
        if heads != [column.head for column in (*HEAD, *COLUMNS)] or {tuple(row[: len(HEAD)]) for row in rows} != {
            tuple(rows[0][: len(HEAD)])
        }:
            raise ValueError("not the columns of a status file, or rows of several")
        wires = [column.wire for column in (*HEAD, *COLUMNS)]
        told = [dict(zip(wires, row, strict=True)) for row in rows]
        invoices = tuple(Standing(**_values(COLUMNS, row, True)) for row in told)
        return Status(**_values(HEAD, told[0], True), invoices=invoices)
    except (csv.Error, LookupError, TypeError) as wrong:
        raise ValueError(f"not a status file: {wrong}") from wrong


def _texts(columns: Iterable[Column], of: msgspec.Struct, sheet: bool) -> dict[str, str]:
    """What is to be said, by wire name."""
    return {
        column.wire: _CODECS[sheet][column.wire][0](value)
        for column in columns
        if (value := getattr(of, column.name)) is not None and value != ""
    }


def _cells(columns: Iterable[Column], of: msgspec.Struct) -> Iterable[str]:
    """Every column's cell of a spreadsheet."""
    texts = _texts(columns, of, True)
    return [texts.get(column.wire, "") for column in columns]


def _values(columns: Iterable[Column], texts: Any, sheet: bool) -> dict[str, Any]:
    """What was said, by our names."""
    return {c.name: _CODECS[sheet][c.wire][1](texts[c.wire]) for c in columns if texts.get(c.wire, "") != ""}


def _cents(text: str) -> int:
    return -money.from_decimal(text[1:]) if text.startswith("-") else money.from_decimal(text)


_XML: dict[str, Codec] = {
    "day": (date.isoformat, date.fromisoformat),
    "moment": MOMENT,
    "cents": (money.decimal, _cents),
    "year": NUMBER,
    "count": NUMBER,
}
_CSV: dict[str, Codec] = {
    **_XML,
    "day": (lambda day: day.strftime(_DAY), lambda cell: datetime.strptime(cell, _DAY).date()),  # noqa: DTZ007
    "moment": (lambda at: at.strftime(_MOMENT), lambda cell: datetime.strptime(cell, _MOMENT)),  # noqa: DTZ007
    "cents": (lambda cents: money.decimal(cents).replace(".", ","), lambda cell: _cents(cell.replace(",", "."))),
    "text": (lambda text: f"'{text}" if text.startswith(_FORMULA) else text, lambda cell: cell.removeprefix("'")),
}


def _codec(column: Column, sheet: bool) -> Codec:
    """How a column's value is written, and read back."""
    if column.meaning == "list":
        return words({row.word: row.fr if sheet else row.xml for row in column.codes})
    return (_CSV if sheet else _XML).get(column.meaning, TEXT)


#: By wire name; of cells in a spreadsheet, or of attributes.
_CODECS = {sheet: {column.wire: _codec(column, sheet) for column in (*HEAD, *COLUMNS)} for sheet in (False, True)}
