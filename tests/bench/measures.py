"""One measure a process: `python -m tests.bench.measures NAME FOLDER [key=value ...]` prints a JSON line.

What the product does is measured through `_ingest` and `_reconcile`, and nowhere else. Its limits are the bare
thing: a compiled regular expression, lxml's iterparse, sqlite3's executemany, one GROUP BY; rows prepared before the clock starts.
"""

import json
import mmap
import re
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import parsers
from edi.core import touched
from edi.core.desk import open_desk
from edi.core.settings import OUR_GLN, open_home, paris_now
from edi.core.store import connect, snapshot
from edi.intake.ingesting import ingest
from edi.lending.matching import match_table
from edi.lending.matching.reconciling import compute, reconcile
from edi.lending.rules.checked import Checked, CleanInvoices
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from parsers.fixed.grammar import END, good
from parsers.sniff import open_source
from parsers.xml.faults import NAMESPACE
from schemas.charset import ENCODING
from schemas.declaration import Header, Invoice, Invoices, Line
from schemas.lending.layout import FA, LG, Layout
from tests.worlds import hostile as made
from tests.worlds import volume

Figures = dict[str, Any]


def _clocked(work: Callable[[], Any]) -> tuple[Figures, Any]:
    """Wall-clock and processor seconds of some work, and what it made."""
    began, used = time.perf_counter(), time.process_time()
    made = work()
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}, made


# -- the product -----------------------------------------------------------------------------------


def _ingest(home: Path, paths: Iterable[Path]) -> Figures:
    with open_desk(home) as desk:
        spent, verdicts = _clocked(lambda: {taken.verdict for _, taken in ingest(desk, paths)})
    assert verdicts == {"accepted"}, verdicts
    return spent


def _reconcile(home: Path) -> Figures:
    with open_desk(home) as desk:
        spent, counts = _clocked(lambda: reconcile(desk))
    return {**spent, "matched": counts["matched"], "posted": counts["entries_posted"]}


def read(folder: Path, form: str = "fixed") -> Figures:
    """Reading alone: bytes to invoices with their lines."""

    def work() -> int:
        with (folder / f"big.{form}").open("rb") as stream:
            events = parsers.read_in_bulk(open_source(stream))
            return sum(len(event.lines) for event in events if isinstance(event, Invoice | Invoices))

    spent, lines = _clocked(work)
    return {**spent, "lines": lines}


def read_and_check(folder: Path, form: str = "fixed") -> Figures:
    """Reading and every check that needs no database."""
    context = Context(our_gln=OUR_GLN, now=paris_now())

    def work() -> int:
        with (folder / f"big.{form}").open("rb") as stream:
            lines = 0
            for event in check(parsers.read_in_bulk(open_source(stream)), context):
                if isinstance(event, Checked):
                    assert not event.findings
                    lines += len(event.invoice.lines)
                elif isinstance(event, CleanInvoices):
                    lines += len(event.invoices.lines)
            return lines

    spent, lines = _clocked(work)
    return {**spent, "lines": lines}


def hostile(folder: Path) -> Figures:
    """The slowest of the files made to hurt, read and checked as `edi check` does, each in a process of its own."""
    command = [sys.executable, "-m", "tests.worlds.hostile"]
    facts = [json.loads(subprocess.check_output([*command, case])) for case in made.MADE]
    worst = max(facts, key=lambda one: float(one["seconds"]))
    return {"seconds": worst["seconds"], "cpu_seconds": worst["seconds"]}


def ingest_big(folder: Path, home: str, form: str = "fixed") -> Figures:
    """The whole way of the big file: kept, read, checked, booked, answered, on disk."""
    return _ingest(folder / home, [folder / f"big.{form}"])


def ingest_market(folder: Path) -> Figures:
    """The stock: every declarant's year, both sides."""
    return _ingest(folder / "market-home", sorted((folder / "market").iterdir()))


def ingest_arrivals(folder: Path) -> Figures:
    """Small files of both sides in the order in which they came, each durable before the next."""
    return _ingest(folder / "market-home", sorted((folder / "arrivals").iterdir()))


def reconciling(folder: Path) -> Figures:
    """One pass over all there is."""
    return _reconcile(folder / "market-home")


def matching(folder: Path) -> Figures:
    """Where every invoice stands, from scratch, into temporary tables: what a pass computes before it writes."""
    with open_desk(folder / "market-home") as desk:
        match_table.place(desk, touched.seen(desk) or 0)
        with snapshot(desk.db):
            spent, _ = _clocked(lambda: compute(desk, whole=True))
            matched = desk.db.execute("SELECT count(*) FROM outcome_new WHERE state = 'matched' AND bag = invoice")
            return {**spent, "matched": matched.fetchone()[0]}


def one_more_file(folder: Path) -> Figures:
    """The pass after one more file of a hundred invoices, postings and all, on disk: the median of several files."""
    passes = []
    with open_desk(folder / "market-home") as desk:
        for path in sorted((folder / "one-more").iterdir()):
            assert [taken.verdict for _, taken in ingest(desk, [path])] == ["accepted"]
            spent, _ = _clocked(lambda: reconcile(desk))
            passes.append((spent["seconds"], spent))
    return sorted(passes, key=lambda one: one[0])[len(passes) // 2][1]


# -- limits ----------------------------------------------------------------------------------------


def honest_lines(folder: Path) -> Figures:
    """A hundred thousand honest lines, read and checked."""
    (folder / "honest").mkdir(exist_ok=True)
    volume.write_million(folder / "honest" / "big.fixed", "fixed", 100_000)
    return read_and_check(folder / "honest")


def _pattern(layout: Layout) -> str:
    """One record, a group a field, no more."""
    fields = "".join(f"({'[0-9]' if field.form == 'n' else '.'}{{{field.width}}})" for field in layout.fields[1:])
    return layout.mark + fields + "\n"


def bare_expression(folder: Path) -> Figures:
    """A compiled regular expression over the same bytes, `finditer`, nothing made of its matches."""
    return _expression(folder, texts=False)


def bare_expression_groups(folder: Path) -> Figures:
    """The same, with the text of every field taken out of each match: what any reader must do at least."""
    return _expression(folder, texts=True)


def _expression(folder: Path, texts: bool) -> Figures:
    expression = re.compile(f"{_pattern(LG)}|{_pattern(FA)}".encode(), re.DOTALL)
    with (folder / "big.fixed").open("rb") as stream:
        whole = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        found = expression.finditer(whole)
        spent, records = _clocked(lambda: sum(1 for match in found if not texts or match.groups()))
    return {**spent, "lines": records}


def _record_pattern(layout: Layout) -> str:
    """One well-formed record with its end, a group a field but mark and filler; a title may be anything."""
    parts = [layout.mark]
    for field in layout.fields[1:]:
        if field.meaning == "blank":
            parts.append(good(field))
        else:
            anything = f"|(?s:.{{{field.width}}})" if field.form == "title" else ""
            parts.append(f"({good(field)}{anything})")
    return "".join(parts) + END


def record_expression(folder: Path) -> Figures:
    """The expression that tells a well-formed record from any other (the layout's, as the grammar has it), over the text."""
    expression = re.compile(f"{_record_pattern(LG)}|{_record_pattern(FA)}")

    def work() -> int:
        text = (folder / "big.fixed").read_bytes().decode(ENCODING)
        return sum(1 for _ in expression.finditer(text))

    spent, records = _clocked(work)
    return {**spent, "lines": records}


def bare_file_to_table(folder: Path) -> Figures:
    """The file into two plain rowid tables by the standard library alone: groups of that expression, int(), executemany."""
    line_re, invoice_re = (re.compile(_record_pattern(layout)) for layout in (LG, FA))
    (folder / "bare-file.sqlite").unlink(missing_ok=True)
    connection = sqlite3.connect(folder / "bare-file.sqlite", isolation_level=None)
    connection.execute(
        "CREATE TABLE invoice (number, partner, date, kind, ht, ttc, contract, sent, lines, credited, on_day)"
    )
    connection.execute("CREATE TABLE line (record, ean, quantity, price, discount, vat, exclusion, evidence, title)")

    def work() -> int:
        text = (folder / "big.fixed").read_bytes().decode(ENCODING)
        connection.execute("BEGIN")
        rows = (
            (int(r), ean, int(q), int(p), int(d), int(v), x, e, t)
            for r, ean, q, p, d, v, x, e, t in (match.groups() for match in line_re.finditer(text))
        )
        connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        heads = (
            (number, partner, date, kind, int(ht), int(ttc), contract, sent, int(lines), credited, on_day)
            for _, partner, number, date, kind, ht, ttc, contract, sent, lines, credited, on_day in (
                match.groups() for match in invoice_re.finditer(text)
            )
        )
        connection.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", heads)
        connection.execute("COMMIT")
        return int(connection.execute("SELECT count(*) FROM line").fetchone()[0])

    spent, lines = _clocked(work)
    return {**spent, "lines": lines}


def bare_iterparse(folder: Path) -> Figures:
    """lxml's iterparse over the same bytes, each element cleared, nothing made of it."""
    from lxml import etree

    def work() -> int:
        count = 0
        for _, element in etree.iterparse(folder / "big.xml", events=("end",), tag=f"{{{NAMESPACE}}}facture"):
            count += len(element)
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
        return count

    spent, lines = _clocked(work)
    return {**spent, "lines": lines}


_INVOICE = ("declaration", "record", "side", "supplier", "library", "number", "key", "date", "kind", "ht", "ttc",
            "contract", "contract_sent", "credited", "credited_on", "lines", "copies", "gross", "base", "base_copies",
            "exempt_contract", "period", "digest")  # fmt: skip
_LINE = ("invoice", "record", "ean", "quantity", "price", "discount", "vat", "exclusion", "evidence", "title")


def _rows(paths: Iterable[Path]) -> Iterator[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    """The rows of each file as the product keeps them: (invoices, lines)."""
    context = Context(our_gln=OUR_GLN, now=paris_now())
    count = 0
    for declaration, path in enumerate(paths, 1):
        invoices, lines = [], []
        header: Header | None = None
        with path.open("rb") as stream:
            for event in check(parsers.read(open_source(stream)), context):
                if isinstance(event, Header):
                    header = event
                elif isinstance(event, Checked) and header is not None:
                    one, sums = event.invoice, event.sums
                    count += 1
                    both = (
                        (header.declarant, one.partner)
                        if header.side == "supplier"
                        else (one.partner, header.declarant)
                    )
                    invoices.append((declaration, one.record, header.side, *both, one.number, one.number,
                        str(one.date), one.kind, one.ht, one.ttc, one.contract, None, one.credited, None, sums.lines,
                        sums.copies, sums.gross, sums.base, sums.base_copies, 0, header.period, event.digest))  # fmt: skip
                    lines += [
                        (count, record, *(getattr(line, name) for name in Line.__struct_fields__))
                        for record, line in zip(one.line_records, one.lines, strict=True)
                    ]
        yield invoices, lines


def _bare_tables(path: Path) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"CREATE TABLE invoice ({', '.join(_INVOICE)})")
    connection.execute(f"CREATE TABLE line ({', '.join(_LINE)})")
    return connection


def _insert(connection: sqlite3.Connection, invoices: list[tuple[Any, ...]], lines: list[tuple[Any, ...]]) -> None:
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO invoice VALUES ({', '.join('?' * len(_INVOICE))})", invoices)
    connection.executemany(f"INSERT INTO line VALUES ({', '.join('?' * len(_LINE))})", lines)
    connection.execute("COMMIT")


def bare_insert(folder: Path, form: str = "fixed") -> Figures:
    """The same rows into two plain rowid tables: one transaction, executemany."""
    invoices, lines = next(_rows([folder / f"big.{form}"]))
    connection = _bare_tables(folder / "bare.sqlite")
    spent, _ = _clocked(lambda: _insert(connection, invoices, lines))
    return {**spent, "lines": len(lines)}


def bare_arrivals(folder: Path) -> Figures:
    """The small files' rows into the same plain tables, over the stock's: one transaction in all."""
    connection = _bare_tables(folder / "bare-market.sqlite")
    for invoices, lines in _rows(sorted((folder / "market").iterdir())):
        _insert(connection, invoices, lines)
    prepared = list(_rows(sorted((folder / "arrivals").iterdir())))
    invoices, lines = [row for rows, _ in prepared for row in rows], [row for _, rows in prepared for row in rows]
    spent, _ = _clocked(lambda: _insert(connection, invoices, lines))
    return {**spent, "lines": len(lines)}


def bare_arrivals_each(folder: Path) -> Figures:
    """The same once more, a transaction a file, on disk before the next (WAL, synchronous FULL)."""
    connection = sqlite3.connect(folder / "bare-market.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    prepared = list(_rows(sorted((folder / "arrivals").iterdir())))

    def work() -> None:
        for invoices, lines in prepared:
            _insert(connection, invoices, lines)

    spent, _ = _clocked(work)
    return {**spent, "lines": sum(len(lines) for _, lines in prepared)}


def bare_group_by(folder: Path) -> Figures:
    """One GROUP BY over the same rows by the same key: two amounts and a count for each key, fetched.

    Over the match table, narrow and clustered on that key: the quickest there is. Over the invoices as booked, partners
    resolved on the way, the same takes more than twice as long, and would flatter what is measured against it.
    """
    connection = connect(open_home(folder / "market-home").database)
    sql = (
        "SELECT supplier, library, key, max(ht) FILTER (WHERE side = 'supplier'), max(ht) FILTER (WHERE side = 'library'), "
        "count(*) FROM twin GROUP BY supplier, library, key"
    )
    spent, rows = _clocked(lambda: sum(1 for _ in connection.execute(sql)))
    return {**spent, "matched": rows}


def bare_grouping(folder: Path) -> Figures:
    """One GROUP BY over the plain table of both sides, and the matches' bare insert: what no reconciliation can save."""
    connection = sqlite3.connect(folder / "bare-market.sqlite", isolation_level=None)
    connection.execute("DROP TABLE IF EXISTS entry")
    connection.execute("CREATE TABLE entry (supplier, library, key, date, ht, base, copies)")
    grouped = (
        "SELECT supplier, library, key, max(date), sum(ht) FILTER (WHERE side = 'library'), "
        "sum(base) FILTER (WHERE side = 'supplier'), sum(base_copies) FROM invoice GROUP BY supplier, library, key "
        "HAVING count(*) = 2 AND count(DISTINCT side) = 2"
    )
    spent, _ = _clocked(lambda: connection.execute(f"INSERT INTO entry {grouped}"))
    return {**spent, "matched": connection.execute("SELECT count(*) FROM entry").fetchone()[0]}


# -- files, and the way in -------------------------------------------------------------------------


def make_big(folder: Path, form: str, lines: str) -> Figures:
    """Writes the big file."""
    spent, _ = _clocked(lambda: volume.write_million(folder / f"big.{form}", form, int(lines)))
    return spent


def make_small(folder: Path, each: str, files: str) -> Figures:
    """Writes the stock's files and those that arrive."""
    for name in ("market", "arrivals", "one-more"):
        (folder / name).mkdir()
    volume.write_market(folder / "market", int(each))
    volume.write_arrivals(folder / "arrivals", int(files))
    volume.write_one_more(folder / "one-more")
    return {"seconds": 0.0, "cpu_seconds": 0.0}


if __name__ == "__main__":
    name, place, *facts = sys.argv[1:]
    figures = globals()[name](Path(place), **dict(fact.split("=", 1) for fact in facts))
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    figures["peak_bytes"] = max(used) * 1024
    sys.stdout.write(json.dumps(figures) + "\n")
