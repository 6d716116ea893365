"""What the lending right claims: the supplier's share on each match, and the entries it is posted as.

Entries are hashed, listed and exported under the names of the lending right (view `remuneration`): they were before the
ledger had names of its own.
"""

import sqlite3
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from edi.core import ledger, partners
from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.lending.rules import terms
from edi.lending.rules.remuneration import share, why_exempt
from schemas.column import Column
from schemas.text import Both

#: The columns of an export, in order; `hash` is of the entry's number and its facts, `reason` why a base is nothing.
SHEET = (
    Column("entry", Both("écriture", "entry"), "int", 9), Column("period", Both("période", "period"), "int", 8), Column("supplier", Both("fournisseur", "supplier"), width=15),
    Column("library", Both("bibliothèque", "library"), width=15), Column("invoice_number", Both("facture", "invoice"), width=21),
    Column("invoice_date", "date", "date"), Column("kind", "F/A", width=4), Column("base_cents", Both("base HT", "net base"), "cents", 14),
    Column("rate", Both("taux", "rate"), "rate", 6), Column("remuneration_cents", Both("part", "share"), "cents", 14), Column("copies", Both("exemplaires", "copies"), "int"),
    Column("reverses", Both("contre-passe", "reverses"), "int"), Column("match", Both("rapprochement", "match"), width=22), Column("hash", Both("empreinte", "hash"), width=66),
    Column("reason", Both("motif", "reason"), width=16),
)  # fmt: skip
COLUMNS = tuple(column.name for column in SHEET)

#: What the facts of an entry are called where they are hashed, in the order of `ledger.FACTS`; `facts` there are none.
_NAMES = (
    "period", "supplier", "library", "invoice_number", "invoice_date", "kind", "base_cents", "rate_percent",
    "remuneration_cents", "copies", "reason", "supplier_invoice", "library_invoice", "", "reverses",
)  # fmt: skip


def _content(entry: int, facts: tuple[Any, ...]) -> dict[str, Any]:
    content = dict(zip(_NAMES, facts, strict=True))
    if content.pop("") is not None:
        raise ValueError(facts)
    content["entry"], content["rate_percent"] = entry, _percent(content["rate_percent"])
    return content


#: The hash of the last estimate of before estimates were entries, for the next run to vouch for, once.
SEALS = "SELECT hash FROM estimate WHERE NOT EXISTS (SELECT 1 FROM posting_run WHERE seals <> '') ORDER BY estimate DESC LIMIT 1"
REMUNERATION = ledger.Kind("lending", "remuneration", lambda: terms.law().text, _content, SEALS)


@cache
def rate_text(rate_percent: int) -> str:
    """A whole per cent as a decimal string.

    >>> rate_text(6), rate_text(0)
    ('0.06', '0.00')
    """
    return f"{rate_percent // 100}.{rate_percent % 100:02d}"


@cache
def _percent(rate: str) -> int:
    """The way back. Raises ValueError for any other text.

    >>> _percent("0.06"), _percent("1.00")
    (6, 100)
    """
    whole, _, rest = rate.partition(".")
    percent = int(whole) * 100 + int(rest)
    if rate_text(percent) != rate:
        raise ValueError(rate)
    return percent


def claim(desk: Desk, directory: dict[str, Partner], whole: bool) -> None:
    """Weighs what the matches in `outcome_new` owe against the entries that stand (`ledger.weigh`).

    Of the entries that stand, all, or if not `whole` those of the invoices in `looked`.
    """
    library = cache(lambda code: directory.get(partners.resolve(directory, code)))
    matches = desk.db.execute(
        "SELECT i.id, o.other, i.period, i.supplier, i.library, i.number, i.date, i.kind, o.rate, "
        "i.base, i.base_copies, i.gross, o.bag FROM outcome_new o JOIN invoice i ON i.id = o.invoice "
        "WHERE o.state = 'matched' AND o.side = 'supplier'"
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for mine, theirs, period, supplier, code, number, day, kind, rate, base, copies, gross, bag in matches:
            due = share(kind, base, copies, gross, rate, why_exempt(library(code), date.fromisoformat(day)))
            yield (
                period, supplier, code, number, day, kind, due.base_cents, rate_text(rate), due.remuneration_cents, due.copies,
                due.reason, mine, theirs, None, bag,
            )  # fmt: skip

    bag = "coalesce((SELECT bag FROM outcome WHERE invoice = e.claim), e.claim)"
    ledger.weigh(desk, REMUNERATION, rows(), bag, None if whole else "SELECT invoice AS claim FROM looked")


def entries(desk: Desk, period: int | None = None, supplier: str | None = None) -> Iterator[dict[str, Any]]:
    """The entries in order, as the exports have them."""
    rows = desk.db.execute(
        "SELECT * FROM remuneration WHERE (?1 IS NULL OR period = ?1) AND (?2 IS NULL OR supplier = ?2) ORDER BY entry",
        (period, supplier),
    )
    return (exported(row) for row in rows)


def exported(row: sqlite3.Row) -> dict[str, Any]:
    """A row of the view `remuneration` as the exports have it."""
    return {
        name: f"{row['supplier_invoice']}-{row['library_invoice']}" if name == "match" else row[name]
        for name in COLUMNS
    }


def balances(
    desk: Desk, at: date | None = None, period: int | None = None, supplier: str | None = None
) -> list[dict[str, Any]]:
    """Per period, supplier and rate: entries, base, remuneration, copies; as they stood at the end of the day `at`."""
    rows = desk.db.execute(
        "SELECT e.period, e.supplier, rate_percent, count(*) AS entries, sum(base_cents) AS base_cents, "
        "sum(remuneration_cents) AS remuneration_cents, sum(copies) AS copies "
        "FROM remuneration e JOIN posting_run r ON r.id = e.run WHERE (?1 IS NULL OR substr(r.posted_at, 1, 10) <= ?1) "
        "AND (?2 IS NULL OR e.period = ?2) AND (?3 IS NULL OR e.supplier = ?3) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (at and at.isoformat(), period, supplier),
    )
    return [{**dict(row), "rate": rate_text(row["rate_percent"])} for row in rows]
