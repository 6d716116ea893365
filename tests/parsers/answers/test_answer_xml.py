"""Answers in XML: valid against their XSD, and read back whole."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from parsers.answers import answer_xml
from parsers.plain import harmless
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from tests.parsers.answers.answer_cases import CASES, ORDINARY
from tests.strategies import acknowledgements

NOTICES = st.sampled_from(sorted(NOTICE_NUMBERS))


def made_harmless(ack: Acknowledgement) -> Acknowledgement:
    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return harmless(value)
        if isinstance(value, tuple):
            return tuple(map(walk, value))
        if isinstance(value, msgspec.Struct):
            return type(value)(**{name: walk(getattr(value, name)) for name in value.__struct_fields__})
        return value

    return walk(ack)


@given(acknowledgements(), NOTICES)
def test_reading_gives_back_the_whole_acknowledgement(ack: Acknowledgement, notice: str) -> None:
    assert answer_xml.read(answer_xml.write(ack, notice)) == answer_xml.Answer(notice, made_harmless(ack))


@given(acknowledgements(), NOTICES)
def test_what_is_written_is_valid(ack: Acknowledgement, notice: str) -> None:
    root = etree.fromstring(answer_xml.write(ack, notice))

    answer_xml.schema().assertValid(root)
    assert root.get("avis") == notice.upper()


@pytest.mark.parametrize("name", CASES)
def test_every_finding_is_told_in_both_languages(name: str) -> None:
    root = etree.fromstring(answer_xml.write(CASES[name], "ane"))

    rows = root.findall(".//{*}constat")
    assert len(rows) == len(CASES[name].findings)
    for row in rows:
        assert [message.get("langue") for message in row.iterfind("{*}message")] == ["fr", "en"]


def test_a_gln_that_is_none_counts_as_not_read() -> None:
    ack = msgspec.structs.replace(ORDINARY, declarant="3012 877893286", addressee="３０３５５９３０３７０００")

    read = answer_xml.read(answer_xml.write(ack, "ate")).acknowledgement
    assert (read.declarant, read.addressee) == (None, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"05003",
        b"<reponse/>",
        b'<?xml version="1.0"?><!DOCTYPE reponse [<!ENTITY x "y">]><reponse/>',
        answer_xml.write(ORDINARY, "ate").replace(b'"ATE"', b'"ALE"'),
        answer_xml.write(ORDINARY, "ate").replace(b'version="1.0" avis', b'version="2.0" avis'),
        answer_xml.write(ORDINARY, "ate").replace(b"<reponse", b"<!DOCTYPE reponse><reponse"),
    ],
)
def test_what_is_no_such_answer_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        answer_xml.read(data)
