"""The key by which two sides' invoice numbers compare.

ASCII upper case, letters and digits only, then the leading zeros of the first run of digits
dropped; one zero is kept of an all-zero run. An empty key is no number at all.

>>> key("FA-2025/0012"), key("fa 2025 0012"), key("000014"), key("F-000"), key("n° 7"), key("--")
('FA20250012', 'FA20250012', '14', 'F0', 'N7', '')
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

_UPPER = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_OTHER = bytes(byte for byte in range(256) if (byte != 0x0A and not chr(byte).isalnum()) or byte > 0x7F)
_LEADING_ZEROS = re.compile(rb"^([A-Z]*)0+(?=[0-9])", re.MULTILINE)
_letters = itemgetter(1)


def keys(numbers: Sequence[str]) -> list[str]:
    """The match key of each invoice number as written; empty if it holds no letter and no digit."""
    if not numbers:
        return []
    text = "\n".join(numbers)
    if text.count("\n") >= len(numbers):
        text = "\n".join([number.replace("\n", "") for number in numbers])
    plain = text.encode("ascii", errors="ignore").translate(_UPPER, _OTHER)
    return _LEADING_ZEROS.sub(_letters, plain).decode().split("\n")


@lru_cache(256)
def key(number: str) -> str:
    """The match key of one invoice number."""
    return keys((number,))[0]
