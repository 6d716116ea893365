"""The words of the plain-language report: what became of the declaration, which invoices count, what to do next.

They stand in `report.toml`, in French and in English (format, section 4; natures, section 1).
"""

import re
import tomllib
from datetime import datetime
from importlib.resources import files
from typing import Any

from schemas.acknowledgement import Acknowledgement
from schemas.lending import layout

_TEXT: dict[str, dict[str, Any]] = tomllib.loads(files("parsers.answers").joinpath("report.toml").read_text("utf-8"))
_FIELDS = {field.wire: (field.fr, field.en) for record in layout.LAYOUTS.values() for field in record.fields}
# Names that more than one record uses, for different things.
_SHARED = {"remplissage": ("remplissage", "filler")}


def spelled(word: str, language: str, table: str = "words") -> str:
    """A word, a note or a sentence of the report in `language` (`fr` or `en`)."""
    return str(_TEXT[table][word][language == "en"])


def number(value: int, language: str) -> str:
    """A whole number in groups of three, as the language parts them; in French by no-break spaces."""
    return f"{value:,}" if language == "en" else f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")


def counted(what: str, n: int, language: str) -> str:
    """A phrase that agrees with its number.

    >>> counted("booked", 1, "fr"), counted("booked", 3, "fr"), counted("warnings", 2, "en")
    ('1 facture est comptabilisée', '3 factures sont comptabilisées', '2 warnings')
    """
    return str(_TEXT["counted"][what][language][min(n, 2)]).format(n=number(n, language))


def when(moment: datetime | None, language: str) -> str:
    """A Paris wall-clock time as people write it; empty if there is none."""
    if moment is None:
        return ""
    if language == "en":
        return f"{moment.date().isoformat()} at {moment:%H:%M:%S}, Paris time"
    return f"{moment:%d/%m}/{moment.year:04d} à {moment:%H:%M:%S}, heure de Paris"


def field_label(wire: str, language: str) -> str:
    """A field by its name in the format and what that name stands for.

    >>> field_label("totalHT", "fr"), field_label("date", "en")
    ('zone totalHT (total HT remisé)', 'field date (invoice date)')
    """
    meaning = (_SHARED.get(wire) or _FIELDS.get(wire, (wire, wire)))[language == "en"]
    name = f"field {wire}" if language == "en" else f"zone {wire}"
    return name if meaning == wire else f"{name} ({meaning})"


def amount(ack: Acknowledgement, language: str, *, others: bool = False) -> str:
    """How many invoices were read, accepted and refused; or what became of all but the refused."""
    word = _booked(ack)
    if others:
        return counted(f"others-{word}", ack.accepted, language)
    counts = [("read", ack.invoices), (f"short-{word}", ack.accepted), ("short-refused", ack.refused)]
    if not ack.invoices or ack.verdict == "failed":
        del counts[1:]
    elif ack.structure_refused:
        del counts[2:]
    return " · ".join(counted(what, n, language) for what, n in counts)


def verdict(ack: Acknowledgement, language: str) -> tuple[str, str]:
    """The verdict in a word, and in a plain sentence."""
    return spelled(ack.verdict, language, "verdict"), _sentence(ack, language)


def what_to_do(ack: Acknowledgement, warnings: bool, language: str) -> list[str]:
    """What the declarant should do next, a paragraph each."""
    states = ["warnings" if ack.verdict == "accepted" and warnings else ack.verdict]
    if ack.verdict == "partly-accepted" and ack.corrections:
        states = ["correction-replaces" if ack.nature == "replaces" else "correction"]
        states += ["correction-totals"] if ack.format == "fixed" else []
    if ack.verdict == "partly-accepted":
        states += [told for code, told in _LEFT_OUT.items() if code in ack.findings_by_code]
    facts = {"{reference}": ack.reference or "-", "{files}": ", ".join(ack.corrections)}
    return [_filled(spelled(state, language, "to_do"), facts) for state in states]


_LEFT_OUT = {"invoice-declared-differently": "correction-elsewhere", "invoice-twice-in-file": "correction-copy"}


def _filled(text: str, facts: dict[str, str]) -> str:
    return re.sub(r"\{\w+\}", lambda name: facts[name[0]], text)


def _booked(ack: Acknowledgement) -> str:
    return "passed" if ack.use == "test" or ack.dry_run else "booked"


def _sentence(ack: Acknowledgement, language: str) -> str:
    if ack.verdict in ("duplicate", "failed"):
        key = ack.verdict
    elif ack.structure_refused:
        key = "structure"
    elif not ack.invoices:
        key = "nil"
    elif not ack.accepted:
        key = "none"
    else:
        accepted = counted(_booked(ack), ack.accepted, language)
        if not ack.refused:
            return f"{accepted[0].upper()}{accepted[1:]}."
        between = "; " if language == "en" else " ; "
        return f"{accepted}{between}{counted('refused', ack.refused, language)}."
    return spelled(key, language, "sentence")
