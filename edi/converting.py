"""A declaration into the other format: `edi convert`. What cannot be read whole is not converted."""

from collections.abc import Iterator
from typing import IO

from parsers import read
from parsers.fixed import writer as write_fixed
from parsers.sniff import open_source
from parsers.xml import writer as write_xml
from schemas import catalogue
from schemas.declaration import Header, Invoice
from schemas.finding import Finding


def convert(stream: IO[bytes], to: str, out: IO[bytes]) -> list[Finding]:
    """Writes `stream` as `to` (`fixed` or `xml`) on `out`, or says what stands in the way.

    Only what reading itself finds stands in the way, and a count of lines that is not that of the lines: a wrong
    check digit is converted as it is.
    """
    source = open_source(stream)
    header: Header | None = None
    findings: list[Finding] = []
    lines = 0
    for event in read(source):  # once to know that all can be read, once to write
        if isinstance(event, Header):
            header = event
        found = event.findings if isinstance(event, Invoice) else (event,) if isinstance(event, Finding) else ()
        findings += [finding for finding in found if catalogue.reach(finding) != "warning"]
        if isinstance(event, Invoice):
            lines = len(event.lines) + (lines if event.part else 0)
            if event.last and event.announced not in (None, lines):  # XML has no count: what is missing would be lost
                findings.append(_miscounted(event, lines))
    if findings or header is None:
        return findings
    invoices: Iterator[Invoice] = (event for event in read(source) if isinstance(event, Invoice))
    (write_xml if to == "xml" else write_fixed).write(header, invoices, out)
    return []


def _miscounted(invoice: Invoice, lines: int) -> Finding:
    return Finding(
        code="line-count-differs", record=invoice.record, invoice=invoice.number, found=str(lines),
        expected=str(invoice.announced),
    )  # fmt: skip
