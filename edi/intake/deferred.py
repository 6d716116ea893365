"""Files left in a depot: over a quota, or not to be had and tried again later and later. And why, and whose turn it is."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.core.store import breathe, transaction
from schemas.text import Both, Text, filled, recalled, stored
from spool import names
from spool.link import Link
from spool.receipt import RemoteFile

#: A file that could not be had is tried again after this long, then twice as long, up to the last.
_AGAIN_SECONDS = (60, 6 * 3600)
#: From this attempt on, a file that keeps failing by itself is no longer ours to mend.
_OFTEN = 3
_ROWS_AT_ONCE = 5_000
#: A file that is still being written after this long is shown as stuck.
GROWING_LONG = timedelta(hours=1)
_DAY = Both("quota du jour atteint : {limit} ({setting})", "today's quota is used up: {limit} ({setting})")
_FULL = Both("quarantaine pleine : {limit} (quarantine_bytes)", "quarantine is full: {limit} (quarantine_bytes)")
_GROWING = Both("encore en cours d'écriture, chaque fois qu'on regarde", "still being written whenever we look")


class Deferred(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a link that is left in its depot, as the table `held_back` has it.

    `path` and `name` can be shown; `size` and `modified` are of the listing in which it was left. `attempts` counts how
    often it was tried in vain; `turn` is whose it is: `partner`, `operator` or `edi`; `next_at` when it is tried again.
    """

    path: str
    name: str
    size: int
    modified: int
    attempts: int
    why: Text
    turn: str
    since: datetime
    next_at: datetime

    def tried(self, file: RemoteFile) -> int:
        """How often a file, as it is now, was tried in vain."""
        return self.attempts if (self.size, self.modified) == (file.size, int(file.modified)) else 0


Known = Mapping[str, Deferred]


def deferred(desk: Desk, link: str) -> dict[str, Deferred]:
    """The files of a link that are left in its depots, by path."""
    rows = desk.db.execute("SELECT * FROM held_back WHERE link = ?", (link,))
    return {row["path"]: _deferred(row) for row in rows}


def stuck(desk: Desk, limit: int = 200) -> list[tuple[str, Deferred]]:
    """The deferred files to show, with their links, oldest first: those tried, and those for long never done growing."""
    rows = desk.db.execute(
        "SELECT * FROM held_back WHERE attempts > 0 OR since <= ? ORDER BY since, link, path LIMIT ?",
        ((desk.now() - GROWING_LONG).isoformat(), limit),
    )
    return [(row["link"], _deferred(row)) for row in rows]


def _deferred(row: sqlite3.Row) -> Deferred:
    return msgspec.convert({**dict(row), "why": recalled(row["why"])}, Deferred)


def defer(desk: Desk, link: str, files: Iterable[tuple[RemoteFile, Text, str]], known: Known) -> None:
    """Notes of each file (why, whose turn) that it could not be had, and when to try again.

    `known` is what stood there before, as `deferred` gives it. One that has changed since begins anew.
    """
    now, rows = desk.now(), []
    first, most = _AGAIN_SECONDS
    for file, why, turn in files:
        before = known.get(names.readable(file.path))
        attempts = (before.tried(file) if before else 0) + 1
        since = before.since if before and (attempts > 1 or before.why == why) else now
        again = now + timedelta(seconds=min(first * 2 ** min(attempts - 1, 20), most))
        rows.append(_left(file, attempts, why, turn, since, again))
    _note(desk, link, rows)


def note_growing(desk: Desk, link: str, files: Iterable[RemoteFile], known: Known) -> None:
    """Notes that files were written while we looked, unless that is known: of 0 attempts, so nothing keeps them from being had."""
    now, before = desk.now(), {path for path, row in known.items() if not row.attempts}
    new = [file for file in files if names.readable(file.path) not in before]
    _note(desk, link, [_left(file, 0, _GROWING, "partner", now, now) for file in new])


def _left(file: RemoteFile, attempts: int, why: Text, turn: str, since: datetime, next_at: datetime) -> Deferred:
    return Deferred(
        path=names.readable(file.path), name=names.safe(file.name), size=file.size, modified=int(file.modified),
        attempts=attempts, why=why, turn=turn, since=since, next_at=next_at,
    )  # fmt: skip


def _note(desk: Desk, link: str, rows: list[Deferred]) -> None:
    columns = ", ".join(f":{name}" for name in ("link", *Deferred.__struct_fields__))
    for piece in _pieces(rows):
        with transaction(desk.db):
            desk.db.executemany(
                f"INSERT OR REPLACE INTO held_back VALUES ({columns})",
                [{**msgspec.to_builtins(row), "why": stored(row.why), "link": link} for row in piece],
            )


def turn_after(before: Deferred | None, tried: int, why: Text, now: datetime) -> str:
    """Whose turn it is when a file fails by itself for the time after `tried` times: ours, until it is hopeless.

    Or until it has failed for that reason for long: one that never stays as it is, is new each time.
    """
    long = before is not None and before.why == why and now - before.since >= GROWING_LONG
    return "partner" if long or tried + 1 >= _OFTEN else "edi"


def clear(desk: Desk, link: str, paths: Iterable[str]) -> None:
    """These files are no longer deferred: they were fetched, or are gone."""
    for piece in _pieces([(link, path) for path in paths]):
        with transaction(desk.db):
            desk.db.executemany("DELETE FROM held_back WHERE link = ? AND path = ?", piece)


def _pieces(rows: list[Any]) -> Iterator[list[Any]]:
    """The rows of one short transaction after another: nobody waits long."""
    for place in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[place : place + _ROWS_AT_ONCE]
        if place + _ROWS_AT_ONCE < len(rows):
            breathe()


class Quota:
    """What a link may still bring on one day; for one pass."""

    def __init__(self, desk: Desk, link: Link) -> None:
        self.link = link
        self.files, self.bytes = desk.db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM receipt "
            "WHERE link = ? AND received_at >= ? AND remote_path <> ''",
            (link.name, desk.now().date().isoformat()),
        ).fetchone()
        self.refused: int = desk.db.execute(
            "SELECT coalesce(sum(size), 0) FROM receipt r WHERE link = ? AND (state = 'failed' OR verdict = 'refused') "
            "AND NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id)",
            (link.name,),
        ).fetchone()[0]

    def over(self, size: int) -> tuple[Text, str] | None:
        """(why, whose turn) a file of `size` bytes is not fetched; None when it may be."""
        link, size = self.link, max(size, 0)
        if self.files >= link.files_a_day:
            return filled(_DAY, limit=link.files_a_day, setting="files_a_day"), "edi"
        if self.bytes + size > link.bytes_a_day:
            turn = "edi" if size <= link.bytes_a_day else "operator"
            return filled(_DAY, limit=link.bytes_a_day, setting="bytes_a_day"), turn
        if self.refused + size > link.quarantine_bytes:
            return filled(_FULL, limit=link.quarantine_bytes), "operator"
        return None

    def count(self, size: int) -> None:
        """Notes a file of `size` bytes that was fetched."""
        self.files += 1
        self.bytes += size
