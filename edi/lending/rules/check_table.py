"""What a row of the table of checks is: the columns it reads, the test that finds the odd places, the sentence for one.

A test goes over whole columns, of as many invoices or lines as stand together or of one alone, so that there is one road
for all: what nothing can be said of is passed at the speed of its columns, and a sentence is made for the odd ones only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, count
from typing import Any, NamedTuple

import msgspec

from schemas import catalogue
from schemas.finding import Finding, shown
from schemas.lending.layout import Layout
from schemas.text import Text


class Said(NamedTuple):
    """What a finding says: what the file holds, what should stand there, the likely correction."""

    found: object
    expected: Text | None = None
    suggestion: Text | None = None


def finding_at(layout: Layout, name: str, form: str, record: int, code: str, said: Said) -> Finding:
    """A finding at a field of a record."""
    field = layout.field(name)
    return Finding(
        code=code, record=record, position=field.first if form == "fixed" else None, field=field.wire,
        found=shown(str(said.found)), expected=said.expected, suggestion=said.suggestion,
    )  # fmt: skip


class Check(msgspec.Struct, frozen=True):
    """One check, which raises one code at one field of its record.

    `odd(scope, *columns)` gives the ascending places at which something is to be said, `say(scope, *values)` what, of one
    of them: `scope` is what is the same for all (`Scope` or `LineTerms`), `columns` are those named by `reads`.
    Once one of `silenced_by` (all it reads, if not given) could not be read or carries a finding that refuses the invoice,
    the check is silent, so that nothing cascades. If it refuses, `silences` (the same, if not given) is no longer believed.
    """

    code: str
    field: str
    reads: tuple[str, ...]
    odd: Callable[..., Sequence[int]]
    say: Callable[..., Said]
    silenced_by: tuple[str, ...] = ()
    silences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.silenced_by:
            msgspec.structs.force_setattr(self, "silenced_by", self.reads)
        if not self.silences:
            msgspec.structs.force_setattr(self, "silences", self.silenced_by)

    def places(self, scope: Any, columns: Mapping[str, Sequence[Any]], broken: bool = False) -> Sequence[int]:
        """The places at which it has something to say; `broken`: where None stands, it has nothing to."""
        if not broken:
            return self.odd(scope, *[columns[name] for name in self.reads])
        needed = zip(*[columns[name] for name in self.silenced_by], strict=True)
        read = [place for place, values in enumerate(needed) if None not in values]
        return [
            read[place] for place in self.odd(scope, *[[columns[name][place] for place in read] for name in self.reads])
        ]

    def finding(
        self, scope: Any, columns: Mapping[str, Sequence[Any]], place: int, layout: Layout, form: str, record: int
    ) -> Finding:
        """What it has to say of one of those places, whose record of that layout is `record`."""
        said = self.say(scope, *[columns[name][place] for name in self.reads])
        return finding_at(layout, self.field, form, record, self.code, said)

    @property
    def refuses(self) -> bool:
        """Whether an invoice is refused for it."""
        return catalogue.CATALOGUE[self.code].reach == "invoice"


class Checks(NamedTuple):
    """The table of checks, each in the order of precedence: of an invoice's head, of its lines, of the whole."""

    head: tuple[Check, ...]
    lines: tuple[Check, ...]
    whole: tuple[Check, ...]


def places(flags: Iterable[object]) -> list[int]:
    """The places of what is true.

    >>> places([0, 3, "", "a"])
    [1, 3]
    """
    return list(compress(count(), flags))


def by_value(column: Sequence[Any], is_odd: Callable[[Any], object]) -> list[int]:
    """The places of the values that are odd; each value is tested once, however often it stands there.

    >>> by_value(["F", "A", "F"], lambda kind: kind == "A")
    [1]
    """
    odd = {value for value in {*column} if is_odd(value)}
    return [place for place, value in enumerate(column) if value in odd] if odd else []
