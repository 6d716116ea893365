"""The running numbers of a fixed file's records: counted, and the first of a disorder said.

Authority: format, section 3 (`record-number` is reported once, then counting resumes). After a wrong number the next
record may bear the number behind it, or the one that was due all the same; of two records that have changed places
only the first is said.
"""

from parsers.fixed import fields
from parsers.fixed.grammar import Misread
from schemas.finding import Finding
from schemas.lending.layout import EN, LENGTH

_FIELD = EN.field("record")


class Numbering:
    """How many records were seen, and which running number is due.

    `odd` is set by a number that was not due: whose the record is, nobody knows. Whoever heeds it takes it back.
    """

    def __init__(self) -> None:
        self.records = 0
        self.expected = 1
        self.odd = False
        self._also = (0, 0)  # (record, running number it may bear instead of the expected one)
        self._wrong = (0, 0)  # of the last wrong one: (due, found)

    def count(self, running: str) -> Finding | None:
        """Counts one record by its number; what is to be said of that.

        >>> numbering = Numbering()
        >>> [numbering.count(number) is None for number in ("1", "3", "2", "4", "9", "10", "7", "8")]
        [True, False, True, True, False, True, False, True]
        """
        self.records += 1
        record, also = self._also
        due = also if record == self.records and self.expected != also else self.expected
        number = due if isinstance(running, Misread) else int(running)
        if not isinstance(running, Misread) and number in (self.expected, due):
            self.expected = number + 1
            return None
        self.odd = True
        if (due, number) == self._wrong[::-1]:
            self.expected = due + 1
            return None
        self._wrong = (due, number)
        self._also = (self.records + 1, due + 1)
        self.expected = number + 1
        return fields.finding("record-number", _FIELD, self.records, running, f"{due:07d}")

    def run_on(self, count: int) -> None:
        """Counts records of which each bears the number due."""
        self.records += count
        self.expected += count

    def pass_over(self, length: int) -> bool:
        """Counts a record of that many characters whose number is not read; whether there may be several in it."""
        fitting = length // LENGTH
        self.records += 1
        self._also = (self.records + 1, self.expected + fitting)
        self.expected += 1
        return fitting > 1
