"""Any answer is known by its bytes, and says what its own reader says; anything else is refused in a sentence."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import answers
from parsers.answers import answer_xml, aperak, gencod, status
from parsers.answers.reading import read_answer
from schemas.lending.status import FORMS, Status
from tests.parsers.answers.answer_cases import CASES
from tests.parsers.answers.test_status import statuses

READERS = {"gencod": gencod.read, "aperak": aperak.read, "xml": answer_xml.read}


@pytest.mark.parametrize("encoding", [name for name in get_args(answers.Encoding) if name != "auto"])
@pytest.mark.parametrize("name", CASES)
def test_every_notice_is_known_and_read(name: str, encoding: answers.Encoding) -> None:
    for file_name, data in answers.render(CASES[name], name, encoding):
        if "rapport" not in file_name:
            assert read_answer(data) == (encoding, READERS[encoding](data))


@pytest.mark.parametrize("form", FORMS)
@given(told=statuses)
def test_every_status_file_is_known_and_read(form: str, told: Status) -> None:
    assert read_answer(status.write(told, form)) == (f"status-{form}", told)


@given(
    st.sampled_from([b"", b"05003\r\n", b"UNB", b"<a xmlns='urn:droit-de-pret:reponse:1.0'", b"{", b"a;\xff"]),
    st.binary(max_size=50),
)
def test_anything_else_is_refused(begin: bytes, rest: bytes) -> None:
    with pytest.raises(ValueError):
        read_answer(begin + rest)
