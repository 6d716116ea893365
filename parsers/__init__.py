"""Floor 1: bytes into what a declaration says, and back. Content never raises; it yields findings.

Knows no path, no clock, no database; never imports `spool`. The ways in are `read_in_bulk` and `read`:

    bytes -> sniff.open_source -> fixed | xml -> Header, Invoices ..., Invoice ..., Finding ...
"""

from collections.abc import Iterator

from parsers.sniff import Source
from schemas.declaration import Event, Invoices, one_by_one


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
    from parsers import fixed, xml  # not above: `edi --help` wants the tables of this floor without the readers' weight

    assert source.format is not None
    yield from (fixed if source.format == "fixed" else xml).read_in_bulk(source.stream, max_records)
