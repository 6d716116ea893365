"""The checks of a declaration, run: its header's, each invoice's and its lines', in their order of precedence.

Authority: format, section 3. There is one table of them (`CHECKS`). Whole invoices that come together are held against it
together, by the column; those at which it finds something, and those that come in parts or broken, by themselves
(`edi.lending.rules.one_invoice`). Checks that need what is already booked are in `edi.lending.booking.booking`.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise, starmap
from typing import Any

import msgspec

from edi.core.partners import Partner
from edi.lending.rules.check_table import Checks
from edi.lending.rules.checked import DIGESTED, Checked, CleanInvoices
from edi.lending.rules.context import Context
from edi.lending.rules.header_checks import header_findings
from edi.lending.rules.invoice_checks import HEAD_CHECKS, HEAD_FIELDS, WHOLE_CHECKS
from edi.lending.rules.line_checks import LINE_CHECKS, line_terms
from edi.lending.rules.line_table import NO_TABLE, LineTable, claim_contracts
from edi.lending.rules.one_invoice import Basis, OneInvoice
from schemas import catalogue, number
from schemas.declaration import Event, Header, Invoice, Invoices
from schemas.finding import Finding
from schemas.lending.layout import EN
from schemas.text import Both

CHECKS = Checks(HEAD_CHECKS, LINE_CHECKS, WHOLE_CHECKS)
_ENCODE = msgspec.msgpack.Encoder().encode
_SUMS = CleanInvoices.__struct_fields__[2:-1]


def check(events: Iterable[Event | Invoices], context: Context) -> Iterator[Header | Checked | CleanInvoices | Finding]:
    """What a reader yields, checked: header findings follow the header, invoice findings ride on `Checked`."""
    header, misplaced = Header(format="fixed", record=1), False
    invoices = _Invoices(Basis(header, context, CHECKS))
    for event in events:
        if isinstance(event, Finding):
            yield event
        elif isinstance(event, Header):
            yield event
            found = tuple(header_findings(event, context))
            header = _without(event, found)
            invoices = _Invoices(Basis(header, context, CHECKS))
            yield from found
        else:
            if header.nature == "cancels" and not misplaced:
                misplaced = True
                record = event.records[0] if isinstance(event, Invoices) else event.record
                expected = Both("aucune facture dans une annulation", "no invoice in a cancellation")
                yield Finding(code="record-order", record=record, found="FA", expected=expected)
            if isinstance(event, Invoices):
                yield from invoices.together(event)
            else:
                yield invoices.part(event)


def _without(header: Header, findings: Iterable[Finding]) -> Header:
    """The header without the fields found wrong: what looks at them is silent."""
    wrong = {field.name for finding in findings for field in EN.fields if finding.field == field.wire}
    if "period" in wrong:  # which is judged by the day of issue
        return msgspec.structs.replace(header, period=None, issued=None)
    return msgspec.structs.replace(header, issued=None) if "issued" in wrong else header


def unresolved_codes(directory: Mapping[str, Partner]) -> tuple[str, ...]:
    """The codes that cannot be raised without a directory."""
    return () if directory else catalogue.OF_DIRECTORY


class _Invoices:
    """The invoices of one declaration on their way through the checks."""

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._invoice: OneInvoice | None = None

    def part(self, invoice: Invoice) -> Checked:
        """An invoice, or the next part of one, checked by itself."""
        if invoice.part == 0:
            self._invoice = OneInvoice(self.basis, invoice)
        assert self._invoice is not None
        return self._invoice.take(invoice)

    def together(self, invoices: Invoices) -> Iterator[Checked | CleanInvoices]:
        """Whole invoices in their order: those in which no check finds anything together, the others by themselves."""
        basis = self.basis
        has_lines = basis.has_lines and invoices.begins[0] < invoices.begins[-1]
        table = basis.table(invoices.lines) if has_lines else NO_TABLE
        begins = invoices.begins if has_lines else [0] * len(invoices.begins)
        columns = dict(zip(HEAD_FIELDS, invoices.heads, strict=True))
        columns["key"] = number.keys(columns["number"])
        columns["lines"] = [end - begin for begin, end in pairwise(invoices.begins)]
        columns["claims_contract"] = claim_contracts(table.exclusions, begins)
        columns |= table.totals(begins, columns["contract_sent"])

        head_and_whole = (*basis.checks.head, *basis.checks.whole)
        odd = {place for check in head_and_whole for place in check.places(basis.scope, columns)}
        if has_lines:
            odd.update(self._odd_by_lines(columns, table, begins))
        begin = 0
        for place in (*sorted(odd), len(invoices)):
            if begin < place:
                yield _clean(invoices, columns, table, begins, begin, place)
            yield from map(self.part, invoices[place : place + 1])
            begin = place + 1

    def _odd_by_lines(
        self, columns: Mapping[str, Sequence[Any]], table: LineTable, begins: Sequence[int]
    ) -> Iterator[int]:
        """The places of invoices of whose lines something is to be said; those of equal terms are looked at together."""
        heads = zip(*[columns[name] for name in ("date", "kind", "credited_on", "contract_sent")], strict=True)
        each = [
            line_terms(day, day if kind == "F" else on or day, sent, self.basis.header.side)
            for day, kind, on, sent in heads
        ]
        place = 0
        for terms, run in groupby(each):
            first, place = begins[place], place + sum(1 for _ in run)
            lines = table.between(first, begins[place])
            for check in self.basis.checks.lines:
                yield from (bisect_right(begins, first + line) - 1 for line in check.places(terms, lines))


def _clean(
    invoices: Invoices,
    columns: Mapping[str, Sequence[Any]],
    table: LineTable,
    begins: Sequence[int],
    begin: int,
    end: int,
) -> CleanInvoices:
    """The invoices from `begin` to `end`, in which nothing was found."""
    some = {name: column[begin:end] for name, column in columns.items()} if end - begin < len(invoices) else columns
    heads = map(_ENCODE, zip(*[some[name] for name in DIGESTED], strict=True))
    packed = starmap(table.packed, pairwise(begins[begin : end + 1]))
    return CleanInvoices(
        invoices if some is columns else invoices[begin:end],
        some["key"],
        **{name: some[name] for name in _SUMS},
        digests=[
            hashlib.blake2b(lines + head, digest_size=16).digest() for lines, head in zip(packed, heads, strict=True)
        ],
    )
