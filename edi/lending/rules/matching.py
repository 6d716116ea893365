"""When two declarations match: rules 1 to 4 over the invoices of one resolved supplier and library.

Authority: CPI L133-3 and law 2003-517 art. 10 for the discount cap; the tolerance, the groups of 45 days and
the order of pairing are this project's. Pure: `edi.lending.matching.reconciling` brings the candidates and keeps the outcome,
and settles the plain case of one invoice a side in SQL, by the same rule. Rule 2 is `edi.lending.rules.proposing`'s.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from edi.lending.rules.candidate import DAYS_APART, Candidate, exact, gap
from edi.lending.rules.proposing import propose

MATCHED = "matched"
PROPOSED = "proposed"
DISCREPANCY = "discrepancy"
SETTLED = "settled"
NET_DIFFERS = "net-differs"
NET_SETTLED = "net-settled"
ACCEPTED = "accepted"
LINES_AWAITED = "lines-awaited"


class Case(msgspec.Struct, frozen=True):
    """A match, proposal or discrepancy, with its name; the supplier's invoices first. What is in no case waits."""

    state: str
    reason: str
    invoices: tuple[Candidate, ...]

    @property
    def ids(self) -> frozenset[int]:
        """Its invoices."""
        return frozenset(one.invoice for one in self.invoices)


class Decisions(msgspec.Struct, frozen=True):
    """What people decided, as the ids of the cases' invoices."""

    accepted: Collection[frozenset[int]] = ()
    rejected: Collection[frozenset[int]] = ()
    settled: Collection[frozenset[int]] = ()


NONE_DECIDED = Decisions()


def settle(pair: Sequence[Candidate], decided: Decisions = NONE_DECIDED) -> list[Case]:
    """The cases among the invoices of one resolved supplier and library, whatever their key, kind and date.

    What a person accepted stands as long as all its invoices do; then rule 1, as written first, bag by bag; rule 2
    among all that is left; then the discrepancies of each bag.
    """
    paired: set[int] = set()
    cases = list(_accepted(pair, decided.accepted, paired))
    bags = [bag for bag in _by_key(pair) if len(bag) > 1]  # one alone has nothing to pair with, nor to differ from
    as_written = attrgetter("supplier", "library")
    for bag in bags:
        if len(set(map(as_written, bag))) > 1:
            free = [one for one in bag if one.invoice not in paired]
            for _, same in groupby(sorted(free, key=as_written), as_written):
                for group in groups(same):
                    cases += _pair(group, paired)
        for group in groups(bag):
            cases += _pair(group, paired)
    left = [one for one in pair if one.invoice not in paired]
    placed = set(paired)
    for form, suppliers, library in propose(left, decided.rejected):
        cases.append(Case(PROPOSED, form, (*suppliers, library)))
        placed.update(one.invoice for one in cases[-1].invoices)
    for bag in bags:
        for group in groups(bag):
            cases += _left_over(group, paired, placed)
    return [_settled(case) if case.ids in decided.settled else case for case in cases] if decided.settled else cases


def _by_key(pair: Iterable[Candidate]) -> list[list[Candidate]]:
    key = attrgetter("key")
    return [list(bag) for _, bag in groupby(sorted(pair, key=key), key)]


def _accepted(pair: Sequence[Candidate], accepted: Collection[frozenset[int]], paired: set[int]) -> Iterator[Case]:
    here = {one.invoice: one for one in pair} if accepted else {}
    for ids in accepted:
        if ids <= here.keys() and not ids & paired:  # of two decisions that cannot both stand, the first
            both = sorted((here[invoice] for invoice in ids), key=_suppliers_first)
            paired.update(ids)
            if any(one.no_lines for one in both):
                yield Case(DISCREPANCY, LINES_AWAITED, tuple(both))
            else:
                yield Case(MATCHED, ACCEPTED, tuple(both))


def _suppliers_first(one: Candidate) -> tuple[bool, int, str, int]:
    return one.side == "library", one.day, one.number, one.invoice


def _settled(case: Case) -> Case:
    """The case when a person has settled it: a net that differs is listed no more, nor is a discrepancy."""
    if case.state == MATCHED:
        return Case(MATCHED, NET_SETTLED if case.reason == NET_DIFFERS else case.reason, case.invoices)
    return Case(SETTLED, case.reason, case.invoices) if case.state == DISCREPANCY else case


def groups(bag: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """The bag by date, cut where an invoice is more than 45 days after the one before."""
    group: list[Candidate] = []
    for candidate in sorted(bag, key=attrgetter("day", "invoice")):
        if group and candidate.day - group[-1].day > DAYS_APART:
            yield group
            group = []
        group.append(candidate)
    if group:
        yield group


def _pair(group: list[Candidate], paired: set[int]) -> list[Case]:
    """Again and again the pair with the smallest (HT gap, date gap, then dates and numbers); notes whom it paired."""
    suppliers = [one for one in group if one.side == "supplier" and one.invoice not in paired]
    libraries = [one for one in group if one.side == "library" and one.invoice not in paired]
    pairs = []
    for one in suppliers:
        for other in libraries:
            apart = abs(one.day - other.day)
            if one.kind != other.kind or apart > DAYS_APART or (one.contract and not other.contract):
                continue
            difference = gap(one, other)
            if difference is not None:
                order = (
                    abs(difference),
                    apart,
                    one.day,
                    one.number,
                    other.day,
                    other.number,
                    *(one.supplier, one.library, other.supplier, other.library),  # whoever arrived first
                    *(one.invoice, other.invoice),
                )
                pairs.append((order, one, other))
    cases = []
    for _, one, other in sorted(pairs, key=lambda pair: pair[0]):
        if one.invoice in paired or other.invoice in paired:
            continue
        paired.update((one.invoice, other.invoice))
        if one.no_lines:
            cases.append(Case(DISCREPANCY, LINES_AWAITED, (one, other)))
        else:
            cases.append(Case(MATCHED, "" if exact(one, other) else NET_DIFFERS, (one, other)))
    return cases


def _left_over(group: list[Candidate], paired: set[int], placed: set[int]) -> list[Case]:
    """The discrepancy of what a group leaves, if any: on both sides, or declared twice on one (on each, too far apart)."""
    left = sorted((one for one in group if one.invoice not in placed), key=_suppliers_first)
    suppliers = [one for one in left if one.side == "supplier"]
    libraries = [one for one in left if one.side == "library"]
    near = [(s, l) for s in suppliers for l in libraries if abs(s.day - l.day) <= DAYS_APART]
    if near:
        return [Case(DISCREPANCY, _name(near), tuple(left))]
    kinds = {one.kind for one in group if one.invoice in paired}
    twice = [tuple(one for one in side if one.kind in kinds) for side in (suppliers, libraries)]
    return [Case(DISCREPANCY, "declared-twice", some) for some in twice if some]


def _name(near: list[tuple[Candidate, Candidate]]) -> str:
    same_kind = [(one, other) for one, other in near if one.kind == other.kind]
    if not same_kind:
        return "kind-differs"
    if any(one.contract and not other.contract for one, other in same_kind):
        return "exemption-differs"
    return "amount-differs"
