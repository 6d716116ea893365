"""What the matching rules say of a heap of invoices, read a second time and written down as plainly as they are.

Nothing here is the product's, and nothing is fast: every invoice of one side is held against every one of the other
with which it shares partners. The judge sets the product's outcomes beside these.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

import msgspec

from schemas.declaration import Invoice, Line

NEAR = timedelta(45)
SAME_WEEK = timedelta(5)
PAYMENT = timedelta(180)
_CONTRACTS_CLAIMED_UNTIL = date(2005, 12, 31)
_CONTRACT_EXEMPT_UNTIL = date(2003, 8, 1)


class Paper(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One invoice as one side declares it; `case` is the true sale (or bundle of sales) that it tells of.

    `fault` names what was planted. `door` is the finding that turns the invoice away before any matching.
    A paper `by_hand` stands in a second declaration of its declarant.
    """

    side: str
    declarant: str
    invoice: Invoice
    case: int
    fault: str
    door: str = ""
    by_hand: bool = False

    @property
    def supplier(self) -> str:
        return self.declarant if self.side == "supplier" else self.invoice.partner or ""

    @property
    def library(self) -> str:
        return self.declarant if self.side == "library" else self.invoice.partner or ""

    @property
    def day(self) -> date:
        assert self.invoice.date is not None
        return self.invoice.date

    @property
    def number(self) -> str:
        return self.invoice.number or ""

    @property
    def kind(self) -> str:
        return self.invoice.kind or ""

    @property
    def ht(self) -> int:
        return self.invoice.ht or 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.invoice.lines if isinstance(line, Line))

    @property
    def name(self) -> tuple[str, ...]:
        """By what anybody can tell it from others, in the product's own words."""
        return (self.side, self.supplier, self.library, self.number, self.day.isoformat(), self.kind, str(self.ht))


class Outcome(msgspec.Struct, frozen=True):
    """Where an invoice stands, and every invoice of its match, proposal or discrepancy."""

    state: str
    reason: str = ""
    papers: frozenset[Paper] = frozenset()


# -- the words of the rules ------------------------------------------------------------------------


@lru_cache(None)
def key(number: str) -> str:
    """Letters and digits, ASCII upper case; leading zeros of the first run of digits dropped, one kept of zeros only."""
    plain = "".join(re.findall("[A-Z0-9]", re.sub("[a-z]", lambda small: small[0].upper(), number)))
    run = re.search("[0-9]+", plain)
    return plain if run is None else plain[: run.start()] + (run[0].lstrip("0") or "0") + plain[run.end() :]


@lru_cache(None)
def digits(number: str, inner: bool = False) -> str:
    """The digit runs of a number as written, an O beside a digit being a 0, leading zeros dropped, joined.

    With `inner` only the very first zeros are dropped: `20250012` is what `FA-2025/0012` becomes when it is typed.
    """
    read = ""
    for place, sign in enumerate(number):
        beside = number[max(0, place - 1) : place] + number[place + 1 : place + 2]
        read += "0" if sign in "Oo" and re.search("[0-9]", beside) else sign
    runs = re.findall("[0-9]+", read)
    return "".join(runs).lstrip("0") if inner else "".join(run.lstrip("0") for run in runs)


def end_alike(one: str, other: str) -> bool:
    """Whether the digits of one number end in those of the other."""
    pairs = [(digits(one, inner), digits(other, inner)) for inner in (False, True)]
    return any(a and b and (a.endswith(b) or b.endswith(a)) for a, b in pairs)


def resolved(directory: Mapping[str, tuple[str, str]], gln: str) -> str:
    """`directory` holds (alias_of, successor) by GLN: alias first, else successor, until neither is."""
    while any(directory.get(gln, ())):
        alias, successor = directory[gln]
        gln = alias or successor
    return gln


def counts(line: Line, invoice: Invoice) -> bool:
    """Whether the line counts in the base: not excluded, or without the proof its supplier owes."""
    return not line.exclusion or not line.evidence or (line.exclusion == "MP" and invoice.contract_sent is None)


def gross(lines: Iterable[Line]) -> int:
    return sum(line.quantity * line.price for line in lines)


def tolerance(paper: Paper) -> int:
    """T, in cents, for a supplier's invoice: one a line, one a copy, 0.01 % of the gross rounded up; 5 at least."""
    of_gross = -(-gross(paper.lines) // 10_000)
    return max(5, len(paper.lines) + sum(line.quantity for line in paper.lines) + of_gross)


def cap(day: date) -> int:
    """The highest legal discount of a day, in per cent."""
    return 100 if day < date(2003, 8, 1) else 12 if day < date(2004, 8, 1) else 9


# -- one pair --------------------------------------------------------------------------------------


class Rules:
    """The rules over one heap of invoices and one directory."""

    def __init__(
        self, papers: Iterable[Paper], directory: Mapping[str, tuple[str, str]], proposing: bool = True
    ) -> None:
        self.papers = [paper for paper in papers if not paper.door]
        self.directory = directory
        self.proposing = proposing
        self.between: dict[tuple[str, str], list[Paper]] = defaultdict(list)
        self.partners: dict[Paper, tuple[str, str]] = {}
        for paper in self.papers:
            who = resolved(directory, paper.supplier), resolved(directory, paper.library)
            self.partners[paper] = who
            self.between[who].append(paper)

    def cap_day(self, note: Paper) -> date:
        """The date whose cap a supplier's invoice goes by: a credit note's is that of what it credits, where it is known."""
        invoice = note.invoice
        if note.kind == "F" or not (invoice.credited or invoice.credited_on):
            return note.day
        if invoice.credited_on:
            return invoice.credited_on
        found = [
            one.day
            for one in self.between[self.partners[note]]
            if one.side == "supplier" and one.kind == "F" and one.day <= note.day
            and key(one.number) == key(invoice.credited or "")
        ]  # fmt: skip
        return max(found, default=note.day)

    def agree(self, supplier: Paper, library: Paper) -> str | None:
        """Rule 1 for two invoices whose partners agree: None, or the reason that goes with the match."""
        if supplier.kind != library.kind or key(supplier.number) != key(library.number):
            return None
        if abs(supplier.day - library.day) > NEAR:
            return None
        if claims_contract(supplier) and not grants_contract(library):
            return None
        slack = tolerance(supplier)
        if abs(supplier.ht - library.ht) <= slack:
            return "" if supplier.lines else "lines-awaited"
        least = 100 - cap(self.cap_day(supplier))
        for lines in (supplier.lines, [line for line in supplier.lines if counts(line, supplier.invoice)]):
            total = gross(lines)
            if supplier.lines and least * total <= 100 * (library.ht + slack) and library.ht <= total + slack:
                return "net-differs"
        return None

    # -- all of them -------------------------------------------------------------------------------

    def outcomes(self) -> dict[Paper, Outcome]:
        """Where every invoice stands."""
        found: dict[Paper, Outcome] = {}
        for papers in self.between.values():
            self._matches(papers, found)
            if self.proposing:
                self._proposals([paper for paper in papers if paper not in found], found)
            by_key: dict[str, list[Paper]] = defaultdict(list)
            for paper in papers:
                by_key[key(paper.number)].append(paper)
            for same in by_key.values():
                for group in groups(same):
                    _discrepancies(group, found)
        return {paper: found.get(paper, Outcome("waiting")) for paper in self.papers}

    def _matches(self, papers: list[Paper], found: dict[Paper, Outcome]) -> None:
        """Rule 1: partners as written first, then what is left by resolved ones; the closest pair first, each time."""
        for as_written in (True, False):
            pairs = []
            for one, other in pairs_of(papers):
                reason = self.agree(one, other)
                if reason is not None and (
                    not as_written or (one.supplier, one.library) == (other.supplier, other.library)
                ):
                    gaps = abs(one.ht - other.ht), abs(one.day - other.day)
                    glns = one.supplier, one.library, other.supplier, other.library  # where the rule is silent
                    pairs.append(((*gaps, one.day, one.number, other.day, other.number, *glns), one, other, reason))
            for _, one, other, reason in sorted(pairs, key=lambda pair: pair[0]):
                if one not in found and other not in found:
                    state = "discrepancy" if reason == "lines-awaited" else "matched"
                    found[one] = found[other] = Outcome(state, reason, frozenset((one, other)))

    def _proposals(self, left: list[Paper], found: dict[Paper, Outcome]) -> None:
        """Rule 2: candidates of every form together; one stands where none of its invoices has another."""
        candidates = {frozenset(papers): form for form, papers in candidates_of(left)}
        times: dict[Paper, int] = defaultdict(int)
        for papers in candidates:
            for paper in papers:
                times[paper] += 1
        for papers, form in candidates.items():
            if all(times[paper] == 1 for paper in papers):
                for paper in papers:
                    found[paper] = Outcome("proposed", form, papers)


def claims_contract(supplier: Paper) -> bool:
    """A supplier's claim of an exempt contract: proven, and of a time when libraries declared theirs."""
    invoice = supplier.invoice
    claimed = any(line.exclusion == "MP" and line.evidence for line in supplier.lines)
    return claimed and invoice.contract_sent is not None and supplier.day <= _CONTRACTS_CLAIMED_UNTIL


def grants_contract(library: Paper) -> bool:
    sent = library.invoice.contract_sent
    return sent is not None and sent <= _CONTRACT_EXEMPT_UNTIL


def pairs_of(papers: Collection[Paper]) -> Iterator[tuple[Paper, Paper]]:
    """Each of the supplier's with each of the library's."""
    return product([one for one in papers if one.side == "supplier"], [one for one in papers if one.side == "library"])


def candidates_of(left: Collection[Paper]) -> Iterator[tuple[str, tuple[Paper, ...]]]:
    """Rule 2's candidates among what one supplier and one library have left, with the form each has."""
    for one, other in pairs_of(left):
        if one.kind != other.kind:
            continue
        if key(one.number) == key(other.number) and claims_contract(one) and not grants_contract(other):
            continue  # `exemption-differs`, which nothing could be if it were proposed first
        apart, gap = abs(one.day - other.day), abs(one.ht - other.ht)
        if gap <= tolerance(one) and apart <= NEAR and end_alike(one.number, other.number):
            yield "number", (one, other)
        elif gap <= tolerance(one) and apart <= SAME_WEEK:
            yield "amount-and-date", (one, other)
        elif gap == 0 and NEAR < apart <= PAYMENT and key(one.number) == key(other.number):
            yield "late", (one, other)
    suppliers = [one for one in left if one.side == "supplier"]
    for library in left:
        if library.side != "library":
            continue
        month = [one for one in suppliers if (one.day.year, one.day.month) == (library.day.year, library.day.month)]
        if len(month) > 1 and sum(map(signed, month)) == signed(library):
            yield "statement", (library, *month)
        for bought, given_back in product(suppliers, suppliers):
            alike = (bought.kind, given_back.kind) == ("F", "A") and key(bought.number) == key(given_back.number)
            # The rule names no days here: those of one group, and those of a payment.
            alike = alike and abs(bought.day - given_back.day) <= NEAR and abs(bought.day - library.day) <= PAYMENT
            if alike and bought.ht - given_back.ht == signed(library):
                yield "return", (library, bought, given_back)


def signed(paper: Paper) -> int:
    return paper.ht if paper.kind == "F" else -paper.ht


def groups(same_key: Iterable[Paper]) -> Iterator[list[Paper]]:
    """Invoices of one key in groups of which each is at most 45 days after the one before."""
    group: list[Paper] = []
    for paper in sorted(same_key, key=lambda one: one.day):
        if group and paper.day - group[-1].day > NEAR:
            yield group
            group = []
        group.append(paper)
    if group:
        yield group


def _discrepancies(group: list[Paper], found: dict[Paper, Outcome]) -> None:
    """Rule 3 for one group: what is left on both sides is one case; on one side, of a kind already matched, another."""
    left = [paper for paper in group if paper not in found]
    if pairs := [pair for pair in pairs_of(left) if abs(pair[0].day - pair[1].day) <= NEAR]:
        kinds = all(one.kind != other.kind for one, other in pairs)
        exempt = any(
            one.kind == other.kind and claims_contract(one) and not grants_contract(other) for one, other in pairs
        )
        reason = "kind-differs" if kinds else "exemption-differs" if exempt else "amount-differs"
        found.update(dict.fromkeys(left, Outcome("discrepancy", reason, frozenset(left))))
        return
    paired = {paper.kind for paper in group if paper in found and found[paper].state != "proposed"}
    for side in ("supplier", "library"):
        twice = [paper for paper in left if paper.kind in paired and paper.side == side]
        found.update(dict.fromkeys(twice, Outcome("discrepancy", "declared-twice", frozenset(twice))))
