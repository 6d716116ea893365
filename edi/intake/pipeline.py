"""The main job, one bounded pass: pull from every link, take, reconcile, push.

    listing -> pull -> T1 -> archive        each link in its own thread (`exchange`); none waits for another
    receipts in order of issue -> take (T2)                                     (`backlog`)
    what follows from what was taken                                            (handed in)
    outbox -> push -> sent                  per link                            (`outgoing`)

Whatever a killed run left is found again: a receipt without a verdict is taken, an answer not marked
as sent is pushed, a file not archived is archived. Going on for ever is `edi.intake.running`.
"""

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import wait
from functools import partial
from typing import Any

import msgspec

from edi import schemes
from edi.core.desk import Desk
from edi.intake.answers import waiting
from edi.intake.backlog import take_backlog, try_again
from edi.intake.channel import Channel, Exchange
from edi.intake.crew import Crew, heard
from edi.intake.exchange import pull_from, push_to
from edi.intake.outgoing import Outgoing
from edi.intake.troubles import Troubles
from schemas.acknowledgement import Acknowledgement
from spool.transports import AnyLink

#: What follows from what was taken: counts by name, of which entries and cents add up over a pass.
Reconcile = Callable[[Desk], dict[str, int]]
_ADDED_UP = ("entries_posted", "remuneration_cents")


class Pass(msgspec.Struct):
    """What one pass did; `troubles` are the first of each link, in the language of the desk."""

    troubles: dict[str, str] = msgspec.field(default_factory=dict)
    pulled: int = 0
    waiting: int = 0
    taken: list[Acknowledgement] = msgspec.field(default_factory=list)
    pushed: int = 0
    reconciled: dict[str, int] = msgspec.field(default_factory=dict)


class Run:
    """A running processor at a desk. Only one at a time in a home (`edi.core.lock`).

    The desk's `tell` is told of each event, with its facts. Whoever sets its `stop` has the run end after the file it is at.
    """

    def __init__(self, desk: Desk, reconcile: Reconcile) -> None:
        desk.folder.sweep()
        try_again(desk)
        self.desk = desk
        self.reconcile = reconcile
        self.stop = desk.stop
        self.channels = {link.name: Channel(desk, link, self.report) for link in desk.home.settings.link}
        self.crew = Crew(desk.timing)
        self.troubles = Troubles(self.report, desk.language)
        self.outgoing = Outgoing(desk)
        #: Links that the last pass heard of.
        self.heard: set[str] = set()
        #: Whether the pass before went to its end; one that did not may have forgotten lines in the store.
        self._ended = False
        self._one_at_a_time = threading.Lock()

    def report(self, event: str, facts: dict[str, Any]) -> None:
        """Tells the log and the desk's `tell` of an event, one thread at a time."""
        with self._one_at_a_time:
            self.desk.log(event, facts)
            self.desk.tell(event, facts)

    def links(self, only: Collection[str] | None = None) -> list[AnyLink]:
        """The links that are not paused, or those `only`."""
        paused = {row["link"] for row in self.desk.db.execute("SELECT link FROM link_paused")}
        return [
            link
            for link in self.desk.home.settings.link
            if link.name not in paused and (only is None or link.name in only)
        ]

    def once(self, patient: bool = False, only: Collection[str] | None = None) -> Pass:
        """One pass over every link, or over those `only`.

        A link still busy after a while is left to itself, and what the others brought is taken and answered;
        the next pass hears of it. `patient`, as `--once` is, hears of all, and waits once for files still settling.
        """
        crew, timing = self.crew, self.desk.timing
        if not self._ended:
            schemes.discard_forgotten(self.desk)
        self._ended = False
        done, patience = Pass(self.troubles.begin(only)), timing.patience_seconds
        busy, self.heard = crew.busy(), set()
        asked = [
            crew.pull(link.name, partial(pull_from, self.channels[link.name], patient))
            for link in self.links(only)
            if link.name not in busy
        ]
        while True:
            wait(crew.pulling if patient else asked, patience)
            came = self._hear_pulls(done)
            self._hear_pushes(done)
            self.heard |= came
            owing = {name: channel.owing() for name, channel in self.channels.items()}
            done.taken += take_backlog(self.desk, owing, self.troubles, self.report)
            if not self.stop.is_set():
                self._settle(done, self.links(None if only is None else came), patient)
            if not patient or not crew.busy():
                self._ended = True
                return done
            patience = min(2 * patience, timing.most_patience_seconds)

    def _hear_pulls(self, done: Pass) -> set[str]:
        """The links that have finished pulling since they were last heard of, their troubles noted."""
        came = set()
        for name, exchange in heard(self.crew.pulling):
            came.add(name)
            self.channels[name].pulled = exchange
            self._note(done, name, exchange)
        return came

    def _hear_pushes(self, done: Pass) -> None:
        for name, exchange in heard(self.crew.pushing):
            self._note(done, name, exchange)

    def _note(self, done: Pass, name: str, exchange: Exchange) -> None:
        self.channels[name].away = exchange.away
        done.pulled, done.pushed = done.pulled + exchange.pulled, done.pushed + exchange.pushed
        done.waiting += exchange.waiting
        for trouble, file in exchange.troubles:
            self.troubles.note(name, trouble, file)

    def _settle(self, done: Pass, links: list[AnyLink], patient: bool) -> None:
        """Reconciles, tells declarants what came of it, then sends the answers that wait to the links that are there."""
        desk, before, until = self.desk, done.reconciled, time.monotonic() + self.desk.timing.telling_seconds
        done.reconciled = self.reconcile(desk)
        if done.reconciled["entries_posted"]:
            desk.log("reconciled", done.reconciled)
        done.reconciled |= {name: done.reconciled[name] + before.get(name, 0) for name in _ADDED_UP}

        def is_enough() -> bool:
            return self.stop.is_set() or (not patient and time.monotonic() > until)

        schemes.send_pending(desk, is_enough)
        self.outgoing.fill(desk)
        busy = self.crew.busy()
        for link in links:
            channel = self.channels[link.name]
            if not channel.away and link.name not in busy and waiting(desk, link.name):
                self.crew.push(link.name, partial(push_to, channel, self.outgoing))
        wait(self.crew.pushing, desk.timing.patience_seconds)
        self._hear_pushes(done)  # not of files that came meanwhile: they are still to be taken

    def close(self) -> None:
        """Asks the links' threads to end, and gives them a moment; what is broken off is begun again another time."""
        self.stop.set()
        self.crew.close()
