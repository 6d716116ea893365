"""Columns and words that several tables and sentences of the lending right have."""

from schemas.column import Column
from schemas.lending.lists import SIDE
from schemas.money import french
from schemas.text import Both, Text, counted, filled

#: Who declares, in words.
SIDES = {side.word: Both(side.fr, side.en) for side in reversed(SIDE)}
SUPPLIER, LIBRARY = (Column(side, words, width=15) for side, words in SIDES.items())
PERIOD = Column("period", Both("an", "year"), "int", 8)


def amount(says: Text, count: int, fr: str, en: str, cents: int) -> Text:
    """So many of a noun (`n` in `says`), and what they come to (`euros`)."""
    return filled(says, n=counted(count, fr, en), euros=french(cents))
