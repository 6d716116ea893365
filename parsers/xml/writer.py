"""Writes XML declarations, version 1.0: the inverse of `parsers.xml`, valid against the XSD."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import IO, Any

from lxml import etree

from parsers.xml.tag import NAMESPACE, VERSION
from parsers.xml.values import PARIS
from schemas import money
from schemas.declaration import Header, Invoice
from schemas.lending import lists

_SIDE, _USE, _NATURE, _KIND = map(lists.to_xml, (lists.SIDE, lists.USE, lists.NATURE, lists.KIND))


def write(header: Header, invoices: Iterable[Invoice], out: IO[bytes]) -> None:
    """Writes a declaration to `out`. Everything must have been read: a None in it is our own mistake."""
    root = root_attributes(header)
    with etree.xmlfile(out, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element(f"{{{NAMESPACE}}}declaration", _present(root), nsmap={None: NAMESPACE}):
            file.write("\n")
            _put(file, 1, "declarant", {"gln": header.declarant})
            _put(file, 1, "destinataire", {"gln": header.addressee})
            _invoices(file, iter(invoices))
    out.write(b"\n")


def root_attributes(header: Header) -> dict[str, str | None]:
    """The attributes of the root, None for those that are absent."""
    assert header.issued is not None and header.side and header.use and header.nature
    return {
        "version": VERSION,
        "cote": _SIDE[header.side],
        "usage": _USE[header.use],
        "nature": _NATURE[header.nature],
        "reference": header.reference,
        "periode": f"{header.period:04d}",
        "emission": _moment(header.issued),
        "remplace": header.replaced or None,
        "envoiNumero": str(header.sending) if header.sending else None,
    }


def _invoices(file: Any, invoices: Iterable[Invoice]) -> None:
    opened: Any = None
    for invoice in invoices:
        if invoice.part == 0:
            assert invoice.kind is not None and invoice.ht is not None and invoice.ttc is not None
            head = {
                "partenaire": invoice.partner,
                "numero": invoice.number,
                "date": _day(invoice.date),
                "type": _KIND[invoice.kind],
                "totalHT": money.decimal(invoice.ht),
                "totalTTC": money.decimal(invoice.ttc),
                "origine": invoice.credited or None,
                "dateOrigine": _day(invoice.credited_on),
            }
            file.write("  ")
            opened = file.element(f"{{{NAMESPACE}}}facture", _present(head))
            opened.__enter__()
            file.write("\n")
            contract = {"reference": invoice.contract or None, "envoi": _day(invoice.contract_sent)}
            if _present(contract):
                _put(file, 2, "marche", contract)
        for line in invoice.lines:
            assert line.price is not None and line.vat is not None
            _put(
                file,
                2,
                "ligne",
                {
                    "ean": line.ean,
                    "quantite": line.quantity,
                    "prixPublicHT": money.decimal(line.price),
                    "remise": money.decimal(line.discount) if line.discount else None,
                    "tva": money.decimal(line.vat),
                    "exclusion": line.exclusion or None,
                    "preuve": line.evidence or None,
                    "titre": line.title or None,
                },
            )
        if invoice.last:
            file.write("  ")
            opened.__exit__(None, None, None)
            file.write("\n")


def _put(file: Any, depth: int, name: str, attributes: dict[str, Any]) -> None:
    file.write("  " * depth)
    with file.element(f"{{{NAMESPACE}}}{name}", _present(attributes)):
        pass
    file.write("\n")


def _present(attributes: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in attributes.items() if value is not None}


def _moment(wall: datetime) -> str:
    aware = wall.replace(tzinfo=PARIS)
    offset = aware.utcoffset()
    # Before 1911 Paris was 9 min 21 s ahead, which no XML time can say.
    return (aware.astimezone(UTC) if offset is None or offset.seconds % 60 else aware).isoformat()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
