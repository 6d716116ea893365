"""A link at work, and one conversation over it: with which connections, until when, and what came of it."""

import time
import traceback
from pathlib import Path

import msgspec

from edi.core.desk import Desk, Tell
from schemas.errors import LinkAway
from schemas.finding import shown
from schemas.text import Both, Text
from spool.pull import Settling
from spool.remote import Remote
from spool.transports import AnyLink


class Exchange(msgspec.Struct):
    """What one link did in a pass, and what it says of the next.

    `seen` are the paths that its last listing showed, `growing` in how many seconds the first growing one is due.
    """

    pulled: int = 0
    pushed: int = 0
    waiting: int = 0
    away: bool = False
    seen: set[str] = msgspec.field(default_factory=set)
    growing: float | None = None
    troubles: list[tuple[Text, str]] = msgspec.field(default_factory=list)  # (what, in which file)


class Channel:
    """One link, as long as a run lasts, and what is remembered of it from pass to pass.

    `desk` is the run's: only its home, folder and clock may be used in another thread than its own.
    """

    def __init__(self, desk: Desk, link: AnyLink, tell: Tell) -> None:
        self.desk = desk
        self.link = link
        self.tell = tell
        self.stop = desk.stop
        self.settling = Settling(link.settle_seconds)
        #: How many names of a folder that holds more than a listing shows are passed over next time.
        self.starts: dict[str, int] = {}
        #: The homes of the files still to be fetched, by path; None while nobody knows which there are.
        self.owed: dict[str, str] | None = {}
        #: What its last pull did, and whether it could be reached when last tried.
        self.pulled = Exchange()
        self.away = False

    def owing(self) -> set[str] | None:
        """The homes of which files are still to be fetched, as far as the last pull could see; None: perhaps any."""
        return None if self.owed is None else set(self.owed.values())

    def give_up(self, path: str) -> None:
        """Nothing waits for this file any more."""
        if self.owed:
            self.owed.pop(path, None)


class Talk(msgspec.Struct, frozen=True):
    """One conversation with a link, in a thread of its own: `desk` and `remote` are this thread's.

    `deadline` is of the clock that never goes back; then the connection is hung up on.
    """

    channel: Channel
    desk: Desk
    remote: Remote
    done: Exchange
    deadline: float

    @property
    def link(self) -> AnyLink:
        """The link that is talked to."""
        return self.channel.link

    def is_late(self) -> bool:
        """Whether the link has had its time."""
        return time.monotonic() >= self.deadline

    def go_on(self) -> None:
        """Raises LinkAway when the run is to end, or the link has had its time."""
        if self.channel.stop.is_set():
            raise LinkAway(link=self.link.name, why=Both("arrêt demandé", "asked to stop"))
        if self.is_late():
            raise too_slow(self.link)


def too_slow(link: AnyLink) -> LinkAway:
    """The error of a link that has had its time."""
    figure = f"{link.pass_seconds:g} s (pass_seconds)"
    return LinkAway(link=link.name, why=Both(f"plus de {figure} : trop lente", f"more than {figure}: too slow"))


def internal_failure(what: str, crash: Exception) -> Text:
    """What to say of a mistake of ours: what went wrong where, nothing of what the other side sent."""
    place = f"{type(crash).__name__}, {raised_at(crash)}"
    return Both(f"{shown(what)} : panne interne ({place})", f"{shown(what)}: internal failure ({place})")


def raised_at(crash: Exception) -> str:
    """The file and line of ours at which it was raised."""
    where = traceback.extract_tb(crash.__traceback__)[-1]
    return f"{Path(where.filename).name}:{where.lineno}"
