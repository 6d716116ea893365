"""The lines of a file on their way into the store.

Those of a long file go there ahead of its verdict, in short transactions that hold nobody up; nobody sees them before
their invoice is booked.
"""

from collections.abc import Iterable, Sequence
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
    """The accepted lines of a file, by ids that say where in which file they stand."""

    def __init__(self, desk: Desk, receipt: int) -> None:
        self.desk = desk
        self.next = self.ahead = receipt * PLACES
        #: Those not in the store yet, from id `ahead` on.
        self._held: list[_Held] = []

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
        if start < self.ahead:
            _delete(self.desk, start, self.ahead - 1)
        while self._held and self._held[-1][0] >= start:
            self._held.pop()
        self.next, self.ahead = start, min(start, self.ahead)

    def put_ahead(self) -> None:
        """What is held, into the store before the verdict: in a transaction of its own."""
        with transaction(self.desk.db), plain_inserts(self.desk.db, "line"):
            self.put()

    def put(self) -> None:
        """What is held, into the store; within a transaction."""
        if self._held:
            records = chain.from_iterable(records for _, records, _ in self._held)
            columns = zip(*(lines.columns for _, _, lines in self._held), strict=True)
            ids = range(self.ahead, self.next)
            insert_columns(self.desk.db, "line", [ids, list(records), *map(_joined, columns)])
        self._held.clear()
        self.ahead = self.next


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
