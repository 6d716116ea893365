"""The oracle is held to the samples, which others wrote; then the product to the oracle, on heaps where everything collides."""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from edi.directory import importing
from schemas import money
from schemas.declaration import Declaration, Header, Invoice, Line
from tests.declarations import read_back
from tests.desk import COMMUNE, EAN, LIBRARY, OTHER_SHOP, SHOP, Desk, declared, partner
from tests.market.oracle import Outcome, Paper, Rules, digits, end_alike, key, signed
from tests.worlds.sales import changed

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("year", ["year-2025", "year-2004"])
def test_the_oracle_says_of_the_samples_what_their_author_says(year: str) -> None:
    expected = json.loads((SAMPLES / year / "expected.json").read_text("utf-8"))
    directory = importing.read_csv(SAMPLES / year / "partners.csv")
    papers = [
        Paper(side=side, declarant=by, invoice=invoice, case=0, fault="")
        for path in (SAMPLES / year).glob("[BF]-*")
        for side, by, invoice in _declared(read_back(path.read_bytes()))
    ]
    outcomes = Rules(papers, {code: (one.alias_of, one.successor) for code, one in directory.items()}).outcomes()
    cases = {outcome.papers: outcome for outcome in outcomes.values() if outcome.papers}
    waiting = [paper for paper, outcome in outcomes.items() if outcome.state == "waiting"]

    assert sum(case.state == "matched" for case in cases.values()) == expected["matched"]
    assert sum(case.reason == "net-differs" for case in cases.values()) == expected["net_differs"]
    assert sum(case.state == "discrepancy" for case in cases.values()) == expected["discrepancies"]
    assert sorted(one.number for one in waiting if one.side == "supplier") == sorted(expected["waiting_library"])
    assert sorted(one.number for one in waiting if one.side == "library") == sorted(expected["waiting_supplier"])
    assert not [case for case in cases.values() if case.state == "proposed"]


def _declared(declaration: Declaration) -> list[tuple[str, str, Invoice]]:
    header: Header = declaration.header
    assert header.side and header.declarant
    return [(header.side, header.declarant, invoice) for invoice in declaration.invoices]


@pytest.mark.parametrize(
    ("number", "as_key", "as_digits"),
    [
        ("FA-2025/0012", "FA20250012", "202512"),
        ("00012", "12", "12"),
        ("f 000", "F0", ""),
        ("2O25-12", "2O2512", "202512"),
        ("NO-7", "NO7", "7"),
        ("n° 7", "N7", "7"),
    ],
)
def test_numbers(number: str, as_key: str, as_digits: str) -> None:
    assert (key(number), digits(number)) == (as_key, as_digits)


def test_digits_that_end_alike() -> None:
    assert end_alike("FA-2025/0012", "20250012") and end_alike("FA-2025/0012", "12") and end_alike("O12", "012/A")
    assert not end_alike("12", "13") and not end_alike("A", "A")


# -- heaps -----------------------------------------------------------------------------------------

DIRECTORY = (partner(COMMUNE, alias_of=LIBRARY), partner(OTHER_SHOP, "supplier", successor=SHOP))
#: Where rates, caps, contracts and lines turn, and an ordinary winter.
_BASES = ((2003, 9, 1), (2004, 5, 1), (2004, 6, 20), (2005, 11, 1), (2005, 12, 20), (2012, 3, 1), (2024, 12, 1))
_DAYS = (
    (0, 0, 0, 1, 3, 10, 44, 45, 46, 60, 90, 91, 130),
    (0, 1, 3, 5, 6, 9),
    (0, 3, 44, 46, 50, 60, 120, 170),
    (0, 2, 4, 6, 60, 90, 180, 181, 226),
)
_NUMBERS = (
    ("1", "01", "A-1", "A1", "12", "A 12", "O12", "9"),
    tuple("123456789"),
    ("FA-1/012", "12", "FA1/12", "O12", "13", "FA-1/O13", "112", "FA 1 13", "9", "7"),
    ("1", "A1", "2", "B2", "3", "7"),
)


def paper(rng: random.Random, base: date, numbers: Sequence[str], days: Sequence[int]) -> Paper:
    """One paper out of few partners, numbers, days and amounts."""
    supplier, library = rng.choice((SHOP, SHOP, OTHER_SHOP)), rng.choice((LIBRARY, LIBRARY, COMMUNE))
    day, kind, number = base + timedelta(rng.choice(days)), rng.choice("FFFFA"), rng.choice(numbers)
    invoice = Invoice(record=0, partner=library, number=number, date=day, kind=kind, ht=1, ttc=1)
    if rng.random() < 0.5:
        ht = rng.choice((874, 879, 880, 910, 910, 950, 1000, 1000, 1010, 1365, 1820, 2000)) + rng.choice(
            (0, 0, 0, -6, -5, 5, 6)
        )
        facts = {"contract": "M", "contract_sent": date(2003, rng.choice((7, 8, 9)), 1)} if rng.random() < 0.2 else {}
        return _with(
            Paper(side="library", declarant=library, invoice=invoice, case=0, fault=""),
            partner=supplier,
            ht=ht,
            **facts,
        )
    codes = ("", "", "", "OC", *(("MP",) if day.year < 2006 else ()))
    lines = tuple(
        Line(EAN, rng.choice((1, 1, 2)), rng.choice((1000, 1000, 1010, 1500)), rng.choice((0, 0, 500, 900)), 550, code, code and rng.choice(("", "P")), "")
        for code in rng.choices(codes, k=rng.choice((0, 1, 1, 2) if day.year < 2006 else (1, 1, 2)))
    )  # fmt: skip
    ht = (
        sum(money.discounted(line.quantity * line.price, line.discount) for line in lines) + rng.choice((0, 0, 1, 2))
        if lines
        else 910
    )
    more: dict[str, object] = {}
    if any(line.exclusion == "MP" for line in lines) and rng.random() < 0.7:
        more = {"contract": "M", "contract_sent": date(2003, 7, 2)}
    if kind == "A" and rng.random() < 0.5:
        more |= {"credited": rng.choice(("1", "12", "A1"))}
    if kind == "A" and rng.random() < 0.4:
        more |= {"credited_on": day - timedelta(rng.choice((0, 30, 60, 400)))}
    return _with(
        Paper(side="supplier", declarant=supplier, invoice=invoice, case=0, fault=""), ht=ht, lines=lines, **more
    )


def _with(paper: Paper, **changes: object) -> Paper:
    ht = changes["ht"]
    assert isinstance(ht, int)
    return changed(paper, ttc=money.half_away(ht * 1055, 1000), **changes)


def said(desk: Desk, papers: list[Paper]) -> dict[Paper, Outcome]:
    """Where the product puts each paper."""
    by_name = {one.name: one for one in papers}
    sql = "SELECT id, side, supplier, library, number, date, kind, ht FROM invoice"
    names = {row[0]: by_name[tuple(map(str, row[1:]))] for row in desk.rows(sql)}
    stands = desk.rows("SELECT invoice, state, reason, bag FROM outcome")
    bags: dict[int, set[Paper]] = defaultdict(set)
    for invoice, _, _, bag in stands:
        bags[bag].add(names[invoice])
    found = dict.fromkeys(papers, Outcome("waiting"))
    found.update(
        {names[invoice]: Outcome(state, reason, frozenset(bags[bag])) for invoice, state, reason, bag in stands}
    )
    return found


@pytest.mark.parametrize("seed", range(60))
def test_a_heap_comes_out_as_the_oracle_says(desk: Desk, seed: int) -> None:
    rng = random.Random(seed)
    base, numbers, days = date(*rng.choice(_BASES)), rng.choice(_NUMBERS), rng.choice(_DAYS)
    papers = list({one.name[:6]: one for one in (paper(rng, base, numbers, days) for _ in range(24))}.values())
    if seed % 3 == 0:
        papers += statements(papers)
    files: dict[tuple[str, str, int], list[Invoice]] = defaultdict(list)
    for one in papers:
        files[one.side, one.declarant, one.day.year].append(one.invoice)
    desk.know(DIRECTORY)
    for (side, by, year), invoices in files.items():
        assert desk.take(declared(f"D-{year}", *invoices, by=by, side=side, period=year)).verdict == "accepted"
    desk.reconcile()
    directory = {one.gln: (one.alias_of, one.successor) for one in DIRECTORY}

    assert words(said(desk, papers)) == words(Rules(papers, directory).outcomes())


def words(outcomes: dict[Paper, Outcome]) -> dict[Paper, tuple[str, str, frozenset[Paper]]]:
    """The outcomes but for the names of proposals, which the rules do not give."""
    return {
        one: (stands.state, "" if stands.state == "proposed" else stands.reason, stands.papers)
        for one, stands in outcomes.items()
    }


def statements(papers: list[Paper]) -> list[Paper]:
    """A library's statement of what its supplier sold in a month, as far as there is something left to owe."""
    sold: dict[tuple[str, str, int, int], list[Paper]] = defaultdict(list)
    for one in papers:
        if one.side == "supplier":
            sold[one.supplier, one.library, one.day.year, one.day.month].append(one)
    made: list[Paper] = []
    for (supplier, library, _, _), month in sold.items():
        invoice = Invoice(record=0, partner=supplier, number=f"REL{len(made)}", date=month[0].day, kind="F", ttc=1)
        owed = sum(signed(one) for one in month)
        if owed > 0:
            made.append(_with(Paper(side="library", declarant=library, invoice=invoice, case=0, fault=""), ht=owed))
    return made
