"""A declaration into the other format: `edi convert`. What cannot be read whole is not converted."""

from collections.abc import Iterator
from typing import IO

from parsers import read, write_fixed, write_xml
from parsers.sniff import open_source
from schemas import catalogue
from schemas.declaration import Header, Invoice
from schemas.finding import Finding


def convert(stream: IO[bytes], to: str, out: IO[bytes]) -> list[Finding]:
    """Writes `stream` as `to` (`fixed` or `xml`) on `out`, or says what stands in the way.

    Only what reading itself finds stands in the way: a wrong check digit is converted as it is.
    """
    source = open_source(stream)
    header: Header | None = None
    findings: list[Finding] = []
    for event in read(source):  # once to know that all can be read, once to write
        if isinstance(event, Header):
            header = event
        found = event.findings if isinstance(event, Invoice) else (event,) if isinstance(event, Finding) else ()
        findings += [finding for finding in found if catalogue.reach(finding) != "warning"]
    if findings or header is None:
        return findings
    invoices: Iterator[Invoice] = (event for event in read(source) if isinstance(event, Invoice))
    if to == "xml":
        write_xml.write(header, invoices, out)
    else:
        write_fixed.write(header, invoices, out)
    return []
