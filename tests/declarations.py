"""Clean declarations of both sides, the verdict on bytes, and the text tables that break the one to see the other."""

import io
import re
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.core.settings import Home, Settings
from edi.core.store import Connection
from edi.lending.booking.staging import stage
from edi.lending.rules.checked import Checked, CleanInvoices, Sums
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from parsers import read, read_in_bulk
from parsers.sniff import open_source
from schemas import ean
from schemas.declaration import Declaration, Header, Invoice, Line
from schemas.finding import Finding
from schemas.lending.layout import LAYOUTS
from tests.worlds.core import US, header, net, numbered, with_vat
from tests.worlds.core import written as written

NOW = datetime(2026, 3, 1, 12, 0)
CONTEXT = Context(our_gln=US, now=NOW)
#: A desk of nobody's home, whose temporary tables staging fills.
ASIDE = Desk(Home(Path("nowhere"), Settings(gln=US)), sqlite3.connect("", isolation_level=None, factory=Connection))
TABLES = Path(__file__).parent / "tables"


SUPPLIER, SHOP = numbered("301292174218"), numbered("301287789328")
LIBRARY, OTHER_LIBRARY = numbered("301510033907"), numbered("301509679290")
DIRECTORY = {
    SUPPLIER: Partner(SUPPLIER, "Librairie", "supplier"),
    LIBRARY: Partner(LIBRARY, "Médiathèque", "library"),
    "3012345678901": Partner("3012345678901", "Bibliothèque au vieux Gencod", "library"),
}


def book(place: int, **changes: Any) -> Line:
    line = Line(numbered(f"978207{place:06d}"), 1 + place % 4, 995 + 100 * place, 900, 550, "", "", f"Titre n° {place}")
    return replace(line, **changes)


def totalled(invoice: Invoice, vat: int = 550) -> Invoice:
    """The invoice with the totals its lines make."""
    ht = net(invoice.lines)
    return replace(invoice, ht=ht, ttc=with_vat(ht, vat))


def _bases() -> Iterator[tuple[str, Declaration]]:
    """What is broken by the tables: a supplier, a library, a supplier's first years, and one that has nothing to declare."""
    issued, day = datetime(2026, 1, 15, 9, 30), date(2025, 3, 14)
    invoice = Invoice(record=0, partner=LIBRARY, number="FA-2025/0012", date=day, kind="F")
    credit = replace(
        invoice, number="AV 3", kind="A", date=date(2025, 6, 30), credited="FA-2025/0012", credited_on=day, lines=(book(1),)
    )  # fmt: skip
    other = replace(invoice, number="000013", partner=OTHER_LIBRARY, lines=(book(4), book(5, title="")))
    first = replace(invoice, lines=(book(1), book(2, evidence=""), book(3)))
    supplier = header("supplier", SUPPLIER, "REF-2025-1", issued, sending=7)
    yield "supplier", Declaration(supplier, tuple(map(totalled, (first, other, credit))))
    bought = replace(invoice, partner=SUPPLIER, ht=18145, ttc=19143)
    library = header("library", LIBRARY, "REF-2025-1", issued, sending=7)
    returned = replace(bought, number="AV 3", kind="A", ht=1000, ttc=1055)
    yield "library", Declaration(library, (bought, replace(bought, number="13", partner=SHOP), returned))
    exempt = (book(1, exclusion="MP", evidence="M2003-17"), book(2, exclusion="ET", evidence="BL-1"))
    then = date(2004, 9, 1)
    first = replace(first, date=then, contract="M2003-17", contract_sent=date(2003, 7, 2), lines=exempt)
    old = (first, replace(other, date=then), replace(credit, date=then, credited_on=date(2004, 7, 31)))
    earlier = replace(supplier, period=2004, issued=datetime(2005, 1, 15, 9, 30))
    yield "old", Declaration(earlier, tuple(map(totalled, old)))
    yield "nil", Declaration(library)


BASES = dict(_bases())


def judged(data: bytes, context: Context = CONTEXT) -> tuple[list[Finding], list[Checked]]:
    """Every finding of a file, and its invoices (the last part of each), by production's own road."""
    findings: list[Finding] = []
    invoices: list[Checked] = []
    for event in check(read_in_bulk(open_source(io.BytesIO(data))), context):
        if isinstance(event, Finding):
            findings.append(event)
        elif isinstance(event, Checked):
            findings.extend(event.findings)
            if event.invoice.last:
                invoices.append(event)
        elif isinstance(event, CleanInvoices):
            for invoice, lines, copies, digest in zip(
                event.invoices, event.lines, event.copies, event.digests, strict=True
            ):
                invoices.append(Checked(invoice, (), sums=Sums(lines=lines, copies=copies), digest=digest))
    return findings, invoices


def staged(data: bytes, context: Context = CONTEXT) -> tuple[Finding, ...]:
    """The findings that staging keeps of a file, in the order of its records."""
    return stage(ASIDE, open_source(io.BytesIO(data)), context).tally.kept()


#: Where the invoices of a declaration may stand: how many sound ones before them, and behind.
PLACES = {"alone": (0, 0), "first": (0, 4), "middle": (3, 3), "last": (4, 0)}


def among(declaration: Declaration, place: str) -> Declaration:
    """The invoices of a declaration, if it has any, among others of its side and period of which nothing can be said."""
    header, (before, behind) = declaration.header, PLACES[place] if declaration.invoices else (0, 0)
    side, day = header.side or "supplier", date(max(header.period or 2025, 2003), 10, 1)
    sound = replace(BASES[side].invoices[0], date=day)
    if sound.lines:  # of books that no other invoice has
        sound = totalled(replace(sound, lines=tuple(map(book, (31, 32, 33)))))
    others = [replace(sound, number=f"SOUND {n}") for n in range(before + behind)]
    return Declaration(header, (*others[:before], *declaration.invoices, *others[before:]))


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
        plain = replace(invoice, record=0, announced=None, line_records=(), part=0, last=True)
        if invoice.part:
            plain = replace(plain, lines=(*whole.pop().lines, *plain.lines))
        whole.append(plain)
    return Declaration(replace(header, format="fixed", record=1, version="0100"), tuple(whole))


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
                invoices[place] = replace(invoices[place], lines=kept)
            else:
                invoices[place] = _with(invoices[place], path[0], text)
        else:
            place, line = int(what[1:]) - 1, int(path[0]) - 1
            lines = list(invoices[place].lines)
            lines[line] = _with(lines[line], path[1], text)
            invoices[place] = replace(invoices[place], lines=tuple(lines))
    return Declaration(header, tuple(invoices))


def _with(struct: Any, name: str, text: str) -> Any:
    kind = {field.name: field.type for field in msgspec.structs.fields(struct)}[name]
    value: Any = text
    if text in ("", "-") and "date" in str(kind):
        value = None
    elif "datetime.datetime" in str(kind):
        value = datetime.fromisoformat(text)
    elif "datetime.date" in str(kind):
        value = date.fromisoformat(text)
    elif "int" in str(kind):
        value = int(text)
    return replace(struct, **{name: value})


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


assert ean.is_valid(book(1).ean) and ean.is_book(book(1).ean)
