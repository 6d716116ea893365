"""`edi convert`: the samples go to the other format and back unchanged; what cannot be read whole is left."""

import io
from pathlib import Path

import pytest

from edi.converting import convert
from tests.program import SAMPLES

YEARS = sorted(path for path in SAMPLES.glob("year-*/*") if path.suffix in (".txt", ".xml"))


def converted(data: bytes, to: str) -> bytes:
    out = io.BytesIO()
    assert convert(io.BytesIO(data), to, out) == []
    return out.getvalue()


@pytest.mark.parametrize("path", YEARS, ids=lambda path: path.name)
def test_there_and_back(path: Path) -> None:
    data = path.read_bytes()
    if path.suffix == ".txt":
        assert converted(converted(data, "xml"), "fixed").splitlines() == data.splitlines()
    else:
        fixed = converted(data, "fixed")
        assert converted(converted(fixed, "xml"), "fixed") == fixed


@pytest.mark.parametrize("name", ["truncated.txt", "utf8.txt", "dtd.xml", "short-record.txt", "letter-in-quantity.txt"])
@pytest.mark.parametrize("to", ["fixed", "xml"])
def test_what_cannot_be_read_whole(name: str, to: str) -> None:
    out = io.BytesIO()
    with (SAMPLES / "single-defects" / name).open("rb") as stream:
        assert convert(stream, to, out)
    assert out.getvalue() == b""


def test_wrong_check_digit_is_converted_as_it_is() -> None:
    data = (SAMPLES / "single-defects" / "partner-gln.txt").read_bytes()
    assert converted(converted(data, "xml"), "fixed").splitlines() == data.splitlines()


def test_a_wrong_count_of_lines_is_not_converted_away() -> None:
    data = (SAMPLES / "year-2025" / "F-3012921742188-2025.txt").read_bytes()
    records = data.split(b"\n")
    records[1] = records[1][:103] + b"0000009" + records[1][110:]
    out = io.BytesIO()
    assert [finding.code for finding in convert(io.BytesIO(b"\n".join(records)), "xml", out)] == ["line-count-differs"]
    assert out.getvalue() == b""
