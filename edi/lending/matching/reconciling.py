"""One reconciliation pass: the match table into outcomes, and outcomes into postings. Repeatable.

A pass looks at the bags that were touched since the last one (`edi.lending.matching.match_table`), and at those that rule 2 may tie to them
(`edi.lending.matching.scope`); when much was touched, at everything. The plain case, one
invoice a side, is settled by one GROUP BY over `twin`; only what it leaves is looked at one by one
(`edi.lending.rules.matching`). What has no outcome waits. Running it again changes nothing.

A pass computes in temporary tables, from one moment's facts, and keeps nobody waiting; then it writes what differs,
in short transactions where there is much. Facts booked meanwhile wait for the next pass: they touched after it looked.
After each transaction every outcome agrees with the entries and the tally, so a pass that is killed is only one that another
completes. Two passes never overlap (`edi.core.lock`).
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from edi.core import ledger, partners, store, touched
from edi.core.desk import Desk
from edi.core.lock import in_turn
from edi.core.store import breathe, snapshot, transaction
from edi.lending.matching import claims, deciding, derived, estimating, match_table, scope, tally
from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS, Candidate
from edi.lending.rules.matching import Case, Decisions, settle

#: Of a bag of two, one a side: the bare columns are the supplier's, since 'supplier' is the greatest `side`
#: (SQLite takes them from the row of max()); the library's are the sums less these.
_T = f"max({TOLERANCE_CENTS}, tolerance)"
_LIBRARY_HT = "(hts - ht)"
#: Rule 1's amounts, as `candidate.gap` has them.
_EXACT = f"abs({_LIBRARY_HT} - ht) <= {_T}"
_RANGE = " OR ".join(
    f"({_LIBRARY_HT} * 10000 >= {public} * (10000 - cap) - {_T} * 10000 AND {_LIBRARY_HT} <= {public} + {_T})"
    for public in ("gross", "base")
)
_PLAIN = f"""
size = 2 AND suppliers = 1 AND notes <> 1 AND abs(2 * day - days) <= {DAYS_APART} AND NOT flags & {match_table.NO_LINES}
AND (flags & {match_table.CLAIMS_CONTRACT} = 0 OR (both_flags - flags) & {match_table.CLAIMS_CONTRACT}) AND ({_EXACT} OR {_RANGE})
"""
#: Whom a person has decided on is never plain.
_DECIDED = (
    "AND invoice NOT IN (SELECT invoice FROM decided) AND invoices - invoice NOT IN (SELECT invoice FROM decided)"
)
_SEEN = (
    "plain INTEGER, s_invoice INTEGER, l_invoice INTEGER, s_period INTEGER, l_period INTEGER, rate INTEGER, "
    "supplier INTEGER, library INTEGER, key TEXT, size INTEGER, suppliers INTEGER"
)
#: Every bag looked at: plain 0 no, 1 the HT agree, 2 their net differs. LIMIT keeps SQLite from computing things twice.
_GROUP = f"""
INSERT INTO bag_seen
SELECT CASE WHEN {_PLAIN} {{decided}} THEN 2 - ({_EXACT}) ELSE 0 END, invoice, invoices - invoice, period, periods - period,
       rate, supplier, library, key, size, suppliers
FROM (
    SELECT t.supplier, t.library, t.key, max(side), count(*) AS size, count(*) FILTER (WHERE side = 'supplier') AS suppliers,
           count(*) FILTER (WHERE kind = 'A') AS notes, sum(ht) AS hts, sum(day) AS days, sum(invoice) AS invoices,
           sum(period) AS periods, sum(flags) AS both_flags, invoice, day, ht, tolerance, gross, base, rate, cap, flags, period
    FROM {{source}} GROUP BY t.supplier, t.library, t.key ORDER BY t.supplier, t.library, t.key LIMIT -1
)
"""
_OUTCOME = ("invoice", "side", "booked", "state", "reason", "other", "bag", "period", "rate")
#: The outcomes of a plain bag's two invoices.
_OF_SUPPLIER, _OF_LIBRARY = (
    f"{one}_invoice, '{side}', {one}_period, 'matched', CASE plain WHEN 2 THEN 'net-differs' ELSE '' END, {other}_invoice, "
    "s_invoice, max(s_period, l_period), bag_seen.rate"
    for one, side, other in (("s", "supplier", "l"), ("l", "library", "s"))
)
#: What a pass has found: the plain bags, and what the closer look came to.
_FOUND = f"""
CREATE TEMP VIEW outcome_new ({", ".join(_OUTCOME)}) AS SELECT {_OF_SUPPLIER} FROM bag_seen WHERE plain
UNION ALL SELECT {_OF_LIBRARY} FROM bag_seen WHERE plain UNION ALL SELECT * FROM outcome_rest
"""
#: The columns of a `Candidate`: a row of the match table with its invoice's partners and number as written.
CANDIDATE = f"""
t.invoice, t.side, i.supplier, i.library, i.number, t.key, t.kind, t.day, t.period, t.ht, t.tolerance, t.gross, t.base, t.rate, t.cap,
t.flags & {match_table.CLAIMS_CONTRACT} <> 0 AS contract, t.side = 'supplier' AND t.flags & {match_table.NO_LINES} <> 0 AS no_lines
"""
#: Bags that want a closer look: more than one invoice, or partners of whom both sides are left over.
_REST = f"""
SELECT t.supplier, t.library, {CANDIDATE}
FROM bag_seen b
CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key
CROSS JOIN invoice i ON i.id = t.invoice
WHERE NOT b.plain AND (b.size > 1 OR (b.supplier, b.library) IN (
    SELECT supplier, library FROM bag_seen WHERE NOT plain GROUP BY supplier, library
    HAVING max(suppliers) > 0 AND max(size - suppliers) > 0
))
ORDER BY b.rowid
"""
_REST_FOUND = "invoice INTEGER PRIMARY KEY, side, booked INTEGER, state, reason, other INTEGER, bag INTEGER, period INTEGER, rate INTEGER"

#: How many cases are written in one transaction at most, and how long one should take: others wait for no more.
_PIECE = 8_000
_PIECE_SECONDS = 0.2
_ALL = (0, 1 << 62)
_BAGS_CHANGED = """
SELECT bag FROM gone UNION SELECT bag FROM outcome_new
UNION SELECT bag FROM due UNION SELECT bag FROM undue ORDER BY 1
"""
_TAKE_AWAY = "DELETE FROM outcome WHERE invoice IN (SELECT invoice FROM gone WHERE bag BETWEEN ? AND ?)"
_TAKE_AWAY_CHANGED = "DELETE FROM outcome WHERE invoice IN (SELECT invoice FROM outcome_new WHERE bag BETWEEN ? AND ?)"
_PUT = "INSERT INTO outcome SELECT * FROM outcome_new WHERE bag BETWEEN ? AND ? ORDER BY invoice"
_TELL = (
    "INSERT OR IGNORE INTO untold SELECT invoice FROM gone WHERE bag BETWEEN ?1 AND ?2 "
    "UNION SELECT invoice FROM outcome_new WHERE bag BETWEEN ?1 AND ?2"
)
_WITHIN = "bag BETWEEN ?1 AND ?2"
_TAKEN = f"{_WITHIN} AND claim IN (SELECT invoice FROM gone WHERE {_WITHIN})"
_NOTHING = f"{_WITHIN} AND 0"
_LEAVE = """
INSERT OR REPLACE INTO left_over
SELECT t.invoice, t.supplier, t.library, t.key, t.side, t.day, t.kind, t.ht, t.tolerance
FROM bag_seen b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key
WHERE NOT b.plain AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.invoice = t.invoice AND o.state = 'matched')
"""
_GOING, _CHANGED, _COME = (
    tally.outcomes(source, sign)
    for sign, source in (
        ("-", f"outcome WHERE invoice IN (SELECT invoice FROM gone WHERE {_WITHIN})"),
        ("-", f"outcome WHERE invoice IN (SELECT invoice FROM outcome_new WHERE {_WITHIN})"),
        ("", f"outcome_new WHERE {_WITHIN}"),
    )
)
#: What one transaction does to the outcomes: those that no longer stand go, then those that do come.
_GO = (_TELL, _GOING, _TAKE_AWAY)
_COME_IN = (_CHANGED, _TAKE_AWAY_CHANGED, _PUT, _COME)


def reconcile(desk: Desk, anew: bool = False) -> dict[str, int]:
    """One pass: outcomes, then postings. The counts of the surface: six of the state, two of this pass.

    With `anew` everything derived is made anew from the facts first: what is posted is the difference.
    """
    with in_turn(store.home_of(desk.db), "reconcile", store.waiting_told(desk.db)):
        if anew:
            derived.make_anew(desk)
        posted = _pass(desk, desk.now())
    return {**tally.state(desk), **posted}


def _pass(desk: Desk, now: datetime) -> Counter[str]:
    """What was posted."""
    posted = Counter({"entries_posted": 0, "remuneration_cents": 0})
    derived.refresh(desk)
    seen = touched.seen(desk)
    if seen is None:
        if estimating.undone(desk):
            with transaction(desk.db):
                estimating.take_back(desk, now)
        return posted
    match_table.place(desk, seen)
    directory = partners.load(desk)
    with snapshot(desk.db):
        whole, terms_found = scope.compute(desk, seen)
    for place in range(0, len(terms_found), _PIECE):
        with transaction(desk.db):
            desk.db.executemany(scope.SET_TERMS, terms_found[place : place + _PIECE])
        breathe()
    with snapshot(desk.db):
        compute(desk, whole)
        claims.claim(desk, directory, whole)
        _compare(desk, whole)
        bags = [row[0] for row in desk.db.execute(_BAGS_CHANGED)]
    if len(bags) <= _PIECE:
        with transaction(desk.db):
            for change in (*_GO, *_COME_IN):
                desk.db.execute(change, _ALL)
            _count(posted, ledger.post(desk, claims.REMUNERATION, now))
            _done(desk, seen, whole)
            estimating.take_back(desk, now)
    else:
        posted.update(_write_in_pieces(desk, bags, now))
        with transaction(desk.db):
            _done(desk, seen, whole)
            estimating.take_back(desk, now)
    desk.db.execute("DROP VIEW temp.outcome_new")
    for table in ("outcome_rest", "gone", "undue", "due", "bag_seen", "looked", "bag", "decided"):
        desk.db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    return posted


def _count(posted: Counter[str], run: ledger.Posted) -> None:
    posted.update({"entries_posted": run.entries, "remuneration_cents": run.cents})


def _done(desk: Desk, seen: int, whole: bool) -> None:
    """Notes what is left over, and that all that was touched so far has been looked at."""
    desk.db.execute(f"DELETE FROM left_over {'' if whole else 'WHERE invoice IN (SELECT invoice FROM looked)'}")
    desk.db.execute(_LEAVE)
    tally.count(desk, seen)
    waiting = (
        "SELECT i.id FROM invoice i JOIN touched t ON i.id BETWEEN t.first AND t.last WHERE t.id <= ? AND t.last < ?"
    )
    desk.db.execute(f"INSERT OR IGNORE INTO untold {waiting}", (seen, touched.EVERYTHING))
    desk.db.execute("DELETE FROM touched WHERE id <= ?", (seen,))


def _write_in_pieces(desk: Desk, bags: list[int], now: datetime) -> Counter[str]:
    """First what no longer stands, with its reversals; then what does, with its postings."""
    posted, size = Counter[str](), min(_PIECE, 1_000)
    for changes, undue, due in ((_GO, _TAKEN, _NOTHING), (_COME_IN, _WITHIN, _WITHIN)):
        place = 0
        while some := bags[place : place + size]:
            bounds, began = (some[0], some[-1]), time.monotonic()
            with transaction(desk.db):
                for change in changes:
                    desk.db.execute(change, bounds)
                _count(
                    posted,
                    ledger.post(desk, claims.REMUNERATION, now, undue, due, bounds),
                )
            place += len(some)
            size = max(1, min(_PIECE, 2 * size, int(size * _PIECE_SECONDS / (time.monotonic() - began + 1e-6))))
            breathe()
            desk.db.execute(f"DELETE FROM undue WHERE {undue}", bounds)
    return posted


def compute(desk: Desk, whole: bool) -> None:
    """The outcomes of all that is looked at: the view `outcome_new`."""
    desk.db.execute("DROP VIEW IF EXISTS temp.outcome_new")
    for table, columns in (("bag_seen", _SEEN), ("outcome_rest", _REST_FOUND)):
        desk.db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        desk.db.execute(f"CREATE TEMP TABLE {table} ({columns})")
    desk.db.execute(_FOUND)
    decided = deciding.standing(desk, whole)
    source = "twin t" if whole else (
        "bag b CROSS JOIN twin t ON t.supplier = b.supplier AND t.library = b.library AND t.key = b.key"
    )  # fmt: skip
    desk.db.execute(_GROUP.format(source=source, decided=_DECIDED if decided else ""))
    marks = ", ".join("?" * len(_OUTCOME))
    desk.db.executemany(f"INSERT INTO outcome_rest VALUES ({marks})", _settled(desk.db.execute(_REST), decided))


def _compare(desk: Desk, whole: bool) -> None:
    """Leaves in `outcome_new` only what differs from the outcomes that stand; what no longer stands goes into `gone`."""
    desk.db.execute("CREATE INDEX temp.bag_seen_bag ON bag_seen (s_invoice) WHERE plain")
    looked = "" if whole else "o.invoice IN (SELECT invoice FROM looked) AND"
    desk.db.execute("DROP TABLE IF EXISTS temp.gone")
    desk.db.execute(
        f"CREATE TEMP TABLE gone AS SELECT o.invoice, o.bag FROM outcome o WHERE {looked} NOT (o.state = 'matched' AND EXISTS "
        "(SELECT 1 FROM bag_seen WHERE plain AND s_invoice = o.bag "
        "AND o.other = CASE o.invoice WHEN s_invoice THEN l_invoice WHEN l_invoice THEN s_invoice END)) AND NOT EXISTS (SELECT 1 "
        "FROM outcome_rest n WHERE n.invoice = o.invoice AND n.state = o.state AND n.other IS o.other AND n.bag = o.bag)"
    )
    same = " AND ".join(f"o.{name} IS n.{name}" for name in _OUTCOME)
    both_same = " AND ".join(
        f"EXISTS (SELECT 1 FROM outcome WHERE invoice = {row.partition(',')[0]} AND ({', '.join(_OUTCOME)}) = ({row}))"
        for row in (_OF_SUPPLIER, _OF_LIBRARY)
    )
    desk.db.execute(f"DELETE FROM bag_seen WHERE plain AND {both_same}")
    desk.db.execute(f"DELETE FROM outcome_rest AS n WHERE EXISTS (SELECT 1 FROM outcome o WHERE {same})")
    for table in ("outcome_rest", "gone", "due", "undue"):
        desk.db.execute(f"CREATE INDEX temp.{table}_bag ON {table} (bag)")


def _settled(rows: Iterable[sqlite3.Row], decided: dict[int, Decisions]) -> Iterator[tuple[Any, ...]]:
    """The outcomes of the bags that want a closer look, partners by partners."""
    for _, same in groupby(rows, key=lambda row: row[:2]):
        pair = [Candidate(*row[2:]) for row in same]
        for case in settle(pair, deciding.among(decided, pair)):
            yield from _outcomes(case)


def _outcomes(case: Case) -> Iterator[tuple[Any, ...]]:
    """A row of `outcome` for each invoice of a case."""
    bag = min(case.invoices, key=_named_after).invoice
    period = max(one.period for one in case.invoices)
    first = {
        side: next((one.invoice for one in case.invoices if one.side == side), None) for side in ("supplier", "library")
    }
    paired = case.state in ("matched", "proposed")
    for one in case.invoices:
        other = first["library" if one.side == "supplier" else "supplier"] if paired else None
        rate = next(i.rate for i in case.invoices if i.invoice == first["supplier"]) if case.state == "matched" else 0
        if case.state == "matched" and one.side == "supplier":
            rate = one.rate
        yield one.invoice, one.side, one.period, case.state, case.reason, other, bag, period, rate


def _named_after(one: Candidate) -> tuple[Any, ...]:
    return one.side == "library", one.day, one.number, one.supplier, one.library, one.invoice
