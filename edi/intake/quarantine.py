"""The quarantine: refused files, what was found and where in the bytes, and what people decided of them.

Nothing is ever lost: releasing reads the same bytes again as a new receipt, with today's rules; discarding
takes a file off the list, for a reason. Every act is kept with who and when.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.intake import answers
from parsers.excerpts import Excerpt, excerpts
from parsers.sniff import open_source
from schemas.acknowledgement import Acknowledgement
from schemas.catalogue import message, reach
from schemas.errors import NotAllowed, NotFound
from schemas.finding import Finding
from schemas.text import Both, recalled, say

_WAITS = """
    (r.state = 'failed' OR r.verdict IN ('refused', 'partly-accepted'))
    AND NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id)
"""
_SHOWN = 20


def listing(desk: Desk) -> list[dict[str, Any]]:
    """The files that wait in quarantine, oldest first."""
    return [
        {**spoken(desk, row), "releasable": row["verdict"] != "partly-accepted"}
        for row in desk.db.execute(
            "SELECT r.id, r.name, r.link, r.home, r.received_at, r.size, r.sha256, r.verdict, r.trouble, "
            "(SELECT group_concat(code, ' ') FROM (SELECT DISTINCT code FROM finding WHERE receipt = r.id LIMIT 6)) AS codes "
            f"FROM receipt r WHERE {_WAITS} ORDER BY r.id"
        )
    ]


def spoken(desk: Desk, row: sqlite3.Row) -> dict[str, Any]:
    """A receipt with its trouble in the desk's language."""
    return {**dict(row), "trouble": row["trouble"] and say(recalled(row["trouble"]), desk.language)}


def waiting(desk: Desk, receipt: int) -> sqlite3.Row:
    """The receipt of that number, if it waits in quarantine. Raises NotFound."""
    row: sqlite3.Row | None = desk.db.execute(
        f"SELECT r.* FROM receipt r WHERE r.id = ? AND {_WAITS}", (receipt,)
    ).fetchone()
    if row is None:
        raise NotFound(what=Both(f"{receipt} en quarantaine", f"{receipt} in quarantine"))
    return row


def show(desk: Desk, receipt: int) -> tuple[Acknowledgement | None, dict[Finding, Excerpt]]:
    """The verdict on a file in quarantine, with its first findings, and for each of them where in the bytes it is."""
    original = desk.folder.original(waiting(desk, receipt)["sha256"])
    acknowledgement = answers.recall(desk, receipt)
    if acknowledgement is None:
        return None, {}
    findings = sorted(acknowledgement.findings, key=lambda finding: reach(finding) == "warning")[:_SHOWN]
    with original.open("rb") as stream:
        source = open_source(stream, desk.home.settings.max_bytes)
        first = msgspec.structs.replace(acknowledgement, findings=tuple(findings))
        return first, excerpts(source.stream, source.format, findings)


def as_json(acknowledgement: Acknowledgement | None, found: Mapping[Finding, Excerpt], language: str) -> dict[str, Any]:
    """What `show` gives, for `--json`."""
    return {
        "file": acknowledgement and acknowledgement.file,
        "verdict": acknowledgement.verdict if acknowledgement else "failed",
        "findings_total": acknowledgement.findings_total if acknowledgement else 0,
        "excerpts": [
            {
                "code": finding.code,
                "record": finding.record,
                "position": finding.position,
                "offset": found[finding].offset if finding in found else None,
                "text": found[finding].text if finding in found else "",
                "message": message(finding, language),
            }
            for finding in (acknowledgement.findings if acknowledgement else ())
        ],
    }


def release(desk: Desk, receipt: int, reason: str) -> int:
    """Puts the bytes on the road again as a new receipt, whose number it gives; within the caller's transaction.

    NotAllowed for a file booked in part: its bytes would be a duplicate.
    """
    row = waiting(desk, receipt)
    if row["verdict"] == "partly-accepted":
        raise NotAllowed(
            why=Both(
                "Ce fichier est comptabilisé en partie : le partenaire renvoie les factures refusées sous une autre "
                "référence, ou un remplacement.",
                "This file is booked in part: the partner sends the refused invoices again under another reference, or "
                "a replacement.",
            )
        )
    cursor = desk.db.execute(
        "INSERT INTO receipt (sha256, size, name, link, home, remote_path, remote_modified, dry, received_at, state) "
        "VALUES (?, ?, ?, ?, ?, '', 0, ?, ?, 'received')",
        (row["sha256"], row["size"], row["name"], row["link"], row["home"], row["dry"], desk.now().isoformat()),
    )
    assert cursor.lastrowid is not None
    _act(desk, row, "release", reason, cursor.lastrowid)
    return cursor.lastrowid


def discard(desk: Desk, receipt: int, reason: str) -> None:
    """Takes a file off the list; its bytes and its verdict stay. Within the caller's transaction.

    NotAllowed without a reason.
    """
    row = waiting(desk, receipt)
    if not reason.strip():
        raise NotAllowed(
            why=Both("Écarter un fichier demande une raison : --reason.", "Discarding needs a reason: --reason.")
        )
    _act(desk, row, "discard", reason)


def _act(desk: Desk, row: sqlite3.Row, act: str, reason: str, released_as: int | None = None) -> None:
    """Keeps what was decided of a receipt; one that failed is not tried again."""
    if row["state"] == "failed":
        desk.db.execute("UPDATE receipt SET state = 'answered' WHERE id = ?", (row["id"],))
    desk.db.execute(
        "INSERT INTO quarantine_act (receipt, act, who, reason, at, released_as) VALUES (?, ?, ?, ?, ?, ?)",
        (row["id"], act, desk.who, reason, desk.now().isoformat(), released_as),
    )


def acts(desk: Desk) -> list[dict[str, Any]]:
    """Every act, newest first."""
    return [dict(row) for row in desk.db.execute("SELECT * FROM quarantine_act ORDER BY id DESC")]
