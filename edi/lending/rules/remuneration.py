"""The supplier's share of one matched invoice (CPI L133-3): rate x public price HT x quantity.

Rounded once an invoice, halves away from zero; negative for a credit note. The supplier's rate and
date decide; what an exempt library, or one that is not subject, bought on that date owes nothing (CPI R133-1).
"""

from datetime import date, timedelta

import msgspec

from edi.core.partners import Partner
from edi.lending.rules import terms
from schemas import money

#: Why a library's purchase owes nothing: its category is exempt; the directory says that it is not subject.
EXEMPT, NOT_SUBJECT = "library-exempt", "library-not-subject"


class Share(msgspec.Struct, frozen=True):
    """What one invoice owes: base and remuneration in cents, copies in the base, and why a base is nothing."""

    base_cents: int
    remuneration_cents: int
    copies: int
    reason: str


def why_exempt(library: Partner | None, day: date) -> str:
    """Why what a library bought that day owes nothing; empty when it owes, as it does where nothing is known.

    >>> why_exempt(Partner("3", "", "library", "hospital"), date(2005, 12, 31))
    'library-exempt'
    """
    if library is None:
        return ""
    category, subject = library.on(day)
    if terms.library_exempt(category, day):
        return EXEMPT
    return NOT_SUBJECT if subject == "no" else ""


def turns(library: Partner | None) -> set[date]:
    """The first days of the spans in each of which `why_exempt` is the same."""
    return {
        date.min,
        terms.HOSPITALS_EXEMPT_UNTIL + timedelta(1),
        *(then.since for then in (library.later if library else ())),
    }


def share(kind: str, base: int, copies: int, gross: int, rate_percent: int, exempt: str) -> Share:
    """The share of an invoice whose lines not validly excluded come to `base` cents of a `gross` total.

    `exempt` is the library's `why_exempt` on the invoice's date.

    >>> share("F", 84085, 31, 84085, 6, "")
    Share(base_cents=84085, remuneration_cents=5045, copies=31, reason='')
    >>> share("A", 84085, 31, 84085, 6, "library-exempt").reason
    'library-exempt'
    """
    if rate_percent == 0:
        return Share(0, 0, 0, "before-scheme")
    if exempt:
        return Share(0, 0, 0, exempt)
    if base == 0 and gross:
        return Share(0, 0, 0, "all-excluded")
    sign = -1 if kind == "A" else 1
    return Share(sign * base, money.share(sign * base, rate_percent), sign * copies, "")


def least(kind: str, ht: int, rate_percent: int, cap_bp: int) -> int:
    """The least an invoice can owe, in cents, of which only the library's discounted total is known (domain: the
    remuneration lies between rate x H and rate x H/(1 - highest discount)); of a credit note, the most it takes back.

    >>> least("F", 9_100, 6, 900), least("A", 9_100, 6, 900), least("A", 9_100, 0, 10_000)
    (546, -600, 0)
    """
    if kind == "F" or not rate_percent:
        return money.share(ht, rate_percent)
    return -money.half_away(ht * rate_percent * 100, 10_000 - cap_bp)


def most(kind: str, ht: int, rate_percent: int, cap_bp: int) -> int:
    """The most such an invoice can owe, in cents; of a credit note, the least it takes back.

    >>> most("F", 9_100, 6, 900), most("A", 9_100, 6, 900), most("F", 9_100, 0, 10_000)
    (600, -546, 0)
    """
    return -least("A" if kind == "F" else "F", ht, rate_percent, cap_bp)
