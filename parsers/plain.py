"""Text from outside made fit to stand in an answer: harmless, cut, wrapped, or in ISO-8859-15.

Whoever reads an answer may `cat` it on a terminal, and what a file held comes back in it: no
control, escape, direction mark or lone surrogate may pass. Spaces of every width do, since French
figures are written with them. Authority: format, section 4; `schemas.charset` for the repertoire.
"""

import json
import re
import unicodedata

from schemas import charset

_BREAK = re.compile(r" (?![:;!?»](?: |$))")
_NOT_ASCII = re.compile(r"[^\n -~]")


def harmless(text: str) -> str:
    r"""`text` with everything that is neither printable nor a space spelled out; never raises.

    Twice is the same as once, and all that is left may stand in XML 1.0.

    >>> harmless("A\x1b[31m\n\u202e"), harmless("1\u202f234,56"), harmless("\ud800")
    ('A\\x1b[31m\\n\\u202e', '1\u202f234,56', '\\ud800')
    """
    if text.isprintable():
        return text
    return "".join(c if _is_shown(c) else c.encode("unicode_escape").decode() for c in text)


def escaped(document: str) -> str:
    r"""A JSON text with everything escaped that a terminal would obey, or that hides what stands there.

    >>> escaped('{"é": "\u202e"}') == r'{"é": "\u202e"}', escaped("\x9b") == r"\u009b"
    (True, True)
    """
    return _NOT_ASCII.sub(lambda odd: odd[0] if _is_shown(odd[0]) else json.dumps(odd[0])[1:-1], document)


def _is_shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def cut(text: str, width: int) -> str:
    """`text` cut to `width` characters, the last of them then an ellipsis.

    >>> cut("abcdef", 4), cut("abcd", 4)
    ('abc…', 'abcd')
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def latin(text: str) -> str:
    r"""`text` harmless and brought into ISO-8859-15; what cannot be transliterated becomes `?`.

    >>> latin("L’Œuvre – n° 7 😀"), latin("a\u202fb\r\n")
    ("L'Œuvre - n° 7 ?", 'a b\\r\\n')
    """
    safe = harmless(unicodedata.normalize("NFC", text))
    if charset.encodable(safe):
        return safe
    return "".join(charset.title(c)[0] or " " for c in safe)


def columns(text: str) -> int:
    """How many columns `text` takes at most in a fixed-width face; East Asian wide ones count two.

    >>> columns("été"), columns("日本")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, width: int) -> list[str]:
    """`text` broken at spaces into lines of at most `width` columns; longer words are broken too.

    At least one line, which may be empty; `width` is at least 2. No line begins with a French colon.

    >>> wrapped("un deux trois", 8), wrapped("abcdefghij", 4), wrapped("", 8), wrapped("un deux : 3", 8)
    (['un deux', 'trois'], ['abcd', 'efgh', 'ij'], [''], ['un', 'deux : 3'])
    """
    lines = [""]
    for word in _BREAK.split(text):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if columns(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def french_day(iso: str) -> str:
    """An ISO date, or that of an ISO time, as the French write it.

    >>> french_day("2026-01-15T09:30:12")
    '15/01/2026'
    """
    return "/".join(reversed(iso[:10].split("-")))
