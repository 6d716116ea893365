"""Answers in Gencod: the zones keep their width whatever the content, and read back what they hold."""

import re
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.answers import gencod
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from schemas.catalogue import CATALOGUE, reach
from tests.parsers.answers import answer_cases as cases
from tests.strategies import acknowledgements

NOTICES = st.sampled_from(sorted(NOTICE_NUMBERS))
WIDTHS = {
    "05003": (),
    "100": (13,),
    "221": (13,),
    "176": (6,),
    "198": (12, 3),
    "177": (3, 13, 3, 8, 6, 6, 13),
    "199": (6,),
}


def test_a_booked_file_is_answered_as_the_public_examples_are() -> None:
    assert gencod.write(cases.ORDINARY, "ate") == (
        b"05003\r\n"
        b"100;3012877893286\r\n"
        b"221;3035593037000\r\n"
        b"176;160126\r\n"
        b"198;&&&EDILECTRE;912\r\n"
        b"177;904;3012877893286;900;5-000123;000017;150126;3035593037000;160126;080012\r\n"
        b"199;000007\r\n"
    )


def test_a_refused_invoice_is_named_before_what_is_wrong_with_it() -> None:
    lines = gencod.write(cases.with_findings(cases.EAN, cases.TITLE), "ane").decode("iso8859-15").splitlines()

    assert lines[5] == (
        "177;905;3012877893286;900;5-000123;000017;150126;3035593037000;205;000040;010;"
        + "ean".ljust(20)
        + ";FA-2025/0040 : EAN 9782070360025 : clé de contrôle fausse, attendu : une clé de "
    )
    assert lines[6:] == ["199;000007"]


def test_what_cannot_be_read_is_zeros() -> None:
    lines = gencod.write(cases.CASES["unknown"], "ast").decode("iso8859-15").splitlines()

    assert lines[1] == "100;3019000100000"
    assert lines[5].startswith("177;906;0000000000000;900;00000000;000000;000000;0000000000000;101;000000;000;")


def test_findings_that_were_not_kept_are_counted_in_a_last_comment() -> None:
    message = gencod.read(gencod.write(cases.CASES["capped"], "ane"))

    assert [comment.error for comment in message.comments] == [205, 207, 0]
    assert message.comments[-1].text == "Constats non transmis ici : 1203. Voir le compte rendu."


@given(acknowledgements(), NOTICES)
def test_every_zone_has_its_width(ack: Acknowledgement, notice: str) -> None:
    lines = gencod.write(ack, notice).decode("iso8859-15").split("\r\n")

    assert lines.pop() == ""
    for line in lines:
        rubrique, *zones = line.split(";")
        extra = ((6, 6) if notice == "ate" else (3, 6, 3, 20, 80)) if rubrique == "177" else ()
        assert tuple(map(len, zones)) == WIDTHS[rubrique] + extra
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
    assert int(lines[-1].split(";")[1]) == len(lines)


@given(acknowledgements(), NOTICES)
def test_reading_gives_back_what_the_zones_can_hold(ack: Acknowledgement, notice: str) -> None:
    data = gencod.write(ack, notice)
    message = gencod.read(data)
    answered, issued = ack.answered_at, ack.issued

    assert gencod.encode(message) == data
    assert (message.notice, message.addressee, message.sender) == (notice, ack.addressee, ack.sender)
    assert message.issued == date(2000 + answered.year % 100, answered.month, answered.day)
    for comment in message.comments:
        assert (comment.sender, comment.addressee) == (ack.declarant, ack.original_addressee)
        assert comment.sending == min(ack.sending or 0, 999_999)
        assert comment.sent == (issued and date(2000 + issued.year % 100, issued.month, issued.day))
    if notice == "ate":
        [comment] = message.comments
        assert comment.processed_at == time(answered.hour, answered.minute, answered.second)
        return
    told = [finding for finding in ack.findings if reach(finding) != "warning"]
    for finding, comment in zip(told, message.comments, strict=False):
        assert comment.error == CATALOGUE[finding.code].number
        assert comment.line == min(finding.record or 0, 999_999)
        assert comment.position == min(finding.position or 0, 999)
    assert len(message.comments) in (len(told), len(told) + 1)
    assert message.comments


@given(st.text("ABCdéf0123-/ ", max_size=20))
def test_a_reference_keeps_its_last_eight_characters(reference: str) -> None:
    ack = cases.with_findings(reference=reference)
    [comment] = gencod.read(gencod.write(ack, "ate")).comments

    kept = reference.rstrip()[-8:]
    assert comment.reference == (None if kept in ("", "00000000") else kept)


@pytest.mark.parametrize("notice", sorted(NOTICE_NUMBERS))
def test_hostile_text_is_spelled_out(notice: str) -> None:
    data = gencod.write(cases.CASES["hostile"], notice)
    text = gencod.read(data).comments[0].text

    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", data)
    if notice != "ate":
        assert text is not None
        assert text.startswith(r",\r\nFA\x00\u202e : Zone numéro")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"05003", b"05004"),
        (b"\r\n", b"\n"),
        (b"199;000007", b"199;000008"),
        (b"100;3012877893286\r\n", b""),
        (b"100;3012877893286", b"100;301287789328"),
        (b"177;904", b"177;907"),
        (b"177;904", b"178;904"),
        (b";160126;080012", b";320126;080012"),
        (b";080012", b";080060"),
        (b";000017;", b";00001x;"),
        (b"199;000007\r\n", b""),
    ],
)
def test_what_is_no_such_message_is_refused(old: bytes, new: bytes) -> None:
    data = gencod.write(cases.ORDINARY, "ate")
    assert old in data

    with pytest.raises(ValueError, match=r"line|rubriques|199"):
        gencod.read(data.replace(old, new))
