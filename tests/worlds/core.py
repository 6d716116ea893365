"""What every made-up world is put together from: codes, titles, amounts, and declarations as files in both formats.

The presets: `market` (years with every fault known to happen, and the truth beside it), `demo` (the files of `edi demo`),
`crash` (what is sent while runs are killed), `volume` (a million lines, thousands of files), `hostile` (made to hurt).
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from edi.core.settings import OUR_GLN as US
from parsers.fixed import writer as write_fixed
from parsers.xml import writer as write_xml
from schemas import gln, money
from schemas.declaration import Declaration, Header, Invoice, Line

#: Titles in the public domain.
TITLES = tuple((Path(__file__).parent / "titles.txt").read_text("utf-8").splitlines())


def numbered(first12: str) -> str:
    """Twelve digits and their check digit: a GLN or an EAN.

    >>> numbered("978207036002")
    '9782070360024'
    """
    return first12 + gln.check_digit(first12)


def misread(code: str) -> str:
    """A code with a wrong check digit."""
    return code[:12] + str((int(code[12]) + 4) % 10)


def with_vat(ht: int, vat: int = 550) -> int:
    """A total with its VAT, in cents."""
    return money.half_away(ht * (10_000 + vat), 10_000)


def without_vat(ttc: int, vat: int = 550) -> int:
    """A price as it is printed on the book, HT in cents."""
    return money.half_away(ttc * 10_000, 10_000 + vat)


def net(lines: Iterable[Line]) -> int:
    """What lines come to after discount, each rounded, HT in cents."""
    return sum(money.discounted(line.quantity * line.price, line.discount) for line in lines)


def header(side: str, declarant: str, reference: str, issued: datetime, **more: Any) -> Header:
    """The header of an initial declaration for the year before it is issued, unless `more` says otherwise."""
    plain = {
        "format": "fixed", "record": 1, "version": "0100", "addressee": US, "period": issued.year - 1, "use": "real",
        "nature": "initial", "replaced": "", "sending": 0,
    }  # fmt: skip
    return Header(side=side, declarant=declarant, reference=reference, issued=issued, **{**plain, **more})


def write(out: IO[bytes], form: str, head: Header, invoices: Iterable[Invoice]) -> None:
    """Writes a declaration, `fixed` or `xml`; invoices may be streamed."""
    (write_fixed if form == "fixed" else write_xml).write(head, invoices, out)


def written(declaration: Declaration, form: str = "fixed") -> bytes:
    """A declaration's bytes, `fixed` or `xml`."""
    out = io.BytesIO()
    write(out, form, declaration.header, declaration.invoices)
    return out.getvalue()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, the same for the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()
