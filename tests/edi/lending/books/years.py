"""Random years of sales at a desk, and what they come to, counted from the declarations alone."""

import random
from collections import Counter
from typing import Any

from schemas import ean
from schemas.declaration import Invoice, Line
from tests.declarations import numbered
from tests.desk import LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, declared, sold

EANS = [numbered(f"978207036{place:03d}") for place in range(12)]


def line(chance: random.Random) -> Line:
    """A line of a title, sometimes of none, sometimes excluded, with evidence or without."""
    exclusion = chance.choice(["", "", "", "", "OC", "SO"])
    code = ean.NONE if chance.random() < 0.05 else chance.choice(EANS)
    evidence = "BL-7" if exclusion and chance.random() < 0.7 else ""
    return Line(
        code,
        chance.randrange(1, 9),
        chance.randrange(1, 4_000),
        chance.choice([0, 500, 900]),
        550,
        exclusion,
        evidence,
        f"Titre {code[-4:]}",
    )


def sales(seed: int, year: int, shop: str = SHOP) -> list[Invoice]:
    """A supplier's invoices of a year, credit notes among them, most of which the library declares too."""
    chance = random.Random(seed)
    made = []
    for place in range(chance.randrange(4, 12)):
        kind = "A" if chance.random() < 0.25 else "F"
        day = f"{year}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        lines = tuple(line(chance) for _ in range(chance.randrange(1, 6)))
        partner = chance.choice([LIBRARY, OTHER_LIBRARY])
        made.append(sold(f"{shop[-4:]}-{year}-{place}", day, partner=partner, kind=kind, lines=lines))
    return made


def declare(desk: Desk, seed: int, year: int, **more: Any) -> list[Invoice]:
    """Both sides of a year by two shops; returns what the suppliers said. Every fifth invoice the library keeps quiet."""
    told: dict[str, list[Invoice]] = {LIBRARY: [], OTHER_LIBRARY: []}
    everything = []
    for shop in (SHOP, OTHER_SHOP):
        made = sales(seed * 7 + int(shop[-3:]), year, shop)
        desk.take(declared(f"{shop[-4:]}-{year}-{seed}", *made, by=shop, **more))
        everything += made
        for place, invoice in enumerate(made):
            if place % 5 != 4:
                told[invoice.partner or ""].append(
                    bought(invoice.number or "", str(invoice.date), invoice.ht or 0, shop, kind=invoice.kind)
                )
    for library, invoices in told.items():
        if invoices:
            desk.take(declared(f"{library[-4:]}-{year}-{seed}", *invoices, by=library, **more))
    desk.reconcile()
    return everything


def counted(invoices: list[Invoice], matched: set[str]) -> Counter[str]:
    """Copies by EAN of the invoices of those numbers: excluded with evidence, none; credit notes, negative."""
    copies: Counter[str] = Counter()
    for invoice in invoices:
        for one in invoice.lines if invoice.number in matched else ():
            assert isinstance(one, Line)
            if not (one.exclusion and one.evidence):
                copies[one.ean] += one.quantity * (-1 if invoice.kind == "A" else 1)
    return copies
