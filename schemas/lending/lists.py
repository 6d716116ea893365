"""The code lists: what the wire writes in either format, and the word the code uses.

One table per list, rows of (our word, fixed format, XML, and what it means in French and English). Authority: format,
sections 1 and 2.
"""

from typing import Literal

import msgspec

Form = Literal["fixed", "xml"]


class Row(msgspec.Struct, frozen=True):
    """One value of a code list: our word, how each format writes it, what it means, and its UN/EDIFACT code if it has one."""

    word: str
    fixed: str
    xml: str
    fr: str
    en: str
    un: str = ""


SIDE = (
    Row("library", "B", "bibliotheque", "bibliothèque", "library", "BY"),
    Row("supplier", "F", "fournisseur", "fournisseur", "supplier", "SU"),
)
#: What a library is by the law; the directory has it of each, from a day on.
CATEGORIES = ("1", "2", "3", "4", "primary", "hospital")
USE = (
    Row("real", "R", "reel", "réelle", "real"),
    Row("test", "T", "test", "essai", "test"),
)
NATURE = (
    Row("initial", "I", "initiale", "initiale", "initial"),
    Row("replaces", "R", "remplacement", "remplace", "replaces"),
    Row("cancels", "A", "annulation", "annule", "cancels"),
)
KIND = (
    Row("F", "F", "facture", "facture", "invoice"),
    Row("A", "A", "avoir", "avoir", "credit note"),
)
EXCLUSION = (
    Row("SO", "SO", "SO", "soldé en totalité par son éditeur", "remaindered in full by its publisher"),
    Row("AN", "AN", "AN", "livre ancien", "antique book"),
    Row("OC", "OC", "OC", "livre d'occasion", "second-hand book"),
    Row("AU", "AU", "AU", "vendu par son auteur", "sold by its own author"),
    Row("PA", "PA", "PA", "partition ou solfège", "printed music or solfege"),
    Row("ET", "ET", "ET", "livre étranger facturé jusqu'au 31/12/2006", "foreign book invoiced up to 2006-12-31"),
    Row("MP", "MP", "MP", "marché public envoyé jusqu'au 01/08/2003", "public contract sent up to 2003-08-01"),
)
EXCLUSIONS = frozenset(row.word for row in EXCLUSION)


def words(rows: tuple[Row, ...], form: Form) -> dict[str, str]:
    """What a format writes -> our word."""
    return {getattr(row, form): row.word for row in rows}


def written(rows: tuple[Row, ...], form: Form) -> dict[str, str]:
    """Our word -> what a format writes."""
    return {row.word: getattr(row, form) for row in rows}
