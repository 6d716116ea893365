"""Fetching what is complete on a link: bytes home, T1, and then into the partner's archive.

A file that cannot be had is tried again later and later (`edi.intake.deferred`), after all others, and shown as stuck
with the reason and whose turn it is; over a quota it is not even fetched.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from edi.intake.arrivals import arrival_at
from edi.intake.channel import Talk, internal_failure, too_slow
from edi.intake.deferred import Deferred, Known, Quota, clear, defer, deferred, note_growing, turn_after
from edi.intake.taking import note_archived, receive, unarchived
from schemas.errors import EdiError, LinkError
from schemas.finding import shown
from schemas.text import Text, filled
from spool import names
from spool.errors import Changed, DiskTrouble, TooBig
from spool.pull import archive, listing, pull
from spool.receipt import RemoteFile
from spool.remote import LONGEST_LISTING

#: How long a file waits for others of its home that could not be fetched: what it replaces may be among them.
PATIENCE = timedelta(minutes=15)
#: So often in a pass a file is tried at which the connection is lost.
_TRIES = 2


def fetch(talk: Talk, patient: bool, lost: Counter[str]) -> None:
    """Fetches what is complete. `patient` waits once for files still settling, and tries deferred ones before their time.

    `lost` counts by path how often the connection was lost at a file in this pass. Raises what is wrong with the link,
    or with us; what is wrong with a file alone is noted.
    """
    channel, link, done, desk = talk.channel, talk.link, talk.done, talk.desk
    channel.owed = None
    complete = _complete(talk, patient)
    channel.owed = {file.path: file.home for file in complete}
    known = deferred(desk, link.name)
    if not (channel.starts or done.troubles):  # what is not there any more is not deferred
        seen = {names.readable(path) for path in done.seen}
        clear(desk, link.name, known.keys() - seen)
        if gone := [receipt for receipt, path in unarchived(desk, link.name).items() if path not in seen]:
            note_archived(desk, gone)  # a run died as it archived them
    quota, now = Quota(desk, link), desk.now()
    note_growing(desk, link.name, channel.settling.moving, known)
    beyond: list[tuple[RemoteFile, Text, str]] = []
    for file in _in_turn(complete, known, lost):
        if channel.stop.is_set():
            return
        before = known.get(names.readable(file.path))
        tried = before.tried(file) if before else 0
        if lost[file.path] >= _TRIES and before:
            done.troubles.append((before.why, file.name))
            if len(lost) == 1:  # more than one: it is the link that fails, and not the file
                channel.give_up(file.path)
        elif tried and before and not patient and not lost[file.path] and before.next_at > now:
            if before.turn == "partner" or tried > 1 or now - before.since >= PATIENCE:
                channel.give_up(file.path)  # it did not fail for a moment only
        elif file.size <= link.max_bytes and (over := quota.over(file.size)) is not None:
            beyond.append((file, *over))
            channel.give_up(file.path)
        elif _try(talk, file, before, lost):
            quota.count(file.size)
    defer(desk, link.name, beyond, known)
    done.troubles += [(why, file.name) for file, why, _ in beyond]


def _complete(talk: Talk, patient: bool) -> list[RemoteFile]:
    """The files that are complete. Of a folder too long for a listing the next pass sees the next part."""
    channel, done, settling = talk.channel, talk.done, talk.channel.settling
    troubles, full = list[LinkError](), set[str]()
    complete, waiting = settling.sort(listing(talk.remote, talk.link, troubles, channel.starts, full))
    if waiting and patient:
        channel.stop.wait(settling.due_seconds(waiting) or 0)
        troubles.clear()
        complete, waiting = settling.sort(listing(talk.remote, talk.link, troubles, channel.starts, full))
    # by halves, so that two listings in a row show every file: it is complete when it has not moved in between
    channel.starts = {folder: channel.starts.get(folder, 0) + LONGEST_LISTING // 2 for folder in full}
    done.waiting = len(waiting)
    done.seen = {file.path for file in (*complete, *waiting)}
    done.growing = settling.due_seconds(waiting)
    done.troubles += [(wrong.text, "") for wrong in troubles]
    return complete


def _in_turn(files: Iterable[RemoteFile], known: Known, lost: Counter[str]) -> list[RemoteFile]:
    """Files in the order in which they are fetched: what failed before comes last, and no home waits for another's many."""
    ranks = Counter[str]()

    def rank(file: RemoteFile) -> tuple[int, int, int]:
        ranks[file.home] += 1
        before = known.get(names.readable(file.path))
        return lost[file.path], before.tried(file) if before else 0, ranks[file.home]

    return sorted(files, key=rank)


def _try(talk: Talk, file: RemoteFile, before: Deferred | None, lost: Counter[str]) -> bool:
    """Fetches one file; whether it did. What is wrong with it alone is noted; raises what is wrong with the link, or with us."""
    channel, done, now = talk.channel, talk.done, talk.desk.now
    tried, loss = before.tried(file) if before else 0, None
    try:
        _take_home(talk, file, before)
        return True
    except Changed as wrong:  # written while we read: the next pass takes it whole
        done.waiting += 1
        done.growing = talk.link.settle_seconds
        why, turn = wrong.text, turn_after(before, tried, wrong.text, now())
    except DiskTrouble:
        raise
    except EdiError as wrong:
        why, turn = wrong.text, "partner" if isinstance(wrong, TooBig) else "operator"
        if wrong.transient:
            if channel.stop.is_set():
                raise
            loss = too_slow(talk.link) if talk.is_late() else wrong
            why = filled("{name} : {loss}", name=shown(file.name), loss=loss.text)
            turn = turn_after(before, tried, why, now())
    except (sqlite3.Error, OSError, MemoryError):
        raise
    except Exception as crash:  # a file may be poisoned; the next is not
        why, turn = internal_failure(file.name, crash), "operator"
    defer(talk.desk, talk.link.name, [(file, why, turn)], {before.path: before} if before else {})
    if loss is not None:
        lost[file.path] += 1
        raise loss
    if turn == "partner" or tried:  # refused once, it may be had next time
        channel.give_up(file.path)
    if turn != "edi":
        done.troubles.append((why, file.name))
    return False


def _take_home(talk: Talk, file: RemoteFile, before: Deferred | None) -> None:
    """Fetches a file, T1, archives it. It is told of at once the first time, else only when it is out of the way."""
    desk, link = talk.desk, talk.link
    kept = pull(talk.remote, file, desk.folder, link.max_bytes, talk.go_on)
    arrival = arrival_at(link, file.home, names.safe(file.name), file.test)
    arrival = msgspec.structs.replace(arrival, remote_path=names.readable(file.path), modified=int(file.modified))
    receipt = receive(desk, arrival, kept)
    talk.channel.give_up(file.path)
    facts = {"home": file.home, "file": arrival.name, "size": kept.size, "sha256": kept.sha256, "receipt": receipt}
    first = not (before and before.tried(file))
    if first:
        _pulled(talk, facts)
    if not archive(talk.remote, link, file, kept):
        raise Changed(name=shown(file.name))
    note_archived(desk, [receipt])
    if before:
        clear(desk, link.name, [before.path])
    if not first:
        _pulled(talk, facts)


def _pulled(talk: Talk, facts: dict[str, Any]) -> None:
    talk.done.pulled += 1
    talk.channel.tell("pulled", {"link": talk.link.name, **facts})
