"""The checks of a declaration, run: its header's, each invoice's and its lines', in their order of precedence.

Authority: format, section 3. Each check names the fields it looks at; once one of them carries a
finding of reach file or invoice (or could not be read), later checks that need it are silent, so
that nothing cascades. Checks that need what is already booked are in `edi.intake.booking`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter

import msgspec

from edi.lending import terms
from edi.lending.context import Context, Partner
from edi.lending.header_checks import header_findings
from edi.lending.invoice_checks import HEAD_CHECKS, WHOLE_CHECKS, Check, InvoiceContext, Sums
from edi.lending.line_checks import LineContext, check_line
from edi.lending.line_table import LineTable, LineTables, whole_lines
from edi.lending.sound import Look, Sound, digest_of_head
from schemas import catalogue, lists
from schemas.declaration import NO_LINES, Event, Header, Invoice, Invoices, Line, Lines
from schemas.finding import Finding, shown
from schemas.layout import EN, FA
from schemas.text import Both

#: What the lines of an invoice are judged by before its head is: nothing.
_UNJUDGED = LineContext("", None, None, 10_000, frozenset())


class Checked(msgspec.Struct, frozen=True):
    """An invoice, or a part of one, with its findings. On the last part: verdict, sums, digest of amounts
    and lines. `lines` are those that could be read whole, where it is for the supplier to give any. `over` are discounts above the cap of the invoice's
    own date, each with quantity, price and discount: of a credit note that names an invoice by its number alone, they
    stand unless that invoice's date allows them (`edi.intake.staging`)."""

    invoice: Invoice
    findings: tuple[Finding, ...]
    refused: bool = False
    sums: Sums = msgspec.field(default_factory=Sums)
    digest: bytes = b""
    lines: Lines = NO_LINES
    over: tuple[tuple[Finding, int, int, int], ...] = ()


def check(events: Iterable[Event | Invoices], context: Context) -> Iterator[Header | Checked | Sound | Finding]:
    """What a reader yields, checked: header findings follow the header, invoice findings ride on `Checked`.

    Of invoices that come many at once, those of which nothing can be said go on together.
    """
    header = Header(format="fixed", record=1)
    state: _InvoiceState | None = None
    misplaced, tables = False, LineTables()
    look = Look(header, context, tables)
    for event in chain.from_iterable(look.at(one) if isinstance(one, Invoices) else (one,) for one in events):
        if isinstance(event, Finding):
            yield event
        elif isinstance(event, Header):
            yield event
            found = tuple(header_findings(event, context))
            header = _without(event, found)
            look = Look(header, context, tables)
            yield from found
        elif isinstance(event, Sound):
            yield event
        else:
            if header.nature == "cancels" and not misplaced:
                misplaced = True
                expected = Both("aucune facture dans une annulation", "no invoice in a cancellation")
                yield Finding(code="record-order", record=event.record, found="FA", expected=expected)
            lines = whole_lines(event) if event.lines and header.side != "library" else NO_LINES
            if event.part == 0:
                state = _InvoiceState(header, event, context)
            assert state is not None
            yield state.take(event, lines, tables.of(lines.table))


def _without(header: Header, findings: Iterable[Finding]) -> Header:
    """The header without the fields found wrong: what looks at them is silent."""
    wrong = {field.name for finding in findings for field in EN.fields if finding.field == field.wire}
    if "period" in wrong:  # which is judged by the day of issue
        return msgspec.structs.replace(header, period=None, issued=None)
    return msgspec.structs.replace(header, issued=None) if "issued" in wrong else header


def unresolved_codes(directory: Mapping[str, Partner]) -> tuple[str, ...]:
    """The codes that cannot be raised without a directory."""
    return () if directory else catalogue.OF_DIRECTORY


# -- one invoice -----------------------------------------------------------------------------------


class _InvoiceState:
    """An invoice while its parts come in: fields that are silent, sums, digest."""

    def __init__(self, header: Header, invoice: Invoice, context: Context) -> None:
        self.header = header
        self.invoice = invoice
        self.refused = False
        self.sums = Sums()
        self.digest = hashlib.blake2b(digest_size=16)
        inputs = _GET_INPUTS(invoice)
        self.silent = (
            {name for name, value in zip(_INPUTS, inputs, strict=True) if value is None} if None in inputs else set()
        )
        if header.side is None:
            self.silent.add("side")
        if not invoice.countable:
            self.silent.add("lines")
        self.about = InvoiceContext(header, invoice, context, _UNJUDGED, self.sums)
        #: A credit note that names an invoice by its number alone: discounts over the cap of its own date.
        self.over: list[tuple[Finding, int, int, int]] | None = None
        if invoice.kind == "A" and invoice.credited and invoice.credited_on is None:
            self.over = []

    def take(self, part: Invoice, lines: Lines, table: LineTable) -> Checked:
        """A part checked, of which `lines` could be read whole; they stand in `table`."""
        findings = list(part.findings)
        self._note(findings)
        if part.part == 0:
            self._run(HEAD_CHECKS, findings)
            self.about.line = self._line_context()
        if not part.countable:  # lines are lost, or are another invoice's: not judged by this one's head
            self.silent.add("lines")
            self.about.line = self._line_context(sound=False)
        self.sums.lines += len(part.lines)
        if part.lines and self.header.side != "library":
            self._lines(part, lines, table, findings)
        if part.last:
            self._run(WHOLE_CHECKS, findings)
            self.digest.update(digest_of_head(*_GET_DIGESTED(self.invoice)))
        digest = self.digest.digest() if part.last else b""
        over, self.over = self.over, self.over and []
        if not findings and not over:
            return Checked(part, (), self.refused, self.sums, digest, lines)
        label = None if self.invoice.number is None else shown(self.invoice.number)
        labelled = tuple(msgspec.structs.replace(finding, invoice=label) for finding in findings)
        withheld = tuple((msgspec.structs.replace(one[0], invoice=label), *one[1:]) for one in over or ())
        return Checked(part, labelled, self.refused, self.sums, digest, lines, withheld)

    def _line_context(self, sound: bool = True) -> LineContext:
        """What the lines are judged by, of the head's fields that are sound, if it is theirs."""
        invoice, silent = self.invoice, self.silent if sound else {"date", "credited", "contract_sent"}
        day = None if "date" in silent else invoice.date
        rate_day = day if invoice.kind == "F" else None
        if invoice.kind == "A" and silent.isdisjoint(("credited", "credited_on")):
            rate_day = invoice.credited_on or day
        return LineContext(
            format=self.header.format,
            date=day,
            contract_sent=None if "contract_sent" in silent else invoice.contract_sent,
            cap_bp=terms.at(rate_day).cap_bp if rate_day else 10_000,
            vat_rates=terms.vat_rates(day, self.header.side),
        )

    def _note(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if catalogue.reach(finding) == "invoice":
                self.refused = True
                self.silent.add(_HEAD_NAMES.get(finding.field or "", ""))
                if finding.code == "record-length":
                    self.silent.add("lines")

    def _run(self, checks: tuple[tuple[Check, tuple[str, ...]], ...], findings: list[Finding]) -> None:
        silent, about = self.silent, self.about
        for check_invoice, inputs in checks:
            if (not silent or silent.isdisjoint(inputs)) and (finding := check_invoice(about)) is not None:
                findings.append(finding)
                if catalogue.reach(finding) == "invoice":
                    self.refused = True
                    silent.update(inputs)

    def _lines(self, part: Invoice, lines: Lines, table: LineTable, findings: list[Finding]) -> None:
        """Checks the lines of a part and adds them up.

        Only where something can be said against one of them is each looked at by itself.
        """
        begin, end, sums, line = lines.begin, lines.end, self.sums, self.about.line
        gross, copies = sum(table.gross[begin:end]), sum(table.quantities[begin:end])
        sums.copies += copies
        sums.gross += gross
        sums.net += sum(table.net[begin:end])
        self.digest.update(table.digest(begin, end))
        if end - begin == len(part.lines) and table.is_plain(begin, end, line.cap_bp, line.vat_rates):
            sums.base += gross
            sums.base_copies += copies
        else:
            self._each_line(part, findings)

    def _each_line(self, part: Invoice, findings: list[Finding]) -> None:
        sums = self.sums
        for line, record in zip(part.lines, part.line_records, strict=True):
            if not isinstance(line, Line):
                self.silent.add("lines")
            elif not excluded(line, self.invoice):
                sums.base += line.quantity * line.price
                sums.base_copies += line.quantity
            elif line.exclusion == "MP":
                sums.exempt_contract = True
            for finding in check_line(line, record, self.about.line):
                if finding.code == "discount-over-cap" and self.over is not None:
                    assert line.quantity and line.price and line.discount
                    self.over.append((finding, line.quantity, line.price, line.discount))
                    continue
                findings.append(finding)
                if catalogue.reach(finding) == "invoice":
                    self.refused = True
                    if finding.code in ("quantity-zero", "price-zero"):
                        self.silent.add("lines")


def excluded(line: Line, invoice: Invoice) -> bool:
    """Whether a line is validly excluded: a known code with evidence; `MP` with its contract's date too.

    The supplier bears the burden of proof (Cass. 2017-09-20): otherwise the line counts in the base.
    """
    if line.exclusion not in lists.EXCLUSIONS or not line.evidence:
        return False
    return line.exclusion != "MP" or invoice.contract_sent is not None


_HEAD_NAMES = {field.wire: field.name for field in FA.fields[2:-1]}
_INPUTS = ("number", "kind", "credited", "partner", "date", "ht", "ttc", "contract")
_GET_INPUTS = attrgetter(*_INPUTS)
_GET_DIGESTED = attrgetter("ht", "ttc", "contract", "contract_sent", "credited", "credited_on")
