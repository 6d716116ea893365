"""Rule 2: what rule 1 leaves and a person may yet match, one candidate only on either side, all forms together.

The forms, of one resolved supplier and library (surface, rule 2; all this project's):

same-amount    same kind, the same HT within T, at most 5 days apart
number-ends    same kind, the digits of one number end those of the other (zeros between two runs kept on both sides or
               dropped on both), the same HT within T, at most 45 days apart
late           same kind and key, HT to the cent, 46 to 180 days apart
statement      a library's invoice is the sum, credit notes deducted, of all the supplier's left in its calendar month
net-of-credit  a library's invoice is a supplier's invoice less its credit note of the same key
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from itertools import islice

from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS, Candidate, exact

SAME_AMOUNT, NUMBER_ENDS, LATE = "same-amount", "number-ends", "late"
STATEMENT, NET_OF_CREDIT = "statement", "net-of-credit"
CLOSE_DAYS = 5
LATE_DAYS = 180

Proposal = tuple[str, tuple[Candidate, ...], Candidate]

_RUN = re.compile(r"[0-9Oo]*[0-9][0-9Oo]*")
_ZEROS = str.maketrans("Oo", "00")


def oh_as_zero(number: str) -> str:
    """A number with every letter O that stands beside a digit read as 0.

    >>> oh_as_zero("FO-2O25/O1")
    'FO-2025/01'
    """
    return _RUN.sub(lambda run: run[0].translate(_ZEROS), number)


def digits(number: str) -> str:
    """The digit runs of a number as written: O beside a digit read as 0, each run's leading zeros dropped, joined.

    >>> digits("FA-2025/0012"), digits("2O25-12"), digits("NO-0"), digits("1/0034")
    ('202512', '202512', '', '134')
    """
    return "".join(run.lstrip("0") for run in _runs(number))


def _runs(number: str) -> list[str]:
    return [run.translate(_ZEROS) for run in _RUN.findall(number)]


def ends(one: str, other: str) -> bool:
    """Whether the digits of one number end those of the other, neither empty; zeros between two runs may be kept or not.

    >>> ends("F2025-117", "117"), ends("FA-2025/0012", "20250012"), ends("12", "13")
    (True, True, False)
    """
    return _end(digits(one), digits(other)) or _end(_whole(one), _whole(other))


def _whole(number: str) -> str:
    return "".join(_runs(number)).lstrip("0")


def _end(one: str, other: str) -> bool:
    return bool(one and other) and (one.endswith(other) or other.endswith(one))


def likeness(supplier: Candidate, library: Candidate) -> str | None:
    """The form in which a supplier's and a library's invoice may be one; None when in none."""
    if supplier.kind != library.kind or (supplier.key == library.key and supplier.contract and not library.contract):
        return None  # the latter is `exemption-differs`
    apart = abs(supplier.day - library.day)
    if exact(supplier, library):
        if apart <= CLOSE_DAYS:
            return SAME_AMOUNT
        if apart <= DAYS_APART and ends(supplier.number, library.number):
            return NUMBER_ENDS
    if supplier.ht == library.ht and supplier.key == library.key and DAYS_APART < apart <= LATE_DAYS:
        return LATE
    return None


def propose(left: Sequence[Candidate], rejected: Collection[frozenset[int]] = ()) -> Iterator[Proposal]:
    """The proposals among what rule 1 leaves of one resolved supplier and library, but for those `rejected`."""
    suppliers = sorted((one for one in left if one.side == "supplier"), key=_by_amount)
    libraries = sorted((one for one in left if one.side == "library"), key=_by_amount)
    if not suppliers or not libraries:
        return
    found: dict[frozenset[int], Proposal] = {}
    of: defaultdict[int, set[frozenset[int]]] = defaultdict(set)
    sums = _sums(suppliers, libraries) if len(suppliers) > 1 else ()
    for form, some, library in (*_pairs(suppliers, libraries, rejected), *sums):
        ids = frozenset({library.invoice, *(one.invoice for one in some)})
        if ids not in rejected:
            found.setdefault(ids, (form, some, library))
            for invoice in ids:
                of[invoice].add(ids)
    for ids, proposal in found.items():
        if all(len(of[invoice]) == 1 for invoice in ids):
            yield proposal


def _by_amount(one: Candidate) -> tuple[int, int, int]:
    return one.ht, one.day, one.invoice


def _pairs(
    suppliers: list[Candidate], libraries: list[Candidate], rejected: Collection[frozenset[int]]
) -> Iterator[Proposal]:
    """Pairs that are alike: from each invoice two at most, since with two it has no twin to propose."""
    reach = max(TOLERANCE_CENTS, *(one.tolerance for one in suppliers))

    def alike(
        one: Candidate, others: list[Candidate], pair: Callable[[Candidate], tuple[Candidate, Candidate]]
    ) -> Iterator[Proposal]:
        first = bisect_left(others, one.ht - reach, key=lambda other: other.ht)
        last = bisect_right(others, one.ht + reach, key=lambda other: other.ht)
        for other in islice(others, first, last):
            supplier, library = pair(other)
            form = likeness(supplier, library)
            if form and frozenset((supplier.invoice, library.invoice)) not in rejected:
                yield form, (supplier,), library

    some = False
    for one in suppliers:
        for proposal in islice(alike(one, libraries, lambda other, one=one: (one, other)), 2):  # type: ignore[misc]
            some = True
            yield proposal
    for one in libraries if some else ():
        yield from islice(alike(one, suppliers, lambda other, one=one: (other, one)), 2)  # type: ignore[misc]


def _sums(suppliers: list[Candidate], libraries: list[Candidate]) -> Iterator[Proposal]:
    """Libraries' invoices that are the sum of several of the supplier's, to the cent."""
    in_order = sorted(suppliers, key=lambda one: (one.day, one.number, one.invoice))
    months: defaultdict[tuple[int, int], list[Candidate]] = defaultdict(list)
    notes: defaultdict[str, list[Candidate]] = defaultdict(list)
    for one in in_order:
        months[_month(one)].append(one)
        if one.kind == "A":
            notes[one.key].append(one)
    sums: defaultdict[tuple[tuple[int, int], int], list[tuple[Candidate, ...]]] = defaultdict(list)
    for month, members in months.items():
        if len(members) > 1:
            sums[month, sum(one.signed_ht for one in members)].append(tuple(members))
    nets: defaultdict[int, list[tuple[Candidate, Candidate]]] = defaultdict(list)
    for one in in_order:
        if one.kind == "F":
            for note in notes.get(one.key, ()):
                if abs(one.day - note.day) <= DAYS_APART:
                    nets[one.ht - note.ht].append((one, note))
    for library in libraries:
        for both in nets.get(library.signed_ht, ()):
            if abs(both[0].day - library.day) <= LATE_DAYS:
                yield NET_OF_CREDIT, both, library
        for several in sums.get((_month(library), library.signed_ht), ()):
            yield STATEMENT, several, library


def _month(one: Candidate) -> tuple[int, int]:
    day = date.fromordinal(one.day)
    return day.year, day.month
