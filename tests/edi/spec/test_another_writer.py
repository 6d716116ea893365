"""A writer in another language, made from the specification alone: what it writes is accepted, matched and posted."""

import io
import subprocess
from pathlib import Path

import pytest

from edi.converting import convert
from tests.edi.spec.conftest import Json

SCRIPT = Path(__file__).parent / "declare.pl"
SALES = """\
supplier;302561680500
library;301559301010
F;FA-2025/0101;20250203
L;978207036002;12;1895;0900;0550;;;L'Étranger
L;979109398300;1;900;0000;0550;OC;BL-77;Un cœur simple
L;978225301069;3;474;0500;0550;;;Fables & "contes" < 10 €
F;00102;20251231
L;978208070000;250;1137;0900;0550;;;
A;AV 7;20250630;FA-2025/0101;20250203
L;978207036002;2;1895;0900;0550;;;L'Étranger
"""
#: What each supplier's invoice owes: 6 % of the public price of its lines, the second-hand one left out.
OWED = {"FA-2025/0101": 1450, "00102": 17055, "AV 7": -227}


def declared(folder: Path) -> list[Path]:
    (folder / "sales.txt").write_text(SALES, "utf-8")
    words = ["perl", str(SCRIPT), "sales.txt", ".", "3035593037000", "2026-01-15T09:30:00+01:00", "2025"]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(folder.glob("[BF]-2025.*"))


def test_what_it_writes_has_no_finding_at_all(tmp_path: Path, told: Json) -> None:
    files = declared(tmp_path)
    report = told("check", "--json", *files)

    assert [path.name for path in files] == ["B-2025.txt", "B-2025.xml", "F-2025.txt", "F-2025.xml"]
    for file in report["files"]:
        assert (file["verdict"], file["invoices"], file["findings"]) == ("accepted", 3, [])


@pytest.mark.parametrize(("library", "supplier"), [("txt", "xml"), ("xml", "txt")])
def test_both_sides_meet_in_the_ledger(tmp_path: Path, told: Json, library: str, supplier: str) -> None:
    declared(tmp_path)
    taken = told("ingest", "--json", f"B-2025.{library}", f"F-2025.{supplier}")
    counts = told("reconcile", "--json")
    entries = told("ledger", "export", "--format", "json")["entries"]

    assert [file["verdict"] for file in taken["files"]] == ["accepted", "accepted"]
    assert counts | {"matched": 3, "net_differs": 0, "entries_posted": 3} == counts
    assert {entry["invoice_number"]: entry["remuneration_cents"] for entry in entries} == OWED


def test_either_format_says_the_same(tmp_path: Path) -> None:
    for path in declared(tmp_path)[::2]:
        made = [io.BytesIO(), io.BytesIO()]
        for source, out in zip((path, path.with_suffix(".xml")), made, strict=True):
            with source.open("rb") as stream:
                assert convert(stream, "xml", out) == []
        assert made[0].getvalue() == made[1].getvalue()
