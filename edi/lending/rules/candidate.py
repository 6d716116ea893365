"""An invoice as matching sees it, and rule 1's amounts.

Authority: CPI L133-3 and law 2003-517 art. 10 for the discount cap; the tolerance is this project's (surface,
"When two declarations match").
"""

import msgspec

#: An invoice's successor in its group, and its twin, are at most so many days away.
DAYS_APART = 45
#: The tolerance on HT is never below this, in cents.
TOLERANCE_CENTS = 5


class Candidate(msgspec.Struct, frozen=True):
    """One live invoice. `day` is an ordinal, amounts cents, `cap` 1/100 %; partners as written, `key` of its number."""

    invoice: int
    side: str
    supplier: str
    library: str
    number: str
    key: str
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

    @property
    def signed_ht(self) -> int:
        """The HT in cents, of a credit note negative."""
        return -self.ht if self.kind == "A" else self.ht


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
