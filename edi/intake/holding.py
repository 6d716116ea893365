"""Files left in a depot: over a quota, or not to be had and tried again later and later. And why, and whose turn it is."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from edi.store import breathe, transaction
from spool import names
from spool.link import Link
from spool.receipt import RemoteFile

#: A file that could not be had is tried again after this long, then twice as long, up to the last.
_AGAIN_SECONDS = (60, 6 * 3600)
#: From this attempt on, a file that keeps failing by itself is no longer ours to mend.
_OFTEN = 3
_PIECE = 5_000
#: A file that is still being written after this long is shown as stuck.
GROWING_LONG = timedelta(hours=1)
_GROWING = "encore en cours d'écriture, chaque fois qu'on regarde / still being written whenever we look"
_HOLD = (
    "INSERT OR REPLACE INTO held_back VALUES "
    "(:link, :path, :name, :size, :modified, :attempts, :why, :turn, :since, :next_at)"
)


class Quota:
    """What a link may still bring on one day; for one pass."""

    def __init__(self, connection: sqlite3.Connection, link: Link, now: datetime) -> None:
        self.link = link
        self.files, self.bytes = connection.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM receipt "
            "WHERE link = ? AND received_at >= ? AND remote_path <> ''",
            (link.name, now.date().isoformat()),
        ).fetchone()
        self.refused: int = connection.execute(
            "SELECT coalesce(sum(size), 0) FROM receipt r WHERE link = ? AND (state = 'failed' OR verdict = 'refused') "
            "AND NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id)",
            (link.name,),
        ).fetchone()[0]

    def over(self, size: int) -> tuple[str, str] | None:
        """(why, whose turn) a file of `size` bytes is not fetched; None when it may be."""
        link, size = self.link, max(size, 0)
        if self.files >= link.files_a_day:
            return f"quota du jour atteint : {link.files_a_day} fichiers (files_a_day) / today's quota of files", "edi"
        if self.bytes + size > link.bytes_a_day:
            turn = "edi" if size <= link.bytes_a_day else "operator"
            return f"quota du jour atteint : {link.bytes_a_day} octets (bytes_a_day) / today's quota of bytes", turn
        if self.refused + size > link.quarantine_bytes:
            why = f"quarantaine pleine : {link.quarantine_bytes} octets (quarantine_bytes) / quarantine is full"
            return why, "operator"
        return None

    def count(self, size: int) -> None:
        """Notes a file of `size` bytes that was fetched."""
        self.files += 1
        self.bytes += size


def held_back(connection: sqlite3.Connection, link: str) -> dict[str, sqlite3.Row]:
    """The files of a link that are left in its depots, by readable path."""
    return {row["path"]: row for row in connection.execute("SELECT * FROM held_back WHERE link = ?", (link,))}


def attempts(row: sqlite3.Row | None, file: RemoteFile) -> int:
    """How often a file, as it is now, was tried in vain."""
    if row is None or (row["size"], row["modified"]) != (file.size, int(file.modified)):
        return 0
    return int(row["attempts"])


def hold_back(
    connection: sqlite3.Connection, link: str, files: Iterable[tuple[RemoteFile, str, str]], now: datetime,
    known: dict[str, sqlite3.Row],
) -> None:  # fmt: skip
    """Notes of each file (why, whose turn) that it could not be had, and when to try again.

    `known` is what stood there before, as `held_back` gives it. One that has changed since begins anew.
    """
    rows = []
    first, most = _AGAIN_SECONDS
    for file, why, turn in files:
        path = names.readable(file.path)
        before = known.get(path)
        tried = attempts(before, file) + 1
        same = before is not None and (tried > 1 or before["why"] == why)
        since = before["since"] if before is not None and same else now.isoformat()
        again = now + timedelta(seconds=min(first * 2 ** min(tried - 1, 20), most))
        noted = {
            "link": link, "path": path, "name": names.safe(file.name), "size": file.size, "modified": int(file.modified),
            "attempts": tried, "why": why, "turn": turn, "since": since, "next_at": again.isoformat(),
        }  # fmt: skip
        rows.append(noted)
    for some in _pieces(rows):
        with transaction(connection):
            connection.executemany(_HOLD, some)


def note_growing(
    connection: sqlite3.Connection, link: str, files: Iterable[RemoteFile], now: datetime, known: dict[str, sqlite3.Row]
) -> None:
    """Notes that these files moved while we looked, if that is not known: of 0 attempts, so nothing keeps them from being had."""
    rows = [
        {
            "link": link, "path": path, "name": names.safe(file.name), "size": file.size, "modified": int(file.modified),
            "attempts": 0, "why": _GROWING, "turn": "partner", "since": now.isoformat(), "next_at": now.isoformat(),
        }
        for file in files
        if (before := known.get(path := names.readable(file.path))) is None or before["attempts"]
    ]  # fmt: skip
    for some in _pieces(rows):
        with transaction(connection):
            connection.executemany(_HOLD, some)


def turn_after(tried: int, before: sqlite3.Row | None, why: str, now: datetime) -> str:
    """Whose turn it is when a file fails by itself for the time after `tried` times: ours, until it is hopeless.

    Or until it has failed for that reason for long: one that never stays as it is, is new each time.
    """
    long = before is not None and before["why"] == why and now - datetime.fromisoformat(before["since"]) >= GROWING_LONG
    return "partner" if long or tried + 1 >= _OFTEN else "edi"


def let_go(connection: sqlite3.Connection, link: str, paths: Iterable[str]) -> None:
    """These files are no longer held back: they were fetched, or are gone."""
    for some in _pieces([(link, path) for path in paths]):
        with transaction(connection):
            connection.executemany("DELETE FROM held_back WHERE link = ? AND path = ?", some)


def _pieces(rows: list[Any]) -> Iterator[list[Any]]:
    """The rows of one short transaction after another: nobody waits long."""
    for place in range(0, len(rows), _PIECE):
        yield rows[place : place + _PIECE]
        if place + _PIECE < len(rows):
            breathe()
