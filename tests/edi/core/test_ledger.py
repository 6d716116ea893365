"""The ledger: append-only whatever one tries, chained, and posting only the difference."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from edi.core.ledger import content_hash
from edi.lending.booking import booking, stored_lines
from edi.lending.matching.claims import COLUMNS, entries
from parsers.sheets.exports import plain_csv
from tests.desk import LIBRARY, Desk, bought, declared, sold

DAY = "2025-03-14"


@pytest.fixture(params=["short files", "long files"])
def desk(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Three runs: two entries, a reversal with its correction, a reversal. Rows of long files go in past the triggers."""
    if request.param == "long files":
        monkeypatch.setattr(stored_lines, "_PIECE", 1)
        monkeypatch.setattr(booking, "_MANY", 0)
    desk = Desk(tmp_path / "home")
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), by=LIBRARY))
    desk.take(declared("A", sold("1", DAY), sold("2", DAY)))
    desk.reconcile()
    desk.take(declared("B", sold("1", DAY, 10_001), sold("2", DAY), replaces="A"))
    desk.reconcile()
    desk.take(declared("X", cancels="B"))
    desk.reconcile()
    return desk


FACTS = ("declaration", "invoice", "line", "statement", "withdrawal", "finding", "entry", "posting_run", "period_act")


@pytest.mark.parametrize("table", FACTS)
def test_facts_are_only_ever_added(desk: Desk, table: str) -> None:
    desk.take(declared("C", sold("9", DAY), sold("2", DAY, 5_000)), speaks_for=[LIBRARY])  # a finding
    desk.take(declared("D", sold("9", DAY)))
    desk.take(declared("E", sold("9", DAY)))  # a statement
    desk.db.execute("INSERT INTO period_act (year, act, at, reason) VALUES (2004, 'close', '', '')")
    before = desk.rows(f"SELECT * FROM {table}")
    assert before
    columns = [row[1] for row in desk.rows(f"PRAGMA table_info ({table})")]
    copy = f"SELECT {', '.join(columns)} FROM {table}"
    attempts = [f"UPDATE {table} SET {column} = {column}" for column in columns if column != "key"]  # it is derived
    attempts += [f"DELETE FROM {table}", f"UPDATE OR REPLACE {table} SET {columns[0]} = {columns[0]}"]
    if table != "statement":  # all of it is its key: replaced by itself it is what it was
        attempts.append(f"INSERT OR REPLACE INTO {table} {copy} WHERE true")
    if table not in ("statement", "finding"):
        attempts.append(
            f"INSERT OR REPLACE INTO {table} (rowid, {', '.join(columns)}) {copy.replace('SELECT', 'SELECT rowid,')}"
        )
    if table not in ("statement", "line"):
        attempts.append(
            f"INSERT INTO {table} {copy} WHERE true ON CONFLICT DO UPDATE SET {columns[-1]} = {columns[-1]}"
        )
    # a stranger: our own connections have settings that stop more than the triggers do
    somebody = sqlite3.connect(desk.home.database, isolation_level=None)
    for attempt in attempts:
        if table == "line" and "rowid" not in attempt and attempt.startswith("INSERT"):
            continue
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            somebody.execute(attempt)
    somebody.close()
    assert desk.rows(f"SELECT * FROM {table}") == before


def test_every_entry_and_every_run_is_hashed_over_the_one_before(desk: Desk) -> None:
    previous = ""
    assert desk.rows("SELECT id, entries FROM posting_run") == [(1, 2), (2, 2), (3, 2)]
    for run, count, when, before, digest, rules in desk.rows(
        "SELECT id, entries, posted_at, previous, hash, rules FROM posting_run ORDER BY id"
    ):
        assert before == previous
        chain = hashlib.sha256(f"{before}{when}{rules}".encode())
        cursor = desk.db.execute("SELECT * FROM remuneration WHERE run = ? ORDER BY entry", (run,))
        rows = cursor.fetchall()
        assert len(rows) == count
        for row in rows:
            facts = {name: row[name] for name in row.keys() if name not in ("run", "rate", "hash")}  # noqa: SIM118
            assert content_hash(facts) == row["hash"]
            chain.update(row["hash"].encode())
        assert chain.hexdigest() == digest
        previous = digest


def test_a_reversal_undoes_one_entry_once(desk: Desk) -> None:
    reversals = desk.rows(
        "SELECT e.base_cents + r.base_cents, e.remuneration_cents + r.remuneration_cents, e.copies + r.copies, "
        "e.rate_percent - r.rate_percent FROM remuneration r JOIN remuneration e ON e.entry = r.reverses"
    )
    assert reversals == [(0, 0, 0, 0)] * 3
    with pytest.raises(sqlite3.IntegrityError):
        desk.db.execute(
            "INSERT INTO entry SELECT 99, run, scheme, kind, period, party, counterparty, piece, piece_date, piece_kind, "
            "base_cents, rate, cents, units, reason, claim, evidence, facts, reverses, hash "
            "FROM entry WHERE reverses IS NOT NULL LIMIT 1"
        )


def test_exports_are_exact(desk: Desk) -> None:
    rows = list(entries(desk, 2025, desk.one("SELECT supplier FROM remuneration")))
    assert [(row["entry"], row["rate"], row["reverses"]) for row in rows][:3] == [
        (1, "0.06", None),
        (2, "0.06", None),
        (3, "0.06", 1),
    ]
    assert list(entries(desk, 2024)) == []
    text = b"".join(plain_csv(COLUMNS, rows)).decode()
    assert text.count("\r\n") == 7
    assert text.splitlines()[1].split(",")[7:12] == ["10000", "0.06", "600", "1", ""]


def test_lines_awaited_are_posted_when_a_replacement_brings_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    day = "2005-03-14"
    desk.take(declared("L", bought("1", day), by=LIBRARY))
    desk.take(declared("A", sold("1", day, lines=(), ht=9_100)))
    found = desk.reconcile()
    assert (found["discrepancies"], found["matched"], found["entries_posted"]) == (1, 0, 0)
    desk.take(declared("B", sold("1", day), replaces="A"))
    found = desk.reconcile()
    assert (found["discrepancies"], found["matched"], found["entries_posted"], found["remuneration_cents"]) == (
        0,
        1,
        1,
        600,
    )


def test_a_note_goes_by_what_it_credits_for_as_long_as_that_stands(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    note = sold("9", "2004-09-10", kind="A", credited="5")
    desk.take(declared("L", bought("9", "2004-09-10", kind="A"), by=LIBRARY))
    desk.take(declared("A", note))
    assert desk.reconcile()["remuneration_cents"] == -600
    desk.take(declared("B", sold("5", "2004-07-31")))
    found = desk.reconcile()
    assert (found["entries_posted"], desk.owed()) == (2, -300)
    desk.take(declared("X", cancels="B", period=2004))
    desk.reconcile()
    assert desk.owed() == -600
