"""Columns and words that the tables of several acts have."""

from schemas.acknowledgement import VERDICT_WORDS
from schemas.column import Column, word
from schemas.text import Both

VERDICTS = {**VERDICT_WORDS, "received": Both("pas encore pris", "not taken yet")}
GLN = Column("gln", "GLN", width=15)
NAME = Column("name", Both("nom", "name"), width=30, folded=True)
#: What a change of a directory came to, fact by fact.
FIELD = Column("field", Both("fait", "fact"))
SINCE = Column("since", Both("depuis", "since"))
BEFORE = Column("before", Both("avant", "before"), folded=True)
AFTER = Column("after", Both("après", "after"), folded=True)


def verdict() -> Column:
    """The verdict on a file."""
    return word("verdict", "verdict", VERDICTS)


def link_and_home() -> Column:
    """The link a file came by, and which of its homes."""
    link = Both("liaison", "link")
    return Column("link", link, value=lambda row: "/".join(filter(None, (row["link"], row["home"]))))
