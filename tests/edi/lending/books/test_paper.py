"""Papers read back: what facts say is there as text, and no text from outside is markup, breaks a page or a font."""

import io
from datetime import datetime
from typing import Any

import pytest
from pypdf import PdfReader

from edi.lending.books.paper import pdf

NOW = datetime(2026, 2, 1, 9, 30)
LIBRARY = "3015100339070"
INVOICE = {
    "date": "2025-03-14", "number": "FA-2025/0012", "kind": "F", "library": LIBRARY, "statement": None, "copies": 31,
    "base_cents": 84_085, "rate": "0.06", "remuneration_cents": 5_045, "net_differs": False, "reason": "",
}  # fmt: skip
ESTIMATE = {
    "date": "2025-04-01", "number": "77", "kind": "F", "library": LIBRARY, "name": "Médiathèque", "ht_cents": 12_345,
    "rate": "0.06", "remuneration_cents": 741,
}  # fmt: skip


def appel(name: str = "Librairie du Port", **more: Any) -> dict[str, Any]:
    parties = {"gln": "3035593037000", "name": name, "address": [name], "mention": name, "payment": name}
    return {
        "label": "AR-000012", "issued_on": "2026-02-01", "period": 2025, "issuer": parties, "supplier": parties,
        "previous": {"label": "AR-000003", "issued_on": "2026-01-01"}, "invoices": [INVOICE], "reversed": [],
        "estimates": [ESTIMATE], "estimates_billed": True, "by_library": [{"library": LIBRARY, "name": name}],
        "by_rate": [{"rate": "0.06", "invoices": 1, "base_cents": 84_085, "remuneration_cents": 5_045, "copies": 31}],
        "totals": {
            "due_cents": 123_456_789, "estimates_cents": 741, "estimates_taken_back_cents": 0,
            "called_before_cents": -1_005, "called_cents": 5_045,
        },
        **more,
    }  # fmt: skip


def read(data: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


def test_amounts_dates_and_words_are_french() -> None:
    text = read(pdf("appel", appel(), NOW))
    for said in (
        "1 234 567,89 €",
        "−10,05 €",
        "n° AR-000012, le 1er février 2026",
        "14/03/2025 FA-2025/0012 31 840,85 6 %",
    ):
        assert said in text, said


def test_same_facts_are_the_same_bytes() -> None:
    assert pdf("appel", appel(), NOW) == pdf("appel", appel(), NOW)
    assert pdf("appel", appel(label="AR-000013"), NOW) != pdf("appel", appel(), NOW)


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x")', "$ x^2 $ *a* _b_ @c <d> `e` = f", '"), #import "base.typ": *', "\\u{1F600} 😀 図書館 مكتبة", "\x00\x1b[2J\u202e",
        "", "x" * 300, "<script>", "".join(map(chr, range(0x20, 0x300))),
    ],
)  # fmt: skip
def test_text_from_outside_is_text(name: str) -> None:
    invoice = {**INVOICE, "number": name[:20], "reason": name}
    text = read(pdf("appel", appel(name, invoices=[invoice], reversed=[{**invoice, "statement": "AR-000001"}]), NOW))
    if name.isascii() and name.isprintable() and len(name) < 100:
        assert name.split()[-1:] == [] or " ".join(name.split()) in text


def test_many_invoices_run_over_pages_with_their_heads() -> None:
    pages = PdfReader(io.BytesIO(pdf("appel", appel(invoices=[INVOICE] * 200), NOW))).pages
    assert len(pages) > 3
    assert all("base HT" in page.extract_text() for page in pages[:-1])
    assert f"page {len(pages)} sur {len(pages)}" in read(pdf("appel", appel(invoices=[INVOICE] * 200), NOW))
