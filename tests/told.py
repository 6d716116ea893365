"""What declarants were told of their invoices, by one who reads every status file in its turn; and where these stand."""

import json
import sqlite3
from typing import Any

_WHERE = """
SELECT i.side, CASE i.side WHEN 'supplier' THEN i.supplier ELSE i.library END,
       CASE i.side WHEN 'supplier' THEN i.library ELSE i.supplier END, i.number, i.date, i.kind, i.ht,
       coalesce(o.state, 'waiting'),
       (SELECT sum(remuneration_cents) FROM remuneration e WHERE e.supplier_invoice = i.id AND i.side = 'supplier' AND o.state = 'matched')
FROM invoice i LEFT JOIN outcome o ON o.invoice = i.id WHERE i.id NOT IN (SELECT invoice FROM withdrawal)
"""

Known = dict[tuple[Any, ...], tuple[str, int | None]]


def stands(connection: sqlite3.Connection) -> Known:
    """State and remuneration of each live invoice: by side, declarant, partner, number, date, kind, HT."""
    return {tuple(row)[:7]: (row[7], row[8]) for row in connection.execute(_WHERE)}


def told(connection: sqlite3.Connection) -> Known:
    """The same out of the status files. Nothing is said twice in a row, and no file is missing."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    files: dict[str, int] = {}
    for (body,) in connection.execute("SELECT body FROM answer WHERE name LIKE 'etat-%.json' ORDER BY id").fetchall():
        file = json.loads(body)
        files[file["declarant"]] = files.get(file["declarant"], 0) + 1
        assert file["number"] == files[file["declarant"]]
        for row in file["invoices"]:
            names = ("partner", "number", "date", "kind", "ht_cents")
            key = (file["side"], file["declarant"], *(row[name] for name in names))
            if row["state"] == "withdrawn":
                rows.pop(key)
                continue
            assert rows.get(key) != row, f"told twice: {row}"
            rows[key] = row
    return {key: (row["state"], row["remuneration_cents"]) for key, row in rows.items()}
