"""Writes the fixed format, version 0100, from the layout tables: the inverse of `parsers.fixed.reader`."""

from collections.abc import Iterable
from typing import IO, Any

from parsers.fixed import fields
from schemas import charset
from schemas.declaration import Header, Invoice
from schemas.lending.layout import EN, FA, FI, LG, VERSION, Layout


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
    out.write(fields.write(field, lines).encode("ascii"))
    out.seek(end)


def record(layout: Layout, values: dict[str, Any]) -> str:
    """One record of 140 characters.

    >>> record(FI, {"record": 2, "invoices": 0, "lines": 0, "sum_invoices": 0, "sum_credits": 0})[:51]
    'FI0000002000000000000000000000000000000000000000000'
    """
    return layout.mark + "".join(fields.write(field, values.get(field.name)) for field in layout.fields[1:])


def _values(layout: Layout, source: object) -> dict[str, Any]:
    return {field.name: getattr(source, field.name, None) for field in layout.fields[1:]}
