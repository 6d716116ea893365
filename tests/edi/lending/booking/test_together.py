"""Invoices that are judged many at once come to what each comes to by itself: rows, lines, findings, fates."""

import datetime
import io
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

import parsers
from edi.core.store import transaction
from edi.lending.booking.staging import stage
from edi.lending.rules.checked import Checked, CleanInvoices
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from parsers import read_in_bulk
from parsers.sniff import open_source
from schemas.declaration import Declaration, Invoice, Line, one_by_one
from tests.breaking import after
from tests.declarations import BASES, CONTEXT, DIRECTORY, LIBRARY, OTHER_LIBRARY, SUPPLIER, book, totalled, written
from tests.desk import Desk


def line(rolled: Random) -> Line:
    """A plain line, mostly: an invoice of which something may be said stands among such of which nothing can."""
    odd = {"discount": [1000, 1100, 1300], "vat": [700, 2000], "exclusion": ["SO", "MP", "XX"], "evidence": ["BL-1"]}
    changes = {name: rolled.choice(values) for name, values in odd.items() if rolled.random() < 0.04}
    return book(rolled.randrange(1, 40), **{"evidence": "", **changes})


def discounted(one: Invoice, discount: int) -> dict[str, Any]:
    """The lines and totals of an invoice at another discount."""
    lines = tuple(msgspec.structs.replace(some, discount=discount) for some in one.lines)
    other = totalled(msgspec.structs.replace(one, lines=lines)) if lines else one
    return {"lines": other.lines, "ht": other.ht, "ttc": other.ttc}


#: What may be wrong, or out of the way, with an invoice of a year.
CHANGES: list[Callable[[Invoice, int], dict[str, Any]]] = [
    *(lambda _, __, code=code: {"partner": code} for code in (OTHER_LIBRARY, LIBRARY, SUPPLIER, "3012345678901", "3015100339079")),
    *(lambda _, year, month=month: {"date": datetime.date(year, month, 31)} for month in (7, 12)),
    lambda one, year: {"date": datetime.date(year - 1, 12, 31)},
    *(lambda _, __, name=name: {"number": name} for name in ("--", "a-7", "007")),
    *(lambda one, _, days=days: {"kind": "A", "credited": "7", "credited_on": one.date - datetime.timedelta(days)} for days in (-1, 0, 400, 9000)),
    lambda one, _: {"kind": "A", "credited": "7", "credited_on": datetime.date(2004, 7, 31), **discounted(one, 1100)},
    lambda one, _: {"kind": "A", "credited": "7"},
    lambda one, _: {"kind": "A"},
    lambda one, _: {"credited": "7"},
    lambda one, _: {"credited_on": one.date},
    lambda one, _: {"contract": "M1"},
    lambda one, _: {"contract_sent": one.date},
    lambda one, _: {"contract": "M1", "contract_sent": datetime.date(2003, 7, 2)},
    lambda one, _: {"lines": ()},
    *(lambda one, _, off=off: {"ht": one.ht + off, "ttc": (one.ht + off) * 211 // 200} for off in (1, 3, 200)),
    *(lambda one, _, off=off: {"ttc": one.ht + off} for off in (-1, 0, 40)),
    lambda one, _: {"ttc": one.ht * 2},
]  # fmt: skip


def declaration(rolled: Random) -> Declaration:
    side = rolled.choice(["supplier", "supplier", "library"])
    year = rolled.choice([2003, 2004, 2005, 2006, 2025])
    issued = datetime.datetime(year, 10, 1) if rolled.random() < 0.1 else datetime.datetime(year + 1, 1, 15)
    header = msgspec.structs.replace(BASES[side].header, period=year, issued=issued)
    invoices = []
    for place in range(rolled.randrange(2, 9)):
        day = datetime.date(year, rolled.randrange(8, 13), rolled.randrange(1, 29))
        partner = LIBRARY if side == "supplier" else SUPPLIER
        lines = tuple(line(rolled) for _ in range(rolled.randrange(1, 5))) if side == "supplier" else ()
        one = Invoice(0, partner, f"F {place}", day, "F", ht=1000, ttc=1055, lines=lines)
        one = totalled(one) if lines else one
        if rolled.random() < 0.25:
            one = msgspec.structs.replace(one, **rolled.choice(CHANGES)(one, year))
        invoices.append(one)
    return Declaration(header, tuple(invoices))


def came_to(desk: Desk, data: bytes, context: Context) -> tuple[Any, ...]:
    staged = stage(desk, open_source(io.BytesIO(data)), context, receipt=1)
    rows = desk.rows("SELECT * FROM staged_invoice ORDER BY seq")
    withheld = desk.rows("SELECT * FROM staged_over")
    assert staged.lines is not None
    with transaction(desk.db):
        staged.lines.put()
        lines = desk.rows("SELECT * FROM line ORDER BY id")
        desk.db.execute("DELETE FROM line")
    counts = (staged.invoices, staged.refused, staged.fates, staged.outside)
    return rows, withheld, lines, staged.tally, counts


def alone(desk: Desk, data: bytes, context: Context) -> tuple[Any, ...]:
    """What `came_to` does when the reader hands on invoice by invoice."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parsers, "read_in_bulk", lambda *given: list(one_by_one(read_in_bulk(*given))))
        return came_to(desk, data, context)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("together") / "home")


#: What may happen to a written file: steps of `tests.breaking`; in XML, bytes that others take the place of, once.
STEPS: dict[str, list[Any]] = {
    "fixed": ["", "", "", "set 2.announced 0000099", "set 3.record 0000099", "drop 3", "swap 2 4"],
    "xml": ["", "", "", (b'type="f', b'type="g'), (b'titre="', b'titre=" '), (b"<ligne ", b"<ligne x='' "), (b"<facture ", b"<x/><facture ")],
}  # fmt: skip


def broken(data: bytes, how: Any) -> bytes:
    if isinstance(how, tuple):
        return data.replace(*how, 1)
    return after(data, how) if how else data


@pytest.mark.parametrize("form", ["fixed", "xml"])
@pytest.mark.parametrize("seed", range(40))
def test_together_is_as_each_by_itself(desk: Desk, seed: int, form: str) -> None:
    rolled = Random(seed)
    for _ in range(20 if form == "fixed" else 8):
        sent, known = declaration(rolled), rolled.random() < 0.5
        data = broken(written(sent, form), rolled.choice(STEPS[form]))
        context = msgspec.structs.replace(CONTEXT, directory=DIRECTORY) if known else CONTEXT

        assert came_to(desk, data, context) == alone(desk, data, context)


@pytest.mark.parametrize("form", ["fixed", "xml"])
@pytest.mark.parametrize("base", ["supplier", "library"])
def test_the_plain_case_is_judged_together(base: str, form: str) -> None:
    """In the fixed format all but the last invoice, whose end the reader has yet to see."""
    header, invoices = BASES[base].header, BASES[base].invoices[:1] * 5
    data = written(Declaration(header, invoices), form)
    _, first, *last = check(read_in_bulk(open_source(io.BytesIO(data))), CONTEXT)

    assert isinstance(first, CleanInvoices)
    assert len(first.invoices) == {"fixed": 4, "xml": 5}[form]
    assert all(isinstance(one, Checked) and not one.findings for one in last)
