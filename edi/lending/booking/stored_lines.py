"""The lines of a file on their way into the store.

Those of a long file go there ahead of its verdict, in short transactions that hold nobody up, beside the reading of what
follows them; nobody sees them before their invoice is booked.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import chain
from typing import Any

from edi.core.desk import Desk
from edi.core.schema import plain_inserts
from edi.core.store import PLACES, breathe, insert_columns, transaction
from schemas.declaration import Lines

#: How many lines are held before they go into the store, and how many go in one transaction.
_PIECE = 20_000

#: Lines that stand together in a file: (id of the first, their record numbers, themselves).
_Held = tuple[int, Sequence[int], Lines]


class StoredLines:
    """The accepted lines of a file, by ids that say where in which file they stand.

    Within `with`, pieces go into the store one after another in a thread of their own, over a connection of its own: SQLite
    lets go of the interpreter while it works. What goes wrong there is raised by the next call that puts or drops lines.
    """

    def __init__(self, desk: Desk, receipt: int) -> None:
        self.desk = desk
        self.next = self.ahead = receipt * PLACES
        #: Those not in the store yet, from id `ahead` on.
        self._held: list[_Held] = []
        self._writer, self._opened = ThreadPoolExecutor(1, "lines"), ExitStack()
        self._beside: Desk | None = None  # the writer's own
        self._writing: Future[None] | None = None

    def __enter__(self) -> "StoredLines":
        return self

    def __exit__(self, wrong: object, *_: object) -> None:
        try:
            with suppress(*[BaseException] if wrong is not None else []):  # which is raised, and not what comes of it
                self._settle()
        finally:
            if self._beside is not None:
                self._writer.submit(self._opened.close).result()
            self._writer.shutdown()

    @property
    def full(self) -> bool:
        """Whether as many are held as go into the store at once."""
        return self.next - self.ahead >= _PIECE

    def add(self, records: Sequence[int], lines: Lines) -> None:
        """The lines of an invoice, or of a part of one, and their record numbers."""
        self._held.append((self.next, records, lines))
        self.next += len(lines)

    def drop(self, start: int) -> None:
        """Takes back the lines from id `start` on: their invoice is refused."""
        self._settle()
        if start < self.ahead:
            _delete(self.desk, start, self.ahead - 1)
        while self._held and self._held[-1][0] >= start:
            self._held.pop()
        self.next, self.ahead = start, min(start, self.ahead)

    def put_ahead(self) -> None:
        """What is held, into the store before the verdict: in a transaction of its own, begun when the one before it is done."""
        self._settle()
        self._writing = self._writer.submit(self._put_beside, self.ahead, self._held)
        self._held, self.ahead = [], self.next

    def put(self) -> None:
        """What is held, into the store; within a transaction."""
        _put(self.desk, self.ahead, self._held)
        self._held, self.ahead = [], self.next

    def _put_beside(self, first: int, held: list[_Held]) -> None:
        """A piece from id `first` on; in the writer's thread."""
        if self._beside is None:
            self._beside = self._opened.enter_context(self.desk.beside())
        with transaction(self._beside.db), plain_inserts(self._beside.db, "line"):
            _put(self._beside, first, held)

    def _settle(self) -> None:
        """Waits for the piece under way, if there is one; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()


def _put(desk: Desk, first: int, held: Sequence[_Held]) -> None:
    """Lines into the store from id `first` on; within a transaction."""
    if held:
        records = list(chain.from_iterable(records for _, records, _ in held))
        columns = zip(*(lines.columns for _, _, lines in held), strict=True)
        insert_columns(desk.db, "line", [range(first, first + len(records)), records, *map(_joined, columns)])


def _joined(parts: Iterable[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(parts))


def _delete(desk: Desk, first: int, last: int) -> None:
    """The lines between two ids, out of the store, a piece in a transaction."""
    between = "WHERE id BETWEEN ? AND ?"
    while (found := desk.db.execute(f"SELECT min(id) FROM line {between}", (first, last)).fetchone()[0]) is not None:
        with transaction(desk.db):
            desk.db.execute(f"DELETE FROM line {between}", (found, min(found + _PIECE - 1, last)))
        breathe()


def discard_lines(desk: Desk, receipt: int) -> None:
    """Takes the lines that came to nothing out of the store: of a refused file, or of a run that was killed."""
    _delete(desk, receipt * PLACES, (receipt + 1) * PLACES - 1)


def forgotten_lines(desk: Desk) -> list[int]:
    """The receipts that are answered and booked nothing, yet have lines: a run was killed before it discarded them."""
    rows = desk.db.execute(
        f"SELECT id FROM receipt r WHERE state = 'answered' "
        f"AND EXISTS (SELECT 1 FROM line WHERE id BETWEEN r.id * {PLACES} AND (r.id + 1) * {PLACES} - 1) "
        f"AND NOT EXISTS (SELECT 1 FROM invoice WHERE id BETWEEN r.id * {PLACES} AND (r.id + 1) * {PLACES} - 1)"
    )
    return [row["id"] for row in rows]
