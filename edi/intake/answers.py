"""Acknowledgements: made from a verdict, put in the outbox, listed, sent again, pushed.

The outbox is the `answer` table: written in T2, pushed afterwards, marked only once it is pushed.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from edi.core.desk import Desk
from edi.core.judged import Booked, Judged
from edi.core.outbox import send
from parsers.answers import Encoding, render
from schemas.acknowledgement import Acknowledgement
from schemas.errors import NotFound
from schemas.finding import Finding
from schemas.text import Both


def acknowledge(
    judged: Judged, booked: Booked, *, file: str, sha256: str, sender: str, link_gln: str | None,
    not_checked: tuple[str, ...], dry: bool, now: datetime, corrections: Iterable[str] = (),
) -> Acknowledgement:  # fmt: skip
    """The acknowledgement of a file that was read. `now` is Paris wall-clock time."""
    header = judged.header
    return Acknowledgement(
        file=file,
        sha256=sha256,
        format=judged.format,
        verdict=booked.verdict,
        addressee=(header.declarant if header else None) or link_gln,
        sender=sender,
        answered_at=now,
        side=header.side if header else None,
        use=header.use if header else None,
        nature=header.nature if header else None,
        declarant=header.declarant if header else None,
        original_addressee=header.addressee if header else None,
        reference=header.reference if header else None,
        period=header.period if header else None,
        sending=header.sending if header else None,
        issued=header.issued if header else None,
        invoices=judged.invoices,
        accepted=booked.accepted,
        refused=booked.refused,
        findings=judged.tally.kept(),
        findings_total=judged.tally.by_code.total(),
        findings_by_code=dict(judged.tally.by_code),
        not_checked=not_checked,
        corrections=tuple(corrections),
        structure_refused=judged.tally.file_refused,
        dry_run=dry,
        would=booked.would,
    )


def keep(desk: Desk, receipt: int, acknowledgement: Acknowledgement) -> None:
    """Stores a verdict and its findings, within T2."""
    text = msgspec.json.encode(msgspec.structs.replace(acknowledgement, findings=())).decode()
    desk.db.execute("INSERT OR REPLACE INTO acknowledgement VALUES (?, ?)", (receipt, text))
    desk.db.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?)",
        [
            (receipt, ordinal, finding.code, msgspec.json.encode(finding).decode())
            for ordinal, finding in enumerate(acknowledgement.findings)
        ],
    )


def recall(desk: Desk, receipt: int) -> Acknowledgement | None:
    """The verdict kept for a receipt; None when there is none yet."""
    row = desk.db.execute("SELECT acknowledgement FROM acknowledgement WHERE receipt = ?", (receipt,)).fetchone()
    if row is None:
        return None
    findings = desk.db.execute("SELECT finding FROM finding WHERE receipt = ? ORDER BY ordinal", (receipt,))
    kept = tuple(msgspec.json.decode(finding["finding"], type=Finding) for finding in findings)
    acknowledgement = msgspec.json.decode(row["acknowledgement"], type=Acknowledgement)
    return msgspec.structs.replace(acknowledgement, findings=kept)


def post(
    desk: Desk, receipt: int, acknowledgement: Acknowledgement, link: str, home: str,
    encoding: Encoding, language: str, now: datetime,
) -> None:  # fmt: skip
    """Puts every answer to a file in the outbox, within T2."""
    files = render(acknowledgement, acknowledgement.file, encoding, language)
    send(desk, receipt, link, home, files, now)


def post_again(
    desk: Desk, receipt: int, first: int, acknowledgement: Acknowledgement, link: str, home: str,
    language: str, now: datetime,
) -> None:  # fmt: skip
    """Answers a duplicate: the notices first given to receipt `first`, under the new name, and a report."""
    before = recall(desk, first)
    notices = []
    for row in desk.db.execute("SELECT name, body FROM answer WHERE receipt = ? ORDER BY id", (first,)):
        ending = row["name"][len(before.file) :] if before and row["name"].startswith(before.file) else ""
        if ending.startswith((".ast.", ".ane.", ".ate.")):
            notices.append((acknowledgement.file + ending, row["body"]))
    reports = render(acknowledgement, acknowledgement.file, "auto", language)
    send(desk, receipt, link, home, notices + reports, now)


def waiting(desk: Desk, link: str) -> list[sqlite3.Row]:
    """The answers of a link that were not pushed yet, oldest first."""
    return desk.db.execute("SELECT * FROM answer WHERE link = ? AND sent_at IS NULL ORDER BY id", (link,)).fetchall()


def listing(desk: Desk, only_waiting: bool = False, limit: int | None = None) -> list[sqlite3.Row]:
    """The answers, newest first, without their bodies."""
    return desk.db.execute(
        "SELECT a.id, a.receipt, a.link, a.home, a.name, CASE WHEN EXISTS (SELECT 1 FROM correction WHERE answer = a.id) THEN NULL ELSE length(a.body) END AS size, a.written_at, a.sent_at, a.attempts, "
        "a.trouble, r.verdict FROM answer a JOIN receipt r ON r.id = a.receipt "
        f"WHERE ? = 0 OR a.sent_at IS NULL ORDER BY a.id DESC LIMIT {limit if limit is not None else -1}",
        (int(only_waiting),),
    ).fetchall()


def resend(desk: Desk, answer: int) -> sqlite3.Row:
    """Puts an answer back in the outbox, within the caller's transaction. Raises NotFound."""
    desk.db.execute("UPDATE answer SET sent_at = NULL, trouble = NULL WHERE id = ?", (answer,))
    row: sqlite3.Row | None = desk.db.execute(
        "SELECT id, link, home, name FROM answer WHERE id = ?", (answer,)
    ).fetchone()
    if row is None:
        raise NotFound(what=Both(f"réponse {answer}", f"answer {answer}"))
    return row


def note(desk: Desk, answer: int, sent_at: datetime | None, trouble: str | None) -> None:
    """Notes an attempt to push an answer: when it was sent, or what stood in the way."""
    desk.db.execute(
        "UPDATE answer SET sent_at = ?, trouble = ?, attempts = attempts + 1 WHERE id = ?",
        (sent_at and sent_at.isoformat(), trouble, answer),
    )
