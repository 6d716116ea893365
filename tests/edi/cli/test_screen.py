"""Tables on a terminal: whatever its width, no figure is cut and no column is lost."""

import io

import pytest
from rich.console import Console

from edi.cli.screen import Screen
from schemas.column import Column, word
from schemas.text import Both

COLUMNS = (
    Column("entry", "n°", "int"), Column("supplier", Both("fournisseur", "supplier")), Column("library", Both("bibliothèque", "library")),
    Column("number", Both("facture", "invoice"), folded=True), Column("rate", Both("taux", "rate"), "rate"), Column("sum", "€", "cents"),
    word("reason", Both("motif", "reason"), {"exempt": Both("bibliothèque exemptée", "exempt library")}, folded=True),
)  # fmt: skip
ROWS = [
    {"entry": 100 + n, "supplier": "3019749120330", "library": "3019452149970", "number": f"FA-2025/{n:04} [b]\x1b", "rate": "0.06",
     "sum": -123_456_789, "reason": "exempt"}
    for n in range(3)
]  # fmt: skip


@pytest.mark.parametrize("width", [20, 60, 80, 100, 160])
def test_no_figure_is_cut_and_no_column_is_lost(width: int) -> None:
    screen = Screen("fr")
    screen.__dict__["out"] = Console(file=io.StringIO(), width=width, highlight=False)

    screen.table("", COLUMNS, ROWS)
    shown = screen.out.file.getvalue()  # type: ignore[attr-defined]

    for text in ("100", "101", "102", "3019749120330", "3019452149970", "FA-2025/0002", "[b]", "6 %", "-1 234 567,89"):
        assert text in shown, text
    assert "exemptée" in shown and "\x1b" not in shown
    assert len({line.find("3019749120330") for line in shown.splitlines() if "3019749120330" in line}) == 1
