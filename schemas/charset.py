"""The repertoire of the fixed format, ISO-8859-15, and how a title is brought into it.

>>> title(" L’Étranger – tome 1…")
("L'Étranger - tome 1...", True)
>>> title("Œdipe roi")
('Œdipe roi', False)
"""

import re
import unicodedata
from functools import lru_cache

ENCODING = "iso8859-15"
TITLE_WIDTH = 60
_LOOKED_AT = 1_000  # of a title, since a character may come to nothing

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CHARACTERS = _CONTROL.sub("", bytes(range(256)).decode(ENCODING))
_ENCODABLE = re.compile(f"[{re.escape(_CHARACTERS)}]*")
#: Texts of the repertoire, a line each.
TEXTS = re.compile(f"[{re.escape(_CHARACTERS)}\n]*")
# Typography that Unicode decomposition leaves alone, and what Windows-1252 puts where we have controls.
_SPELLED = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": ",", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "…": "...", "•": "-",
        "\u2009": " ", "\u200a": " ", "\u202f": " ", "\u2003": " ", "\u2002": " ", "\u200b": "",
        "\ufeff": "", "ﬁ": "fi", "ﬂ": "fl", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
        "¤": "?", "¦": "|", "¨": '"', "´": "'", "¸": ",", "¼": "1/4", "½": "1/2", "¾": "3/4",
        "\x80": "€", "\x82": ",", "\x84": '"', "\x85": "...", "\x8a": "Š", "\x8c": "Œ", "\x8e": "Ž",
        "\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"', "\x95": "-", "\x96": "-", "\x97": "-",
        "\x9a": "š", "\x9c": "œ", "\x9e": "ž", "\x9f": "Ÿ",
    }
)  # fmt: skip


def encodable(text: str) -> bool:
    """Whether `text` stands in the repertoire: ISO-8859-15 without its control characters."""
    return _ENCODABLE.fullmatch(text) is not None


def title(text: str) -> tuple[str, bool]:
    """A title brought into the repertoire and its width, and whether that altered it.

    Outside characters are transliterated (what cannot be, becomes `?`), leading spaces are
    dropped, what goes over 60 characters is cut. Trailing spaces are filler, not title.
    """
    plain = text.rstrip(" ")
    if len(plain) <= TITLE_WIDTH and not plain.startswith(" ") and encodable(plain):
        return plain, False
    told = "".join(map(_transliterated, plain.lstrip(" ")[:_LOOKED_AT]))
    return told.lstrip(" ")[:TITLE_WIDTH].rstrip(" "), True


@lru_cache(4096)
def _transliterated(character: str) -> str:
    if encodable(character):
        return character
    spelled = character.translate(_SPELLED)
    if encodable(spelled):
        return spelled
    if _CONTROL.match(character):
        return " "
    base = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return base if base and encodable(base) else "?"
