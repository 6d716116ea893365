"""Samples that the project did not write: whole years in any order, and one defect a file, as their authors expect."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edi.cli import app
from edi.directory import importing
from edi.lending.books.proof import verify
from edi.lending.matching.tally import details
from tests.desk import Desk

SAMPLES = Path(__file__).parent.parent / "samples"
DEFECTS = json.loads((SAMPLES / "single-defects" / "expected.json").read_text("utf-8"))
_SAME = ("supplier", "library", "invoice_number", "invoice_date", "kind", "base_cents", "rate", "remuneration_cents")


def taken(home: Path, year: str, seed: int, at_the_end: bool) -> Desk:
    """The year's files in a random order, partners somewhere among them, reconciled after each or once."""
    order = random.Random(seed)
    desk = Desk(home)
    files = [path for path in sorted((SAMPLES / year).iterdir()) if path.suffix in (".txt", ".xml", ".csv")]
    order.shuffle(files)
    for path in files:
        if path.suffix == ".csv":
            desk.know(importing.read_csv(path).values())
        else:
            assert desk.take(path.read_bytes(), name=path.name).verdict == "accepted"
        if not at_the_end:
            desk.reconcile()
    return desk


def hashable(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[name] for name in (*_SAME, "copies"))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("year", ["year-2025", "year-2004"])
def test_a_year_comes_out_as_its_author_expects_in_any_order(tmp_path: Path, year: str, seed: int) -> None:
    expected = json.loads((SAMPLES / year / "expected.json").read_text("utf-8"))
    desk = taken(tmp_path / "home", year, seed, at_the_end=bool(seed % 2))
    found = desk.reconcile()
    lists = details(desk)

    assert {name: found[name] for name in ("matched", "discrepancies", "net_differs", "proposed")} == {
        **{name: expected[name] for name in ("matched", "discrepancies", "net_differs")},
        "proposed": 0,
    }
    for side in ("waiting_library", "waiting_supplier"):
        assert sorted(invoice["number"] for invoice in lists[f"{side}_list"]) == sorted(expected[side])
        assert found[side] == len(expected[side])
    net: dict[tuple[Any, ...], int] = {}
    for row in desk.rows(
        "SELECT supplier, library, invoice_number, invoice_date, kind, base_cents, '0.0' || rate_percent, "
        "remuneration_cents, copies, reverses FROM remuneration ORDER BY entry"
    ):
        entry = row[:9] if row[9] is None else (*row[:5], -row[5], row[6], -row[7], -row[8])
        net[entry] = net.get(entry, 0) + (1 if row[9] is None else -1)
    assert sorted(entry for entry, times in net.items() for _ in range(times)) == sorted(
        map(hashable, expected["entries"])
    )
    assert desk.owed() == expected["remuneration_cents"]
    assert verify(desk).failure is None
    before = desk.snapshot()
    assert desk.reconcile()["entries_posted"] == 0
    desk.from_scratch()
    assert desk.reconcile()["entries_posted"] == 0
    assert desk.snapshot() == before


@pytest.mark.parametrize("command", ["check", "ingest"])
@pytest.mark.parametrize("case", DEFECTS, ids=lambda case: case["file"])
def test_one_defect_is_found_and_nothing_else(tmp_path: Path, command: str, case: dict[str, str]) -> None:
    file = SAMPLES / "single-defects" / case["file"]
    result = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), command, "--json", str(file)])
    (report,) = json.loads(result.stdout)["files"]

    assert report["verdict"] == case["verdict"]
    assert result.exit_code == (case["verdict"] != "accepted")
    found = {(finding["code"], finding["reach"], finding["invoice"]) for finding in report["findings"]}
    assert found == ({(case["code"], case["reach"], case["invoice"])} if case["code"] else set())


def test_a_year_by_the_commands(tmp_path: Path) -> None:
    """Ingest, import, reconcile, export, as somebody types it; and all of it once more."""
    runner, home, year = CliRunner(), ["--home", str(tmp_path / "home")], SAMPLES / "year-2025"
    files = [str(path) for path in sorted(year.glob("[BF]-*"))]
    expected = json.loads((year / "expected.json").read_text("utf-8"))

    assert runner.invoke(app, [*home, "ingest", "--json", *files]).exit_code == 0
    assert runner.invoke(app, [*home, "partners", "import", str(year / "partners.csv")]).exit_code == 0
    first = json.loads(runner.invoke(app, [*home, "reconcile", "--json"]).stdout)
    entries = json.loads(runner.invoke(app, [*home, "ledger", "export", "--format", "json"]).stdout)["entries"]
    again = json.loads(runner.invoke(app, [*home, "ingest", "--json", *files]).stdout)["files"]
    second = json.loads(runner.invoke(app, [*home, "reconcile", "--json"]).stdout)

    assert first["entries_posted"] == len(expected["entries"])
    assert first["remuneration_cents"] == expected["remuneration_cents"]
    assert sorted(map(hashable, entries)) == sorted(map(hashable, expected["entries"]))
    assert {report["verdict"] for report in again} == {"duplicate"}
    assert second == {**first, "entries_posted": 0, "remuneration_cents": 0}
