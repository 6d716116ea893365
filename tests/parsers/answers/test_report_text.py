"""The report as text: clear, at most 100 columns wide, and harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.answers import report, report_text
from parsers.excerpts import Excerpt
from parsers.plain import columns, harmless
from schemas.acknowledgement import Acknowledgement
from tests.parsers.answers import answer_cases as cases
from tests.parsers.answers.answer_cases import CASES, with_findings
from tests.strategies import acknowledgements

LANGUAGES = st.sampled_from(["fr", "en"])


@given(acknowledgements(), LANGUAGES, st.integers(80, 100))
def test_no_line_is_wider_than_a_terminal(ack: Acknowledgement, language: str, width: int) -> None:
    at = {finding: Excerpt(0, "LG" + "é日" * 90, 100, 30) for finding in ack.findings}
    shown = ["".join(piece for _, piece in line) for line in report_text.lines(report.told(ack, language, at), width)]
    assert max(map(columns, shown)) <= width
    assert [line for line in shown if "┌" in line] == ["┌" + "─" * (width - 2) + "┐"]


@pytest.mark.parametrize("before", ["LG0000003", "LG é日 ", "x" * 150])
def test_carets_stand_under_what_is_at_fault(before: str) -> None:
    ack = next(ack for ack in CASES.values() if ack.findings)
    excerpt = Excerpt(0, f"{before}fault after", len(before), len("fault"))
    shown = dict(
        piece for line in report_text.lines(report.told(ack, "fr", {ack.findings[0]: excerpt})) for piece in line
    )

    left = shown["quote"].partition("fault")[0]
    assert shown["caret"] == " " * columns(left) + "^^^^^"


@given(acknowledgements(), LANGUAGES)
def test_no_line_is_wider_than_100_columns_and_none_is_harmful(ack: Acknowledgement, language: str) -> None:
    text = report_text.text(ack, language)

    text.encode()
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert columns(line) <= 100
        assert line == line.rstrip()
        assert harmless(line) == line


@given(acknowledgements(), LANGUAGES)
def test_every_finding_kept_is_in_the_report(ack: Acknowledgement, language: str) -> None:
    lines = report_text.text(ack, language).splitlines()

    label = "         Code      "
    told = sorted(line.removeprefix(label) for line in lines if line.startswith(label))
    assert told == sorted(finding.code for finding in ack.findings)


@pytest.mark.parametrize(
    ("name", "french", "english"),
    [
        ("accepted", "1\xa0204 factures sont comptabilisées.", "1,204 invoices are booked."),
        ("partly", "factures sont comptabilisées ; 3 sont refusées.", "1,201 invoices are booked; 3 are refused."),
        ("partly", "Les 1\xa0201 factures restantes", "The remaining 1,201 invoices"),
        ("partly", "FA-2025/0040              refusée               ean-check-digit", "refused               ean-check-digit"),
        ("partly", "qui remplace la\n  référence 2025-000123.", "replaces reference 2025-000123."),
        ("capped", "1\xa0203 constats ne sont pas montrés", "1,203 findings are not shown"),
        ("capped", "facture                  1\xa0204             1", "1,204"),
        ("capped", "  et d'autres\n", "  and others\n"),
        ("warnings", "FA-2025/0061              acceptée, à relire    partner-unknown", "accepted, read again  partner-unknown"),
        ("refused", "aucune de ses factures n'est acceptée", "none of its invoices is accepted"),
        ("refused", "Où        ligne 12 · position 43 · zone date (date de facture)", "line 12"),
        ("all-refused", "Aucune facture n'a pu être acceptée.", "No invoice could be accepted."),
        ("nil", "ne porte aucune facture", "holds no invoice"),
        ("test", "rien n'est comptabilisé", "nothing is booked"),
        ("test", "1 facture est acceptée.", "1 invoice is accepted."),
        ("duplicate", "Notre première réponse reste valable", "Our first answer stands"),
        ("failed", "s'est arrêté avant la fin", "Our check stopped before its end"),
        ("unknown", "Référence    (illisible)", "Reference   (unreadable)"),
    ],
)  # fmt: skip
def test_the_report_says_it_plainly(name: str, french: str, english: str) -> None:
    assert french in report_text.text(CASES[name], "fr")
    assert english in report_text.text(CASES[name], "en")


@pytest.mark.parametrize("facts", [{"use": "test"}, {"dry_run": True}])
def test_a_trial_is_never_said_to_be_booked(facts: dict[str, object]) -> None:
    ack = with_findings(cases.EAN, **cases.PARTLY | facts)

    for language, words in (("fr", ("sont comptabilisées", "1 201 comptabilisées")), ("en", ("are booked",))):
        assert not any(word in report_text.text(ack, language) for word in words)


def test_file_findings_come_first_then_refused_invoices_then_warnings() -> None:
    ack = with_findings(cases.TITLE, cases.EAN, cases.OUTSIDE, cases.TRAILER, cases.DIFFERS)
    text = report_text.text(ack)

    order = [
        "trailer-missing",
        "ean-check-digit",
        "invoice-date-outside-period",
        "invoice-total-differs",
        "title-altered",
    ]
    assert sorted(order, key=lambda code: text.index(f"Code      {code}")) == order
    assert text.count("▪ Facture FA-2025/0012") == 1
