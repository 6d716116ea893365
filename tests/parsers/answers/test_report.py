"""The plain-language report in words, as a page, and its JSON."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.answers import report, report_text
from parsers.plain import harmless
from schemas.acknowledgement import Acknowledgement
from tests.parsers.answers import answer_cases as cases
from tests.parsers.answers.answer_cases import CASES, with_findings
from tests.strategies import acknowledgements

LANGUAGES = st.sampled_from(["fr", "en"])
KEYS = [
    "file", "sha256", "format", "verdict", "side", "reference", "invoices", "accepted", "refused",
    "not_checked", "findings",
]  # fmt: skip
FINDING_KEYS = [
    "code", "reach", "record", "position", "field", "invoice", "found", "expected", "message", "suggestion",
]  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (("partner-unknown", "partner-role"), "no-directory"),
        (("declarant-not-allowed", "reference-already-used"), "on-record"),
        (("declarant-not-allowed", "partner-unknown", "partner-role"), "on-record no-directory"),
        ((), ""),
    ],
)
def test_what_was_not_checked_is_told_with_its_own_reason(codes: tuple[str, ...], said: str) -> None:
    ack = msgspec.structs.replace(CASES["accepted"], not_checked=codes)
    for language, words in (("fr", ("à la réception", "annuaire")), ("en", ("on reception", "directory"))):
        text = report_text.text(ack, language)
        page = "".join(report.page([report.told(ack, language)], language))
        for why, word in zip(("on-record", "no-directory"), words, strict=True):
            assert (word in text, word in page) == (why in said, why in said), (language, why)
        assert all(code in text and code in page for code in codes)


@given(acknowledgements(), LANGUAGES)
def test_the_json_never_misses_a_key(ack: Acknowledgement, language: str) -> None:
    facts = report.as_json(ack, language)

    assert list(facts) == [*KEYS, "findings_total", "findings_by_code", "would", "corrections"]
    for finding in facts["findings"]:
        assert list(finding) == FINDING_KEYS
        assert finding["reach"] in ("file", "invoice", "warning")
        assert finding["message"]
    written = json.dumps(facts, ensure_ascii=False)
    assert harmless(written) == written
    assert json.loads(written.encode()) == facts


def test_the_json_speaks_the_language_asked_for() -> None:
    [finding] = report.as_json(with_findings(cases.EAN), "en")["findings"]

    assert finding == {
        "code": "ean-check-digit",
        "reach": "invoice",
        "record": 40,
        "position": 10,
        "field": "ean",
        "invoice": "FA-2025/0040",
        "found": "9782070360025",
        "expected": "check digit 4",
        "message": "EAN 9782070360025: wrong check digit; expected: check digit 4.",
        "suggestion": "9782070360024",
    }
