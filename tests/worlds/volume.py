"""Big and many files for the bench, streamed: nothing grows with the file, and a million lines take seconds.

Sales are arithmetic: sale (supplier, library, n) is the same whichever side or format declares it, so that two
files written apart match. A hundred thousand titles, sold as books are: few often, most seldom.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from schemas.declaration import Invoice, Line
from tests.worlds.core import TITLES, header, numbered, with_vat, without_vat, write

YEAR = 2024
NAMESPACE = "urn:droit-de-pret:declaration:1.0"
#: The spread of the market: these many of either side, each pair with so many invoices a year.
SUPPLIERS, LIBRARIES, EACH = 50, 500, 20
DISTINCT = 100_000
_DISCOUNTS = (0, 500, 900)
#: One in so many invoices of the stock is declared otherwise by the library: rule 2 and the closer look have their share.
_ODD = 100


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
        price = without_vat((490 + place * 7919 % 4000) // 10 * 10)
        volume = f", tome {place // len(TITLES) % 40 + 1}" if place % 3 else f" - éd. {1950 + place % 70}"
        made.append((numbered(f"9782{place * 977 % 10**8:08d}"), price, TITLES[place % len(TITLES)] + volume))
    return made


@lru_cache(None)
def supplier_gln(place: int) -> str:
    """The GLN of a supplier."""
    return numbered(f"3019{place:08d}")


@lru_cache(None)
def library_gln(place: int) -> str:
    """The GLN of a library."""
    return numbered(f"3025{place:08d}")


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
    return Sold(supplier, library, number, day, ht, with_vat(ht), discount, rows)


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
                sale = sale._replace(number=number, ht=ht, ttc=with_vat(ht))
            yield sale


def million(lines: int = 1_000_000) -> Iterator[Sold]:
    """One supplier's year of so many lines, ten an invoice, sold to two hundred libraries."""
    each = lines // 10 // 200
    return supplier_sales(0, range(200), range(1, each + 1), 10)


# -- files -----------------------------------------------------------------------------------------


def _invoices(side: str, sales: Iterable[Sold]) -> Iterator[Invoice]:
    """Sales as that side declares them."""
    for sale in sales:
        lines = (
            tuple(_line(place, quantity, sale.discount) for place, quantity in sale.lines) if side == "supplier" else ()
        )
        partner = library_gln(sale.library) if side == "supplier" else supplier_gln(sale.supplier)
        yield Invoice(
            record=0, partner=partner, number=sale.number, date=sale.day, kind="F", ht=sale.ht, ttc=sale.ttc, lines=lines
        )  # fmt: skip


@lru_cache(1 << 18)
def _line(place: int, quantity: int, discount: int) -> Line:
    ean, price, title = books()[place]
    return Line(ean, quantity, price, discount, 550, "", "", title)


def _write(path: Path, form: str, side: str, who: str, reference: str, at: datetime, sales: Iterable[Sold]) -> None:
    with path.open("wb") as out:
        write(out, form, header(side, who, reference, at), _invoices(side, sales))


def write_million(path: Path, form: str, lines: int = 1_000_000) -> None:
    """The supplier's big file."""
    _write(path, form, "supplier", supplier_gln(0), "ANNEE", datetime(YEAR + 1, 1, 10, 9), million(lines))


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
    sales = (supplier_sales(place, range(100), range(900, 901), 4) for place in range(files))
    return [_one(folder, "supplier", place, "MORE", 50_000 + 2 * place, sold) for place, sold in enumerate(sales)]


def _one(folder: Path, side: str, place: int, reference: str, minutes: int, sales: Iterable[Sold]) -> Path:
    who = supplier_gln(place) if side == "supplier" else library_gln(place)
    form = "xml" if minutes % 4 == 3 else "fixed"
    path = folder / f"{minutes:05d}-{side[0].upper()}{place:03d}-{reference}.{'xml' if form == 'xml' else 'txt'}"
    _write(path, form, side, who, reference, datetime(YEAR + 1, 1, 10) + timedelta(minutes=minutes), sales)
    return path
