"""Natures R and A: which declaration is replaced or cancelled, what is restated, what is withdrawn.

Authority: format, section 1 "Natures". A declaration is live when it stands and none supersedes it; an invoice
is withdrawn only when the last live declaration that states it is. The temporary tables here sit
beside those of `edi.lending.booking.staging`.
"""

import msgspec

from edi.core import touched
from edi.core.desk import Desk
from edi.lending.matching import derived
from schemas.declaration import Header

_SCHEMA = """
CREATE TEMP TABLE IF NOT EXISTS staged_restated (seq INTEGER, booked INTEGER, PRIMARY KEY (seq, booked));
CREATE TEMP TABLE IF NOT EXISTS staged_own (booked INTEGER PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS staged_successor (seq INTEGER PRIMARY KEY, booked INTEGER);
"""
_TABLES = ("staged_restated", "staged_own", "staged_successor")

_STATED = """
SELECT id FROM invoice WHERE declaration = ?1 UNION SELECT invoice FROM statement WHERE declaration = ?1
"""
#: The live declarations that state an invoice `i`, other than ?1.
_STATED_ELSEWHERE = """
EXISTS (
    SELECT 1 FROM v_declaration d WHERE d.id <> ?1 AND NOT d.superseded
      AND d.id IN (SELECT i.declaration UNION SELECT declaration FROM statement WHERE invoice = i.id)
)
"""


class Chain(msgspec.Struct, frozen=True):
    """What a nature R or A names. `latest` is the live declaration it replaces, None when there is nothing to replace."""

    known: bool
    latest: int | None
    live_reference: str | None


def prepare(desk: Desk) -> None:
    """Empties the temporary tables for the next file, which is compared by keys of this version. Before the write
    transaction begins."""
    derived.refresh(desk)
    desk.db.executescript(_SCHEMA + "".join(f"DELETE FROM {table};" for table in _TABLES))


def find_chain(desk: Desk, header: Header) -> Chain:
    """The declaration that `header` replaces or cancels: same declarant, side, period and use, and live."""
    same = "declarant = ? AND side = ? AND period = ? AND use = ? AND NOT dry AND nature <> 'cancels'"
    whose = (header.declarant, header.side, header.period, header.use)
    live = "verdict <> 'refused' AND NOT superseded"
    found = desk.db.execute(
        f"SELECT id, {live} AS live, verdict = 'refused' AS refused, cancelled FROM v_declaration "
        f"WHERE {same} AND reference = ? ORDER BY id",
        (*whose, header.replaced),
    ).fetchall()
    if standing := [row["id"] for row in found if row["live"]]:
        return Chain(True, standing[-1], header.replaced)
    heir = desk.db.execute(
        f"""
        WITH RECURSIVE chain (id) AS (
            SELECT id FROM declaration WHERE {same} AND reference = ?
            UNION SELECT n.id FROM declaration n JOIN chain ON n.supersedes = chain.id
        )
        SELECT reference FROM v_declaration WHERE id IN (SELECT id FROM chain) AND nature <> 'cancels' AND {live}
        ORDER BY id DESC
        """,
        (*whose, header.replaced),
    ).fetchone()
    uncancelled = [row for row in found if not row["cancelled"]]
    if header.nature == "replaces" and uncancelled and all(row["refused"] for row in uncancelled):
        return Chain(True, None, None)  # an R of one that booked nothing is taken as I
    if not found:
        others = desk.db.execute(
            f"SELECT reference FROM v_declaration WHERE {same} AND {live} LIMIT 2", whose
        ).fetchall()
        heir = others[0] if len(others) == 1 else None
    return Chain(False, None, heir["reference"] if heir else None)


def restate(desk: Desk, target: int) -> None:
    """Pairs the staged invoices with those the replaced declaration stated: same partner, key and kind.

    What is unchanged in every column is restated, not booked again. What the replaced declaration alone
    stated is left out of the duplicate checks (`staged_own`).
    """
    desk.db.execute(
        f"INSERT INTO staged_own SELECT i.id FROM invoice i WHERE i.id IN ({_STATED}) "
        f"AND i.id NOT IN (SELECT invoice FROM withdrawal) AND NOT {_STATED_ELSEWHERE}",
        (target,),
    )
    unchanged = desk.db.execute(
        f"""
        SELECT s.seq, min(i.id) AS booked FROM staged_invoice s
        JOIN (SELECT * FROM invoice WHERE id IN ({_STATED}) AND id NOT IN (SELECT invoice FROM withdrawal)) i
          ON i.key = s.key AND i.kind = s.kind AND i.date = s.date AND i.number = s.number AND i.digest = s.digest AND s.partner = i.with_gln
        WHERE s.fate = 'book' GROUP BY s.seq
        """,
        (target,),
    ).fetchall()
    desk.db.executemany("INSERT INTO staged_restated VALUES (?, ?)", [tuple(row) for row in unchanged])
    desk.db.executemany("UPDATE staged_invoice SET fate = 'restated' WHERE seq = ?", [(row[0],) for row in unchanged])


def withdraw(desk: Desk, declaration: int, target: int, clean: bool) -> None:
    """Withdraws what `declaration` no longer states of `target`, which it supersedes (after `restate`).

    A cancellation or a clean replacement withdraws everything it does not restate. A replacement with
    refused invoices withdraws only those it states anew; the others it takes over until a clean one comes.
    """
    if clean:
        rows = desk.db.execute(
            "SELECT booked FROM staged_own WHERE booked NOT IN (SELECT booked FROM staged_restated) ORDER BY booked"
        ).fetchall()
        gone = [row[0] for row in rows]
    else:
        gone = sorted(_stated_anew(desk))
    touched.again(desk, gone, live=-1)
    desk.db.executemany("INSERT INTO withdrawal VALUES (?, ?)", [(invoice, declaration) for invoice in gone])
    if not clean:
        desk.db.execute(
            f"INSERT OR IGNORE INTO statement SELECT ?2, id FROM ({_STATED}) WHERE id NOT IN (SELECT invoice FROM withdrawal)",
            (target, declaration),
        )


def _stated_anew(desk: Desk) -> set[int]:
    """The replaced invoices that an accepted staged one stands for: same partner, key and kind, the nearest date first."""
    pairs = desk.db.execute(
        """
        SELECT i.id, s.seq, abs(julianday(i.date) - julianday(s.date)) AS apart FROM staged_own o
        JOIN invoice i ON i.id = o.booked
        JOIN staged_invoice s ON s.key = i.key AND s.kind = i.kind AND s.fate = 'book' AND s.partner = i.with_gln
        WHERE o.booked NOT IN (SELECT booked FROM staged_restated) ORDER BY apart, i.date, i.id, s.seq
        """
    ).fetchall()
    anew: set[int] = set()
    taken: set[int] = set()
    for invoice, seq, _ in pairs:
        if invoice not in anew and seq not in taken:
            anew.add(invoice)
            taken.add(seq)
    return anew
