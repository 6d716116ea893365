"""The hot loop passes a line over unseen only if the slow checks would find nothing."""

import datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.lending import terms
from edi.lending.checks import Checked, check
from edi.lending.line_checks import LineContext, check_line
from schemas.declaration import Invoice, Line
from tests.declarations import BASES, CONTEXT, book

DAYS = st.dates(datetime.date(2003, 8, 1), datetime.date(2013, 12, 31))
LINES = st.builds(
    Line,
    ean=st.sampled_from([book(1).ean, "9782070000028", "0000000000000", "9790260000438", "3035593037000"]),
    quantity=st.sampled_from([0, 1, 7, 999_999]),
    price=st.sampled_from([0, 1, 995, 999_999_999]),
    discount=st.sampled_from([0, 899, 900, 901, 910, 1200, 1201, 9999]),
    vat=st.sampled_from([0, 210, 550, 700, 2000]),
    exclusion=st.sampled_from(["", "SO", "ET", "MP", "XX"]),
    evidence=st.sampled_from(["", "BL-1"]),
    title=st.just(""),
)


@given(LINES, DAYS, st.sampled_from([None, datetime.date(2003, 7, 1), datetime.date(2003, 9, 1)]))
@settings(max_examples=400, deadline=None)
def test_the_gate_and_the_checks_agree(line: Line, day: datetime.date, sent: datetime.date | None) -> None:
    header = msgspec.structs.replace(
        BASES["supplier"].header, period=day.year, issued=datetime.datetime(day.year + 1, 1, 15)
    )
    invoice = Invoice(
        record=2, partner=book(1).ean, number="1", date=day, kind="F", ht=0, ttc=0, contract_sent=sent,
        announced=1, lines=(line,), line_records=(3,),
    )  # fmt: skip
    context = LineContext("fixed", day, sent, terms.at(day).cap_bp, terms.vat_rates(day, "supplier"))

    slow = list(check_line(line, 3, context))
    checked = list(check((header, invoice), CONTEXT))[-1]
    assert isinstance(checked, Checked)
    found = [finding for finding in checked.findings if finding.record == 3]

    assert [finding.code for finding in found] == [finding.code for finding in slow]
