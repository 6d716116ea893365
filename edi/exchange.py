"""What is exchanged with one link in a pass, in a thread of its own: files in, answers out.

A link has its own connection to the server and to the database, so that a slow, dead or hostile one keeps
nobody else waiting. A file that cannot be had is tried again later and later (`held_back`), and shown as stuck
with the reason and whose turn it is; over a quota it is not even fetched.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edi import answers
from edi.settings import Home, paris_now
from edi.store import connect, transaction
from edi.taking import Arrival, receive
from schemas.errors import EdiError, LinkAway, LinkError
from spool import names
from spool.errors import Changed, DiskTrouble, TooBig
from spool.folder import Folder
from spool.link import EVERYBODY, Link, declarants
from spool.pull import Settling, archive, listing, pull
from spool.push import push
from spool.receipt import RemoteFile
from spool.remote import Remote
from spool.sftp import reach

#: A file that could not be had is tried again after this long, then twice as long, up to the last.
_AGAIN_SECONDS = (60, 6 * 3600)
#: How long a file waits for others of its home that could not be fetched: what it replaces may be among them.
PATIENCE = timedelta(minutes=15)


class Exchange(msgspec.Struct):
    """What one link did in a pass, and what it says of the next."""

    pulled: int = 0
    pushed: int = 0
    waiting: int = 0
    away: bool = False
    seen: set[str] = msgspec.field(default_factory=set)
    growing: float | None = None
    troubles: list[tuple[str, str]] = msgspec.field(default_factory=list)  # (what, in which file)


Tell = Callable[[str, dict[str, Any]], None]


class Partner:
    """One link, as long as a run lasts."""

    def __init__(self, home: Home, link: Link, folder: Folder, tell: Tell, stop: threading.Event) -> None:
        self.home = home
        self.link = link
        self.folder = folder
        self.tell = tell
        self.stop = stop
        self.settling = Settling(link.settle_seconds)
        #: The homes of the files still to be fetched, by path; None while nobody knows which there are.
        self._owed: dict[str, str] | None = {}

    def owes(self, home: str) -> bool:
        """Whether files of this home are still to be fetched, as far as the last pull could see."""
        owed = self._owed
        return owed is None or home in list(owed.values())

    def pull(self, patient: bool) -> Exchange:
        """Fetches what is complete; `patient` waits once for files still settling, and leaves none for later."""
        return self._talk(partial(self._pull, patient=patient))

    def push(self, held: dict[int, Path]) -> Exchange:
        """Sends the answers that wait; those in `held` leave outgoing/ once they are sent."""
        return self._talk(partial(self._push, held=held))

    def _talk(self, work: Callable[[Exchange, sqlite3.Connection, Remote, float], None]) -> Exchange:
        """Does some work over the link; what goes wrong with it is noted, here and for `edi status`."""
        done = Exchange()
        with closing(connect(self.home.database)) as connection:
            try:
                with reach(self.link, self.home.known_hosts) as remote:
                    work(done, connection, remote, time.monotonic() + self.link.pass_seconds)
            except EdiError as wrong:
                done.away = wrong.transient
                done.troubles.append((str(wrong), ""))
            now, trouble = paris_now().isoformat(), done.troubles[0][0] if done.troubles else None
            with transaction(connection):
                connection.execute(
                    "INSERT INTO link_state VALUES "
                    "(?1, CASE WHEN ?3 IS NULL THEN ?2 END, ?3, CASE WHEN ?3 IS NOT NULL THEN ?2 END) "
                    "ON CONFLICT (link) DO UPDATE SET trouble = ?3, "
                    "seen_at = CASE WHEN ?3 IS NULL THEN ?2 ELSE seen_at END, "
                    "trouble_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(trouble_since, ?2) END",
                    (self.link.name, now, trouble),
                )
        return done

    # -- in --------------------------------------------------------------------------------------

    def _pull(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, deadline: float, *, patient: bool
    ) -> None:
        link, troubles = self.link, list[LinkError]()
        self._owed = None
        complete, waiting = self.settling.sort(listing(remote, link, troubles))
        if waiting and patient:
            self.stop.wait(self.settling.due_seconds(waiting) or 0)
            troubles.clear()
            complete, waiting = self.settling.sort(listing(remote, link, troubles))
        done.waiting = len(waiting)
        done.seen = {file.path for file in (*complete, *waiting)}
        done.growing = self.settling.due_seconds(waiting)
        done.troubles += [(str(wrong), "") for wrong in troubles]
        _forget(connection, link.name, {names.readable(path) for path in done.seen})
        owed = self._owed = {file.path: file.home for file in complete}
        for file in complete:
            if self.stop.is_set():
                return
            if not patient and _is_held_back(connection, link.name, file, paris_now()):
                self._give_up(connection, file)
                continue
            over = over_quota(connection, link, file.size, paris_now())
            if over is not None:
                why, turn = over
                _hold_back(connection, link.name, file, why, turn, paris_now())
                done.troubles.append((why, file.name))
                del owed[file.path]
                continue
            try:
                self._pull_one(done, connection, remote, file, deadline)
            except Changed:  # written while we read: the next pass takes it whole
                done.waiting += 1
                done.growing = link.settle_seconds
                del owed[file.path]
            except EdiError as wrong:  # a file may be poisoned; the next is not
                if wrong.transient or isinstance(wrong, DiskTrouble):
                    raise
                turn = "partner" if isinstance(wrong, TooBig) else "operator"
                _hold_back(connection, link.name, file, str(wrong), turn, paris_now())
                done.troubles.append((str(wrong), file.name))
                self._give_up(connection, file)

    def _give_up(self, connection: sqlite3.Connection, file: RemoteFile) -> None:
        """Nothing waits any more for a file that could not be had for long."""
        row = connection.execute(
            "SELECT since FROM held_back WHERE link = ? AND path = ? AND turn <> 'partner'",
            (self.link.name, names.readable(file.path)),
        ).fetchone()
        if self._owed and (row is None or paris_now() - datetime.fromisoformat(row["since"]) >= PATIENCE):
            self._owed.pop(file.path, None)

    def _pull_one(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, file: RemoteFile, deadline: float
    ) -> None:
        kept = pull(remote, file, self.folder, self.link.max_bytes, partial(self._go_on, deadline))
        arrival = arrival_at(self.link, file.home, names.safe(file.name), file.test)
        arrival = msgspec.structs.replace(arrival, remote_path=names.readable(file.path), modified=int(file.modified))
        receipt = receive(connection, arrival, kept, paris_now())
        if self._owed:
            self._owed.pop(file.path, None)
        archive(remote, self.link, file, kept)
        _let_go(connection, self.link.name, names.readable(file.path))
        done.pulled += 1
        facts = {"home": file.home, "file": arrival.name, "size": kept.size, "sha256": kept.sha256, "receipt": receipt}
        self.tell("pulled", {"link": self.link.name, **facts})

    def _go_on(self, deadline: float) -> None:
        """Raises LinkAway when the run is to end, or the link has had its time."""
        if self.stop.is_set():
            raise LinkAway(link=self.link.name, why="arrêt demandé / asked to stop")
        if time.monotonic() > deadline:
            why = f"plus de {self.link.pass_seconds} s (pass_seconds) : trop lente / too slow"
            raise LinkAway(link=self.link.name, why=why)

    # -- out -------------------------------------------------------------------------------------

    def _push(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, deadline: float, *, held: dict[int, Path]
    ) -> None:
        for number in outbox(connection, self.link.name):
            self._go_on(deadline)
            answer = connection.execute("SELECT * FROM answer WHERE id = ?", (number,)).fetchone()
            try:
                push(remote, self.link, answer["home"], answer["name"], answer["body"])
            except EdiError as wrong:
                with transaction(connection):
                    answers.note(connection, number, None, str(wrong))
                if wrong.transient:
                    raise
                done.troubles.append((str(wrong), answer["name"]))
                continue
            with transaction(connection):
                answers.note(connection, number, paris_now(), None)
            if number in held:
                self.folder.sent(held.pop(number))
            done.pushed += 1
            self.tell("pushed", {"link": self.link.name, "home": answer["home"], "file": answer["name"]})


def arrival_at(link: Link, home: str, name: str, dry: bool) -> Arrival:
    """How a file in a home of a link arrives: for whom it may speak, how it is answered."""
    speaks_for = declarants(link, home)
    return Arrival(
        name=name,
        link=link.name,
        home=home,
        dry=dry,
        speaks_for=None if speaks_for == EVERYBODY else speaks_for,
        link_gln=link.gln,
        encoding=link.answers,
        language=link.language,
    )


def outbox(connection: sqlite3.Connection, link: str) -> list[int]:
    """The numbers of the answers a link has not been sent, oldest first."""
    waiting = "SELECT id FROM answer WHERE link = ? AND sent_at IS NULL ORDER BY id"
    return [row["id"] for row in connection.execute(waiting, (link,))]


# -- quotas, and files that wait for another try ---------------------------------------------------


def over_quota(connection: sqlite3.Connection, link: Link, size: int, now: datetime) -> tuple[str, str] | None:
    """(why, whose turn) a file of `size` bytes is not fetched today; None when it may be."""
    files, total = connection.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM receipt WHERE link = ? AND received_at >= ? AND remote_path <> ''",
        (link.name, now.date().isoformat()),
    ).fetchone()
    if files >= link.files_a_day:
        return f"quota du jour atteint : {link.files_a_day} fichiers (files_a_day) / today's quota of files", "edi"
    if total + max(size, 0) > link.bytes_a_day:
        return f"quota du jour atteint : {link.bytes_a_day} octets (bytes_a_day) / today's quota of bytes", "edi"
    kept = connection.execute(
        "SELECT coalesce(sum(size), 0) FROM receipt r WHERE link = ? AND (state = 'failed' OR verdict = 'refused') "
        "AND NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id)",
        (link.name,),
    ).fetchone()[0]
    if kept + max(size, 0) > link.quarantine_bytes:
        return (
            f"quarantaine pleine : {link.quarantine_bytes} octets (quarantine_bytes) / quarantine is full",
            "operator",
        )
    return None


def _is_held_back(connection: sqlite3.Connection, link: str, file: RemoteFile, now: datetime) -> bool:
    row = connection.execute(
        "SELECT 1 FROM held_back WHERE link = ? AND path = ? AND size = ? AND modified = ? AND next_at > ?",
        (link, names.readable(file.path), file.size, int(file.modified), now.isoformat()),
    ).fetchone()
    return row is not None


def _hold_back(connection: sqlite3.Connection, link: str, file: RemoteFile, why: str, turn: str, now: datetime) -> None:
    """Notes that a file could not be had, and when to try again; one that has changed begins anew."""
    path, modified = names.readable(file.path), int(file.modified)
    with transaction(connection):
        row = connection.execute(
            "SELECT attempts, since FROM held_back WHERE link = ? AND path = ? AND size = ? AND modified = ?",
            (link, path, file.size, modified),
        ).fetchone()
        attempts, since = (row["attempts"] + 1, row["since"]) if row else (1, now.isoformat())
        first, most = _AGAIN_SECONDS
        again = now + timedelta(seconds=min(first * 2 ** min(attempts - 1, 20), most))
        connection.execute(
            "INSERT OR REPLACE INTO held_back VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (link, path, file.name, file.size, modified, attempts, why, turn, since, again.isoformat()),
        )


def _let_go(connection: sqlite3.Connection, link: str, path: str) -> None:
    if connection.execute("SELECT 1 FROM held_back WHERE link = ? AND path = ?", (link, path)).fetchone():
        with transaction(connection):
            connection.execute("DELETE FROM held_back WHERE link = ? AND path = ?", (link, path))


def _forget(connection: sqlite3.Connection, link: str, there: set[str]) -> None:
    """Files that are no longer in the depot are no longer held back."""
    for (path,) in connection.execute("SELECT path FROM held_back WHERE link = ?", (link,)).fetchall():
        if path not in there:
            _let_go(connection, link, path)
