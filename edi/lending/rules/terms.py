"""What goes by invoice date: the supplier's rate, the highest legal discount, plausible VAT rates; and all of it as one
value, the law, that a posting run names: what is decreed late changes the law of later runs, not of earlier ones.

Authority: CPI L133-3 (6 %), law 2003-517 of 18 June 2003, articles 1 and 10 (3 % and 12 % in the first year;
9 % since); VAT on books: CGI 278-0 bis (5.5 %), 278 bis in 2012 (7 %), 296 (2.1 % overseas).

>>> at(date(2004, 7, 31)).rate_percent, at(date(2004, 8, 1)).rate_percent, at(date(2003, 7, 31)).rate_percent
(3, 6, 0)
"""

from datetime import date
from functools import lru_cache

import msgspec

from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS
from schemas.lending import vat

SCHEME_BEGINS = date(2003, 8, 1)
#: A public contract sent for publication on or before this day is exempt (law 2003-517, art. 10).
CONTRACT_EXEMPT_UNTIL = date(2003, 8, 1)
#: The library gives contract references for purchases up to this day.
CONTRACTS_DECLARED_UNTIL = date(2005, 12, 31)
FOREIGN_EXCLUDED_UNTIL = date(2006, 12, 31)
LINES_DUE_FROM = date(2006, 1, 1)
HOSPITALS_EXEMPT_UNTIL = date(2005, 12, 31)
FIRST_PERIOD = 2003


class Terms(msgspec.Struct, frozen=True):
    """Terms from a day on: rate in %, highest discount in 1/100 % (10,000: free)."""

    since: date
    rate_percent: int
    cap_bp: int


TERMS = (
    Terms(date.min, 0, 10_000),
    Terms(date(2003, 8, 1), 3, 1_200),
    Terms(date(2004, 8, 1), 6, 900),
)


#: The law of the runs that name none: they were posted when it was the only one (its text: migration `versions`).
FIRST_LAW = "a63c59893dda75ad9e239b3f147c52df1a90afdb37b73377afa2852e24d1a2a3"


class Law(msgspec.Struct, frozen=True):
    """All that shares, matches and estimates are reckoned by, as a run's rules keep it: JSON with sorted keys."""

    terms: tuple[Terms, ...]
    contract_exempt_until: date
    contracts_declared_until: date
    hospitals_exempt_until: date
    tolerance_cents: int
    days_apart: int

    def at(self, day: date) -> Terms:
        """The terms of an invoice of that day."""
        return next(terms for terms in reversed(self.terms) if terms.since <= day)

    @property
    def text(self) -> str:
        """The law as it is kept; `read` is the way back."""
        return msgspec.json.encode(self, order="sorted").decode()


def law() -> Law:
    """The law as this program has it."""
    return Law(
        terms=TERMS, contract_exempt_until=CONTRACT_EXEMPT_UNTIL, contracts_declared_until=CONTRACTS_DECLARED_UNTIL,
        hospitals_exempt_until=HOSPITALS_EXEMPT_UNTIL, tolerance_cents=TOLERANCE_CENTS, days_apart=DAYS_APART,
    )  # fmt: skip


@lru_cache(16)
def read(text: str) -> Law:
    """A law that was kept. Raises msgspec.MsgspecError when the text is none."""
    return msgspec.json.decode(text, type=Law)


@lru_cache(4096)
def at(day: date) -> Terms:
    """The terms of an invoice of that day, by the law as this program has it."""
    return law().at(day)


SEVEN_PER_CENT = (date(2012, 4, 1), date(2013, 1, 31))


@lru_cache(4096)
def vat_rates(day: date | None, side: str | None) -> tuple[int, ...]:
    """VAT rates, in 1/100 %, that are plausible on books that day, the usual first; 0 is a supplier's alone. None: any day, any side."""
    in_2012 = day is None or SEVEN_PER_CENT[0] <= day <= SEVEN_PER_CENT[1]
    return (vat.USUAL, *(vat.IN_2012,) * in_2012, vat.OVERSEAS, *(0,) * (side != "library"))


def library_exempt(category: str | None, day: date) -> bool:
    """Whether a library of that category owes nothing on purchases of that day (CPI R133-1 and its transition)."""
    return category == "primary" or (category == "hospital" and day <= HOSPITALS_EXEMPT_UNTIL)
