"""Files that somebody else wrote: one defect each, or none."""

import json
from pathlib import Path

import pytest

from schemas import catalogue
from tests.declarations import judged, read_back, written

SAMPLES = Path(__file__).parent.parent / "samples"
DEFECTS = json.loads((SAMPLES / "single-defects" / "expected.json").read_text())
YEARS = sorted(path for path in SAMPLES.glob("year-*/*") if path.suffix in (".txt", ".xml"))


@pytest.mark.parametrize("expected", DEFECTS, ids=lambda row: row["file"])
def test_the_planted_defect_is_found_and_no_other(expected: dict[str, str | None]) -> None:
    findings, _ = judged((SAMPLES / "single-defects" / str(expected["file"])).read_bytes())

    if expected["code"] == "invoice-twice-in-file":  # told by booking
        assert findings == []
        return
    assert {finding.code for finding in findings} == ({expected["code"]} - {None})
    assert {finding.invoice for finding in findings} <= {expected["invoice"]}
    assert {catalogue.reach(finding) for finding in findings} == ({expected["reach"]} - {None})


@pytest.mark.parametrize("path", YEARS, ids=lambda path: path.name)
def test_a_year_is_read_clean_and_converted_without_loss(path: Path) -> None:
    data = path.read_bytes()
    declaration = read_back(data)

    assert {finding.code for finding in judged(data)[0]} <= {"gln-check-digit-legacy"}
    assert read_back(written(declaration, "fixed")) == read_back(written(declaration, "xml")) == declaration
    if path.suffix == ".txt":
        again = written(read_back(written(declaration, "xml")), "fixed")
        assert again == data.replace(b"\r\n", b"\n")
