"""The status of invoices as a declarant is told it: one table of columns, from which XML, CSV and JSON are made and read.

A status file holds what changed of one declarant's invoices since it was last told; its rows follow one another in time,
and the last one of an invoice (partner, number, date, kind) is where it stands. JSON has the columns' names in English
and cents, XML their wire names, CSV their French heads. This project's own; `schemas/xsd/etat-1.0.xsd` says the same.
"""

import datetime

import msgspec

from schemas.lending import lists
from schemas.lending.lists import Row
from schemas.lending.outcome import REASONS, STATES
from schemas.text import Both, say

VERSION = "1.0"
FORMS = ("xml", "csv", "json")


class Column(msgspec.Struct, frozen=True):
    """One column: its names in JSON, XML and CSV. `meaning`: gln, text, code, day, moment, year, count, cents, list."""

    name: str
    wire: str
    meaning: str
    head: str
    fr: str
    en: str
    codes: tuple[Row, ...] = ()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one invoice stands. Amounts in cents, negative in what a credit note owes; empty or None: nothing to say.

    The other side's invoice is shown of a match or a discrepancy alone, and what is owed to a supplier alone.
    """

    partner: str
    number: str
    date: datetime.date
    kind: str
    ht_cents: int
    period: int
    state: str
    reason: str = ""
    explanation: str = ""
    awaits: str = ""
    since: datetime.date
    other: str = ""
    other_number: str = ""
    other_date: datetime.date | None = None
    other_kind: str = ""
    other_ht_cents: int | None = None
    base_cents: int | None = None
    rate_percent: int | None = None
    remuneration_cents: int | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A status file: the `number`-th of this declarant, told at a moment (Paris)."""

    version: str = VERSION
    sender: str
    declarant: str
    side: str
    number: int
    told_at: datetime.datetime
    invoices: tuple[Standing, ...]


_WIRE = {
    "matched": "rapprochee", "discrepancy": "ecart", "settled": "classee", "proposed": "proposee", "waiting": "attente",
    "withdrawn": "retiree",
}  # fmt: skip
STATE = tuple(Row(word, "", wire, STATES[word].fr, STATES[word].en) for word, wire in _WIRE.items())
AWAITED = (
    Row("library", "", "bibliotheque", "la bibliothèque", "the library"),
    Row("supplier", "", "fournisseur", "le fournisseur", "the supplier"),
    Row("operator", "", "gestionnaire", "le gestionnaire", "the operator"),
)

AWAITED_WORDS = {row.word: Both(row.fr, row.en) for row in AWAITED}

C = Column
HEAD = (
    C("sender", "emetteur", "gln", "émetteur", "qui écrit : nous", "who tells: us"),
    C("declarant", "declarant", "gln", "déclarant", "à qui", "who is told"),
    C("side", "cote", "list", "côté", "son côté", "their side", lists.SIDE),
    C(
        "number",
        "rang",
        "count",
        "rang",
        "rang de l'état pour ce déclarant, sans trou",
        "place of this file for this declarant, no gap",
    ),
    C("told_at", "emission", "moment", "émis le", "date et heure, à Paris", "date and time, in Paris"),
)
COLUMNS = (
    C("partner", "partenaire", "gln", "partenaire", "le partenaire que vous avez déclaré", "the partner you declared"),
    C("number", "numero", "text", "numéro", "numéro de votre facture", "your invoice's number"),
    C("date", "date", "day", "date", "sa date", "its date"),
    C("kind", "type", "list", "type", "son type", "its kind", lists.KIND),
    C("ht_cents", "totalHT", "cents", "total HT", "son total HT", "its total HT"),
    C("period", "periode", "year", "période", "la période où elle est comptée", "the period it is booked in"),
    C("state", "etat", "list", "état", "où elle en est", "where it stands", STATE),
    C("reason", "motif", "code", "motif", "pourquoi, par un code", "why, as a code"),
    C("explanation", "explication", "text", "explication", "le même en une phrase", "the same in a sentence"),
    C("awaits", "attend", "list", "attend", "qui est attendu", "who is awaited", AWAITED),
    C("since", "depuis", "day", "depuis le", "le jour où elle nous est parvenue", "the day it came to us"),
    C("other", "autre", "gln", "autre déclarant", "qui a déclaré l'autre côté", "who declared the other side"),
    C("other_number", "autreNumero", "text", "son numéro", "numéro de l'autre côté ; plusieurs sont joints par +", "the other side's number; several are joined by +"),
    C("other_date", "autreDate", "day", "sa date", "sa date ; de plusieurs, la première", "its date; of several, the first"),
    C("other_kind", "autreType", "list", "son type", "son type ; de plusieurs, le premier", "its kind; of several, the first", lists.KIND),
    C("other_ht_cents", "autreHT", "cents", "total HT de l'autre", "son total HT ; de plusieurs, la somme, avoirs déduits", "its total HT; of several, the sum, credit notes deducted"),
    C("base_cents", "base", "cents", "base HT", "au fournisseur : le prix public HT qui compte", "to a supplier: the public price HT that counts"),
    C("rate_percent", "taux", "count", "taux %", "au fournisseur : le taux, en %", "to a supplier: the rate, in %"),
    C("remuneration_cents", "part", "cents", "part due", "au fournisseur : la rémunération due", "to a supplier: the remuneration it owes"),
)  # fmt: skip


def explained(state: str, reason: str, awaits: str, language: str) -> str:
    """The same in a sentence.

    >>> explained("discrepancy", "lines-awaited", "supplier", "fr"), explained("matched", "", "", "en")
    ('En écart : lignes attendues ; attend le fournisseur.', 'Matched.')
    """
    words = [say(STATES[state], language)]
    words += [f"{' ' if language == 'fr' else ''}: {say(REASONS[reason], language)}"] if reason else []
    for row in AWAITED:
        if row.word == awaits:
            words.append(f"; waits for {row.en}" if language == "en" else f" ; attend {row.fr}")
    sentence = "".join(word or "" for word in words)
    return f"{sentence[0].upper()}{sentence[1:]}."


def file_name(declarant: str, number: int, form: str) -> str:
    """The name of a status file: `etat-<GLN>-<number>.<form>`."""
    return f"etat-{declarant}-{number:06d}.{form}"
