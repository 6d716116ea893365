"""What stands elsewhere in the same file: the lines that bear certain EANs, found by their place and nothing else.

Looked for when a wrong EAN may be one of them with a slip (`edi.lending.suggestions`): one pass over the bytes, many
times faster than reading, which judges nothing.
"""

import html
import re
from collections.abc import Collection, Iterator
from typing import IO

from schemas import charset, money
from schemas.layout import LG

_PIECE = 1 << 20
_LONGEST = 1 << 16  # of a record or tag; of a longer one nothing is said
_SOUGHT = ("ean", "price", "title")
_FIXED = re.compile(
    b"^LG" + b"".join(
        (b"([^\n]{%d})" if field.name in _SOUGHT else b"[^\n]{%d}") % field.width for field in LG.fields[1:]
    ),
    re.MULTILINE,
)  # fmt: skip
_TAG = re.compile(rb"<(?:[\w.-]+:)?ligne\s[^>]*>")
_EAN, _PRICE, _TITLE = (
    re.compile(rb"\s%s\s*=\s*(?:\"([^\"]*)\"|'([^']*)')" % LG.field(name).wire.encode()) for name in _SOUGHT
)


def lines_with(stream: IO[bytes], form: str, eans: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """(EAN, price in cents, title) of the lines of an unpacked file that bear one of these EANs."""
    wanted = {code.encode("ascii") for code in eans}
    pattern, end = (_FIXED, b"\n") if form == "fixed" else (_TAG, b">")
    stream.seek(0)
    text = b""
    while chunk := stream.read(_PIECE):
        text += chunk
        whole = text.rfind(end) + 1
        for match in pattern.finditer(text, 0, whole):
            code = match[1] if form == "fixed" else _attribute(_EAN, match[0])
            if code in wanted:
                try:
                    yield code.decode("ascii"), *_value(form, match)
                except ValueError:
                    continue
        text = text[whole:][-_LONGEST:]


def _attribute(attribute: re.Pattern[bytes], tag: bytes) -> bytes:
    found = attribute.search(tag)
    return b"".join(found.groups(b"")) if found else b""


def _value(form: str, line: re.Match[bytes]) -> tuple[int, str]:
    """Price in cents and title as a reader gives them; ValueError if there is none."""
    if form == "fixed":
        return int(line[2]), charset.title(line[3].decode(charset.ENCODING))[0]
    title = html.unescape(_attribute(_TITLE, line[0]).decode())
    return money.from_decimal(_attribute(_PRICE, line[0]).decode()), charset.title(title)[0]
