"""GLN, once called Gencod: 13 digits that name a party, the last one a GS1 check digit.

Authority: GS1 General Specifications, "Check digit calculations"; `legacy-gencods.txt` holds the
48 codes in use in the French book trade whose check digit is wrong.

>>> is_valid("3035593037000")
True
>>> is_valid("3010955600100"), is_legacy("3010955600100")
(False, True)
>>> check_digit("303559303700")
'0'
>>> is_valid(" 3035593037000"), is_valid("３０３５５９３０３７０００"), is_valid("0000000000000")
(False, False, False)
"""

from functools import lru_cache
from importlib.resources import files
from typing import NewType

Gln = NewType("Gln", str)


def has_form(number: str) -> bool:
    """Whether `number` is 13 ASCII digits; says nothing of the check digit."""
    return len(number) == 13 and number.isascii() and number.isdigit()


def check_digit(first12: str) -> str:
    """The GS1 check digit of 12 digits: weights 1, 3, 1, 3 ... from the left."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first12))
    return str((10 - weighted % 10) % 10)


def has_check_digit(number: str) -> bool:
    """Whether 13 digits end in the right check digit. All zeros is wrong.

    Unrolled over the ASCII codes: 25 weights of 48 add up to 1200, nothing modulo 10.
    """
    d = number.encode()
    odd = d[0] + d[2] + d[4] + d[6] + d[8] + d[10] + d[12]
    even = d[1] + d[3] + d[5] + d[7] + d[9] + d[11]
    return (odd + 3 * even) % 10 == 0 and number != "0000000000000"


@lru_cache(65536)
def is_valid(number: str) -> bool:
    """Whether `number` is a GLN: form and check digit. Does not say that anybody bears it."""
    return has_form(number) and has_check_digit(number)


def validate(number: str) -> Gln:
    """`number` as a Gln; ValueError if it is none."""
    if not is_valid(number) and not is_legacy(number):
        raise ValueError(f"{number!r} is not a GLN")
    return Gln(number)


LEGACY = frozenset(
    line for line in files("schemas").joinpath("legacy-gencods.txt").read_text("ascii").splitlines() if has_form(line)
)


def is_legacy(number: str) -> bool:
    """Whether `number` is one of the 48 Gencods in use whose check digit is wrong."""
    return number in LEGACY
