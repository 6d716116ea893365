"""The main job, one bounded pass: pull from every link, take, reconcile, push.

    listing -> pull -> T1 -> archive        per link; one link's trouble never stops the others
    receipts in order of issue -> take (T2)
    reconcile, post
    outbox -> push -> sent                  per link

Whatever a killed run left is found again: a receipt without a verdict is taken, an answer not marked
as sent is pushed, a file not archived is archived.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

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
from spool import names, watch
from spool.errors import Changed
from spool.folder import Folder
from spool.link import EVERYBODY, Link, declarants
from spool.pull import Settling, archive, listing, pull
from spool.push import push
from spool.receipt import Kept, RemoteFile
from spool.remote import Remote
from spool.sftp import reach

#: Told what happens, for people to watch: (event, facts).
Tell = Callable[[str, dict[str, Any]], None]


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
    """A running processor: a home, its database, its spool, and what it remembers of files still growing."""

    def __init__(self, home: Home, connection: sqlite3.Connection, tell: Tell = _quiet) -> None:
        self.home = home
        self.connection = connection
        self.folder = Folder(home.path)
        self.folder.sweep()
        self.tell = tell
        self._growing = False
        self.settling = {link.name: Settling(link.settle_seconds) for link in home.settings.link}
        with transaction(connection):  # after an upgrade the checker may no longer fail
            connection.execute("UPDATE receipt SET state = 'received' WHERE state = 'failed'")

    def once(self, patient: bool = False) -> Pass:
        """One pass. `patient` waits once for files that are still settling, as `--once` does."""
        done = Pass()
        paused = {row["link"] for row in self.connection.execute("SELECT link FROM link_paused")}
        links = [link for link in self.home.settings.link if link.name not in paused]
        for link in links:
            self._guarded(done, link, partial(self._pull, done, link, patient))
        self._take(done)
        done.reconciled = reconcile(self.connection, paris_now())
        for link in links:
            if answers.waiting(self.connection, link.name):
                self._guarded(done, link, partial(self._push, done, link))
        return done

    def forever(self, stop: threading.Event, after: Callable[[Pass], None]) -> None:
        """Pass after pass until `stop` is set; a change in a local folder starts the next one at once."""
        while not stop.is_set():
            after(self.once())
            settling = [wait for one in self.settling.values() if (wait := one.settle_seconds) and self._growing]
            pause = min([self.home.settings.every_seconds, *settling])
            watch.wait(self._local_depots(), pause, stop)

    def _local_depots(self) -> list[Path]:
        """The folders in which a local link's declarations arrive."""
        found = []
        for link in self.home.settings.link:
            if link.kind == "folder" and link.path:
                root = Path(link.path).expanduser()
                found += [path for path in root.glob(link.depot) if path.is_dir()]
        return found

    def _guarded(self, done: Pass, link: Link, work: Callable[[Remote], None]) -> None:
        """Does some work on a link; its trouble is noted, shown by `edi status`, and stops nobody else."""
        try:
            with reach(link, self.home.known_hosts) as remote:
                work(remote)
            trouble = done.troubles.get(link.name)
        except EdiError as wrong:
            trouble = done.troubles[link.name] = str(wrong)
            self.tell("trouble", {"link": link.name, "trouble": trouble})
        now = paris_now().isoformat()
        with transaction(self.connection):
            self.connection.execute(
                "INSERT INTO link_state VALUES (?1, ?2, ?3, CASE WHEN ?3 IS NULL THEN NULL ELSE ?2 END) "
                "ON CONFLICT (link) DO UPDATE SET trouble = ?3, "
                "seen_at = CASE WHEN ?3 IS NULL THEN ?2 ELSE seen_at END, "
                "trouble_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(trouble_since, ?2) END",
                (link.name, now, trouble),
            )

    def _pull(self, done: Pass, link: Link, patient: bool, remote: Remote) -> None:
        settling = self.settling[link.name]
        troubles: list[LinkError] = []
        complete, waiting = settling.sort(listing(remote, link, troubles))
        if waiting and patient:
            time.sleep(settling.due_seconds(waiting) or 0)
            troubles.clear()
            complete, waiting = settling.sort(listing(remote, link, troubles))
        done.waiting += len(waiting)
        self._growing = bool(done.waiting)
        for file in complete:
            try:
                self._pull_one(done, link, remote, file)
            except Changed:  # written while we read: the next pass takes it whole
                done.waiting += 1
            except EdiError as wrong:  # a file may be poisoned; the next is not
                if isinstance(wrong, LinkError) and wrong.transient:
                    raise
                done.troubles[link.name] = str(wrong)
                self.tell("trouble", {"link": link.name, "file": file.name, "trouble": str(wrong)})
        for trouble in troubles:
            done.troubles[link.name] = str(trouble)

    def _pull_one(self, done: Pass, link: Link, remote: Remote, file: RemoteFile) -> None:
        kept = pull(remote, file, self.folder, link.max_bytes)
        arrival = arrival_of(self.home, link.name, file.home, names.safe(file.name), file.test)
        arrival = msgspec.structs.replace(arrival, remote_path=names.readable(file.path), modified=int(file.modified))
        receive(self.connection, arrival, kept, paris_now())
        archive(remote, link, file, kept)
        done.pulled += 1
        self.tell("pulled", {"link": link.name, "home": file.home, "file": arrival.name, "size": kept.size})

    def _take(self, done: Pass) -> None:
        """Takes every receipt without a verdict, in the order in which the declarations were issued."""
        rows = self.connection.execute(
            "SELECT id, sha256, name, link, home, dry FROM receipt WHERE state = 'received' ORDER BY id"
        ).fetchall()
        by_id = {row["id"]: row for row in rows}
        paths = {key: self.folder.original(row["sha256"]) for key, row in by_id.items()}
        for key in by_issue(paths, self.home.settings.max_bytes):
            row = by_id[key]
            try:
                taken = take_receipt(self.home, self.connection, self.folder, row["id"])
            except NotFound as wrong:  # its link is gone from the settings: it waits for somebody to say
                done.troubles[row["link"]] = str(wrong)
                continue
            done.taken.append(taken)
            self.tell("taken", {"link": row["link"], "file": row["name"], "acknowledgement": taken})

    def _push(self, done: Pass, link: Link, remote: Remote) -> None:
        for answer in answers.waiting(self.connection, link.name):
            held = self.folder.hold(link.name, answer["home"], answer["name"], answer["body"])
            try:
                push(remote, link, answer["home"], answer["name"], answer["body"])
            except EdiError as wrong:
                with transaction(self.connection):
                    answers.note(self.connection, answer["id"], None, str(wrong))
                if isinstance(wrong, LinkError) and wrong.transient:
                    raise
                done.troubles[link.name] = str(wrong)
                continue
            with transaction(self.connection):
                answers.note(self.connection, answer["id"], paris_now(), None)
            self.folder.sent(held)
            done.pushed += 1
            self.tell("pushed", {"link": link.name, "home": answer["home"], "file": answer["name"]})


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

    Raises Unreadable before anything is taken when one of them cannot be read.
    """
    folder = Folder(home.path)
    now = paris_now()
    received: dict[int, tuple[Path, Arrival, Kept]] = {}
    for path in paths:
        arrival = arrival_of(home, LOCAL, "", names.safe(path.name), dry=False)
        try:
            with path.open("rb") as stream:
                kept = folder.keep(stream, home.settings.max_bytes * 2, path.name)
        except OSError as wrong:
            raise Unreadable(path=path, why=wrong.strerror) from wrong
        received[len(received)] = path, arrival, kept
    kept_at = {key: kept.path for key, (_, _, kept) in received.items()}
    for key in by_issue(kept_at, home.settings.max_bytes):
        path, arrival, kept = received[key]
        receipt = receive(connection, arrival, kept, now)
        told = progress(path) if progress else None
        taken = take(connection, home, folder, receipt, arrival, now, told)
        for answer in answers.waiting(connection, LOCAL):
            folder.hold(LOCAL, "", answer["name"], answer["body"])
            with transaction(connection):
                answers.note(connection, answer["id"], now, None)
        tell("taken", {"link": LOCAL, "file": arrival.name, "acknowledgement": taken})
        yield path, taken
