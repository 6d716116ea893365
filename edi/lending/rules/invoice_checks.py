"""The checks of invoices, their lines counted and added up.

Authority: format, section 3. The two tables at the end give the order of precedence.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from operator import gt, or_

import msgspec

from edi.lending.rules import terms
from edi.lending.rules.check_table import Check, Said, by_value, places
from edi.lending.rules.context import Context
from edi.lending.rules.header_checks import right_gln
from schemas import gln, money
from schemas.declaration import Header
from schemas.lending.layout import FA, describe
from schemas.text import Both

#: What an invoice's own record says, and what its lines come to.
HEAD_FIELDS = tuple(field.name for field in FA.fields[2:-1])


class Scope(msgspec.Struct, frozen=True):
    """What is the same for all invoices of a declaration: its header, as far as it is sound, and what there is beside it."""

    header: Header
    context: Context

    @property
    def role(self) -> str | None:
        """The part that its partners play."""
        return {"library": "supplier", "supplier": "library"}.get(self.header.side or "")


# -- number, partner -------------------------------------------------------------------------------

_A_NUMBER = Both("au moins une lettre ou un chiffre", "a letter or a digit at least")
_BLANK = Both("vide sur une facture", "blank on an invoice")
_ROLES = {"library": Both("une bibliothèque", "a library"), "supplier": Both("un fournisseur", "a supplier")}


def _on_an_invoice(_: Scope, values: Sequence[object], kinds: Sequence[str]) -> list[int]:
    if not any(values):
        return []
    return places(value and kind == "F" for value, kind in zip(values, kinds, strict=True))


def _is_wrong(partner: str, scope: Scope, vouched_for: bool) -> bool:
    """Whether a GLN has a wrong check digit; of those the directory, or history, vouches for some."""
    return not gln.is_valid(partner) and vouched_for == (gln.is_legacy(partner) or partner in scope.context.directory)


def _other_roles(scope: Scope, partners: Sequence[str]) -> list[int]:
    directory, role = scope.context.directory, scope.role
    return by_value(partners, lambda p: p in directory and directory[p].role != role) if role and directory else []


# -- dates -----------------------------------------------------------------------------------------


def _outside_period(scope: Scope, days: Sequence[date]) -> list[int]:
    period = scope.header.period
    return [] if period is None else by_value(days, lambda day: day.year != period)


def _under_its_year(scope: Scope, day: date) -> Said:
    under = Both(f"déclarer sous la période {day.year}", f"declare under period {day.year}")
    return Said(day, f"{scope.header.period}", under)


def _in_future(scope: Scope, days: Sequence[date]) -> list[int]:
    issued = scope.header.issued
    return by_value(days, issued.date().__lt__) if issued else []


def _credited_later(_: Scope, days: Sequence[date | None], credited: Sequence[date | None]) -> list[int]:
    if not any(credited):
        return []
    return places(day and on and on > day for day, on in zip(days, credited, strict=True))


# -- lines -----------------------------------------------------------------------------------------


def _not_allowed(scope: Scope, lines: Sequence[int], announced: Sequence[int | None]) -> list[int]:
    return places(map(or_, lines, (due or 0 for due in announced))) if scope.header.side == "library" else []


def _other_counts(scope: Scope, lines: Sequence[int], announced: Sequence[int | None]) -> list[int]:
    if scope.header.side != "supplier" or announced == lines:
        return []
    return places(due is not None and due != count for count, due in zip(lines, announced, strict=True))


def _missing(scope: Scope, lines: Sequence[int], days: Sequence[date]) -> list[int]:
    if scope.header.side != "supplier" or 0 not in lines:
        return []
    return places(not count and day >= terms.LINES_DUE_FROM for count, day in zip(lines, days, strict=True))


# -- amounts ---------------------------------------------------------------------------------------


def _other_totals(scope: Scope, *columns: Sequence[int]) -> list[int]:
    if scope.header.side != "supplier":
        return []
    return places(
        ht != net and lines and abs(ht - net) > money.tolerance(lines, copies, gross)
        for ht, lines, copies, gross, net in zip(*columns, strict=True)
    )


def _other_total(_: Scope, ht: int, lines: int, copies: int, gross: int, net: int) -> Said:
    tolerance = money.tolerance(lines, copies, gross)
    return Said(money.decimal(ht), f"{money.decimal(net)} (± {money.decimal(tolerance)})")


def _implausible(
    scope: Scope, hts: Sequence[int], ttcs: Sequence[int], days: Sequence[date | None]
) -> list[int]:  # fmt: skip
    return places(
        not is_plausible_vat(ht, ttc, terms.vat_rates(day, scope.header.side))
        for ht, ttc, day in zip(hts, ttcs, days, strict=True)
    )


def is_plausible_vat(ht: int, ttc: int, rates: Iterable[int]) -> bool:
    """Whether TTC is HT with one of these rates, in 1/100 %, give or take 2 cents or 0.5 %."""
    for rate in rates:
        exact = ht * (10_000 + rate)  # in 1/10,000 of a cent
        if abs(ttc * 10_000 - exact) <= max(20_000, exact // 200):
            return True
    return False


def _plausible(scope: Scope, ht: int, ttc: int, day: date | None) -> Said:
    rates = sorted(terms.vat_rates(day, scope.header.side))
    plausible = " / ".join(f"HT + {rate // 100},{rate % 100:02d} %" for rate in rates)
    return Said(f"HT {money.decimal(ht)}, TTC {money.decimal(ttc)}", plausible)


def _undated(_: Scope, contracts: Sequence[str], sent: Sequence[date | None], claims: Sequence[bool]) -> list[int]:
    if not any(contracts) and not any(claims):
        return []
    return places(not day and (name or claim) for name, day, claim in zip(contracts, sent, claims, strict=True))


#: What is said before the lines are judged, and behind what is said of them.
HEAD_CHECKS: tuple[Check, ...] = (
    Check(
        "field-format", "number", ("number", "key"), lambda _, names, keys: places(not key for key in keys) if "" in keys else [],
        lambda _, name, key: Said(name, _A_NUMBER), silenced_by=("number",),
    ),
    Check(
        "field-format", "credited", ("credited", "kind"), _on_an_invoice,
        lambda _, credited, kind: Said(credited, _BLANK), silenced_by=("credited",),
    ),
    Check(
        "field-format", "credited_on", ("credited_on", "kind"), _on_an_invoice,
        lambda _, credited_on, kind: Said(credited_on, _BLANK), silenced_by=("credited_on",),
    ),
    Check("gln-check-digit-legacy", "partner", ("partner",), lambda scope, partners: by_value(partners, lambda p: _is_wrong(p, scope, True)), lambda _, partner: Said(partner)),
    Check(
        "partner-gln-check-digit", "partner", ("partner",), lambda scope, partners: by_value(partners, lambda p: _is_wrong(p, scope, False)),
        lambda _, partner: Said(partner, right_gln(partner)),
    ),
    Check("invoice-date-outside-period", "date", ("date",), _outside_period, _under_its_year),
    Check("invoice-date-in-future", "date", ("date",), _in_future, lambda scope, day: Said(day, f"{scope.header.issued:%Y-%m-%d}")),
    Check(
        "invoice-before-scheme", "date", ("date",), lambda _, days: by_value(days, terms.SCHEME_BEGINS.__gt__),
        lambda _, day: Said(day, f"{terms.SCHEME_BEGINS}"),
    ),
    Check(
        "invoice-date-invalid", "credited_on", ("date", "credited_on"), _credited_later,
        lambda _, day, credited_on: Said(credited_on, f"<= {day}"),
    ),
    Check(
        "ht-exceeds-ttc", "ht", ("ht", "ttc"), lambda _, hts, ttcs: places(map(gt, hts, ttcs)),
        lambda _, ht, ttc: Said(money.decimal(ht), money.decimal(ttc)),
    ),
    Check(
        "partner-unknown", "partner", ("partner",),
        lambda scope, partners: by_value(partners, lambda p: p not in scope.context.directory) if scope.context.directory else [],
        lambda _, partner: Said(partner),
    ),
    Check("partner-role", "partner", ("partner",), _other_roles, lambda scope, partner: Said(partner, _ROLES[scope.role or ""])),
)  # fmt: skip
WHOLE_CHECKS: tuple[Check, ...] = (
    Check(
        "lines-not-allowed", "announced", ("lines", "announced"), _not_allowed,
        lambda _, lines, announced: Said(lines or announced, "0"), silenced_by=("lines",),
    ),
    Check(
        "line-count-differs", "announced", ("lines", "announced"), _other_counts,
        lambda _, lines, announced: Said(lines, f"{announced}"), silenced_by=("lines", "announced"),
    ),
    Check(
        "lines-missing", "announced", ("lines", "date"), _missing,
        lambda _, lines, day: Said(lines, "1"), silenced_by=("lines", "date"), silences=("lines",),
    ),
    Check(
        "invoice-total-differs", "ht", ("ht", "lines", "copies", "gross", "net"), _other_totals, _other_total,
        silenced_by=("lines", "ht"),
    ),
    Check("vat-implausible", "ttc", ("ht", "ttc", "date"), _implausible, _plausible, silenced_by=("ht", "ttc")),
    Check(
        "contract-date-missing", "contract_sent", ("contract", "contract_sent", "claims_contract"), _undated,
        lambda _, contract, sent, claims: Said(contract or "MP", describe(FA.field("contract_sent"))),
        silenced_by=("contract", "contract_sent"),
    ),
)  # fmt: skip
