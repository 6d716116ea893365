"""The proof of the ledger: whatever is altered is found, and the entry named."""

import hashlib
import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as keys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edi.core.ledger import FACTS, content_hash
from edi.lending.books import sealing
from edi.lending.books.proof import Failure, verify
from edi.lending.books.statements import issue
from edi.lending.matching.claims import REMUNERATION, balances
from edi.lending.matching.estimating import ESTIMATE
from schemas.declaration import Line
from schemas.errors import NotAllowed, SettingsWrong, Unreadable
from tests.desk import EAN, LIBRARY, NOW, OTHER_LIBRARY, Desk, bought, declared, partner, sold, written
from tests.parsers.test_sniff import zipped

DAY = "2025-03-14"
SECOND_HAND = (Line(EAN, 2, 1_000, 0, 550, "OC", "BL-7", ""), Line(EAN, 3, 2_000, 900, 550, "", "", "Titre"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of five runs on five days, one of a zip: sales, a credit note, an exempt library, exclusions, corrections."""
    desk = Desk(tmp_path_factory.mktemp("proof") / "home")
    desk.know([partner(OTHER_LIBRARY, category="primary")])
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), bought("3", DAY, kind="A"), by=LIBRARY))
    desk.take(declared("M", bought("4", DAY), by=OTHER_LIBRARY))
    desk.take(declared("N", bought("5", "2004-07-01", 7_460), bought("6", "2004-09-01", kind="A"), by=LIBRARY))
    sales = (sold("1", DAY), sold("2", DAY), sold("3", DAY, kind="A"), sold("4", DAY, partner=OTHER_LIBRARY))
    for given in (
        declared("A", *sales),
        declared("O", sold("5", "2004-07-01", lines=SECOND_HAND), sold("6", "2004-09-01", kind="A", credited="5")),
        declared("B", sales[0], sold("2", DAY, 10_001), *sales[2:], replaces="A"),
        declared("C", sales[0], *sales[2:], replaces="B"),
        declared("X", cancels="C"),
    ):
        desk.take(zipped(("o.txt", written(given))) if given.header.reference == "O" else given)
        desk.time += timedelta(days=1)
        desk.reconcile()
    desk.db.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    desk.db.close()
    return desk.home.path


@pytest.fixture
def desk(kept: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(kept, tmp_path / "home")
    made = Desk(tmp_path / "home")
    yield made
    made.db.close()


def failure(desk: Desk, **more: Any) -> Failure | None:
    return verify(desk, **more).failure


def tamper(desk: Desk, *statements: str, rehash: bool = False) -> None:
    """What somebody who has the file may do: another program, without the triggers; with `rehash`, a chain made anew."""
    with closing(sqlite3.connect(desk.home.database)) as other:
        other.row_factory = sqlite3.Row
        for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            other.execute(statement)
        if rehash:
            previous = ""
            for run in other.execute("SELECT * FROM posting_run ORDER BY id").fetchall():
                chain = [f"{previous}{run['posted_at']}{run['rules']}"]
                for entry in other.execute("SELECT * FROM entry WHERE run = ? ORDER BY entry", (run["id"],)).fetchall():
                    kind = ESTIMATE if entry["kind"] == "estimate" else REMUNERATION
                    chain.append(content_hash(kind.content(entry["entry"], tuple(entry[n] for n in FACTS))))
                    other.execute("UPDATE entry SET hash = ? WHERE entry = ?", (chain[-1], entry["entry"]))
                before, previous = previous, hashlib.sha256("".join(chain).encode()).hexdigest()
                other.execute(
                    "UPDATE posting_run SET previous = ?, hash = ?, entries = ? WHERE id = ?",
                    (before, previous, len(chain) - 1, run["id"]),
                )
        other.commit()


def test_what_was_posted_holds(desk: Desk) -> None:
    proof = verify(desk)
    assert (proof.failure, proof.runs, proof.entries, proof.files) == (None, 5, 12, 6)
    assert proof.remuneration_cents == desk.owed()
    assert verify(desk, files=False).files == 0
    assert verify(Desk(desk.home.path.parent / "new")).failure is None


ALTERED = """
UPDATE entry SET cents = 601 WHERE entry = 2                                    | hash 2
UPDATE entry SET kind = 'levy' WHERE entry = 2                                               | hash 2
UPDATE entry SET scheme = 'levy' WHERE entry = 2                                             | hash 2
UPDATE entry SET facts = '{"number": 7}' WHERE entry = 2                                     | hash 2
UPDATE entry SET rate = '0.060' WHERE entry = 2                                              | hash 2
UPDATE posting_run SET seals = 'x' WHERE id = 2                                              | chain 5
UPDATE entry SET hash = upper(hash) WHERE entry = 3                                          | hash 3
UPDATE entry SET run = 2 WHERE entry = 4                                                     | count 4
UPDATE entry SET run = 77 WHERE entry = 12                                                   | count 12
DELETE FROM entry WHERE entry = 1                                                            | number 1
DELETE FROM entry WHERE entry = 6                                                            | count 6
DELETE FROM entry WHERE entry = 12                                                           | count 12
DELETE FROM entry                                                                            | count 1
DELETE FROM posting_run WHERE id = 2                                                         | count 5
DELETE FROM posting_run                                                                      | run 1
UPDATE posting_run SET posted_at = '2020-01-01T00:00:00' WHERE id = 2                        | chain 5
UPDATE posting_run SET previous = '' WHERE id = 2                                            | chain 5
UPDATE posting_run SET rules = '' WHERE id = 2                                               | chain 5
UPDATE rules SET text = replace(text, '900', '901')                                          | rules 1
DELETE FROM rules                                                                            | rules 1
UPDATE posting_run SET entries = 9 WHERE id = 3                                              | count 9
UPDATE posting_run SET id = 9 WHERE id = 5                                                   | count 10
INSERT INTO posting_run VALUES (6, '2026-12-01T00:00:00', 0, '', '', '', '')                   | chain 13
UPDATE entry SET entry = -entry WHERE entry IN (1, 2) ; UPDATE entry SET entry = 3 + entry WHERE entry < 0 | hash 1
INSERT INTO entry SELECT 13, run, scheme, kind, period, party, counterparty, piece, piece_date, piece_kind, base_cents, rate, cents, units, reason, claim, evidence, facts, NULL, hash FROM entry WHERE entry = 12 | hash 13
"""
REHASHED = """
UPDATE entry SET cents = cents + 1 WHERE entry = 2                 | amount 2
UPDATE entry SET units = 9 WHERE entry = 2                                                  | amount 2
UPDATE entry SET base_cents = 50, cents = 3 WHERE entry = 1                     | amount 1
UPDATE entry SET reason = 'library-exempt', base_cents = 0, units = 0 WHERE entry = 1       | amount 1
UPDATE entry SET rate = '0.03', cents = 300 WHERE entry = 1                  | amount 1
UPDATE entry SET party = counterparty WHERE entry = 1                                          | invoice 1
UPDATE entry SET piece = '7' WHERE entry = 1                                        | invoice 1
UPDATE entry SET period = 2024 WHERE entry = 1                                               | invoice 1
UPDATE entry SET piece_date = 'x' WHERE entry = 1                                          | invoice 1
UPDATE entry SET claim = evidence WHERE entry = 1                          | invoice 1
UPDATE entry SET cents = -599 WHERE reverses = 2                                | reversal 7
UPDATE entry SET period = 2024 WHERE reverses = 2                                            | reversal 7
UPDATE entry SET reverses = 99 WHERE reverses = 2                                            | reversal 7
UPDATE entry SET reverses = 7 WHERE entry = 9                                                | reversal 9
UPDATE entry SET reverses = NULL WHERE entry = 12                                            | twice 12
UPDATE line SET price = price - 1 WHERE id = (SELECT first_line FROM invoice JOIN remuneration ON id = supplier_invoice WHERE entry = 2) | lines 2
UPDATE line SET ean = '9782070360031' WHERE id = (SELECT first_line FROM invoice JOIN remuneration ON id = supplier_invoice WHERE entry = 2) | lines 2
DELETE FROM line                                                                             | lines 1
UPDATE invoice SET base = 1 WHERE id = (SELECT supplier_invoice FROM remuneration WHERE entry = 2)  | file 2
UPDATE invoice SET ht = ht + 1 WHERE id = (SELECT library_invoice FROM remuneration WHERE entry = 3) | file 3
UPDATE invoice SET date = '2025-03-15' WHERE id = (SELECT library_invoice FROM remuneration WHERE entry = 3) | file 3
UPDATE invoice SET key = '161' WHERE id = (SELECT supplier_invoice FROM remuneration WHERE entry = 2) | file 2
UPDATE invoice SET declaration = 1 WHERE id = (SELECT supplier_invoice FROM remuneration WHERE entry = 2) | file 2
UPDATE declaration SET receipt = 2 WHERE id = (SELECT declaration FROM invoice JOIN remuneration ON id = supplier_invoice WHERE entry = 2) | file 1
UPDATE declaration SET declarant = '3012900000124' WHERE id = (SELECT declaration FROM invoice JOIN remuneration ON id = supplier_invoice WHERE entry = 2) | file 1
UPDATE declaration SET reference = 'AUTRE' WHERE id = (SELECT declaration FROM invoice JOIN remuneration ON id = library_invoice WHERE entry = 5) | file 5
UPDATE declaration SET period = 2024, side = 'library' WHERE id = (SELECT declaration FROM invoice JOIN remuneration ON id = supplier_invoice WHERE entry = 2) | file 1
DELETE FROM outcome WHERE invoice = (SELECT supplier_invoice FROM remuneration WHERE entry = 5)     | unmatched 5
DELETE FROM entry WHERE run = 5 ; DELETE FROM posting_run WHERE id = 5                       | unmatched 1
DELETE FROM entry ; DELETE FROM posting_run                       | unposted None
DROP INDEX entry_reverses ; UPDATE entry SET reverses = 1 WHERE entry = 11 | reversal 11
"""


@pytest.mark.parametrize(
    ("line", "rehash"),
    [(line, again) for again, lines in ((False, ALTERED), (True, REHASHED)) for line in lines.strip().splitlines()],
)
def test_alteration_is_found_and_named(desk: Desk, line: str, rehash: bool) -> None:
    statements, expected = line.rsplit("|", 1)
    tamper(desk, *statements.split(" ; "), rehash=rehash)
    found = failure(desk)
    assert found is not None
    assert f"{found.check} {found.entry}" == expected.strip(), found


def test_runs_that_name_no_rules_were_posted_by_the_first(desk: Desk) -> None:
    tamper(desk, "UPDATE posting_run SET rules = ''", rehash=True)  # as they were before runs named any
    assert failure(desk) is None
    tamper(desk, "UPDATE rules SET text = text || ' '")
    assert failure(desk) == Failure("rules", 1, "", "")


@pytest.mark.parametrize("table", ["entry", "posting_run"])
def test_every_value_of_every_row_is_sealed(desk: Desk, table: str) -> None:
    key = {"entry": "entry", "posting_run": "id"}[table]
    for row in desk.db.execute(f"SELECT * FROM {table}").fetchall():
        for column in row.keys():  # noqa: SIM118
            value = row[column]
            other = 1 if value is None else value + 100 if isinstance(value, int) else value[:-1] + "~"
            desk.db.execute("PRAGMA foreign_keys = OFF")
            if desk.one("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"):
                tamper(desk)
            change = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"
            try:
                desk.db.execute(change, (other, row[key]))
            except sqlite3.IntegrityError:  # a second reversal of one entry
                assert column == "reverses"
                continue
            found = failure(desk, files=False)
            assert found is not None and found.entry is not None, (column, row[key])
            if table == "entry" and column not in ("entry", "run"):
                assert found.entry == row["entry"]
            desk.db.execute(change.replace("= ? WHERE", "= ? WHERE"), (value, row[key] if column != key else other))
    assert failure(desk) is None


def test_a_byte_changed_in_the_file_is_found(kept: Path, desk: Desk) -> None:
    """Whatever byte of the tables' pages: if another value comes out, or none can, the proof says so."""
    wanted = [desk.rows(f"SELECT * FROM {table} NOT INDEXED") for table in ("entry", "posting_run")]
    size = desk.one("PRAGMA page_size")
    pages = [
        row[0]
        for row in desk.rows(
            "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('entry', 'posting_run') AND type = 'table'"
        )
    ]
    desk.db.close()
    original, chance, told = (kept / "edi.sqlite").read_bytes(), random.Random(6), 0
    for _ in range(150):
        place = (chance.choice(pages) - 1) * size + chance.randrange(size)
        flipped = original[place] ^ (1 << chance.randrange(8))
        desk.home.database.write_bytes(original[:place] + bytes([flipped]) + original[place + 1 :])
        for suffix in ("-wal", "-shm"):
            desk.home.database.with_name(f"edi.sqlite{suffix}").unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(desk.home.database)) as plain:
                same = [
                    plain.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall() for table in ("entry", "posting_run")
                ]
        except sqlite3.DatabaseError:
            same = []
        try:
            damaged_desk = Desk(desk.home.path)
        except Unreadable:
            told += 1
            continue
        with closing(damaged_desk.db):
            try:
                found = verify(damaged_desk, files=False).failure
            except Unreadable as damaged:
                told += 1
                assert "entry" in str(damaged) or "posting_run" in str(damaged)
                continue
        told += found is not None
        assert found is not None or same == wanted, place
    assert told > 30


def test_a_file_that_was_changed_or_is_gone_is_named(desk: Desk) -> None:
    name = desk.one("SELECT sha256 FROM declaration WHERE reference = 'A'")
    path = desk.folder.original(name)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"2025031", b"2025032", 1))
    found = failure(desk)
    assert found is not None and (found.check, found.entry) == ("file", 1) and name in found.found
    assert failure(desk, files=False) is None
    path.unlink()
    with pytest.raises(Unreadable, match=name):
        verify(desk)


def test_head_finds_what_the_chain_cannot(desk: Desk, tmp_path: Path) -> None:
    key, path = tmp_path / "key", tmp_path / "head.json"
    public = sealing.make_key(key, desk.home.path)
    proof = verify(desk)
    head = sealing.Head(gln="3035593037000", at=NOW, runs=5, entries=12, remuneration_cents=0, run_hash=proof.run_hash)
    path.write_bytes(sealing.sign(head, key, desk.home.path))
    for of in (public, key):
        assert sealing.read(path, of).run_hash == proof.run_hash
    assert failure(desk, head=head) is None
    tamper(desk, "UPDATE posting_run SET posted_at = '2026-01-01T00:00:00' WHERE id = 3", rehash=True)
    assert failure(desk) is None  # the chain is sound, and another
    found = failure(desk, head=head)
    assert found is not None and found.check == "remade"
    tamper(desk, "DELETE FROM entry WHERE run = 5", "DELETE FROM posting_run WHERE id = 5")
    found = failure(desk, head=head)
    assert found is not None and (found.check, found.entry) == ("truncated", 10)

    path.write_bytes(path.read_bytes().replace(b'"runs": 5', b'"runs": 4'))
    with pytest.raises(sealing.HeadForged):
        sealing.read(path, public)
    for nonsense in (b"", b"{}", b"\xff", b'{"runs": "\\ud800"}'):
        path.write_bytes(nonsense)
        with pytest.raises(Unreadable):
            sealing.read(path, public)


def test_head_holds_the_statements_too(desk: Desk) -> None:
    assert len(list(issue(desk, 2004))) == 1
    proof = verify(desk)
    facts = {name: getattr(proof, name) for name in ("runs", "entries", "remuneration_cents", "run_hash", "beside")}
    head = sealing.Head(gln="", at=NOW, **facts)
    assert head.beside["statements"][0] == 1
    assert failure(desk, head=head) is None
    desk.take(declared("Z", sold("1", DAY)))
    desk.reconcile()
    assert len(list(issue(desk, 2025))) == 1
    assert failure(desk, head=head) is None
    row = desk.rows("SELECT facts FROM issued_statement WHERE number = 1")[0][0]
    document = zlib.decompress(row).replace(b'"issuer":{', b'"issuer": {')
    packed, digest = zlib.compress(document).hex(), hashlib.sha256(document).hexdigest()
    tamper(desk, f"UPDATE issued_statement SET facts = x'{packed}', sha256 = '{digest}' WHERE number = 1")
    assert failure(desk) is None  # a document that is sound, and another
    found = failure(desk, head=head)
    assert found is not None and found.check == "remade"
    tamper(desk, "DELETE FROM issued_statement")
    assert failure(desk) is None
    found = failure(desk, head=head)
    assert found is not None and (found.check, found.expected) == ("truncated", "statements 1")


def test_keys_of_all_kinds_and_none(desk: Desk, tmp_path: Path) -> None:
    head = sealing.Head(gln="", at=NOW, runs=0, entries=0, remuneration_cents=0, run_hash="")
    made = Ed25519PrivateKey.generate()
    path, signed = tmp_path / "key", tmp_path / "head"
    public = made.public_key()
    forms = {
        "pem": made.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.NoEncryption()),
        "ssh": made.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.OpenSSH, keys.NoEncryption()),
    }
    for form in forms.values():
        path.write_bytes(form)
        path.chmod(0o600)
        signed.write_bytes(sealing.sign(head, path, desk.home.path))
        (tmp_path / "pub").write_bytes(public.public_bytes(keys.Encoding.OpenSSH, keys.PublicFormat.OpenSSH))
        assert sealing.read(signed, tmp_path / "pub").at == NOW
    with pytest.raises(SettingsWrong):
        sealing.sign(head, tmp_path / "pub", desk.home.path)
    path.chmod(0o644)
    with pytest.raises(NotAllowed):
        sealing.sign(head, path, desk.home.path)
    for inside in (desk.home.path / "key", desk.home.path / "received" / ".." / "key"):
        with pytest.raises(NotAllowed):
            sealing.make_key(inside, desk.home.path)
    with pytest.raises(NotAllowed):
        sealing.make_key(path, desk.home.path)
    locked = made.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.BestAvailableEncryption(b"x"))
    for nonsense in (b"", b"\xff", locked):
        path.write_bytes(nonsense)
        with pytest.raises(SettingsWrong):
            sealing.read(signed, path)


def test_balances_as_they_stood(desk: Desk) -> None:
    days = [row[0] for row in desk.rows("SELECT date(posted_at) FROM posting_run ORDER BY id")]
    stood = [sum(row["remuneration_cents"] for row in balances(desk, NOW.fromisoformat(day).date())) for day in days]
    running = [
        desk.one("SELECT sum(remuneration_cents) FROM remuneration WHERE run <= ?", run + 1) for run in range(len(days))
    ]
    assert stood == running and stood == [600, 480, 480, -120, -120]
    assert balances(desk, NOW.date() - timedelta(days=1)) == []
    assert sum(row["remuneration_cents"] for row in balances(desk)) == stood[-1]
