"""One reconciliation pass: the match table into outcomes, and outcomes into postings. Repeatable.

The plain case, one invoice a side, is settled by one GROUP BY over `twin`; only the bags it leaves are looked
at one by one (`edi.lending.matching`). What has no outcome waits. Running it again changes nothing.

A pass computes in temporary tables, from one moment's facts, and keeps nobody waiting; then it writes what differs,
in short transactions where there is much. Facts booked meanwhile are as if booked after it, and wait for the next
pass, since `pass.reconciled` says what this one had seen. After each transaction every outcome agrees with
the entries, so a pass that is killed is only one that another completes. Two passes never overlap (`edi.lock`).
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any

from edi import ledger, partners, store, twins
from edi.lending import terms
from edi.lending.matching import DAYS_APART, TOLERANCE_CENTS, Candidate, settle
from edi.lock import in_turn
from edi.store import breathe, snapshot, transaction
from schemas import number

_T = f"max({TOLERANCE_CENTS}, s_tolerance)"
#: Rule 1's amounts, as `matching.gap` has them.
_EXACT = f"abs(l_ht - s_ht) <= {_T}"
_RANGE = " OR ".join(
    f"(l_ht * 10000 >= {public} * (10000 - s_cap) - {_T} * 10000 AND l_ht <= {public} + {_T})"
    for public in ("s_gross", "s_base")
)
_BAGS = f"""
SELECT supplier, library, key, count(*) AS size,
       count(*) FILTER (WHERE side = 'supplier') AS suppliers,
       {
    ", ".join(
        f"max({column}) FILTER (WHERE side = '{side}') AS {side[0]}_{column}"
        for side in ("supplier", "library")
        for column in ("invoice", "kind", "day", "ht", "tolerance", "gross", "base", "rate", "cap", "flags")
    )
},
       max(period) AS period
FROM twin GROUP BY supplier, library, key HAVING count(*) > 1
"""
_PLAIN = f"""
size = 2 AND suppliers = 1 AND s_kind = l_kind AND abs(s_day - l_day) <= {DAYS_APART}
AND NOT s_flags & {twins.NO_LINES} AND (s_flags & {twins.CLAIMS_CONTRACT} = 0 OR l_flags & {twins.CLAIMS_CONTRACT})
AND ({_EXACT} OR {_RANGE})
"""
_SETTLE_PLAIN = f"""
INSERT INTO outcome_new
SELECT CASE WHEN mirrored THEN l_invoice ELSE s_invoice END AS invoice, 'matched',
       CASE WHEN {_EXACT} THEN '' ELSE 'net-differs' END,
       CASE WHEN mirrored THEN s_invoice ELSE l_invoice END, s_invoice, period, s_rate
FROM (SELECT * FROM ({_BAGS}) WHERE {_PLAIN}) CROSS JOIN (SELECT 0 AS mirrored UNION ALL SELECT 1) ORDER BY invoice
"""
_REST = """
SELECT t.supplier AS bag_supplier, t.library AS bag_library, t.key, t.invoice, t.side, i.supplier, i.library, i.number,
       t.kind, t.day, t.period, t.ht, t.tolerance, t.gross, t.base, t.rate, t.cap, t.flags
FROM (
    SELECT supplier, library, key FROM twin GROUP BY supplier, library, key
    HAVING count(*) > 1 AND min(invoice) NOT IN (SELECT invoice FROM outcome_new)
) b
CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key
CROSS JOIN invoice i ON i.id = t.invoice
ORDER BY t.supplier, t.library, t.key
"""

#: How many cases are written in one transaction at most, and how long one should take: others wait for no more.
_PIECE = 8_000
_PIECE_SECONDS = 0.2
_ALL = (0, 1 << 62)
_BAGS_CHANGED = """
SELECT bag FROM gone UNION SELECT bag FROM outcome_new
UNION SELECT supplier_invoice FROM due UNION SELECT supplier_invoice FROM undue ORDER BY 1
"""
_TAKE_AWAY = "DELETE FROM outcome WHERE invoice IN (SELECT invoice FROM gone WHERE bag BETWEEN ? AND ?)"
_TAKE_AWAY_CHANGED = "DELETE FROM outcome WHERE invoice IN (SELECT invoice FROM outcome_new WHERE bag BETWEEN ? AND ?)"
_PUT = "INSERT INTO outcome SELECT * FROM outcome_new WHERE bag BETWEEN ? AND ? ORDER BY invoice"
_UNDUE = "SELECT * FROM undue WHERE supplier_invoice BETWEEN ?1 AND ?2"
_UNDUE_TAKEN = f"{_UNDUE} AND supplier_invoice IN (SELECT bag FROM gone WHERE bag BETWEEN ?1 AND ?2)"
_DUE = "SELECT * FROM due WHERE supplier_invoice BETWEEN ?1 AND ?2"
_NOTHING_DUE = f"{_DUE} AND 0"
_AT = "WHERE supplier = ? AND library = ? AND key = ? AND side = 'supplier' AND day = ? AND invoice = ?"
_OTHER_TERMS = (
    f"SELECT 1 FROM (SELECT ? AS new_rate, ? AS new_cap) CROSS JOIN twin {_AT} AND (rate, cap) <> (new_rate, new_cap)"
)
_SET_TERMS = f"UPDATE twin SET rate = ?, cap = ? {_AT}"


def reconcile(connection: sqlite3.Connection, now: datetime) -> dict[str, int]:
    """One pass: outcomes, then postings. The counts of the surface: six of the state, two of this pass."""
    with in_turn(store.home_of(connection), "reconcile", store.on_wait):
        posted = _pass(connection, now)
    return {**state(connection), **posted}


def _pass(connection: sqlite3.Connection, now: datetime) -> Counter[str]:
    """What was posted."""
    posted = Counter({"entries_posted": 0, "remuneration_cents": 0})
    with snapshot(connection):
        seen, reconciled = connection.execute("SELECT changes, reconciled FROM pass").fetchone()
        if seen == reconciled:
            return posted
        directory = partners.load(connection)
        twins.define(connection, directory)
        terms_found = _credit_terms(connection)
    for place in range(0, len(terms_found), _PIECE):
        with transaction(connection):
            connection.executemany(_SET_TERMS, terms_found[place : place + _PIECE])
        breathe()
    with snapshot(connection):
        _compute(connection)
        ledger.weigh(connection, directory)
        _compare(connection)
        bags = [row[0] for row in connection.execute(_BAGS_CHANGED)]
    if len(bags) <= _PIECE:
        with transaction(connection):
            for change in (_TAKE_AWAY, _TAKE_AWAY_CHANGED, _PUT):
                connection.execute(change, _ALL)
            posted.update(ledger.post(connection, now))
            _done(connection, seen)
    else:
        posted.update(_write_in_pieces(connection, bags, now))
        with transaction(connection):
            _done(connection, seen)
    for table in ("outcome_new", "gone", "undue", "due"):
        connection.execute(f"DROP TABLE temp.{table}")
    return posted


def _done(connection: sqlite3.Connection, seen: int) -> None:
    connection.execute("UPDATE pass SET reconciled = ?", (seen,))


def _write_in_pieces(connection: sqlite3.Connection, bags: list[int], now: datetime) -> Counter[str]:
    """First what no longer stands, with its reversals; then what does, with its postings."""
    posted, size = Counter[str](), min(_PIECE, 1_000)
    for change, undue, due in ((_TAKE_AWAY, _UNDUE_TAKEN, _NOTHING_DUE), (_PUT, _UNDUE, _DUE)):
        place = 0
        while some := bags[place : place + size]:
            bounds, began = (some[0], some[-1]), time.monotonic()
            with transaction(connection):
                if change == _PUT:
                    connection.execute(_TAKE_AWAY_CHANGED, bounds)
                connection.execute(change, bounds)
                posted.update(ledger.post(connection, now, undue, due, bounds))
            place += len(some)
            size = max(1, min(_PIECE, 2 * size, int(size * _PIECE_SECONDS / (time.monotonic() - began + 1e-6))))
            breathe()
            connection.execute(f"DELETE FROM undue WHERE entry IN (SELECT entry FROM ({undue}))", bounds)
    return posted


def _credit_terms(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """A credit note that names a number but no date takes the terms of that invoice once it is found.

    The values of `_SET_TERMS` for those whose terms are others now.
    """
    notes = connection.execute(
        "SELECT i.id, i.credited, i.date, resolved(i.supplier) AS supplier, resolved(i.library) AS library, i.key "
        "FROM invoice i WHERE kind = 'A' AND side = 'supplier' AND credited <> '' AND credited_on IS NULL "
        "AND id NOT IN (SELECT invoice FROM withdrawal)"
    ).fetchall()
    found = []
    for note in notes:
        day = date.fromisoformat(note["date"]).toordinal()
        credited = connection.execute(
            "SELECT max(day) FROM twin WHERE supplier = ? AND library = ? AND key = ? AND side = 'supplier' "
            "AND kind = 'F' AND day <= ?",
            (note["supplier"], note["library"], number.key(note["credited"]), day),
        ).fetchone()[0]
        due = terms.at(date.fromordinal(credited or day))
        place = (note["supplier"], note["library"], note["key"], day, note["id"])
        if connection.execute(_OTHER_TERMS, (due.rate_percent, due.cap_bp, *place)).fetchone():
            found.append((due.rate_percent, due.cap_bp, *place))
    return found


def _compute(connection: sqlite3.Connection) -> None:
    """Every outcome, into the table `outcome_new`."""
    connection.execute("DROP TABLE IF EXISTS temp.outcome_new")
    connection.execute(
        "CREATE TEMP TABLE outcome_new (invoice INTEGER PRIMARY KEY, state, reason, other INTEGER, bag INTEGER, "
        "period INTEGER, rate INTEGER)"
    )
    connection.execute(_SETTLE_PLAIN)
    connection.executemany("INSERT INTO outcome_new VALUES (?, ?, ?, ?, ?, ?, ?)", _settled(connection.execute(_REST)))


def _compare(connection: sqlite3.Connection) -> None:
    """Leaves in `outcome_new` only what differs from the outcomes that stand; what no longer stands goes into `gone`."""
    same = " AND ".join(f"n.{name} IS o.{name}" for name in ("state", "reason", "other", "bag", "period", "rate"))
    connection.execute("DROP TABLE IF EXISTS temp.gone")
    connection.execute(
        "CREATE TEMP TABLE gone AS SELECT o.invoice, o.bag FROM outcome o WHERE NOT EXISTS (SELECT 1 FROM "
        "outcome_new n WHERE n.invoice = o.invoice AND n.state = o.state AND n.other IS o.other AND n.bag = o.bag)"
    )
    connection.execute(
        f"DELETE FROM outcome_new AS n WHERE EXISTS (SELECT 1 FROM outcome o WHERE o.invoice = n.invoice AND {same})"
    )
    for table, column in (
        ("outcome_new", "bag"),
        ("gone", "bag"),
        ("due", "supplier_invoice"),
        ("undue", "supplier_invoice"),
    ):
        connection.execute(f"CREATE INDEX temp.{table}_{column} ON {table} ({column})")


def _settled(rows: Iterable[sqlite3.Row]) -> Iterator[tuple[Any, ...]]:
    """The outcomes of the bags that want a closer look."""
    for _, same in groupby(rows, key=lambda row: (row["bag_supplier"], row["bag_library"], row["key"])):
        for case in settle([_candidate(row) for row in same]):
            bag = min(case.invoices, key=_named_after).invoice
            period = max(one.period for one in case.invoices)
            for one in case.invoices:
                other, rate = None, 0
                if case.state == "matched":
                    supplier, library = case.invoices
                    bag, other = supplier.invoice, library.invoice if one is supplier else supplier.invoice
                    rate = supplier.rate
                yield one.invoice, case.state, case.reason, other, bag, period, rate


def _named_after(one: Candidate) -> tuple[Any, ...]:
    return one.side == "library", one.day, one.number, one.supplier, one.library, one.invoice


def _candidate(row: sqlite3.Row) -> Candidate:
    return Candidate(
        invoice=row["invoice"], side=row["side"], supplier=row["supplier"], library=row["library"], number=row["number"],
        kind=row["kind"], day=row["day"], period=row["period"], ht=row["ht"], tolerance=row["tolerance"],
        gross=row["gross"], base=row["base"], rate=row["rate"], cap=row["cap"],
        contract=bool(row["flags"] & twins.CLAIMS_CONTRACT),
        no_lines=row["side"] == "supplier" and bool(row["flags"] & twins.NO_LINES),
    )  # fmt: skip


# -- the state after a pass ------------------------------------------------------------------------

_OPEN = "period NOT IN (SELECT year FROM period_closed)"
_LISTS = {
    "matched": f"SELECT invoice FROM outcome WHERE state = 'matched' AND bag = invoice AND {_OPEN}",
    "discrepancies": f"SELECT invoice FROM outcome WHERE state = 'discrepancy' AND bag = invoice AND {_OPEN}",
    "waiting_library": f"SELECT invoice FROM twin WHERE side = 'supplier' AND {_OPEN} "
    "AND invoice NOT IN (SELECT invoice FROM outcome)",
    "waiting_supplier": f"SELECT invoice FROM twin WHERE side = 'library' AND {_OPEN} "
    "AND invoice NOT IN (SELECT invoice FROM outcome)",
    "proposed": "SELECT invoice FROM outcome WHERE 0",  # rule 2 is not there yet
    "net_differs": f"SELECT invoice FROM outcome WHERE state = 'matched' AND reason = 'net-differs' "
    f"AND bag = invoice AND {_OPEN}",
}


def state(connection: sqlite3.Connection) -> dict[str, int]:
    """How many invoices stand where, over all open periods; a match or a discrepancy counts once."""
    return {name: connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0] for name, sql in _LISTS.items()}


def details(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """The invoices behind the counts; of a match or discrepancy, the one its case is named after."""
    return {
        f"{name}_list": [
            dict(row)
            for row in connection.execute(
                "SELECT i.supplier, i.library, i.number, i.date, i.kind, i.ht AS ht_cents, coalesce(o.reason, '') AS reason "
                f"FROM invoice i LEFT JOIN outcome o ON o.invoice = i.id WHERE i.id IN ({sql}) "
                "ORDER BY i.date, i.supplier, i.number, i.id"
            )
        ]
        for name, sql in _LISTS.items()
    }
