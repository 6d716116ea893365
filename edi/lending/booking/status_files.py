"""What became of their invoices, told to the declarants: status files in the outbox, after a pass that changed something.

Each declarant is told by the link and home that its last accepted declaration came by, as long as these may still speak
for it: never by a file given on the command line, never what is another's. Of the other side it learns what a match or
a discrepancy between the two implies, and of nobody else anything. One transaction a file notes what was told with the
file itself, so that killed at any moment nothing is told twice or forgotten; a file holds so many invoices at most.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from edi.core import ledger, store
from edi.core.desk import Desk
from edi.core.lock import in_turn
from edi.core.outbox import send
from edi.core.store import breathe, transaction
from edi.lending.matching import deciding
from edi.lending.rules.matching import ACCEPTED
from parsers.answers import status
from schemas.lending.status import Standing, Status, explained, file_name
from spool.link import EVERYBODY, Link, declarants

#: The most invoices of one file: some megabytes.
_MOST = 10_000

_NEWS = "INSERT INTO news SELECT i.by_gln, i.side, i.id FROM untold u CROSS JOIN invoice i ON i.id = u.invoice"
_LAST = """
SELECT r.id, r.link, r.home FROM v_declaration d JOIN receipt r ON r.id = d.receipt
WHERE d.declarant = ? AND d.side = ? AND d.counts ORDER BY d.id DESC LIMIT 1
"""
_OTHER = (
    "x.kind AS other_kind, x.number AS other_number, x.date AS other_date, x.ht AS other_ht, x.signed_ht AS other_signed, "
    "x.by_gln AS other"
)
_ROWS = f"""
SELECT i.id, i.side, i.with_gln AS partner, i.number, i.date, i.kind, i.ht,
       i.period, substr(d.taken_at, 1, 10) AS since, w.invoice IS NOT NULL AS withdrawn, t.said,
       coalesce(o.state, 'waiting') AS state, coalesce(o.reason, '') AS reason,
       coalesce(o.period, i.period) IN (SELECT year FROM period_closed) AS closed,
       e.base_cents, e.rate_percent, e.remuneration_cents, e.reason AS owes, {_OTHER}
FROM news n CROSS JOIN invoice i ON i.id = n.invoice JOIN declaration d ON d.id = i.declaration
LEFT JOIN outcome o ON o.invoice = i.id LEFT JOIN withdrawal w ON w.invoice = i.id LEFT JOIN told t ON t.invoice = i.id
LEFT JOIN invoice x ON x.id = o.other AND o.state = 'matched'
LEFT JOIN remuneration e ON e.supplier_invoice = i.id AND i.side = 'supplier' AND {ledger.STANDING}
WHERE n.declarant = ? AND n.side = ? AND n.invoice > ? ORDER BY n.invoice LIMIT {_MOST}
"""


class _Route(NamedTuple):
    """Where a declarant is told: the receipt it follows, the link and its home."""

    receipt: int
    link: Link
    home: str


def send_pending(desk: Desk, stop: Callable[[], bool] = lambda: False) -> int:
    """Puts into the outbox what declarants have not been told yet; how many files. `stop` is asked after each.

    What nobody is to be told is forgotten: from then on the declarant is told of changes alone.
    """
    if not desk.db.execute("SELECT EXISTS (SELECT 1 FROM untold)").fetchone()[0]:
        return 0
    with in_turn(
        desk.home.path, "reconcile", store.waiting_told(desk.db)
    ):  # no pass changes meanwhile what is told here
        desk.db.execute("DROP TABLE IF EXISTS temp.news")
        desk.db.execute(
            "CREATE TEMP TABLE news (declarant, side, invoice, PRIMARY KEY (declarant, side, invoice)) WITHOUT ROWID"
        )
        desk.db.execute(_NEWS)
        whose = desk.db.execute("SELECT DISTINCT declarant, side FROM news").fetchall()
        files = 0
        for declarant, side in whose:
            for _ in _told(desk, declarant, side):
                files += 1
                if stop():
                    return files
        return files


def _told(desk: Desk, declarant: str, side: str) -> Iterator[None]:
    """Tells one declarant, a file at a time."""
    now, route = desk.now(), _route(desk, declarant, side)
    before = desk.db.execute("SELECT files, at FROM told_to WHERE declarant = ?", (declarant,)).fetchone()
    if route and before and now - datetime.fromisoformat(before["at"]) < timedelta(seconds=route.link.status_seconds):
        return
    number, last = before["files"] if before else 0, 0
    while rows := desk.db.execute(_ROWS, (declarant, side, last)).fetchall():
        last = rows[-1]["id"]
        news = list(_said(desk, rows, route.link.language)) if route else []
        number += bool(news)
        status_file = Status(
            sender=desk.home.settings.gln, declarant=declarant, side=side, number=number, told_at=now,
            invoices=tuple(standing for _, standing, _ in news),
        )  # fmt: skip
        forms = route.link.status_forms if route and news else ()
        files = [(file_name(declarant, number, form), status.write(status_file, form)) for form in forms]
        with transaction(desk.db):
            if route and news:
                send(desk, route.receipt, route.link.name, route.home, files, now)
                desk.db.execute("INSERT OR REPLACE INTO told_to VALUES (?, ?, ?)", (declarant, number, now.isoformat()))
                desk.db.executemany(
                    "INSERT OR REPLACE INTO told VALUES (?, ?)", [(invoice, hashed) for invoice, _, hashed in news]
                )
            desk.db.executemany("DELETE FROM untold WHERE invoice = ?", [(row["id"],) for row in rows])
        breathe()
        if news:
            yield


def _route(desk: Desk, declarant: str, side: str) -> _Route | None:
    """How a declarant is told; None when nobody is to be told."""
    row = desk.db.execute(_LAST, (declarant, side)).fetchone()
    link = next((link for link in desk.home.settings.link if row and link.name == row["link"]), None)
    if row is None or link is None or not link.status_forms:
        return None
    speaks_for = declarants(link, row["home"])  # the settings may have changed since it was accepted
    return _Route(row["id"], link, row["home"]) if speaks_for == EVERYBODY or declarant in speaks_for else None


def _said(desk: Desk, rows: list[sqlite3.Row], language: str) -> Iterator[tuple[int, Standing, int]]:
    """(invoice, what is said of it, its hash) of those of an open period of which something else was said before."""
    for row in sorted(
        rows, key=lambda row: not row["withdrawn"]
    ):  # first what is gone: another may have taken its place
        if row["closed"] or (row["withdrawn"] and row["said"] is None):
            continue
        standing = _standing(desk, row)
        content = hashlib.sha256(msgspec.json.encode(standing)).digest()
        hashed = int.from_bytes(content[:8], "big", signed=True)
        if hashed != row["said"]:
            sentence = explained(standing.state, standing.reason, standing.awaits, language)
            yield row["id"], msgspec.structs.replace(standing, explanation=sentence), hashed


def _standing(desk: Desk, row: sqlite3.Row) -> Standing:
    state, reason, other = row["state"], row["reason"], dict[str, Any]()
    awaits = {"waiting": "library" if row["side"] == "supplier" else "supplier", "proposed": "operator"}.get(state, "")
    if row["withdrawn"]:
        state, reason, awaits = "withdrawn", "", ""
    elif state == "proposed":
        reason = ""  # which form it takes would say what the other side declared
    elif state == "matched" and reason != ACCEPTED:
        reason, other = reason or row["owes"] or "", _together([row])
    elif state != "waiting":
        awaits = "supplier" if reason == "lines-awaited" else ""
        other = _together(_mates(desk, row))
    owed = {name: row[name] for name in ("base_cents", "rate_percent", "remuneration_cents") if state == "matched"}
    return Standing(
        partner=row["partner"], number=row["number"], date=date.fromisoformat(row["date"]), kind=row["kind"],
        ht_cents=row["ht"], period=row["period"], state=state, reason=reason, awaits=awaits,
        since=date.fromisoformat(row["since"]), **other, **owed,
    )  # fmt: skip


def _mates(desk: Desk, row: sqlite3.Row) -> list[sqlite3.Row]:
    """The other side's invoices of the case an invoice is in, the first first."""
    ids = ", ".join(map(str, deciding.case_of(desk, row["id"])[2]))
    return desk.db.execute(
        f"SELECT {_OTHER} FROM invoice x WHERE x.id IN ({ids}) AND x.side <> ? ORDER BY x.date, x.number, x.id",
        (row["side"],),
    ).fetchall()


def _together(mates: list[sqlite3.Row]) -> dict[str, Any]:
    """What is shown of them; nothing when there are none."""
    if not mates or mates[0]["other"] is None:
        return {}
    signed = sum(mate["other_signed"] for mate in mates)
    return {
        "other": mates[0]["other"],
        "other_number": " + ".join(mate["other_number"] for mate in mates),
        "other_date": date.fromisoformat(mates[0]["other_date"]),
        "other_kind": mates[0]["other_kind"],
        "other_ht_cents": signed if len(mates) > 1 else mates[0]["other_ht"],
    }
