"""What is exchanged with one link in a pass, in a thread of its own: files in (`fetch`), answers out (`outgoing`).

A link has its own connection to the server and to the database, so that a slow, dead or hostile one keeps
nobody else waiting. What goes wrong with it is noted for `edi status`.
"""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from edi.core.desk import Desk
from edi.core.store import is_world, transaction
from edi.intake.channel import Channel, Exchange, Talk, internal_failure, too_slow
from edi.intake.fetch import fetch
from edi.intake.outgoing import Outgoing, send
from schemas.errors import EdiError
from schemas.text import Text, stored
from spool.transports import connect

#: A connection lost at a file is made again in the same pass, but not for more files than this.
_POISONS = 5


def pull_from(channel: Channel, patient: bool) -> Exchange:
    """Fetches what is complete; `patient` waits once for files still settling, and tries those deferred too.

    A connection that is lost at a file is made again, and that file is tried once more after all others.
    """
    done, lost = Exchange(), Counter[str]()
    deadline = time.monotonic() + channel.link.pass_seconds
    work = partial(fetch, patient=patient, lost=lost)
    while True:
        losses, known = lost.total(), len(done.troubles)
        _talk(channel, done, deadline, work, tells_well=True)
        late = time.monotonic() >= deadline
        if lost.total() == losses or len(lost) > _POISONS or channel.stop.is_set() or late:
            return done
        done.troubles[known:] = [trouble for trouble in done.troubles[known:] if trouble[1]]  # of its files alone


def push_to(channel: Channel, outgoing: Outgoing) -> Exchange:
    """Sends the answers that wait; their copies leave outgoing/ once they are sent."""
    done = Exchange()
    work = partial(send, outgoing=outgoing)
    _talk(channel, done, time.monotonic() + channel.link.pass_seconds, work, tells_well=False)
    return done


def _talk(channel: Channel, done: Exchange, deadline: float, work: Callable[[Talk], None], *, tells_well: bool) -> None:
    """Does some work over the link; what goes wrong with it is noted for `edi status`, and if `tells_well` that nothing does.

    At the deadline the connection is hung up on, whatever it is at.
    """
    link, known, turn, done.away = channel.link, len(done.troubles), "operator", False
    with channel.desk.beside() as desk:
        try:
            with connect(link, desk.home.known_hosts) as remote:
                late = threading.Timer(max(0.0, deadline - time.monotonic()), remote.close)
                late.daemon = True
                late.start()
                try:
                    work(Talk(channel, desk, remote, done, deadline))
                finally:
                    late.cancel()
        except EdiError as wrong:
            done.away = wrong.transient
            turn = "edi" if wrong.transient else "operator"
            trouble = too_slow(link) if wrong.transient and time.monotonic() >= deadline else wrong
            done.troubles.insert(known, (trouble.text, ""))
        except (OSError, MemoryError):
            raise
        except Exception as crash:  # whatever a hostile server made us do, it is this link's affair alone
            if isinstance(crash, sqlite3.Error) and is_world(crash):
                raise
            done.away = True
            done.troubles.insert(known, (internal_failure(link.name, crash), ""))
        found = [what for what, file in done.troubles[known:] if not file]
        if found or tells_well:
            _note(desk, link.name, found[0] if found else None, turn)


def _note(desk: Desk, link: str, trouble: Text | None, turn: str) -> None:
    """Notes how a link is."""
    kept = None if trouble is None else stored(trouble)
    with transaction(desk.db):
        desk.db.execute(
            "INSERT INTO link_state (link, seen_at, trouble, trouble_since, turn) VALUES "
            "(?1, CASE WHEN ?3 IS NULL THEN ?2 END, ?3, CASE WHEN ?3 IS NOT NULL THEN ?2 END, ?4) "
            "ON CONFLICT (link) DO UPDATE SET trouble = ?3, turn = ?4, "
            "seen_at = CASE WHEN ?3 IS NULL THEN ?2 ELSE seen_at END, "
            "trouble_since = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(trouble_since, ?2) END",
            (link, desk.now().isoformat(), kept, turn if kept else None),
        )
