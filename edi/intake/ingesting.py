"""Local files by the same road as pulled ones: `edi ingest`. They come by a link that speaks for everybody."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edi.core.desk import Desk
from edi.core.settings import LOCAL
from edi.core.store import transaction
from edi.intake.arrivals import Arrival, by_issue
from edi.intake.outgoing import deliver
from edi.intake.taking import Progress, receive, take
from schemas.acknowledgement import Acknowledgement
from schemas.errors import Unreadable
from spool import names
from spool.errors import why
from spool.receipt import Kept


def ingest(
    desk: Desk, paths: Iterable[Path], progress: Callable[[Path], Progress] | None = None
) -> Iterator[tuple[Path, Acknowledgement]]:
    """Local files by the same road as pulled ones, in the order of their issue time; answers go to outgoing/local.

    Raises Unreadable before anything is taken when one of them cannot be read. What an earlier call was
    interrupted at is taken up again when the same file is given.
    """
    paths = list(paths)
    for path in paths:
        _look(path)
    received: list[tuple[Path, Kept]] = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                received.append((path, desk.folder.keep(stream, desk.home.settings.max_bytes * 2, path.name)))
        except OSError as wrong:
            raise Unreadable(path=path, why=why(wrong)) from wrong
    for key in by_issue({key: kept.path for key, (_, kept) in enumerate(received)}, desk.home.settings.max_bytes):
        path, kept = received[key]
        arrival = Arrival(name=names.safe(path.name), link=LOCAL, language=desk.home.settings.lang)
        receipt = _interrupted(desk, arrival, kept) or receive(desk, arrival, kept)
        taken = take(desk, receipt, arrival, progress(path) if progress else None)
        deliver(desk)
        desk.log("taken", {"link": LOCAL, "file": arrival.name, "acknowledgement": taken})
        yield path, taken


def _look(path: Path) -> None:
    """Raises Unreadable when a path is no file that can be opened."""
    try:
        with path.open("rb"):
            return
    except OSError as wrong:
        raise Unreadable(path=path, why=why(wrong)) from wrong


def _interrupted(desk: Desk, arrival: Arrival, kept: Kept) -> int | None:
    """The receipt of the same local file that a run which died, or a checker that failed, left without a verdict."""
    with transaction(desk.db):
        row = desk.db.execute(
            "UPDATE receipt SET state = 'received', verdict = NULL, trouble = NULL WHERE id = "
            "(SELECT id FROM receipt WHERE link = ? AND sha256 = ? AND name = ? AND state <> 'answered' ORDER BY id LIMIT 1) "
            "RETURNING id",
            (LOCAL, kept.sha256, arrival.name),
        ).fetchone()
    return row and int(row["id"])
