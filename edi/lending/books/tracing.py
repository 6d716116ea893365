"""From a cent to its source: entry -> match -> invoice -> line -> record and columns of the original file.

The amounts are computed anew from what the columns hold, so that whoever reads along can do the same by hand.
Authority: surface, "What is posted"; the columns are those of `schemas.lending.layout`, or the attributes of the XML.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from edi.core.desk import Desk
from edi.core.limits import open_within
from edi.core.settings import Home
from edi.lending.books.distributing import counted_lines
from edi.lending.rules.exclusions import is_excluded
from parsers.excerpts import excerpts
from schemas.errors import NotFound, Unreadable
from schemas.finding import Finding
from schemas.lending.layout import FA, LG
from schemas.text import Both
from spool.errors import why
from spool.folder import Folder

#: No more lines of one invoice are opened.
LINES = 2_000
_HEAD = {
    "supplier": ("partner", "number", "date", "kind", "ht"),
    "library": ("partner", "number", "date", "kind", "ht", "ttc"),
}
_LINE = ("ean", "quantity", "price", "exclusion", "evidence")
_INVOICE = (
    "SELECT i.*, d.reference, d.format, d.declarant, r.sha256, r.name AS file, r.link, r.received_at FROM invoice i "
    "JOIN declaration d ON d.id = i.declaration JOIN receipt r ON r.id = d.receipt WHERE i.id = ?"
)


def entry(desk: Desk, number: int) -> dict[str, Any]:
    """Everything an entry is made of. Raises NotFound, or Unreadable when an original file cannot be read."""
    row = desk.db.execute(
        "SELECT e.*, p.posted_at, p.hash AS run_hash, (SELECT r.entry FROM entry r WHERE r.reverses = e.entry) AS reversed_by FROM remuneration e JOIN posting_run p ON p.id = e.run WHERE entry = ?",
        (number,),
    ).fetchone()
    if row is None:
        raise NotFound(what=Both(f"écriture {number}", f"entry {number}"))
    supplier = _invoice(desk, row["supplier_invoice"])
    library = _invoice(desk, row["library_invoice"])
    facts = {
        name: row[name]
        for name in ("entry", "period", "base_cents", "remuneration_cents", "copies", "reason", "reverses", "hash", "posted_at",
                     "run", "run_hash")
    }  # fmt: skip
    counted = sum(line["amount_cents"] for line in supplier["line_list"] if line["counts"])
    return {
        "entry": {**facts, "rate": row["rate"]},
        "reversed_by": row["reversed_by"],
        "match": f"{row['supplier_invoice']}-{row['library_invoice']}",
        "supplier_invoice": supplier,
        "library_invoice": library,
        "computed": {"counted_lines_cents": counted, "rate": row["rate"]},
    }


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
    names = (
        "side",
        "supplier",
        "library",
        "number",
        "date",
        "kind",
        "record",
        "reference",
        "format",
        "file",
        "sha256",
        "link",
        "received_at",
    )
    lines = desk.db.execute(
        "SELECT * FROM line WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
        (row["first_line"], row["first_line"] + row["lines"] - 1, LINES),
    ).fetchall()
    wanted = [_pointer(FA, row["record"], name, row) for name in _HEAD[row["side"]]]
    wanted += [_pointer(LG, line["record"], name, line) for line in lines for name in _LINE]
    found = _columns(desk.home, row["sha256"], row["format"], wanted)
    made = iter(found)
    head = {name: next(made) for name in _HEAD[row["side"]]}
    return {
        "invoice": number,
        **{name: row[name] for name in names},
        **{f"{name}_cents": row[name] for name in ("ht", "ttc", "gross", "base")},
        "columns": head,
        "lines": row["lines"],
        "line_list": [
            {
                "record": line["record"], "ean": line["ean"], "title": line["title"], "quantity": line["quantity"],
                "price_cents": line["price"], "amount_cents": line["quantity"] * line["price"],
                "exclusion": line["exclusion"], "counts": not is_excluded(line["exclusion"], line["evidence"], row["contract_sent"]),
                "columns": {name: next(made) for name in _LINE},
            }
            for line in lines
        ],
    }  # fmt: skip


def _pointer(layout: Any, record: int, name: str, row: sqlite3.Row) -> Finding:
    """A finding that is none: it points at a field of a record, as `parsers.excerpts` is asked."""
    field = layout.field(name)
    found = str(row[name]) if name in row.keys() else None  # noqa: SIM118 - a Row
    return Finding(code=f"{name} {record}", record=record, position=field.first, field=field.wire, found=found)


def _columns(home: Home, sha256: str, form: str, wanted: list[Finding]) -> Iterable[dict[str, Any] | None]:
    """Of each pointer: byte offset of its record or line in the unpacked file, first column and width there, and the text."""
    if form == "xml":  # there a place is a line and an attribute's name
        wanted = [Finding(code=one.code, record=one.record, field=one.field) for one in wanted]
    path = Folder(home.path).original(sha256)
    try:
        with path.open("rb") as stream:
            found = excerpts(open_within(stream, home.settings.limits).stream, form, wanted)
    except OSError as wrong:
        raise Unreadable(path=path, why=why(wrong)) from wrong
    for one in wanted:
        excerpt = found.get(one)
        yield None if excerpt is None else {
            "field": one.field, "record": one.record, "offset": excerpt.offset, "first": excerpt.first + 1, "width": excerpt.width,
            "text": excerpt.text[excerpt.first : excerpt.first + excerpt.width],
        }  # fmt: skip
