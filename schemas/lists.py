"""The code lists: what the wire writes in either format, and the word the code uses.

One table per list, rows of (our word, fixed format, XML, French label). Authority: format,
sections 1 and 2.
"""

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One value of a code list: our word, and how each format writes it."""

    word: str
    fixed: str
    xml: str
    label: str


SIDE = (
    Row("library", "B", "bibliotheque", "bibliothèque"),
    Row("supplier", "F", "fournisseur", "fournisseur"),
)
USE = (
    Row("real", "R", "reel", "réel"),
    Row("test", "T", "test", "test"),
)
NATURE = (
    Row("initial", "I", "initiale", "initiale"),
    Row("replaces", "R", "remplacement", "remplace"),
    Row("cancels", "A", "annulation", "annule"),
)
KIND = (
    Row("F", "F", "facture", "facture"),
    Row("A", "A", "avoir", "avoir"),
)
EXCLUSION = (
    Row("SO", "SO", "SO", "soldé par l'éditeur"),
    Row("AN", "AN", "AN", "livre ancien"),
    Row("OC", "OC", "OC", "livre d'occasion"),
    Row("AU", "AU", "AU", "vendu par son auteur"),
    Row("PA", "PA", "PA", "partition ou solfège"),
    Row("ET", "ET", "ET", "livre étranger facturé jusqu'au 31/12/2006"),
    Row("MP", "MP", "MP", "marché public antérieur au 01/08/2003"),
)
EXCLUSIONS = frozenset(row.word for row in EXCLUSION)


def from_fixed(rows: tuple[Row, ...]) -> dict[str, str]:
    """What the fixed format writes -> our word."""
    return {row.fixed: row.word for row in rows}


def from_xml(rows: tuple[Row, ...]) -> dict[str, str]:
    """What XML writes -> our word."""
    return {row.xml: row.word for row in rows}


def to_fixed(rows: tuple[Row, ...]) -> dict[str, str]:
    """Our word -> what the fixed format writes."""
    return {row.word: row.fixed for row in rows}


def to_xml(rows: tuple[Row, ...]) -> dict[str, str]:
    """Our word -> what XML writes."""
    return {row.word: row.xml for row in rows}
