"""From a cent to its source: entry -> match -> invoice -> line -> record and columns of the original file.

The amounts are computed anew from what the columns hold, so that whoever reads along can do the same by hand.
Authority: surface, "What is posted"; the columns are those of `schemas.lending.layout`, or the attributes of the XML.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from edi.core.desk import Desk
from edi.core.limits import open_within
from edi.lending.books.distributing import counted_lines
from edi.lending.matching.estimating import ESTIMATE
from edi.lending.rules.exclusions import is_excluded
from parsers.excerpts import excerpts
from schemas.errors import NotFound, Unreadable
from schemas.finding import Finding
from schemas.lending.layout import FA, LG
from schemas.text import Both
from spool.errors import why

#: No more lines of one invoice are opened.
LINES = 2_000
_HEAD = {
    "supplier": ("partner", "number", "date", "kind", "ht"),
    "library": ("partner", "number", "date", "kind", "ht", "ttc"),
}
_TOLD = (
    "side", "supplier", "library", "number", "date", "kind", "record", "reference", "format", "file", "sha256", "link",
    "received_at",
)  # fmt: skip
_LINE = ("ean", "quantity", "price", "exclusion", "evidence")
_FACTS = (
    "entry", "period", "base_cents", "remuneration_cents", "copies", "reason", "reverses", "hash", "posted_at", "run",
    "run_hash", "rate",
)  # fmt: skip
_ENTRY = """
SELECT e.*, e.cents AS remuneration_cents, e.units AS copies, json_extract(e.facts, '$.number') AS number, p.posted_at,
       p.hash AS run_hash, (SELECT r.entry FROM entry r WHERE r.reverses = e.entry) AS reversed_by
FROM entry e JOIN posting_run p ON p.id = e.run WHERE e.scheme = 'lending' AND e.entry = ?
"""
_INVOICE = (
    "SELECT i.*, d.reference, d.format, d.declarant, r.sha256, r.name AS file, r.link, r.received_at FROM invoice i "
    "JOIN declaration d ON d.id = i.declaration JOIN receipt r ON r.id = d.receipt WHERE i.id = ?"
)


def entry(desk: Desk, number: int) -> dict[str, Any]:
    """Everything an entry is made of; an estimate has no supplier's invoice. Raises NotFound, or Unreadable when an original
    file cannot be read."""
    row = desk.db.execute(_ENTRY, (number,)).fetchone()
    if row is None:
        raise NotFound(what=Both(f"écriture {number}", f"entry {number}"))
    found = {"entry": {name: row[name] for name in _FACTS}, "reversed_by": row["reversed_by"]}
    if row["kind"] == ESTIMATE.name:
        return {
            **found, "estimate": row["number"], "match": None, "supplier_invoice": None,
            "library_invoice": _invoice(desk, row["claim"]),
            "computed": {"net_cents": row["base_cents"], "rate": row["rate"]},
        }  # fmt: skip
    supplier = _invoice(desk, row["claim"])
    counted = sum(line["amount_cents"] for line in supplier["line_list"] if line["counts"])
    return {
        **found, "match": f"{row['claim']}-{row['evidence']}", "supplier_invoice": supplier,
        "library_invoice": _invoice(desk, row["evidence"]),
        "computed": {"counted_lines_cents": counted, "rate": row["rate"]},
    }  # fmt: skip


def title(desk: Desk, ean: str, year: int) -> list[dict[str, Any]]:
    """The lines whose copies of an EAN a year's distribution counts, each with the entry to open. Copies are signed."""
    return [dict(row) for row in counted_lines(desk, ean, year)]


def shared_out(desk: Desk, ean: str, year: int) -> dict[str, Any] | None:
    """What the year's recorded distribution gives a title, in cents, and of how many copies; None when there is none."""
    row = desk.db.execute("SELECT * FROM distribution_share WHERE year = ? AND ean = ?", (year, ean)).fetchone()
    return row and {name: row[name] for name in row.keys() if name not in ("year", "ean", "title")}  # noqa: SIM118


def _invoice(desk: Desk, number: int) -> dict[str, Any]:
    """An invoice, its lines, and where in its file each amount stands."""
    row = desk.db.execute(_INVOICE, (number,)).fetchone()
    lines = desk.db.execute(
        "SELECT * FROM line WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
        (row["first_line"], row["first_line"] + row["lines"] - 1, LINES),
    ).fetchall()
    wanted = [_pointer(FA, row["record"], name, row) for name in _HEAD[row["side"]]]
    wanted += [_pointer(LG, line["record"], name, line) for line in lines for name in _LINE]
    columns = iter(_columns(desk, row["sha256"], row["format"], wanted))
    head = {name: next(columns) for name in _HEAD[row["side"]]}
    return {
        "invoice": number,
        **{name: row[name] for name in _TOLD},
        **{f"{name}_cents": row[name] for name in ("ht", "ttc", "gross", "base")},
        "columns": head,
        "lines": row["lines"],
        "line_list": [
            {
                "record": line["record"], "ean": line["ean"], "title": line["title"], "quantity": line["quantity"],
                "price_cents": line["price"], "amount_cents": line["quantity"] * line["price"],
                "exclusion": line["exclusion"], "counts": not is_excluded(line["exclusion"], line["evidence"], row["contract_sent"]),
                "columns": {name: next(columns) for name in _LINE},
            }
            for line in lines
        ],
    }  # fmt: skip


def _pointer(layout: Any, record: int, name: str, row: sqlite3.Row) -> Finding:
    """A finding that is none: it points at a field of a record, as `parsers.excerpts` is asked."""
    field = layout.field(name)
    found = str(row[name]) if name in row.keys() else None  # noqa: SIM118 - a Row
    return Finding(code=f"{name} {record}", record=record, position=field.first, field=field.wire, found=found)


def _columns(desk: Desk, sha256: str, form: str, wanted: list[Finding]) -> Iterable[dict[str, Any] | None]:
    """Of each pointer: byte offset of its record or line in the unpacked file, first column and width there, and the text."""
    if form == "xml":  # there a place is a line and an attribute's name
        wanted = [Finding(code=pointer.code, record=pointer.record, field=pointer.field) for pointer in wanted]
    path = desk.folder.original(sha256)
    try:
        with path.open("rb") as stream:
            found = excerpts(open_within(stream, desk.home.settings.limits).stream, form, wanted)
    except OSError as wrong:
        raise Unreadable(path=path, why=why(wrong)) from wrong
    for pointer in wanted:
        excerpt = found.get(pointer)
        yield None if excerpt is None else {
            "field": pointer.field, "record": pointer.record, "offset": excerpt.offset, "first": excerpt.first + 1, "width": excerpt.width,
            "text": excerpt.text[excerpt.first : excerpt.first + excerpt.width],
        }  # fmt: skip
