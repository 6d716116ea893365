"""Lines by the column: what each comes to, and what the lines of an invoice come to together.

Reckoned once for all the invoices of a table (`schemas.declaration.Lines`), so that nothing is done line by line.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from itertools import pairwise
from operator import mul
from typing import Any

import msgspec

from edi.lending.rules.exclusions import OF_CONTRACTS, is_excluded
from schemas import money
from schemas.declaration import NO_LINES, Line

_ENCODE = msgspec.msgpack.Encoder().encode
LINE_FIELDS = Line.__struct_fields__


def claim_contracts(codes: Sequence[str | None], begins: Sequence[int]) -> list[bool]:
    """Whether, of the exclusion codes from each begin to the next, one claims an exempt contract."""
    if OF_CONTRACTS.isdisjoint(codes):
        return [False] * (len(begins) - 1)
    return [not OF_CONTRACTS.isdisjoint(codes[begin:end]) for begin, end in pairwise(begins)]


class LineTable:
    """A table of whole lines: `gross` and `net`, discounted, of each, in cents."""

    def __init__(self, columns: tuple[Sequence[Any], ...]) -> None:
        self.columns = columns
        _, self.quantities, self._prices, self._discounts, _, self.exclusions, self._evidence, _ = columns

    @cached_property
    def gross(self) -> list[int]:
        return list(map(mul, self.quantities, self._prices))

    @cached_property
    def net(self) -> list[int]:
        return money.all_discounted(self.gross, self._discounts)

    @cached_property
    def _rows(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.columns[:-1], strict=True))

    def between(self, begin: int, end: int) -> dict[str, Sequence[Any]]:
        """The columns of the lines from `begin` to `end`, by name."""
        whole = begin == 0 and end == len(self.quantities)
        return {
            name: column if whole else column[begin:end] for name, column in zip(LINE_FIELDS, self.columns, strict=True)
        }

    def totals(self, begins: Sequence[int], contracts_sent: Sequence[date | None]) -> dict[str, list[Any]]:
        """What the lines from each begin to the next come to, on invoices with these contract dates: `Sums`, by the column."""
        any_lines, nothing = begins[0] < begins[-1], [0] * (len(begins) - 1)

        def added(column: Sequence[int]) -> list[int]:
            return [sum(column[begin:end]) for begin, end in pairwise(begins)] if any_lines else nothing

        copies, gross = added(self.quantities), added(self.gross)
        base, base_copies, exempt = gross, copies, [False] * len(gross)
        if any(self.exclusions[begins[0] : begins[-1]]):
            base, base_copies = gross.copy(), copies.copy()
            for place, (begin, end) in enumerate(pairwise(begins)):
                for line, code in enumerate(self.exclusions[begin:end], begin):
                    if code and is_excluded(code, self._evidence[line], contracts_sent[place]):
                        base[place] -= self.gross[line]
                        base_copies[place] -= self.quantities[line]
                        exempt[place] |= code in OF_CONTRACTS
        return {
            "copies": copies, "gross": gross, "net": added(self.net), "base": base, "base_copies": base_copies,
            "exempt_contract": exempt,
        }  # fmt: skip

    def packed(self, begin: int, end: int) -> bytes:
        """Those lines without their titles for a digest, each by itself, so that cutting an invoice into parts makes no difference.

        A MessagePack array is a header of 1, 3 or 5 bytes, by its length, and its elements one after another.
        """
        count = end - begin
        return _ENCODE(self._rows[begin:end])[1 if count < 16 else 3 if count < 65_536 else 5 :]


NO_TABLE = LineTable(NO_LINES.table)
