"""The judge of a made-up year: takes it through the commands, as a stranger would, and sets what comes out beside the truth.

    python -m tests.market.judge --year 2025 --size 20000 --seed 1

prints the confusion table, fault by fault, then every case of which the product and the oracle say different things.
"""

import argparse
import json
import random
import sqlite3
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner
from rich import box
from rich.console import Console
from rich.table import Table

from edi.cli import app
from tests.market.oracle import Outcome, Paper, Rules
from tests.worlds import market as worlds

#: Where a case ends, best first within what it can come to.
VERDICTS = (
    "matched right", "matched wrong", "proposed right", "proposed wrong", "differs, twin in it",
    "waits, twin first", "waits, rightly", "refused, rightly", "lost",
)  # fmt: skip
#: Faults whose discrepancies arithmetic explains.
EXPLAINED = ("VAT included", "whole euros", "credit note as a positive amount", "one invoice, several libraries")
LAID_OUT = ("proposed right", "differs, twin in it", "waits, twin first")
Standing = Mapping[Paper, Outcome]


class Judged(msgspec.Struct):
    """What became of a year. Cases by number; `expected` is what the rules say of each, `found` what the product says."""

    market: worlds.Market
    counts: dict[str, Any]  # what `edi reconcile --details` says in the end
    product: Standing
    oracle: Standing
    early: Standing  # before the directory was complete
    oracle_early: Standing
    nearest: dict[Paper, Paper | None]  # of those that wait beside their twin: the first near-miss of `edi why`
    unanswered: list[str]  # where `edi why` says other than the database, or has no explanation where there is one
    refusals: Counter[str]

    def cases(self) -> dict[int, list[Paper]]:
        made: dict[int, list[Paper]] = defaultdict(list)
        for paper in self.market.papers:
            made[paper.case].append(paper)
        return made

    def verdicts(self) -> dict[int, str]:
        return {case: verdict(papers, self.product, self.nearest) for case, papers in self.cases().items()}

    def expected(self) -> dict[int, str]:
        return {case: verdict(papers, self.oracle) for case, papers in self.cases().items()}

    def pairs(self, standing: Standing) -> set[frozenset[Paper]]:
        return {outcome.papers for outcome in standing.values() if outcome.state == "matched"}

    def wrong_pairs(self, standing: Standing) -> list[frozenset[Paper]]:
        return [pair for pair in self.pairs(standing) if len({paper.case for paper in pair}) > 1]


def verdict(papers: Iterable[Paper], standing: Standing, nearest: Mapping[Paper, Paper | None] | None = None) -> str:
    """Where one case ends. A paper turned away at the door, and its twin that waits for it, are right to be there.

    Invoices that wait beside their twin must each have it first among their near-misses, where `nearest` is known.
    """
    booked = [paper for paper in papers if not paper.door]
    outcomes = [standing.get(paper) for paper in booked]
    states = {outcome.state: outcome for outcome in outcomes if outcome is not None}
    if None in outcomes:
        return "lost"
    for state in ("matched", "proposed"):
        cases = {paper.case for outcome in outcomes if outcome and outcome.state == state for paper in outcome.papers}
        if len(cases) > 1:
            return f"{state} wrong"
    if "matched" in states:
        return "matched right"
    if "proposed" in states:
        return "proposed right" if set(booked) == states["proposed"].papers else "proposed wrong"
    for outcome in (outcome for outcome in outcomes if outcome and outcome.state == "discrepancy"):
        sides = {paper.side for paper in outcome.papers if paper.case == booked[0].case}
        return "differs, twin in it" if sides == {"supplier", "library"} else "lost"
    if len({paper.side for paper in booked}) == 1:
        return "refused, rightly" if len(booked) < len(list(papers)) else "waits, rightly"
    first = [nearest.get(paper) for paper in booked] if nearest is not None else booked
    return "waits, twin first" if all(one and one.case == booked[0].case for one in first) else "lost"


# -- through the commands --------------------------------------------------------------------------


def edi(home: Path, *words: str | Path, expect: tuple[int, ...] = (0,)) -> Any:
    """What a command says as JSON."""
    said = CliRunner().invoke(app, ["--home", str(home), *map(str, words)])
    assert said.exit_code in expect, said.output
    return json.loads(said.stdout)


def judged(market: worlds.Market, folder: Path, sample: int = 20) -> Judged:
    """The year through the commands: its files in three lots, a pass after each, then the rest of the directory.

    `edi why` is asked of every invoice that waits beside its twin, and of a `sample` of all.
    """
    files, home = folder / "files", folder / "home"
    files.mkdir()
    paths = worlds.deposit(market, files)
    edi(home, "partners", "import", "--json", files / "annuaire.csv")
    refusals: Counter[str] = Counter()
    for lot in range(3):
        for report in edi(home, "ingest", "--json", *paths[lot::3], expect=(0, 1))["files"]:
            refusals.update(one["code"] for one in report["findings"] if one["reach"] != "warning")
            refusals.update({"refused": report["refused"]})
        edi(home, "reconcile", "--json")
    early = standing(home, market.papers)
    edi(home, "partners", "import", "--json", files / "annuaire-suite.csv")
    counts = edi(home, "reconcile", "--details", "--json")
    product = standing(home, market.papers)
    nearest, unanswered = asked(home, market.papers, product, sample)
    oracle, first = (Rules(market.papers, market.directory(later)).outcomes() for later in (True, False))
    return Judged(market, counts, product, oracle, early, first, nearest, unanswered, refusals)


def standing(home: Path, papers: Iterable[Paper]) -> dict[Paper, Outcome]:
    """Where each invoice that was booked stands, as an operator finds it in the home's database."""
    by_name: dict[tuple[str, ...], list[Paper]] = defaultdict(list)
    for paper in papers:
        by_name[paper.name].append(paper)
    invoices = "SELECT id, side, supplier, library, number, date, kind, ht FROM invoice ORDER BY id"
    with closing(sqlite3.connect(f"file:{home / 'edi.sqlite'}?mode=ro", uri=True)) as connection:
        booked = {row[0]: by_name[tuple(map(str, row[1:]))].pop(0) for row in connection.execute(invoices)}
        stands = connection.execute("SELECT invoice, state, reason, bag FROM outcome").fetchall()
    bags: dict[int, set[Paper]] = defaultdict(set)
    for invoice, _, _, bag in stands:
        bags[bag].add(booked[invoice])
    found = {booked[invoice]: Outcome(state, reason, frozenset(bags[bag])) for invoice, state, reason, bag in stands}
    return {paper: found.get(paper, _WAITS) for paper in booked.values()}


def asked(
    home: Path, papers: Iterable[Paper], product: Standing, sample: int
) -> tuple[dict[Paper, Paper | None], list[str]]:
    """What `edi why` says: the first near-miss of each invoice that waits beside its twin; and where it is mistaken."""
    by_name = {paper.name: paper for paper in product}
    sides: dict[int, set[str]] = defaultdict(set)
    for paper in papers:
        if product.get(paper, _WAITS) == _WAITS and not paper.door:
            sides[paper.case].add(paper.side)
    beside = [paper for paper in product if product[paper] == _WAITS and len(sides[paper.case]) == 2]
    some = random.Random(sample).sample(list(product), min(sample, len(product)))
    odd = [paper for paper in product if paper.fault in EXPLAINED and product[paper].state == "discrepancy"]
    nearest, unanswered = {}, []
    for paper in dict.fromkeys([*beside, *some, *odd[:sample]]):
        words = ["why", "--json", "--supplier", paper.supplier, "--library", paper.library, "--", paper.number]
        cases = edi(home, *words, expect=(0, 1))["cases"]
        sides_of = ((case, (*case["supplier_invoices"], *case["library_invoices"])) for case in cases)
        told = {by_name[_name(one)]: case for case, both in sides_of for one in both if _name(one) in by_name}
        company = frozenset(one for one in told if told[one] is told.get(paper))
        if paper not in told or (told[paper]["state"], company) != _company(paper, product):
            unanswered.append(f"{paper.name}: {cases}")
        elif paper in odd and not told[paper]["evidence"]["explained"]:
            unanswered.append(f"{paper.name}: {paper.fault}, unexplained")
        elif product[paper] == _WAITS:
            misses = [by_name.get(_name(miss)) for miss in told[paper]["near_misses"]]
            nearest[paper] = misses[0] if misses else None
    return nearest, unanswered


_WAITS = Outcome("waiting")


def _company(paper: Paper, product: Standing) -> tuple[str, frozenset[Paper]]:
    return product[paper].state, product[paper].papers or frozenset((paper,))


def _name(one: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(one[field]) for field in ("side", "supplier", "library", "number", "date", "kind", "ht_cents"))


# -- the table -------------------------------------------------------------------------------------


def confusion(result: Judged) -> dict[str, Counter[str]]:
    """How many cases of each fault ended where."""
    faults = {paper.case: paper.fault or "(honest)" for paper in result.market.papers}
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for case, word in result.verdicts().items():
        table[faults[case]][word] += 1
    return dict(sorted(table.items()))


def shown(result: Judged) -> Table:
    """The confusion table for people."""
    rows = confusion(result)
    title = f"{result.market.year}, seed {result.market.seed}: cases by fault and by where they ended"
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    made.add_column("fault", no_wrap=True)
    for word in VERDICTS:
        made.add_column(word, justify="right", style="red" if word.endswith("wrong") or word == "lost" else "")
    total: Counter[str] = Counter()
    for fault, found in rows.items():
        made.add_row(fault, *(str(found[word] or "") for word in VERDICTS))
        total.update(found)
    made.add_section()
    made.add_row("all", *(str(total[word] or "") for word in VERDICTS))
    return made


def disagreements(result: Judged) -> list[str]:
    """Invoices that stand elsewhere than the rules say, in the end or before the directory was complete, case by case."""
    said = []
    for when, product, oracle in (
        ("at first", result.early, result.oracle_early),
        ("in the end", result.product, result.oracle),
    ):
        odd = {paper.case for paper in oracle if stands(paper, product) != stands(paper, oracle)}
        for case, papers in result.cases().items():
            if case in odd:
                said.append(f"{papers[0].fault or '(honest)'}, {when}; expected, found:")
                said += [f"    {line(paper, oracle, product)}" for paper in papers]
    return said


def stands(paper: Paper, standing: Standing) -> tuple[str, frozenset[Paper]] | None:
    """An invoice's state and company; the rules give proposals no names, and several names may fit a discrepancy."""
    outcome = standing.get(paper)
    return None if outcome is None else (outcome.state, outcome.papers)


def line(paper: Paper, *standings: Standing) -> str:
    """One paper with its standings, to read."""
    found = [standing.get(paper) for standing in standings]
    words = [outcome and f"{outcome.state} {outcome.reason}".strip() for outcome in found]
    where = f"{paper.side:8} {paper.supplier} {paper.library} {paper.number!r} {paper.day} {paper.kind} {paper.ht}"
    return f"{where} {paper.door or words}"


def main() -> int:
    """The judge from the command line; 1 when what is asked of matching is not reached."""
    asks = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asks.add_argument("--year", type=int, nargs="*", default=[2025])
    asks.add_argument("--size", type=int, default=20_000)
    asks.add_argument("--seed", type=int, nargs="*", default=[1])
    asks.add_argument("--sample", type=int, default=500, help="how many invoices `edi why` is asked of besides")
    options = asks.parse_args()
    if not all(2003 <= which < date.today().year for which in options.year):
        asks.error("--year: a year of the scheme that is over; of another most invoices are rightly refused")
    console, missed = Console(highlight=False, width=None if sys.stdout.isatty() else 150), 0
    for which in options.year:
        for seed in options.seed:
            with tempfile.TemporaryDirectory(prefix="edi-year-") as folder:
                result = judged(worlds.market(which, options.size, seed), Path(folder), options.sample)
            console.print(shown(result))
            for said in disagreements(result)[:60]:
                console.print(said, style="dim", soft_wrap=True)
            wrongs = reproaches(result)
            console.print("\n".join(wrongs) or "all that is asked is reached", style="red" if wrongs else "green")
            missed += bool(wrongs)
    return 1 if missed else 0


def reproaches(result: Judged) -> list[str]:
    """What is asked of matching and not reached, in words; nothing when all is well."""
    said = []
    for when, stands in (("at first", result.early), ("in the end", result.product)):
        if wrong := result.wrong_pairs(stands):
            said.append(f"{len(wrong)} wrong pairs posted {when}")
    allowed, posted = result.pairs(result.oracle), result.pairs(result.product)
    if 1000 * len(allowed & posted) < 995 * len(allowed):
        said.append(f"{len(allowed & posted)} of the {len(allowed)} pairs that rule 1 allows are posted")
    if more := posted - allowed:
        said.append(f"{len(more)} pairs posted that rule 1 does not allow")
    expected, found = result.expected(), result.verdicts()
    others = [case for case, word in expected.items() if word in LAID_OUT]
    laid_out = sum(found[case] in LAID_OUT for case in others)
    if 100 * laid_out < 95 * len(others):
        said.append(f"{laid_out} of the {len(others)} others are laid out with their twin")
    if result.unanswered:
        said.append(f"edi why does not answer or explain {len(result.unanswered)}, as {result.unanswered[0]}")
    doors = Counter(paper.door for paper in result.market.papers if paper.door not in ("", "invoice-already-declared"))
    if result.refusals != doors + Counter({"refused": doors.total()}):
        said.append(f"refused: {dict(result.refusals)}, and should be: {dict(doors)}")
    if result.counts["matched"] != len(posted):
        said.append(f"{result.counts['matched']} matched by the command, {len(posted)} in the database")
    return said


if __name__ == "__main__":
    sys.exit(main())
