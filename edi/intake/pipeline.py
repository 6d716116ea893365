"""The main job, one bounded pass: pull from every link, take, reconcile, push.

    listing -> pull -> T1 -> archive        each link in its own thread (edi.intake.exchange); none waits for another
    receipts in order of issue -> take (T2)
    reconcile, post
    outbox -> push -> sent                  per link

Whatever a killed run left is found again: a receipt without a verdict is taken, an answer not marked
as sent is pushed, a file not archived is archived. Going on for ever is `edi.intake.running`.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from edi.intake import answers
from edi.intake.correcting import hold
from edi.intake.exchange import PATIENCE, Exchange, Partner, Tell, arrival_at, outbox
from edi.intake.stored_lines import discard_lines, forgotten_lines
from edi.intake.taking import Arrival, checker, take
from edi.intake.telling import tell
from edi.log import logged
from edi.reconciliation.reconciling import reconcile
from edi.settings import LOCAL, Home, paris_now
from edi.store import transaction
from parsers import read
from parsers.sniff import open_source
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Header
from schemas.errors import NotFound, Unreadable
from schemas.finding import Finding
from spool.errors import why
from spool.folder import Folder
from spool.link import Link

_LINKS_AT_ONCE = 16
#: A link that takes longer does not count among those at once any more: slow ones keep no place from others.
_SLOT_SECONDS = 5
#: A pass waits this long for its links, then goes on with what has come.
_PATIENCE_SECONDS = 2
#: A patient pass, which waits for slow ones too, looks this often at least for what they brought.
_MOST_PATIENCE_SECONDS = 15
_GRACE_SECONDS = 5
#: Declarants are told what came of a pass for so long; after that files are taken again, and the next pass goes on.
_TELLING_SECONDS = 5


class Trouble(Protocol):
    """Notes a trouble of a link, and with which file."""

    def __call__(self, link: str, trouble: object, file: str = "") -> None: ...


def quiet(event: str, facts: dict[str, Any]) -> None:
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
    """A running processor: a home, its database, its spool, its links.

    Only one at a time (`edi.lock`). Whoever sets `stop` has it end after the file it is at.
    """

    def __init__(self, home: Home, connection: sqlite3.Connection, tell: Tell = quiet) -> None:
        self.home = home
        self.connection = connection
        self.folder = Folder(home.path)
        self.folder.sweep()
        self.tell = tell
        self.stop = threading.Event()
        self.partners = {
            link.name: Partner(home, link, self.folder, self._tell, self.stop) for link in home.settings.link
        }
        #: Of each link: the paths its last listing showed, and in how many seconds the first growing one is due.
        self.seen: dict[str, set[str]] = {}
        self.growing: dict[str, float | None] = {}
        #: Links that could not be reached when last tried, though they may be next time.
        self.away: set[str] = set()
        #: Links that the last pass heard of.
        self.heard: set[str] = set()
        self._log = logged(home.path)
        self._pulling: dict[Future[Exchange], str] = {}
        self._pushing: dict[Future[Exchange], str] = {}
        self._slots = threading.Semaphore(_LINKS_AT_ONCE)
        self._telling = threading.Lock()
        self._told: dict[str, set[str]] = {}
        self._held: dict[int, Path] = {}
        for link in home.settings.link:  # what is still to be sent is put there again
            for path in self.folder.held(link.name):
                self.folder.sent(path)
        with transaction(connection):  # after an upgrade the checker may no longer fail
            connection.execute(
                "UPDATE receipt SET state = 'received' WHERE state = 'failed' AND failed_with IS NOT ?",
                (checker(home.settings.limits),),
            )
        #: Whether the pass before went to its end; one that did not may have forgotten lines in the store.
        self._ended = False

    def heed(self, stop: threading.Event) -> None:
        """Has `stop`, when it is set, end this run and what its links are at."""
        self.stop = stop
        for partner in self.partners.values():
            partner.stop = stop

    def _tell(self, event: str, facts: dict[str, Any]) -> None:
        """Tells people and the log, one thread at a time."""
        with self._telling:
            self._log(event, facts)
            self.tell(event, facts)

    def links(self, only: Collection[str] | None = None) -> list[Link]:
        """The links that are not paused, or those `only`."""
        paused = {row["link"] for row in self.connection.execute("SELECT link FROM link_paused")}
        every = [link for link in self.home.settings.link if link.name not in paused]
        return [link for link in every if only is None or link.name in only]

    def once(self, patient: bool = False, only: Collection[str] | None = None) -> Pass:
        """One pass over every link, or over those `only`.

        A link still busy after a while is left to itself, and what the others brought is taken and answered;
        the next pass hears of it. `patient`, as `--once` is, hears of all, and waits once for files still settling.
        """
        done = Pass()
        for receipt in () if self._ended else forgotten_lines(self.connection):
            discard_lines(self.connection, receipt)
        self._ended = False
        before, self._told = self._told, {name: told for name, told in self._told.items() if only and name not in only}
        tell_new = partial(self._trouble, done, before)
        busy = {*self._pulling.values(), *self._pushing.values()}
        asked = {
            self._start(partial(self.partners[link.name].pull, patient)): link.name
            for link in self.links(only)
            if link.name not in busy
        }
        self._pulling |= asked
        patience = _PATIENCE_SECONDS
        self.heard = set()
        while True:
            wait(self._pulling if patient else asked, timeout=patience)
            heard = self._hear(done, tell_new)
            self.heard |= heard
            self._take(done, tell_new)
            if not self.stop.is_set():
                self._settle(done, tell_new, self.links(None if only is None else heard), patient)
            if not patient or not (self._pulling or self._pushing):
                self._ended = True
                return done
            patience = min(2 * patience, _MOST_PATIENCE_SECONDS)

    def is_busy(self) -> bool:
        """Whether a link is still being talked to."""
        return bool(self._pulling or self._pushing)

    def has_news(self) -> bool:
        """Whether a link that was busy when the last pass ended is done."""
        return any(future.done() for future in (*self._pulling, *self._pushing))

    def _start(self, work: Callable[[], Exchange]) -> Future[Exchange]:
        """Does something with a link in a thread that does not keep the process from ending."""
        future: Future[Exchange] = Future()

        held = [self._slots]

        def let_go() -> None:
            with suppress(IndexError):  # once
                held.pop().release()

        def run() -> None:
            self._slots.acquire()
            late = threading.Timer(_SLOT_SECONDS, let_go)
            late.daemon = True
            late.start()
            try:
                future.set_result(work())
            except BaseException as wrong:  # whoever hears of it raises it
                future.set_exception(wrong)
            finally:
                late.cancel()
                let_go()

        threading.Thread(target=run, daemon=True).start()
        return future

    def _hear(self, done: Pass, tell_new: Trouble) -> set[str]:
        """The links that have finished pulling or pushing since they were last heard of, their troubles noted."""
        heard = set()
        for future, name in list(self._pulling.items()):
            if future.done():
                del self._pulling[future]
                heard.add(name)
                exchange = self._note(done, tell_new, name, future)
                self.seen[name], self.growing[name] = exchange.seen, exchange.growing
        self._hear_answers(done, tell_new)
        return heard

    def _hear_answers(self, done: Pass, tell_new: Trouble) -> None:
        """What became of the answers that were being sent."""
        for future, name in list(self._pushing.items()):
            if future.done():
                del self._pushing[future]
                self._note(done, tell_new, name, future)

    def _note(self, done: Pass, tell_new: Trouble, name: str, future: Future[Exchange]) -> Exchange:
        """Adds what a link did to the pass. Raises what no link is to blame for."""
        exchange = future.result()
        (self.away.add if exchange.away else self.away.discard)(name)
        done.pulled += exchange.pulled
        done.pushed += exchange.pushed
        done.waiting += exchange.waiting
        for trouble, file in exchange.troubles:
            tell_new(name, trouble, file)
        return exchange

    def _settle(self, done: Pass, tell_new: Trouble, links: list[Link], patient: bool) -> None:
        """Reconciles, tells what came of it, then sends the answers that wait to the links that are there."""
        before = done.reconciled
        done.reconciled = reconcile(self.connection, paris_now())
        if done.reconciled["entries_posted"]:
            self._log("reconciled", done.reconciled)
        for name in ("entries_posted", "remuneration_cents"):
            done.reconciled[name] += before.get(name, 0)
        until = time.monotonic() + _TELLING_SECONDS
        tell(
            self.home,
            self.connection,
            paris_now(),
            lambda: self.stop.is_set() or (not patient and time.monotonic() > until),
        )
        self._hold()
        busy = {*self._pulling.values(), *self._pushing.values()}
        for link in links:
            if link.name not in self.away | busy and outbox(self.connection, link.name):
                self._pushing[self._start(partial(self.partners[link.name].push, self._held))] = link.name
        wait(self._pushing, timeout=_PATIENCE_SECONDS)
        self._hear_answers(done, tell_new)  # not of files that came meanwhile: they are still to be taken

    def _trouble(self, done: Pass, before: dict[str, set[str]], link: str, trouble: object, file: str = "") -> None:
        """Notes a trouble; tells of it, unless the pass before did. The first of a link is the one that is shown."""
        text = str(trouble)
        done.troubles.setdefault(link, text)
        if text not in before.get(link, ()) and text not in self._told.get(link, ()):
            self._tell("trouble", {"link": link, "trouble": text, "file": file})
        self._told.setdefault(link, set()).add(text)

    def _take(self, done: Pass, tell_new: Trouble) -> None:
        """Takes every receipt without a verdict, in the order in which the declarations were issued."""
        rows = self.connection.execute(
            "SELECT id, sha256, name, link, home, dry, received_at FROM receipt WHERE state = 'received' "
            "ORDER BY link, home, remote_path, id"
        ).fetchall()
        owing = {name: partner.owing() for name, partner in self.partners.items()}
        rows = [row for row in rows if not _awaits(row, owing)]
        by_id, paths, issued = {row["id"]: row for row in rows}, dict[int, Path](), dict[int, str]()
        unread: dict[str, set[str] | None] = {name: set() for name in owing}  # homes whose files wait for one of theirs
        for row in rows:
            try:  # its link may be gone from the settings: then it waits for somebody to say
                arrival_of(self.home, row["link"], row["home"], row["name"], bool(row["dry"]))
                paths[row["id"]] = self.folder.original(row["sha256"])
                issued[row["id"]] = _issued(paths[row["id"]], self.home.settings.max_bytes)
            except NotFound as wrong:
                tell_new(row["link"], wrong, row["name"])
            except OSError as wrong:
                self._unreadable(tell_new, row, Unreadable(path=paths[row["id"]], why=why(wrong)), unread)
        for key in sorted(issued, key=issued.__getitem__):
            if self.stop.is_set():
                return
            row = by_id[key]
            if _awaits(row, unread):
                continue
            try:
                taken = take_receipt(self.home, self.connection, self.folder, key)
            except OSError as wrong:  # its bytes cannot be read: it waits, the next is taken
                self._unreadable(tell_new, row, Unreadable(path=paths[key], why=why(wrong)), unread)
                continue
            done.taken.append(taken)
            facts = {"link": row["link"], "home": row["home"], "file": row["name"], "acknowledgement": taken}
            self._tell("taken", facts)

    def _unreadable(
        self, tell_new: Trouble, row: sqlite3.Row, wrong: Unreadable, unread: dict[str, set[str] | None]
    ) -> None:
        """Notes that our own copy of a file cannot be read; for a while the later ones of its home wait for it."""
        homes = unread.get(row["link"])
        if homes is not None and _is_young(row):
            homes.add(row["home"])
        tell_new(row["link"], wrong, row["name"])
        with transaction(self.connection):
            self.connection.execute("UPDATE receipt SET trouble = ? WHERE id = ?", (str(wrong), row["id"]))

    def _hold(self) -> None:
        """Puts what waits to be sent into outgoing/, where an operator looks, whether or not its link is there."""
        deliver(self.connection, self.folder)
        for link in self.home.settings.link:
            for number in outbox(self.connection, link.name):
                if number not in self._held:
                    answer = self.connection.execute("SELECT * FROM answer WHERE id = ?", (number,)).fetchone()
                    if (path := hold(self.connection, self.folder, link.name, answer)) is not None:
                        self._held[number] = path

    def close(self) -> None:
        """Asks the links' threads to end, and gives them a moment; what is broken off is begun again another time."""
        self.stop.set()
        wait([*self._pulling, *self._pushing], timeout=_GRACE_SECONDS)


def _awaits(row: sqlite3.Row, owing: Mapping[str, set[str] | None]) -> bool:
    """Whether a file waits for others of its home that are still to be fetched: it may replace one of them."""
    homes = owing.get(row["link"], set())
    return (homes is None or row["home"] in homes) and _is_young(row)


def _is_young(row: sqlite3.Row) -> bool:
    return timedelta(0) <= paris_now() - datetime.fromisoformat(row["received_at"]) < PATIENCE


def deliver(connection: sqlite3.Connection, folder: Folder) -> None:
    """Answers to files given on the command line stay in outgoing/local: being there is being sent."""
    for answer in answers.waiting(connection, LOCAL):
        if hold(connection, folder, LOCAL, answer) is not None:
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
        return Arrival(name=name, link=LOCAL, dry=dry, language=home.settings.lang)
    return arrival_at(home.link(link_name), link_home, name, dry)


def by_issue(paths: Mapping[int, Path], max_bytes: int) -> list[int]:
    """The keys of some received files in the order in which their declarations were issued, else as they are.

    A declarant's files follow one another; what cannot be read comes last.
    """
    if len(paths) < 2:
        return list(paths)
    return sorted(paths, key=lambda key: _issued(paths[key], max_bytes))


def _issued(path: Path, max_bytes: int) -> str:
    header = header_of(path, max_bytes)
    return header.issued.isoformat() if header is not None and header.issued is not None else "9999"


def header_of(path: Path, max_bytes: int) -> Header | None:
    """The header of a received file, as far as it can be read; None when it cannot.

    Whatever is wrong with it is found again, and said, when it is taken; only what is wrong with our disk is raised, as
    OSError: later ones wait for it.
    """
    try:
        with path.open("rb") as stream:
            for event in read(open_source(stream, max_bytes)):
                if isinstance(event, Header):
                    return event
                if not isinstance(event, Finding):
                    break
    except OSError:
        raise
    except Exception:
        return None
    return None
