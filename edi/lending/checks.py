"""The checks of a declaration, run: its header's, each invoice's and its lines', in their order of precedence.

Authority: format, section 3. Each check names the fields it looks at; once one of them carries a
finding of reach file or invoice (or could not be read), later checks that need it are silent, so
that nothing cascades. Checks that need what is already booked are in `edi.booking`.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import mul
from typing import Any

import msgspec

from edi.lending import terms
from edi.lending.context import Context, Partner
from edi.lending.header_checks import header_findings
from edi.lending.invoice_checks import HEAD_CHECKS, WHOLE_CHECKS, Check, InvoiceContext, Sums
from edi.lending.line_checks import LineContext, check_line
from schemas import catalogue, ean, lists
from schemas.declaration import Event, Header, Invoice, Line
from schemas.finding import Both, Finding, shown
from schemas.layout import EN, FA

_ENCODE = msgspec.msgpack.Encoder().encode
_ASTUPLE = msgspec.structs.astuple


class Checked(msgspec.Struct, frozen=True):
    """An invoice, or a part of one, with its findings. On the last part: verdict, sums, digest of amounts
    and lines. `columns` are the lines' fields, one tuple a field. `over` are discounts above the cap of the invoice's
    own date, each with quantity, price and discount: of a credit note that names an invoice by its number alone, they
    stand unless that invoice's date allows them (`edi.staging`)."""

    invoice: Invoice
    findings: tuple[Finding, ...]
    refused: bool = False
    sums: Sums = msgspec.field(default_factory=Sums)
    digest: bytes = b""
    columns: tuple[tuple[Any, ...], ...] = ()
    over: tuple[tuple[Finding, int, int, int], ...] = ()


def check(events: Iterable[Event], context: Context) -> Iterator[Header | Checked | Finding]:
    """What a reader yields, checked: header findings follow the header, invoice findings ride on `Checked`."""
    header = Header(format="fixed", record=1)
    state: _InvoiceState | None = None
    misplaced = False
    for event in events:
        if isinstance(event, Finding):
            yield event
        elif isinstance(event, Header):
            yield event
            found = tuple(header_findings(event, context))
            header = _without(event, found)
            yield from found
        else:
            if header.nature == "cancels" and not misplaced:
                misplaced = True
                expected = Both("aucune facture dans une annulation", "no invoice in a cancellation")
                yield Finding(code="record-order", record=event.record, found="FA", expected=expected)
            if event.part == 0:
                state = _InvoiceState(header, event, context)
            assert state is not None
            yield state.take(event)


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
        self.silent = {name for name in _INPUTS if getattr(invoice, name, "") is None}
        if header.side is None:
            self.silent.add("side")
        if not invoice.countable:
            self.silent.add("lines")
        self.about = InvoiceContext(header, invoice, context, self._line_context(()), self.sums)
        #: A credit note that names an invoice by its number alone: discounts over the cap of its own date.
        self.over: list[tuple[Finding, int, int, int]] | None = None
        if invoice.kind == "A" and invoice.credited and invoice.credited_on is None:
            self.over = []

    def take(self, part: Invoice) -> Checked:
        findings, columns = list(part.findings), tuple[tuple[Any, ...], ...]()
        self._note(findings)
        if part.part == 0:
            self._run(HEAD_CHECKS, findings)
            self.about.line = self._line_context({"date", "credited", "credited_on", "contract_sent"} - self.silent)
        if not part.countable:  # lines are lost, or are another invoice's: not judged by this one's head
            self.silent.add("lines")
            self.about.line = self._line_context(())
        if self.header.side == "library":
            self.sums.lines += len(part.lines)
        else:
            columns = self._lines(part, findings)
        if part.last:
            self._run(WHOLE_CHECKS, findings)
            invoice = self.invoice
            amounts = (invoice.ht, invoice.ttc, invoice.contract, invoice.contract_sent)
            self.digest.update(_ENCODE((*amounts, invoice.credited, invoice.credited_on)))
        label = None if self.invoice.number is None else shown(self.invoice.number)
        labelled = tuple(msgspec.structs.replace(finding, invoice=label) for finding in findings)
        over = tuple((msgspec.structs.replace(one[0], invoice=label), *one[1:]) for one in self.over or ())
        if over:
            self.over = []
        digest = self.digest.digest() if part.last else b""
        return Checked(part, labelled, self.refused, self.sums, digest, columns, over)

    def _line_context(self, sound: Collection[str]) -> LineContext:
        """What the lines are judged by, of the head's fields that are sound."""
        invoice = self.invoice
        day = invoice.date if "date" in sound else None
        rate_day = day if invoice.kind == "F" else None
        if invoice.kind == "A" and {"credited", "credited_on"} <= set(sound):
            rate_day = invoice.credited_on or day
        return LineContext(
            format=self.header.format,
            date=day,
            contract_sent=invoice.contract_sent if "contract_sent" in sound else None,
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
        for check_invoice, inputs in checks:
            if self.silent.isdisjoint(inputs) and (finding := check_invoice(self.about)) is not None:
                findings.append(finding)
                if catalogue.reach(finding) == "invoice":
                    self.refused = True
                    self.silent.update(inputs)

    def _lines(self, part: Invoice, findings: list[Finding]) -> tuple[tuple[Any, ...], ...]:
        """Checks the lines of a part and adds them up, column by column; the columns of those that are whole.

        Only where something can be said against one of them is each looked at by itself.
        """
        whole = [line for line in part.lines if line.__class__ is Line]
        if not part.lines:
            return ()
        columns = tuple(zip(*map(_ASTUPLE, whole), strict=True)) or ((),) * len(Line.__struct_fields__)
        codes, quantities, prices, discounts, vats, exclusions, _, _ = columns
        amounts = list(map(mul, quantities, prices))
        sums = self.sums
        gross, copies = sum(amounts), sum(quantities)
        sums.lines += len(part.lines)
        sums.copies += copies
        sums.gross += gross
        sums.net += sum(
            [(amount * (10_000 - off) + 5_000) // 10_000 for amount, off in zip(amounts, discounts, strict=True)]
        )
        self.digest.update(_rows(columns[:-1]))
        context = self.about.line
        if (
            len(whole) == len(part.lines)
            and not any(exclusions)
            and context.vat_rates.issuperset(vats)
            and max(discounts) <= context.cap_bp
            and all(amounts)
            and all(map(ean.is_plain_book, codes))
        ):  # nothing can be said against any: what check_line would find (a property test holds this)
            sums.base += gross
            sums.base_copies += copies
        else:
            self._each_line(part, findings)
        return columns

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


def _rows(columns: tuple[tuple[Any, ...], ...]) -> bytes:
    """Rows for the digest, each by itself, so that cutting an invoice into parts makes no difference.

    A MessagePack array is a header of 1, 3 or 5 bytes, by its length, and its elements one after another.
    """
    rows = list(zip(*columns, strict=True))
    return _ENCODE(rows)[1 if len(rows) < 16 else 3 if len(rows) < 65_536 else 5 :]


def excluded(line: Line, invoice: Invoice) -> bool:
    """Whether a line is validly excluded: a known code with evidence; `MP` with its contract's date too.

    The supplier bears the burden of proof (Cass. 2017-09-20): otherwise the line counts in the base.
    """
    if line.exclusion not in lists.EXCLUSIONS or not line.evidence:
        return False
    return line.exclusion != "MP" or invoice.contract_sent is not None


_HEAD_NAMES = {field.wire: field.name for field in FA.fields[2:-1]}
_INPUTS = ("number", "kind", "credited", "partner", "date", "ht", "ttc", "contract")
