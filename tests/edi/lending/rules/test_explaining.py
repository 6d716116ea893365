"""The arithmetic that explains two totals, as a table: supplier's and library's HT and TTC in cents, what is said."""

import pytest
from msgspec.structs import replace

from edi.lending.rules.candidate import Candidate
from edi.lending.rules.explaining import compare, split

TABLE = """
8000 8440 F | 8000 8440 F |
8000 8440 F | 8005 8446 F |
8000 8440 F | 8440 8904 F | tax included by mistake: the supplier's gross total
8000 8560 F | 8560 9159 F | tax included by mistake: the supplier's gross total
8000 8440 F | 8560 9031 F | 7 % tax included by mistake
8000 8440 F | 8168 8617 F | 2.1 % tax included by mistake
8000 8440 F | 8440 8000 F | net and gross swapped by the library
8000 8440 F | 9500 9999 F | within the legal discount of 9 %
8050 8493 F | 8000 8440 F | rounded to whole euros
8050 8493 F | 8100 8546 F | rounded to whole euros
8000 8440 F | 80 84 F | euros taken for cents
8000 8440 F | 8000 8440 A | a credit note given as an invoice, or the reverse
8000 8440 F | 7000 7385 F |
8000 8440 F | 12000 12660 F |
"""


def one(side: str, ht: int, kind: str = "F", library: str = "b") -> Candidate:
    return Candidate(
        invoice=1, side=side, supplier="s", library=library, number="1", key="1", kind=kind, day=738_000, period=2025, ht=ht,
        tolerance=3, gross=10_000, base=10_000, rate=6, cap=900, contract=False, no_lines=False,
    )  # fmt: skip


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_arithmetic_explains_before_a_person_must(row: str) -> None:
    ours, theirs, said = (cell.strip() for cell in row.split("|"))
    (ht, ttc, kind), (other_ht, other_ttc, other_kind) = ours.split(), theirs.split()
    likeness = compare(
        one("supplier", int(ht), kind), one("library", int(other_ht), other_kind), True, (int(ttc), int(other_ttc))
    )
    assert " ; ".join(reason.en for reason in likeness.explained) == said


def test_a_letter_for_a_digit_is_explained() -> None:
    theirs = replace(one("library", 8_000), number="2O25-1", key="2O251")
    likeness = compare(replace(one("supplier", 8_000), number="2025-1", key="20251"), theirs, True, (8_440, 8_440))
    assert [reason.en for reason in likeness.explained] == ["the letter O for the digit 0"]


def test_one_invoice_split_over_several_libraries() -> None:
    parts = [one("library", 5_000), one("library", 3_004, library="c")]
    said = split([one("supplier", 8_000)], parts)
    assert said is not None and said.en == "one invoice split over 2 libraries of one owner"
    assert split([one("supplier", 8_010)], parts) is None
    assert split([one("supplier", 8_004)], [one("library", 5_000), one("library", 3_004)]) is None
