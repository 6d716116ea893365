"""The main job for ever: each link at its own time, and a file dropped into a local folder at once.

A link is looked at every so often (`every_seconds`), sooner while a file on it is still growing, later and
later while it cannot be reached. What goes wrong with the disk or the database ends a pass, never the run.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from edi.core.timing import Timing
from edi.intake.channel import Channel
from edi.intake.pipeline import Pass, Run
from schemas.errors import EdiError
from schemas.text import say
from spool.local import watch
from spool.local.folder import FolderLink
from spool.pull import listing
from spool.transports import connect

#: When each link is due, by its name, on the clock that never goes back.
Due = dict[str, float]


def forever(run: Run, after: Callable[[Pass], None]) -> None:
    """Pass after pass until the run's `stop` is set; `after` is told of each."""
    due: Due = {}
    failed: dict[str, int] = {}
    try:
        while not run.stop.is_set():
            _pass(run, after, due, failed)
            _wait(run, due)
    finally:
        run.close()


def _pass(run: Run, after: Callable[[Pass], None], due: Due, failed: dict[str, int]) -> None:
    """One pass over the links that are due. `failed` counts how often in a row each could not be reached."""
    now, settings, language = time.monotonic(), run.desk.home.settings, run.desk.language
    only = {link.name for link in settings.link if due.get(link.name, now) <= now}
    try:
        after(run.once(only=only))
    except (EdiError, OSError, sqlite3.OperationalError) as wrong:
        trouble = say(wrong.text, language) if isinstance(wrong, EdiError) else str(wrong)
        run.report("trouble", {"link": "", "trouble": trouble})
    ended = time.monotonic()
    for name in only | run.heard:  # one that is still busy is heard of later
        channel = run.channels[name]
        if name in run.heard:
            failed[name] = failed.get(name, 0) + 1 if channel.away else 0
        due[name] = ended + pause(channel, settings.every_seconds, failed.get(name, 0), run.desk.timing)


def pause(channel: Channel, every: float, failed: int, timing: Timing) -> float:
    """In how many seconds a link is looked at again, which is otherwise done `every` so many."""
    if failed:
        return max(every, min(every * 2.0 ** min(failed - 1, 10), timing.seldom_seconds))
    return every if channel.pulled.growing is None else max(min(every, channel.pulled.growing), timing.breath_seconds)


def _wait(run: Run, due: Due) -> None:
    """Waits until a link is due, or a slow one is done; something new in a local folder makes that link due."""
    timing, stop = run.desk.timing, run.stop
    first = min(due.values(), default=time.monotonic() + run.desk.home.settings.every_seconds)
    stop.wait(min(timing.breath_seconds, max(0.0, first - time.monotonic())))
    while not stop.is_set() and (left := first - time.monotonic()) > 0:
        folders = [link for link in run.links() if isinstance(link, FolderLink)]
        if run.crew.has_news():
            return
        often = bool(folders or run.crew.busy())
        depots = [depot for link in folders for depot in link.depots()]
        changed = watch.wait(depots, min(left, timing.look_seconds) if often else left, stop)
        new = [
            link.name
            for link in folders
            if changed or _is_new(link, run.desk.home.known_hosts, run.channels[link.name].pulled.seen)
        ]
        if new and not stop.is_set():
            due.update(dict.fromkeys(new, time.monotonic()))
            return


def _is_new(link: FolderLink, known_hosts: Path, seen: set[str]) -> bool:
    """Whether a local folder holds a file that no pass has seen: it came while we were busy, or unwatched."""
    try:
        with connect(link, known_hosts) as remote:
            return bool({file.path for file in listing(remote, link, [])} - seen)
    except EdiError:
        return False
