"""Acknowledgements: made from a verdict, put in the outbox, listed, sent again, pushed.

The outbox is the `answer` table: written in T2, pushed afterwards, marked only once it is pushed.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from edi.core.desk import Desk
from edi.core.judged import Booked, Judged
from edi.core.outbox import send
from edi.core.scheme import File
from edi.core.store import transaction
from edi.intake.arrivals import Arrival
from parsers.answers import render
from schemas.acknowledgement import Acknowledgement
from schemas.errors import NotFound
from schemas.finding import Finding
from schemas.text import Both, Text, stored


def acknowledge(
    judged: Judged, booked: Booked, file: File, arrival: Arrival, *, sha256: str, not_checked: tuple[str, ...],
    corrections: Iterable[str] = (),
) -> Acknowledgement:  # fmt: skip
    """The acknowledgement of a file that was read; `sha256` is of its bytes as they came."""
    header = judged.header
    return Acknowledgement(
        file=arrival.name,
        sha256=sha256,
        format=judged.format,
        verdict=booked.verdict,
        addressee=(header.declarant if header else None) or arrival.link_gln,
        sender=file.ours,
        answered_at=file.now,
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
        dry_run=file.dry or file.alone,
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


def post(desk: Desk, file: File, arrival: Arrival, acknowledgement: Acknowledgement) -> None:
    """Puts every answer to a file in the outbox, within T2."""
    files = render(acknowledgement, acknowledgement.file, arrival.encoding, arrival.language)
    send(desk, file.receipt, arrival.link, arrival.home, files, file.now)


def post_again(desk: Desk, file: File, arrival: Arrival, first: int, acknowledgement: Acknowledgement) -> None:
    """Answers a duplicate: the notices first given to receipt `first`, under the new name, and a report."""
    before = recall(desk, first)
    notices = []
    for row in desk.db.execute("SELECT name, body FROM answer WHERE receipt = ? ORDER BY id", (first,)):
        ending = row["name"][len(before.file) :] if before and row["name"].startswith(before.file) else ""
        if ending.startswith((".ast.", ".ane.", ".ate.")):
            notices.append((acknowledgement.file + ending, row["body"]))
    reports = render(acknowledgement, acknowledgement.file, "auto", arrival.language)
    send(desk, file.receipt, arrival.link, arrival.home, notices + reports, file.now)


def waiting(desk: Desk, link: str) -> list[int]:
    """The numbers of the answers a link has not been sent, oldest first; those often tried in vain come last."""
    sql = "SELECT id FROM answer WHERE link = ? AND sent_at IS NULL ORDER BY attempts > 3, id"
    return [row["id"] for row in desk.db.execute(sql, (link,))]


def answer_of(desk: Desk, number: int) -> sqlite3.Row:
    """The answer of that number, and whose declaration it answers."""
    row: sqlite3.Row = desk.db.execute(
        "SELECT *, (SELECT max(declarant) FROM declaration d WHERE d.receipt = answer.receipt) AS declarant "
        "FROM answer WHERE id = ?",
        (number,),
    ).fetchone()
    return row


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
    row: sqlite3.Row | None = desk.db.execute(
        "UPDATE answer SET sent_at = NULL, trouble = NULL WHERE id = ? RETURNING id, link, home, name", (answer,)
    ).fetchone()
    if row is None:
        raise NotFound(what=Both(f"réponse {answer}", f"answer {answer}"))
    return row


def note(desk: Desk, answer: int, trouble: Text | None = None) -> None:
    """Notes an attempt to push an answer: it is sent now, or what stood in the way."""
    at, kept = (desk.now().isoformat(), None) if trouble is None else (None, stored(trouble))
    with transaction(desk.db):
        desk.db.execute(
            "UPDATE answer SET sent_at = ?, trouble = ?, attempts = attempts + 1 WHERE id = ?", (at, kept, answer)
        )
