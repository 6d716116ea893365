"""The demo's sales: each one an invoice as the supplier and as the library will declare it, and what is planned for it.

TTC list prices rounded to HT, discounts within the law, numbers typed in two ways, dates a few days apart: all that
makes real declarations of one sale differ without being wrong. Money is integer cents.
"""

import datetime
from datetime import timedelta
from random import Random

import msgspec

from edi.demo.names import TITLES
from schemas import gln, money, number
from schemas.declaration import Line

VAT_BP = 550
_DISCOUNTS_BP = (0, 500, 900, 900, 900)
_TTC_CENTS = (290, 450, 690, 790, 850, 990, 1190, 1350, 1500, 1690, 1850, 1990, 2100, 2250, 2490, 2900, 3500, 4500)

#: What is planned for a sale, and the state its invoices stand in after the first and after the second round.
#: States are those of reconciliation; a discrepancy is named by its reason, `net-differs` is a match.
PLANS: dict[str, tuple[str, str]] = {
    "plain": ("matched", "matched"),
    "net": ("net-differs", "net-differs"),
    "evidence": ("matched", "matched"),
    "no-evidence": ("matched", "matched"),
    "retyped": ("proposed", "proposed"),
    "amount": ("amount-differs", "amount-differs"),
    "kind": ("kind-differs", "kind-differs"),
    "twice": ("matched", "matched"),
    "silent-library": ("waiting_library", "waiting_library"),
    "silent-supplier": ("waiting_supplier", "waiting_supplier"),
    "swapped": ("waiting_library", "waiting_library"),
    "wrong-gln": ("waiting_library", "waiting_library"),
    "outside": ("waiting_library", "waiting_library"),
    "ean": ("waiting_supplier", "matched"),
    "late": ("waiting_library", "matched"),
    "cut": ("waiting_library", "matched"),
    "utf8": ("waiting_supplier", "waiting_supplier"),
    "dtd": ("waiting_library", "waiting_library"),
}


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """One sale. `number`, `date`, `ht` are the supplier's; `typed`, `seen`, `net` the library's word for them.

    `billed` is the library's GLN as the supplier writes it, `bought_from` the supplier's as the library does.
    """

    supplier: str
    library: str
    billed: str
    bought_from: str
    number: str
    typed: str
    date: datetime.date
    seen: datetime.date
    kind: str
    lines: tuple[Line, ...]
    ht: int
    net: int
    plan: str = "plain"
    credited: str = ""
    credited_on: datetime.date | None = None


def ttc(ht: int) -> int:
    """An HT total with the VAT on books, in cents."""
    return money.half_away(ht * (10_000 + VAT_BP), 10_000)


def catalogue(rng: Random) -> list[tuple[str, str, int]]:
    """Every title with an EAN and a public price HT in cents, out of a TTC list price."""
    return [
        (ean13(f"9782{rng.randrange(10**8):08d}"), title, money.half_away(rng.choice(_TTC_CENTS) * 1000, 1055))
        for title in TITLES
    ]


def ean13(first12: str) -> str:
    """Twelve digits with their check digit.

    >>> ean13("978207036002")
    '9782070360024'
    """
    return first12 + gln.check_digit(first12)


def line_of(rng: Random, book: tuple[str, str, int], discount: int) -> Line:
    """A line for some copies of a book."""
    code, title, price = book
    return Line(code, rng.choice((1, 1, 1, 2, 2, 3, 5)), price, discount, VAT_BP, "", "", title)


def total(lines: tuple[Line, ...]) -> int:
    """What the lines come to after discount, HT in cents."""
    return sum(money.discounted(line.quantity * line.price, line.discount) for line in lines)


def sell(
    rng: Random, books: list[tuple[str, str, int]], supplier: str, library: str, name: str, year: int, plan: str
) -> Sale:
    """A sale of that plan, with the difference between its two sides that the plan asks for."""
    discount = 900 if plan in ("net", "amount", "twice") else rng.choice(_DISCOUNTS_BP)
    count = rng.randint(6, 12) if plan in ("net", "amount", "twice", "retyped") else rng.randint(2, 11)
    lines = tuple(line_of(rng, book, discount) for book in rng.sample(books, count))
    if plan in ("evidence", "no-evidence"):
        proof = f"BL-{rng.randrange(10, 99)}" if plan == "evidence" else ""
        lines = (msgspec.structs.replace(lines[0], exclusion="OC", evidence=proof), *lines[1:])
    ht, gross = total(lines), sum(line.quantity * line.price for line in lines)
    day = datetime.date(year, 1, 8) + timedelta(days=rng.randrange(330))
    seen = day + timedelta(days=rng.choice((0, 0, 0, 1, 2, 3, 6)))
    net = ht + rng.choice((0, 0, 0, 1, -1, 2))
    if plan == "net":
        net = gross * 95 // 100
    elif plan == "amount":
        net = ht * 4 // 5
    typed = typed_again(rng, name)
    if plan == "retyped":
        seen, net = day, ht
        typed = str(int(name[-4:]))
    return Sale(
        supplier=supplier, library=library, billed=library, bought_from=supplier, number=name, typed=typed, date=day,
        seen=seen, kind="A" if plan == "kind" else "F", lines=lines, ht=ht, net=net, plan=plan,
    )  # fmt: skip


def credit(rng: Random, sale: Sale, name: str) -> Sale:
    """A credit note for one line of a sale, declared by both sides."""
    lines = (rng.choice(sale.lines),)
    day = sale.date + timedelta(days=rng.randint(5, 12))
    return msgspec.structs.replace(
        sale, number=name, typed=typed_again(rng, name), date=day, seen=day, kind="A", lines=lines, ht=total(lines),
        net=total(lines), credited=sale.number, credited_on=sale.date,
    )  # fmt: skip


def typed_again(rng: Random, name: str) -> str:
    """The number as somebody else types it from the paper; its key stays the same.

    >>> sorted({typed_again(Random(seed), "FA-2025/0012") for seed in range(40)})
    ['FA 2025 0012', 'FA-2025-0012', 'FA-2025/0012', 'FA20250012', 'fa-2025/0012']
    """
    ways = {
        name, name.lower(), name.replace("-", "").replace("/", ""), name.replace("-", " ").replace("/", " "),
        name.replace("/", "-"), name.lstrip("0"),
    }  # fmt: skip
    same = sorted(way for way in ways if number.key(way) == number.key(name))
    return rng.choice(same)
