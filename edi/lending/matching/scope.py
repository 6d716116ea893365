"""What a reconciliation pass has to look at: what was touched, and whatever that can change.

Temporary tables: `looked`, the invoices whose outcome may change, live or not; `bag`, where they lie. A pass for which
much was touched looks at everything, and has neither.
"""

from datetime import date
from typing import Any

from edi.core.desk import Desk
from edi.core.partners import party
from edi.lending.matching import match_table
from edi.lending.rules import terms
from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS
from edi.lending.rules.proposing import LATE_DAYS

#: When more than this part of all live invoices was touched, everything is looked at: one sweep is quicker.
_MUCH = 8
_BAG = "supplier INTEGER, library INTEGER, key TEXT, PRIMARY KEY (supplier, library, key)"
_TOUCHED = "FROM touched t CROSS JOIN invoice i ON i.id BETWEEN t.first AND t.last WHERE t.id <= ?"
_PLACE = f"{party('i.supplier')}, {party('i.library')}, i.key"
_IN_BAG = "bag b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key"
_NEAR = "invoice, supplier, library, key, side, day, kind, ht, tolerance"
_FACTS = f"i.id, {_PLACE}, i.side, {match_table.DAY}, i.kind, i.ht, {match_table.TOLERANCE}"
#: A calendar month is never longer; a credit note and its invoice, and their net, lie so far apart at most.
_MONTH_DAYS, _NET_DAYS = 31, DAYS_APART + LATE_DAYS
_MONTH = "strftime('%Y-%m', {}.day + 1721424.5)"
#: Whether rule 2 may see one sale in an invoice `n` and one of the other side that is left over, `o`; none that it does
#: see is missing. A statement is of one month; an amount is within T; a net is of a credit note.
_ALIKE = f"""
o.supplier = n.supplier AND o.library = n.library AND o.side = CASE n.side WHEN 'library' THEN 'supplier' ELSE 'library' END
AND o.day BETWEEN n.day - {_NET_DAYS} AND n.day + {_NET_DAYS} AND (
    abs(o.day - n.day) <= {DAYS_APART} AND o.kind = n.kind AND abs(o.ht - n.ht) <= max({TOLERANCE_CENTS}, o.tolerance, n.tolerance)
    OR CASE n.side WHEN 'supplier' THEN n.kind ELSE o.kind END = 'A'
    OR abs(o.day - n.day) < {_MONTH_DAYS} AND {_MONTH.format("o")} = {_MONTH.format("n")}
)
"""
#: From what was touched, live or not: whole bags, what rule 2 may tie to any of it, and all that one decision is about.
_REACH = f"""
INSERT OR IGNORE INTO bag
WITH RECURSIVE near ({_NEAR}) AS (
    SELECT {_FACTS} FROM looked l CROSS JOIN invoice i ON i.id = l.invoice
    UNION SELECT NULL, supplier, library, key, NULL, NULL, NULL, NULL, NULL FROM bag
    UNION SELECT t.invoice, t.supplier, t.library, t.key, t.side, t.day, t.kind, t.ht, t.tolerance
    FROM near n CROSS JOIN twin t ON t.supplier = n.supplier AND t.library = n.library AND t.key = n.key
    UNION SELECT o.invoice, o.supplier, o.library, o.key, o.side, o.day, o.kind, o.ht, o.tolerance
    FROM near n CROSS JOIN left_over o ON {_ALIKE}
    UNION SELECT {_FACTS} FROM near n CROSS JOIN decision_invoice d ON d.invoice = n.invoice
    CROSS JOIN decision_invoice m ON m.decision = d.decision CROSS JOIN invoice i ON i.id = m.invoice
)
SELECT supplier, library, key FROM near
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


def compute(desk: Desk, seen: int) -> tuple[bool, list[tuple[Any, ...]]]:
    """Whether everything is looked at, and the values of `SET_TERMS` for credit notes whose terms are others now.

    `seen` is the last row of `touched` there is. Within a snapshot.
    """
    for table, columns in (("looked", "invoice INTEGER PRIMARY KEY"), ("bag", _BAG)):
        desk.db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        desk.db.execute(f"CREATE TEMP TABLE {table} ({columns}) {'WITHOUT ROWID' if table == 'bag' else ''}")
    touched, live = desk.db.execute(f"SELECT count(*), coalesce(sum(t.live), 0) {_TOUCHED}", (seen,)).fetchone()
    live += desk.db.execute("SELECT coalesce(sum(n), 0) FROM tally WHERE what LIKE 'live-%'").fetchone()[0]
    if touched * _MUCH > live:
        return True, _other_terms(desk, "credit c")
    desk.db.execute(f"INSERT OR IGNORE INTO looked SELECT i.id {_TOUCHED}", (seen,))
    desk.db.execute(f"INSERT OR IGNORE INTO bag SELECT {_PLACE} FROM looked l CROSS JOIN invoice i ON i.id = l.invoice")
    crediting = _CREDITING.removeprefix("FROM ")
    found = _other_terms(desk, crediting)
    desk.db.execute(f"INSERT OR IGNORE INTO bag SELECT {_PLACE} {_CREDITING} CROSS JOIN invoice i ON i.id = c.invoice")
    own = "looked l CROSS JOIN credit c ON c.invoice = l.invoice"  # touched themselves, whatever they credit
    found += [more for more in _other_terms(desk, own) if more not in found]
    desk.db.execute(_REACH)
    desk.db.execute(f"INSERT OR IGNORE INTO looked SELECT t.invoice FROM {_IN_BAG}")
    return False, found


def _other_terms(desk: Desk, notes: str) -> list[tuple[Any, ...]]:
    """A credit note that names a number but no date takes the terms of that invoice once it is found."""
    found = []
    for note in desk.db.execute(_NOTES.format(notes=notes)).fetchall():
        day = date.fromisoformat(note["date"]).toordinal()
        credited = desk.db.execute(_CREDITED, (note["supplier"], note["library"], note["credited"], day)).fetchone()[0]
        due = terms.at(date.fromordinal(credited or day))
        place = (note["supplier"], note["library"], note["key"], day, note["id"])
        if desk.db.execute(_OTHER_TERMS, (due.rate_percent, due.cap_bp, *place)).fetchone():
            found.append((due.rate_percent, due.cap_bp, *place))
    return found
