"""All answers to one file under their names, against the golden files."""

from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import answers
from schemas.acknowledgement import Acknowledgement
from tests.parsers.answers.answer_cases import CASES
from tests.strategies import acknowledgements, texts

ENCODINGS = get_args(answers.Encoding)


@pytest.mark.parametrize("encoding", ["gencod", "xml", "aperak"])
@pytest.mark.parametrize("name", CASES)
def test_answers_are_the_golden_ones(
    name: str, encoding: answers.Encoding, golden: Callable[[str, bytes], None]
) -> None:
    for language in ("fr", "en") if encoding == "xml" else ("fr",):
        for file_name, data in answers.render(CASES[name], name, encoding, language):
            golden(f"answers/{language}/{file_name}", data)


@pytest.mark.parametrize(
    ("name", "encoding", "expected"),
    [
        ("accepted", "auto", ["ate.txt"]),
        ("partly", "auto", ["ane.txt", "ate.txt"]),
        ("partly", "xml", ["ane.xml", "ate.xml"]),
        ("all-refused", "auto", ["ane.txt"]),
        ("refused", "auto", ["ast.xml"]),
        ("refused", "gencod", ["ast.txt"]),
        ("partly", "aperak", ["ane.edi", "ate.edi"]),
        ("unknown", "auto", ["ast.txt"]),
        ("nil", "auto", ["ate.txt"]),
        ("duplicate", "auto", []),
    ],
)
def test_names_follow_the_original(name: str, encoding: answers.Encoding, expected: list[str]) -> None:
    names = [file_name for file_name, _ in answers.names("F-2025.txt", CASES[name], encoding)]

    assert names == [f"F-2025.txt.{suffix}" for suffix in [*expected, "rapport.txt", "rapport.json"]]


def test_a_check_that_failed_answers_nothing_yet() -> None:
    assert answers.render(CASES["failed"], "F-2025.txt") == []


def test_a_name_cannot_leave_its_folder() -> None:
    names = answers.names("../a\\b\x00\n.txt", CASES["accepted"])

    assert names[0] == (".._a_b__.txt.ate.txt", "ate")


@given(acknowledgements(), texts(), st.sampled_from(ENCODINGS), st.sampled_from(["fr", "en"]))
def test_every_answer_announced_is_made(
    ack: Acknowledgement, original: str, encoding: answers.Encoding, language: str
) -> None:
    made = answers.render(ack, original, encoding, language)

    assert [name for name, _ in made] == [name for name, _ in answers.names(original, ack, encoding)]
    assert all(data for _, data in made)
