"""The crew: what is done with links, each in a thread of its own, so that none waits for another."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress

from edi.core.timing import Timing
from edi.intake.channel import Exchange

Work = Callable[[], Exchange]
#: What is being done, with the link it is done with.
AtWork = dict[Future[Exchange], str]


class Crew:
    """Threads at work. They do not keep the process from ending: what is broken off is begun again another time."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.pulling: AtWork = {}
        self.pushing: AtWork = {}
        self._slots = threading.Semaphore(timing.links_at_once)

    def pull(self, link: str, work: Work) -> Future[Exchange]:
        """Begins to pull from a link."""
        self.pulling[future := self._start(work)] = link
        return future

    def push(self, link: str, work: Work) -> None:
        """Begins to push to a link."""
        self.pushing[self._start(work)] = link

    def busy(self) -> set[str]:
        """The links that are being talked to, or were since they were last heard of."""
        return {*self.pulling.values(), *self.pushing.values()}

    def has_news(self) -> bool:
        """Whether a link that was busy is done, and was not heard of yet."""
        return any(future.done() for future in (*self.pulling, *self.pushing))

    def close(self) -> None:
        """Gives all who are at work a moment to come to an end."""
        wait([*self.pulling, *self.pushing], timeout=self.timing.grace_seconds)

    def _start(self, work: Work) -> Future[Exchange]:
        """Runs `work` in a daemon thread; no more than so many at once, of which slow ones stop counting."""
        future: Future[Exchange] = Future()
        slots = [self._slots]

        def free() -> None:
            with suppress(IndexError):  # once
                slots.pop().release()

        def run() -> None:
            self._slots.acquire()
            late = threading.Timer(self.timing.slot_seconds, free)
            late.daemon = True
            late.start()
            try:
                future.set_result(work())
            except BaseException as wrong:  # whoever hears of it raises it
                future.set_exception(wrong)
            finally:
                late.cancel()
                free()

        threading.Thread(target=run, daemon=True).start()
        return future


def heard(at_work: AtWork) -> Iterator[tuple[str, Exchange]]:
    """What has come to an end since it was last heard of, link by link. Raises what no link is to blame for."""
    for future, link in list(at_work.items()):
        if future.done():
            del at_work[future]
            yield link, future.result()
