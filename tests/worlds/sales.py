"""What is truly sold in a made-up year, and how either side writes it down: the true sale, and papers with honest noise."""

import random
import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import msgspec

from schemas import money
from schemas.declaration import Invoice, Line
from tests.market.oracle import Paper
from tests.worlds.core import TITLES, net, numbered, with_vat, without_vat
from tests.worlds.trade import RESTARTING, STYLES, Buyer, Seller

SCHEME_BEGINS = date(2003, 8, 1)
LINES_DUE = date(2006, 1, 1)


#: Lines of so many titles, from a VAT rate and a discount.
Titles = Callable[[random.Random, int, int, int], tuple[Line, ...]]


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What truly happened: one invoice or credit note as its supplier has it in the books. Cents; VAT in 1/100 %."""

    case: int
    seller: Seller
    buyer: Buyer
    day: date
    number: str
    kind: str
    lines: tuple[Line, ...]
    ht: int
    vat: int
    credited: str = ""
    credited_on: date | None = None

    @property
    def ttc(self) -> int:
        return with_vat(self.ht, self.vat)

    @property
    def gross(self) -> int:
        return sum(line.quantity * line.price for line in self.lines)


def vat_on(day: date) -> int:
    """VAT on books, in 1/100 %."""
    return 700 if date(2012, 4, 1) <= day <= date(2012, 12, 31) else 550


def cap(day: date) -> int:
    """The highest legal discount, in 1/100 %."""
    return 1200 if day < date(2004, 8, 1) else 900


def titles(rng: random.Random, vat: int, discount: int, count: int) -> tuple[Line, ...]:
    """Lines of so many titles. The price on the book is TTC, and ends as such prices do."""
    made = []
    for _ in range(count):
        ean = numbered(f"978{rng.choice('2234')}{rng.randrange(10**8):08d}")
        shown = rng.choice((rng.randint(49, 180) * 10, rng.randint(12, 60) * 50, rng.randint(5, 40) * 100 - 1))
        quantity = rng.choices((1, 2, 3, 6, 12), (78, 12, 5, 3, 2))[0]
        title = TITLES[shown % len(TITLES)]
        made.append(Line(ean, quantity, without_vat(shown, vat), discount, vat, "", "", title))
    return tuple(made)


def total(rng: random.Random, lines: tuple[Line, ...], vat: int) -> int:
    """What the supplier's program adds up: lines rounded one by one, or taken down from TTC at the end."""
    by_line = net(lines)
    shown = sum(with_vat(one.quantity * one.price, vat) * (10_000 - one.discount) for one in lines)
    from_ttc = money.half_away(shown, 10_000 + vat)
    gross = sum(one.quantity * one.price for one in lines)
    slack = money.tolerance(len(lines), sum(one.quantity for one in lines), gross)
    return from_ttc if rng.random() < 0.4 and abs(from_ttc - by_line) <= slack else by_line


def sold(rng: random.Random, year: int, size: int, buyers: list[Buyer]) -> list[Sale]:
    """The year's sales, numbered as each supplier does, in the order of their days."""
    weights = [1 / (1 + rank) ** 0.6 for rank in range(len(buyers))]
    first, last = max(date(year, 1, 1), SCHEME_BEGINS), date(year, 12, 31)
    planned = []
    for buyer in rng.choices(buyers, weights, k=size):
        seller = rng.choices(buyer.sellers, [1 / (1 + rank) for rank in range(len(buyer.sellers))])[0]
        begins = max(first - timedelta(75), SCHEME_BEGINS) if seller.style in RESTARTING else first
        planned.append((begins + timedelta(rng.randrange((last - begins).days + 1)), seller, buyer))
    planned.sort(key=lambda plan: (plan[0], plan[1].gln, plan[2].gln))
    made = billed(rng, planned, titles, lambda: min(40, int(rng.paretovariate(0.9))))
    return [_credit_note(rng, sale, made) if rng.random() < 0.04 else sale for sale in made]


def billed(
    rng: random.Random, planned: Iterable[tuple[date, Seller, Buyer]], titles: Titles, many: Callable[[], int]
) -> list[Sale]:
    """An invoice of so `many` titles for each of the planned sales, numbered in their order as its supplier does."""
    counted: dict[tuple[Any, ...], int] = defaultdict(int)
    made = []
    for case, (day, seller, buyer) in enumerate(planned):
        for period in ((seller.gln, day.year), (seller.gln, day.year, day.month)):
            counted[period] += 1
        number = STYLES[seller.style](day, counted[seller.gln, day.year], counted[seller.gln, day.year, day.month])
        vat = vat_on(day)
        lines = titles(rng, vat, min(seller.discount, cap(day)), many())
        ht = total(rng, lines, vat)
        made.append(Sale(
            case=case, seller=seller, buyer=buyer, day=day, number=number, kind="F", lines=lines, ht=ht, vat=vat
        ))  # fmt: skip
    return made


def _credit_note(rng: random.Random, sale: Sale, sales: list[Sale]) -> Sale:
    """The sale as a credit note, some naming what they credit, some its date, some both."""
    before = sales[rng.randrange(max(0, sale.case - 400), sale.case + 1)]
    of_same = (before.seller, before.buyer) == (sale.seller, sale.buyer)
    credited = before.number if of_same or rng.random() < 0.3 else ""
    credited_on = sale.day - timedelta(rng.randint(5, 90)) if rng.random() < 0.4 else None
    return msgspec.structs.replace(
        sale, kind="A", number=f"AV{sale.number}", credited=credited, credited_on=credited_on
    )


# -- papers ----------------------------------------------------------------------------------------


def of_supplier(sale: Sale, fault: str = "", **changes: Any) -> Paper:
    """The supplier's paper; `changes` are of the invoice's fields, or of the paper's own."""
    invoice = Invoice(
        record=0, partner=sale.buyer.gln, number=sale.number, date=sale.day, kind=sale.kind, ht=sale.ht, ttc=sale.ttc,
        lines=sale.lines, credited=sale.credited, credited_on=sale.credited_on,
    )  # fmt: skip
    paper = Paper(side="supplier", declarant=sale.seller.gln, invoice=invoice, case=sale.case, fault=fault)
    return changed(paper, **changes)


def of_library(sale: Sale, rng: random.Random, fault: str = "", **changes: Any) -> Paper:
    """The library's paper, with honest noise where `changes` say nothing: how the number is written, the day, the cents."""
    day = changes.pop("date", None) or day_noise(rng, sale.day)
    ht = changes.pop("ht") if "ht" in changes else sale.ht if rng.random() < 0.75 else cents_noise(rng, sale)
    ttc = changes.pop("ttc", None) or with_vat(ht, sale.vat)
    number = number_noise(rng, sale.number)
    invoice = Invoice(record=0, partner=sale.seller.gln, number=number, date=day, kind=sale.kind, ht=ht, ttc=ttc)
    paper = Paper(side="library", declarant=sale.buyer.gln, invoice=invoice, case=sale.case, fault=fault)
    return changed(paper, **changes)


def changed(paper: Paper, **changes: Any) -> Paper:
    """The paper with other fields, its invoice's or its own."""
    own = {name: changes.pop(name) for name in Paper.__struct_fields__ if name in changes}
    return msgspec.structs.replace(paper, invoice=msgspec.structs.replace(paper.invoice, **changes), **own)


def number_noise(rng: random.Random, number: str) -> str:
    """The number in another hand: case, punctuation, zeros before the first digits."""
    form = rng.choices(("same", "lower", "bare", "spaced", "dotted", "zeros"), (50, 10, 15, 10, 5, 10))[0]
    if form == "lower":
        return number.lower()
    if form == "zeros":
        head, zeros, rest = re.fullmatch("([^0-9]*)(0*)(.*)", number, re.DOTALL).groups()  # type: ignore[union-attr]
        return head + (zeros[:-1] if zeros and rest[:1].isdigit() else zeros) + rest
    stands = {"same": None, "bare": "", "spaced": " ", "dotted": "."}[form]
    return number if stands is None else number.replace("-", stands).replace("/", stands)


def day_noise(rng: random.Random, day: date, most: int = 45) -> date:
    """Issued, received, or paid: the same day for half of them, seldom earlier."""
    kind = rng.random()
    if kind < 0.5:
        return max(SCHEME_BEGINS, day)
    shift = rng.randint(*((1, 5) if kind < 0.75 else (-6, 0) if kind < 0.85 else (6, most)))
    return max(SCHEME_BEGINS, day + timedelta(shift))


def slack(sale: Sale) -> int:
    """What two honest totals of this sale may differ by, in cents."""
    return max(5, money.tolerance(len(sale.lines), sum(one.quantity for one in sale.lines), sale.gross))


def cents_noise(rng: random.Random, sale: Sale) -> int:
    """Another program's cents; or another discount, up to the legal one."""
    if rng.random() < 0.6:
        return max(1, sale.ht + rng.randint(-slack(sale), slack(sale)))
    off = cap(sale.day) if sale.kind == "F" else 900
    return max(1, rng.randint(-(-sale.gross * (10_000 - off) // 10_000), sale.gross))


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
