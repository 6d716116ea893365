"""Why two invoices are, or are not, taken for one sale: what agrees, what differs, which arithmetic explains it.

A person decides; these are the reasons laid before them. Pure. Authority for rates and caps: `edi.lending.rules.terms`;
the order of near-misses is this project's.
"""

from collections.abc import Iterator, Sequence

import msgspec

from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS, Candidate, exact, gap
from edi.lending.rules.proposing import CLOSE_DAYS, LATE_DAYS, ends, oh_as_zero
from schemas import number
from schemas.lending import vat
from schemas.money import french
from schemas.text import Both

_EURO = 100


class Likeness(msgspec.Struct, frozen=True):
    """How a supplier's and a library's invoice compare. Amounts in cents; `penalty` 0 is identical, more is less alike."""

    same_key: bool
    same_partners: bool
    days_apart: int
    gap_cents: int
    tolerance_cents: int
    lowest_cents: int | None
    highest_cents: int | None
    explained: tuple[Both, ...]
    against: tuple[Both, ...]
    penalty: int


def compare(supplier: Candidate, library: Candidate, same_partners: bool, ttc: tuple[int, int]) -> Likeness:
    """How the two compare. `ttc` is the supplier's and the library's total with tax."""
    tolerance = max(TOLERANCE_CENTS, supplier.tolerance)
    apart = abs(supplier.day - library.day)
    same_key = supplier.key == library.key
    explained = (*_of_writing(supplier, library), *_of_amounts(supplier, library, ttc))
    bounds = _bounds(supplier, tolerance)
    numbers = 0 if same_key else 1 if ends(supplier.number, library.number) else 4
    reckoned = any(_of_amounts(supplier, library, ttc))
    amount = 0 if exact(supplier, library) else 1 if gap(supplier, library) is not None else 2 if reckoned else 5
    days = 0 if apart <= CLOSE_DAYS else 1 if apart <= DAYS_APART else 2 if apart <= LATE_DAYS else 4
    return Likeness(
        same_key=same_key,
        same_partners=same_partners,
        days_apart=apart,
        gap_cents=library.ht - supplier.ht,
        tolerance_cents=tolerance,
        lowest_cents=bounds[0] if bounds else None,
        highest_cents=bounds[1] if bounds else None,
        explained=explained,
        against=tuple(_against(supplier, library, same_partners, apart, same_key)),
        penalty=numbers + amount + days + (0 if same_partners else 3) + (2 if supplier.kind != library.kind else 0),
    )


def _bounds(supplier: Candidate, tolerance: int) -> tuple[int, int] | None:
    """The lowest and the highest library's HT that rule 1 takes for a discount within the cap."""
    if supplier.no_lines:
        return None
    public = min(supplier.gross, supplier.base) if supplier.base else supplier.gross
    return -(-public * (10_000 - supplier.cap) // 10_000) - tolerance, supplier.gross + tolerance


def _of_writing(supplier: Candidate, library: Candidate) -> Iterator[Both]:
    """What explains another kind or number."""
    if supplier.kind != library.kind:
        yield Both("avoir donné pour une facture, ou l'inverse", "a credit note given as an invoice, or the reverse")
    if supplier.key != library.key and number.key(oh_as_zero(supplier.number)) == number.key(
        oh_as_zero(library.number)
    ):
        yield Both("lettre O pour le chiffre 0", "the letter O for the digit 0")


def _of_amounts(supplier: Candidate, library: Candidate, ttc: tuple[int, int]) -> Iterator[Both]:
    """The legal arithmetic by which the library's total comes of the supplier's."""
    tolerance = max(TOLERANCE_CENTS, supplier.tolerance)
    if exact(supplier, library):
        return
    if gap(supplier, library) is not None:
        yield Both(
            f"dans la remise permise de {supplier.cap // 100} %",
            f"within the legal discount of {supplier.cap // 100} %",
        )
    if abs(ttc[1] - supplier.ht) <= tolerance < ttc[0] - supplier.ht:
        yield Both("HT et TTC échangés par la bibliothèque", "net and gross swapped by the library")
    elif abs(library.ht - ttc[0]) <= tolerance < ttc[0] - supplier.ht:
        yield Both(
            "TVA comprise par erreur : le TTC du fournisseur", "tax included by mistake: the supplier's gross total"
        )
    else:
        for rate in vat.ON_BOOKS:  # by which a total with tax may have been given for one without
            if abs(library.ht * 10_000 - supplier.ht * (10_000 + rate)) <= tolerance * 10_000:
                whole, tenth = divmod(rate // 10, 10)
                french, english = (f"{whole}{point}{tenth}" if tenth else f"{whole}" for point in ",.")
                yield Both(f"TVA de {french} % comprise par erreur", f"{english} % tax included by mistake")
                break
    if library.ht % _EURO == 0 and abs(library.ht - supplier.ht) < _EURO:
        yield Both("arrondi à l'euro", "rounded to whole euros")
    if library.ht * 100 == supplier.ht or library.ht == supplier.ht * 100:
        yield Both("euros pris pour des centimes", "euros taken for cents")


def split(suppliers: Sequence[Candidate], libraries: Sequence[Candidate]) -> Both | None:
    """One invoice of the supplier's that several libraries of one owner share, when their totals come to its own."""
    if len(suppliers) != 1 or len({one.library for one in libraries}) < 2:
        return None
    whole = suppliers[0]
    if abs(sum(one.ht for one in libraries) - whole.ht) > max(TOLERANCE_CENTS, whole.tolerance):
        return None
    return Both(
        f"une facture répartie sur {len(libraries)} bibliothèques d'un même titulaire",
        f"one invoice split over {len(libraries)} libraries of one owner",
    )


def _against(
    supplier: Candidate, library: Candidate, same_partners: bool, apart: int, same_key: bool
) -> Iterator[Both]:
    """Why rule 1 does not take the two for one sale; nothing when it does."""
    if not same_partners:
        yield Both("un autre partenaire", "another partner")
    if not same_key:
        yield Both(
            f"numéros différents : {supplier.number} et {library.number}",
            f"other numbers: {supplier.number} and {library.number}",
        )
    if supplier.kind != library.kind:
        yield Both("facture d'un côté, avoir de l'autre", "invoice on one side, credit note on the other")
    if apart > DAYS_APART:
        yield Both(f"{apart} jours d'écart, plus de {DAYS_APART}", f"{apart} days apart, more than {DAYS_APART}")
    if supplier.contract and not library.contract:
        yield Both("marché exempté selon le seul fournisseur", "an exempt contract, by the supplier alone")
    if gap(supplier, library) is None:
        away = french(library.ht - supplier.ht)
        limit = french(max(TOLERANCE_CENTS, supplier.tolerance))
        yield Both(f"HT : écart de {away} €, tolérance {limit} €", f"net: {away} € apart, tolerance {limit} €")
