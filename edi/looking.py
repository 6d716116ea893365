"""What a reconciliation pass has to look at: what was touched, and whatever that can change.

Temporary tables: `looked`, the invoices whose outcome may change, live or not; `bag`, where they lie. A pass for which
much was touched looks at everything, and has neither.
"""

import sqlite3
from datetime import date
from typing import Any

from edi.lending import terms

#: When more than this part of all live invoices was touched, everything is looked at: one sweep is quicker.
_MUCH = 8
_BAG = "supplier INTEGER, library INTEGER, key TEXT, PRIMARY KEY (supplier, library, key)"
_TOUCHED = "FROM touched t CROSS JOIN invoice i ON i.id BETWEEN t.first AND t.last WHERE t.id <= ?"
_PLACE = "resolved(i.supplier), resolved(i.library), i.key"
_IN_BAG = "bag b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key"
#: The bags of all invoices of a decision that is about one in `bag`: a case is looked at whole.
_DECIDED_TOO = f"""
INSERT OR IGNORE INTO bag SELECT {_PLACE} FROM decision_invoice d CROSS JOIN invoice i ON i.id = d.invoice
WHERE d.decision IN (SELECT m.decision FROM {_IN_BAG} CROSS JOIN decision_invoice m ON m.invoice = t.invoice)
"""
_CREDITING = "FROM bag b CROSS JOIN credit c ON c.supplier = b.supplier AND c.library = b.library AND c.key = b.key"
_NOTES = """
SELECT c.invoice AS id, c.supplier, c.library, c.key AS credited, i.key, i.date FROM {notes} CROSS JOIN invoice i ON i.id = c.invoice
"""
_CREDITED = "SELECT max(day) FROM twin WHERE supplier = ? AND library = ? AND key = ? AND side = 'supplier' AND kind = 'F' AND day <= ?"
_AT = "WHERE supplier = ? AND library = ? AND key = ? AND side = 'supplier' AND day = ? AND invoice = ?"
_OTHER_TERMS = (
    f"SELECT 1 FROM (SELECT ? AS new_rate, ? AS new_cap) CROSS JOIN twin {_AT} AND (rate, cap) <> (new_rate, new_cap)"
)
#: Sets rate and cap of a credit note in the match table.
SET_TERMS = f"UPDATE twin SET rate = ?, cap = ? {_AT}"


def look(connection: sqlite3.Connection, seen: int) -> tuple[bool, list[tuple[Any, ...]]]:
    """Whether everything is looked at, and the values of `SET_TERMS` for credit notes whose terms are others now.

    `seen` is the last row of `touched` there is. Within a snapshot, after `twins.define`.
    """
    for table, columns in (("looked", "invoice INTEGER PRIMARY KEY"), ("bag", _BAG)):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        connection.execute(f"CREATE TEMP TABLE {table} ({columns}) {'WITHOUT ROWID' if table == 'bag' else ''}")
    touched = connection.execute(f"SELECT count(*) {_TOUCHED}", (seen,)).fetchone()[0]
    live = connection.execute("SELECT coalesce(sum(n), 0) FROM tally WHERE what LIKE 'live-%'").fetchone()[0]
    if touched * _MUCH > live:
        return True, _other_terms(connection, "credit c")
    connection.execute(f"INSERT OR IGNORE INTO looked SELECT i.id {_TOUCHED}", (seen,))
    connection.execute(
        f"INSERT OR IGNORE INTO bag SELECT {_PLACE} FROM looked l CROSS JOIN invoice i ON i.id = l.invoice"
    )
    crediting = _CREDITING.removeprefix("FROM ")
    found = _other_terms(connection, crediting)
    connection.execute(
        f"INSERT OR IGNORE INTO bag SELECT {_PLACE} {_CREDITING} CROSS JOIN invoice i ON i.id = c.invoice"
    )
    found += [more for more in _other_terms(connection, _own_credits()) if more not in found]
    connection.execute(
        "INSERT OR IGNORE INTO bag SELECT o.supplier, o.library, o.key FROM (SELECT DISTINCT supplier, library FROM bag) p "
        "CROSS JOIN open_bag o ON o.supplier = p.supplier AND o.library = p.library"
    )
    while connection.execute(_DECIDED_TOO).rowcount > 0:
        pass
    connection.execute(f"INSERT OR IGNORE INTO looked SELECT t.invoice FROM {_IN_BAG}")
    return False, found


def _own_credits() -> str:
    """The credit notes that were touched themselves, whatever they credit."""
    return (
        "looked l CROSS JOIN invoice n ON n.id = l.invoice AND n.kind = 'A' AND n.side = 'supplier' AND n.credited <> '' "
        "AND n.credited_on IS NULL CROSS JOIN credit c ON c.supplier = resolved(n.supplier) "
        "AND c.library = resolved(n.library) AND c.key = number_key(n.credited) AND c.invoice = n.id"
    )


def _other_terms(connection: sqlite3.Connection, notes: str) -> list[tuple[Any, ...]]:
    """A credit note that names a number but no date takes the terms of that invoice once it is found."""
    found = []
    for note in connection.execute(_NOTES.format(notes=notes)).fetchall():
        day = date.fromisoformat(note["date"]).toordinal()
        credited = connection.execute(_CREDITED, (note["supplier"], note["library"], note["credited"], day)).fetchone()[
            0
        ]
        due = terms.at(date.fromordinal(credited or day))
        place = (note["supplier"], note["library"], note["key"], day, note["id"])
        if connection.execute(_OTHER_TERMS, (due.rate_percent, due.cap_bp, *place)).fetchone():
            found.append((due.rate_percent, due.cap_bp, *place))
    return found
