"""An invoice checked by itself, as its parts come in: what one finding silences is silent, and nothing cascades.

It is held against the same table of checks as many at once, as a row of columns.
"""

import hashlib
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from edi.lending.rules.check_table import Check, Checks
from edi.lending.rules.checked import DIGESTED, Checked, Sums, Withheld
from edi.lending.rules.context import Context
from edi.lending.rules.invoice_checks import HEAD_FIELDS, Scope
from edi.lending.rules.line_checks import LineTerms, line_terms
from edi.lending.rules.line_table import LINE_FIELDS, NO_TABLE, LineTable, claim_contracts
from schemas import catalogue, number
from schemas.declaration import NO_LINES, Header, Invoice, Line, Lines, by_columns
from schemas.finding import Finding, shown
from schemas.lending.layout import FA, LG

_ENCODE = msgspec.msgpack.Encoder().encode
#: What lines are judged by before the head is: nothing.
_NO_TERMS = line_terms(None, None, None, None)
_HEAD_NAMES = {field.wire: field.name for field in FA.fields[2:-1]}
#: Fields that every invoice has: None says that they could not be read.
_NEEDED = ("number", "kind", "credited", "partner", "date", "ht", "ttc", "contract")


class Basis:
    """What the invoices of one declaration are judged by. `has_lines`: a library's are counted, and not looked at."""

    def __init__(self, header: Header, context: Context, checks: Checks) -> None:
        self.header = header
        self.scope = Scope(header, context)
        self.checks = checks
        self.has_lines = header.side != "library"
        self._table = NO_TABLE

    def table(self, lines: Lines) -> LineTable:
        """What is reckoned of the table in which these lines stand: once, while they come from it."""
        if lines.table is not self._table.columns:
            self._table = LineTable(lines.table)
        return self._table


class OneInvoice:
    """An invoice by itself while its parts come in: a row of columns, names of what is silent, sums, digest."""

    def __init__(self, basis: Basis, invoice: Invoice) -> None:
        self.basis = basis
        self.invoice = invoice
        self.refused = False
        self.sums = Sums()
        self.digest = hashlib.blake2b(digest_size=16)
        self.columns: dict[str, list[Any]] = {name: [getattr(invoice, name)] for name in HEAD_FIELDS}
        self.columns["key"] = [number.key(invoice.number or "")]
        self.silent = {name for name in _NEEDED if self.columns[name] == [None]}
        self.claims_contract = False
        self.terms = _NO_TERMS
        #: Of a credit note that names an invoice by its number alone, discounts over the cap of its own date are withheld.
        self.withholds = invoice.kind == "A" and bool(invoice.credited) and invoice.credited_on is None

    def take(self, part: Invoice) -> Checked:
        """A part checked."""
        basis, checks = self.basis, self.basis.checks
        findings, withheld = list(part.findings), list[Withheld]()
        self._note(findings)
        if part.part == 0:
            self._run(checks.head, findings)
            self.terms = self._line_terms()
        if not part.countable:  # lines are lost, or are another invoice's: not judged by this one's head
            self._silence(("lines",))
            self.columns["date"], self.claims_contract = [None], False
            self.terms = line_terms(None, None, None, basis.header.side)
        self.sums.lines += len(part.lines)
        lines = NO_LINES
        if part.lines and basis.has_lines:
            lines = _whole_lines(part)
            withheld = self._lines(part, lines, findings)
        if part.last:
            sums = msgspec.structs.asdict(self.sums)
            self.columns |= {
                name: [value] for name, value in (*sums.items(), ("claims_contract", self.claims_contract))
            }
            self._run(checks.whole, findings)
            self.digest.update(_ENCODE(tuple(getattr(self.invoice, name) for name in DIGESTED)))
        label = None if self.invoice.number is None else shown(self.invoice.number)
        return Checked(
            part,
            tuple(msgspec.structs.replace(finding, invoice=label) for finding in findings),
            self.refused,
            self.sums,
            self.digest.digest() if part.last else b"",
            lines,
            tuple((msgspec.structs.replace(finding, invoice=label), line) for finding, line in withheld),
        )

    def _silence(self, names: Iterable[str]) -> None:
        """From now on what these columns hold is not known."""
        self.silent.update(names)
        self.columns.update({name: [None] for name in names})

    def _note(self, findings: Iterable[Finding]) -> None:
        """What the reader found."""
        for finding in findings:
            if catalogue.reach(finding) == "invoice":
                self.refused = True
                self._silence(
                    (_HEAD_NAMES.get(finding.field or "", ""), *("lines",) * (finding.code == "record-length"))
                )

    def _run(self, checks: Iterable[Check], findings: list[Finding]) -> None:
        basis = self.basis
        for check in checks:
            if self.silent.isdisjoint(check.silenced_by) and check.places(basis.scope, self.columns):
                findings.append(
                    check.finding(basis.scope, self.columns, 0, FA, basis.header.format, self.invoice.record)
                )
                if check.refuses:
                    self.refused = True
                    self._silence(check.silences)

    def _line_terms(self) -> LineTerms:
        """What the lines are judged by, of the head's fields that are sound."""
        day, kind, on, sent = (self.columns[name][0] for name in ("date", "kind", "credited_on", "contract_sent"))
        cap_day = day if kind == "F" else None
        if kind == "A" and self.silent.isdisjoint(("credited", "credited_on")):
            cap_day = on or day
        return line_terms(day, cap_day, sent, self.basis.header.side)

    def _lines(self, part: Invoice, lines: Lines, findings: list[Finding]) -> list[Withheld]:
        """Checks the lines of a part, and adds up those that could be read whole; what is withheld."""
        table, sums = self.basis.table(lines), self.sums
        for name, [value] in table.totals((lines.begin, lines.end), (self.invoice.contract_sent,)).items():
            setattr(sums, name, getattr(sums, name) + value)
        self.digest.update(table.packed(lines.begin, lines.end))
        columns, broken = table.between(lines.begin, lines.end), len(lines) < len(part.lines)
        if broken:
            self._silence(("lines",))
            columns = dict(zip(LINE_FIELDS, zip(*map(msgspec.structs.astuple, part.lines), strict=True), strict=True))
        self.claims_contract |= claim_contracts(columns["exclusion"], (0, len(part.lines)))[0]

        checks, withheld = self.basis.checks.lines, list[Withheld]()
        found = [
            (place, rank) for rank, check in enumerate(checks) for place in check.places(self.terms, columns, broken)
        ]
        for place, ranks in groupby(sorted(found), key=itemgetter(0)):
            silent: set[str] = set()
            for check in (checks[rank] for _, rank in ranks):
                if not silent.isdisjoint(check.silenced_by):
                    continue
                record = part.line_records[place]
                finding = check.finding(self.terms, columns, place, LG, self.basis.header.format, record)
                if self.withholds and check.code == "discount-over-cap":
                    withheld.append((finding, tuple(columns[name][place] for name in check.reads)))
                    continue
                findings.append(finding)
                if check.refuses:
                    self.refused = True
                    silent.update(check.silences)
                    if "lines" in check.silences:
                        self._silence(("lines",))
        return withheld


def _whole_lines(part: Invoice) -> Lines:
    """The lines that could be read whole."""
    if isinstance(part.lines, Lines):
        return part.lines
    return by_columns(line for line in part.lines if isinstance(line, Line))
