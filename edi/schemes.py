"""The schemes that are carried out here. A new one is a package like `edi.lending`, and a row of this tuple."""

from collections.abc import Callable
from datetime import datetime

from edi.core.desk import Desk
from edi.core.scheme import Scheme
from edi.lending.booking import booking, status_files, stored_lines
from parsers.sniff import Source

LENDING = Scheme(
    name="lending",
    judge=booking.judge,
    book=booking.book,
    discard=stored_lines.discard_lines,
    forgotten=stored_lines.forgotten_lines,
    unchecked=booking.unchecked,
    send_pending=status_files.send_pending,
)
SCHEMES = (LENDING,)


def of(source: Source) -> Scheme:
    """The scheme whose message a file is; the first for whatever is nobody's, which it refuses."""
    return SCHEMES[0]


def discard_forgotten(desk: Desk) -> None:
    """Takes away what killed runs left of receipts that came to nothing."""
    for scheme in SCHEMES:
        for receipt in scheme.forgotten(desk):
            scheme.discard(desk, receipt)


def send_pending(desk: Desk, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Tells declarants what became of what they declared: how many files."""
    return sum(scheme.send_pending(desk, now, stop) for scheme in SCHEMES)
