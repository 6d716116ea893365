"""The schemes that are carried out here. A new one is a package like `edi.lending`, and a row of this tuple."""

from edi.intake import booking, stored_lines
from edi.scheme import Scheme
from parsers.sniff import Source

LENDING = Scheme(
    name="lending",
    judge=booking.judge,
    book=booking.book,
    discard=stored_lines.discard_lines,
    forgotten=stored_lines.forgotten_lines,
    unchecked=booking.unchecked,
)
SCHEMES = (LENDING,)


def of(source: Source) -> Scheme:
    """The scheme whose message a file is; the first for whatever is nobody's, which it refuses."""
    return SCHEMES[0]
