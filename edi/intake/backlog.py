"""Receipts without a verdict, taken in the order in which their declarations were issued."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from edi.core.desk import Desk, Tell
from edi.core.store import transaction
from edi.intake.arrivals import arrival_of, issue_of
from edi.intake.fetch import PATIENCE
from edi.intake.taking import checker, take_receipt
from edi.intake.troubles import Troubles
from schemas.acknowledgement import Acknowledgement
from schemas.errors import NotFound, Unreadable
from schemas.text import stored
from spool.errors import why

#: By link: the homes of which files are still to come, or to be read; None where that may be any.
Owing = dict[str, set[str] | None]


def try_again(desk: Desk) -> None:
    """Puts what another checker than today's failed at back among what is to be taken."""
    with transaction(desk.db):
        desk.db.execute(
            "UPDATE receipt SET state = 'received' WHERE state = 'failed' AND failed_with IS NOT ?",
            (checker(desk.home.settings.limits),),
        )


def take_backlog(desk: Desk, owing: Owing, troubles: Troubles, tell: Tell) -> Iterator[Acknowledgement]:
    """Takes every receipt without a verdict until the desk is asked to stop; each verdict.

    A file waits, for `PATIENCE`, for others of its home that are still to be fetched, or that our disk does not let us
    read: it may replace one of them.
    """
    rows = desk.db.execute(
        "SELECT id, sha256, name, link, home, dry, received_at FROM receipt WHERE state = 'received' "
        "ORDER BY link, home, remote_path, id"
    ).fetchall()
    by_id, paths, issued = dict[int, sqlite3.Row](), dict[int, Path](), dict[int, str]()
    for row in rows:
        if _awaits(desk, row, owing):
            continue
        receipt = row["id"]
        try:  # its link may be gone from the settings: then it waits for somebody to say
            arrival_of(desk.home, row)
            paths[receipt] = desk.folder.original(row["sha256"])
            issued[receipt], by_id[receipt] = issue_of(paths[receipt], desk.home.settings.max_bytes), row
        except NotFound as wrong:
            troubles.note(row["link"], wrong.text, row["name"])
        except OSError as wrong:
            _unreadable(desk, row, Unreadable(path=paths[receipt], why=why(wrong)), owing, troubles)
    for receipt in sorted(issued, key=issued.__getitem__):
        if desk.stop.is_set():
            return
        row = by_id[receipt]
        if _awaits(desk, row, owing):
            continue
        try:
            taken = take_receipt(desk, receipt)
        except OSError as wrong:  # its bytes cannot be read: it waits, the next is taken
            _unreadable(desk, row, Unreadable(path=paths[receipt], why=why(wrong)), owing, troubles)
            continue
        tell("taken", {"link": row["link"], "home": row["home"], "file": row["name"], "acknowledgement": taken})
        yield taken


def _unreadable(desk: Desk, row: sqlite3.Row, wrong: Unreadable, owing: Owing, troubles: Troubles) -> None:
    """Notes that our own copy of a file cannot be read; for a while the later ones of its home wait for it."""
    homes = owing.get(row["link"])
    if homes is not None and _is_young(desk, row):
        homes.add(row["home"])
    troubles.note(row["link"], wrong.text, row["name"])
    with transaction(desk.db):
        desk.db.execute("UPDATE receipt SET trouble = ? WHERE id = ?", (stored(wrong.text), row["id"]))


def _awaits(desk: Desk, row: sqlite3.Row, owing: Owing) -> bool:
    """Whether a file waits for others of its home."""
    homes = owing.get(row["link"], set())
    return (homes is None or row["home"] in homes) and _is_young(desk, row)


def _is_young(desk: Desk, row: sqlite3.Row) -> bool:
    return timedelta(0) <= desk.now() - datetime.fromisoformat(row["received_at"]) < PATIENCE
