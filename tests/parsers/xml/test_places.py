"""Findings of XML carry column and path, on many lines and on one, and the place is that of the fault."""

import io
import re
import time

import msgspec
import pytest

from edi.core.limits import Limits, OutOfTime, open_within
from parsers.xml import bulk, places
from parsers.xml.places import placed
from parsers.xml.tag import line_offset
from schemas.finding import Finding
from tests.declarations import BASES, changed, judged, written

FAULTY = written(changed(BASES["supplier"], "L1.2.quantity=0; I3.date=2024-01-01; I2.ttc=1"), "xml").decode()
FAULTY = FAULTY.replace('tva="5.50" titre="Titre n° 3"', 'taux="5.50" titre="Titré n° 3"')
PATHS = [
    "/declaration/facture[1]/ligne[2]/@quantite",
    "/declaration/facture[1]/ligne[3]",
    "/declaration/facture[1]/ligne[3]/@taux",
    "/declaration/facture[2]/@totalHT",
    "/declaration/facture[3]/@date",
]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", ""])
def test_column_and_path_are_those_of_the_fault(end: str) -> None:
    text = FAULTY.replace("\n", end)
    data = text.encode()
    findings = placed(io.BytesIO(data), judged(data)[0])
    assert sorted(str(finding.path) for finding in findings) == PATHS
    for finding in findings:
        assert finding.record and finding.column
        offset = line_offset(io.BytesIO(data), finding.record, finding.column)
        assert offset is not None
        there = data[offset:].decode()
        assert there.startswith(finding.found or "" if "/@" in str(finding.path) else "<ligne"), finding


def test_a_value_on_another_line_than_its_tag_ends_has_the_column_of_that_end() -> None:
    data = FAULTY.replace(' quantite="0"', '\n quantite="0"\n').encode()
    [finding] = [one for one in placed(io.BytesIO(data), judged(data)[0]) if one.field == "quantite"]
    assert (finding.record, finding.path) == (9, PATHS[0])
    assert data.split(b"\n")[8].decode()[(finding.column or 0) - 1] == ">"


def test_many_alike_on_one_line_are_placed_in_their_order() -> None:
    data = written(changed(BASES["supplier"], "L1.1.quantity=0; L1.3.quantity=0"), "xml").replace(b"\n", b"")
    findings = placed(io.BytesIO(data), judged(data)[0])
    assert [one.path for one in findings] == [f"/declaration/facture[1]/ligne[{n}]/@quantite" for n in (1, 3)]


def test_a_long_file_is_passed_over_to_the_fault() -> None:
    begin, end = FAULTY.index("  <facture"), FAULTY.index("</declaration>")
    sound = written(BASES["supplier"], "xml").decode()
    body = sound[sound.index("  <facture") : sound.index("</declaration>")]
    data = (FAULTY[:begin] + body * 2_000 + FAULTY[begin:end] + body * 10 + FAULTY[end:]).encode()
    paths = {str(one.path).split("/")[2] for one in placed(io.BytesIO(data), judged(data)[0])}
    assert {["facture[6001]", "ligne[2]"][0], "facture[6002]", "facture[6003]"} <= paths


def test_what_nobody_can_place_stays_as_it_is() -> None:
    lost = [Finding(code="field-format", record=999, field="ean"), Finding(code="lines-missing", field="lignes")]
    assert placed(io.BytesIO(FAULTY.encode()), lost) == lost


class Counting:
    """An expression that counts the bytes it has taken."""

    def __init__(self, expression: re.Pattern[bytes]) -> None:
        self.expression, self.taken = expression, 0

    def match(self, text: bytes, at: int) -> re.Match[bytes] | None:
        """Its match, counted."""
        match = self.expression.match(text, at)
        self.taken += len(match[0]) if match else 0
        return match


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("faults", [1, 2_000])
def test_no_byte_is_taken_twice_however_many_faults_are_placed(
    end: bytes, faults: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = written(changed(BASES["supplier"], "I3.date=2024-01-01"), "xml").replace(b"\n", end)
    begin, close = sound.index(b"<facture"), sound.index(b"</declaration>")
    data = sound[:begin] + sound[begin:close] * 2_000 + sound[close:]
    shape = bulk.bulk(bulk.Shape())
    counting = Counting(shape.run)
    monkeypatch.setattr(places, "bulk", lambda _: msgspec.structs.replace(shape, run=counting))
    findings = judged(data)[0]
    dated = [one for one in findings if one.field == "date"][:faults]
    assert len(dated) == faults
    bare = [msgspec.structs.replace(one, column=None, path=None) for one in dated]
    paths = {one.path for one in placed(io.BytesIO(data), bare)} - {None}
    assert len(paths) == (faults if end or faults > 1 else 0)  # of all alike on one line, nobody knows which
    assert 0 < counting.taken <= len(data)


def test_placing_ends_when_the_time_of_the_file_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    data = FAULTY.encode() + b" " * 300_000
    source = open_within(io.BytesIO(data), Limits(max_seconds=60))
    findings = judged(data)[0]
    assert placed(source.stream, findings) == placed(io.BytesIO(data), findings)
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(OutOfTime):
        placed(source.stream, [Finding(code="quantity-zero", record=9, field="quantite")])
