"""What is exchanged with one link in a pass, in a thread of its own: files in, answers out.

A link has its own connection to the server and to the database, so that a slow, dead or hostile one keeps
nobody else waiting. A file that cannot be had is tried again later and later (`edi.intake.holding`), after all others,
and shown as stuck with the reason and whose turn it is; over a quota it is not even fetched.
"""

import sqlite3
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from edi.intake import answers
from edi.intake.correcting import body
from edi.intake.holding import Quota, attempts, held_back, hold_back, let_go, note_growing, turn_after
from edi.intake.taking import Arrival, note_archived, receive, unarchived
from edi.settings import Home, paris_now
from edi.store import connect, is_world, transaction
from schemas.errors import EdiError, LinkAway, LinkError
from schemas.finding import shown
from spool import names
from spool.errors import Changed, DiskTrouble, TooBig
from spool.folder import Folder
from spool.link import EVERYBODY, Link, declarants
from spool.pull import Settling, archive, listing, pull
from spool.push import push
from spool.reaching import reach
from spool.receipt import RemoteFile
from spool.remote import LONGEST_LISTING, Remote

#: How long a file waits for others of its home that could not be fetched: what it replaces may be among them.
PATIENCE = timedelta(minutes=15)
#: A connection lost at a file is made again in the same pass, but not for more files than this.
_POISONS = 5
#: So often in a pass a file is tried at which the connection is lost.
_TRIES = 2
#: An answer refused so often in a home: the home's others are left for the next pass.
_REFUSALS = 3


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
        #: How many names of a folder that holds more than a listing shows are passed over next time.
        self.starts: dict[str, int] = {}
        #: The homes of the files still to be fetched, by path; None while nobody knows which there are.
        self._owed: dict[str, str] | None = {}

    def owing(self) -> set[str] | None:
        """The homes of which files are still to be fetched, as far as the last pull could see; None: perhaps any."""
        return None if self._owed is None else set(self._owed.values())

    def pull(self, patient: bool) -> Exchange:
        """Fetches what is complete; `patient` waits once for files still settling, and tries those held back too.

        A connection that is lost at a file is made again, and that file is tried once more after all others.
        """
        done, lost = Exchange(), Counter[str]()
        deadline = time.monotonic() + self.link.pass_seconds
        work = partial(self._pull, deadline=deadline, patient=patient, lost=lost)
        while True:
            before, said = lost.total(), len(done.troubles)
            self._talk(done, deadline, work, tells_well=True)
            if lost.total() == before or len(lost) > _POISONS or self.stop.is_set() or time.monotonic() >= deadline:
                return done
            done.troubles[said:] = [trouble for trouble in done.troubles[said:] if trouble[1]]  # of its files alone

    def push(self, held: dict[int, Path]) -> Exchange:
        """Sends the answers that wait; those in `held` leave outgoing/ once they are sent."""
        done, deadline = Exchange(), time.monotonic() + self.link.pass_seconds
        self._talk(done, deadline, partial(self._push, deadline=deadline, held=held), tells_well=False)
        return done

    def _talk(
        self, done: Exchange, deadline: float, work: Callable[[Exchange, sqlite3.Connection, Remote], None],
        *, tells_well: bool,
    ) -> None:  # fmt: skip
        """Does some work over the link; what goes wrong with it is noted for `edi status`, and if `tells_well` that nothing does.

        At the deadline the connection is hung up on, whatever it is at.
        """
        said, turn, done.away = len(done.troubles), "operator", False
        with closing(connect(self.home.database)) as connection:
            try:
                with reach(self.link, self.home.known_hosts) as remote:
                    late = threading.Timer(max(0.0, deadline - time.monotonic()), remote.close)
                    late.daemon = True
                    late.start()
                    try:
                        work(done, connection, remote)
                    finally:
                        late.cancel()
            except EdiError as wrong:
                done.away = wrong.transient
                turn = "edi" if wrong.transient else "operator"
                why = self._too_slow() if wrong.transient and time.monotonic() >= deadline else wrong
                done.troubles.insert(said, (str(why), ""))
            except (OSError, MemoryError):
                raise
            except Exception as crash:  # whatever a hostile server made us do, it is this link's affair alone
                if isinstance(crash, sqlite3.Error) and is_world(crash):
                    raise
                done.away = True
                done.troubles.insert(said, (_ours(self.link.name, crash), ""))
            found = [what for what, file in done.troubles[said:] if not file]
            if found or tells_well:
                self._note(connection, found[0] if found else None, turn)

    def _note(self, connection: sqlite3.Connection, trouble: str | None, turn: str) -> None:
        """Notes how the link is."""
        with transaction(connection):
            connection.execute(
                "INSERT INTO link_state (link, seen_at, trouble, trouble_since, turn) VALUES "
                "(?1, CASE WHEN ?3 IS NULL THEN ?2 END, ?3, CASE WHEN ?3 IS NOT NULL THEN ?2 END, ?4) "
                "ON CONFLICT (link) DO UPDATE SET trouble = ?3, turn = ?4, "
                "seen_at = CASE WHEN ?3 IS NULL THEN ?2 ELSE seen_at END, "
                "trouble_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(trouble_since, ?2) END",
                (self.link.name, paris_now().isoformat(), trouble, turn if trouble else None),
            )

    # -- in --------------------------------------------------------------------------------------

    def _pull(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote,
        *, deadline: float, patient: bool, lost: Counter[str],
    ) -> None:  # fmt: skip
        link = self.link
        self._owed = None
        complete = self._listed(done, remote, patient)
        self._owed = {file.path: file.home for file in complete}
        known = held_back(connection, link.name)
        if not (self.starts or done.troubles):  # what is not there any more is not held back
            seen = {names.readable(path) for path in done.seen}
            let_go(connection, link.name, known.keys() - seen)
            if gone := [receipt for receipt, path in unarchived(connection, link.name).items() if path not in seen]:
                note_archived(connection, gone, paris_now())  # a run died as it archived them
        quota, now = Quota(connection, link, paris_now()), paris_now()
        note_growing(connection, link.name, self.settling.moving, now, known)
        beyond: list[tuple[RemoteFile, str, str]] = []
        for file in _in_turn(complete, known, lost):
            if self.stop.is_set():
                return
            row = known.get(names.readable(file.path))
            tried = attempts(row, file)
            if lost[file.path] >= _TRIES and row is not None:
                done.troubles.append((row["why"], file.name))
                if len(lost) == 1:  # more than one: it is the link that fails, and not the file
                    self._give_up(file)
            elif tried and row is not None and not patient and not lost[file.path] and row["next_at"] > now.isoformat():
                if row["turn"] == "partner" or tried > 1 or now - datetime.fromisoformat(row["since"]) >= PATIENCE:
                    self._give_up(file)  # it did not fail for a moment only
            elif file.size <= link.max_bytes and (over := quota.over(file.size)) is not None:
                beyond.append((file, *over))
                self._give_up(file)
            elif self._try(done, connection, remote, file, deadline, lost, row):
                quota.count(file.size)
        hold_back(connection, link.name, beyond, now, known)
        done.troubles += [(why, file.name) for file, why, _ in beyond]

    def _listed(self, done: Exchange, remote: Remote, patient: bool) -> list[RemoteFile]:
        """The files that are complete. Of a folder too long for a listing the next pass sees the next part."""
        troubles, full = list[LinkError](), set[str]()
        complete, waiting = self.settling.sort(listing(remote, self.link, troubles, self.starts, full))
        if waiting and patient:
            self.stop.wait(self.settling.due_seconds(waiting) or 0)
            troubles.clear()
            complete, waiting = self.settling.sort(listing(remote, self.link, troubles, self.starts, full))
        # by halves, so that two listings in a row show every file: it is complete when it has not moved in between
        self.starts = {folder: self.starts.get(folder, 0) + LONGEST_LISTING // 2 for folder in full}
        done.waiting = len(waiting)
        done.seen = {file.path for file in (*complete, *waiting)}
        done.growing = self.settling.due_seconds(waiting)
        done.troubles += [(str(wrong), "") for wrong in troubles]
        return complete

    def _try(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, file: RemoteFile, deadline: float,
        lost: Counter[str], row: sqlite3.Row | None,
    ) -> bool:  # fmt: skip
        """Fetches one file; whether it did. What is wrong with it alone is noted; raises what is wrong with the link, or with us."""
        tried, loss = attempts(row, file), None
        try:
            self._pull_one(done, connection, remote, file, deadline, row)
            return True
        except Changed as wrong:  # written while we read: the next pass takes it whole
            done.waiting += 1
            done.growing = self.link.settle_seconds
            why = str(wrong)
            turn = turn_after(tried, row, why, paris_now())
        except DiskTrouble:
            raise
        except EdiError as wrong:
            why, turn = str(wrong), "partner" if isinstance(wrong, TooBig) else "operator"
            if wrong.transient:
                if self.stop.is_set():
                    raise
                loss = self._too_slow() if time.monotonic() >= deadline else wrong
                why = f"{shown(file.name)} : {loss}"
                turn = turn_after(tried, row, why, paris_now())
        except (sqlite3.Error, OSError, MemoryError):
            raise
        except Exception as crash:  # a file may be poisoned; the next is not
            why, turn = _ours(file.name, crash), "operator"
        hold_back(
            connection, self.link.name, [(file, why, turn)], paris_now(), {} if row is None else {row["path"]: row}
        )
        if loss is not None:
            lost[file.path] += 1
            raise loss
        if turn == "partner" or tried:  # refused once, it may be had next time
            self._give_up(file)
        if turn != "edi":
            done.troubles.append((why, file.name))
        return False

    def _give_up(self, file: RemoteFile) -> None:
        """Nothing waits for this file any more."""
        if self._owed:
            self._owed.pop(file.path, None)

    def _pull_one(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, file: RemoteFile, deadline: float,
        row: sqlite3.Row | None,
    ) -> None:  # fmt: skip
        """Fetches a file, T1, archives it. It is told of at once the first time, else only when it is out of the way."""
        kept = pull(remote, file, self.folder, self.link.max_bytes, partial(self._go_on, deadline))
        arrival = arrival_at(self.link, file.home, names.safe(file.name), file.test)
        arrival = msgspec.structs.replace(arrival, remote_path=names.readable(file.path), modified=int(file.modified))
        receipt = receive(connection, arrival, kept, paris_now())
        self._give_up(file)
        facts = {"home": file.home, "file": arrival.name, "size": kept.size, "sha256": kept.sha256, "receipt": receipt}
        first = not attempts(row, file)
        if first:
            self._pulled(done, facts)
        if not archive(remote, self.link, file, kept):
            raise Changed(name=shown(file.name))
        note_archived(connection, [receipt], paris_now())
        if row is not None:
            let_go(connection, self.link.name, [row["path"]])
        if not first:
            self._pulled(done, facts)

    def _pulled(self, done: Exchange, facts: dict[str, Any]) -> None:
        done.pulled += 1
        self.tell("pulled", {"link": self.link.name, **facts})

    def _go_on(self, deadline: float) -> None:
        """Raises LinkAway when the run is to end, or the link has had its time."""
        if self.stop.is_set():
            raise LinkAway(link=self.link.name, why="arrêt demandé / asked to stop")
        if time.monotonic() > deadline:
            raise self._too_slow()

    def _too_slow(self) -> LinkAway:
        why = f"plus de {self.link.pass_seconds:g} s (pass_seconds) : trop lente / too slow"
        return LinkAway(link=self.link.name, why=why)

    # -- out -------------------------------------------------------------------------------------

    def _push(
        self, done: Exchange, connection: sqlite3.Connection, remote: Remote, *, deadline: float, held: dict[int, Path]
    ) -> None:
        refused = Counter[str]()
        for number in outbox(connection, self.link.name):
            self._go_on(deadline)
            answer = connection.execute(
                "SELECT *, (SELECT max(declarant) FROM declaration d WHERE d.receipt = answer.receipt) AS declarant "
                "FROM answer WHERE id = ?",
                (number,),
            ).fetchone()
            if refused[answer["home"]] >= _REFUSALS:
                continue
            try:
                with body(connection, self.folder, answer) as data:
                    push(remote, self.link, answer["home"], answer["name"], data)
            except EdiError as wrong:
                with transaction(connection):
                    answers.note(connection, number, None, str(wrong))
                if wrong.transient:
                    raise
                refused[answer["home"]] += 1
                done.troubles.append((str(wrong), answer["name"]))
                continue
            with transaction(connection):
                answers.note(connection, number, paris_now(), None)
            if number in held:
                self.folder.sent(held.pop(number))
            done.pushed += 1
            facts = {"home": answer["home"], "file": answer["name"], "declarant": answer["declarant"]}
            self.tell("pushed", {"link": self.link.name, **facts})


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
    """The numbers of the answers a link has not been sent, oldest first; those often tried in vain come last."""
    waiting = "SELECT id FROM answer WHERE link = ? AND sent_at IS NULL ORDER BY attempts > 3, id"
    return [row["id"] for row in connection.execute(waiting, (link,))]


def _in_turn(files: Iterable[RemoteFile], known: dict[str, sqlite3.Row], lost: Counter[str]) -> list[RemoteFile]:
    """Files in the order in which they are fetched: what failed before comes last, and no home waits for another's many."""
    ranks = Counter[str]()

    def rank(file: RemoteFile) -> tuple[int, int, int]:
        ranks[file.home] += 1
        return lost[file.path], attempts(known.get(names.readable(file.path)), file), ranks[file.home]

    return sorted(files, key=rank)


def _ours(what: str, crash: Exception) -> str:
    """What to say of a mistake of ours: what went wrong where, nothing of what the other side sent."""
    where = traceback.extract_tb(crash.__traceback__)[-1]
    place = f"{type(crash).__name__}, {Path(where.filename).name}:{where.lineno}"
    return f"{shown(what)} : panne interne / internal failure ({place})"
