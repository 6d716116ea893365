"""The ledger: append-only entries, hashed, posted in chained runs; a correction is a reversing entry.

Posting compares what the matches owe with the entries that stand, and writes only the difference: first the
reversals, then the new entries, in one fixed order. Authority: surface, "What is posted".
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from itertools import chain
from typing import Any

import msgspec

from edi import partners, periods
from edi.lending.context import Partner
from edi.lending.remuneration import share, why_exempt
from edi.store import insert
from schemas.column import Column

#: The columns of an export, in order; `hash` is of the entry's number and its facts, `reason` why a base is nothing.
SHEET = (
    Column("entry", "écriture", "int", 9), Column("period", "période", "int", 8), Column("supplier", "fournisseur", width=15),
    Column("library", "bibliothèque", width=15), Column("invoice_number", "facture", width=21),
    Column("invoice_date", "date", "date"), Column("kind", "F/A", width=4), Column("base_cents", "base HT", "cents", 14),
    Column("rate", "taux", "rate", 6), Column("remuneration_cents", "part", "cents", 14), Column("copies", "exemplaires", "int"),
    Column("reverses", "contre-passe", "int"), Column("match", "rapprochement", width=22), Column("hash", "empreinte", width=66),
    Column("reason", "motif", width=16),
)  # fmt: skip
COLUMNS = tuple(column.name for column in SHEET)

STANDING = "e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.entry)"
_FACTS = (
    "period", "supplier", "library", "invoice_number", "invoice_date", "kind", "base_cents", "rate_percent",
    "remuneration_cents", "copies", "reason", "reverses", "supplier_invoice", "library_invoice",
)  # fmt: skip
_HASHED = ("entry", *_FACTS)
_CENTS = _FACTS.index("remuneration_cents")
#: The facts of an entry to post, from `due`; and of one that reverses an entry of `undue`.
_POSTING = ", ".join({"reverses": "NULL"}.get(name, name) for name in _FACTS)
_OTHER_WAY = {"reverses": "entry", **{name: f"-{name}" for name in ("base_cents", "remuneration_cents", "copies")}}
_REVERSAL = ", ".join(_OTHER_WAY.get(name, name) for name in _FACTS)
_SAME = ("supplier_invoice", "library_invoice", "base_cents", "rate_percent", "remuneration_cents", "copies", "reason")


def weigh(connection: sqlite3.Connection, directory: dict[str, Partner], whole: bool) -> None:
    """Sets what the matches in `outcome_new` owe against the entries that stand: temporary tables `undue` and `due`.

    Of the entries that stand, all, or if not `whole` those of the invoices in `looked`.
    """
    _owed(connection, directory)
    looked = "entry e" if whole else "looked l CROSS JOIN entry e ON e.supplier_invoice = l.invoice"
    same = " AND ".join(f"e.{name} = d.{name}" for name in _SAME)
    for table in ("undue", "due"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute(
        f"CREATE TEMP TABLE undue AS SELECT e.*, coalesce(o.bag, e.supplier_invoice) AS bag FROM {looked} "
        f"LEFT JOIN outcome o ON o.invoice = e.supplier_invoice WHERE {STANDING} "
        f"AND NOT EXISTS (SELECT 1 FROM owed d WHERE {same}) ORDER BY e.entry"
    )
    connection.execute(
        f"CREATE TEMP TABLE due AS SELECT d.* FROM owed d WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE {same} AND "
        f"{STANDING}) ORDER BY period, supplier, library, invoice_date, invoice_number, supplier_invoice"
    )
    connection.execute("DROP TABLE temp.owed")


def post(
    connection: sqlite3.Connection, now: datetime, undue: str = "1", due: str = "1", bounds: tuple[int, ...] = ()
) -> dict[str, int]:
    """Reverses what is no longer owed, posts what is (`weigh`), as one run within the caller's transaction.

    `undue` and `due` are conditions that select some of each, between `bounds`. The run has a hash over the run before,
    when, and its entries, each with its own.
    """
    last = connection.execute("SELECT id, hash FROM posting_run ORDER BY id DESC LIMIT 1").fetchone()
    run, previous = (last["id"] + 1, last["hash"]) if last else (1, "")
    first = connection.execute("SELECT coalesce(max(entry), 0) + 1 FROM entry").fetchone()[0]
    closed = periods.closed_years(connection)
    reversals = connection.execute(f"SELECT {_REVERSAL} FROM undue WHERE {undue} ORDER BY entry", bounds)
    postings = connection.execute(f"SELECT {_POSTING} FROM due WHERE {due} ORDER BY rowid", bounds)
    run_hash = hashlib.sha256(f"{previous}{now.isoformat()}".encode())
    rows, cents = [], 0
    for entry, (period, *rest) in enumerate(chain(reversals, postings), first):
        facts = (periods.booked_in(period, closed), *rest)
        digest = content_hash(dict(zip(_HASHED, (entry, *facts), strict=True)))
        run_hash.update(digest.encode())
        rows.append((entry, run, *facts, digest))
        cents += facts[_CENTS]
    if rows:  # the run first: one that its entries waited for would be looked for among all there are
        connection.execute(
            "INSERT INTO posting_run (id, posted_at, entries, previous, hash) VALUES (?, ?, ?, ?, ?)",
            (run, now.isoformat(), len(rows), previous, run_hash.hexdigest()),
        )
        insert(connection, f"entry (entry, run, {', '.join(_FACTS)}, hash)", rows)
    return {"entries_posted": len(rows), "remuneration_cents": cents}


def _owed(connection: sqlite3.Connection, directory: dict[str, Partner]) -> None:
    """The table `owed`: what each matched pair of `outcome_new` owes, by the supplier's invoice as written."""
    library = cache(lambda code: directory.get(partners.resolve(directory, code)))
    connection.execute("DROP TABLE IF EXISTS temp.owed")
    connection.execute(
        "CREATE TEMP TABLE owed (supplier_invoice INTEGER PRIMARY KEY, library_invoice INTEGER, period INTEGER, "
        "supplier TEXT, library TEXT, invoice_number TEXT, invoice_date TEXT, kind TEXT, rate_percent INTEGER, "
        "base_cents INTEGER, remuneration_cents INTEGER, copies INTEGER, reason TEXT, bag INTEGER)"
    )
    matches = connection.execute(
        "SELECT i.id, o.other, i.period, i.supplier, i.library, i.number, i.date, i.kind, o.rate, "
        "i.base, i.base_copies, i.gross, o.bag FROM outcome_new o JOIN invoice i ON i.id = o.invoice "
        "WHERE o.state = 'matched' AND o.side = 'supplier'"
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for *facts, code, number, day, kind, rate, base, copies, gross, bag in matches:
            exempt = why_exempt(library(code), date.fromisoformat(day))
            due = msgspec.structs.astuple(share(kind, base, copies, gross, rate, exempt))
            yield *facts, code, number, day, kind, rate, *due, bag

    insert(connection, "owed", rows())


def content_hash(facts: dict[str, Any]) -> str:
    """The sha256 of an entry's number and facts, as JSON with sorted keys and no spaces."""
    return hashlib.sha256(_json.encode(facts)).hexdigest()


_json = msgspec.json.Encoder(order="sorted")


def rate_text(rate_percent: int) -> str:
    """A whole per cent as a decimal string.

    >>> rate_text(6), rate_text(0)
    ('0.06', '0.00')
    """
    return f"{rate_percent // 100}.{rate_percent % 100:02d}"


def entries(
    connection: sqlite3.Connection, period: int | None = None, supplier: str | None = None
) -> Iterator[dict[str, Any]]:
    """The entries in order, as the exports have them."""
    for row in connection.execute(
        "SELECT * FROM entry WHERE (?1 IS NULL OR period = ?1) AND (?2 IS NULL OR supplier = ?2) ORDER BY entry",
        (period, supplier),
    ):
        facts = {name: row[name] for name in COLUMNS if name not in ("rate", "match")}
        facts["rate"] = rate_text(row["rate_percent"])
        facts["match"] = f"{row['supplier_invoice']}-{row['library_invoice']}"
        yield {name: facts[name] for name in COLUMNS}


def balances(
    connection: sqlite3.Connection, at: date | None = None, period: int | None = None, supplier: str | None = None
) -> list[dict[str, Any]]:
    """Per period, supplier and rate: entries, base, remuneration, copies; as they stood at the end of the day `at`."""
    rows = connection.execute(
        "SELECT e.period, e.supplier, rate_percent, count(*) AS entries, sum(base_cents) AS base_cents, "
        "sum(remuneration_cents) AS remuneration_cents, sum(copies) AS copies "
        "FROM entry e JOIN posting_run r ON r.id = e.run WHERE (?1 IS NULL OR substr(r.posted_at, 1, 10) <= ?1) "
        "AND (?2 IS NULL OR e.period = ?2) AND (?3 IS NULL OR e.supplier = ?3) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (at and at.isoformat(), period, supplier),
    )
    return [{**dict(row), "rate": rate_text(row["rate_percent"])} for row in rows]
