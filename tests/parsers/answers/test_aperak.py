"""Answers in APERAK: segments nobody's content can break, within their widths, that read back what they hold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.answers import aperak, gencod
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from schemas.catalogue import CATALOGUE, reach
from schemas.finding import Finding
from tests.parsers.answers import answer_cases as cases
from tests.strategies import acknowledgements

NOTICES = st.sampled_from(sorted(NOTICE_NUMBERS))
ORDINARY = aperak.write(cases.ORDINARY, "ate")
IDENTITY = aperak.read(ORDINARY).identity.encode()


def segments(data: bytes) -> list[list[list[str]]]:
    """The segments by a reading of our own, a character at a time, that knows nothing but the four marks."""
    told: list[list[list[str]]] = [[[""]]]
    characters = iter(data.decode("iso8859-1"))
    for character in characters:
        match character:
            case "'":
                told.append([[""]])
            case "+":
                told[-1].append([""])
            case ":":
                told[-1][-1].append("")
            case _:
                told[-1][-1][-1] += next(characters) if character == "?" else character
    assert told.pop() == [[""]]
    return told


def test_a_booked_file_is_acknowledged() -> None:
    assert ORDINARY.replace(IDENTITY, b"<ref>") == (
        b"UNB+UNOC:3+3035593037000:14+3012877893286:14+260116:0800+<ref>'"
        b"UNH+1+APERAK:D:96A:UN:EAN000'"
        b"BGM+912::ZZZ+<ref>+9+AB'"
        b"DTM+137:202601160800:203'"
        b"RFF+AGO:2025-000123'DTM+137:202601150930:203'"
        b"RFF+ACW:17'"
        b"NAD+SU+3012877893286::9'NAD+DP+3035593037000::9'"
        b"UNT+9+1'UNZ+1+<ref>'"
    )


def test_an_error_has_its_place_and_its_sentence() -> None:
    data = aperak.write(cases.with_findings(cases.EAN, cases.TITLE), "ane")
    [*_, erc, text, line, place, unt, _] = segments(data)

    assert (erc, line) == ([["ERC"], ["205", "", "ZZZ"]], [["RFF"], ["LI", "40"]])
    assert "".join(text[4]).startswith("FA-2025/0040 : EAN 9782070360025 : clé de contrôle fausse")
    assert (place[4], unt[1]) == (["10", "ean"], ["13"])


@given(acknowledgements(), NOTICES)
def test_every_segment_keeps_its_form(ack: Acknowledgement, notice: str) -> None:
    data = aperak.write(ack, notice)
    told = segments(data)

    assert not re.search(rb"[\x00-\x1f\x7f-\x9f]", data)
    form = "UNB UNH BGM DTM RFF (DTM )?(RFF )?(NAD ){0,2}(ERC (FTX )?(RFF (FTX )?)?)*UNT UNZ "
    assert re.fullmatch(form, "".join(segment[0][0] + " " for segment in told))
    assert told[-2] == [["UNT"], [str(len(told) - 2)], ["1"]]
    assert told[-1] == [["UNZ"], ["1"], told[0][5]]
    for segment in told:
        if segment[0] == ["FTX"]:
            assert len(segment[4]) <= 5
            assert max(map(len, segment[4])) <= 70
        elif segment[0] in (["RFF"], ["BGM"]):
            assert max(map(len, segment[1])) <= 35


@given(acknowledgements(), NOTICES)
def test_reading_gives_back_the_same_facts(ack: Acknowledgement, notice: str) -> None:
    message = aperak.read(aperak.write(ack, notice))

    assert message == aperak.compose(ack, notice)
    assert (message.notice, message.sender, message.addressee) == (notice, ack.sender, ack.addressee)
    assert message.answered_at == ack.answered_at.replace(second=0, microsecond=0)
    assert message.issued == (ack.issued and ack.issued.replace(second=0, microsecond=0))
    assert (message.declarant, message.sending) == (ack.declarant, ack.sending)
    assert (message.original_addressee, message.test) == (ack.original_addressee, ack.dry_run or ack.use == "test")
    assert message.side == (ack.side if ack.declarant else None)
    told = [finding for finding in ack.findings if reach(finding) != "warning"] if notice != "ate" else []
    for finding, error in zip(told, message.errors, strict=False):
        assert error.number == CATALOGUE[finding.code].number
        assert (error.record, error.position) == (finding.record, finding.position)
    assert len(message.errors) - len(told) in ((0,) if notice == "ate" else (0, 1))
    assert bool(message.errors) == (notice != "ate")


@given(acknowledgements(), NOTICES)
def test_it_says_what_gencod_says(ack: Acknowledgement, notice: str) -> None:
    comments = gencod.read(gencod.write(ack, notice)).comments

    numbers = [comment.error for comment in comments if comment.error is not None]
    assert [error.number for error in aperak.compose(ack, notice).errors] == numbers


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a+b:c'd?e", "a+b:c'd?e"),
        ("ends with ?", "ends with ?"),
        ("'''UNT+1+1'", "'''UNT+1+1'"),
        ("Œuvre à 5 €, Žižek", "OEuvre à 5 EUR, Zizek"),
        ("L’été – 日", "L'été - ?"),
        ("a\r\nb\x1b[2J\x9b", "a\\r\\nb\\x1b[2J\\x9b"),
        ("  two   spaces ", "two spaces"),
        ("::::", "::::"),
        ("\ud800", "\\ud800"),
        ("é" * 71, "é" * 70),
    ],
)
def test_a_text_is_within_the_repertoire_and_released(written: str, read: str) -> None:
    ack = cases.with_findings(Finding(code="field-format", field=written), reference=written)
    message = aperak.read(aperak.write(ack, "ane"))

    assert message.errors[0].field == read
    assert message.reference == read[:35]


def test_no_more_errors_than_the_message_holds() -> None:
    ack = cases.with_findings(*[cases.EAN] * 1000, total=1206)
    errors = aperak.read(aperak.write(ack, "ane")).errors

    assert len(errors) == aperak.MOST_ERRORS
    assert errors[-1] == aperak.Error(number=0, text="Constats non transmis ici : 208. Voir le compte rendu.")


def test_each_answer_has_a_reference_of_its_own() -> None:
    rehearsed = cases.with_findings(dry_run=True)
    answers = [(cases.ORDINARY, "ate"), (cases.ORDINARY, "ane"), (rehearsed, "ate")]

    assert len({aperak.compose(ack, notice).identity for ack, notice in answers}) == len(answers)
    assert aperak.write(rehearsed, "ate").split(b"'")[0].endswith(b"++++++1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"UNOC:3", b"UNOA:3"),
        (b"UNT+9", b"UNT+8"),
        (b"UNZ+1", b"UNZ+2"),
        (b"UNZ+1+", b"UNZ+1+0"),
        (b"RFF+ACW:17'", b"RFF+ACW:x'"),
        (b"NAD+SU+3012877893286", b"NAD+SU+301287789328"),
        (b"NAD+SU", b"NAD+XX"),
        (b"202601160800", b"202613160800"),
        (b"DTM+137:202601160800:203'", b""),
        (b"BGM+912", b"BGM+915"),
        (b"+AB'", b"+RE'"),
        (b"UNT+9", b"FTX+AAE+++a'UNT+10"),
        (b"2025-000123", b"2025\n000123"),
        (b"2025-000123", b"2025?-000123"),
        (b"2025-000123", b"2025-000123:4"),
    ],
)
def test_what_is_no_such_message_is_refused(old: bytes, new: bytes) -> None:
    assert old in ORDINARY

    with pytest.raises(ValueError, match="APERAK"):
        aperak.read(ORDINARY.replace(old, new))


@given(st.binary())
def test_other_bytes_are_refused(data: bytes) -> None:
    for given_bytes in (data, ORDINARY[:-1], ORDINARY + data + b"'"):
        with pytest.raises(ValueError, match="APERAK"):
            aperak.read(given_bytes)
