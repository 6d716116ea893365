"""The fixed format, version 0100, as data: one table per record, one row per field.

The reading grammar, the diagnosing grammar, the writer and the partners' documentation are all
made from these tables; no offset stands anywhere else. Positions are 1-based and inclusive.
The layout is this project's own (format, section 1).

Column `form`: `n` ASCII digits, right-aligned, zero-filled; `an` left-aligned, space-filled, never
beginning with a space; `title` as `an`, but any byte is allowed. Column `meaning` says what the
characters stand for; `wire` is the field's name in XML and in findings.
"""

from collections.abc import Callable

import msgspec

from schemas.lending import lists
from schemas.text import Both

LENGTH = 140
VERSION = "0100"


class Field(msgspec.Struct, frozen=True):
    """One field of a record: `first` and `last` position, form, meaning, names and labels."""

    name: str
    wire: str
    first: int
    last: int
    form: str
    meaning: str
    fr: str
    en: str
    codes: tuple[lists.Row, ...] = ()

    @property
    def width(self) -> int:
        """How many characters the field has."""
        return self.last - self.first + 1


class Layout(msgspec.Struct, frozen=True):
    """One record type: its two-letter mark, its labels, and its fields in order."""

    mark: str
    fr: str
    en: str
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        """Hold the table to its promise: from 1 to 140, no gap, no overlap, names unique."""
        expected = 1
        for field in self.fields:
            assert field.first == expected, f"{self.mark}.{field.name}: gap or overlap at {expected}"
            assert field.last >= field.first, f"{self.mark}.{field.name}: ends before it begins"
            expected = field.last + 1
        assert expected == LENGTH + 1, f"{self.mark} ends at {expected - 1}"
        assert len({field.name for field in self.fields}) == len(self.fields)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


def _layout(mark: str, fr: str, en: str, *rows: Field) -> Layout:
    head = (
        Field("mark", "enregistrement", 1, 2, "an", "mark", "type d'enregistrement", "record type"),
        Field("record", "numeroEnregistrement", 3, 9, "n", "number", "numéro d'enregistrement", "record number"),
    )
    return Layout(mark, fr, en, head + rows)


F = Field

EN = _layout(
    "EN", "en-tête", "header",
    F("version", "version", 10, 13, "n", "text", "version du format", "format version"),
    F("side", "cote", 14, 14, "an", "code", "côté", "side", lists.SIDE),
    F("declarant", "declarant", 15, 27, "n", "gln", "GLN du déclarant", "declarant's GLN"),
    F("addressee", "destinataire", 28, 40, "n", "gln", "GLN du destinataire", "addressee's GLN"),
    F("issued", "emission", 41, 54, "n", "moment", "date et heure d'émission, heure de Paris", "issued, Paris time"),
    F("reference", "reference", 55, 74, "an", "name", "référence, unique par déclarant", "reference, unique per declarant"),
    F("period", "periode", 75, 78, "n", "number", "période : année des factures", "period: year of the invoices"),
    F("use", "usage", 79, 79, "an", "code", "usage", "use", lists.USE),
    F("nature", "nature", 80, 80, "an", "code", "nature", "nature", lists.NATURE),
    F("replaced", "remplace", 81, 100, "an", "text", "référence remplacée ou annulée", "reference replaced or cancelled"),
    F("sending", "envoiNumero", 101, 106, "n", "number", "numéro d'envoi, 000000 si aucun", "sending number, 000000 if none"),
    F("filler", "remplissage", 107, 140, "an", "blank", "remplissage", "filler"),
)  # fmt: skip

FA = _layout(
    "FA", "facture", "invoice",
    F("partner", "partenaire", 10, 22, "n", "gln", "GLN du partenaire", "partner's GLN"),
    F("number", "numero", 23, 42, "an", "name", "numéro de facture", "invoice number"),
    F("date", "date", 43, 50, "n", "day", "date de facture", "invoice date"),
    F("kind", "type", 51, 51, "an", "code", "facture ou avoir", "invoice or credit note", lists.KIND),
    F("ht", "totalHT", 52, 63, "n", "cents", "total HT remisé", "total HT, discounted"),
    F("ttc", "totalTTC", 64, 75, "n", "cents", "total TTC", "total TTC"),
    F("contract", "marche", 76, 95, "an", "text", "référence du marché public", "public contract reference"),
    F("contract_sent", "envoi", 96, 103, "n", "day-or-none", "envoi du marché à la publication", "contract sent for publication"),
    F("announced", "lignes", 104, 110, "n", "number", "nombre de LG qui suivent", "number of LG that follow"),
    F("credited", "origine", 111, 130, "an", "text", "numéro de la facture créditée", "credited invoice's number"),
    F("credited_on", "dateOrigine", 131, 138, "n", "day-or-none", "date de la facture créditée", "credited invoice's date"),
    F("filler", "remplissage", 139, 140, "an", "blank", "remplissage", "filler"),
)  # fmt: skip

LG = _layout(
    "LG", "ligne", "line",
    F("ean", "ean", 10, 22, "n", "ean", "EAN, 13 zéros si aucun", "EAN, 13 zeros if none"),
    F("quantity", "quantite", 23, 28, "n", "number", "quantité, au moins 1", "quantity, at least 1"),
    F("price", "prixPublicHT", 29, 37, "n", "cents", "prix public unitaire HT", "unit public price HT"),
    F("discount", "remise", 38, 41, "n", "rate", "remise en %", "discount, %"),
    F("vat", "tva", 42, 45, "n", "rate", "taux de TVA", "VAT rate"),
    F("exclusion", "exclusion", 46, 47, "an", "text", "code d'exclusion, ou 2 espaces", "exclusion code, or 2 spaces"),
    F("evidence", "preuve", 48, 67, "an", "text", "référence de la preuve", "evidence reference"),
    F("title", "titre", 68, 127, "title", "text", "titre", "title"),
    F("filler", "remplissage", 128, 140, "an", "blank", "remplissage", "filler"),
)  # fmt: skip

FI = _layout(
    "FI", "fin", "trailer",
    F("invoices", "nombreFA", 10, 16, "n", "number", "nombre de FA", "number of FA"),
    F("lines", "nombreLG", 17, 23, "n", "number", "nombre de LG", "number of LG"),
    F("sum_invoices", "sommeHTfactures", 24, 37, "n", "cents", "somme des HT de type F", "sum of HT of kind F"),
    F("sum_credits", "sommeHTavoirs", 38, 51, "n", "cents", "somme des HT de type A", "sum of HT of kind A"),
    F("filler", "remplissage", 52, 140, "an", "blank", "remplissage", "filler"),
)  # fmt: skip

LAYOUTS = {layout.mark: layout for layout in (EN, FA, LG, FI)}


def describe(field: Field) -> Both:
    """What should stand in a field, in a few words of French and English."""
    if field.codes:
        words = " / ".join(f"{row.fixed} ({row.xml})" if row.fixed != row.xml else row.fixed for row in field.codes)
        return Both(words, words)
    return _MEANINGS[field.meaning](field)


_MEANINGS: dict[str, Callable[[Field], Both]] = {
    "mark": lambda f: Both("EN, FA, LG ou FI", "EN, FA, LG or FI"),
    "number": lambda f: Both(f"nombre, {f.width} chiffres au plus", f"number, {f.width} digits at most"),
    "cents": lambda f: Both(f"montant, {f.width} chiffres de centimes au plus", f"amount, {f.width} digits of cents at most"),
    "rate": lambda f: Both("taux en centièmes de %, 4 chiffres (XML : 5.50)", "rate in 1/100 %, 4 digits (XML: 5.50)"),
    "gln": lambda f: Both("GLN, 13 chiffres", "GLN, 13 digits"),
    "ean": lambda f: Both("EAN, 13 chiffres", "EAN, 13 digits"),
    "moment": lambda f: Both("date et heure AAAAMMJJHHMMSS (XML : avec fuseau)", "date and time AAAAMMJJHHMMSS (XML: with offset)"),
    "day": lambda f: Both("date AAAAMMJJ (XML : AAAA-MM-JJ)", "date AAAAMMJJ (XML: AAAA-MM-JJ)"),
    "day-or-none": lambda f: Both("date AAAAMMJJ ou 00000000 (XML : AAAA-MM-JJ)", "date AAAAMMJJ or 00000000 (XML: AAAA-MM-JJ)"),
    "name": lambda f: Both(
        f"texte obligatoire, cadré à gauche, {f.width} caractères au plus",
        f"text, never empty, left-aligned, {f.width} characters at most",
    ),
    "text": lambda f: Both(f"texte cadré à gauche, {f.width} caractères au plus", f"text, left-aligned, {f.width} characters at most"),
    "blank": lambda f: Both("des espaces", "blanks"),
}  # fmt: skip
