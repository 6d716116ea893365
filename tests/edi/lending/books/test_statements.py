"""Statements: what they tell adds up to the ledger, in every form, once, and a later one shows what has changed."""

import csv
import hashlib
import io
import json
import sqlite3
import zlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from edi.lending.books.accounts import trial
from edi.lending.books.proof import verify
from edi.lending.books.statements import as_pdf, document, issue, listing, sheets
from edi.lending.matching.estimating import post
from parsers.sheets.exports import plain_csv, spreadsheet_csv, workbook
from schemas.errors import NotFound
from schemas.money import decimal, french
from tests.desk import LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, declared, partner, sold
from tests.edi.lending.books.test_proof import tamper
from tests.edi.lending.books.years import declare

DAY = "2025-03-14"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY), partner(OTHER_LIBRARY, category="primary")])
    return desk


def issued(desk: Desk, estimates: bool = False, **more: Any) -> list[dict[str, Any]]:
    desk.time += timedelta(days=1)
    if estimates:
        post(desk, 2025, **more)
    return list(issue(desk, 2025, **more))


def numbers(lines: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(line["number"], line["remuneration_cents"]) for line in lines]


def read(data: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


def test_first_statement_and_what_the_next_ones_show(desk: Desk) -> None:
    desk.take(declared("L", *(bought(n, DAY) for n in "123"), bought("4", DAY, 9_500), by=LIBRARY))
    desk.take(declared("M", bought("9", DAY), by=OTHER_LIBRARY))
    desk.take(declared("A", sold("1", DAY), sold("2", DAY), sold("4", DAY), sold("9", DAY, partner=OTHER_LIBRARY)))
    desk.reconcile()
    [first] = issued(desk)
    assert (first["label"], first["previous"], first["totals"]["due_cents"]) == ("AR-000001", None, 1_800)
    assert numbers(first["invoices"]) == [("1", 600), ("2", 600), ("4", 600), ("9", 0)]
    assert [line["number"] for line in first["invoices"] if line["net_differs"]] == ["4"]
    assert first["invoices"][-1]["reason"] == "library-exempt"
    assert numbers(first["estimates"]) == [("3", 546)] and first["estimates_billed"] is False
    assert issued(desk) == []

    desk.take(declared("B", sold("1", DAY), sold("2", DAY, 9_900), replaces="A"))
    desk.reconcile()
    [second] = issued(desk)
    assert second["previous"]["label"] == "AR-000001"
    assert numbers(second["invoices"]) == [("2", 594)]
    assert sorted((*line, told["statement"]) for told, line in zip(second["reversed"], numbers(second["reversed"]), strict=True)) == [
        ("2", -600, "AR-000001"), ("4", -600, "AR-000001"), ("9", 0, "AR-000001"),
    ]  # fmt: skip
    assert (
        second["totals"]["called_cents"] == desk.owed() == first["totals"]["due_cents"] + second["totals"]["due_cents"]
    )

    desk.take(declared("C", sold("1", DAY), sold("2", DAY, 9_800), replaces="B"))
    desk.reconcile()
    desk.take(declared("D", sold("1", DAY), sold("2", DAY, 9_700), replaces="C"))
    desk.reconcile()
    [third] = issued(desk)
    assert (numbers(third["invoices"]), numbers(third["reversed"])) == ([("2", 582)], [("2", -594)])
    assert document(desk, 1) == json.loads(json.dumps(first))
    with pytest.raises(NotFound):
        document(desk, 4)


def test_estimates_are_billed_when_posted_and_taken_back_when_reversed(desk: Desk) -> None:
    credit, other = bought("2", DAY, 4_550, kind="A"), bought("3", DAY, partner=OTHER_SHOP)
    desk.take(declared("L", bought("1", DAY), credit, other, by=LIBRARY))
    desk.take(declared("M", bought("4", DAY), by=OTHER_LIBRARY))  # exempt: owes nothing
    desk.reconcile()
    assert issued(desk) == []
    silent, other_one = sorted(issued(desk, estimates=True), key=lambda facts: facts["supplier"]["gln"])
    assert (numbers(silent["estimates"]), silent["totals"]["due_cents"]) == ([("1", 546), ("2", -300)], 246)
    assert (other_one["supplier"]["gln"], other_one["totals"]["due_cents"]) == (OTHER_SHOP, 546)
    assert issued(desk, estimates=True) == []
    desk.take(declared("A", sold("1", DAY)))
    desk.reconcile()
    [told] = issued(desk, estimates=True, supplier=SHOP)
    assert told["totals"] == {
        "invoices_cents": 600, "reversed_cents": 0, "estimates_cents": -300, "estimates_taken_back_cents": -246,
        "due_cents": 54, "called_before_cents": 246, "called_cents": 300,
    }  # fmt: skip
    assert issued(desk, supplier=OTHER_SHOP) == []
    desk.take(declared("L2", bought("1", DAY), credit, replaces="L", by=LIBRARY))
    desk.reconcile()
    [back] = issued(desk, supplier=OTHER_SHOP)
    assert (back["totals"]["due_cents"], back["totals"]["called_cents"]) == (-546, 0)
    sums = {row["name"]: row["balance_cents"] for row in trial(desk)}
    assert sums == {"suppliers": 300, "to_distribute": -600, "estimates": 300}


@pytest.mark.parametrize("seed", range(4))
def test_all_statements_of_random_years_come_to_the_ledger(tmp_path: Path, seed: int) -> None:
    desk = Desk(tmp_path / "home")
    for turn in range(3):
        declare(desk, 10 * seed + turn, 2025)
        if turn == 1:
            desk.take(declared("X", cancels=f"{SHOP[-4:]}-2025-{10 * seed}"))
            desk.reconcile()
        for facts in issued(desk, estimates=bool(seed % 2) and turn < 2):
            totals = facts["totals"]
            for by in ("by_rate", "by_library"):
                assert (
                    sum(row["remuneration_cents"] for row in facts[by])
                    == totals["invoices_cents"] + totals["reversed_cents"]
                )
            text = read(as_pdf(facts))
            wanted = [totals["due_cents"], *(row["remuneration_cents"] for row in facts["by_rate"])]
            assert all(french(cents).replace("-", "−") in text for cents in wanted), text
            assert all(line["number"] in text for line in facts["invoices"])
            tables = sheets(facts)
            _, columns, rows = tables[0]
            names = [column.name for column in columns]
            plain = list(csv.DictReader(io.StringIO(b"".join(plain_csv(names, rows)).decode(), newline="")))
            *lines, last = (int(row["remuneration_cents"]) for row in plain)
            assert sum(lines) == last == totals["due_cents"]
            assert (
                f";{decimal(last).replace('.', ',')};"
                in b"".join(spreadsheet_csv(columns, rows)).decode().splitlines()[-1]
            )
            book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(workbook(tables))))
            part = names.index("remuneration_cents")
            assert decimal(last) == f"{book.get_sheet_by_name(facts['label']).to_python()[-1][part]:.2f}"
            due = {row[0]: row[1] for row in book.get_sheet_by_name("Totaux").to_python()[1:]}
            assert f"{due['À payer']:.2f}" == decimal(totals["due_cents"])
        rows = listing(desk)
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
        if not seed % 2 or turn == 2:
            estimated = desk.one("SELECT coalesce(sum(remuneration_cents), 0) FROM estimation")
            assert sum(row["due_cents"] for row in rows) == desk.owed() + estimated
        assert verify(desk).failure is None
        assert sum(row["balance_cents"] for row in trial(desk)) == 0


def test_stopped_in_the_middle_it_goes_on_without_a_gap(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    declare(desk, 1, 2025)
    half = issue(desk, 2025)
    assert next(half)["number"] == 1
    half.close()
    assert [facts["number"] for facts in issued(desk)] == [2]


ALTERED = (
    "UPDATE issued_statement SET entries_cents = entries_cents + 1 WHERE number = 2",
    "UPDATE issued_statement SET facts = x'00' WHERE number = 1",
    "UPDATE issued_statement SET sha256 = '' WHERE number = 1",
    "DELETE FROM issued_statement WHERE number = 1",
    "UPDATE issued_statement SET number = 7 WHERE number = 2",
    "UPDATE issued_statement SET last_entry = 1 WHERE number = 2",
    "UPDATE issued_statement SET last_entry = last_entry + 1 WHERE number = 2",
    "UPDATE issued_statement SET issued_at = '2026-01-01T00:00:00' WHERE number = 1",
    "UPDATE issued_statement SET supplier = '3012900000117' WHERE number = 2",
    "UPDATE issued_statement SET estimates_cents = 500 WHERE number = 1",
    "UPDATE issued_statement SET taken_back_cents = 500 WHERE number = 2",
    "UPDATE issued_statement SET previous = 1 WHERE number = 2",
)


@pytest.mark.parametrize("change", ALTERED)
def test_a_statement_is_kept_as_it_was_issued(tmp_path: Path, change: str) -> None:
    desk = Desk(tmp_path / "home")
    declare(desk, 1, 2025)
    assert len(issued(desk)) == 2
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        desk.db.execute(change)
    tamper(desk, change)
    found = verify(desk, files=False).failure
    assert found is not None and found.check == "statement"


FORGED = """
totals.due_cents            | 1
totals.invoices_cents       | 1
invoices.0.remuneration_cents | 600
invoices.0.library          | 3012900000223
invoices.0.number           | FA-1
invoices.0.date             | 2025-01-01
invoices.0.rate             | 0.03
invoices.0.entry            | 9999
period                      | 2024
number                      | 2
estimates_billed            | true
"""


@pytest.mark.parametrize("row", FORGED.strip().splitlines())
def test_a_document_written_anew_with_its_sha256_says_what_the_entries_do_not(tmp_path: Path, row: str) -> None:
    desk = Desk(tmp_path / "home")
    declare(desk, 1, 2025)
    facts = issued(desk)[0]
    path, text = (part.strip() for part in row.split("|"))
    *way, last = path.split(".")
    inner: Any = facts
    for step in way:
        inner = inner[int(step)] if step.isdigit() else inner[step]
    inner[last] = json.loads(text) if not isinstance(inner[last], str) else text
    facts["estimates"] = facts["estimates"] or [{"remuneration_cents": 5}]
    document = json.dumps(facts).encode()
    packed, digest = zlib.compress(document).hex(), hashlib.sha256(document).hexdigest()
    tamper(desk, f"UPDATE issued_statement SET facts = x'{packed}', sha256 = '{digest}' WHERE number = 1")
    found = verify(desk, files=False).failure
    assert found is not None and (found.check, found.found) == ("statement", "1")
