"""Writes XML declarations, version 1.0: the inverse of `parsers.xml`, valid against the XSD."""

from collections.abc import Iterable
from typing import IO, Any

import msgspec
from lxml import etree

from parsers.xml import values
from parsers.xml.tag import ADDRESSEE, CONTRACT, DECLARANT, INVOICE, LINE, NAMESPACE, ROOT, VERSION
from schemas.declaration import Header, Invoice


def write(header: Header, invoices: Iterable[Invoice], out: IO[bytes]) -> None:
    """Writes a declaration to `out`. Everything must have been read: a None in it is our own mistake."""
    with etree.xmlfile(out, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element(ROOT, root_attributes(header), nsmap={None: NAMESPACE}):
            file.write("\n")
            _put(file, 1, DECLARANT, header)
            _put(file, 1, ADDRESSEE, header)
            _invoices(file, iter(invoices))
    out.write(b"\n")


def root_attributes(header: Header) -> dict[str, str]:
    """The attributes of the root; one that may be absent and has nothing to say is."""
    attributes = values.write(ROOT, msgspec.structs.replace(header, version=VERSION))
    return attributes | {"periode": f"{header.period:04d}"}


def _invoices(file: Any, invoices: Iterable[Invoice]) -> None:
    opened: Any = None
    for invoice in invoices:
        if invoice.part == 0:
            file.write("  ")
            opened = file.element(INVOICE, values.write(INVOICE, invoice))
            opened.__enter__()
            file.write("\n")
            if invoice.contract or invoice.contract_sent:
                _put(file, 2, CONTRACT, invoice)
        for line in invoice.lines:
            _put(file, 2, LINE, line)
        if invoice.last:
            file.write("  ")
            opened.__exit__(None, None, None)
            file.write("\n")


def _put(file: Any, depth: int, name: str, source: object) -> None:
    file.write("  " * depth)
    with file.element(name, values.write(name, source)):
        pass
    file.write("\n")
