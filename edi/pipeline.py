"""The main job, one bounded pass: pull from every link, take, reconcile, push.

    listing -> pull -> T1 -> archive        per link; one link's trouble never stops the others
    receipts in order of issue -> take (T2)
    reconcile, post
    outbox -> push -> sent                  per link

Whatever a killed run left is found again: a receipt without a verdict is taken, an answer not marked
as sent is pushed, a file not archived is archived. Going on for ever is `edi.running`.
"""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from edi import answers
from edi.reconciling import reconcile
from edi.settings import LOCAL, Home, paris_now
from edi.store import transaction
from edi.taking import Arrival, Progress, receive, take
from parsers import read
from parsers.sniff import open_source
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Header
from schemas.errors import EdiError, LinkError, NotFound, Unreadable
from schemas.finding import Finding
from spool import names
from spool.errors import Changed, why
from spool.folder import Folder
from spool.link import EVERYBODY, Link, declarants
from spool.pull import Settling, archive, listing, pull
from spool.push import push
from spool.receipt import Kept, RemoteFile
from spool.remote import Remote
from spool.sftp import reach

#: Told what happens, for people to watch: (event, facts).
Tell = Callable[[str, dict[str, Any]], None]


class Trouble(Protocol):
    """Notes a trouble of a link, and with which file."""

    def __call__(self, link: str, trouble: object, file: str = "") -> None: ...


def _quiet(event: str, facts: dict[str, Any]) -> None:
    """Tells nobody."""


class Pass(msgspec.Struct):
    """What one pass did."""

    pulled: int = 0
    waiting: int = 0
    taken: list[Acknowledgement] = msgspec.field(default_factory=list)
    pushed: int = 0
    troubles: dict[str, str] = msgspec.field(default_factory=dict)
    reconciled: dict[str, int] = msgspec.field(default_factory=dict)


class Run:
    """A running processor: a home, its database, its spool, and what it remembers of files still growing.

    Only one at a time (`edi.lock`). Whoever sets `stop` has it end after the file or link it is at.
    """

    def __init__(self, home: Home, connection: sqlite3.Connection, tell: Tell = _quiet) -> None:
        self.home = home
        self.connection = connection
        self.folder = Folder(home.path)
        self.folder.sweep()
        self.tell = tell
        self.stop = threading.Event()
        self.settling = {link.name: Settling(link.settle_seconds) for link in home.settings.link}
        #: Of each link: the paths its last listing showed, and in how many seconds the first growing one is due.
        self.seen: dict[str, set[str]] = {}
        self.growing: dict[str, float | None] = {}
        #: Links that could not be reached in the last pass, though they may be in the next.
        self.away: set[str] = set()
        self._told: dict[str, set[str]] = {}
        self._held: dict[int, Path] = {}
        for link in home.settings.link:  # what is still to be sent is put there again
            for path in self.folder.held(link.name):
                self.folder.sent(path)
        with transaction(connection):  # after an upgrade the checker may no longer fail
            connection.execute("UPDATE receipt SET state = 'received' WHERE state = 'failed'")

    def links(self, only: Collection[str] | None = None) -> list[Link]:
        """The links that are not paused, or those `only`."""
        paused = {row["link"] for row in self.connection.execute("SELECT link FROM link_paused")}
        every = [link for link in self.home.settings.link if link.name not in paused]
        return [link for link in every if only is None or link.name in only]

    def once(self, patient: bool = False, only: Collection[str] | None = None) -> Pass:
        """One pass over every link, or over those `only`. `patient` waits once for files that are still
        settling, as `--once` does."""
        done = Pass()
        before, self._told = self._told, {name: told for name, told in self._told.items() if only and name not in only}
        tell_new = partial(self._trouble, done, before)
        links = self.links(only)
        for link in links:
            if not self.stop.is_set():
                self._guarded(done, link, tell_new, partial(self._pull, done, link, patient, tell_new))
        self._take(done, tell_new)
        if self.stop.is_set():
            return done
        done.reconciled = reconcile(self.connection, paris_now())
        self._hold()
        for link in links:
            if self._outbox(link.name) and link.name not in self.away and not self.stop.is_set():
                self._guarded(done, link, tell_new, partial(self._push, done, link, tell_new))
        return done

    def _trouble(self, done: Pass, before: dict[str, set[str]], link: str, trouble: object, file: str = "") -> None:
        """Notes a trouble; tells of it, unless the pass before did. The first of a link is the one that is shown."""
        text = str(trouble)
        done.troubles.setdefault(link, text)
        if text not in before.get(link, ()) and text not in self._told.get(link, ()):
            self.tell("trouble", {"link": link, "trouble": text, "file": file})
        self._told.setdefault(link, set()).add(text)

    def _guarded(self, done: Pass, link: Link, trouble: Trouble, work: Callable[[Remote], None]) -> None:
        """Does some work on a link; its trouble is noted, shown by `edi status`, and stops nobody else."""
        self.away.discard(link.name)
        try:
            with reach(link, self.home.known_hosts) as remote:
                work(remote)
        except EdiError as wrong:
            if wrong.transient:
                self.away.add(link.name)
            trouble(link.name, wrong)
        now = paris_now().isoformat()
        with transaction(self.connection):
            self.connection.execute(
                "INSERT INTO link_state VALUES (?1, CASE WHEN ?3 IS NULL THEN ?2 END, ?3, CASE WHEN ?3 IS NOT NULL THEN ?2 END) "
                "ON CONFLICT (link) DO UPDATE SET trouble = ?3, "
                "seen_at = CASE WHEN ?3 IS NULL THEN ?2 ELSE seen_at END, "
                "trouble_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(trouble_since, ?2) END",
                (link.name, now, done.troubles.get(link.name)),
            )

    def _pull(self, done: Pass, link: Link, patient: bool, trouble: Trouble, remote: Remote) -> None:
        settling = self.settling[link.name]
        troubles: list[LinkError] = []
        complete, waiting = settling.sort(listing(remote, link, troubles))
        if waiting and patient:
            self.stop.wait(settling.due_seconds(waiting) or 0)
            troubles.clear()
            complete, waiting = settling.sort(listing(remote, link, troubles))
        done.waiting += len(waiting)
        self.seen[link.name] = {file.path for file in (*complete, *waiting)}
        self.growing[link.name] = settling.due_seconds(waiting)
        for wrong in troubles:
            trouble(link.name, wrong)
        for file in complete:
            if self.stop.is_set():
                return
            try:
                self._pull_one(done, link, remote, file)
            except Changed:  # written while we read: the next pass takes it whole
                done.waiting += 1
                self.growing[link.name] = link.settle_seconds
            except EdiError as refused:  # a file may be poisoned; the next is not
                if isinstance(refused, LinkError) and refused.transient:
                    raise
                trouble(link.name, refused, file.name)

    def _pull_one(self, done: Pass, link: Link, remote: Remote, file: RemoteFile) -> None:
        kept = pull(remote, file, self.folder, link.max_bytes)
        arrival = arrival_of(self.home, link.name, file.home, names.safe(file.name), file.test)
        arrival = msgspec.structs.replace(arrival, remote_path=names.readable(file.path), modified=int(file.modified))
        receive(self.connection, arrival, kept, paris_now())
        archive(remote, link, file, kept)
        done.pulled += 1
        self.tell("pulled", {"link": link.name, "home": file.home, "file": arrival.name, "size": kept.size})

    def _take(self, done: Pass, trouble: Trouble) -> None:
        """Takes every receipt without a verdict, in the order in which the declarations were issued."""
        rows = self.connection.execute(
            "SELECT id, sha256, name, link, home, dry FROM receipt WHERE state = 'received' ORDER BY id"
        ).fetchall()
        by_id, paths = {row["id"]: row for row in rows}, dict[int, Path]()
        for row in rows:
            try:  # its link may be gone from the settings: then it waits for somebody to say
                arrival_of(self.home, row["link"], row["home"], row["name"], bool(row["dry"]))
                paths[row["id"]] = self.folder.original(row["sha256"])
            except NotFound as wrong:
                trouble(row["link"], wrong, row["name"])
        for key in by_issue(paths, self.home.settings.max_bytes):
            if self.stop.is_set():
                return
            row = by_id[key]
            taken = take_receipt(self.home, self.connection, self.folder, key)
            done.taken.append(taken)
            facts = {"link": row["link"], "home": row["home"], "file": row["name"], "acknowledgement": taken}
            self.tell("taken", facts)

    def _outbox(self, link: str) -> list[int]:
        """The numbers of the answers a link has not been sent, oldest first."""
        waiting = "SELECT id FROM answer WHERE link = ? AND sent_at IS NULL ORDER BY id"
        return [row["id"] for row in self.connection.execute(waiting, (link,))]

    def _hold(self) -> None:
        """Puts what waits to be sent into outgoing/, where an operator looks, whether or not its link is there."""
        deliver(self.connection, self.folder)
        for link in self.home.settings.link:
            for number in self._outbox(link.name):
                if number not in self._held:
                    answer = self.connection.execute("SELECT * FROM answer WHERE id = ?", (number,)).fetchone()
                    self._held[number] = self.folder.hold(link.name, answer["home"], answer["name"], answer["body"])

    def _push(self, done: Pass, link: Link, trouble: Trouble, remote: Remote) -> None:
        for number in self._outbox(link.name):
            if self.stop.is_set():
                return
            answer = self.connection.execute("SELECT * FROM answer WHERE id = ?", (number,)).fetchone()
            try:
                push(remote, link, answer["home"], answer["name"], answer["body"])
            except EdiError as wrong:
                with transaction(self.connection):
                    answers.note(self.connection, number, None, str(wrong))
                if isinstance(wrong, LinkError) and wrong.transient:
                    raise
                trouble(link.name, wrong, answer["name"])
                continue
            with transaction(self.connection):
                answers.note(self.connection, number, paris_now(), None)
            if number in self._held:
                self.folder.sent(self._held.pop(number))
            done.pushed += 1
            self.tell("pushed", {"link": link.name, "home": answer["home"], "file": answer["name"]})


def deliver(connection: sqlite3.Connection, folder: Folder) -> None:
    """Answers to files given on the command line stay in outgoing/local: being there is being sent."""
    for answer in answers.waiting(connection, LOCAL):
        folder.hold(LOCAL, "", answer["name"], answer["body"])
        with transaction(connection):
            answers.note(connection, answer["id"], paris_now(), None)


def take_receipt(home: Home, connection: sqlite3.Connection, folder: Folder, receipt: int) -> Acknowledgement:
    """Takes a received file by its receipt. Raises NotFound when its link is no longer in the settings."""
    row = connection.execute("SELECT name, link, home, dry FROM receipt WHERE id = ?", (receipt,)).fetchone()
    arrival = arrival_of(home, row["link"], row["home"], row["name"], bool(row["dry"]))
    return take(connection, home, folder, receipt, arrival, paris_now())


def arrival_of(home: Home, link_name: str, link_home: str, name: str, dry: bool) -> Arrival:
    """How a file of that link and home arrives: for whom it may speak, how it is answered. Raises NotFound."""
    if link_name == LOCAL:
        return Arrival(name=name, link=LOCAL, dry=dry, language=home.settings.language)
    link = home.link(link_name)
    speaks_for = declarants(link, link_home)
    return Arrival(
        name=name,
        link=link.name,
        home=link_home,
        dry=dry,
        speaks_for=None if speaks_for == EVERYBODY else speaks_for,
        link_gln=link.gln,
        encoding=link.answers,
        language=link.language,
    )


def by_issue(paths: Mapping[int, Path], max_bytes: int) -> list[int]:
    """The keys of some received files in the order in which their declarations were issued.

    A declarant's files follow one another; what cannot be read comes last.
    """
    if len(paths) < 2:
        return list(paths)
    return sorted(paths, key=lambda key: (_issued(paths[key], max_bytes), key))


def _issued(path: Path, max_bytes: int) -> str:
    with path.open("rb") as stream:
        for event in read(open_source(stream, max_bytes)):
            if isinstance(event, Header) and event.issued is not None:
                return event.issued.isoformat()
            if not isinstance(event, Finding):
                break
    return "9999"


def ingest(
    home: Home, connection: sqlite3.Connection, paths: Iterable[Path], tell: Tell = _quiet,
    progress: Callable[[Path], Progress] | None = None,
) -> Iterator[tuple[Path, Acknowledgement]]:  # fmt: skip
    """Local files by the same road as pulled ones, in the order of their issue time; answers go to outgoing/local.

    Raises Unreadable before anything is taken when one of them cannot be read. What an earlier call was
    interrupted at is taken up again when the same file is given.
    """
    folder = Folder(home.path)
    now = paris_now()
    paths = list(paths)
    for path in paths:
        _look(path)
    received: list[tuple[Path, Kept]] = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                received.append((path, folder.keep(stream, home.settings.max_bytes * 2, path.name)))
        except OSError as wrong:
            raise Unreadable(path=path, why=why(wrong)) from wrong
    for key in by_issue({key: kept.path for key, (_, kept) in enumerate(received)}, home.settings.max_bytes):
        path, kept = received[key]
        arrival = arrival_of(home, LOCAL, "", names.safe(path.name), dry=False)
        receipt = _interrupted(connection, arrival, kept) or receive(connection, arrival, kept, now)
        told = progress(path) if progress else None
        taken = take(connection, home, folder, receipt, arrival, now, told)
        deliver(connection, folder)
        tell("taken", {"link": LOCAL, "file": arrival.name, "acknowledgement": taken})
        yield path, taken


def _look(path: Path) -> None:
    """Raises Unreadable when a path is no file that can be opened."""
    try:
        with path.open("rb"):
            return
    except OSError as wrong:
        raise Unreadable(path=path, why=why(wrong)) from wrong


def _interrupted(connection: sqlite3.Connection, arrival: Arrival, kept: Kept) -> int | None:
    """The receipt of the same local file that a run which died, or a checker that failed, left without a verdict."""
    with transaction(connection):
        row = connection.execute(
            "UPDATE receipt SET state = 'received', verdict = NULL, trouble = NULL WHERE id = "
            "(SELECT id FROM receipt WHERE link = ? AND sha256 = ? AND name = ? AND state <> 'answered' ORDER BY id LIMIT 1) "
            "RETURNING id",
            (LOCAL, kept.sha256, arrival.name),
        ).fetchone()
    return row and int(row["id"])
