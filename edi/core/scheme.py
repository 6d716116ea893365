"""A scheme as the rest of the house sees it: a value. `edi.schemes` has the tuple of them all.

How a second one is added: a package `edi/NAME` with the modules that it needs of those of `edi/lending` (`rules`, `booking`,
`matching`, `books`), its layouts in `schemas/NAME` and `parsers/NAME`, its tables in a migration of `edi/core/tables`, its table
of `edi.toml` as a field of `Settings`, its acts in `edi/acts/NAME` and their views in `edi/cli/views/NAME`; and a row in
`edi/schemes.py`, before the one that claims whatever is left.

What is due to it goes to the one chain of the ledger: rows of the period and `ledger.CLAIM`, handed to `ledger.weigh` and
posted by `ledger.post` as the difference to what stands, whenever the scheme knows them (the lending right after each pass:
`edi.lending.matching.claims`). They are of a `Kind` of its own, which says what is hashed of an entry and how one is proved.
`tests/edi/core/test_scheme.py` adds a scheme so.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.core.judged import Booked, Judged
from edi.core.ledger import Kind
from edi.core.limits import Limits
from edi.core.partners import Partner
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


class Moving(msgspec.Struct, frozen=True):
    """What has to be found before the directory changes, and put right after: a scheme that keeps facts under the partner
    they are resolved to has them moved.

    `seek` finds it, of the directory before and after, within a snapshot while others write, and gives up to where it has
    looked; `affected` is how many facts that touches. In the transaction of the change `leave` takes them out, with what
    came since, and says how many it touched; `arrive` puts them where they belong.
    """

    seek: Callable[[Desk, Mapping[str, Partner], Mapping[str, Partner]], int]
    affected: Callable[[Desk], int]
    leave: Callable[[Desk, int], int]
    arrive: Callable[[Desk], None]


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the house asks of a scheme.

    `roles` are those its partners are in, `categories` what a partner may be; `kinds` are
    the entries it posts, each with how it is proved. `moving` is what moves with the directory, if anything does.

    `claims` says whether a file is a message of this scheme, and leaves its stream at the beginning. `judge` reads and
    checks a file, under no lock. `book` books what was judged within the caller's write transaction, with everything that
    it touches, or nothing (`dry`). `discard` takes away what judging left of a receipt that came to nothing; `forgotten`
    are the receipts of which a killed run left something. `unchecked` are the codes that could not be raised.
    `send_pending` puts into the outbox what became of what declarants declared, and they have not been told yet: how many
    files; it is stopped after any of them. `state` are the facts of it that `edi status` shows, by names of its own.
    """

    name: str
    roles: tuple[str, ...]
    categories: tuple[str, ...] = ()
    kinds: tuple[Kind, ...]
    moving: Moving | None = None
    claims: Callable[[Source], bool]
    judge: Callable[[Desk, Source, File], Judged]
    book: Callable[[Desk, Judged, File], Booked]
    discard: Callable[[Desk, int], None]
    forgotten: Callable[[Desk], list[int]]
    unchecked: Callable[[Desk, File], tuple[str, ...]]
    send_pending: Callable[[Desk, Callable[[], bool]], int]
    state: Callable[[Desk], dict[str, Any]]
