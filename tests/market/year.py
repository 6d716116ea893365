"""A year of the market, made up: partners, sales, what either side declares of them, and the files they send.

    market = year.made(2025, size=20_000, seed=1)
    year.written(market, folder)

A *case* is what truly happened: a sale, or several that one paper tells of. What each side writes of it is a `Paper`;
honest ones agree as far as rule 1 lets them, the others carry one of the faults of `tests.market.faults`, by name.
Nothing here knows how matching is done.
"""

import io
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path

import msgspec

from parsers.fixed import writer as write_fixed
from parsers.xml import writer as write_xml
from schemas.declaration import Header
from tests.market import faults, sales, trade
from tests.market.oracle import Paper


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


def made(year: int, size: int = 20_000, seed: int = 1) -> Market:
    """A year of about `size` invoices a side, of which a twentieth more are decoys. The same for the same numbers."""
    rng = random.Random(f"{year}-{size}-{seed}")
    registry = trade.Registry(rng)
    sellers = trade.sellers(registry, max(12, min(350, size // 50)), year, rng)
    buyers = trade.buyers(registry, max(16, min(650, size // 25)), sellers, rng)
    sold = sales.sold(rng, year, size, buyers)
    papers = faults.planted(rng, sold)
    papers += faults.decoys(rng, papers, sold, size // 20)
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


# -- files -----------------------------------------------------------------------------------------


def written(market: Market, folder: Path) -> list[Path]:
    """Every declaration as a file, in no order: one for each declarant, period and way of declaring; and two directories."""
    sent: dict[tuple[str, str, int, bool], list[Paper]] = defaultdict(list)
    for paper in market.papers:
        sent[paper.side, paper.declarant, paper.day.year, paper.by_hand].append(paper)
    paths = []
    for place, ((side, declarant, period, by_hand), papers) in enumerate(sorted(sent.items()), 1):
        form = "xml" if (int(declarant) // 10 + by_hand) % 3 == 0 else "fixed"
        day = max(paper.day for paper in papers) + timedelta(1)
        header = Header(
            format=form, record=1, side=side, declarant=declarant, addressee=trade.OUR_GLN, period=period, use="real", nature="initial",
            issued=datetime.combine(day, time(9, 30)), reference=f"{period}-{place:05d}", sending=place,
        )  # fmt: skip
        out = io.BytesIO()
        writer = write_xml if form == "xml" else write_fixed
        writer.write(header, [paper.invoice for paper in papers], out)
        path = (
            folder
            / f"{side[0].upper()}-{declarant}-{period}{'-main' if by_hand else ''}.{'xml' if form == 'xml' else 'txt'}"
        )
        path.write_bytes(out.getvalue())
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
