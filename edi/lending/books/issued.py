"""What was issued out of the ledger, judged against it: statements line by line, distributions computed once more.

Statements and distributions are not in the chain of posting runs. Each must say what the entries say, each document
what its columns say; and a signed head (`edi.lending.books.sealing`) holds, of every table beside the entries that only grows, how
many rows it had and what they come to, so that one taken away or made anew is found too.
"""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.lending.books import distributing
from edi.lending.books.distributing import POSTINGS, Users
from edi.lending.rules.distribution import Terms

#: Of each table: how many rows, and the sha256 of what they hold, in their order.
Seals = dict[str, tuple[int, str]]
_SEALED = {
    "statements": "SELECT sha256 FROM issued_statement ORDER BY number",
    "estimates": "SELECT hash FROM estimate ORDER BY estimate",
    "distributions": "SELECT json_array(year, distributed_at, last_entry, terms) FROM distribution ORDER BY year",
}
_COLUMNS = (
    "number", "supplier", "period", "issued_at", "previous", "last_entry", "entries_cents", "estimates_cents", "taken_back_cents",
)  # fmt: skip
#: The entries that a statement tells of.
_TOLD_OF = "SELECT * FROM remuneration WHERE supplier = ? AND period = ? AND entry > ? AND entry <= ?"
_LINE = {
    name: name for name in ("library", "kind", "base_cents", "remuneration_cents", "copies", "reason")
} | {"number": "invoice_number", "date": "invoice_date"}  # fmt: skip
#: What documents and rows that nobody ever wrote may raise.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, AssertionError, zlib.error, msgspec.MsgspecError)


def seals(desk: Desk, upto: Seals | None = None) -> Seals:
    """The seals of today, or of as many rows as `upto` has."""
    found = {}
    for name, sql in _SEALED.items():
        most = upto[name][0] if upto is not None and name in upto else -1
        values = [f"{value}\n" for (value,) in desk.db.execute(f"{sql} LIMIT ?", (most,))]
        found[name] = len(values), hashlib.sha256("".join(values).encode()).hexdigest()
    return found


def statement_flaw(desk: Desk) -> int | None:
    """The first number that is missing, or whose document is not what was kept, or not what its entries say."""
    before: dict[int, sqlite3.Row] = {}
    for number, row in enumerate(desk.db.execute("SELECT * FROM issued_statement ORDER BY number"), 1):
        try:
            last = before.get(row["previous"])
            facts = (row["supplier"], row["period"], last["last_entry"] if last else 0, row["last_entry"])
            sound = row["number"] == number and _holds(row, last, desk.db.execute(_TOLD_OF, facts))
        except _NONSENSE:
            sound = False
        if not sound:
            return number
        before[number] = row
    return None


def _holds(row: sqlite3.Row, before: sqlite3.Row | None, posted: Iterable[sqlite3.Row]) -> bool:
    document = zlib.decompress(row["facts"])
    facts: dict[str, Any] = msgspec.json.decode(document)
    totals, lines = facts["totals"], [*facts["invoices"], *facts["reversed"]]
    billed = facts["estimates"] if facts["estimates_billed"] else []
    columns = {
        **{name: facts[name] for name in ("number", "period", "issued_at", "last_entry")},
        "supplier": facts["supplier"]["gln"], "previous": facts["previous"] and facts["previous"]["number"],
        "entries_cents": _sum(lines), "estimates_cents": _sum(billed),
        "taken_back_cents": before["estimates_cents"] if before else 0,
    }  # fmt: skip
    due = {
        "invoices_cents": _sum(facts["invoices"]), "reversed_cents": _sum(facts["reversed"]),
        "estimates_cents": columns["estimates_cents"], "estimates_taken_back_cents": -columns["taken_back_cents"],
    }  # fmt: skip
    entries = {entry["entry"]: entry for entry in posted}
    return (
        hashlib.sha256(document).hexdigest() == row["sha256"]
        and columns == {name: row[name] for name in _COLUMNS}
        and due == {name: totals[name] for name in due}
        and totals["due_cents"] == sum(due.values())
        and len({line["entry"] for line in lines}) == len(lines)
        and columns["entries_cents"] == sum(entry["remuneration_cents"] for entry in entries.values())
        and all(_same(line, entries[line["entry"]]) for line in lines)
    )


def _same(line: dict[str, Any], entry: sqlite3.Row) -> bool:
    return line["rate"] == entry["rate"] and all(line[name] == entry[column] for name, column in _LINE.items())


def _sum(lines: list[dict[str, Any]]) -> int:
    return sum(line["remuneration_cents"] for line in lines)


def distribution_flaw(desk: Desk) -> int | None:
    """The first year whose distribution is not what its terms make of the entries it was recorded of."""
    for row in desk.db.execute("SELECT * FROM distribution ORDER BY year").fetchall():
        try:
            terms = msgspec.json.decode(row["terms"])
            users = Users(terms.pop("public_users"), terms.pop("higher_education_users"))
            computed = distributing.as_of(desk, row["year"], users, Terms(**terms), row["last_entry"])
            kept = distributing.recorded(desk, row["year"])
            moved = desk.db.execute(
                "SELECT label, debit, credit FROM distribution_posting WHERE year = ?", (row["year"],)
            )
            sound = (
                kept is not None
                and {**kept.facts, "recorded_at": None} == computed.facts
                and kept.titles == computed.titles
                and {tuple(posting) for posting in moved} == set(POSTINGS.values())
            )
        except _NONSENSE:
            sound = False
        if not sound:
            return int(row["year"])
    orphan = desk.db.execute(
        "SELECT year FROM (SELECT year FROM distribution_posting UNION SELECT year FROM distribution_share) "
        "WHERE year NOT IN (SELECT year FROM distribution) ORDER BY 1 LIMIT 1"
    ).fetchone()
    return orphan and int(orphan[0])
