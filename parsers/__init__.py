"""Floor 1: bytes into what a declaration says, and back. Content never raises; it yields findings.

Knows no path, no clock, no database; never imports `spool`. The ways in are `read_in_bulk` and `read`:

    bytes -> sniff.open_source -> fixed | xml -> Header, Invoices ..., Invoice ..., Finding ...
"""

from collections.abc import Container, Iterator

from parsers.sniff import Source
from schemas.declaration import Event, Invoice, Invoices, Line, Lines, one_by_one


def read(source: Source, max_records: int | None = None) -> Iterator[Event]:
    """The events of a sniffed file, invoice by invoice: `read_in_bulk` for whom speed does not matter."""
    return one_by_one(read_in_bulk(source, max_records))


def read_in_bulk(source: Source, max_records: int | None = None) -> Iterator[Event | Invoices]:
    """The events of a sniffed file; what stopped the sniffing is all there is to say of it.

    A file of more than `max_records` records, or XML elements, is read no further: `file-too-large`.
    """
    if source.stopped is not None:
        yield source.stopped
        return
    from parsers.fixed import (
        reader as fixed,  # not above: `edi --help` wants the tables of this floor without the readers' weight
    )
    from parsers.xml import reader

    assert source.format is not None
    yield from (fixed if source.format == "fixed" else reader).read_in_bulk(source.stream, max_records)


def lines_with(source: Source, eans: Container[str]) -> Iterator[tuple[str, int, str]]:
    """(EAN, price in cents, title) of the lines of a file that bear one of these EANs, of those that can be read whole."""
    for event in read_in_bulk(source):
        lines = event.lines if isinstance(event, Invoice | Invoices) else ()
        if isinstance(lines, Lines):
            codes, _, prices, *_, titles = lines.columns
            yield from (line for line in zip(codes, prices, titles, strict=True) if line[0] in eans)
        else:
            whole = (line for line in lines if isinstance(line, Line))
            yield from ((line.ean, line.price, line.title) for line in whole if line.ean in eans)
