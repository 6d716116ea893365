"""What the checks need beside the file: who we are, what day it is, the directory, who may speak."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

import msgspec


class Since(msgspec.Struct, frozen=True):
    """What of a partner is so from a day on; of either, '' is: as it was."""

    since: date
    category: str = ""
    subject: str = ""


class Partner(msgspec.Struct, frozen=True):
    """What the directory says of one partner; `role` is `library` or `supplier`.

    `category` and `subject` (`yes`, `no`, or '': as the category has it) hold until `later`, oldest first, says otherwise.
    """

    gln: str
    name: str
    role: str
    category: str = ""
    successor: str = ""
    alias_of: str = ""
    postcode: str = ""
    city: str = ""
    opened: date | None = None
    closed: date | None = None
    subject: str = ""
    later: tuple[Since, ...] = ()

    def is_open(self, day: date) -> bool:
        """Whether a day is within `opened` and `closed`, as far as they are known. Information: no rule asks."""
        return (self.opened or day) <= day <= (self.closed or day)

    def on(self, day: date) -> tuple[str, str]:
        """Category and `subject` as they are on a day.

        >>> Partner("3", "", "library", "1", later=(Since(date(2020, 1, 1), "primary"),)).on(date(2019, 12, 31))
        ('1', '')
        """
        category, subject = self.category, self.subject
        for then in self.later:
            if then.since <= day:
                category, subject = then.category or category, then.subject or subject
        return category, subject


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks need beside the file. `now` is Paris wall-clock time; `speaks_for` None means everybody."""

    our_gln: str
    now: datetime
    directory: Mapping[str, Partner] = msgspec.field(default_factory=dict)
    speaks_for: Collection[str] | None = None
