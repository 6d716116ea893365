"""Estimates, judged: those that are entries by the law their run names, those of before by their own chain.

The table of before is closed; the first posting run after it names its last hash. Each estimate must be the least that its
library's invoice can owe, and stand beside no entry.
"""

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.core.ledger import RULES, content_hash, sound
from edi.lending.matching.claims import rate_text
from edi.lending.rules import terms
from edi.lending.rules.remuneration import least

_OPPOSITE = ("ht_cents", "remuneration_cents")
_FACTS = (
    "supplier", "library", "invoice_number", "invoice_date", "kind", "ht_cents", "rate", "remuneration_cents", "library_invoice",
)  # fmt: skip
_INVOICE = (
    "SELECT library, number AS invoice_number, date AS invoice_date, kind, ht, signed_ht, coalesce(credited_on, date) AS day FROM invoice "
    "WHERE id = :library_invoice AND side = 'library'"
)
#: Two that stand for one invoice; one that stands beside an entry. Where something is still to be looked at, the next pass sees to it.
_AFTERWARDS = (
    "SELECT max(estimate) FROM estimation_standing GROUP BY library_invoice HAVING count(*) > 1 LIMIT 1",
    "SELECT e.estimate FROM estimation_standing e JOIN outcome o ON o.invoice = e.library_invoice "
    "WHERE o.state = 'matched' AND NOT EXISTS (SELECT 1 FROM touched) LIMIT 1",
)


def flaw(desk: Desk) -> str | None:
    """The first estimate of before that was altered or does not follow, or any that stands beside an entry."""
    law = sound(desk.db.execute(RULES)).get(terms.FIRST_LAW)
    standing: dict[int, Mapping[str, Any]] = {}
    previous = ""
    for number, row in enumerate(desk.db.execute("SELECT * FROM estimate ORDER BY estimate"), 1):
        hashed = {name: row[name] for name in row.keys() if name != "hash"}  # noqa: SIM118 - a Row is no dict
        facts = {**hashed, "rate": rate_text(row["rate_percent"])}
        before = standing.pop(row["library_invoice"], None)
        if row["reverses"] is None:
            invoice = desk.db.execute(_INVOICE, facts).fetchone()
            holds = before is None and law is not None and follows(facts, invoice, terms.read(law))
            standing[row["library_invoice"]] = facts
        else:
            holds = before is not None and before["estimate"] == row["reverses"] and is_opposite(facts, before)
        if not holds or row["estimate"] != number or row["previous"] != previous or content_hash(hashed) != row["hash"]:
            return f"estimation {number}"
        previous = row["hash"]
    sealed = desk.db.execute("SELECT seals FROM posting_run WHERE seals <> '' ORDER BY id LIMIT 1").fetchone()
    if sealed is not None and sealed["seals"] != previous:
        return "estimation"
    last = desk.db.execute("SELECT count(*) FROM estimate").fetchone()[0]
    numbers = desk.db.execute("SELECT estimate FROM estimation WHERE entry IS NOT NULL ORDER BY entry")
    for number, row in enumerate(numbers, last + 1):
        if row["estimate"] != number:
            return f"estimation {number}"
    found = [row for sql in _AFTERWARDS if (row := desk.db.execute(sql).fetchone())]
    return f"estimation {found[0][0]}" if found else None


def entry_flaw(desk: Desk, entry: Mapping[str, Any], law: terms.Law) -> str | None:
    """What is wrong with an estimate that is an entry, by its facts: the name of one."""
    counted = msgspec.json.decode(entry["facts"])
    row = desk.db.execute("SELECT * FROM estimation WHERE estimate = ?", (counted.get("number"),)).fetchone()
    if row is None or row["entry"] != entry["entry"] or counted != _counted(row):
        return "facts"
    facts = dict(row)
    if facts["reverses"] is None:
        invoice = desk.db.execute(_INVOICE, facts).fetchone()
        return None if entry["reverses"] is None and follows(facts, invoice, law) else "remuneration_cents"
    other = desk.db.execute("SELECT * FROM estimation WHERE estimate = ?", (row["reverses"],)).fetchone()
    undoes = other is not None and other["estimate"] < row["estimate"] and other["reverses"] is None
    return None if undoes and entry["reverses"] == other["entry"] and is_opposite(facts, dict(other)) else "reverses"


def _counted(row: sqlite3.Row) -> dict[str, int]:
    return {"number": row["estimate"], **({} if row["reverses"] is None else {"reverses": row["reverses"]})}


def is_opposite(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one undoes the other."""
    return all(row[name] == (-other[name] if name in _OPPOSITE else other[name]) for name in _FACTS)


def follows(row: Mapping[str, Any], invoice: sqlite3.Row | None, law: terms.Law) -> bool:
    """Whether an estimate is the least of its library's invoice by a law."""
    names = ("library", "invoice_number", "invoice_date", "kind")
    if invoice is None or any(row[name] != invoice[name] for name in names):
        return False
    of = law.at(date.fromisoformat(invoice["day"]))
    due = (
        invoice["signed_ht"],
        rate_text(of.rate_percent),
        least(row["kind"], invoice["ht"], of.rate_percent, of.cap_bp),
    )
    return due == (row["ht_cents"], row["rate"], row["remuneration_cents"])
