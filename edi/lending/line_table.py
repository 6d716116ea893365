"""Lines by the column: what each comes to, and whether anything at all can be said of some of them.

Reckoned once for all the invoices of a table (`schemas.declaration.Lines`), so that nothing is done line by line.
"""

from collections.abc import Sequence
from operator import mul
from typing import Any

import msgspec

from schemas import ean
from schemas.declaration import NO_LINES, Invoice, Line, Lines, by_columns

_ENCODE = msgspec.msgpack.Encoder().encode


def whole_lines(invoice: Invoice) -> Lines:
    """The lines of an invoice, or of a part of one, that could be read whole."""
    if isinstance(invoice.lines, Lines):
        return invoice.lines
    return by_columns(line for line in invoice.lines if isinstance(line, Line))


class LineTables:
    """The last table of lines there was, and what is reckoned of it."""

    def __init__(self) -> None:
        self._last = LineTable(NO_LINES.table)

    def of(self, columns: tuple[Sequence[Any], ...]) -> "LineTable":
        """Of that table, reckoned once."""
        if columns is not self._last.columns:
            self._last = LineTable(columns)
        return self._last


class LineTable:
    """A table of lines: `gross` and `net`, discounted, of each, in cents."""

    def __init__(self, columns: tuple[Sequence[Any], ...]) -> None:
        self.columns = columns
        codes, self.quantities, prices, discounts, vats, exclusions, _, _ = columns
        self.gross = list(map(mul, self.quantities, prices))
        self.net = [
            (gross * (10_000 - off) + 5_000) // 10_000 for gross, off in zip(self.gross, discounts, strict=True)
        ]
        self._rows = list(zip(*columns[:-1], strict=True))
        self._most = max(discounts, default=0)
        self._vats = frozenset(vats)
        self._plain = not any(exclusions) and all(self.gross) and ean.are_plain_books(codes)

    def is_plain(self, begin: int, end: int, cap_bp: int, vat_rates: frozenset[int]) -> bool:
        """Whether nothing can be said of those lines: what `check_line` would find (a property test holds this)."""
        if self._plain and self._most <= cap_bp and self._vats <= vat_rates:
            return True
        codes, _, _, discounts, vats, exclusions, _, _ = (column[begin:end] for column in self.columns)
        return (
            not any(exclusions)
            and vat_rates.issuperset(vats)
            and max(discounts, default=0) <= cap_bp
            and all(self.gross[begin:end])
            and all(map(ean.is_plain_book, codes))
        )

    def digest(self, begin: int, end: int) -> bytes:
        """Those lines without their titles, each by itself, so that cutting an invoice into parts makes no difference.

        A MessagePack array is a header of 1, 3 or 5 bytes, by its length, and its elements one after another.
        """
        count = end - begin
        return _ENCODE(self._rows[begin:end])[1 if count < 16 else 3 if count < 65_536 else 5 :]
