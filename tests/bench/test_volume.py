"""What the bench reads is in order: a figure over files full of refusals would mean nothing."""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

import parsers
from edi.core.desk import open_desk
from edi.core.settings import OUR_GLN
from edi.intake.ingesting import ingest
from edi.lending.matching.reconciling import reconcile
from edi.lending.rules.checked import Checked
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from parsers.sniff import open_source
from schemas.finding import Finding
from tests.worlds import volume


def checked(data: bytes) -> Iterator[Checked]:
    context = Context(our_gln=OUR_GLN, now=datetime(2026, 1, 1))
    for event in check(parsers.read(open_source(io.BytesIO(data))), context):
        assert not isinstance(event, Finding), event
        if isinstance(event, Checked):
            assert not event.findings
            yield event


@pytest.mark.parametrize("form", ["fixed", "xml"])
def test_the_big_file_is_accepted_without_a_word(tmp_path: Path, form: str) -> None:
    volume.write_million(tmp_path / "big", form, 20_000)
    invoices = [event.invoice for event in checked((tmp_path / "big").read_bytes())]

    assert sum(len(invoice.lines) for invoice in invoices) == 20_000
    assert len({invoice.partner for invoice in invoices}) == 200
    eans = [line.ean for invoice in invoices for line in invoice.lines]
    assert len(set(eans)) > 10_000


def test_files_of_both_sides_match_whatever_order_they_come_in(tmp_path: Path) -> None:
    paths = volume.write_arrivals(tmp_path, 40)
    with open_desk(tmp_path / "home") as desk:
        verdicts = {taken.verdict for _, taken in ingest(desk, paths)}
        counts = reconcile(desk)

    assert verdicts == {"accepted"}
    assert counts["matched"] == 400 and counts["discrepancies"] == counts["net_differs"] == 0
