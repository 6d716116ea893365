"""The checks of one invoice, its lines counted and added up. Each says one thing at most.

Authority: format, section 3. The two tables at the end give the order of precedence, and with each check the fields
that silence it once they carry a finding.
"""

from collections.abc import Callable, Iterable

import msgspec

from edi.lending import terms
from edi.lending.context import Context
from edi.lending.header_checks import at_field, right_gln
from edi.lending.line_checks import LineContext
from schemas import gln, money, number
from schemas.declaration import Header, Invoice
from schemas.finding import Finding
from schemas.layout import FA, describe
from schemas.text import Both, Text


class Sums(msgspec.Struct):
    """What an invoice's lines add up to, in cents and copies. `base` leaves out lines validly excluded."""

    lines: int = 0
    copies: int = 0
    gross: int = 0
    net: int = 0
    base: int = 0
    base_copies: int = 0
    exempt_contract: bool = False


class InvoiceContext(msgspec.Struct):
    """What an invoice's checks need: itself, its header, what its lines are judged by and add up to."""

    header: Header
    invoice: Invoice
    context: Context
    line: LineContext
    sums: Sums

    def at(self, name: str, code: str, found: object, expected: Text | None = None) -> Finding:
        """A finding at a field of the FA."""
        return at_field(FA, name, self.header.format, self.invoice.record, code, found, expected)


Check = Callable[[InvoiceContext], Finding | None]


def _number(of: InvoiceContext) -> Finding | None:
    name = of.invoice.number
    if name is None or number.key(name):
        return None
    expected = Both("au moins une lettre ou un chiffre", "a letter or a digit at least")
    return of.at("number", "field-format", name, expected)


_BLANK = Both("vide sur une facture", "blank on an invoice")


def _credited_blank(of: InvoiceContext) -> Finding | None:
    invoice = of.invoice
    if invoice.kind != "F" or not invoice.credited:
        return None
    return of.at("credited", "field-format", invoice.credited, _BLANK)


def _credited_on_blank(of: InvoiceContext) -> Finding | None:
    invoice = of.invoice
    if invoice.kind != "F" or invoice.credited_on is None:
        return None
    return of.at("credited_on", "field-format", invoice.credited_on, _BLANK)


def _partner_check_digit(of: InvoiceContext) -> Finding | None:
    partner = of.invoice.partner
    assert partner is not None
    if gln.is_valid(partner):
        return None
    if gln.is_legacy(partner) or partner in of.context.directory:
        return of.at("partner", "gln-check-digit-legacy", partner)
    return of.at("partner", "partner-gln-check-digit", partner, right_gln(partner))


def _date(of: InvoiceContext) -> Finding | None:
    """Another year than the period's; after the day of issue; before the scheme: the first of them says it all."""
    day, period, issued = of.invoice.date, of.header.period, of.header.issued
    assert day is not None
    if period is not None and day.year != period:
        finding = of.at("date", "invoice-date-outside-period", day, str(period))
        under = Both(f"déclarer sous la période {day.year}", f"declare under period {day.year}")
        return msgspec.structs.replace(finding, suggestion=under)
    if issued is not None and day > issued.date():
        return of.at("date", "invoice-date-in-future", day, f"{issued:%Y-%m-%d}")
    if day < terms.SCHEME_BEGINS:
        return of.at("date", "invoice-before-scheme", day, terms.SCHEME_BEGINS.isoformat())
    return None


def _credited_date(of: InvoiceContext) -> Finding | None:
    day, credited = of.invoice.date, of.invoice.credited_on
    if day is None or credited is None or credited <= day:
        return None
    return of.at("credited_on", "invoice-date-invalid", credited, f"<= {day}")


def _ht_exceeds_ttc(of: InvoiceContext) -> Finding | None:
    ht, ttc = of.invoice.ht, of.invoice.ttc
    assert ht is not None and ttc is not None
    return of.at("ht", "ht-exceeds-ttc", money.decimal(ht), money.decimal(ttc)) if ht > ttc else None


def _partner_known(of: InvoiceContext) -> Finding | None:
    directory, partner = of.context.directory, of.invoice.partner
    role = {"library": "supplier", "supplier": "library"}.get(of.header.side or "")
    if not directory or partner is None:
        return None
    known = directory.get(partner)
    if known is None:
        return of.at("partner", "partner-unknown", partner)
    if role and known.role != role:
        return of.at("partner", "partner-role", partner, _ROLES[role])
    return None


_ROLES = {"library": Both("une bibliothèque", "a library"), "supplier": Both("un fournisseur", "a supplier")}


def _lines_not_allowed(of: InvoiceContext) -> Finding | None:
    lines = of.sums.lines or of.invoice.announced or 0
    if of.header.side != "library" or not lines:
        return None
    return of.at("announced", "lines-not-allowed", lines, "0")


def _line_count(of: InvoiceContext) -> Finding | None:
    announced = of.invoice.announced
    if announced is None or of.header.side != "supplier" or announced == of.sums.lines:
        return None
    return of.at("announced", "line-count-differs", of.sums.lines, str(announced))


def _lines_missing(of: InvoiceContext) -> Finding | None:
    day = of.invoice.date
    assert day is not None
    if of.sums.lines or of.header.side != "supplier" or day < terms.LINES_DUE_FROM:
        return None
    return of.at("announced", "lines-missing", 0, "1")


def _total(of: InvoiceContext) -> Finding | None:
    ht, sums = of.invoice.ht, of.sums
    assert ht is not None
    if of.header.side != "supplier" or not sums.lines:
        return None
    tolerance = money.tolerance(sums.lines, sums.copies, sums.gross)
    if abs(ht - sums.net) <= tolerance:
        return None
    expected = f"{money.decimal(sums.net)} (± {money.decimal(tolerance)})"
    return of.at("ht", "invoice-total-differs", money.decimal(ht), expected)


def _vat(of: InvoiceContext) -> Finding | None:
    ht, ttc = of.invoice.ht, of.invoice.ttc
    assert ht is not None and ttc is not None
    rates = of.line.vat_rates
    if is_plausible_vat(ht, ttc, rates):
        return None
    plausible = " / ".join(f"HT + {rate // 100},{rate % 100:02d} %" for rate in sorted(rates))
    return of.at("ttc", "vat-implausible", f"HT {money.decimal(ht)}, TTC {money.decimal(ttc)}", plausible)


def is_plausible_vat(ht: int, ttc: int, rates: Iterable[int]) -> bool:
    """Whether TTC is HT with one of these rates, in 1/100 %, give or take 2 cents or 0.5 %."""
    for rate in rates:
        exact = ht * (10_000 + rate)  # in 1/10,000 of a cent
        if abs(ttc * 10_000 - exact) <= max(20_000, exact // 200):
            return True
    return False


def _contract_date(of: InvoiceContext) -> Finding | None:
    invoice = of.invoice
    if invoice.contract_sent is not None or not (invoice.contract or of.line.claims_contract):
        return None
    return of.at(
        "contract_sent", "contract-date-missing", invoice.contract or "MP", describe(FA.field("contract_sent"))
    )


HEAD_CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (_number, ("number",)),
    (_credited_blank, ("credited",)),
    (_credited_on_blank, ("credited_on",)),
    (_partner_check_digit, ("partner",)),
    (_date, ("date",)),
    (_credited_date, ("date", "credited_on")),
    (_ht_exceeds_ttc, ("ht", "ttc")),
    (_partner_known, ("partner",)),
)
WHOLE_CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (_lines_not_allowed, ("side", "lines")),
    (_line_count, ("side", "lines", "announced")),
    (_lines_missing, ("side", "lines", "date")),
    (_total, ("side", "lines", "ht")),
    (_vat, ("ht", "ttc")),
    (_contract_date, ("contract", "contract_sent")),
)
