"""What really goes wrong, as one table of named mutations: each with what either side writes of a sale, and the truth beside it.

A fault is a function from a sale, and the fault's name, to the papers both sides write of it; None where it cannot befall
that sale.
"""

import random
import re
from collections.abc import Callable
from datetime import date, timedelta

from msgspec.structs import replace

from schemas.charset import ENCODING
from tests.market.oracle import Paper
from tests.worlds.core import net, with_vat
from tests.worlds.sales import LINES_DUE, SCHEME_BEGINS, Sale, changed, of_library, of_supplier
from tests.worlds.trade import RESTARTING

Papers = list[Paper] | None
Fault = Callable[[random.Random, Sale, str], Papers]


def honest(rng: random.Random, sale: Sale) -> list[Paper]:
    """Both sides as rule 1 lets them differ; where one number is borne by several sales, more exactly than that."""
    if sale.seller.style not in RESTARTING:
        return [of_supplier(sale), of_library(sale, rng)]
    fault = "two shops of one head office" if sale.seller.chain else "numbers restart each January"
    other = of_library(sale, rng, fault, ht=sale.ht, date=close(rng, sale.day))
    if sale.seller.chain and rng.random() < 0.4:
        other = changed(other, partner=sale.seller.chain)
    return [of_supplier(sale, fault), other]


def close(rng: random.Random, day: date, most: int = 4) -> date:
    return day + timedelta(rng.randint(0, most))


# -- the number ------------------------------------------------------------------------------------


def renumbered(change: Callable[[random.Random, str], str | None]) -> Fault:
    """One side's number in a way that the key does not bear; the amounts agree, and so do the dates, more or less."""

    def plant(rng: random.Random, sale: Sale, fault: str) -> Papers:
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


def payment_order(rng: random.Random, sale: Sale, fault: str) -> Papers:
    later = sale.day + timedelta(rng.randint(46, 180))
    return [of_supplier(sale, fault), of_library(sale, rng, fault, date=later, ht=sale.ht)]


def other_gln(which: str) -> Fault:
    """One side writes a GLN of its partner's that is not the one the partner declares under."""

    def plant(rng: random.Random, sale: Sale, fault: str) -> Papers:
        one, other = of_supplier(sale, fault), of_library(sale, rng, fault)
        if which in sale.buyer.other and (which not in sale.seller.other or rng.random() < 0.5):
            return [changed(one, partner=sale.buyer.other[which]), other]
        return [one, changed(other, partner=sale.seller.other[which])]

    return plant


def several_libraries(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """One invoice for two libraries of one owner; each declares its part of it."""
    if not sale.buyer.sister or sale.ht < 1_000 or sale.kind == "A":
        return None
    part = sale.ht * rng.randint(30, 70) // 100
    day = close(rng, sale.day)
    first = of_library(sale, rng, fault, ht=part, date=day)
    return [
        of_supplier(sale, fault, partner=rng.choice((sale.buyer.other["owner"], sale.buyer.gln))),
        first,
        of_library(sale, rng, fault, ht=sale.ht - part, date=day, declarant=sale.buyer.sister, number=first.number),
    ]


# -- the amounts -----------------------------------------------------------------------------------


def amounts(change: Callable[[random.Random, Sale], tuple[int, int] | None], door: str = "") -> Fault:
    """The library's HT and TTC are others."""

    def plant(rng: random.Random, sale: Sale, fault: str) -> Papers:
        typed = change(rng, sale)
        if typed is None or typed[0] < 1:
            return None
        return [of_supplier(sale, fault), of_library(sale, rng, fault, ht=typed[0], ttc=typed[1], door=door)]

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


def swapped_by_supplier(rng: random.Random, sale: Sale, fault: str) -> Papers:
    if sale.ttc <= sale.ht:
        return None
    return [of_supplier(sale, fault, ht=sale.ttc, ttc=sale.ht, door="ht-exceeds-ttc"), of_library(sale, rng, fault)]


def excluded_lines(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """Some lines owe nothing; the library declares them all, or those that do owe."""
    if len(sale.lines) < 2:
        return None
    codes = ("OC", "AN", "AU", "SO", "PA", *(("ET",) if sale.day <= date(2006, 12, 31) else ()))
    out = rng.randint(1, len(sale.lines) - 1)
    left = tuple(
        replace(line, exclusion=rng.choice(codes), evidence=rng.choice(("BL-77", "P12", "")))
        for line in sale.lines[:out]
    )
    ht = sale.ht if rng.random() < 0.5 else net(sale.lines[out:])
    return [of_supplier(sale, fault, lines=(*left, *sale.lines[out:])), of_library(sale, rng, fault, ht=ht)]


# -- notes, twice, silence -------------------------------------------------------------------------


def note(sale: Sale) -> Sale:
    """The sale as a credit note."""
    return sale if sale.kind == "A" else replace(sale, kind="A", number=f"AV{sale.number}")


def credit_as_invoice(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """A credit note that one side declares as an invoice, its amount being positive on paper."""
    sale = note(sale)
    if rng.random() < 0.8:
        return [of_supplier(sale, fault), of_library(sale, rng, fault, kind="F", ht=sale.ht)]
    return [of_supplier(sale, fault, kind="F", credited="", credited_on=None), of_library(sale, rng, fault, ht=sale.ht)]


def one_sided_note(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """Only one side declares it, now or ever."""
    return [of_supplier(note(sale), fault) if rng.random() < 0.5 else of_library(note(sale), rng, fault)]


def return_inside(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """Some copies go back on the invoice itself: the supplier's credit note bears its number, the library nets."""
    if len(sale.lines) < 2 or sale.kind == "A":
        return None
    back = sale.lines[: rng.randint(1, (len(sale.lines) + 1) // 2)]
    given = net(back)
    if given >= sale.ht:
        return None
    returned = of_supplier(sale, fault, kind="A", lines=back, ht=given, ttc=with_vat(given, sale.vat))
    return [of_supplier(sale, fault), returned, of_library(sale, rng, fault, ht=sale.ht - given)]


def declared_twice(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """By the program, and by hand: the number in another form, or not even that."""
    one, other = of_supplier(sale, fault), of_library(sale, rng, fault, ht=sale.ht, date=close(rng, sale.day))
    twice = one if rng.random() < 0.4 else other
    number = re.sub("[^0-9A-Za-z]", " ", twice.number)
    if number == twice.number:
        number = f"{number[0]}-{number[1:]}" if number[:1].isalpha() else f"0{number}"
    if rng.random() < 0.3:
        return [one, other, changed(twice, by_hand=True, door="invoice-already-declared")]
    return [one, other, changed(twice, by_hand=True, number=number)]


def silent(rng: random.Random, sale: Sale) -> Paper:
    """A partner that has not declared at all."""
    return of_library(sale, rng, "silent supplier") if sale.seller.silent else of_supplier(sale, "silent library")


# -- before 2006 -----------------------------------------------------------------------------------


def header_only(rng: random.Random, sale: Sale, fault: str) -> Papers:
    if sale.day >= LINES_DUE:
        return None
    return [of_supplier(sale, fault, lines=()), of_library(sale, rng, fault, ht=near(rng, sale))]


def contract(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """Sales under an exempt public contract: known to both, to the supplier alone, or to the library alone."""
    if sale.day >= LINES_DUE:
        return None
    who = rng.choice(("both", "both", "supplier", "library"))
    fault = f"{fault}: {who}"
    claim = {"contract": "M2003-17", "contract_sent": SCHEME_BEGINS - timedelta(rng.randint(0, 500))}
    lines = tuple(replace(line, exclusion="MP", evidence="M2003-17") for line in sale.lines)
    one = of_supplier(sale, fault, lines=lines, **claim) if who != "library" else of_supplier(sale, fault)
    return [one, of_library(sale, rng, fault, **(claim if who != "supplier" else {}))]


FAULTS: dict[str, Fault] = {
    "number: letter O for 0": renumbered(letter_o),
    "number: prefix missing": renumbered(no_prefix),
    "number: suffix missing": renumbered(no_suffix),
    "number: inner zeros lost": renumbered(no_inner_zeros),
    "number: run together": renumbered(run_together),
    "date of the payment order": payment_order,
    **{
        f"GLN: {which}": other_gln(which)
        for which in ("given later", "never given", "commune", "head office", "successor")
    },
    "one invoice, several libraries": several_libraries,
    "books and DVDs": amounts(mixed),
    "VAT included": amounts(vat_included),
    "HT and TTC swapped": amounts(swapped, "ht-exceeds-ttc"),
    "HT and TTC swapped by the supplier": swapped_by_supplier,
    "whole euros": amounts(whole_euros),
    "digits of the total swapped": amounts(mistyped),
    "excluded lines": excluded_lines,
    "credit note as a positive amount": credit_as_invoice,
    "credit note of one side": one_sided_note,
    "return inside an invoice": return_inside,
    "the same invoice twice": declared_twice,
    "header-only invoice": header_only,
    "exempt contract": contract,
}

#: What goes wrong with a whole file, by the code that is found.
OF_FILES: dict[str, Callable[[bytes], bytes]] = {
    "trailer-missing": lambda content: content[: len(content) * 2 // 3 + 41],  # as a broken transfer leaves it
    "charset": lambda content: content.decode(ENCODING).encode(),
    "xml-dtd-forbidden": lambda content: content.replace(
        b"?>", b'?>\n<!DOCTYPE declaration SYSTEM "declaration.dtd">', 1
    ),
}
