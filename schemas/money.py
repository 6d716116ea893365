"""Money: integer euro cents, exact rates, one rounding rule, one tolerance. No float, ever.

>>> share(84085, 6)
5045
>>> share(-75, 6), share(75, 6)
(-5, 5)
>>> tolerance(lines=1, copies=2, gross_cents=10001)
5
>>> decimal(-123456), french(-123456)
('-1234.56', '-1 234,56')
"""

import re
from collections.abc import Iterable


def half_away(numerator: int, denominator: int) -> int:
    """`numerator` over `denominator` as a whole number, halves away from zero. `denominator` above 0."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def share(base_cents: int, rate_percent: int) -> int:
    """`rate_percent` per cent of `base_cents`, in cents, halves away from zero."""
    return half_away(base_cents * rate_percent, 100)


def all_discounted(gross_cents: Iterable[int], discounts_bp: Iterable[int]) -> list[int]:
    """Each amount less its discount in 1/100 of a per cent, in cents, rounded half up."""
    return [
        (gross * (10_000 - discount) + 5_000) // 10_000
        for gross, discount in zip(gross_cents, discounts_bp, strict=True)
    ]


def discounted(gross_cents: int, discount_bp: int) -> int:
    """The same of one amount."""
    return all_discounted((gross_cents,), (discount_bp,))[0]


def tolerance(lines: int, copies: int, gross_cents: int) -> int:
    """The tolerance everywhere, in cents: one a line, one a copy, 0.01 % of the gross, rounded up.

    List prices are TTC, so an HT price is already rounded (format, section 3).
    """
    return lines + copies - (-gross_cents // 10_000)


def decimal(cents: int) -> str:
    """Cents as a decimal with a point and two places: the XML format's and the exports' way."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def french(cents: int) -> str:
    """Cents as French readers write euros: narrow groups, decimal comma."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}".replace(",", " ") + f",{abs(cents) % 100:02d}"


def several(count: int, noun: str) -> str:
    """So many of a French noun, which is in the plural from two on.

    >>> several(0, "écriture"), several(2, "appel")
    ('0 écriture', '2 appels')
    """
    return f"{count} {noun}{'s' if abs(count) > 1 else ''}"


_DECIMAL = re.compile(r"[0-9]+\.[0-9]{2}", re.ASCII)


def from_decimal(text: str) -> int:
    """Cents out of a decimal with exactly two places; ValueError otherwise.

    >>> from_decimal("181.45")
    18145
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount with two places")
    return int(text.replace(".", ""))
