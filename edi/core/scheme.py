"""A scheme as the rest of the house sees it: a value. `edi.schemes` has the tuple of them all."""

from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from edi.core.desk import Desk
from edi.core.judged import Booked, Judged
from edi.core.limits import Limits
from parsers.sniff import Source


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A received file to be judged and booked: its receipt, the sha256 of the bytes that are read, who we are (GLN), and
    Paris wall-clock time.

    `dry` changes nothing. `speaks_for`: the declarants whoever sent it may speak for (None: everybody). `alone`: nothing
    else is booked where it is judged, and what only a home could say of it is not said. `progress` is told the bytes
    read so far, now and then.
    """

    receipt: int
    content: str
    ours: str
    now: datetime
    limits: Limits
    dry: bool = False
    alone: bool = False
    speaks_for: Collection[str] | None = None
    progress: Callable[[int], None] | None = None


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """What taking asks of a scheme.

    `judge` reads and checks a file, under no lock. `book` books what was judged within the caller's write transaction,
    with everything that it touches, or nothing (`dry`). `discard` takes away what judging left of a receipt that came to
    nothing; `forgotten` are the receipts of which a killed run left something. `unchecked` are the codes that could not
    be raised. `send_pending` puts into the outbox what became of what declarants declared, and they have not been told yet: how
    many files; it is stopped after any of them.
    """

    name: str
    judge: Callable[[Desk, Source, File], Judged]
    book: Callable[[Desk, Judged, File], Booked]
    discard: Callable[[Desk, int], None]
    forgotten: Callable[[Desk], list[int]]
    unchecked: Callable[[Desk, File], tuple[str, ...]]
    send_pending: Callable[[Desk, datetime, Callable[[], bool]], int]
