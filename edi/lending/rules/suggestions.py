"""The likely correction of a finding, where the file itself or the directory proves it; silent when unsure.

Authority: format, section 3 ("where it can, the likely correction"); domain, "What really goes wrong". Each rule
asks for a second witness, so that what is suggested is right or not said at all:

- a GLN: one digit mistyped or two neighbours swapped, and of all such GLNs exactly one is known (to the link for a
  declarant, else to the directory) and plays the part that is due;
- an EAN: the same, and the one that is known stands elsewhere in the file with the same title and price (volumes of
  one collection have neighbouring EANs and one price: the title tells them apart);
- HT and TTC swapped: the other way round they agree with a rate of VAT, and with the lines where they were read;
- euros for cents, or the reverse: a factor of 100 towards the lines or the TTC, and nothing else;
- a date written JJMMAAAA: it is a day of the declared period, and not after the day of issue;
- a credit note sent as an invoice: it names what it credits, or its amount is negative.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from edi.lending.rules import terms
from edi.lending.rules.checked import Checked
from edi.lending.rules.context import Context
from schemas import ean, gln, money
from schemas.declaration import Header, Invoice, Line
from schemas.finding import Finding
from schemas.lending import vat
from schemas.text import Both, Text


class Witness(msgspec.Struct, frozen=True):
    """What a suggestion may go by: the header, the invoice (or its last part) with its sums, and the context."""

    header: Header
    checked: Checked | None
    context: Context


def suggested(finding: Finding, witness: Witness) -> Finding:
    """The finding, with the likely correction if there is one and none is said yet."""
    rule = _RULES.get(finding.code)
    if rule is None or finding.suggestion is not None:
        return finding
    return msgspec.structs.replace(finding, suggestion=rule(finding, witness))


def neighbours(code: str) -> set[str]:
    """The codes that one mistyped digit, or two neighbouring ones swapped, may have turned into this one.

    >>> len(neighbours("3012793809279")), "3012793890279" in neighbours("3012793809279")
    (129, True)
    """
    typed = {code[:at] + digit + code[at + 1 :] for at in range(len(code)) for digit in "0123456789"}
    swapped = {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)}
    return (typed | swapped) - {code}


def _only(codes: Iterable[str]) -> str | None:
    found = set(codes)
    return found.pop() if len(found) == 1 else None


# -- codes -----------------------------------------------------------------------------------------


def _partner(finding: Finding, witness: Witness) -> Text | None:
    directory, found = witness.context.directory, finding.found or ""
    known = _only(neighbours(found) & directory.keys()) if gln.has_form(found) else None
    return known if known is not None and directory[known].role != witness.header.side else None


def _declarant(finding: Finding, witness: Witness) -> Text | None:
    found, speaks_for = finding.found or "", witness.context.speaks_for
    if not gln.has_form(found):
        return None
    if speaks_for is not None:
        return _only(neighbours(found).intersection(speaks_for))
    directory = witness.context.directory
    known = _only(neighbours(found) & directory.keys())
    return known if known is not None and directory[known].role == witness.header.side else None


class EanSuggestions:
    """Wrong EANs of a file, with their lines, and the valid ones that each may have been meant to be."""

    def __init__(self, faulty: Iterable[tuple[Finding, Line]]) -> None:
        self.faulty = list(faulty)
        self.meant: dict[str, list[str]] = {}
        for wrong in {line.ean for _, line in self.faulty}:
            for code in neighbours(wrong):
                if ean.is_valid(code):
                    self.meant.setdefault(code, []).append(wrong)

    def resolve(self, lines: Iterable[tuple[str, int, str]]) -> dict[Finding, Finding]:
        """The findings for which one EAN alone will do, each with its suggestion; `lines` are (EAN, price, title) of the file's."""
        known: dict[tuple[str, int, str], set[str]] = {
            (line.ean, line.price, line.title): set() for _, line in self.faulty if line.title
        }
        for code, price, title in lines:
            for wrong in self.meant.get(code, ()):
                known.get((wrong, price, title), set()).add(code)
        right = ((finding, _only(known.get((line.ean, line.price, line.title), ()))) for finding, line in self.faulty)
        return {finding: msgspec.structs.replace(finding, suggestion=code) for finding, code in right if code}


def faulty_eans(findings: Iterable[Finding], invoice: Invoice) -> Iterator[tuple[Finding, Line]]:
    """The findings on an EAN with their lines, of those read whole."""
    for finding in findings:
        if finding.code == "ean-check-digit" and finding.record is not None:
            line = invoice.lines[invoice.line_records.index(finding.record)]
            if isinstance(line, Line):
                yield finding, line


# -- amounts ---------------------------------------------------------------------------------------


def _agree(ht: int, ttc: int, rates: Iterable[int]) -> bool:
    """Whether a TTC is an HT and one of the rates of VAT, to the cent or two."""
    return any(abs(ttc - cents) <= 2 for cents in _with_vat(ht, rates))


def _rates(witness: Witness) -> tuple[int, ...]:
    assert witness.checked is not None
    return terms.vat_rates(witness.checked.invoice.date, "library")  # TTC = HT proves nothing


def _lines_total(witness: Witness) -> tuple[int, int] | None:
    """(sum of the lines, tolerance), in cents, if all were read."""
    checked = witness.checked
    if checked is None or witness.header.side != "supplier" or not (checked.invoice.last and checked.invoice.countable):
        return None
    sums = checked.sums
    return (sums.net, money.tolerance(sums.lines, sums.copies, sums.gross)) if sums.lines else None


def _exceeds(finding: Finding, witness: Witness) -> Text | None:
    """HT above TTC: swapped, or the TTC alone a hundredth of what it is."""
    ht, ttc = _amounts(witness)
    lines, rates = _lines_total(witness), _rates(witness)
    if _agree(ttc, ht, rates) and (lines is None or abs(ttc - lines[0]) <= lines[1]):
        figures = f"HT {money.decimal(ttc)}, TTC {money.decimal(ht)}"
        return Both(f"intervertir les deux montants : {figures}", f"swap the two amounts: {figures}")
    if ht % 100 and _is_hundredth(ttc, _with_vat(ht, rates)) and (lines is None or abs(ht - lines[0]) <= lines[1]):
        return _scaled("ttc", witness)
    return None


def _odd_vat(finding: Finding, witness: Witness) -> Text | None:
    """A TTC that is far from HT: the HT is a hundredth of what it is. Of a line, and where lines agree, nothing."""
    ht, ttc = _amounts(witness)
    without = [money.half_away(ttc * 10_000, 10_000 + rate) for rate in _rates(witness)]
    alone = finding.field == "totalTTC" and witness.header.side == "library"
    return _scaled("ht", witness) if alone and ttc % 100 and _is_hundredth(ht, without) else None


def _total(finding: Finding, witness: Witness) -> Text | None:
    """HT and the lines a hundred times apart: the TTC and the price of a copy say which is wrong."""
    lines, (ht, ttc) = _lines_total(witness), _amounts(witness)
    if lines is None:
        return None
    (net, tolerance), rates = lines, _rates(witness)
    assert witness.checked is not None
    price = witness.checked.sums.gross // max(1, witness.checked.sums.copies)
    if _is_hundredth(ht, [net]):
        if _is_hundredth(ttc, _with_vat(net, rates)):
            return _scaled("both", witness) if price < _DEAR else None
        return _scaled("ht", witness) if _agree(net, ttc, rates) else None
    if net >= 10 and abs(ht - 100 * net) <= 100 * tolerance and _agree(ht, ttc, rates) and price < _CHEAP:
        return _scaled("prices", witness)
    return None


#: A copy's price in cents below which, or from which on, it is no book's.
_CHEAP, _DEAR = 100, 30_000


def _with_vat(ht: int, rates: Iterable[int]) -> list[int]:
    return [vat.with_vat(ht, rate) for rate in rates]


def _is_hundredth(amount: int, wanted: Iterable[int]) -> bool:
    """Whether an amount is one of those wanted divided by 100, what is below dropped or rounded."""
    return amount >= 10 and any(abs(amount * 100 - cents) < 100 for cents in wanted)


_WHICH = {
    "ht": Both("le total HT est cent fois trop petit", "total HT is a hundred times too small"),
    "ttc": Both("le total TTC est cent fois trop petit", "total TTC is a hundred times too small"),
    "both": Both("les totaux HT et TTC sont cent fois trop petits", "totals HT and TTC are a hundred times too small"),
    "prices": Both("les prix des lignes sont cent fois trop petits", "the lines' prices are a hundred times too small"),
}
_CENTS = Both(" : l'écrire en centimes, non en euros", ": write it in cents, not in euros")


def _scaled(which: str, witness: Witness) -> Both:
    text, cents = _WHICH[which], witness.header.format == "fixed"
    return Both(text.fr + _CENTS.fr * cents, text.en + _CENTS.en * cents)


def _amounts(witness: Witness) -> tuple[int, int]:
    assert witness.checked is not None
    ht, ttc = witness.checked.invoice.ht, witness.checked.invoice.ttc
    return (ht, ttc) if ht is not None and ttc is not None else (0, 0)


# -- dates and kinds -------------------------------------------------------------------------------

#: No contract or invoice that matters is older.
_EARLIEST = datetime.date(1990, 1, 1)
_JJMMAAAA = re.compile(r"([0-9]{2})([/.-]?)([0-9]{2})\2([0-9]{4})", re.ASCII)


def _date(finding: Finding, witness: Witness) -> Text | None:
    """A date written JJMMAAAA, as the wire wants it; with its time, if it has one."""
    header, text = witness.header, finding.found or ""
    match = _JJMMAAAA.match(text)
    if match is None:
        return None
    try:
        day = datetime.date(int(match[4]), int(match[3]), int(match[1]))
    except ValueError:
        return None
    rest, iso = text[match.end() :], day.isoformat()
    issued = header.issued or witness.context.now
    if finding.field == "emission":
        sound = re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", rest) and day.year >= (header.period or day.year)
    else:
        sound = not rest and (day.year == header.period or finding.field != "date")
    if not sound or not _EARLIEST <= day <= issued.date():
        return None
    return iso if header.format == "xml" else iso.replace("-", "") + rest


def _misread(finding: Finding, witness: Witness) -> Text | None:
    """A field that has not its form: a date the wrong way round, or a credit note that is called an invoice."""
    invoice, field = witness.checked and witness.checked.invoice, finding.field
    if field in ("totalHT", "totalTTC"):
        signed = invoice is not None and re.fullmatch(r"-[0-9]+(\.[0-9]{2})?", finding.found or "")
        return _UNSIGNED.get(invoice.kind or "") if invoice and signed else None
    day = _date(finding, witness) if field in ("date", "dateOrigine", "envoi", "emission") else None
    return day or (_credit(invoice) if invoice and field in ("origine", "dateOrigine") else None)


def _credit(invoice: Invoice) -> Text | None:
    """An invoice that names another, earlier one: it credits it."""
    if invoice.kind != "F" or not invoice.credited or invoice.credited == invoice.number:
        return None
    if invoice.credited_on and invoice.date and invoice.credited_on > invoice.date:
        return None
    return Both("un avoir : type A (XML : avoir)", "a credit note: type A (XML: avoir)")


_UNSIGNED = {
    "F": Both(
        "un avoir : type A (XML : avoir), montants sans signe", "a credit note: type A (XML: avoir), amounts unsigned"
    ),
    "A": Both("montants sans signe : le type A dit l'avoir", "amounts unsigned: kind A says it is a credit note"),
}

_RULES: dict[str, Callable[[Finding, Witness], Text | None]] = {
    "partner-gln-check-digit": _partner,
    "partner-unknown": _partner,
    "declarant-gln-check-digit": _declarant,
    "ht-exceeds-ttc": _exceeds,
    "vat-implausible": _odd_vat,
    "invoice-total-differs": _total,
    "header-field": _misread,
    "field-format": _misread,
    "xml-schema": _misread,
    "invoice-date-invalid": _misread,
}
