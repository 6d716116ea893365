"""The checks of the lines of a supplier's invoices.

Authority: format, section 3; CPI L133-2 and the cases it excludes.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import repeat

import msgspec

from edi.lending.rules import terms
from edi.lending.rules.check_table import Check, Said, by_value, places
from schemas import ean, gln, money
from schemas.finding import Finding
from schemas.lending import lists
from schemas.text import Both


class LineTerms(msgspec.Struct, frozen=True):
    """What lines are judged by, of the invoice they stand on: the highest discount and plausible VAT rates in 1/100 %,
    whether foreign books are still excluded, and when the public contract was sent."""

    cap_bp: int
    vat_rates: frozenset[int]
    foreign_excluded: bool
    contract_sent: date | None


@lru_cache(4096)
def line_terms(day: date | None, cap_day: date | None, contract_sent: date | None, side: str | None) -> LineTerms:
    """The terms for lines of an invoice of `day`, whose discounts go by `cap_day`; None of either: anything goes."""
    return LineTerms(
        cap_bp=terms.at(cap_day).cap_bp if cap_day else 10_000,
        vat_rates=frozenset(terms.vat_rates(day, side)),
        foreign_excluded=day is None or day <= terms.FOREIGN_EXCLUDED_UNTIL,
        contract_sent=contract_sent,
    )


# -- EAN, quantity, price --------------------------------------------------------------------------


def _wrong_check_digits(_: LineTerms, codes: Sequence[str]) -> list[int]:
    return [] if ean.all_add_up(codes) else by_value(codes, lambda code: code != ean.NONE and not ean.is_valid(code))


def _no_books(_: LineTerms, codes: Sequence[str], titles: Sequence[str]) -> list[int]:
    if ean.are_all_books(codes):
        return []
    return by_value(codes, lambda code: code == ean.NONE or (ean.is_valid(code) and not ean.is_book(code)))


_BOOKS = "978, 979-1..979-9"
_MUSIC = Both("partition : exclusion PA, avec sa preuve", "printed music: exclusion PA, with evidence")
_TITLED = Both(
    "l'EAN d'un livre ; sans EAN, le titre suffit : il est là", "a book's EAN; without one the title does, as here"
)
_UNTITLED = Both("l'EAN d'un livre, ou à défaut un titre", "a book's EAN, or failing that a title")


def _no_book(_: LineTerms, code: str, title: str) -> Said:
    if code == ean.NONE:
        return Said(code, _TITLED if title else _UNTITLED)
    return Said(code, _BOOKS, _MUSIC if ean.is_music(code) else None)


def _zeros(_: LineTerms, numbers: Sequence[int]) -> list[int]:
    return places(not number for number in numbers) if 0 in numbers else []


# -- exclusions ------------------------------------------------------------------------------------


def _expired(terms_: LineTerms, codes: Sequence[str]) -> list[int]:
    sent = terms_.contract_sent
    late = sent is not None and sent > terms.CONTRACT_EXEMPT_UNTIL
    return by_value(codes, lambda code: (code == "MP" and late) or (code == "ET" and not terms_.foreign_excluded))


def _why_expired(terms_: LineTerms, code: str) -> Said:
    if code == "MP":
        until, sent = f"<= {terms.CONTRACT_EXEMPT_UNTIL}", terms_.contract_sent
        return Said(code, Both(f"marché envoyé {until}, ici {sent}", f"contract sent {until}, here {sent}"))
    until = f"<= {terms.FOREIGN_EXCLUDED_UNTIL}"
    return Said(code, Both(f"facture {until}", f"invoice {until}"))


def _without_evidence(_: LineTerms, codes: Sequence[str], evidence: Sequence[str]) -> list[int]:
    return places(code and not proof for code, proof in zip(codes, evidence, strict=True)) if any(codes) else []


# -- discount and VAT ------------------------------------------------------------------------------


def is_over_cap(quantity: int, price: int, discount: int, cap_bp: int) -> bool:
    """Whether a line's discount exceeds the cap, both in 1/100 %, by more than the line's own tolerance."""
    gross = quantity * price
    return gross * (discount - cap_bp) > 10_000 * money.tolerance(1, quantity, gross)


def over_cap_on(day: date, finding: Finding, quantity: int, price: int, discount: int) -> Finding | None:
    """What a `discount-over-cap` of a line comes to by the cap of another day."""
    cap_bp = terms.at(day).cap_bp
    over = is_over_cap(quantity, price, discount, cap_bp)
    return msgspec.structs.replace(finding, expected=_percent(cap_bp)) if over else None


def _over_cap(
    terms_: LineTerms, quantities: Sequence[int], prices: Sequence[int], discounts: Sequence[int]
) -> list[int]:
    if max(discounts, default=0) <= terms_.cap_bp:
        return []
    return places(map(is_over_cap, quantities, prices, discounts, repeat(terms_.cap_bp)))


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100},{basis_points % 100:02d} %"


#: In the order in which they are said of a line; once one refuses the line, those that read the same are silent.
LINE_CHECKS = (
    Check(
        "ean-check-digit", "ean", ("ean",), _wrong_check_digits,
        lambda _, code: Said(code, code[:12] + gln.check_digit(code[:12])),
    ),
    Check("ean-not-a-book", "ean", ("ean", "title"), _no_books, _no_book, silenced_by=("ean",)),
    Check("quantity-zero", "quantity", ("quantity",), _zeros, lambda _, quantity: Said(quantity, ">= 1"), silences=("quantity", "lines")),
    Check("price-zero", "price", ("price",), _zeros, lambda _, price: Said(money.decimal(price), "> 0.00"), silences=("price", "lines")),
    Check(
        "exclusion-unknown", "exclusion", ("exclusion",),
        lambda _, codes: by_value(codes, lambda code: code and code not in lists.EXCLUSIONS),
        lambda _, code: Said(code, " ".join(row.word for row in lists.EXCLUSION)),
    ),
    Check("exclusion-expired", "exclusion", ("exclusion",), _expired, _why_expired),
    Check(
        "exclusion-without-evidence", "evidence", ("exclusion", "evidence"), _without_evidence,
        lambda _, code, evidence: Said(code, Both("la référence de la preuve", "the evidence's reference")),
    ),
    Check(
        "discount-over-cap", "discount", ("quantity", "price", "discount"), _over_cap,
        lambda terms_, quantity, price, discount: Said(_percent(discount), _percent(terms_.cap_bp)),
    ),
    Check(
        "vat-implausible", "vat", ("vat",),
        lambda terms_, rates: [] if terms_.vat_rates.issuperset(rates) else by_value(rates, lambda rate: rate not in terms_.vat_rates),
        lambda terms_, rate: Said(_percent(rate), " / ".join(map(_percent, sorted(terms_.vat_rates)))),
    ),
)  # fmt: skip
