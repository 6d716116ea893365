"""What a declaration says, whatever the format it came in.

A reader yields a `Header`, then `Invoice`s, by themselves or many at once, with `Finding`s between. What could not be read is
None, and a finding says so. Money is integer cents, rates are integer 1/100 of a per cent.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import msgspec

from schemas.finding import Finding


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The EN record, or the XML root. `issued` is Paris wall-clock time."""

    format: str
    record: int
    version: str | None = None
    side: str | None = None
    declarant: str | None = None
    addressee: str | None = None
    issued: datetime.datetime | None = None
    reference: str | None = None
    period: int | None = None
    use: str | None = None
    nature: str | None = None
    replaced: str | None = ""
    sending: int | None = 0


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One line of a supplier's invoice: a title sold."""

    ean: str
    quantity: int
    price: int
    discount: int
    vat: int
    exclusion: str
    evidence: str
    title: str


class PartialLine(msgspec.Struct, frozen=True):
    """A line of which some fields could not be read: those are None, and its invoice is refused."""

    ean: str | None = None
    quantity: int | None = None
    price: int | None = None
    discount: int | None = None
    vat: int | None = None
    exclusion: str | None = None
    evidence: str | None = None
    title: str | None = None


class Lines(Sequence[Line]):
    """Lines field by field, as a reader took them in: those from `begin` to `end` of `table`, a column for each field.

    >>> some = Lines((["9782070360024"] * 2, [1, 2], [995, 995], [0, 0], [550, 550], ["", ""], ["", ""], ["A", "B"]))
    >>> len(some), some[1].title, some[:1] == (some[0],), some[1:].columns[1]
    (2, 'B', True, [2])
    """

    __slots__ = ("begin", "end", "table")

    def __init__(self, table: tuple[Sequence[Any], ...], begin: int = 0, end: int | None = None) -> None:
        self.table = table
        self.begin = begin
        self.end = len(table[0]) if end is None else end

    @property
    def columns(self) -> tuple[Sequence[Any], ...]:
        """Their own part of each column."""
        return tuple([column[self.begin : self.end] for column in self.table])

    def __len__(self) -> int:
        return self.end - self.begin

    def __iter__(self) -> Iterator[Line]:
        return map(Line, *self.columns)

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> "Lines": ...
    def __getitem__(self, place: int | slice) -> "Line | Lines":
        if isinstance(place, slice):
            begin, end, _ = place.indices(len(self))
            return Lines(self.table, self.begin + begin, self.begin + max(begin, end))
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))

    __hash__ = None  # type: ignore[assignment]


NO_LINES = Lines(((),) * len(Line.__struct_fields__))


def by_columns(lines: Iterable[Line]) -> Lines:
    """Lines field by field.

    >>> by_columns([Line("9782070360024", 1, 995, 0, 550, "", "", "A")]).columns[2], by_columns([]) is NO_LINES
    ((995,), True)
    """
    table = tuple(zip(*map(msgspec.structs.astuple, lines), strict=True))
    return Lines(table) if table else NO_LINES


class Invoice(msgspec.Struct, frozen=True):
    """One invoice or credit note (`kind` F or A) as one side declares it.

    `record` is the running record number, or in XML the line where the start tag ends;
    `line_records` are those of `lines`, `positions` those of the fields that findings may point at.
    An invoice of very many lines comes in parts, so that memory stays small: `part` counts them
    from 0, `last` marks the end; the head is the same in each, `findings` are each part's own.
    `countable` is False when a record of the invoice was lost, so that its lines cannot be counted.
    """

    record: int
    partner: str | None = None
    number: str | None = None
    date: datetime.date | None = None
    kind: str | None = None
    ht: int | None = None
    ttc: int | None = None
    contract: str | None = ""
    contract_sent: datetime.date | None = None
    announced: int | None = None
    credited: str | None = ""
    credited_on: datetime.date | None = None
    lines: Sequence[Line | PartialLine] = ()
    line_records: Sequence[int] = ()
    findings: tuple[Finding, ...] = ()
    part: int = 0
    last: bool = True
    countable: bool = True


class Invoices(Sequence[Invoice]):
    """Whole invoices field by field, as a reader took them in.

    `heads` has a column for each field from `partner` to `credited_on`; the lines of the n-th are those from `begins[n]`
    to `begins[n + 1]` of `table`. They are the records `spans[n]`; without these they follow their invoice, one by one.
    """

    __slots__ = ("_spans", "begins", "heads", "records", "table")

    def __init__(
        self,
        records: Sequence[int],
        heads: Sequence[Sequence[Any]],
        begins: Sequence[int],
        table: tuple[Sequence[Any], ...],
        spans: Sequence[Sequence[int]] | None = None,
    ) -> None:
        self.records = records
        self.heads = heads
        self.begins = begins
        self.table = table
        self._spans = spans

    @property
    def spans(self) -> Sequence[Sequence[int]]:
        """The record numbers of each one's lines."""
        if self._spans is not None:
            return self._spans
        return [
            range(record + 1, record + 1 + end - begin)
            for record, (begin, end) in zip(self.records, pairwise(self.begins), strict=True)
        ]

    @property
    def lines(self) -> Lines:
        """The lines of all of them."""
        return Lines(self.table, self.begins[0], self.begins[-1])

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Invoice]:
        theirs = [Lines(self.table, begin, end) for begin, end in pairwise(self.begins)]
        return map(Invoice, self.records, *self.heads, theirs, self.spans)

    @overload
    def __getitem__(self, place: int) -> Invoice: ...
    @overload
    def __getitem__(self, place: slice) -> "Invoices": ...
    def __getitem__(self, place: int | slice) -> "Invoice | Invoices":
        if isinstance(place, slice):
            begin, end, _ = place.indices(len(self))
            heads = [column[begin:end] for column in self.heads]
            spans = None if self._spans is None else self._spans[begin:end]
            return Invoices(self.records[begin:end], heads, self.begins[begin : end + 1], self.table, spans)
        return tuple(self)[place]


class Declaration(msgspec.Struct, frozen=True):
    """A declaration held whole: what writers take, and what small files are made of in tests."""

    header: Header
    invoices: tuple[Invoice, ...] = ()


Event = Header | Invoice | Finding


def one_by_one(events: Iterable[Event | Invoices]) -> Iterator[Event]:
    """What a reader yields, its invoices each by itself."""
    for event in events:
        if isinstance(event, Invoices):
            yield from event
        else:
            yield event
