"""Acknowledgements as they come in life, and one that does not: what the golden answers are made of."""

from datetime import datetime
from typing import Any

from schemas.acknowledgement import Acknowledgement
from schemas.finding import Finding
from schemas.text import Both

ORDINARY = Acknowledgement(
    file="F-3012877893286-2025.txt",
    sha256="9c0360b4ac31c108" * 4,
    format="fixed",
    verdict="accepted",
    addressee="3012877893286",
    sender="3035593037000",
    answered_at=datetime(2026, 1, 16, 8, 0, 12),
    side="supplier",
    use="real",
    declarant="3012877893286",
    original_addressee="3035593037000",
    reference="2025-000123",
    period=2025,
    sending=17,
    issued=datetime(2026, 1, 15, 9, 30),
    invoices=1204,
    accepted=1204,
)

OUTSIDE = Finding(
    code="invoice-date-outside-period", record=12, position=43, field="date", invoice="FA-2025/0012",
    found="30/12/2024", expected="2025",
    suggestion=Both("déclarer cette facture dans la période 2024", "declare this invoice under period 2024"),
)  # fmt: skip
DIFFERS = Finding(
    code="invoice-total-differs", record=12, position=52, field="totalHT", invoice="FA-2025/0012",
    found="181,45", expected="165,20",
)  # fmt: skip
EAN = Finding(
    code="ean-check-digit", record=40, position=10, field="ean", invoice="FA-2025/0040", found="9782070360025",
    expected=Both("une clé de contrôle de 4", "check digit 4"), suggestion="9782070360024",
)  # fmt: skip
SHORT = Finding(code="record-length", record=41, found="139", expected="140")
TITLE = Finding(
    code="title-altered", record=55, position=68, field="titre", invoice="FA-2025/0060",
    found="L’Étranger – tome 1", expected="L'Étranger - tome 1",
)  # fmt: skip
PARTNER = Finding(
    code="partner-unknown", record=60, position=10, field="partenaire", invoice="FA-2025/0061", found="3015593010104"
)
TRAILER = Finding(code="trailer-missing", record=3000)
ELSEWHERE = Finding(code="invoice-declared-differently", record=70, invoice="FA-2025/0062", found="2025-000098")
HOSTILE = Finding(
    code="field-format", record=7_654_321, position=1234, field="numéro ; \x1b[31m", invoice=" ;\r\nFA\x00\u202e",
    found="\x1b]0;pwned\x07" + "😀;" * 200, expected="a\nb", suggestion="\ud800",
)  # fmt: skip


def with_findings(*findings: Finding, total: int | None = None, **facts: Any) -> Acknowledgement:
    """The ordinary file with these findings, and with `facts` in place of its own."""
    counts = {finding.code: sum(other.code == finding.code for other in findings) for finding in findings}
    if total is not None:
        counts[findings[0].code] += total - len(findings)
    told: dict[str, Any] = {
        "findings": findings,
        "findings_total": total or len(findings),
        "findings_by_code": counts,
    }
    return Acknowledgement(**({name: getattr(ORDINARY, name) for name in ORDINARY.__struct_fields__} | told | facts))


PARTLY = {"verdict": "partly-accepted", "accepted": 1201, "refused": 3}

CASES = {
    "accepted": ORDINARY,
    "warnings": with_findings(TITLE, PARTNER),
    "partly": with_findings(OUTSIDE, DIFFERS, EAN, SHORT, TITLE, PARTNER, **PARTLY),
    "capped": with_findings(EAN, OUTSIDE, TITLE, total=1206, **PARTLY | {"accepted": 2, "refused": 1202}),
    "corrected": with_findings(
        DIFFERS, OUTSIDE, ELSEWHERE, nature="initial",
        corrections=("corrected.correction.txt", "corrected.correction-2024.txt"), **PARTLY,
    ),
    "corrected-r": with_findings(
        DIFFERS, nature="replaces", format="xml", corrections=("corrected-r.correction.xml",), **PARTLY
    ),
    "refused": with_findings(
        TRAILER, OUTSIDE, PARTNER, verdict="refused", accepted=0, structure_refused=True, format="xml"
    ),
    "all-refused": with_findings(EAN, verdict="refused", invoices=1, accepted=0, refused=1),
    "unknown": with_findings(
        Finding(code="format-unknown", found="%PDF-1.7"), verdict="refused", structure_refused=True, format=None,
        addressee="3019000100000", invoices=0, accepted=0, side=None, use=None, declarant=None, reference=None,
        original_addressee=None, period=None, sending=None, issued=None,
    ),
    "nil": with_findings(invoices=0, accepted=0),
    "test": with_findings(use="test", invoices=1, accepted=1),
    "duplicate": with_findings(verdict="duplicate"),
    "failed": with_findings(verdict="failed", accepted=0),
    "hostile": with_findings(
        HOSTILE, TITLE, file="../\x1b[2J;évil\n.txt", reference="réf;\x00😀 …", **PARTLY
    ),
}  # fmt: skip
