"""Status files: three forms of one table, each the inverse of its reader; none is ever taken for a declaration."""

import csv
import io
import re
from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import read as read_declaration
from parsers.answers import status
from parsers.sniff import open_source
from parsers.xml.xsd import elements
from schemas.finding import Finding
from schemas.lending import lists
from schemas.lending.status import COLUMNS, FORMS, HEAD, STATE, Standing, Status, file_name
from tests.desk import LIBRARY, SHOP, US

numbers = st.text(st.characters(codec="iso8859_15", exclude_categories=["Cc"]), min_size=1, max_size=20).map(
    lambda text: "x" if not text.strip() else text.strip()
)
days = st.dates(date(2003, 8, 1), date(2030, 12, 31))
cents = st.integers(-(10**13), 10**13)
words = {name: st.sampled_from([row.word for row in rows]) for name, rows in (("state", STATE), ("kind", lists.KIND))}
glns = st.sampled_from([SHOP, LIBRARY])
standings = st.builds(
    Standing, partner=glns, number=numbers, date=days, kind=words["kind"], ht_cents=st.integers(0, 10**12),
    period=st.integers(2003, 2030), state=words["state"], reason=st.sampled_from(["", "net-differs", "amount-differs"]),
    explanation=st.sampled_from(["", "Déclarée deux fois.", "; \"=1"]), since=days,
    awaits=st.sampled_from(["", "library", "supplier", "operator"]), other=st.just("") | glns,
    other_number=st.just("") | numbers, other_date=st.none() | days, other_kind=st.just("") | words["kind"],
    other_ht_cents=st.none() | cents, base_cents=st.none() | cents, rate_percent=st.none() | st.sampled_from([0, 3, 6]),
    remuneration_cents=st.none() | cents,
)  # fmt: skip
statuses = st.builds(
    Status, sender=st.just(US), declarant=glns, side=st.sampled_from(["library", "supplier"]),
    number=st.integers(1, 10**7), told_at=st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)).map(
        lambda at: at.replace(microsecond=0)),
    invoices=st.lists(standings, min_size=1, max_size=5).map(tuple),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@given(told=statuses)
def test_reading_is_the_inverse_of_writing(form: str, told: Status) -> None:
    assert status.read(status.write(told, form), form) == told


@pytest.mark.parametrize("form", FORMS)
@given(told=statuses)
def test_a_status_file_is_no_declaration(form: str, told: Status) -> None:
    first = next(iter(read_declaration(open_source(io.BytesIO(status.write(told, form))))))
    assert isinstance(first, Finding) and first.code in ("format-unknown", "charset")


@given(told=statuses)
def test_no_cell_is_a_formula(told: Status) -> None:
    texts = [column.head for column in COLUMNS if column.meaning == "text"]
    text = status.write(told, "csv").decode("utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            assert head not in texts or not cell.startswith(("=", "+", "-", "@", "\t"))


def test_the_xsd_says_what_the_table_says() -> None:
    etat, facture = elements("etat-1.0.xsd", "etat")
    meanings = {
        "code13": "gln", "xs:string": "text", "jour": "day", "instant": "moment", "annee": "year", "montant": "cents",
        "code": "code", "xs:positiveInteger": "count", "xs:nonNegativeInteger": "count",
    }  # fmt: skip
    required = {
        field.name for struct in (Standing, Status) for field in msgspec.structs.fields(struct) if field.required
    }
    for columns, attributes in ((HEAD, etat.attributes[1:]), (COLUMNS, facture.attributes)):
        for column, attribute in zip(columns, attributes, strict=True):
            assert attribute.name == column.wire
            assert attribute.required == (column.name in required), column.name
            assert attribute.values == tuple(row.xml for row in column.codes)
            assert meanings.get(attribute.type, "list") == column.meaning
    assert [column.name for column in COLUMNS] == list(Standing.__struct_fields__)
    assert len({column.head for column in (*HEAD, *COLUMNS)}) == len((*HEAD, *COLUMNS))


def test_a_cell_that_is_none_is_a_value_error() -> None:
    told = Status(
        sender=US, declarant=SHOP, side="supplier", number=1, told_at=datetime(2026, 1, 1),
        invoices=(
            Standing(partner=LIBRARY, number="1", date=date(2025, 3, 14), kind="F", ht_cents=1, period=2025,
                     state="waiting", since=date(2026, 1, 1)),
        ),
    )  # fmt: skip
    good = status.write(told, "csv").decode()
    assert status.read(good.encode(), "csv") == told
    for word, other in (
        ("en attente", "perdue"),
        (";2025;", ";deux;"),
        ("14/03/2025", ""),
        ("0,01", "0.1"),
        (";;;", ";;"),
    ):
        assert word in good
        with pytest.raises(ValueError):
            status.read(good.replace(word, other).encode(), "csv")


def test_a_name_of_its_own() -> None:
    assert re.fullmatch(r"etat-\d{13}-000007\.csv", file_name(SHOP, 7, "csv"))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"a;b\r\n", b"<etat/>", b'<!DOCTYPE a><etat xmlns="urn:x"/>'])
@pytest.mark.parametrize("form", FORMS)
def test_anything_else_is_a_value_error(form: str, data: bytes) -> None:
    with pytest.raises(ValueError):
        status.read(data, form)
