"""Estimates: what a silent supplier owes at the least, posted ex officio by the libraries' word, until it declares itself.

A table beside the entries, in the same manner: append-only, numbered without gaps, each row hashed with the one before;
a correction is a reversing row. An estimate stands as long as the library's invoice waits and is owed: each pass
reverses those that do not, because the supplier has declared it (or that it has nothing to declare), the library has
withdrawn it, or the directory says something else. In a closed period nothing is posted: the oldest open one after it
has it. Authority: domain, "An estimate bills the lower bound"; whom it concerns, `edi.books.reminding`'s.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from edi import partners, periods, store
from edi.exports import Column
from edi.ledger import content_hash, rate_text
from edi.lending import terms
from edi.lending.remuneration import least, why_exempt
from edi.lock import in_turn
from edi.reconciliation.waiting import said_nil, waiting
from edi.store import transaction

SHEET = (
    Column("estimate", "estimation", "int", 9), Column("posted_at", "inscrite le", wide=20), Column("period", "période", "int", 8),
    Column("supplier", "fournisseur", wide=15), Column("library", "bibliothèque", wide=15),
    Column("invoice_number", "facture", wide=21), Column("invoice_date", "date", "date"), Column("kind", "F/A", wide=4),
    Column("ht_cents", "net HT", "cents", 14), Column("rate", "taux", "rate", 6),
    Column("remuneration_cents", "part estimée", "cents", 14), Column("reverses", "contre-passe", "int"),
    Column("reason", "motif", wide=16), Column("hash", "empreinte", wide=66),
)  # fmt: skip
_STANDS = "e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM estimate r WHERE r.reverses = e.estimate)"
_FACTS = (
    "period", "supplier", "library", "invoice_number", "invoice_date", "kind", "ht_cents", "rate_percent", "remuneration_cents",
    "library_invoice",
)  # fmt: skip
_SIGNED = ("ht_cents", "remuneration_cents")


def post(
    connection: sqlite3.Connection, period: int, now: datetime, supplier: str | None = None
) -> list[dict[str, Any]]:
    """Posts what suppliers (or one) owe at the least for a period and have no estimate of; the rows posted.

    Nobody is estimated whose credit notes come to more than its invoices.
    """
    with in_turn(store.home_of(connection), "reconcile", store.waiting_told(connection)):
        directory = partners.load(connection)
        nil = said_nil(connection, "supplier", directory)
        have = {row[0] for row in connection.execute(f"SELECT library_invoice FROM estimate e WHERE {_STANDS}")}
        due: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in waiting(connection, period, directory):
            code, year = f"{one['awaited']:013d}", int(one["date"][:4])
            if one["side"] == "library" and one["most_cents"] and (one["awaited"], year) not in nil:
                due[code].append(one)
        rows = [
            {"period": period, "supplier": code, "library": one["library"], "invoice_number": one["number"],
             "invoice_date": one["date"], "kind": one["kind"], "ht_cents": -one["ht"] if one["kind"] == "A" else one["ht"],
             "rate_percent": one["rate"], "remuneration_cents": one["least_cents"], "reason": "", "library_invoice": one["id"],
             "reverses": None}
            for code, some in sorted(due.items()) if supplier in (None, code) and sum(one["least_cents"] for one in some) > 0
            for one in some if one["id"] not in have
        ]  # fmt: skip
        with transaction(connection):
            return _append(connection, rows, now)


def _append(connection: sqlite3.Connection, rows: Iterable[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    closed = periods.closed_years(connection)
    last = connection.execute("SELECT estimate, hash FROM estimate ORDER BY estimate DESC LIMIT 1").fetchone()
    number, previous = (last["estimate"], last["hash"]) if last else (0, "")
    posted = []
    for number, row in enumerate(rows, number + 1):  # noqa: B020 - counts on from the last
        facts = {"estimate": number, "posted_at": now.isoformat(), **row, "previous": previous}
        facts["period"] = periods.booked_in(row["period"], closed)
        previous = content_hash(facts)
        posted.append({**facts, "hash": previous})
    if posted:
        names = ", ".join(posted[0])
        values = ", ".join(f":{name}" for name in posted[0])
        connection.executemany(f"INSERT INTO estimate ({names}) VALUES ({values})", posted)
    return posted


def take_back(connection: sqlite3.Connection, now: datetime) -> None:
    """Reverses the estimates that do not stand any more, within the caller's transaction."""
    _append(connection, undone(connection), now)


def undone(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The reversals that are due."""
    rows = connection.execute(
        "SELECT e.*, o.state, w.invoice AS gone, i.supplier AS named FROM estimate e JOIN invoice i ON i.id = e.library_invoice "
        "LEFT JOIN outcome o ON o.invoice = i.id LEFT JOIN withdrawal w ON w.invoice = i.id "
        f"WHERE {_STANDS} ORDER BY e.estimate"
    ).fetchall()
    if not rows:
        return []
    directory = partners.load(connection)
    nil = said_nil(connection, "supplier", directory)
    due = []
    for row in rows:
        day, library = (
            date.fromisoformat(row["invoice_date"]),
            directory.get(partners.resolve(directory, row["library"])),
        )
        why = (
            "withdrawn" if row["gone"]
            else "declared" if row["state"]
            else "nil" if (int(row["supplier"]), day.year) in nil
            else "moved" if partners.resolve(directory, row["named"]) != row["supplier"]
            else why_exempt(library, day)
        )  # fmt: skip
        if why:
            facts = {name: -row[name] if name in _SIGNED else row[name] for name in _FACTS}
            due.append({**facts, "reason": why, "reverses": row["estimate"]})
    return due


def entries(
    connection: sqlite3.Connection,
    period: int | None = None,
    supplier: str | None = None,
    net: bool = False,
    invoice: int | None = None,
) -> Iterator[dict[str, Any]]:
    """The estimates in order, as the exports have them; `net` of those that were posted and reversed in one period;
    of one library's `invoice` alone."""
    for row in connection.execute(
        "SELECT * FROM estimate e WHERE (?1 IS NULL OR period = ?1) AND (?2 IS NULL OR supplier = ?2) AND (?4 IS NULL OR library_invoice = ?4) AND (NOT ?3 OR NOT EXISTS "
        "(SELECT 1 FROM estimate r WHERE r.period = e.period AND (r.reverses = e.estimate OR r.estimate = e.reverses))) "
        "ORDER BY estimate",
        (period, supplier, net, invoice),
    ):
        yield {
            column.name: rate_text(row["rate_percent"]) if column.name == "rate" else row[column.name]
            for column in SHEET
        }


def flaw(connection: sqlite3.Connection) -> str | None:
    """The first estimate that was altered, does not follow from the library's invoice, or stands beside an entry."""
    standing: dict[int, sqlite3.Row] = {}
    previous = ""
    for number, row in enumerate(connection.execute("SELECT * FROM estimate ORDER BY estimate"), 1):
        facts = {name: row[name] for name in row.keys() if name != "hash"}  # noqa: SIM118 - a Row is no dict
        before = standing.get(row["library_invoice"])
        if row["reverses"] is None:
            sound = before is None and _follows(connection, row)
            standing[row["library_invoice"]] = row
        else:
            sound = before is not None and before["estimate"] == row["reverses"] and all(
                row[name] == (-before[name] if name in _SIGNED else before[name]) for name in _FACTS if name != "period"
            )  # fmt: skip
            standing.pop(row["library_invoice"], None)
        if not sound or row["estimate"] != number or row["previous"] != previous or content_hash(facts) != row["hash"]:
            return f"estimation {number}"
        previous = row["hash"]
    if not connection.execute("SELECT EXISTS (SELECT 1 FROM touched)").fetchone()[0]:
        for row in connection.execute("SELECT invoice FROM outcome WHERE state = 'matched'") if standing else ():
            if row["invoice"] in standing:
                return f"estimation {standing[row['invoice']]['estimate']}"
    return None


def _follows(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Whether an estimate is the least of its invoice, at the terms of some day of that rate."""
    invoice = connection.execute(
        "SELECT library, number AS invoice_number, date AS invoice_date, kind, ht FROM invoice WHERE id = ? AND side = 'library'",
        (row["library_invoice"],),
    ).fetchone()
    if invoice is None or any(
        row[name] != invoice[name] for name in ("library", "invoice_number", "invoice_date", "kind")
    ):
        return False
    caps = [of.cap_bp for of in terms.TERMS if of.rate_percent == row["rate_percent"]]
    signed = -invoice["ht"] if row["kind"] == "A" else invoice["ht"]
    amounts = [least(row["kind"], invoice["ht"], row["rate_percent"], cap) for cap in caps]
    return signed == row["ht_cents"] and row["remuneration_cents"] in amounts
