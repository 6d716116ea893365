"""Reads and checks one file into temporary tables, before any lock on the database is taken.

`edi check` stages without lines in a database of its own; booking stages with lines beside the store
and moves what is accepted in one transaction. Memory does not grow with the file: rows go to SQLite's
temporary file, findings are kept up to a number and counted beyond it.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

import parsers
from edi.lending.checks import Checked, check
from edi.lending.context import Context
from parsers.sniff import Source
from schemas import catalogue, number
from schemas.declaration import Header, Line
from schemas.finding import Finding

#: How many findings of refusal, and how many warnings, are kept a file; all are counted.
FINDINGS_KEPT = 1_000
_ROWS = 5_000

_SCHEMA = """
CREATE TEMP TABLE IF NOT EXISTS staged_invoice (
    seq INTEGER PRIMARY KEY, record INTEGER, partner TEXT, number TEXT, written TEXT, key TEXT, date TEXT, kind TEXT,
    ht INTEGER, ttc INTEGER, contract TEXT, contract_sent TEXT, credited TEXT, credited_on TEXT,
    lines INTEGER, copies INTEGER, gross INTEGER, base INTEGER, base_copies INTEGER, exempt_contract INTEGER,
    digest BLOB,
    fate TEXT NOT NULL DEFAULT 'book'   -- book, refused, restated (already booked: this declaration states it too)
);
CREATE TEMP TABLE IF NOT EXISTS staged_line (
    seq INTEGER, record INTEGER, ean TEXT, quantity INTEGER, price INTEGER, discount INTEGER, vat INTEGER,
    exclusion TEXT, evidence TEXT, title TEXT
);
DELETE FROM staged_invoice;
DELETE FROM staged_line;
"""
_INVOICE = "INSERT INTO staged_invoice VALUES (" + ", ".join("?" * 21) + ", 'book')"
_LINE = "INSERT INTO staged_line VALUES (" + ", ".join("?" * 10) + ")"


class Tally(msgspec.Struct):
    """The findings of a file: kept up to a number a severity, counted in full."""

    errors: list[Finding] = msgspec.field(default_factory=list)
    warnings: list[Finding] = msgspec.field(default_factory=list)
    by_code: Counter[str] = msgspec.field(default_factory=Counter)
    file_refused: bool = False

    def add(self, finding: Finding) -> None:
        """Counts a finding, and keeps it while there is room."""
        reach = catalogue.reach(finding)
        self.by_code[finding.code] += 1
        self.file_refused = self.file_refused or reach == "file"
        kept = self.warnings if reach == "warning" else self.errors
        if len(kept) < FINDINGS_KEPT:
            kept.append(finding)
        elif reach == "file":  # whatever else is cut, why the file is refused is said
            kept[-1] = finding

    def kept(self) -> tuple[Finding, ...]:
        """The findings kept: in the order of the file's records, what concerns no record first."""
        return tuple(sorted((*self.errors, *self.warnings), key=lambda finding: finding.record or 0))


class Staged(msgspec.Struct):
    """What staging made of a file. Accepted invoices (and lines) are in the temporary tables."""

    format: str | None
    header: Header | None = None
    tally: Tally = msgspec.field(default_factory=Tally)
    invoices: int = 0
    refused: int = 0


def stage(
    connection: sqlite3.Connection,
    source: Source,
    context: Context,
    keep_lines: bool,
    progress: Callable[[int], None] | None = None,
) -> Staged:
    """Reads, checks and stages a file. `progress` is told the bytes read so far, now and then."""
    connection.executescript(_SCHEMA)
    connection.execute("BEGIN")  # temporary tables only: nobody waits for us
    try:
        staged = _fill(connection, source, context, keep_lines, progress)
        _twice_in_file(connection, staged)
    finally:
        connection.execute("COMMIT")
    return staged


def _fill(
    connection: sqlite3.Connection,
    source: Source,
    context: Context,
    keep_lines: bool,
    progress: Callable[[int], None] | None,
) -> Staged:
    staged = Staged(source.format)
    header = Header(format=source.format or "fixed", record=1)
    invoices: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    astuple = msgspec.structs.astuple
    flushed_line_of_open_invoice = False

    def flush() -> None:
        connection.executemany(_INVOICE, invoices)
        connection.executemany(_LINE, lines)
        invoices.clear()
        lines.clear()
        if progress is not None:
            progress(source.stream.tell())

    mark = 0
    for event in check(parsers.read(source), context):
        if isinstance(event, Finding):
            staged.tally.add(event)
            continue
        if isinstance(event, Header):
            staged.header = header = event
            continue
        invoice = event.invoice
        if invoice.part == 0:
            staged.invoices += 1
            mark, flushed_line_of_open_invoice = len(lines), False
        for finding in event.findings:
            staged.tally.add(finding)
        if keep_lines and not event.refused and not staged.tally.file_refused:
            seq = staged.invoices
            lines.extend(
                [
                    (seq, record, *astuple(line))
                    for record, line in zip(invoice.line_records, invoice.lines, strict=True)
                    if isinstance(line, Line)
                ]
            )
        if invoice.last:
            if event.refused:
                staged.refused += 1
                del lines[mark:]
                if flushed_line_of_open_invoice:
                    connection.execute("DELETE FROM staged_line WHERE seq = ?", (staged.invoices,))
            else:
                row = _row(staged.invoices, event, header)
                if row is not None:
                    invoices.append(row)
        if len(lines) + len(invoices) >= _ROWS:
            flush()
            mark, flushed_line_of_open_invoice = 0, not invoice.last
    flush()
    return staged


def _row(seq: int, checked: Checked, header: Header) -> tuple[Any, ...] | None:
    """The staged row of an accepted invoice; None when the header could not be read (the file is refused)."""
    invoice, sums = checked.invoice, checked.sums
    if header.declarant is None or header.side is None:
        return None
    assert invoice.partner and invoice.number and invoice.date and invoice.kind and invoice.ht is not None
    return (
        seq, invoice.record, invoice.partner, invoice.number, written(invoice.number), number.key(invoice.number),
        invoice.date.isoformat(), invoice.kind, invoice.ht, invoice.ttc, invoice.contract,
        invoice.contract_sent and invoice.contract_sent.isoformat(), invoice.credited,
        invoice.credited_on and invoice.credited_on.isoformat(),
        sums.lines, sums.copies, sums.gross, sums.base, sums.base_copies, int(sums.exempt_contract),
        checked.digest,
    )  # fmt: skip


def written(name: str) -> str:
    """An invoice number as written, for telling two declarations of it apart: trimmed, upper case."""
    return name.strip().upper()


def _twice_in_file(connection: sqlite3.Connection, staged: Staged) -> None:
    """Same number, partner, kind and date twice: identical, the first stands; different, none does."""
    same = "partner = ? AND written = ? AND kind = ? AND date = ?"
    groups = connection.execute(
        "SELECT partner, written, kind, date, count(DISTINCT digest) AS contents FROM staged_invoice "
        "GROUP BY partner, written, kind, date HAVING count(*) > 1 ORDER BY min(seq)"
    ).fetchall()
    if groups:
        connection.execute("CREATE INDEX temp.staged_same ON staged_invoice (partner, written, kind, date)")
    for group in groups:
        rows = connection.execute(
            f"SELECT seq, record, number FROM staged_invoice WHERE {same} ORDER BY seq", tuple(group)[:4]
        ).fetchall()
        first, others = rows[0], rows[1:]
        if group[4] > 1:
            refuse(connection, staged, first[0], Finding(
                code="invoice-twice-in-file", record=first[1], invoice=first[2], found=str(others[0][1])))  # fmt: skip
        for seq, record, name in others:
            refuse(connection, staged, seq, Finding(
                code="invoice-twice-in-file", record=record, invoice=name, found=str(first[1])))  # fmt: skip
    connection.execute("DROP INDEX IF EXISTS temp.staged_same")


def refuse(connection: sqlite3.Connection, staged: Staged, seq: int, finding: Finding) -> None:
    """Refuses a staged invoice, with its finding."""
    connection.execute("UPDATE staged_invoice SET fate = 'refused' WHERE seq = ?", (seq,))
    staged.refused += 1
    staged.tally.add(finding)
