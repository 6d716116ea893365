"""Big and many files for the bench, streamed: nothing grows with the file, and a million lines take seconds.

Sales are arithmetic: sale (supplier, library, n) is the same whichever side or format declares it, so that two
files written apart match. A hundred thousand titles, sold as books are: few often, most seldom.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from edi.demo.names import TITLES
from edi.settings import OUR_GLN
from parsers.fixed import writer as write_fixed
from schemas import gln
from schemas.charset import ENCODING
from schemas.layout import EN, FI
from schemas.money import decimal, half_away

YEAR = 2024
NAMESPACE = "urn:droit-de-pret:declaration:1.0"
#: The spread of the market: these many of either side, each pair with so many invoices a year.
SUPPLIERS, LIBRARIES, EACH = 50, 500, 20
DISTINCT = 100_000
_DISCOUNTS = (0, 500, 900)
#: One in so many invoices of the stock is declared otherwise by the library: rule 2 and the closer look have their share.
_ODD = 100
_FLUSH = 2_000


class Sold(NamedTuple):
    """One invoice: both partners by place, number, date, totals in cents, discount, (book, quantity) lines."""

    supplier: int
    library: int
    number: str
    day: date
    ht: int
    ttc: int
    discount: int
    lines: list[tuple[int, int]]


@lru_cache(1)
def books() -> list[tuple[str, int, str]]:
    """EAN, public price HT in cents, title: a hundred thousand of them."""
    made = []
    for place in range(DISTINCT):
        first12 = f"9782{place * 977 % 10**8:08d}"
        price = half_away((490 + place * 7919 % 4000) // 10 * 10_000, 1055)
        volume = f", tome {place // len(TITLES) % 40 + 1}" if place % 3 else f" - éd. {1950 + place % 70}"
        made.append((first12 + gln.check_digit(first12), price, TITLES[place % len(TITLES)] + volume))
    return made


@lru_cache(None)
def supplier_gln(place: int) -> str:
    """The GLN of a supplier."""
    first12 = f"3019{place:08d}"
    return first12 + gln.check_digit(first12)


@lru_cache(None)
def library_gln(place: int) -> str:
    """The GLN of a library."""
    first12 = f"3025{place:08d}"
    return first12 + gln.check_digit(first12)


def sold(supplier: int, library: int, n: int, lines: int) -> Sold:
    """The n-th sale of the year between the two, of so many lines."""
    h = (supplier * 1_000_003 + library * 10_007 + n * 101 + 12_345) & 0xFFFFFFFF
    discount = _DISCOUNTS[supplier % 3]
    stock = books()
    rows = []
    ht = 0
    for _ in range(lines):
        h = (h * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        place = (h >> 8) * (h >> 8) >> 32  # 0 .. 65535, small ones often
        place += (h & 1) * (DISTINCT - 65_536)
        quantity = (1, 1, 1, 2, 1, 1, 3, 2)[h >> 5 & 7]
        ht += (quantity * stock[place][1] * (10_000 - discount) + 5_000) // 10_000
        rows.append((place, quantity))
    day = date(YEAR, 1, 3) + timedelta(days=(library * 7 + n * 17 + supplier) % 350)
    number = f"F{supplier:02d}-{library:04d}/{n:04d}"
    return Sold(supplier, library, number, day, ht, half_away(ht * 1055, 1000), discount, rows)


def supplier_sales(supplier: int, libraries: Iterable[int], numbers: range, lines: int) -> Iterator[Sold]:
    """A supplier's sales to some libraries."""
    return (sold(supplier, library, n, lines) for library in libraries for n in numbers)


def library_sales(library: int, suppliers: Iterable[int], numbers: range, lines: int) -> Iterator[Sold]:
    """The same sales as a library sees them; of the stock, one in a hundred with another number, total or both."""
    for supplier in suppliers:
        for n in numbers:
            sale = sold(supplier, library, n, lines)
            odd, how = divmod(supplier * 31 + library * 17 + n * 7, _ODD)
            if how == 0 and n < 100:
                number = sale.number if odd % 3 == 1 else f"R{sale.number[1:]}"
                ht = sale.ht if odd % 3 == 0 else sale.ht * 7 // 10
                sale = sale._replace(number=number, ht=ht, ttc=half_away(ht * 1055, 1000))
            yield sale


def million(lines: int = 1_000_000) -> Iterator[Sold]:
    """One supplier's year of so many lines, ten an invoice, sold to two hundred libraries."""
    each = lines // 10 // 200
    return supplier_sales(0, range(200), range(1, each + 1), 10)


# -- writers ---------------------------------------------------------------------------------------


def write(out: IO[bytes], form: str, side: str, who: str, reference: str, at: datetime, sales: Iterable[Sold]) -> None:
    """Writes a declaration of that side; `at` is its time of issue."""
    {"fixed": _fixed, "xml": _xml}[form](out, side, who, reference, at, sales)


def _fixed(out: IO[bytes], side: str, who: str, reference: str, at: datetime, sales: Iterable[Sold]) -> None:
    header = {
        "record": 1, "version": "0100", "side": side, "declarant": who, "addressee": OUR_GLN, "issued": at,
        "reference": reference, "period": YEAR, "use": "real", "nature": "initial", "replaced": "", "sending": 0,
    }  # fmt: skip
    out.write((write_fixed.record(EN, header) + "\n").encode(ENCODING))
    tails = _fixed_tails() if side == "supplier" else []
    record, invoices, lines, total = 1, 0, 0, 0
    rows: list[str] = []
    blank20, zeros8 = " " * 20, "0" * 8
    for sale in sales:
        record += 1
        invoices += 1
        total += sale.ht
        partner, count = (
            (library_gln(sale.library), len(sale.lines)) if side == "supplier" else (supplier_gln(sale.supplier), 0)
        )
        rows.append(
            f"FA{record:07d}{partner}{sale.number:<20}{sale.day:%Y%m%d}F{sale.ht:012d}{sale.ttc:012d}{blank20}{zeros8}"
            f"{count:07d}{blank20}{zeros8}  \n"
        )
        if count:
            lines += count
            for place, quantity in sale.lines:
                record += 1
                ean, price, title = tails[place]
                rows.append(f"LG{record:07d}{ean}{quantity:06d}{price}{sale.discount:04d}0550{blank20}  {title}")
        if len(rows) > _FLUSH:
            out.write("".join(rows).encode(ENCODING))
            rows.clear()
    out.write("".join(rows).encode(ENCODING))
    trailer = {"record": record + 1, "invoices": invoices, "lines": lines, "sum_invoices": total, "sum_credits": 0}
    out.write((write_fixed.record(FI, trailer) + "\n").encode(ENCODING))


@lru_cache(1)
def _fixed_tails() -> list[tuple[str, str, str]]:
    return [(ean, f"{price:09d}", f"{title:<73}\n") for ean, price, title in books()]


def _xml(out: IO[bytes], side: str, who: str, reference: str, at: datetime, sales: Iterable[Sold]) -> None:
    cote = "fournisseur" if side == "supplier" else "bibliotheque"
    out.write(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<declaration xmlns="{NAMESPACE}" version="1.0" cote="{cote}" '
        f'usage="reel" nature="initiale" reference="{reference}" periode="{YEAR}" emission="{at.isoformat()}+01:00">\n'
        f'  <declarant gln="{who}"/>\n  <destinataire gln="{OUR_GLN}"/>\n'.encode()
    )
    tails = _xml_tails() if side == "supplier" else []
    rows: list[str] = []
    for sale in sales:
        partner = library_gln(sale.library) if side == "supplier" else supplier_gln(sale.supplier)
        rows.append(
            f'  <facture partenaire="{partner}" numero="{sale.number}" date="{sale.day}" type="facture" '
            f'totalHT="{decimal(sale.ht)}" totalTTC="{decimal(sale.ttc)}">\n'
        )
        if side == "supplier":
            off = f' remise="{decimal(sale.discount)}"' if sale.discount else ""
            for place, quantity in sale.lines:
                ean, price, title = tails[place]
                rows.append(f'    <ligne ean="{ean}" quantite="{quantity}" {price}{off} tva="5.50" {title}')
        rows.append("  </facture>\n")
        if len(rows) > _FLUSH:
            out.write("".join(rows).encode())
            rows.clear()
    rows.append("</declaration>\n")
    out.write("".join(rows).encode())


@lru_cache(1)
def _xml_tails() -> list[tuple[str, str, str]]:
    return [(ean, f'prixPublicHT="{decimal(price)}"', f'titre="{title}"/>\n') for ean, price, title in books()]


# -- sets of files ---------------------------------------------------------------------------------


def write_million(path: Path, form: str, lines: int = 1_000_000) -> None:
    """The supplier's big file."""
    with path.open("wb") as out:
        write(out, form, "supplier", supplier_gln(0), "ANNEE", datetime(YEAR + 1, 1, 10, 9), million(lines))


def write_market(folder: Path, each: int = EACH, lines: int = 2) -> list[Path]:
    """Suppliers x libraries x `each` invoices a side (500,000), one fixed file a declarant; the paths."""
    paths = []
    for supplier in range(SUPPLIERS):
        sales = supplier_sales(supplier, range(LIBRARIES), range(1, each + 1), lines)
        paths.append(_one(folder, "supplier", supplier, "STOCK", 0, sales))
    for library in range(LIBRARIES):
        sales = library_sales(library, range(SUPPLIERS), range(1, each + 1), lines)
        paths.append(_one(folder, "library", library, "STOCK", 0, sales))
    return paths


def write_arrivals(folder: Path, files: int = 2_000) -> list[Path]:
    """Small files of both sides in turn, 25 invoices each (a supplier's: 100 lines), xml every fourth; in order of issue."""
    paths = []
    for place in range(files // 2):
        supplier, batch = place % SUPPLIERS, place // SUPPLIERS
        shops = range(batch * 25 % LIBRARIES, batch * 25 % LIBRARIES + 25)
        n = range(100 + batch * 25 // LIBRARIES, 101 + batch * 25 // LIBRARIES)
        sales = supplier_sales(supplier, shops, n, 4)
        paths.append(_one(folder, "supplier", supplier, f"LOT{batch}", 2 * place + 1, sales))
        library, batch = place % LIBRARIES, place // LIBRARIES
        sellers = range(batch * 25 % SUPPLIERS, batch * 25 % SUPPLIERS + 25)
        n = range(100 + batch * 25 // SUPPLIERS, 101 + batch * 25 // SUPPLIERS)
        sales = library_sales(library, sellers, n, 4)
        paths.append(_one(folder, "library", library, f"LOT{batch}", 2 * place + 2, sales))
    return paths


def write_one_more(folder: Path, files: int = 5) -> list[Path]:
    """A supplier's files of a hundred invoices each, to as many libraries."""
    return [
        _one(
            folder, "supplier", place, "MORE", 50_000 + 2 * place, supplier_sales(place, range(100), range(900, 901), 4)
        )
        for place in range(files)
    ]


def _one(folder: Path, side: str, place: int, reference: str, minutes: int, sales: Iterable[Sold]) -> Path:
    who = supplier_gln(place) if side == "supplier" else library_gln(place)
    form = "xml" if minutes % 4 == 3 else "fixed"
    path = folder / f"{minutes:05d}-{side[0].upper()}{place:03d}-{reference}.{'xml' if form == 'xml' else 'txt'}"
    with path.open("wb") as out:
        write(out, form, side, who, reference, datetime(YEAR + 1, 1, 10) + timedelta(minutes=minutes), sales)
    return path
