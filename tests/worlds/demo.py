"""The preset of `edi demo`: who plays, what they sell one another, and what goes wrong with it, each sale on purpose.

Partners are invented; the GLNs of two distributors are real legacy Gencods (check digit wrong, in use all the same), so
that the demo shows how they are treated. `tests.worlds.demo_files` writes what comes of it.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from schemas.declaration import Line
from tests.market.oracle import Paper
from tests.worlds import faults, sales, trade
from tests.worlds.core import TITLES, misread, net, numbered, without_vat
from tests.worlds.faults import Fault, Papers
from tests.worlds.sales import Sale, changed, of_supplier

FOLDER = Path(__file__).parents[2] / "edi" / "demo" / "files"
YEAR, SEED = 2025, 2003
HOUSE = "alcyon-logiciels"
#: Slug, name, GLN where it must be a certain one, how it numbers.
SUPPLIERS = (
    ("deux-ponts", "Librairie des Deux Ponts", "", "year/seq"),
    ("diffusion-du-phare", "Diffusion du Phare", "3012600500000", "six digits"),
    ("gros-du-val", "Livres en gros du Val de Brume", "3019000100000", "letter+year+seq"),
    ("chat-lettre", "Librairie Le Chat lettré", "", "shop+seq"),
    ("encre-et-sel", "Librairie Encre et Sel", "", "seq/year"),
)
#: Slug, name, category of CPI R133-1, the link: their own account, or a home under their software house's.
LIBRARIES = (
    ("saint-aubin", "Médiathèque de Saint-Aubin", "1", ""),
    ("roches-noires", "Bibliothèque des Roches-Noires", "1", ""),
    ("val-fleuri", "Médiathèque du Val-Fleuri", "1", HOUSE),
    ("montclair", "Médiathèque de Montclair", "1", HOUSE),
    ("brumal", "Université de Brumal", "2", HOUSE),
    ("trois-moulins", "Médiathèque des Trois-Moulins", "1", HOUSE),
    ("forges", "Comité d'entreprise des Forges", "3", HOUSE),
    ("jules-ferry", "École Jules-Ferry de Brumal", "primary", HOUSE),
)
LATE, CUT, DTD, UTF8, REPLACED, COPIED = "montclair", "brumal", "forges", "gros-du-val", "deux-ponts", "saint-aubin"
SLUGS = [row[0] for row in (*SUPPLIERS, *LIBRARIES)]
HOMES = {row[0]: row[3] for row in LIBRARIES}


# -- sales and their papers ------------------------------------------------------------------------


def of_library(rng: random.Random, sale: Sale, fault: str = "", **changes: Any) -> Paper:
    """The library's paper, a few days and cents off."""
    day, ht = sale.day + timedelta(rng.choice((0, 0, 0, 1, 2, 3))), sale.ht + rng.choice((0, 0, 0, 1, -1, 2))
    return sales.of_library(sale, rng, fault, **{"date": day, "ht": ht, **changes})


def typed(change: Callable[[Sale], dict[str, Any]] = lambda sale: {}) -> Fault:
    """The library's paper says something else, or nothing else."""
    return lambda rng, sale, fault: [of_supplier(sale, fault), of_library(rng, sale, fault, **change(sale))]


def first_line(change: Callable[[Line], Line], door: str = "") -> Fault:
    """The first line of the supplier's is another."""

    def plant(rng: random.Random, sale: Sale, fault: str) -> Papers:
        lines = (change(sale.lines[0]), *sale.lines[1:])
        return [of_supplier(sale, fault, lines=lines, door=door), of_library(rng, sale, fault)]

    return plant


def excluded(evidence: str) -> Callable[[Line], Line]:
    return lambda line: replace(line, exclusion="OC", evidence=evidence)


def declared_twice(rng: random.Random, sale: Sale, fault: str) -> Papers:
    """By the invoice's own date, and by the payment order's."""
    once = of_library(rng, sale, fault)
    return [of_supplier(sale, fault), once, changed(once, number=sale.number, date=once.day + timedelta(11))]


def wrong_gln(sale: Sale) -> dict[str, Any]:
    return {"partner": misread(sale.seller.gln), "door": "partner-gln-check-digit"}


def year_before(sale: Sale) -> dict[str, Any]:
    return {"date": sale.day.replace(year=YEAR - 1, day=28), "door": "invoice-date-outside-period"}


#: What goes wrong in the demo alone, beside `tests.worlds.faults.FAULTS`.
FAULTS: dict[str, Fault] = {
    **faults.FAULTS,
    "ean": first_line(lambda line: replace(line, ean=misread(line.ean)), "ean-check-digit"),
    "no-evidence": first_line(excluded("")),
    "evidence": first_line(excluded("BL-77")),
    "net": typed(lambda sale: {"ht": sale.gross * 95 // 100}),
    "twice": declared_twice,
    "silent-library": lambda rng, sale, fault: [of_supplier(sale, fault)],
    "silent-supplier": lambda rng, sale, fault: [of_library(rng, sale, fault)],
    "wrong-gln": typed(wrong_gln),
    "outside": typed(year_before),
    **dict.fromkeys(("", "utf8", "dtd", "late", "cut"), typed()),
}
ALL = (0, 1, 2, 3, 4)
#: Faults, sellers and buyers by place, each in turn, and how many such sales.
PLANS = (
    ("ean", (0,), (1,), 1),
    ("no-evidence", (0,), (2,), 2),
    ("evidence", (3,), (1,), 2),
    ("books and DVDs", (0, 1, 2), (2,), 3),
    ("credit note as a positive amount", (0, 1), (5,), 2),
    ("net", (1,), (0, 5), 2),
    ("twice", (0, 1), (0,), 2),
    ("number: run together", (0,), (5,), 1),
    ("silent-library", ALL, (0, 1, 2, 5, 6), 9),
    ("silent-supplier", ALL, (0, 2, 6, 1, 5), 7),
    ("HT and TTC swapped", (3,), (1,), 1),
    ("wrong-gln", (3,), (2,), 1),
    ("outside", (0,), (5,), 1),
    ("utf8", (2,), (0, 1, 2), 4),
    ("dtd", ALL, (6,), 3),
    ("late", ALL, (3,), 30),
    ("cut", ALL, (4,), 25),
    ("GLN: commune", (0, 1, 2, 4), (0,), 10),
    ("GLN: successor", (3,), (1, 2, 5, 6), 14),
    ("", ALL, (0, 1, 2, 5, 6, 7), 160),
)
CREDITS = 12


def credit(sale: Sale, case: int) -> Sale:
    """A credit note for the first line of a sale."""
    lines = sale.lines[:1]
    return replace(
        sale, case=case, number=f"AV{sale.number}", day=sale.day + timedelta(7), kind="A", lines=lines, ht=net(lines),
        credited=sale.number, credited_on=sale.day,
    )  # fmt: skip


def mended(sale: Sale, paper: Paper) -> Paper:
    """The supplier's paper as a replacement declares it: the EAN right, evidence given."""
    proven = (excluded("PV-2114")(line) if line.exclusion else line for line in paper.lines)
    return of_supplier(sale, paper.fault) if paper.door else changed(paper, lines=tuple(proven))


class Demo(msgspec.Struct, frozen=True):
    """The directory with its names, who plays by slug, and the papers: as sent first, and those that are replaced later."""

    partners: list[trade.Partner]
    names: dict[str, str]
    codes: dict[str, str]
    papers: list[Paper]
    replacing: dict[Paper, Paper]

    def sent(self, slug: str, aside: bool = False) -> list[Paper]:
        """What one declares, or declares in a second file."""
        return [paper for paper in self.papers if (paper.declarant, paper.by_hand) == (self.codes[slug], aside)]

    def booked(self, later: bool) -> list[Paper]:
        """The papers that have come in whole files by the first round, or by the second."""
        missing = () if later else (self.codes[LATE], self.codes[CUT])
        came = [paper for paper in self.papers if not paper.by_hand and paper.declarant not in missing]
        return [self.replacing.get(paper, paper) for paper in came] if later else came


def demo() -> Demo:
    """The demo's world, the same whenever it is asked for."""
    rng = random.Random(SEED)
    registry = trade.Registry(rng)
    sellers = [
        trade.Seller(registry.enter("supplier", known), style, rng.choice((500, 900)), {})
        for _, _, known, style in SUPPLIERS
    ]
    buyers = [trade.Buyer(registry.enter("library", category=row[2]), tuple(sellers), {}) for row in LIBRARIES]
    buyers[0].other["commune"] = registry.enter("library", category="1", alias_of=buyers[0].gln)
    sellers[3].other["successor"] = registry.enter("supplier", successor=sellers[3].gln)
    codes = dict(zip(SLUGS, (one.gln for one in (*sellers, *buyers)), strict=True))
    names = {
        **{codes[slug]: name for slug, name, *_ in (*SUPPLIERS, *LIBRARIES)},
        buyers[0].other["commune"]: "Commune de Saint-Aubin",
        sellers[3].other["successor"]: f"{SUPPLIERS[3][1]} (ancien siège)",
    }
    turns = [
        (fault, who[n % len(who)], whom[n // len(who) % len(whom)])
        for fault, who, whom, many in PLANS
        for n in range(many)
    ]
    planned = [
        (date(YEAR, 1, 8) + timedelta(rng.randrange(300)), sellers[who], buyers[whom], fault)
        for fault, who, whom in turns
    ]
    planned.sort(key=lambda plan: (plan[0], plan[1].gln, plan[2].gln))
    sold = sales.billed(rng, (plan[:3] for plan in planned), titles(rng), lambda: rng.randint(2, 5))
    faulty = [(sale, plan[3]) for sale, plan in zip(sold, planned, strict=True)]
    plain = rng.sample([sale for sale, fault in faulty if not fault], CREDITS)
    faulty += [(credit(sale, len(sold) + place), "") for place, sale in enumerate(plain)]
    aside = {("utf8", "supplier"), ("dtd", "library")}
    papers = [
        changed(paper, by_hand=(paper.fault, paper.side) in aside)
        for sale, fault in faulty
        for paper in FAULTS[fault](rng, sale, fault) or ()
    ]
    replacing = {
        paper: mended(faulty[paper.case][0], paper)
        for paper in papers
        if paper.declarant == codes[REPLACED] and paper.side == "supplier"
    }
    return Demo(registry.partners, names, codes, papers, replacing)


def titles(rng: random.Random) -> sales.Titles:
    """Lines of titles that are sold again and again, each at its price."""
    stock = [
        (numbered(f"9782{rng.randrange(10**8):08d}"), without_vat(rng.randint(8, 50) * 50 - 1), title)
        for title in TITLES
    ]

    def drawn(rng: random.Random, vat: int, discount: int, count: int) -> tuple[Line, ...]:
        books = rng.sample(stock, count)
        return tuple(
            Line(ean, rng.choice((1, 1, 1, 2, 3)), price, discount, vat, "", "", title) for ean, price, title in books
        )

    return drawn
