"""Clean declarations of both sides, the verdict on bytes, and the text tables that break the one to see the other."""

import datetime
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from edi.lending.checks import Checked, check
from edi.lending.context import Context, Partner
from parsers import read
from parsers.fixed import writer as write_fixed
from parsers.sniff import open_source
from parsers.xml import writer as write_xml
from schemas import ean, gln, money
from schemas.declaration import Declaration, Header, Invoice, Line
from schemas.finding import Finding
from schemas.layout import LAYOUTS

US = "3035593037000"
NOW = datetime.datetime(2026, 3, 1, 12, 0)
CONTEXT = Context(our_gln=US, now=NOW)
TABLES = Path(__file__).parent / "tables"


def numbered(first12: str) -> str:
    """Twelve digits and their check digit: a GLN or an EAN."""
    return first12 + gln.check_digit(first12)


SUPPLIER, SHOP = numbered("301292174218"), numbered("301287789328")
LIBRARY, OTHER_LIBRARY = numbered("301510033907"), numbered("301509679290")
DIRECTORY = {
    SUPPLIER: Partner(SUPPLIER, "Librairie", "supplier"),
    LIBRARY: Partner(LIBRARY, "Médiathèque", "library"),
    "3012345678901": Partner("3012345678901", "Bibliothèque au vieux Gencod", "library"),
}


def book(place: int, **changes: Any) -> Line:
    line = Line(numbered(f"978207{place:06d}"), 1 + place % 4, 995 + 100 * place, 900, 550, "", "", f"Titre n° {place}")
    return msgspec.structs.replace(line, **changes)


def totalled(invoice: Invoice, vat: int = 550) -> Invoice:
    """The invoice with the totals its lines make."""
    ht = sum(money.discounted(line.quantity * line.price, line.discount) for line in invoice.lines)
    return msgspec.structs.replace(invoice, ht=ht, ttc=money.half_away(ht * (10_000 + vat), 10_000))


def _header(side: str, declarant: str) -> Header:
    return Header(
        format="fixed",
        record=1,
        version="0100",
        side=side,
        declarant=declarant,
        addressee=US,
        issued=datetime.datetime(2026, 1, 15, 9, 30),
        reference="REF-2025-1",
        period=2025,
        use="real",
        nature="initial",
        sending=7,
    )


def _supplier() -> Declaration:
    invoice = Invoice(record=0, partner=LIBRARY, number="FA-2025/0012", date=datetime.date(2025, 3, 14), kind="F")
    credit = msgspec.structs.replace(
        invoice,
        number="AV 3",
        kind="A",
        date=datetime.date(2025, 6, 30),
        credited="FA-2025/0012",
        credited_on=datetime.date(2025, 3, 14),
        lines=(book(1),),
    )
    other = msgspec.structs.replace(invoice, number="000013", partner=OTHER_LIBRARY, lines=(book(4), book(5, title="")))
    first = msgspec.structs.replace(invoice, lines=(book(1), book(2, evidence=""), book(3)))
    return Declaration(_header("supplier", SUPPLIER), tuple(map(totalled, (first, other, credit))))


def _library() -> Declaration:
    invoice = Invoice(
        record=0,
        partner=SUPPLIER,
        number="FA-2025/0012",
        date=datetime.date(2025, 3, 14),
        kind="F",
        ht=18145,
        ttc=19143,
    )
    credit = msgspec.structs.replace(invoice, number="AV 3", kind="A", ht=1000, ttc=1055)
    return Declaration(
        _header("library", LIBRARY), (invoice, msgspec.structs.replace(invoice, number="13", partner=SHOP), credit)
    )


def _old() -> Declaration:
    """A supplier's first years: contracts, exclusions with an end, 3 % then 6 %."""
    base = _supplier()
    header = msgspec.structs.replace(base.header, period=2004, issued=datetime.datetime(2005, 1, 15, 9, 30))
    day = datetime.date(2004, 9, 1)
    exempt = (book(1, exclusion="MP", evidence="M2003-17"), book(2, exclusion="ET", evidence="BL-1"))
    first, second, credit = base.invoices
    return Declaration(
        header,
        (
            msgspec.structs.replace(
                first, date=day, contract="M2003-17", contract_sent=datetime.date(2003, 7, 2), lines=exempt
            ),
            msgspec.structs.replace(second, date=day),
            msgspec.structs.replace(credit, date=day, credited_on=datetime.date(2004, 7, 31)),
        ),
    )


def _nil() -> Declaration:
    return Declaration(_header("library", LIBRARY))


BASES = {"supplier": _supplier(), "library": _library(), "old": _old(), "nil": _nil()}
BASES["old"] = Declaration(BASES["old"].header, tuple(map(totalled, BASES["old"].invoices)))


def written(declaration: Declaration, form: str) -> bytes:
    """The declaration in `fixed` or `xml`."""
    out = io.BytesIO()
    writer = write_fixed.write if form == "fixed" else write_xml.write
    writer(declaration.header, declaration.invoices, out)
    return out.getvalue()


def judged(data: bytes, context: Context = CONTEXT) -> tuple[list[Finding], list[Checked]]:
    """Every finding of a file, and its invoices (the last part of each)."""
    findings: list[Finding] = []
    invoices: list[Checked] = []
    for event in check(read(open_source(io.BytesIO(data))), context):
        if isinstance(event, Finding):
            findings.append(event)
        elif isinstance(event, Checked):
            findings.extend(event.findings)
            if event.invoice.last:
                invoices.append(event)
    return findings, invoices


def codes(data: bytes, context: Context = CONTEXT) -> list[str]:
    return [finding.code for finding in judged(data, context)[0]]


def read_back(data: bytes) -> Declaration:
    """A clean file as a declaration, whole; what only one format knows is left out."""
    events = list(read(open_source(io.BytesIO(data))))
    header, *invoices = events
    assert isinstance(header, Header), header
    whole: list[Invoice] = []
    for invoice in invoices:
        assert isinstance(invoice, Invoice), invoice
        plain = msgspec.structs.replace(invoice, record=0, announced=None, line_records=(), part=0, last=True)
        if invoice.part:
            plain = msgspec.structs.replace(plain, lines=(*whole.pop().lines, *plain.lines))
        whole.append(plain)
    return Declaration(msgspec.structs.replace(header, format="fixed", record=1, version="0100"), tuple(whole))


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a text table: cells between `|`, `#` begins a remark."""
    for line in (TABLES / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield [cell.strip() for cell in re.split(r"\|(?= |$)", line)]


# -- breaking a declaration by its values: one row, both formats --------------------------------------


def changed(declaration: Declaration, changes: str) -> Declaration:
    """`H.period=2026; I1.ht=12; L1.2.price=0; I2.lines=-; I1!` (recompute totals); `I3-` (leave out), in that order."""
    header, invoices = declaration.header, list(declaration.invoices)
    for change in filter(None, (part.strip() for part in changes.split(";"))):
        if change.endswith("!"):
            place = int(change[1:-1]) - 1
            invoices[place] = totalled(invoices[place])
            continue
        if change.endswith("-") and "=" not in change:
            del invoices[int(change[1:-1]) - 1]
            continue
        target, text = change.split("=", 1)
        what, *path = target.split(".")
        if what == "H":
            header = _with(header, path[0], text)
        elif what[0] == "I":
            place = int(what[1:]) - 1
            if path[0] == "lines":
                kept = () if text == "-" else tuple(book(int(n)) for n in text.split(","))
                invoices[place] = msgspec.structs.replace(invoices[place], lines=kept)
            else:
                invoices[place] = _with(invoices[place], path[0], text)
        else:
            place, line = int(what[1:]) - 1, int(path[0]) - 1
            lines = list(invoices[place].lines)
            lines[line] = _with(lines[line], path[1], text)
            invoices[place] = msgspec.structs.replace(invoices[place], lines=tuple(lines))
    return Declaration(header, tuple(invoices))


def _with(struct: Any, name: str, text: str) -> Any:
    kind = {field.name: field.type for field in msgspec.structs.fields(struct)}[name]
    value: Any = text
    if text in ("", "-") and "date" in str(kind):
        value = None
    elif "datetime.datetime" in str(kind):
        value = datetime.datetime.fromisoformat(text)
    elif "datetime.date" in str(kind):
        value = datetime.date.fromisoformat(text)
    elif "int" in str(kind):
        value = int(text)
    return msgspec.structs.replace(struct, **{name: value})


def place_of(data: bytes, form: str, where: str) -> tuple[int, int | None, str | None]:
    """(record, position, field) of `EN.period`, `FA2.date`, `LG3.ean` (third of the file) in a written file."""
    match = re.fullmatch(r"(EN|FA|LG|FI)(\d*)(?:\.(\w+))?", where)
    assert match, where
    mark, nth, name = match[1], int(match[2] or 1), match[3]
    field = LAYOUTS[mark].field(name) if name else None
    if form == "fixed":
        marks = [line[:2] for line in data.decode("latin-1").split("\n")]
        record = [place for place, found in enumerate(marks, 1) if found == mark][nth - 1]
        return record, field.first if field else None, field.wire if field else None
    tag = {"EN": "declaration", "FA": "facture", "LG": "ligne"}[mark]
    start = [found.end() for found in re.finditer(rf"<{tag}\b[^>]*>".encode(), data)][nth - 1]
    return data.count(b"\n", 0, start) + 1, None, field.wire if field else None


assert ean.is_plain_book(book(1).ean)
