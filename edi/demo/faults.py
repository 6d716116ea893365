"""What goes wrong in the demo's files: each fault done on purpose to one invoice or to the bytes, with its cause in words."""

import io
from collections.abc import Callable

import msgspec

from parsers.fixed import writer as write_fixed
from parsers.xml import writer as write_xml
from schemas.charset import ENCODING
from schemas.declaration import Declaration, Invoice, Line
from schemas.text import Both

CAUSES = {
    "ean": Both("un EAN mal recopié", "an EAN copied wrong"),
    "swapped": Both("HT et TTC intervertis", "HT and TTC swapped"),
    "wrong-gln": Both("un chiffre faux dans le GLN du fournisseur", "a wrong digit in the supplier's GLN"),
    "outside": Both("une facture de l'année d'avant", "an invoice of the year before"),
    "cut": Both("transfert interrompu : fichier tronqué", "transfer broken off: the file is cut short"),
    "utf8": Both("fichier fixe enregistré en UTF-8", "a fixed file saved as UTF-8"),
    "dtd": Both("XML avec une DTD", "XML with a DTD"),
    "no-declaration": Both("un tableau, pas une déclaration", "a spreadsheet, no declaration"),
    "copy": Both("le même fichier sous un autre nom", "the same file under another name"),
    "late": Both("la bibliothèque en retard", "the late library"),
    "whole": Both("le fichier tronqué, cette fois entier", "the truncated file, whole this time"),
    "replaces": Both("remplacement : EAN et preuves corrigés", "replacement: EAN and evidence mended"),
}

NO_DECLARATION = (
    "Date;Bibliothèque;Facture;Montant\n14/03;Médiathèque de Saint-Aubin;FA-0117;181,45\n".encode("cp1252")
)  # fmt: skip


def write(declaration: Declaration) -> bytes:
    """A declaration's bytes in the format its header names."""
    out = io.BytesIO()
    writer = write_fixed.write if declaration.header.format == "fixed" else write_xml.write
    writer(declaration.header, declaration.invoices, out)
    return out.getvalue()


def wrong_ean(line: Line) -> Line:
    """A line whose EAN has a wrong check digit."""
    return msgspec.structs.replace(line, ean=_wrong_last(line.ean))


def _wrong_last(code: str) -> str:
    return code[:12] + str((int(code[12]) + 4) % 10)


def _swapped(invoice: Invoice) -> Invoice:
    return msgspec.structs.replace(invoice, ht=invoice.ttc, ttc=invoice.ht)


def _wrong_gln(invoice: Invoice) -> Invoice:
    assert invoice.partner is not None
    return msgspec.structs.replace(invoice, partner=_wrong_last(invoice.partner))


def _as_invoice(invoice: Invoice) -> Invoice:
    """A credit note declared as if it were an invoice."""
    return msgspec.structs.replace(invoice, kind="F")


def _outside(invoice: Invoice) -> Invoice:
    assert invoice.date is not None
    return msgspec.structs.replace(invoice, date=invoice.date.replace(year=invoice.date.year - 1, day=28))


#: A library's invoice, spoilt, by plan; and the code that must be found; a kind that differs only shows once both sides are there.
INVOICE_FAULTS: dict[str, Callable[[Invoice], Invoice]] = {
    "swapped": _swapped,
    "wrong-gln": _wrong_gln,
    "outside": _outside,
    "kind": _as_invoice,
}
INVOICE_CODES = {
    "swapped": "ht-exceeds-ttc",
    "wrong-gln": "partner-gln-check-digit",
    "outside": "invoice-date-outside-period",
}


def cut(data: bytes) -> bytes:
    """The first two thirds of a file, as a broken transfer leaves it."""
    return data[: len(data) * 2 // 3 + 41]


def as_utf8(data: bytes) -> bytes:
    """A fixed file as UTF-8; it holds letters with accents, or there would be nothing to see."""
    assert not data.isascii()
    return data.decode(ENCODING).encode()


def with_dtd(data: bytes) -> bytes:
    """An XML file with a document type declaration."""
    head, end, rest = data.partition(b"?>")
    return head + end + b'\n<!DOCTYPE declaration SYSTEM "declaration.dtd">' + rest
