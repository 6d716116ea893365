"""Estimates: what a silent supplier owes at the least, posted ex officio by the libraries' word, until it declares itself.

Entries of a kind of their own, numbered without gaps; those of before lie in the table `estimate`, which is closed, and the
view `estimation` has all of them. An estimate stands as long as the library's invoice waits and is owed: each pass
reverses those that do not, because the supplier has declared it (or that it has nothing to declare), the library has
withdrawn it, or the directory or the law says something else. In a closed period nothing is posted: the oldest open one after it
has it. Authority: domain, "An estimate bills the lower bound"; whom it concerns, `edi.lending.books.reminding`'s.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from edi.core import ledger, partners, store
from edi.core.desk import Desk
from edi.core.ledger import FACTS, Kind
from edi.core.lock import in_turn
from edi.core.store import transaction
from edi.lending.matching.claims import SEALS, rate_text
from edi.lending.matching.waiting import said_nil, unanswered
from edi.lending.rules import terms
from edi.lending.rules.remuneration import least, why_exempt
from schemas.column import Column
from schemas.text import Both

SHEET = (
    Column("estimate", Both("estimation", "estimate"), "int", 9), Column("posted_at", Both("inscrite le", "posted on"), width=20), Column("period", Both("période", "period"), "int", 8),
    Column("supplier", Both("fournisseur", "supplier"), width=15), Column("library", Both("bibliothèque", "library"), width=15),
    Column("invoice_number", Both("facture", "invoice"), width=21), Column("invoice_date", "date", "date"), Column("kind", "F/A", width=4),
    Column("ht_cents", Both("net HT", "net"), "cents", 14), Column("rate", Both("taux", "rate"), "rate", 6),
    Column("remuneration_cents", Both("part estimée", "estimated share"), "cents", 14), Column("reverses", Both("contre-passe", "reverses"), "int"),
    Column("reason", Both("motif", "reason"), width=16), Column("hash", Both("empreinte", "hash"), width=66),
)  # fmt: skip
#: The facts of an entry, but for its number, which are all hashed under the names of the ledger.
_HASHED = ("entry", "scheme", "kind", *FACTS)


def _content(entry: int, facts: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(_HASHED, (entry, "lending", "estimate", *facts), strict=True))


_LAST = (
    "SELECT coalesce((SELECT max(json_extract(facts, '$.number')) FROM entry WHERE kind = 'estimate'), "
    "(SELECT max(estimate) FROM estimate), 0)"
)
ESTIMATE = Kind("lending", "estimate", lambda: terms.law().text, _content, SEALS)


def post(desk: Desk, period: int, supplier: str | None = None) -> list[dict[str, Any]]:
    """Posts what suppliers (or one) owe at the least for a period and have no estimate of; the rows posted.

    Nobody is estimated whose credit notes come to more than its invoices.
    """
    with in_turn(store.home_of(desk.db), "reconcile", store.waiting_told(desk.db)):
        have = {row[0] for row in desk.db.execute("SELECT library_invoice FROM estimation_standing")}
        due = sorted(unanswered(desk, period, partners.load(desk)).items())
        facts = [
            {**invoice, "period": period, "supplier": code, "invoice_number": invoice["number"], "invoice_date": invoice["date"]}
            for code, invoices in due if supplier in (None, code) and sum(invoice["least_cents"] for invoice in invoices) > 0
            for invoice in invoices if invoice["id"] not in have
        ]  # fmt: skip
        with transaction(desk.db):
            last = desk.db.execute("SELECT coalesce(max(id), 0) FROM posting_run").fetchone()[0]
            _append(desk, desk.now(), [(_posting(row, row["rate"], row["least_cents"]), None) for row in facts])
            posted = desk.db.execute("SELECT * FROM estimation WHERE run > ? ORDER BY estimate", (last,))
            return [dict(row) for row in posted]


def _posting(row: Mapping[str, Any], rate_percent: int, cents: int) -> tuple[Any, ...]:
    """The facts of an estimate, less `facts` and `reverses`, of a library's invoice."""
    return (
        row["period"], row["supplier"], row["library"], row["invoice_number"], row["invoice_date"], row["kind"], row["signed_ht"],
        rate_text(rate_percent), cents, 0, "", row["id"], None,
    )  # fmt: skip


def _append(desk: Desk, now: datetime, rows: Iterable[tuple[tuple[Any, ...], sqlite3.Row | None]]) -> None:
    """Posts estimates, of which some undo others: the row of `estimation` that is undone."""
    number = desk.db.execute(_LAST).fetchone()[0]
    facts = []
    for number, (row, undone) in enumerate(rows, number + 1):  # noqa: B020 - counts on from the last
        counted = {"number": number} if undone is None else {"number": number, "reverses": undone["estimate"]}
        facts.append((*row, msgspec.json.encode(counted).decode(), undone and undone["entry"]))
    ledger.append(desk, ESTIMATE, now, facts)


def take_back(desk: Desk, now: datetime) -> None:
    """Reverses the estimates that do not stand any more, within the caller's transaction; those that another law reckons
    otherwise are posted anew by it."""
    _append(desk, now, undone(desk))


def undone(desk: Desk) -> list[tuple[tuple[Any, ...], sqlite3.Row | None]]:
    """What `take_back` has to post."""
    rows = desk.db.execute(
        "SELECT e.*, o.state, w.invoice AS gone, i.id, i.supplier AS named, i.ht, i.signed_ht, coalesce(i.credited_on, i.date) AS day "
        "FROM estimation_standing e JOIN invoice i ON i.id = e.library_invoice "
        "LEFT JOIN outcome o ON o.invoice = i.id LEFT JOIN withdrawal w ON w.invoice = i.id ORDER BY e.estimate"
    ).fetchall()
    if not rows:
        return []
    directory = partners.load(desk)
    nil = said_nil(desk, "supplier", directory)
    due: list[tuple[tuple[Any, ...], sqlite3.Row | None]] = []
    for row in rows:
        day, library = (
            date.fromisoformat(row["invoice_date"]),
            directory.get(partners.resolve(directory, row["library"])),
        )
        of = terms.at(date.fromisoformat(row["day"]))
        cents = least(row["kind"], row["ht"], of.rate_percent, of.cap_bp)
        why = (
            "withdrawn" if row["gone"]
            else "declared" if row["state"]
            else "nil" if (int(row["supplier"]), day.year) in nil
            else "moved" if partners.resolve(directory, row["named"]) != row["supplier"]
            else why_exempt(library, day) or "law" * ((rate_text(of.rate_percent), cents) != (row["rate"], row["remuneration_cents"]))
        )  # fmt: skip
        if why:
            facts = (
                row["period"], row["supplier"], row["library"], row["invoice_number"], row["invoice_date"], row["kind"],
                -row["ht_cents"], row["rate"], -row["remuneration_cents"], 0, why, row["library_invoice"], None,
            )  # fmt: skip
            due.append((facts, row))
        if why == "law":
            due.append((_posting(row, of.rate_percent, cents), None))
    return due


def entries(
    desk: Desk, period: int | None = None, supplier: str | None = None, net: bool = False,
    invoice: int | None = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The estimates in order, as the exports have them; `net` of those that were posted and reversed in one period;
    of one library's `invoice` alone."""
    asked = {"period": period, "supplier": supplier, "library_invoice": invoice}
    where = {name: value for name, value in asked.items() if value is not None} or {"1": 1}
    rows: Iterable[sqlite3.Row] = desk.db.execute(
        f"SELECT * FROM estimation WHERE {' AND '.join(f'{name} = ?' for name in where)} ORDER BY estimate",
        [*where.values()],
    )
    if net:
        rows = list(rows)
        there = {(row["period"], row["estimate"]) for row in rows}
        gone = {row["reverses"] for row in rows if (row["period"], row["reverses"]) in there}
        rows = (row for row in rows if row["estimate"] not in gone and (row["period"], row["reverses"]) not in there)
    return ({column.name: row[column.name] for column in SHEET} for row in rows)
