"""A year of the market, made up: partners, sales, what either side declares of them, and the files they send.

    year = market.market(2025, size=20_000, seed=1)
    market.deposit(year, folder)

A *case* is what truly happened: a sale, or several that one paper tells of. What each side writes of it is a `Paper`;
honest ones agree as far as rule 1 lets them, the others carry one of the faults of `tests.worlds.faults`, by name.
Nothing here knows how matching is done.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from schemas.declaration import Declaration, Line
from tests.market.oracle import Paper
from tests.worlds import faults, sales, trade
from tests.worlds.core import header, with_vat, written
from tests.worlds.sales import SCHEME_BEGINS, Sale, last_of_month, of_library, of_supplier, titles, total
from tests.worlds.trade import RESTARTING


class Market(msgspec.Struct):
    """A year: its directory, and every paper of both sides."""

    year: int
    seed: int
    partners: list[trade.Partner]
    papers: list[Paper]

    def directory(self, later: bool = True) -> dict[str, tuple[str, str]]:
        """(alias_of, successor) by GLN; with what is told later, or without."""
        known = (one for one in self.partners if not one.unlisted and (later or not one.later))
        return {one.gln: (one.alias_of, one.successor) for one in known}


# -- the year --------------------------------------------------------------------------------------


def market(year: int, size: int = 20_000, seed: int = 1) -> Market:
    """A year of about `size` invoices a side, of which a twentieth more are decoys. The same for the same numbers."""
    rng = random.Random(f"{year}-{size}-{seed}")
    registry = trade.Registry(rng)
    sellers = trade.sellers(registry, max(12, min(350, size // 50)), year, rng)
    buyers = trade.buyers(registry, max(16, min(650, size // 25)), sellers, rng)
    sold = sales.sold(rng, year, size, buyers)
    papers = planted(rng, sold)
    papers += decoys(rng, papers, sold, size // 20)
    return Market(year, seed, registry.partners, once(papers))


def once(papers: Iterable[Paper]) -> list[Paper]:
    """Without the cases of which a paper cannot be told from another's: nobody could say which is which."""
    taken: dict[tuple[str, ...], int] = {}
    blurred: set[int] = set()
    papers = list(papers)
    for paper in papers:
        name = (*paper.name[:3], paper.number.upper(), *paper.name[4:6])
        if taken.setdefault(name, paper.case) != paper.case:
            blurred.add(paper.case)
    return [paper for paper in papers if paper.case not in blurred]


# -- what either side writes ----------------------------------------------------------------------


def planted(rng: random.Random, sales: Sequence[Sale], share: float = 0.35) -> list[Paper]:
    """Every sale's papers: statements and silence first, then faults in turn for a `share` of the rest."""
    papers: list[Paper] = []
    turn = iter(_in_turn(rng))
    bundled = dict(_statements(rng, sales))
    for sale in sales:
        if sale.case in bundled:
            papers += bundled[sale.case]
        elif sale.seller.silent or sale.buyer.silent:
            papers.append(faults.silent(rng, sale))
        elif rng.random() < share and sale.seller.style not in RESTARTING:
            papers += next(made for fault in turn if (made := faults.FAULTS[fault](rng, sale, fault)))
        else:
            papers += faults.honest(rng, sale)
    return papers


def _in_turn(rng: random.Random) -> Iterator[str]:
    """The faults over and over, each time in another order."""
    while True:
        yield from rng.sample(list(faults.FAULTS), len(faults.FAULTS))


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
    planted = {paper.case: paper.fault for paper in papers}
    made: list[Paper] = []
    candidates = [
        sale
        for sale in sales
        if sale.seller.style not in RESTARTING and not sale.seller.silent and not sale.buyer.silent
        and sale.kind == "F" and planted.get(sale.case, "monthly statement") != "monthly statement"
    ]  # fmt: skip
    for place, like in enumerate(rng.choices(candidates, k=count)):
        case = len(sales) + place
        day = like.day.replace(day=rng.randint(1, last_of_month(like.day).day))
        number = f"{rng.choice(('D', 'W', 'X'))}{rng.randrange(10**6):06d}"
        sale = replace(like, case=case, day=max(SCHEME_BEGINS, day), number=number, lines=_alike(rng, like))
        both = rng.random() < (0.9 if planted[like.case] else 0.6)
        fault = "decoy" if both else "decoy of one side"
        one, other = of_supplier(sale, fault), of_library(sale, rng, fault, ht=sale.ht)
        made += [one, other] if both else [rng.choice((one, other))]
    return made


def _alike(rng: random.Random, sale: Sale) -> tuple[Line, ...]:
    """Other titles of the same total; the same titles where no one price makes it."""
    (line,) = titles(rng, sale.vat, 0, 1)
    single = (replace(line, quantity=1, price=sale.ht),)
    return single if rng.random() < 0.5 and total(rng, single, sale.vat) == sale.ht else sale.lines


# -- files -----------------------------------------------------------------------------------------


def deposit(market: Market, folder: Path) -> list[Path]:
    """Every declaration as a file, in no order: one for each declarant, period and way of declaring; and two directories."""
    sent: dict[tuple[str, str, int, bool], list[Paper]] = defaultdict(list)
    for paper in market.papers:
        sent[paper.side, paper.declarant, paper.day.year, paper.by_hand].append(paper)
    paths = []
    for place, ((side, declarant, period, by_hand), papers) in enumerate(sorted(sent.items()), 1):
        form = "xml" if (int(declarant) // 10 + by_hand) % 3 == 0 else "fixed"
        day = max(paper.day for paper in papers) + timedelta(1)
        issued, reference = datetime.combine(day, time(9, 30)), f"{period}-{place:05d}"
        head = header(side, declarant, reference, issued, period=period, sending=place)
        name = f"{side[0].upper()}-{declarant}-{period}{'-main' if by_hand else ''}.{'xml' if form == 'xml' else 'txt'}"
        path = folder / name
        path.write_bytes(written(Declaration(head, tuple(paper.invoice for paper in papers)), form))
        paths.append(path)
    for name, later in (("annuaire.csv", False), ("annuaire-suite.csv", True)):
        rows = [
            f"{one.gln};{'Bibliothèque' if one.role == 'library' else 'Librairie'} {one.gln[4:9]};{one.role};{one.category};{one.successor};{one.alias_of}"
            for one in market.partners
            if one.later == later and not one.unlisted
        ]
        (folder / name).write_text("\n".join(["gln;name;role;category;successor;alias_of", *rows]) + "\n", "utf-8")
    random.Random(market.seed).shuffle(paths)
    return paths
