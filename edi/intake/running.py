"""The main job for ever: each link at its own time, and a file dropped into a local folder at once.

A link is looked at every so often (`every_seconds`), sooner while a file on it is still growing, later and
later while it cannot be reached. What goes wrong with the disk or the database ends a pass, never the run.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edi.intake.pipeline import Pass, Run
from schemas.errors import EdiError
from spool import watch
from spool.link import Link
from spool.pull import listing
from spool.reaching import reach

#: How often local folders are looked into where watching tells nothing, as on network shares.
_LOOK_SECONDS = 2.0
#: A file that is still being written does not make us look more often than this.
_BREATH_SECONDS = 0.5
#: A link that cannot be reached is tried ever more seldom, but at least this often.
_SELDOM_SECONDS = 300.0


def forever(running: Run, stop: threading.Event, after: Callable[[Pass], None]) -> None:
    """Pass after pass until `stop` is set; `after` is told of each."""
    running.heed(stop)
    due: dict[str, float] = {}
    failed: dict[str, int] = {}
    try:
        _passes(running, stop, after, due, failed)
    finally:
        running.close()


def _passes(
    running: Run, stop: threading.Event, after: Callable[[Pass], None], due: dict[str, float], failed: dict[str, int]
) -> None:
    while not stop.is_set():
        now = time.monotonic()
        only = {link.name for link in running.home.settings.link if due.get(link.name, now) <= now}
        try:
            after(running.once(only=only))
        except (EdiError, OSError, sqlite3.OperationalError) as wrong:
            running.tell("trouble", {"link": "", "trouble": str(wrong)})
        ended = time.monotonic()
        for name in only | running.heard:  # one that is still busy is heard of later
            if name in running.heard:
                failed[name] = failed.get(name, 0) + 1 if name in running.away else 0
            due[name] = ended + _pause(running, name, failed.get(name, 0))
        _wait(running, due, stop)


def _pause(running: Run, name: str, failed: int) -> float:
    """In how many seconds a link is looked at again."""
    every = running.home.settings.every_seconds
    if failed:
        return max(every, min(every * 2.0 ** min(failed - 1, 10), _SELDOM_SECONDS))
    growing = running.growing.get(name)
    return every if growing is None else max(min(every, growing), _BREATH_SECONDS)


def _wait(running: Run, due: dict[str, float], stop: threading.Event) -> None:
    """Waits until a link is due, or a slow one is done; something new in a local folder makes that link due."""
    first = min(due.values(), default=time.monotonic() + running.home.settings.every_seconds)
    stop.wait(min(_BREATH_SECONDS, max(0.0, first - time.monotonic())))
    while not stop.is_set() and (left := first - time.monotonic()) > 0:
        local = [link for link in running.links() if link.kind == "folder"]
        if running.has_news():
            return
        busy = running.is_busy()
        told = watch.wait(_depots(local), min(left, _LOOK_SECONDS) if local or busy else left, stop)
        new = [link.name for link in local if told or _is_new(running, link)]
        if new and not stop.is_set():
            due.update(dict.fromkeys(new, time.monotonic()))
            return


def _depots(local: list[Link]) -> list[Path]:
    """The folders in which local links' declarations arrive."""
    found = []
    for link in local:
        root = Path(link.path or ".").expanduser()
        found += [path for path in root.glob(link.depot) if path.is_dir()]
    return found


def _is_new(running: Run, link: Link) -> bool:
    """Whether a local folder holds a file that no pass has seen: it came while we were busy, or unwatched."""
    try:
        with reach(link, running.home.known_hosts) as remote:
            return bool({file.path for file in listing(remote, link, [])} - running.seen.get(link.name, set()))
    except EdiError:
        return False
