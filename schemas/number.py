"""The key by which two sides' invoice numbers compare.

ASCII upper case, letters and digits only, then the leading zeros of the first run of digits
dropped; one zero is kept of an all-zero run. An empty key is no number at all.

>>> key("FA-2025/0012"), key("fa 2025 0012"), key("000014"), key("F-000"), key("n° 7"), key("--")
('FA20250012', 'FA20250012', '14', 'F0', 'N7', '')
"""

import re
from functools import lru_cache

_OTHER = re.compile(r"[^A-Z0-9]+")
_LEADING_ZEROS = re.compile(r"([A-Z]*)0+(?=[0-9])")
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@lru_cache(256)
def key(number: str) -> str:
    """The match key of an invoice number as written; empty if it holds no letter and no digit."""
    plain = number.upper() if number.isascii() else number.translate(_UPPER)
    if not (plain.isascii() and plain.isalnum()):
        plain = _OTHER.sub("", plain)
    zeros = _LEADING_ZEROS.match(plain)
    return plain if zeros is None else zeros[1] + plain[zeros.end() :]
