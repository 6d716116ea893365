"""Rules 1, 3 and 4 and what is posted, as a table; the same rules in SQL and in Python; whoever comes first."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.declaration import Declaration, Invoice, Line
from tests.desk import COMMUNE, EAN, LIBRARY, OTHER_SHOP, SHOP, Desk, bought, code, declared, partner, sold

TABLE = Path(__file__).parents[3] / "tables" / "matching.txt"
ROWS = [
    [cell.strip() for cell in line.split("|")]
    for line in TABLE.read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
SCHOOL, HOSPITAL = code(31), code(32)
GLNS = {"s": SHOP, "o": OTHER_SHOP, "b": LIBRARY, "m": COMMUNE, "p": SCHOOL, "h": HOSPITAL}
DIRECTORY = (
    partner(COMMUNE, alias_of=LIBRARY),
    partner(OTHER_SHOP, "supplier", successor=SHOP),
    partner(SCHOOL, category="primary"),
    partner(HOSPITAL, category="hospital"),
)


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def invoice(text: str) -> tuple[str, str, Invoice]:
    """(side, declarant, invoice) of `S- 9 2004-09-10 P100.00 H80.00 of=5`."""
    who, number, day, *options = text.split()
    facts = dict(re.fullmatch(r"(P|H|x|ex|out|mp!?|c=|of=|on=|by=|at=)(.*)", option).groups() for option in options)  # type: ignore[union-attr, misc]
    supplier, library = GLNS[facts.get("by=", "s")], GLNS[facts.get("at=", "b")]
    more: dict[str, Any] = {"kind": "A" if who.endswith("-") else "F"}
    if "c=" in facts:
        more |= {"contract": "M", "contract_sent": date.fromisoformat(facts["c="])}
    if who[0] == "L":
        return "library", library, bought(number, day, cents(facts["H"]), supplier, **more)
    if "on=" in facts:
        more["credited_on"] = date.fromisoformat(facts["on="])
    copies = int(facts.get("x", 1))
    exclusion = (
        ("MP", "" if "mp!" in facts else "M")
        if {"mp", "mp!"} & facts.keys()
        else ("OC", "B")
        if "out" in facts
        else ("", "")
    )
    prices = [(cents(facts["P"]) // copies, copies, *exclusion)] if "P" in facts else []
    prices += [(cents(facts["ex"]), 1, "OC", "BL")] if "ex" in facts else []
    gross = sum(price * quantity for price, quantity, _, _ in prices)
    off = 10_000 - cents(facts["H"]) * 10_000 // gross if gross else 0
    lines = tuple(Line(EAN, quantity, price, off, 550, code, proof, "") for price, quantity, code, proof in prices)
    return (
        "supplier",
        supplier,
        sold(number, day, partner=library, ht=cents(facts["H"]), lines=lines, credited=facts.get("of=", ""), **more),
    )


def files(invoices: list[tuple[str, str, Invoice]]) -> list[Declaration]:
    """The invoices as declarations: one for each side, declarant and year."""
    groups: dict[tuple[str, str, int], list[Invoice]] = {}
    for side, declarant, one in invoices:
        assert one.date is not None
        groups.setdefault((side, declarant, one.date.year), []).append(one)
    return [declared(f"D-{year}", *group, by=by, side=side, period=year) for (side, by, year), group in groups.items()]


def stands(desk: Desk, invoices: list[tuple[str, str, Invoice]]) -> str:
    """Where each invoice stands, in the words of the table."""
    place = {}
    for number, (side, declarant, one) in enumerate(invoices, 1):
        own = "supplier" if side == "supplier" else "library"
        sql = f"SELECT id FROM invoice WHERE side = ? AND {own} = ? AND number = ? AND date = ? AND kind = ? AND ht = ?"
        (row,) = desk.rows(sql, side, declarant, one.number, str(one.date), one.kind, one.ht)
        place[row[0]] = number
    words: dict[str, list[int]] = {}
    for invoice_id, number in place.items():
        found = desk.rows("SELECT state, reason, other, bag FROM outcome WHERE invoice = ?", invoice_id)
        state, reason, other, bag = found[0] if found else ("", "", None, None)
        if state == "matched":
            pair = sorted((number, place[other]))
            words[("~" if reason else "=").join(map(str, pair))] = pair
        elif state:
            words.setdefault(f"{reason} {bag}", []).append(number)
        else:
            words[f"{number}?"] = [number]
    return " ".join(
        f"{word.split()[0]}({','.join(map(str, numbers))})" if " " in word else word
        for word, numbers in sorted(words.items(), key=lambda item: item[1])
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_clause(desk: Desk, tmp_path: Path, row: list[str]) -> None:
    _, given, expected, posted = row
    invoices = [invoice(text.strip()) for text in given.split(";")]
    desk.know(DIRECTORY)
    for declaration in files(invoices):
        assert desk.take(declaration).verdict == "accepted"
    desk.reconcile()

    assert sorted(stands(desk, invoices).split()) == sorted(expected.split())
    entries = desk.rows(
        "SELECT base_cents || '*' || rate_percent || '=' || remuneration_cents || CASE reason WHEN '' THEN '' "
        "ELSE ' ' || reason END FROM remuneration ORDER BY invoice_date, supplier_invoice"
    )
    assert " ".join(entry for (entry,) in entries) == posted

    other = Desk(tmp_path / "other")
    for declaration in reversed(files(invoices)):
        other.take(declaration, "xml")
        other.reconcile()
    other.know(DIRECTORY)
    other.reconcile()
    assert other.states() == desk.states()
    assert other.balances() == desk.balances()
