"""Where an invoice stands and why: both declarations, what agrees, what is awaited from whom, which entries came of it.

Every answer comes from the facts of this moment; nothing is kept. The way back to the bytes: entry -> case -> invoice
-> record of a declaration -> sha256 of the file in `received/`.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from edi.core import partners
from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.lending.matching import deciding, estimating, match_table, reconciling
from edi.lending.matching.claims import exported
from edi.lending.rules import explaining
from edi.lending.rules.candidate import Candidate
from edi.lending.rules.proposing import digits
from schemas import number
from schemas.catalogue import CATALOGUE
from schemas.lending import lists
from schemas.text import Both

#: How many near-misses are laid out, and the penalty from which none is one.
_NEAR = 5
_TOO_FAR = 10
_INVOICE = """
SELECT i.*, d.reference, d.format, d.issued, d.nature, r.sha256, r.name AS file, r.link, r.received_at,
       (SELECT w.declaration FROM withdrawal w WHERE w.invoice = i.id) AS withdrawn_by
FROM invoice i JOIN declaration d ON d.id = i.declaration JOIN receipt r ON r.id = d.receipt
"""
_SUPPLIER, _LIBRARY = (partners.party(f"i.{side}") for side in ("supplier", "library"))
_PARTIES = f"{_SUPPLIER}, {_LIBRARY}"
_CANDIDATE = f"SELECT t.supplier, t.library, i.ttc, i.date, {reconciling.CANDIDATE}"
_STANDS = f"t.invoice NOT IN ({match_table.WITHDRAWN})"
_THEIRS = f"{_CANDIDATE} FROM {{table}} t CROSS JOIN invoice i ON i.id = t.invoice WHERE t.supplier = ? AND t.library = ? AND {_STANDS}"
_OURS = (
    f"{_CANDIDATE} FROM invoice i CROSS JOIN {{table}} t ON (t.supplier, t.library) = ({_PARTIES}) AND t.key = i.key "
    f"AND t.invoice = i.id WHERE {_STANDS}"
)
_REFUSED = """
SELECT f.code, f.finding, r.name AS file, r.sha256, r.received_at, r.link FROM finding f JOIN receipt r ON r.id = f.receipt
WHERE json_extract(f.finding, '$.invoice') = ? AND r.verdict IN ('refused', 'partly-accepted')
ORDER BY f.receipt DESC, f.ordinal LIMIT 50
"""


def why(desk: Desk, asked: str, supplier: str | None = None, library: str | None = None) -> dict[str, Any]:
    """Every case that an invoice of this number is in, or was; `supplier` and `library` narrow it, as written or resolved."""
    directory = partners.load(desk)
    match_table.pending(desk)
    meant = {
        name: code and partners.resolve(directory, code)
        for name, code in (("supplier", supplier), ("library", library))
    }
    key = number.key(asked)
    rows = desk.db.execute(
        f"{_INVOICE} WHERE i.key = ?1 AND (?2 IS NULL OR {_SUPPLIER} = CAST(?2 AS INTEGER)) "
        f"AND (?3 IS NULL OR {_LIBRARY} = CAST(?3 AS INTEGER)) ORDER BY i.date, i.id",
        (key, meant["supplier"], meant["library"]),
    ).fetchall()
    shown: set[int] = set()
    cases = []
    for row in rows:
        if row["id"] not in shown:
            case = _case(desk, directory, row)
            shown.update(
                invoice["invoice"] for side in ("supplier_invoices", "library_invoices") for invoice in case[side]
            )
            cases.append(case)
    return {
        "asked": asked,
        "key": key,
        "cases": cases,
        "refused": _refused(desk, asked),
        "alike": [] if rows else _alike(desk, asked),
    }


def _refused(desk: Desk, asked: str) -> list[dict[str, Any]]:
    """The refusals of invoices of exactly that number, latest first."""
    return [
        {
            **msgspec.json.decode(row["finding"]),
            **{name: row[name] for name in ("file", "sha256", "received_at", "link")},
        }
        for row in desk.db.execute(_REFUSED, (asked,))
        if CATALOGUE[row["code"]].reach != "warning"
    ]


def _alike(desk: Desk, asked: str) -> list[str]:
    """Numbers that end alike, where there is none of that number."""
    found = desk.db.execute(
        "SELECT DISTINCT number FROM invoice WHERE key LIKE '%' || ? LIMIT 10", (digits(asked) or number.key(asked),)
    )
    return [row[0] for row in found] if number.key(asked) else []


def _case(desk: Desk, directory: dict[str, Partner], row: sqlite3.Row) -> dict[str, Any]:
    """One case, as JSON has it."""
    if row["withdrawn_by"] is not None:
        state, reason, ids = "withdrawn", "", [row["id"]]
    else:
        state, reason, ids = deciding.case_of(desk, row["id"])
    marks = ", ".join(map(str, ids))
    invoices = [
        _invoice(found, directory)
        for found in desk.db.execute(f"{_INVOICE} WHERE i.id IN ({marks}) ORDER BY i.date, i.id")
    ]
    ours = _candidates(desk, ids)
    case: dict[str, Any] = {
        "state": state,
        "reason": reason,
        "supplier_invoices": [invoice for invoice in invoices if invoice["side"] == "supplier"],
        "library_invoices": [invoice for invoice in invoices if invoice["side"] == "library"],
        "evidence": _evidence(ours, directory),
        "awaits": _awaits(row, directory) if state == "waiting" else None,
        "near_misses": [] if state == "withdrawn" else _near_misses(desk, ours, directory, state),
        "entries": _entries(desk, ids),
        "estimates": [row for invoice in ids for row in estimating.entries(desk, invoice=invoice)],
        "decisions": deciding.listing(desk, ids),
        "reconciled": not desk.db.execute(
            f"SELECT EXISTS (SELECT 1 FROM touched t JOIN invoice i ON i.id BETWEEN t.first AND t.last WHERE i.id IN ({marks}))"
        ).fetchone()[0],
    }
    if state == "withdrawn":
        by = desk.db.execute(
            "SELECT reference, taken_at FROM declaration WHERE id = ?", (row["withdrawn_by"],)
        ).fetchone()
        case["withdrawn"] = dict(by)
    return case


def _invoice(row: sqlite3.Row, directory: dict[str, Partner]) -> dict[str, Any]:
    """An invoice with where it stands in which file."""
    names = (
        "side", "supplier", "library", "number", "key", "date", "kind", "period", "copies", "lines", "record",
        "reference", "format", "issued", "file", "sha256", "link", "received_at", "contract", "contract_sent", "credited",
        "credited_on",
    )  # fmt: skip
    cents = {f"{short}_cents": row[short] for short in ("ht", "ttc", "gross", "base")}
    return {
        "invoice": row["id"],
        **{name: row[name] for name in names},
        **cents,
        "supplier_name": _name(directory, row["supplier"]),
        "library_name": _name(directory, row["library"]),
        "not_open": [
            role
            for role in (side.word for side in lists.SIDE)
            if (known := directory.get(row[role])) and not known.is_open(date.fromisoformat(row["date"]))
        ],
    }


def _name(directory: dict[str, Partner], code: str) -> str | None:
    known = directory.get(code) or directory.get(partners.resolve(directory, code))
    return known.name if known else None


class Placed(msgspec.Struct, frozen=True):
    """A candidate with its total with tax, its date and its resolved partners."""

    candidate: Candidate
    ttc: int
    date: str
    pair: tuple[int, int]


def _placed(row: sqlite3.Row) -> Placed:
    supplier, library, ttc, day, *facts = row
    return Placed(Candidate(*facts), ttc, day, (supplier, library))


def _candidates(desk: Desk, ids: Sequence[int]) -> list[Placed]:
    """The live ones of these invoices as matching sees them."""
    rows = _rows(desk, f"{_OURS} AND i.id IN ({', '.join(map(str, ids))})")
    return sorted(map(_placed, rows), key=lambda placed: (placed.candidate.day, placed.candidate.invoice))


def _rows(desk: Desk, query: str, *values: Any) -> Iterable[sqlite3.Row]:
    """What a query finds in the match table, or in `pending` where no pass has brought it in yet."""
    found = (desk.db.execute(query.format(table=table), values) for table in ("pending", "twin"))
    return {row["invoice"]: row for rows in found for row in rows}.values()


def _compared(mine: Placed, other: Placed) -> explaining.Likeness:
    supplier, library = (mine, other) if mine.candidate.side == "supplier" else (other, mine)
    return explaining.compare(
        supplier.candidate, library.candidate, mine.pair == other.pair, (supplier.ttc, library.ttc)
    )


def _evidence(ours: list[Placed], directory: dict[str, Partner]) -> dict[str, Any] | None:
    """What agrees and what differs between the two sides of a case; None where there is one side only."""
    suppliers = [placed for placed in ours if placed.candidate.side == "supplier"]
    libraries = [placed for placed in ours if placed.candidate.side == "library"]
    if not suppliers or not libraries:
        return None
    total, declared = (sum(placed.candidate.signed_ht for placed in side) for side in (suppliers, libraries))
    found: dict[str, Any] = {"supplier_ht_cents": total, "library_ht_cents": declared, "gap_cents": declared - total}
    shared = explaining.split([placed.candidate for placed in suppliers], [placed.candidate for placed in libraries])
    if len(suppliers) == len(libraries) == 1:
        likeness = _compared(suppliers[0], libraries[0])
        found |= msgspec.to_builtins(likeness)
        mine, theirs = suppliers[0].candidate, libraries[0].candidate
        found["as_written"] = (mine.supplier, mine.library) == (theirs.supplier, theirs.library)
    else:
        found["explained"] = [msgspec.to_builtins(shared)] if shared else []
    return found


def _awaits(row: sqlite3.Row, directory: dict[str, Partner]) -> dict[str, Any]:
    """Whose declaration a waiting invoice waits for, and since when."""
    side = "library" if row["side"] == "supplier" else "supplier"
    return {"side": side, "partner": row[side], "name": _name(directory, row[side]), "since": row["received_at"]}


def _near_misses(desk: Desk, ours: list[Placed], directory: dict[str, Partner], stands: str) -> list[dict[str, Any]]:
    """The other side's invoices that come nearest and are not in the case, the nearest first, and why each lost.

    Of one that waits, whatever it may be; of a match, what bears its number; else what has its number or amount.
    """
    inside = {placed.candidate.invoice for placed in ours}
    found: dict[int, tuple[tuple[int, ...], dict[str, Any]]] = {}
    for mine in ours[:20]:
        for theirs in _pool(desk, mine):
            if theirs.candidate.invoice in inside:
                continue
            likeness = _compared(mine, theirs)
            state, reason, _ = _standing(desk, theirs.candidate.invoice)
            penalty = likeness.penalty + (6 if state == "matched" else 0)
            order = (penalty, likeness.days_apart, abs(likeness.gap_cents), theirs.candidate.invoice)
            if stands == "matched" and not likeness.same_key:
                continue
            if penalty < _TOO_FAR - (stands != "waiting") and (
                theirs.candidate.invoice not in found or order < found[theirs.candidate.invoice][0]
            ):
                found[theirs.candidate.invoice] = (order, _miss(theirs, likeness, state, reason, directory))
    return [miss for _, miss in sorted(found.values(), key=lambda miss: miss[0])[:_NEAR]]


def _pool(desk: Desk, mine: Placed) -> Iterable[Placed]:
    """The other side's invoices of the same partners, and those of the same number of one of them."""
    pair = _rows(
        desk, f"{_THEIRS} AND t.side <> ? AND t.day BETWEEN ? AND ?",
        *mine.pair, mine.candidate.side, mine.candidate.day - 400, mine.candidate.day + 400,
    )  # fmt: skip
    same_key = _rows(
        desk, f"{_OURS} AND i.key = ? AND i.side <> ? AND (t.supplier = ? OR t.library = ?)",
        mine.candidate.key, mine.candidate.side, *mine.pair,
    )  # fmt: skip
    found = {row["invoice"]: row for row in (*same_key, *pair)}
    return map(_placed, found.values())


def _standing(desk: Desk, invoice: int) -> tuple[str, str, int | None]:
    row = desk.db.execute("SELECT state, reason, other FROM outcome WHERE invoice = ?", (invoice,)).fetchone()
    return (row["state"], row["reason"], row["other"]) if row else ("waiting", "", None)


_ELSEWHERE = {
    "matched": Both("déjà rapprochée d'une autre", "matched with another already"),
    "proposed": Both("proposée pour une autre", "proposed for another"),
    "discrepancy": Both("en écart avec une autre", "in a discrepancy with another"),
    "settled": Both("classée", "settled"),
}
_ONLY_ONE = Both("plus d'une candidate : rien n'est proposé", "more than one candidate: nothing is proposed")


def _miss(
    theirs: Placed, likeness: explaining.Likeness, state: str, reason: str, directory: dict[str, Partner]
) -> dict[str, Any]:
    lost = [*likeness.against, *([_ELSEWHERE[state]] if state in _ELSEWHERE else [])]
    facts = {name: getattr(theirs.candidate, name) for name in ("invoice", "side", "supplier", "library", "number")}
    return {
        **facts, "date": theirs.date, "kind": theirs.candidate.kind, "ht_cents": theirs.candidate.ht,
        "ttc_cents": theirs.ttc, "state": state, "reason": reason, "name": _name(directory, facts[facts["side"]]),
        **msgspec.to_builtins(likeness), "lost": msgspec.to_builtins(lost or [_ONLY_ONE]),
    }  # fmt: skip


def _entries(desk: Desk, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Every entry that came of these invoices, reversals too, as the exports have them."""
    marks = ", ".join(map(str, ids))
    found = []
    for row in desk.db.execute(
        f"SELECT e.*, p.posted_at FROM remuneration e JOIN posting_run p ON p.id = e.run "
        f"WHERE supplier_invoice IN ({marks}) OR library_invoice IN ({marks}) ORDER BY entry"
    ):
        facts = exported(row)
        last = {name: facts.pop(name) for name in ("rate", "match")}
        found.append({**facts, **last, "posted_at": row["posted_at"]})
    return found
