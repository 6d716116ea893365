"""Floor 1: bytes into what a declaration says, and back. Content never raises; it yields findings.

Knows no path, no clock, no database; never imports `spool`. The way in is `read`:

    bytes -> sniff.open_source -> fixed.read | xml.read -> Header, Invoice ..., Finding ...
"""

from collections.abc import Iterator

from parsers.sniff import Source
from schemas.declaration import Event


def read(source: Source, max_records: int | None = None) -> Iterator[Event]:
    """The events of a sniffed file; what stopped the sniffing is all there is to say of it.

    A file of more than `max_records` records, or XML elements, is read no further: `file-too-large`.
    """
    if source.stopped is not None:
        yield source.stopped
        return
    from parsers import fixed, xml  # not above: `edi --help` wants the tables of this floor without the readers' weight

    readers = {"fixed": fixed.read, "xml": xml.read}
    assert source.format is not None
    yield from readers[source.format](source.stream, max_records)
