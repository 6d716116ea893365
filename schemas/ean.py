"""EAN-13 of a book: ISBN-13 under 978 or 979-1 to 979-9; 979-0 is printed music (ISMN).

Authority: ISO 2108 and GS1; same check digit as a GLN.

>>> is_valid("9782070360024"), is_book("9782070360024")
(True, True)
>>> is_book("9790260000438"), is_music("9790260000438")
(False, True)
"""

from functools import lru_cache
from typing import NewType

from schemas import gln

Ean = NewType("Ean", str)

#: Written where a copy has no EAN: antique, second-hand, self-published.
NONE = Ean("0000000000000")


@lru_cache(131072)
def is_valid(number: str) -> bool:
    """Whether `number` has the form and the check digit of an EAN-13."""
    return gln.has_form(number) and gln.has_check_digit(number)


def is_music(number: str) -> bool:
    """Whether the prefix is that of printed music, 979-0."""
    return number.startswith("9790")


def is_book(number: str) -> bool:
    """Whether the prefix is that of a book; does not look at the check digit."""
    return number.startswith(("978", "979")) and not is_music(number)


@lru_cache(131072)
def is_plain_book(number: str) -> bool:
    """Whether nothing at all can be said against this EAN: form, check digit, prefix."""
    return is_valid(number) and is_book(number)
