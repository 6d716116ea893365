"""A reader's work in a thread of its own, step by step with whoever takes its events.

libxml2 keeps every name it meets, and lxml shares that store among all that a thread parses, for as long as the
thread lives: invented names of one file would fill it, and past 100 MB every later XML file of a long run would be
refused. So each file is parsed in its own thread, and the store goes with it. Never do both sides work at once.
"""

import threading
from collections.abc import Iterator

from schemas.declaration import Event, Invoice

#: Events, lines of invoices and their findings that are handed over at once.
_BATCH = 2_000


def apart(events: Iterator[Event | None]) -> Iterator[Event]:
    """The same events, made in another thread; a None among them is only a moment at which it may be stopped."""
    worker = _Worker(events)
    worker.start()
    try:
        while not worker.over:
            worker.wanted.release()
            worker.made.acquire()
            made, worker.batch = worker.batch, []
            yield from made
        if worker.wrong is not None:
            raise worker.wrong
    finally:
        worker.over = True
        worker.wanted.release()
        worker.join()


class _Worker(threading.Thread):
    def __init__(self, events: Iterator[Event | None]) -> None:
        super().__init__(daemon=True)
        self.events = events
        self.batch: list[Event] = []
        self.over = False
        self.wrong: BaseException | None = None
        self.wanted, self.made = threading.Semaphore(0), threading.Semaphore(0)

    def run(self) -> None:
        while not self.over:
            self.wanted.acquire()
            try:
                self._fill()
            except BaseException as wrong:  # it is raised where the events are taken
                self.wrong = wrong
                self.over = True
            self.made.release()
        self.events = iter(())  # and with it all that was parsed, while this thread still is

    def _fill(self) -> None:
        weight = 0
        while weight < _BATCH and not self.over:
            try:
                event = next(self.events)
            except StopIteration:
                self.over = True
                return
            if event is not None:
                self.batch.append(event)
                weight += 1 + (len(event.lines) + len(event.findings) if isinstance(event, Invoice) else 0)
