"""Writes the fixed format, version 0100, from the layout tables: the inverse of `parsers.fixed.reader`."""

from collections.abc import Callable, Iterable
from typing import IO, Any

from schemas import charset
from schemas.declaration import Header, Invoice
from schemas.lending import lists
from schemas.lending.layout import EN, FA, FI, LG, VERSION, Field, Layout


def _digits(iso: str) -> str:
    """ISO 8601 without its separators; unlike strftime it fills the year."""
    return iso.translate({ord(separator): None for separator in "-:T"})


_CODES: dict[tuple[lists.Row, ...], dict[str, str]] = {
    rows: lists.to_fixed(rows) for rows in (lists.SIDE, lists.USE, lists.NATURE, lists.KIND)
}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "day": lambda day: _digits(day.isoformat()),
    "day-or-none": lambda day: _digits(day.isoformat()) if day else "00000000",
    "moment": lambda moment: _digits(moment.isoformat(timespec="seconds")),
    "blank": lambda _: "",
}


def write(header: Header, invoices: Iterable[Invoice], out: IO[bytes], end: str = "\n") -> None:
    """Writes a declaration to `out` (seekable). Parts of one invoice follow one another.

    Everything must have been read: a None in it is our own mistake, and so is text too wide.
    """
    records = 1
    lines = 0
    counts, sums = {"FA": 0, "LG": 0}, {"F": 0, "A": 0}

    def put(layout: Layout, values: dict[str, Any]) -> None:
        out.write((record(layout, values) + end).encode(charset.ENCODING))

    out.write((header_record(header) + end).encode(charset.ENCODING))
    for invoice in invoices:
        if invoice.part == 0:
            records += 1
            lines, start = 0, out.tell()
            announced = len(invoice.lines) if invoice.announced is None else invoice.announced
            put(FA, {**_values(FA, invoice), "record": records, "announced": announced})
            counts["FA"] += 1
            assert invoice.kind is not None and invoice.ht is not None
            sums[invoice.kind] += invoice.ht
        for line in invoice.lines:
            records += 1
            put(LG, {**_values(LG, line), "record": records})
        lines += len(invoice.lines)
        counts["LG"] += len(invoice.lines)
        if invoice.last and invoice.part and invoice.announced is None:
            _announce(out, start, lines)
    totals = {
        "invoices": counts["FA"],
        "lines": counts["LG"],
        "sum_invoices": sums["F"],
        "sum_credits": sums["A"],
    }
    put(FI, {"record": records + 1, **totals})


def header_record(header: Header) -> str:
    """The EN of a declaration, 140 characters."""
    return record(EN, {**_values(EN, header), "record": 1, "version": VERSION})


def _announce(out: IO[bytes], start: int, lines: int) -> None:
    """Corrects the number of lines in an FA already written: known only at the invoice's end."""
    field = FA.field("announced")
    end = out.tell()
    out.seek(start + field.first - 1)
    out.write(_text(field, lines).encode("ascii"))
    out.seek(end)


def record(layout: Layout, values: dict[str, Any]) -> str:
    """One record of 140 characters.

    >>> record(FI, {"record": 2, "invoices": 0, "lines": 0, "sum_invoices": 0, "sum_credits": 0})[:51]
    'FI0000002000000000000000000000000000000000000000000'
    """
    return layout.mark + "".join(_text(field, values.get(field.name)) for field in layout.fields[1:])


def _values(layout: Layout, source: object) -> dict[str, Any]:
    return {field.name: getattr(source, field.name, None) for field in layout.fields[1:]}


def _text(field: Field, value: Any) -> str:
    if field.codes:
        text = _CODES[field.codes][value]
    elif field.meaning in _WRITERS:
        text = _WRITERS[field.meaning](value)
    else:
        assert value is not None, field.name
        text = f"{value:0{field.width}d}" if isinstance(value, int) else str(value)
    padded = text.ljust(field.width)
    assert len(padded) == field.width, f"{field.name}: {text!r} is too wide"
    return padded
