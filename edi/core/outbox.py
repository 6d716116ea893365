"""The outbox: what is to be pushed to partners, the table `answer`. Written with what it tells of; `edi.intake.answers` reads it."""

from datetime import datetime

from edi.core.desk import Desk


def send(desk: Desk, receipt: int, link: str, home: str, files: list[tuple[str, bytes]], now: datetime) -> None:
    """Puts files, as (name, bytes), into the outbox of a link and home, within the caller's transaction."""
    desk.db.executemany(
        "INSERT INTO answer (receipt, link, home, name, body, written_at) VALUES (?, ?, ?, ?, ?, ?)",
        [(receipt, link, home, name, body, now.isoformat()) for name, body in files],
    )
