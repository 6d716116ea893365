"""When two declarations match: rules 1, 3 and 4 over the invoices of one resolved supplier, library and key.

Authority: CPI L133-3 and law 2003-517 art. 10 for the discount cap; the tolerance, the groups of 45 days and
the order of pairing are this project's. Pure: `edi.reconciling` brings the candidates and keeps the outcome,
and settles the plain case of one invoice a side in SQL, by the same rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

#: An invoice's successor in its group, and its twin, are at most so many days away.
DAYS_APART = 45
#: The tolerance on HT is never below this, in cents.
TOLERANCE_CENTS = 5

MATCHED = "matched"
DISCREPANCY = "discrepancy"
NET_DIFFERS = "net-differs"


class Candidate(msgspec.Struct, frozen=True):
    """One live invoice of a bag. `day` is an ordinal, amounts cents, `cap` 1/100 %; partners as written."""

    invoice: int
    side: str
    supplier: str
    library: str
    number: str
    kind: str
    day: int
    period: int
    ht: int
    tolerance: int
    gross: int
    base: int
    rate: int
    cap: int
    contract: bool
    no_lines: bool


class Case(msgspec.Struct, frozen=True):
    """A match (supplier's invoice first) or a discrepancy, with its name. What is in no case waits."""

    state: str
    reason: str
    invoices: tuple[Candidate, ...]


def gap(supplier: Candidate, library: Candidate) -> int | None:
    """How far the library's HT is from the supplier's, in cents, when rule 1's amounts agree; None when they do not.

    Within T of the supplier's HT, or between (1 - highest discount) x P and P, widened by T, for P the
    public-price total of all lines or of those not excluded.
    """
    tolerance = max(TOLERANCE_CENTS, supplier.tolerance)
    difference = library.ht - supplier.ht
    if abs(difference) <= tolerance:
        return difference
    if supplier.no_lines:
        return None
    for public in (supplier.gross, supplier.base):
        least = public * (10_000 - supplier.cap) - tolerance * 10_000
        if least <= library.ht * 10_000 and library.ht <= public + tolerance:
            return difference
    return None


def exact(supplier: Candidate, library: Candidate) -> bool:
    """Whether the two HT agree within T."""
    return abs(library.ht - supplier.ht) <= max(TOLERANCE_CENTS, supplier.tolerance)


def settle(bag: Sequence[Candidate]) -> list[Case]:
    """The cases among the invoices of one resolved supplier, library and key, whatever their kind and date."""
    cases: list[Case] = []
    paired: set[int] = set()
    as_written = attrgetter("supplier", "library")
    for _, same in groupby(sorted(bag, key=as_written), as_written):
        for group in groups(same):
            cases += _pair(group, paired)
    for group in groups(bag):
        cases += _pair(group, paired)
        cases += _left_over(group, paired)
    return cases


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
            cases.append(Case(DISCREPANCY, "lines-awaited", (one, other)))
        else:
            cases.append(Case(MATCHED, "" if exact(one, other) else NET_DIFFERS, (one, other)))
    return cases


def _left_over(group: list[Candidate], paired: set[int]) -> list[Case]:
    """The discrepancy of what a group leaves, if any: on both sides, or declared twice on one."""
    left = [one for one in group if one.invoice not in paired]
    suppliers = [one for one in left if one.side == "supplier"]
    libraries = [one for one in left if one.side == "library"]
    near = [(s, l) for s in suppliers for l in libraries if abs(s.day - l.day) <= DAYS_APART]
    if near:
        return [Case(DISCREPANCY, _name(near), tuple(left))]
    kinds = {one.kind for one in group if one.invoice in paired}
    twice = tuple(one for one in left if one.kind in kinds)
    return [Case(DISCREPANCY, "declared-twice", twice)] if twice else []


def _name(near: list[tuple[Candidate, Candidate]]) -> str:
    same_kind = [(one, other) for one, other in near if one.kind == other.kind]
    if not same_kind:
        return "kind-differs"
    if any(one.contract and not other.contract for one, other in same_kind):
        return "exemption-differs"
    return "amount-differs"
