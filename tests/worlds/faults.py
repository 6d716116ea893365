"""What really goes wrong, planted one by one in a made-up year: each fault by name, with the truth beside it.

A fault is a function from a sale to the papers both sides write of it, or None where it cannot befall that sale.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from schemas.charset import ENCODING
from schemas.declaration import Line
from tests.market.oracle import Paper
from tests.worlds.core import net, with_vat
from tests.worlds.sales import (
    LINES_DUE,
    SCHEME_BEGINS,
    Sale,
    changed,
    last_of_month,
    of_library,
    of_supplier,
    titles,
    total,
)  # fmt: skip
from tests.worlds.trade import RESTARTING

Papers = list[Paper] | None
Fault = Callable[[random.Random, Sale], Papers]


def honest(rng: random.Random, sale: Sale) -> Papers:
    """Both sides as rule 1 lets them differ; where one number is borne by several sales, more exactly than that."""
    if sale.seller.style in RESTARTING:
        fault = "two shops of one head office" if sale.seller.chain else "numbers restart each January"
        other = of_library(sale, rng, fault, ht=sale.ht, date=close(rng, sale.day))
        if sale.seller.chain and rng.random() < 0.4:
            other = changed(other, partner=sale.seller.chain)
        return [of_supplier(sale, fault), other]
    return [of_supplier(sale), of_library(sale, rng)]


def close(rng: random.Random, day: date, most: int = 4) -> date:
    return day + timedelta(rng.randint(0, most))


# -- the number ------------------------------------------------------------------------------------


def renumbered(fault: str, change: Callable[[random.Random, str], str | None]) -> Fault:
    """One side's number in a way that the key does not bear; the amounts agree, and so do the dates, more or less."""

    def plant(rng: random.Random, sale: Sale) -> Papers:
        number = change(rng, sale.number)
        if number is None or not 0 < len(number) <= 20:
            return None
        return [of_supplier(sale, fault), of_library(sale, rng, fault, number=number, ht=near(rng, sale))]

    return plant


def near(rng: random.Random, sale: Sale) -> int:
    """The same total, or a few cents off."""
    return sale.ht if rng.random() < 0.8 else max(1, sale.ht + rng.randint(-4, 4))


def letter_o(rng: random.Random, number: str) -> str | None:
    zeros = [found.start() for found in re.finditer("(?<=[1-9])0|0(?=[1-9])", number)]
    place = rng.choice(zeros) if zeros else None
    return None if place is None else number[:place] + rng.choice("OOo") + number[place + 1 :]


def no_prefix(rng: random.Random, number: str) -> str | None:
    """Only the last run of digits is left of it; or, where there is but one, a prefix is put before it."""
    runs = re.findall("[0-9]+", number)
    if len(runs) > 1:
        return str(runs[-1]) if rng.random() < 0.5 else str(int(runs[-1]))
    return f"{rng.choice(('FC', 'FAC ', 'CL4-', '25-'))}{number}" if number.isdigit() else runs[-1]


def no_suffix(rng: random.Random, number: str) -> str | None:
    """A letter after it, or the number of a copy."""
    return number + rng.choice(("A", "/B", "-L", "/1", "-2"))


def no_inner_zeros(rng: random.Random, number: str) -> str | None:
    bare = re.sub("(?<=[^0-9])0+(?=[1-9])", "", number)
    return bare if bare != number and not re.match("[A-Z]*[^0-9A-Z]?0", number) else None


def run_together(rng: random.Random, number: str) -> str | None:
    """`20250012` for `FA-2025/0012`: no letters, no signs between."""
    bare = "".join(re.findall("[0-9]", number))
    return bare if re.match("[A-Z]", number) else None


# -- the day, the partner ---------------------------------------------------------------------------


def payment_order(rng: random.Random, sale: Sale) -> Papers:
    later = sale.day + timedelta(rng.randint(46, 180))
    fault = "date of the payment order"
    return [of_supplier(sale, fault), of_library(sale, rng, fault, date=later, ht=sale.ht)]


def other_gln(which: str) -> Fault:
    """One side writes a GLN of its partner's that is not the one the partner declares under."""

    def plant(rng: random.Random, sale: Sale) -> Papers:
        fault = f"GLN: {which}"
        one, other = of_supplier(sale, fault), of_library(sale, rng, fault)
        if which in sale.buyer.other and (which not in sale.seller.other or rng.random() < 0.5):
            return [changed(one, partner=sale.buyer.other[which]), other]
        return [one, changed(other, partner=sale.seller.other[which])]

    return plant


def several_libraries(rng: random.Random, sale: Sale) -> Papers:
    """One invoice for two libraries of one owner; each declares its part of it."""
    if not sale.buyer.sister or sale.ht < 1_000 or sale.kind == "A":
        return None
    fault = "one invoice, several libraries"
    part = sale.ht * rng.randint(30, 70) // 100
    day = close(rng, sale.day)
    first = of_library(sale, rng, fault, ht=part, date=day)
    return [
        of_supplier(sale, fault, partner=rng.choice((sale.buyer.other["owner"], sale.buyer.gln))),
        first,
        of_library(sale, rng, fault, ht=sale.ht - part, date=day, declarant=sale.buyer.sister, number=first.number),
    ]


# -- the amounts -----------------------------------------------------------------------------------


def amounts(fault: str, change: Callable[[random.Random, Sale], tuple[int, int] | None], door: str = "") -> Fault:
    """The library's HT and TTC are others."""

    def plant(rng: random.Random, sale: Sale) -> Papers:
        made = change(rng, sale)
        if made is None or made[0] < 1:
            return None
        return [of_supplier(sale, fault), of_library(sale, rng, fault, ht=made[0], ttc=made[1], door=door)]

    return plant


def mixed(rng: random.Random, sale: Sale) -> tuple[int, int]:
    """Books and DVDs on one invoice, of which the supplier declares the books."""
    films = sale.ht * rng.randint(5, 120) // 100 + 500
    return sale.ht + films, sale.ttc + with_vat(films, 1960 if sale.day < date(2014, 1, 1) else 2000)


def vat_included(rng: random.Random, sale: Sale) -> tuple[int, int]:
    return sale.ttc, sale.ttc if rng.random() < 0.7 else with_vat(sale.ttc, sale.vat)


def swapped(rng: random.Random, sale: Sale) -> tuple[int, int] | None:
    return (sale.ttc, sale.ht) if sale.ttc > sale.ht else None


def whole_euros(rng: random.Random, sale: Sale) -> tuple[int, int]:
    euros = (sale.ht if rng.random() < 0.5 else sale.ht + 50) // 100 * 100
    return euros, with_vat(euros, sale.vat)


def mistyped(rng: random.Random, sale: Sale) -> tuple[int, int] | None:
    """Two neighbouring digits changed places."""
    typed = str(sale.ht)
    place = rng.randrange(len(typed))
    ht = int(typed[:place] + typed[place : place + 2][::-1] + typed[place + 2 :])
    return (ht, with_vat(ht, sale.vat)) if ht != sale.ht else None


def swapped_by_supplier(rng: random.Random, sale: Sale) -> Papers:
    fault = "HT and TTC swapped"
    if sale.ttc <= sale.ht:
        return None
    return [of_supplier(sale, fault, ht=sale.ttc, ttc=sale.ht, door="ht-exceeds-ttc"), of_library(sale, rng, fault)]


def excluded_lines(rng: random.Random, sale: Sale) -> Papers:
    """Some lines owe nothing; the library declares them all, or those that do owe."""
    if len(sale.lines) < 2:
        return None
    fault = "excluded lines"
    codes = ("OC", "AN", "AU", "SO", "PA", *(("ET",) if sale.day <= date(2006, 12, 31) else ()))
    out = rng.randint(1, len(sale.lines) - 1)
    lines = (
        tuple(
            msgspec.structs.replace(line, exclusion=rng.choice(codes), evidence=rng.choice(("BL-77", "P12", "")))
            for line in sale.lines[:out]
        )
        + sale.lines[out:]
    )
    ht = sale.ht if rng.random() < 0.5 else net(lines[out:])
    return [of_supplier(sale, fault, lines=lines), of_library(sale, rng, fault, ht=ht)]


# -- notes, statements, twice, silence -----------------------------------------------------------------


def credit_as_invoice(rng: random.Random, sale: Sale) -> Papers:
    """A credit note that one side declares as an invoice, its amount being positive on paper."""
    if sale.kind == "F":
        sale = msgspec.structs.replace(sale, kind="A", number=f"AV{sale.number}")
    fault = "credit note as a positive amount"
    if rng.random() < 0.8:
        return [of_supplier(sale, fault), of_library(sale, rng, fault, kind="F", ht=sale.ht)]
    return [of_supplier(sale, fault, kind="F", credited="", credited_on=None), of_library(sale, rng, fault, ht=sale.ht)]


def one_sided(fault: str, kind: str) -> Fault:
    """Only one side declares it, now or ever."""

    def plant(rng: random.Random, sale: Sale) -> Papers:
        if kind == "A" and sale.kind == "F":
            sale = msgspec.structs.replace(sale, kind="A", number=f"AV{sale.number}")
        return [of_supplier(sale, fault) if rng.random() < 0.5 else of_library(sale, rng, fault)]

    return plant


def return_inside(rng: random.Random, sale: Sale) -> Papers:
    """Some copies go back on the invoice itself: the supplier's credit note bears its number, the library nets."""
    if len(sale.lines) < 2 or sale.kind == "A":
        return None
    fault = "return inside an invoice"
    back = sale.lines[: rng.randint(1, (len(sale.lines) + 1) // 2)]
    given = net(back)
    if given >= sale.ht:
        return None
    note = of_supplier(sale, fault, kind="A", lines=back, ht=given, ttc=with_vat(given, sale.vat))
    return [of_supplier(sale, fault), note, of_library(sale, rng, fault, ht=sale.ht - given)]


def declared_twice(rng: random.Random, sale: Sale) -> Papers:
    """By the program, and by hand: the number in another form, or not even that."""
    fault = "the same invoice twice"
    one, other = of_supplier(sale, fault), of_library(sale, rng, fault, ht=sale.ht, date=close(rng, sale.day))
    twice = one if rng.random() < 0.4 else other
    number = re.sub("[^0-9A-Za-z]", " ", twice.number)
    number = number if number != twice.number else f"n {number}" if number[:1].isalpha() else f"0{number}"
    if number[:2] == "n ":
        number = f"{number[2]}-{number[3:]}"
    same = rng.random() < 0.3
    again = changed(
        twice, by_hand=True, number=twice.number if same else number, door="invoice-already-declared" if same else ""
    )
    return [one, other, again]


def silent(rng: random.Random, sale: Sale) -> Papers:
    """A partner that has not declared at all."""
    if sale.seller.silent:
        return [of_library(sale, rng, "silent supplier")]
    return [of_supplier(sale, "silent library")]


# -- before 2006 -----------------------------------------------------------------------------------


def header_only(rng: random.Random, sale: Sale) -> Papers:
    if sale.day >= LINES_DUE:
        return None
    fault = "header-only invoice"
    return [of_supplier(sale, fault, lines=()), of_library(sale, rng, fault, ht=near(rng, sale))]


def contract(rng: random.Random, sale: Sale) -> Papers:
    """Sales under an exempt public contract: known to both, to the supplier alone, or to the library alone."""
    if sale.day >= LINES_DUE:
        return None
    who = rng.choice(("both", "both", "supplier", "library"))
    fault = f"exempt contract: {who}"
    sent = SCHEME_BEGINS - timedelta(rng.randint(0, 500))
    claim = {"contract": "M2003-17", "contract_sent": sent}
    lines = tuple(msgspec.structs.replace(line, exclusion="MP", evidence="M2003-17") for line in sale.lines)
    one = of_supplier(sale, fault, lines=lines, **claim) if who != "library" else of_supplier(sale, fault)
    return [one, of_library(sale, rng, fault, **(claim if who != "supplier" else {}))]


FAULTS: dict[str, Fault] = {
    "letter O for 0": renumbered("number: letter O for 0", letter_o),
    "prefix": renumbered("number: prefix missing", no_prefix),
    "suffix": renumbered("number: suffix missing", no_suffix),
    "inner zeros": renumbered("number: inner zeros lost", no_inner_zeros),
    "run together": renumbered("number: run together", run_together),
    "payment order": payment_order,
    **{which: other_gln(which) for which in ("given later", "never given", "commune", "head office", "successor")},
    "several libraries": several_libraries,
    "mixed": amounts("books and DVDs", mixed),
    "VAT": amounts("VAT included", vat_included),
    "swapped": amounts("HT and TTC swapped", swapped, "ht-exceeds-ttc"),
    "swapped by the supplier": swapped_by_supplier,
    "whole euros": amounts("whole euros", whole_euros),
    "mistyped": amounts("digits of the total swapped", mistyped),
    "excluded lines": excluded_lines,
    "credit as invoice": credit_as_invoice,
    "one-sided note": one_sided("credit note of one side", "A"),
    "return": return_inside,
    "twice": declared_twice,
    "headers": header_only,
    "contract": contract,
}

#: What goes wrong with a whole file, by the code that is found.
OF_FILES: dict[str, Callable[[bytes], bytes]] = {
    "trailer-missing": lambda content: content[: len(content) * 2 // 3 + 41],  # as a broken transfer leaves it
    "charset": lambda content: content.decode(ENCODING).encode(),
    "xml-dtd-forbidden": lambda content: content.replace(
        b"?>", b'?>\n<!DOCTYPE declaration SYSTEM "declaration.dtd">', 1
    ),
}


def planted(rng: random.Random, sales: Sequence[Sale], share: float = 0.35) -> list[Paper]:
    """Every sale's papers: statements and silence first, then faults in turn for a `share` of the rest."""
    papers: list[Paper] = []
    turn = iter(_in_turn(rng))
    bundled = dict(_statements(rng, sales))
    for sale in sales:
        if sale.case in bundled:
            papers += bundled[sale.case]
        elif sale.seller.silent or sale.buyer.silent:
            papers += silent(rng, sale) or []
        elif rng.random() < share and sale.seller.style not in RESTARTING:
            papers += next(made for fault in turn if (made := FAULTS[fault](rng, sale)))
        else:
            papers += honest(rng, sale) or []
    return papers


def _in_turn(rng: random.Random) -> Iterator[str]:
    """The faults over and over, each time in another order."""
    while True:
        yield from rng.sample(list(FAULTS), len(FAULTS))


def _statements(rng: random.Random, sales: Iterable[Sale]) -> Iterator[tuple[int, list[Paper]]]:
    """Monthly statements declared as one invoice, by case: the whole bundle at the first of its sales."""
    months: dict[tuple[str, str, int, int], list[Sale]] = defaultdict(list)
    for sale in sales:
        if not (sale.seller.silent or sale.buyer.silent or sale.seller.style in RESTARTING):
            months[sale.seller.gln, sale.buyer.gln, sale.day.year, sale.day.month].append(sale)
    fault = "monthly statement"
    for month in months.values():
        owed = sum(sale.ht if sale.kind == "F" else -sale.ht for sale in month)
        if len(month) < 2 or owed < 100 or rng.random() > 0.12:
            continue
        first, last = month[0], max(sale.day for sale in month)
        number = rng.choice(("REL {:%m-%Y}", "RELEVE {:%m}", "{:%Y%m}")).format(last)
        ttc = with_vat(owed, first.vat)
        statement = of_library(first, rng, fault, number=number, ht=owed, ttc=ttc, kind="F", date=last_of_month(last))
        yield first.case, [statement, *(of_supplier(sale, fault, case=first.case) for sale in month)]
        for sale in month[1:]:
            yield sale.case, []


# -- decoys ----------------------------------------------------------------------------------------


def decoys(rng: random.Random, papers: Sequence[Paper], sales: Sequence[Sale], count: int) -> list[Paper]:
    """Other sales between the same partners, of the same amount, in the same month: of both sides mostly, or of one.

    Beside an honest sale any will do; beside a fault most are of both sides, else nobody could tell the two apart.
    """
    faults = {paper.case: paper.fault for paper in papers}
    made: list[Paper] = []
    candidates = [
        sale
        for sale in sales
        if sale.seller.style not in RESTARTING and not sale.seller.silent and not sale.buyer.silent
        and sale.kind == "F" and faults.get(sale.case, "monthly statement") != "monthly statement"
    ]  # fmt: skip
    for place, like in enumerate(rng.choices(candidates, k=count)):
        case = len(sales) + place
        day = like.day.replace(day=rng.randint(1, last_of_month(like.day).day))
        number = f"{rng.choice(('D', 'W', 'X'))}{rng.randrange(10**6):06d}"
        sale = msgspec.structs.replace(
            like, case=case, day=max(SCHEME_BEGINS, day), number=number, lines=_alike(rng, like)
        )
        both = rng.random() < (0.9 if faults[like.case] else 0.6)
        fault = "decoy" if both else "decoy of one side"
        one, other = of_supplier(sale, fault), of_library(sale, rng, fault, ht=sale.ht)
        made += [one, other] if both else [rng.choice((one, other))]
    return made


def _alike(rng: random.Random, sale: Sale) -> tuple[Line, ...]:
    """Other titles of the same total; the same titles where no one price makes it."""
    (line,) = titles(rng, sale.vat, 0, 1)
    single = (msgspec.structs.replace(line, quantity=1, price=sale.ht),)
    return single if rng.random() < 0.5 and total(rng, single, sale.vat) == sale.ht else sale.lines
