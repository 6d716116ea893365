"""The checks of a declaration's header: period, natures, issue time, declarant, addressee.

Authority: format, sections 1 and 3. What needs the store (references, replaced declarations) is in `edi.lending.booking.booking`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from edi.lending.rules import terms
from edi.lending.rules.check_table import Said, finding_at
from edi.lending.rules.context import Context
from schemas import gln
from schemas.declaration import Header
from schemas.finding import Finding
from schemas.lending.layout import EN
from schemas.text import Both, Text


def header_findings(header: Header, context: Context) -> Iterator[Finding]:
    def at(name: str, code: str, found: object, expected: Text | None) -> Finding:
        return finding_at(EN, name, header.format, header.record, code, Said(found, expected))

    issued, period = header.issued, header.period
    if issued is not None and issued > (latest := context.now + timedelta(days=1)):
        ahead = Both(f"au plus un jour d'avance : jusqu'au {latest}", f"a day ahead at most: up to {latest}")
        yield at("issued", "header-field", issued.isoformat(sep=" "), ahead)
        issued = None
    if period is not None:
        last = (issued or context.now).year
        if not terms.FIRST_PERIOD <= period <= last:
            yield at("period", "header-field", period, f"{terms.FIRST_PERIOD}..{last}")
    if header.nature is not None and header.replaced is not None:
        if header.nature == "initial" and header.replaced:
            blank = Both("rien pour une déclaration initiale", "nothing on an initial declaration")
            yield at("replaced", "header-field", header.replaced, blank)
        elif header.nature != "initial" and not header.replaced:
            named = Both("la référence remplacée ou annulée", "the reference replaced or cancelled")
            yield at("replaced", "header-field", "", named)
    if header.declarant is not None:
        yield from _declarant_findings(header, context, at)
    if header.addressee is not None and header.addressee != context.our_gln:
        yield at("addressee", "addressee-not-us", header.addressee, context.our_gln)


def right_gln(number: str) -> Text:
    """What a GLN with a wrong check digit may have been meant to be."""
    right = number[:12] + gln.check_digit(number[:12])
    return right if right != number else Both("un GLN attribué", "a GLN that is somebody's")


def _declarant_findings(header: Header, context: Context, at: Callable[..., Finding]) -> Iterator[Finding]:
    declarant = header.declarant
    assert declarant is not None
    if not gln.is_valid(declarant):
        if not gln.is_legacy(declarant) and declarant not in context.directory:
            yield at("declarant", "declarant-gln-check-digit", declarant, right_gln(declarant))
            return
        yield at("declarant", "gln-check-digit-legacy", declarant, None)
    if context.speaks_for is not None and declarant not in context.speaks_for:
        yield at("declarant", "declarant-not-allowed", declarant, None)
