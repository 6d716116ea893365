"""The checks of one line of a supplier's invoice; a field that could not be read is passed over in silence.

Authority: format, section 3; CPI L133-2 and the cases it excludes.
"""

import datetime
from collections.abc import Callable, Iterator

import msgspec

from edi.lending import terms
from schemas import ean, gln, lists, money
from schemas.declaration import Line, PartialLine
from schemas.finding import Finding, shown
from schemas.layout import LG
from schemas.text import Both, Text


class LineContext(msgspec.Struct):
    """What a line's checks need of its invoice. `claims_contract` is noted when a line claims `MP`."""

    format: str
    date: datetime.date | None
    contract_sent: datetime.date | None
    cap_bp: int
    vat_rates: frozenset[int]
    claims_contract: bool = False


AnyLine = Line | PartialLine
_Said = Iterator[tuple[str, str, str, Text | None, Text | None]]  # code, field, found, expected, suggestion


def check_line(line: AnyLine, record: int, context: LineContext) -> Iterator[Finding]:
    """The findings of one line, in the catalogue's order."""
    for check in LINE_CHECKS:
        for code, name, found, expected, suggestion in check(line, context):
            field = LG.field(name)
            yield Finding(
                code=code,
                record=record,
                position=field.first if context.format == "fixed" else None,
                field=field.wire,
                found=shown(found),
                expected=expected,
                suggestion=suggestion,
            )


_TITLED = Both(
    "l'EAN d'un livre ; sans EAN, le titre suffit : il est là", "a book's EAN; without one the title does, as here"
)
_UNTITLED = Both("l'EAN d'un livre, ou à défaut un titre", "a book's EAN, or failing that a title")


def _ean(line: AnyLine, context: LineContext) -> _Said:
    code = line.ean
    if code is None:
        return
    if code == ean.NONE:
        yield "ean-not-a-book", "ean", code, _TITLED if line.title else _UNTITLED, None
    elif not ean.is_valid(code):
        yield "ean-check-digit", "ean", code, code[:12] + gln.check_digit(code[:12]), None
    elif ean.is_music(code):
        music = Both("partition : exclusion PA, avec sa preuve", "printed music: exclusion PA, with evidence")
        yield "ean-not-a-book", "ean", code, "978, 979-1..979-9", music
    elif not ean.is_book(code):
        yield "ean-not-a-book", "ean", code, "978, 979-1..979-9", None


def _quantity(line: AnyLine, context: LineContext) -> _Said:
    if line.quantity == 0:
        yield "quantity-zero", "quantity", "0", ">= 1", None


def _price(line: AnyLine, context: LineContext) -> _Said:
    if line.price == 0:
        yield "price-zero", "price", "0.00", "> 0.00", None


def _exclusion(line: AnyLine, context: LineContext) -> _Said:
    code = line.exclusion
    if not code:
        return
    if code not in lists.EXCLUSIONS:
        yield "exclusion-unknown", "exclusion", code, " ".join(row.word for row in lists.EXCLUSION), None
        return
    if code == "MP":
        context.claims_contract = True
        if context.contract_sent and context.contract_sent > terms.CONTRACT_EXEMPT_UNTIL:
            until = f"<= {terms.CONTRACT_EXEMPT_UNTIL}"
            expected = Both(
                f"marché envoyé {until}, ici {context.contract_sent}",
                f"contract sent {until}, here {context.contract_sent}",
            )
            yield "exclusion-expired", "exclusion", code, expected, None
            return
    if code == "ET" and context.date and context.date > terms.FOREIGN_EXCLUDED_UNTIL:
        until = f"<= {terms.FOREIGN_EXCLUDED_UNTIL}"
        yield "exclusion-expired", "exclusion", code, Both(f"facture {until}", f"invoice {until}"), None
        return
    if line.evidence == "":
        yield (
            "exclusion-without-evidence",
            "evidence",
            code,
            Both("la référence de la preuve", "the evidence's reference"),
            None,
        )


def _discount(line: AnyLine, context: LineContext) -> _Said:
    if line.quantity is None or line.price is None or line.discount is None:
        return
    if is_over_cap(line.quantity, line.price, line.discount, context.cap_bp):
        yield "discount-over-cap", "discount", _percent(line.discount), _percent(context.cap_bp), None


def is_over_cap(quantity: int, price: int, discount: int, cap_bp: int) -> bool:
    """Whether a line's discount exceeds the cap, both in 1/100 %, by more than the line's own tolerance."""
    gross = quantity * price
    return gross * (discount - cap_bp) > 10_000 * money.tolerance(1, quantity, gross)


def over_cap_on(day: datetime.date, finding: Finding, quantity: int, price: int, discount: int) -> Finding | None:
    """What a `discount-over-cap` of a line comes to by the cap of another day."""
    cap_bp = terms.at(day).cap_bp
    over = is_over_cap(quantity, price, discount, cap_bp)
    return msgspec.structs.replace(finding, expected=_percent(cap_bp)) if over else None


def _vat(line: AnyLine, context: LineContext) -> _Said:
    if line.vat is not None and line.vat not in context.vat_rates:
        yield "vat-implausible", "vat", _percent(line.vat), " / ".join(map(_percent, sorted(context.vat_rates))), None


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100},{basis_points % 100:02d} %"


LINE_CHECKS: tuple[Callable[[AnyLine, LineContext], _Said], ...] = (
    _ean,
    _quantity,
    _price,
    _exclusion,
    _discount,
    _vat,
)
