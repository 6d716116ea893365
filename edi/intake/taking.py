"""Takes one received file: reads, checks, books, acknowledges. The road of every file, pulled or given.

T1 (`receive`) commits the receipt once the bytes are safe. Reading and checking happen under no
lock. T2 (`take`) commits verdict, invoices, findings, answers and the receipt's state together. A crash
of the checker leaves the receipt with verdict `failed`: never valid, never refused.
"""

import fcntl
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import IO

import msgspec

from edi import schemes
from edi.core.desk import Desk
from edi.core.judged import Judged
from edi.core.limits import Limits, OutOfTime, content_sha256, open_within
from edi.core.scheme import File, Scheme
from edi.core.settings import LOCAL
from edi.core.store import is_world, transaction, undone
from edi.intake import answers, correcting
from edi.intake.arrivals import Arrival, arrival_of
from edi.intake.channel import raised_at
from parsers.sniff import Source
from schemas.acknowledgement import Acknowledgement
from schemas.errors import EdiError
from schemas.text import stored
from spool.names import safe
from spool.receipt import Kept

Progress = Callable[[int], None]
#: How many receipts are noted in one transaction.
_PIECE = 5_000


def receive(desk: Desk, arrival: Arrival, kept: Kept) -> int:
    """T1: the receipt of bytes that are safe. The same remote file once more is the same receipt, until it was archived."""
    with transaction(desk.db):
        row = desk.db.execute(
            "SELECT id FROM receipt WHERE link = ? AND remote_path = ? AND sha256 = ? AND remote_modified = ? "
            "AND remote_path <> '' AND archived_at IS NULL",
            (arrival.link, arrival.remote_path, kept.sha256, arrival.modified),
        ).fetchone()
        if row is None:
            row = desk.db.execute(
                "INSERT INTO receipt (sha256, size, name, link, home, remote_path, remote_modified, dry, received_at, state) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'received') RETURNING id",
                (
                    kept.sha256, kept.size, arrival.name, arrival.link, arrival.home, arrival.remote_path,
                    arrival.modified, arrival.dry, desk.now().isoformat(),
                ),
            ).fetchone()  # fmt: skip
        return int(row["id"])


def note_archived(desk: Desk, receipts: Sequence[int]) -> None:
    """Notes that the files of these receipts are out of their depots: put back, they come again and are answered again."""
    rows = [(desk.now().isoformat(), receipt) for receipt in receipts]
    for place in range(0, len(rows), _PIECE):
        with transaction(desk.db):
            desk.db.executemany("UPDATE receipt SET archived_at = ? WHERE id = ?", rows[place : place + _PIECE])


def unarchived(desk: Desk, link: str) -> dict[int, str]:
    """The receipts of a link whose files may still lie in a depot, with their paths as far as they can be read."""
    found = desk.db.execute(
        "SELECT id, remote_path FROM receipt WHERE link = ? AND remote_path <> '' AND archived_at IS NULL", (link,)
    )
    return dict(found.fetchall())


@cache
def checker(limits: Limits) -> str:
    """What checks here, under which limits: a digest of its own code. Another one may not fail where this one did."""
    digest = hashlib.blake2b(repr(limits).encode(), digest_size=8)
    for package in ("edi", "parsers", "schemas"):
        root = Path(__file__).parents[2] / package
        for path in sorted((*root.rglob("*.py"), *root.rglob("*.xsd"))):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def take_receipt(desk: Desk, receipt: int) -> Acknowledgement:
    """Takes a received file by its receipt. Raises NotFound when its link is no longer in the settings."""
    row = desk.db.execute("SELECT name, link, home, dry FROM receipt WHERE id = ?", (receipt,)).fetchone()
    return take(desk, receipt, arrival_of(desk.home, row))


def take(desk: Desk, receipt: int, arrival: Arrival, progress: Progress | None = None) -> Acknowledgement:
    """Reads, checks and books a received file; its answers are in the outbox afterwards.

    A crash of ours is kept as verdict `failed` with its trouble; database and disk trouble is raised.
    """
    sha256: str = desk.db.execute("SELECT sha256 FROM receipt WHERE id = ?", (receipt,)).fetchone()[0]
    with desk.folder.original(sha256).open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # two processes never take the same bytes at once
        try:
            return _taken(desk, receipt, sha256, arrival, stream, progress)
        except (OSError, EdiError):
            raise
        except Exception as crash:  # whatever it is, it is ours: the file waits, and is neither valid nor refused
            if isinstance(crash, sqlite3.Error) and is_world(crash):
                raise
            trouble = f"{type(crash).__name__} ({raised_at(crash)})"
            if isinstance(crash, OutOfTime):
                trouble = stored(crash.text)
            with transaction(desk.db):
                desk.db.execute(
                    "UPDATE receipt SET state = 'failed', verdict = 'failed', trouble = ?, failed_with = ? WHERE id = ?",
                    (trouble, checker(desk.home.settings.limits), receipt),
                )
                desk.db.execute("DELETE FROM acknowledgement WHERE receipt = ?", (receipt,))
            return Acknowledgement(
                file=arrival.name, sha256=sha256, format=None, verdict="failed", addressee=arrival.link_gln,
                sender=desk.home.settings.gln, answered_at=desk.now(),
            )  # fmt: skip


def _taken(
    desk: Desk, receipt: int, sha256: str, arrival: Arrival, stream: IO[bytes], progress: Progress | None
) -> Acknowledgement:
    limits = desk.home.settings.limits
    source = open_within(stream, limits)
    file = File(
        receipt=receipt, content=content_sha256(source, sha256), ours=desk.home.settings.gln, now=desk.now(),
        limits=limits, dry=arrival.dry, speaks_for=arrival.speaks_for, progress=progress,
    )  # fmt: skip
    with transaction(desk.db):
        again = _settled(desk, receipt) or _duplicate(desk, file, arrival)
    if again is not None:
        return again
    scheme = schemes.of(source)
    judged = scheme.judge(desk, source, file)
    with transaction(desk.db):
        # another process may have taken the receipt, booked the same bytes or imported partners while we read
        settled = _settled(desk, receipt)
        answered = settled or _duplicate(desk, file, arrival)
        if answered is None:
            answered = _book(desk, scheme, judged, file, arrival, sha256)
            if answered.verdict in ("refused", "partly-accepted"):
                desk.folder.quarantine(sha256, arrival.name)
    if settled is None and (answered.verdict in ("refused", "duplicate") or answered.use == "test"):
        scheme.discard(desk, receipt)
    return answered


def _book(desk: Desk, scheme: Scheme, judged: Judged, file: File, arrival: Arrival, sha256: str) -> Acknowledgement:
    """What T2 writes of a file that is not a duplicate; its answer."""
    booked = scheme.book(desk, judged, file)
    corrections = correcting.plan(judged, booked, arrival.name, sha256, file.now)
    answered = answers.acknowledge(
        judged, booked, file, arrival, sha256=sha256, not_checked=scheme.unchecked(desk, file), corrections=corrections
    )
    answers.keep(desk, file.receipt, answered)
    answers.post(desk, file, arrival, answered)
    correcting.post(desk, file, arrival, corrections)
    _answered(desk, file.receipt, answered.verdict)
    return answered


def _answered(desk: Desk, receipt: int, verdict: str) -> None:
    desk.db.execute(
        "UPDATE receipt SET state = 'answered', verdict = ?, trouble = NULL WHERE id = ?", (verdict, receipt)
    )


def _settled(desk: Desk, receipt: int) -> Acknowledgement | None:
    """The verdict that stands on a receipt already answered."""
    row = desk.db.execute("SELECT state FROM receipt WHERE id = ?", (receipt,)).fetchone()
    return answers.recall(desk, receipt) if row["state"] == "answered" else None


def _duplicate(desk: Desk, file: File, arrival: Arrival) -> Acknowledgement | None:
    """The answer to bytes already booked for a declarant this link speaks for; None for any others."""
    if file.dry:
        return None
    row = desk.db.execute(
        "SELECT receipt, declarant FROM v_declaration WHERE sha256 = ? AND counts AND NOT cancelled ORDER BY id LIMIT 1",
        (file.content,),
    ).fetchone()
    if row is None or (file.speaks_for is not None and row["declarant"] not in file.speaks_for):
        return None
    first = answers.recall(desk, row["receipt"])
    assert first is not None
    again = msgspec.structs.replace(first, file=arrival.name, verdict="duplicate", answered_at=file.now)
    answers.keep(desk, file.receipt, again)
    answers.post_again(desk, file, arrival, row["receipt"], again)
    _answered(desk, file.receipt, "duplicate")
    return again


def check_file(
    aside: Desk, stream: IO[bytes], name: str, progress: Progress | None = None
) -> tuple[Acknowledgement, Source]:
    """The vendor's validator: a file is taken as any other, at a desk whose database is thrown away and knows the directory
    (`edi.core.partners.known_aside`), and all of it undone.

    The source comes back too, open as long as `stream` is: for excerpts of what was found.
    """
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    arrival, settings = Arrival(name=safe(name), link=LOCAL), aside.home.settings
    receipt = receive(aside, arrival, Kept(digest, stream.tell(), Path()))
    source = open_within(stream, settings.limits)
    file = File(
        receipt=receipt, content=digest, ours=settings.gln, now=aside.now(), limits=settings.limits, alone=True,
        progress=progress,
    )  # fmt: skip
    scheme = schemes.of(source)
    judged = scheme.judge(aside, source, file)
    with undone(aside.db):
        answered = _book(aside, scheme, judged, file, arrival, digest)
    scheme.discard(aside, receipt)
    return msgspec.structs.replace(answered, file=name, corrections=(), would=None), source
