"""The schemes that are carried out here. A new one is a package like `edi.lending`, and a row of this tuple: how it is added,
`edi.core.scheme` says."""

from collections.abc import Callable
from typing import Any

from edi.core.desk import Desk
from edi.core.ledger import Kind
from edi.core.scheme import Moving, Scheme
from edi.lending.booking import booking, status_files, stored_lines
from edi.lending.matching import match_table, tally
from edi.lending.matching.claims import REMUNERATION
from edi.lending.matching.estimating import ESTIMATE
from parsers.sniff import Source
from schemas.lending import lists

LENDING = Scheme(
    name="lending",
    roles=tuple(side.word for side in lists.SIDE),
    categories=lists.CATEGORIES,
    kinds=(REMUNERATION, ESTIMATE),
    moving=Moving(match_table.seek, match_table.affected, match_table.leave, match_table.arrive),
    claims=lambda source: True,  # what is nobody's too: it says what is wrong with it
    judge=booking.judge,
    book=booking.book,
    discard=stored_lines.discard_lines,
    forgotten=stored_lines.forgotten_lines,
    unchecked=booking.unchecked,
    send_pending=status_files.send_pending,
    state=tally.status,
)
#: In the order in which they are asked whose message a file is; the last claims whatever is left.
SCHEMES = (LENDING,)


def of(source: Source) -> Scheme:
    """The scheme whose message a file is."""
    return next(scheme for scheme in SCHEMES if scheme.claims(source))


def roles() -> tuple[str, ...]:
    """The roles a partner may be in."""
    return tuple(dict.fromkeys(role for scheme in SCHEMES for role in scheme.roles))


def categories() -> tuple[str, ...]:
    """What a partner may be."""
    return tuple(dict.fromkeys(category for scheme in SCHEMES for category in scheme.categories))


def kinds() -> dict[tuple[str, str], Kind]:
    """The kinds of entries there are, by scheme and name."""
    return {(kind.scheme, kind.name): kind for scheme in SCHEMES for kind in scheme.kinds}


def state(desk: Desk) -> dict[str, Any]:
    """The facts of the schemes that `edi status` shows."""
    return {name: fact for scheme in SCHEMES for name, fact in scheme.state(desk).items()}


def discard_forgotten(desk: Desk) -> None:
    """Takes away what killed runs left of receipts that came to nothing."""
    for scheme in SCHEMES:
        for receipt in scheme.forgotten(desk):
            scheme.discard(desk, receipt)


def send_pending(desk: Desk, stop: Callable[[], bool] = lambda: False) -> int:
    """Tells declarants what became of what they declared: how many files."""
    return sum(scheme.send_pending(desk, stop) for scheme in SCHEMES)
