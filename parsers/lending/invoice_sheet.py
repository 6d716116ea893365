"""Invoices out of a spreadsheet (`parsers.sheets.cells`), for partners who have no EDI (`edi new`).

A library's rows are invoices; a supplier's are lines, those of one invoice one after another. Heads are French or English,
in any order and case; a decimal comma or point; JJ/MM/AAAA or AAAA-MM-JJ, a time after it left out. Whatever cannot be read
is a `Fault`, with its row and column; all of them at once.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

import msgspec

from parsers.sheets.cells import NoTable, table
from schemas import charset
from schemas.declaration import Invoice, Line
from schemas.lending import lists, vat
from schemas.lending.layout import FA, LG
from schemas.money import discounted
from schemas.text import Both

#: No more faults are told.
MOST = 200


class Fault(msgspec.Struct, frozen=True):
    """One cell that cannot be read: row as the spreadsheet counts them, column's head, what stands there, what should."""

    row: int
    column: str
    found: str
    expected: Both


class Column(msgspec.Struct, frozen=True):
    """One column: its name, the heads that mean it, how a cell is read, whom it is for, and what an empty cell means."""

    name: str
    heads: tuple[str, ...]
    read: Callable[[str], Any]
    side: str  # library, supplier or both
    needed: bool
    fr: str
    en: str
    default: Any = ""


class _Wrong(Exception):
    def __init__(self, fr: str, en: str) -> None:
        self.expected = Both(fr, en)


_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE][+-]?\d+")
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"  # an export's; the day alone counts
_DAY = (
    re.compile(rf"(?P<d>\d{{1,2}})[/.-](?P<m>\d{{1,2}})[/.-](?P<y>\d{{4}}){_TIME}", re.ASCII),
    re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}}){_TIME}", re.ASCII),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII),
)
#: What keeps a text a text in a spreadsheet: `="3012..."`, or an apostrophe before it.
_KEPT_TEXT = re.compile(r"=\"(?P<a>[^\"]*)\"|'(?P<b>.*)", re.DOTALL)
_MARKED = re.compile(r"(?:€|eur)?(.*?)(?:€|%|eur(?:os?)?)?", re.IGNORECASE)


def _code(cell: str) -> str:
    """13 digits, spaces and dashes between them forgiven; a number that a spreadsheet has rounded is lost."""
    if _SCIENTIFIC.fullmatch(cell):
        raise _Wrong(
            "13 chiffres : la colonne est à mettre au format Texte, le tableur a perdu la fin",
            "13 digits: format the column as text, the spreadsheet has lost the end",
        )
    digits = re.sub(r"[\s\u00a0\u202f-]", "", cell)
    if not re.fullmatch(r"[0-9]{13}", digits):
        raise _Wrong("13 chiffres", "13 digits")
    return digits


def _text(width: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > width or not charset.encodable(cell):
            raise _Wrong(f"{width} caractères au plus, de l'alphabet latin", f"at most {width} Latin characters")
        return cell

    return read


def _day(cell: str) -> date:
    for form in _DAY:
        if match := form.fullmatch(cell):
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                break
    raise _Wrong("une date, JJ/MM/AAAA", "a date, DD/MM/YYYY")


def _scaled(places: int, most: int, fr: str, en: str) -> Callable[[str], int]:
    """A decimal of at most so many places, as a whole number of the last one; never negative."""

    def read(cell: str) -> int:
        marked = _MARKED.fullmatch(_SPACES.sub("", cell))
        plain = marked[1] if marked else cell
        if re.fullmatch(r"[-−–].*|\(.*\)", plain):
            raise _Wrong(
                f"{fr} ; sans signe : un avoir se dit dans la colonne type",
                f"{en}; unsigned: a credit note is said in the column type",
            )
        comma, point = plain.rfind(","), plain.rfind(".")
        if comma >= 0 and point >= 0:  # the last one is the decimal mark, the other parts thousands
            plain = plain.replace("." if comma > point else ",", "")
        plain = plain.replace(",", ".")
        match = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]*))?", plain, re.ASCII)
        if match is None or len((match[2] or "").rstrip("0")) > places:
            raise _Wrong(fr, en)
        value = int(str(match[1]) + (match[2] or "").rstrip("0").ljust(places, "0"))
        if value > most:
            raise _Wrong(fr, en)
        return value

    return read


def _folded(head: str) -> str:
    """A head without accents, units and little words: `Date de la facture`, `Total H.T. (€)`.

    >>> _folded("Date de la facture"), _folded("Total H.T. (€)"), _folded("N° de facture")
    ('date facture', 'total ht', 'numero facture')
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"\bn[°ºo.]", "numero ", head.casefold()))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"\(.*?\)|[.€%*]|\b[dl]['’]|\b(?:de|du|des|la|le|en|euros?)\b", "", plain)
    return " ".join(plain.replace("_", " ").split())


def _choice(rows: tuple[lists.Row, ...]) -> Callable[[str], str]:
    known = {_folded(text): row.word for row in rows for text in (row.word, row.fixed, row.xml, row.fr, row.en)}

    def read(cell: str) -> str:
        if _folded(cell) not in known:
            raise _Wrong(" ou ".join(row.xml for row in rows), " or ".join(row.xml for row in rows))
        return known[_folded(cell)]

    return read


def _width(layout: Any, name: str) -> int:
    return int(layout.field(name).width)


def _most(layout: Any, name: str) -> int:
    return int(10 ** _width(layout, name)) - 1


_AMOUNT = ("un montant en euros, 1234,56", "an amount in euros, 1234.56")
_PERCENT = ("un pourcentage, 5,5", "a percentage, 5.5")
COLUMNS = (
    Column("partner", ("partenaire", "gln", "gencod", "gln partenaire", "fournisseur", "gln fournisseur", "gencod fournisseur", "bibliotheque", "gln bibliotheque", "gencod bibliotheque", "supplier", "library", "partner"), _code, "both", True, "GLN de l'autre partie", "the other side's GLN"),
    Column("number", ("numero", "numero de facture", "facture", "number", "invoice", "invoice number"), _text(_width(FA, "number")), "both", True, "numéro de la facture", "invoice number"),
    Column("date", ("date", "date de facture", "invoice date"), _day, "both", True, "date de la facture", "invoice date"),
    Column("kind", ("type", "nature", "kind"), _choice(lists.KIND), "both", False, "facture (par défaut) ou avoir", "facture (default) or avoir, a credit note", "F"),
    Column("ht", ("ht", "total ht", "montant ht", "net"), _scaled(2, _most(FA, "ht"), *_AMOUNT), "both", False, "total HT remisé ; un fournisseur peut le laisser calculer", "discounted net total; a supplier may leave it to be computed", None),
    Column("ttc", ("ttc", "total ttc", "montant ttc", "gross"), _scaled(2, _most(FA, "ttc"), *_AMOUNT), "both", False, "total TTC ; sinon à 5,5 %, ou selon la TVA des lignes", "gross total; else at 5.5 %, or by the lines' VAT", None),
    Column("contract", ("marche", "contract"), _text(_width(FA, "contract")), "both", False, "référence du marché public", "public contract reference"),
    Column("contract_sent", ("envoi du marche", "envoi", "contract sent"), _day, "both", False, "date d'envoi du marché", "contract sent for publication", None),
    Column("credited", ("origine", "facture d'origine", "credited"), _text(_width(FA, "credited")), "both", False, "d'un avoir, la facture créditée", "of a credit note, the invoice credited"),
    Column("credited_on", ("date d'origine", "credited on"), _day, "both", False, "d'un avoir, la date créditée", "of a credit note, the date credited", None),
    Column("ean", ("ean", "isbn", "ean13"), _code, "supplier", False, "EAN du livre, vide s'il n'en a pas", "the book's EAN, empty if it has none", "0" * 13),
    Column("quantity", ("quantite", "qte", "quantity", "qty"), _scaled(0, _most(LG, "quantity"), "un nombre d'exemplaires", "a number of copies"), "supplier", True, "exemplaires", "copies"),
    Column("price", ("prix", "prix public", "prix public ht", "price"), _scaled(2, _most(LG, "price"), *_AMOUNT), "supplier", True, "prix public HT à l'unité", "unit public price without tax"),
    Column("discount", ("remise", "discount"), _scaled(2, 10_000, *_PERCENT), "supplier", False, "remise en %", "discount in %", 0),
    Column("vat", ("tva", "taux de tva", "vat"), _scaled(2, 9_999, *_PERCENT), "supplier", False, "taux de TVA, 5,5 par défaut", "VAT rate, 5.5 by default", vat.USUAL),
    Column("exclusion", ("exclusion",), _choice(lists.EXCLUSION), "supplier", False, "code d'exclusion", "exclusion code"),
    Column("evidence", ("preuve", "evidence"), _text(_width(LG, "evidence")), "supplier", False, "référence de la preuve", "evidence reference"),
    Column("title", ("titre", "title"), lambda cell: charset.title(cell)[0], "supplier", False, "titre", "title"),
)  # fmt: skip
_HEAD = ("partner", "number", "date", "kind")
_NAMELESS = Both(
    "rien dans une colonne sans titre ; entre virgules, un montant à virgule demande des guillemets",
    "nothing in a column without a head; between commas, an amount with a comma wants quotes",
)


def columns(side: str) -> tuple[Column, ...]:
    """The columns of a library's or a supplier's spreadsheet."""
    return tuple(column for column in COLUMNS if column.side in ("both", side))


def read(content: bytes | str, side: str) -> tuple[list[Invoice], list[Fault]]:
    """The invoices of a spreadsheet, or what is wrong with it. Raises ValueError with a sentence where it is none."""
    faults: list[Fault] = []
    made: list[Invoice] = []
    try:
        rows = table(content)
        places = _places(next(rows, (1, []))[1], side, faults)
        if not faults:
            made = list(_invoices(_cells(rows, places, faults), side, faults))
    except NoTable as wrong:
        faults.append(Fault(wrong.row, "", wrong.why, Both("un CSV", "a CSV")))
    return ([], faults[:MOST]) if faults else (made, [])


def _places(heads: list[str], side: str, faults: list[Fault]) -> dict[int, Column]:
    """Which column stands where."""
    found: dict[int, Column] = {}
    known = {_folded(head): column for column in columns(side) for head in (column.name, *column.heads)}
    for place, head in enumerate(heads):
        column = known.get(_folded(head))
        if column is not None and column not in found.values():
            found[place] = column
        elif head.strip():
            fr, en = (", ".join(names) for names in zip(*((c.heads[0], c.name) for c in columns(side)), strict=True))
            wanted = Both(f"une colonne connue, une seule fois : {fr}", f"a known column, once: {en}")
            faults.append(Fault(1, head, head, wanted))
    missing = [(c.heads[0], c.fr, c.en) for c in columns(side) if c.needed and c not in found.values()]
    if side == "library" and "ht" not in {column.name for column in found.values()} and heads:
        missing.append(("ht", "total HT", "net total"))
    for head, fr, en in missing:
        faults.append(Fault(1, head, "", Both(f"cette colonne manque : {fr}", f"this column is missing: {en}")))
    return found


def _cells(
    rows: Iterable[tuple[int, list[str]]], places: dict[int, Column], faults: list[Fault]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row that is not empty, with its cells read; a faulty one is told and left out."""
    absent = {column.name: column.default for column in COLUMNS}
    for number, row in rows:
        values, sound = dict(absent), True
        for place, cell in enumerate(row):
            if cell.strip() and place not in places and len(faults) < MOST:
                faults.append(Fault(number, "", cell, _NAMELESS))
        for place, column in places.items():
            cell = row[place].strip() if place < len(row) else ""
            if kept := _KEPT_TEXT.fullmatch(cell):
                cell = (kept["a"] or kept["b"] or "").strip()
            try:
                if cell:
                    values[column.name] = column.read(cell)
                elif column.needed:
                    raise _Wrong(column.fr, column.en)
            except _Wrong as wrong:
                sound = False
                if len(faults) < MOST:
                    faults.append(Fault(number, column.heads[0], cell, wrong.expected))
        if sound:
            yield number, values


def _invoices(rows: Iterable[tuple[int, dict[str, Any]]], side: str, faults: list[Fault]) -> Iterator[Invoice]:
    """A library's invoice a row; a supplier's of the rows that follow one another with the same head."""
    seen: set[tuple[Any, ...]] = set()
    head: dict[str, Any] = {}
    lines: list[Line] = []
    for number, values in rows:
        key = tuple(values[name] for name in _HEAD)
        if side == "library":
            if values["ht"] is None:
                faults.append(Fault(number, "ht", "", Both(*_AMOUNT)))
                continue
            yield _invoice(values, ())
            continue
        if head and key != tuple(head[name] for name in _HEAD):
            yield _invoice(head, tuple(lines))
            head, lines = {}, []
        if not head:
            if key in seen and len(faults) < MOST:
                told = Both("les lignes d'une facture à la suite", "an invoice's lines one after another")
                faults.append(Fault(number, "numero", values["number"], told))
            seen.add(key)
            head = values
        lines.append(Line(*(values[name] for name in Line.__struct_fields__)))
    if head:
        yield _invoice(head, tuple(lines))


def _invoice(head: dict[str, Any], lines: tuple[Line, ...]) -> Invoice:
    """The invoice; totals not given are computed, the net from the lines, the gross by their VAT."""
    ht = head["ht"]
    if ht is None:
        ht = sum(discounted(line.quantity * line.price, line.discount) for line in lines)
    ttc = head["ttc"]
    if ttc is None:
        rates = {line.vat for line in lines} or {vat.USUAL}
        if len(rates) == 1:
            ttc = vat.with_vat(ht, rates.pop())
        else:
            ttc = sum(vat.with_vat(discounted(line.quantity * line.price, line.discount), line.vat) for line in lines)
    names = ("partner", "number", "date", "kind", "contract", "contract_sent", "credited", "credited_on")
    return Invoice(record=0, ht=ht, ttc=ttc, lines=lines, **{name: head[name] for name in names})
