"""Columns and words that several tables of the lending right have."""

from schemas.column import Column
from schemas.lending.lists import SIDE
from schemas.text import Both

#: Who declares, in words.
SIDES = {side.word: Both(side.fr, side.en) for side in reversed(SIDE)}
SUPPLIER, LIBRARY = (Column(side, words, width=15) for side, words in SIDES.items())
PERIOD = Column("period", Both("an", "year"), "int", 8)
