"""Reads and checks one file into a temporary table, before any lock on the database is taken.

Memory does not grow with the file: invoices go to SQLite's temporary file, findings are kept up to a
number and counted beyond it, lines go into the store ahead of the verdict (`edi.lending.booking.stored_lines`).
"""

import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from itertools import chain, repeat
from typing import Any

import msgspec

import parsers
from edi.core.desk import Desk
from edi.core.judged import ACCEPTED, BEYOND, REFUSED, Judged, Tally
from edi.core.limits import Limits
from edi.core.partners import party
from edi.core.store import insert_columns, rollback
from edi.lending.booking.stored_lines import StoredLines
from edi.lending.rules import terms
from edi.lending.rules.checked import Checked, CleanInvoices
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from edi.lending.rules.line_checks import over_cap_on
from edi.lending.rules.suggestions import EanSuggestions, Witness, faulty_eans, suggested
from parsers.sniff import Source
from parsers.xml.places import placed
from schemas import number
from schemas.declaration import Header, Line
from schemas.finding import Finding

_SCHEMA = """
CREATE TEMP TABLE IF NOT EXISTS staged_invoice (
    seq INTEGER PRIMARY KEY, record INTEGER, partner TEXT, number TEXT, written TEXT, key TEXT, date TEXT, kind TEXT,
    ht INTEGER, ttc INTEGER, contract TEXT, contract_sent TEXT, credited TEXT, credited_on TEXT,
    first_line INTEGER, lines INTEGER, copies INTEGER, gross INTEGER, base INTEGER, base_copies INTEGER, exempt_contract INTEGER,
    digest BLOB,
    fate TEXT NOT NULL   -- book, refused, restated (already booked: this declaration states it too)
);
DELETE FROM staged_invoice;
CREATE TEMP TABLE IF NOT EXISTS staged_over (   -- discounts above the cap of a credit note's own date, until the file is read
    partner TEXT, key TEXT, date TEXT, finding TEXT, quantity INTEGER, price INTEGER, discount INTEGER
);
DELETE FROM staged_over;
"""
#: When to look for cycles: usually, and while rows come by the hundred thousand, none of them in one.
_COLLECTED = gc.get_threshold()
_SELDOM_COLLECTED = (20_000, *_COLLECTED[1:])
#: How many columns `staged_invoice` has.
_COLUMNS = 23
_OVER = "INSERT INTO staged_over VALUES (" + ", ".join("?" * 7) + ")"
#: The latest day of an invoice that a credit note may name: in its own file, and among those booked.
_CREDITED = f"""
SELECT o.*, max(f.date) AS in_file FROM staged_over o LEFT JOIN staged_invoice f
    ON f.key = o.key AND f.kind = 'F' AND f.fate <> 'refused' AND f.date <= o.date AND o.partner <> ''
    AND {party("f.partner")} = {party("o.partner")}
GROUP BY o.rowid ORDER BY o.rowid
"""
_CREDITED_BOOKED = f"""
SELECT max(date) FROM invoice WHERE key = ?3 AND {party("supplier")} = {party("?1")} AND {party("library")} = {party("?2")}
    AND side = 'supplier' AND kind = 'F' AND date <= ?4 AND id NOT IN (SELECT invoice FROM withdrawal)
"""


class Staged(Judged):
    """What staging made of a file. Accepted invoices are in the temporary table, their last lines in `lines`."""

    lines: StoredLines | None = None


def stage(
    desk: Desk,
    source: Source,
    context: Context,
    receipt: int | None = None,
    dry: bool = False,
    progress: Callable[[int], None] | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Staged:
    """Reads, checks and stages a file; with its lines, for the store, when it has a `receipt` and is not `dry`.

    `progress` is told the bytes read so far, now and then.
    """
    desk.db.executescript(_SCHEMA)
    lines = None if receipt is None or dry else StoredLines(desk, receipt)
    staged = Staged(source.format, tally=Tally(limits.findings_kept), lines=lines)
    desk.db.execute("BEGIN")  # of the temporary table only: nobody waits for us
    try:
        with _few_collections():
            _fill(desk, source, context, staged, progress, limits.max_records)
        _twice_in_file(desk, staged)
        _by_credited_day(desk, staged, stored=receipt is not None)
        if source.format == "xml" and source.stopped is None:
            staged.tally.errors = placed(source.stream, staged.tally.errors)
            staged.tally.warnings = placed(source.stream, staged.tally.warnings)
        desk.db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.DatabaseError):
            rollback(desk.db)
        raise
    return staged


@contextmanager
def _few_collections() -> Iterator[None]:
    gc.set_threshold(*_SELDOM_COLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*_COLLECTED)


def _fill(
    desk: Desk,
    source: Source,
    context: Context,
    staged: Staged,
    progress: Callable[[int], None] | None,
    max_records: int,
) -> None:
    header = Header(format=source.format or "fixed", record=1)
    invoices: list[list[Any]] = [[] for _ in range(_COLUMNS)]
    lines, start = staged.lines, 0

    def flush() -> None:
        insert_columns(desk.db, "staged_invoice", invoices)
        for column in invoices:
            column.clear()
        if progress is not None:
            progress(source.stream.tell())
        if lines is not None and lines.full:
            desk.db.execute("COMMIT")
            lines.put_ahead()
            desk.db.execute("BEGIN")

    eans: list[tuple[Finding, Line]] = []
    for rows, event in enumerate(check(parsers.read_in_bulk(source, max_records), context)):
        if rows % 512 == 511 or len(invoices[0]) >= 512 or (lines is not None and lines.full):
            flush()
        if isinstance(event, Finding):
            staged.tally.add(event, partial(suggested, witness=Witness(header, None, context)))
            continue
        if isinstance(event, Header):
            staged.header = header = event
            continue
        if isinstance(event, CleanInvoices):
            some = event.invoices
            stored = lines is not None and bool(some.lines) and not staged.tally.file_refused
            if header.declarant is not None and header.side is not None:
                _add(invoices, _columns(staged.invoices + 1, event, lines.next if lines is not None else 0, stored))
            staged.invoices += len(some)
            staged.fates += bytes((ACCEPTED,)) * len(some)
            if lines is not None and stored:
                lines.add(list(chain.from_iterable(some.spans)), some.lines)
            continue
        invoice = event.invoice
        if invoice.part == 0:
            staged.invoices += 1
            staged.fates.append(ACCEPTED)
            start = lines.next if lines is not None else 0
        if event.findings:
            advise = partial(suggested, witness=Witness(header, event, context))
            eans += faulty_eans([finding for finding in event.findings if staged.tally.add(finding, advise)], invoice)
        for finding, line in event.withheld:
            assert invoice.date is not None and invoice.credited
            note = (invoice.partner or "", number.key(invoice.credited), invoice.date.isoformat())
            desk.db.execute(_OVER, (*note, msgspec.json.encode(finding).decode(), *line))
        if lines is not None and event.lines and not event.refused and not staged.tally.file_refused:
            lines.add(invoice.line_records, event.lines)
        if invoice.last:
            if not event.refused:
                row = _row(staged.invoices, event, header, start)
                if row is not None:
                    _add(invoices, zip(row, strict=True))
            else:
                staged.refused += 1
                staged.fates[-1] = REFUSED
                if invoice.date and header.period and header.issued and invoice.date.year != header.period:
                    staged.outside[invoice.date.year] += terms.FIRST_PERIOD <= invoice.date.year <= header.issued.year
                if lines is not None and start < lines.next:
                    desk.db.execute("COMMIT")
                    lines.drop(start)
                    desk.db.execute("BEGIN")
    flush()
    if eans and source.format:
        sought = EanSuggestions(eans)
        resolved = sought.resolve(parsers.lines_with(source, sought.meant))
        staged.tally.errors = [resolved.get(finding, finding) for finding in staged.tally.errors]


def _row(seq: int, checked: Checked, header: Header, first_line: int) -> tuple[Any, ...] | None:
    """The staged row of an accepted invoice; None when the header could not be read (the file is refused)."""
    invoice, sums = checked.invoice, checked.sums
    if header.declarant is None or header.side is None:
        return None
    assert invoice.partner and invoice.number and invoice.date and invoice.kind and invoice.ht is not None
    return (
        seq, invoice.record, invoice.partner, invoice.number, written(invoice.number), number.key(invoice.number),
        _iso(invoice.date), invoice.kind, invoice.ht, invoice.ttc, invoice.contract, _iso(invoice.contract_sent),
        invoice.credited, _iso(invoice.credited_on),
        first_line, sums.lines, sums.copies, sums.gross, sums.base, sums.base_copies, int(sums.exempt_contract),
        checked.digest, "book",
    )  # fmt: skip


def _columns(seq: int, clean: CleanInvoices, first_line: int, stored: bool) -> tuple[Iterable[Any], ...]:
    """The same of invoices in which nothing was found, from `seq` on, by the column."""
    some = clean.invoices
    partners, numbers, days, kinds, hts, ttcs, contracts, sent, _, credited, credited_on = some.heads
    starts = [first_line + stored * (begin - some.begins[0]) for begin in some.begins[:-1]]
    return (
        range(seq, seq + len(some)), some.records, partners, numbers, map(written, numbers), clean.keys,
        map(date.isoformat, days), kinds, hts, ttcs, contracts, map(_iso, sent), credited, map(_iso, credited_on),
        starts, clean.lines, clean.copies, clean.gross, clean.base, clean.base_copies, clean.exempt_contract,
        clean.digests, repeat("book", len(some)),
    )  # fmt: skip


def _add(invoices: list[list[Any]], columns: Iterable[Iterable[Any]]) -> None:
    for held, more in zip(invoices, columns, strict=True):
        held.extend(more)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def written(name: str) -> str:
    """An invoice number as written, for telling two declarations of it apart: trimmed, upper case."""
    return name.strip().upper()


def _twice_in_file(desk: Desk, staged: Staged) -> None:
    """Same number, partner, kind and date twice: identical, the first stands; different, none does."""
    same = "partner = ? AND written = ? AND kind = ? AND date = ?"
    groups = desk.db.execute(
        "SELECT partner, written, kind, date, count(DISTINCT digest) AS contents FROM staged_invoice "
        "GROUP BY partner, written, kind, date HAVING count(*) > 1 ORDER BY min(seq)"
    ).fetchall()
    if groups:
        desk.db.execute("CREATE INDEX temp.staged_same ON staged_invoice (partner, written, kind, date)")
    for group in groups:
        rows = desk.db.execute(
            f"SELECT seq, record, number FROM staged_invoice WHERE {same} ORDER BY seq", tuple(group)[:4]
        ).fetchall()
        first, others = rows[0], rows[1:]
        if group[4] > 1:
            refuse(desk, staged, first[0], Finding(
                code="invoice-twice-in-file", record=first[1], invoice=first[2], found=str(others[0][1])))  # fmt: skip
        for seq, record, name in others:
            refuse(desk, staged, seq, Finding(
                code="invoice-twice-in-file", record=record, invoice=name, found=str(first[1])), group[4] > 1)  # fmt: skip
    desk.db.execute("DROP INDEX IF EXISTS temp.staged_same")


def _by_credited_day(desk: Desk, staged: Staged, stored: bool) -> None:
    """What is over the cap of a credit note's own day need not be over that of the invoice whose number it names.

    The latest of the same parties and number key, no later than the note: in the file, or where there is a store booked.
    """
    header = staged.header
    if header is None or not desk.db.execute("SELECT 1 FROM staged_over").fetchone():
        return
    stored = stored and header.use == "real" and header.declarant is not None
    for partner, key, day, said, *line, in_file in desk.db.execute(_CREDITED).fetchall():
        found = [date.fromisoformat(in_file)] if in_file else []
        if stored and partner:
            booked = desk.db.execute(_CREDITED_BOOKED, (header.declarant, partner, key, day)).fetchone()[0]
            found += [date.fromisoformat(booked)] if booked else []
        finding: Finding | None = msgspec.json.decode(said, type=Finding)
        if finding is not None and found:
            finding = over_cap_on(max(found), finding, *line)
        if finding is not None:
            staged.tally.add(finding)


def refuse(
    desk: Desk, staged: Staged, seq: int, finding: Finding, mendable: bool = True
) -> None:  # fmt: skip
    """Refuses a staged invoice, with its finding; `mendable`: another declaration of it may be accepted."""
    staged.fates[seq - 1] = REFUSED if mendable else BEYOND
    desk.db.execute("UPDATE staged_invoice SET fate = 'refused' WHERE seq = ?", (seq,))
    staged.refused += 1
    staged.tally.add(finding)
