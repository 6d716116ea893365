"""Books a staged file: the checks that need what is already booked, then transaction T2.

Authority: format, section 1 "Natures" and section 3 (`reference-already-used`, `replaced-reference-unknown`,
`invoice-already-declared`, `invoice-declared-differently`, `period-closed-booked-late`).
T2 writes verdict, invoices, findings, answer and the receipt's state, or nothing. The caller holds
the write transaction.
"""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from edi.core import periods, touched, unknown
from edi.core.desk import Desk
from edi.core.judged import Booked, Judged, ruled
from edi.core.partners import Directory
from edi.core.schema import plain_inserts
from edi.core.scheme import File
from edi.core.store import PLACES
from edi.lending.booking.rehearsing import rehearse
from edi.lending.booking.replacing import Chain, find_chain, prepare, restate, withdraw
from edi.lending.booking.staging import Staged, refuse, stage
from edi.lending.booking.stored_lines import discard_lines
from edi.lending.matching import derived
from edi.lending.rules.checks import unresolved_codes
from edi.lending.rules.context import Context
from parsers.sniff import Source
from schemas.declaration import Header
from schemas.finding import Finding
from schemas.lending.layout import EN
from schemas.text import Both

#: The codes that only booking can raise.
STORE_CODES = (
    "reference-already-used",
    "replaced-reference-unknown",
    "invoice-declared-differently",
    "invoice-already-declared",
    "period-closed-booked-late",
)

#: As many invoices are worth putting triggers aside for.
_MANY = 1_000


def judge(desk: Desk, source: Source, file: File) -> Staged:
    """Reads and checks a file, under no lock."""
    prepare(desk)
    discard_lines(desk, file.receipt)  # of a run that was killed
    directory = Directory(desk)
    context = Context(our_gln=file.ours, now=file.now, directory=directory, speaks_for=file.speaks_for)
    return stage(desk, source, context, file.receipt, file.dry or file.alone, file.progress, file.limits)


def unchecked(desk: Desk, file: File) -> tuple[str, ...]:
    """The codes that cannot be raised of a file: without a directory, and without what else was booked."""
    alone = ("declarant-not-allowed", *STORE_CODES) if file.alone else ()
    return (*alone, *unresolved_codes(Directory(desk)))


def book(desk: Desk, staged: Judged, file: File) -> Booked:
    """Judges the staged file against what is booked and books what is accepted. Within the caller's write transaction."""
    assert isinstance(staged, Staged)
    receipt, header, dry, now = file.receipt, staged.header, file.dry, file.now
    if header is None:
        return ruled(staged)
    chain = _judge(desk, staged, header, file.alone)
    if not _whole(header):
        return ruled(staged)
    booked = ruled(staged)
    stands = booked.verdict != "refused"
    target = chain.latest if chain is not None and stands else None
    if "declarant-not-allowed" in staged.tally.by_code:  # somebody else's word: it is not even remembered as refused
        return booked
    declaration = _insert_declaration(desk, staged, header, booked, receipt, file.content, dry, target, now)
    if not stands:
        return booked
    assert header.period is not None
    period = periods.booked_in(header.period, periods.closed_years(desk))
    real, clean = header.use == "real", not staged.refused
    if real and period != header.period and _moves(desk, clean and target is not None):
        staged.tally.add(_at(header, "period", "period-closed-booked-late", str(header.period), str(period)))

    def write() -> None:
        if real and target is not None:
            withdraw(desk, declaration, target, clean)
        desk.db.execute(
            "INSERT OR IGNORE INTO statement SELECT ?, booked FROM staged_restated WHERE seq IN "
            "(SELECT seq FROM staged_invoice WHERE fate = 'restated')",
            (declaration,),
        )
        derived.begin(desk)
        _insert_invoices(desk, staged, receipt, header, declaration, period)
        touched.note(desk, [(receipt * PLACES, (receipt + 1) * PLACES - 1)], live=1)

    if real and not dry:
        write()
        unknown.ask(desk, declaration, now)
    else:
        booked.would = rehearse(desk, write, receipt, staged.invoices)
    return booked


def _whole(header: Header) -> bool:
    """Whether everything that references and natures are judged by could be read."""
    return None not in (
        header.side, header.declarant, header.reference, header.period, header.use,
        header.nature, header.replaced, header.issued, header.sending,
    )  # fmt: skip


def _moves(desk: Desk, withdraws: bool) -> bool:
    """Whether anything is booked or withdrawn: what is only stated once more is not."""
    absent = "OR EXISTS (SELECT 1 FROM staged_own WHERE booked NOT IN (SELECT booked FROM staged_restated))"
    booked = "SELECT EXISTS (SELECT 1 FROM staged_invoice WHERE fate = 'book')"
    return bool(desk.db.execute(f"{booked} {absent if withdraws else ''}").fetchone()[0])


def _at(header: Header, name: str, code: str, found: str | None, expected: str | Both | None = None) -> Finding:
    field = EN.field(name)
    position = field.first if header.format == "fixed" else None
    return Finding(code=code, record=header.record, position=position, field=field.wire, found=found, expected=expected)


def _judge(desk: Desk, staged: Staged, header: Header, alone: bool) -> Chain | None:
    """Judges references, then invoices, as far as the header's fields they go by are sound; the chain of an R or A, which
    names what nobody knows where the file is `alone`."""
    wrong = staged.tally.wrong

    def sound(*names: str) -> bool:
        return all(getattr(header, name) is not None and EN.field(name).wire not in wrong for name in names)

    if sound("declarant", "use", "reference") and header.use == "real":
        _judge_reference(desk, staged, header)
    if not sound("declarant", "side", "period", "use", "nature", "replaced"):
        return None
    chain = None
    if header.nature != "initial":
        chain = Chain(True, None, None) if alone else find_chain(desk, header)
        if not chain.known:  # what it would leave out of the duplicate checks, nobody can say
            named = chain.live_reference or Both("aucune en vigueur", "none is live")
            staged.tally.add(_at(header, "replaced", "replaced-reference-unknown", header.replaced, named))
            return None
    if header.use == "real":
        if chain is not None and chain.latest is not None:
            restate(desk, chain.latest)
        _judge_invoices(desk, staged, header)
    return chain


def _judge_reference(desk: Desk, staged: Staged, header: Header) -> None:
    used = desk.db.execute(
        "SELECT 1 FROM declaration d WHERE declarant = ? AND reference = ? AND use = 'real' AND NOT dry AND accepted > 0 "
        "AND verdict <> 'refused' AND NOT EXISTS "
        "(SELECT 1 FROM declaration c WHERE c.supersedes = d.id AND c.nature = 'cancels')",
        (header.declarant, header.reference),
    ).fetchone()
    if used:
        staged.tally.add(_at(header, "reference", "reference-already-used", header.reference))


_HAS_BOOKED = "SELECT 1 FROM declaration WHERE declarant = ? AND side = ? AND use = 'real' AND NOT dry AND accepted > 0"


def _judge_invoices(desk: Desk, staged: Staged, header: Header) -> None:
    """Refuses what is booked with other amounts or lines; counts once what is booked identically."""
    if not desk.db.execute(_HAS_BOOKED, (header.declarant, header.side)).fetchone():
        return
    own = "supplier" if header.side == "supplier" else "library"
    partner = "library" if own == "supplier" else "supplier"
    desk.db.create_function("written", 1, lambda name: name.strip().upper(), deterministic=True)
    rows = desk.db.execute(
        f"""
        SELECT s.seq, s.record, s.number, i.id, i.digest = s.digest AS same, d.reference
        FROM staged_invoice s
        CROSS JOIN invoice i ON i.key = s.key AND i.{own} = ?1 AND i.{partner} = s.partner AND i.side = ?2
        JOIN declaration d ON d.id = i.declaration
        WHERE s.fate = 'book' AND i.kind = s.kind AND i.date = s.date
          AND written(i.number) = s.written AND i.id NOT IN (SELECT booked FROM staged_own UNION ALL SELECT invoice FROM withdrawal)
        ORDER BY s.seq, same DESC, i.id
        """,
        (header.declarant, header.side),
    ).fetchall()
    judged: set[int] = set()
    for row in rows:
        if row["seq"] in judged:
            continue
        judged.add(row["seq"])
        about: dict[str, Any] = {"record": row["record"], "invoice": row["number"], "found": row["reference"]}
        if row["same"]:
            staged.tally.add(Finding(code="invoice-already-declared", **about))
            desk.db.execute("INSERT OR IGNORE INTO staged_restated VALUES (?, ?)", (row["seq"], row["id"]))
            desk.db.execute("UPDATE staged_invoice SET fate = 'restated' WHERE seq = ?", (row["seq"],))
        else:
            refuse(desk, staged, row["seq"], Finding(code="invoice-declared-differently", **about), False)


def _insert_declaration(
    desk: Desk, staged: Staged, header: Header, booked: Booked,
    receipt: int, sha256: str, dry: bool, target: int | None, now: datetime,
) -> int:  # fmt: skip
    assert header.issued is not None
    cursor = desk.db.execute(
        "INSERT INTO declaration (receipt, sha256, format, verdict, side, use, nature, declarant, reference, replaced, "
        "period, sending, issued, invoices, accepted, dry, supersedes, taken_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            receipt, sha256, header.format, booked.verdict, header.side, header.use, header.nature, header.declarant,
            header.reference, header.replaced, header.period, header.sending, header.issued.isoformat(),
            staged.invoices, booked.accepted, dry, None if dry else target, now.isoformat(),
        ),
    )  # fmt: skip
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _insert_invoices(desk: Desk, staged: Staged, receipt: int, header: Header, declaration: int, period: int) -> None:
    """Moves the accepted invoices out of the temporary table, and the lines that are not in the store yet."""
    first = receipt * PLACES
    if staged.lines is not None:
        staged.lines.put()
    desk.db.executemany(
        "DELETE FROM line WHERE id BETWEEN ? AND ?",
        desk.db.execute(
            "SELECT first_line, first_line + lines - 1 FROM staged_invoice WHERE fate <> 'book' AND lines > 0"
        ).fetchall(),
    )
    supplier, library = ("?2", "partner") if header.side == "supplier" else ("partner", "?2")
    with plain_inserts(desk.db, "invoice") if staged.invoices > _MANY else nullcontext():
        desk.db.execute(
            f"""
            INSERT INTO invoice (id, declaration, record, side, supplier, library, number, key, date, kind, ht, ttc,
                contract, contract_sent, credited, credited_on, first_line, lines, copies, gross, base, base_copies,
                exempt_contract, period, digest)
            SELECT ?1 + seq, ?3, record, ?4, {supplier}, {library}, number, key, date, kind, ht, ttc,
                contract, contract_sent, credited, credited_on, first_line, lines, copies, gross, base, base_copies,
                exempt_contract, ?5, digest
            FROM staged_invoice WHERE fate = 'book' ORDER BY seq
            """,
            (first, header.declarant, declaration, header.side, period),
        )
