"""A scheme is a value: another one is a row of the tuple, and the lending right does not notice."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edi import schemes
from edi.core import ledger
from edi.core.desk import Desk as AnyDesk
from edi.core.judged import Booked, Judged, ruled
from edi.core.ledger import Kind
from edi.core.scheme import File, Scheme
from edi.intake.status import status
from edi.lending.books.accounts import fec, trial
from edi.lending.books.proof import Failure, verify
from edi.lending.matching.claims import balances, entries
from parsers.sniff import Source
from schemas.errors import SettingsWrong
from tests.desk import LIBRARY, SHOP, Desk, bought, code, counts, declared, partner, sold

PAYER, DAY = code(31), "2025-03-14"
#: Its message: a line that says who owes how much for which month.
MARCH, CORRECTED, APRIL = (
    f"LEVY {PAYER} {month} {cents}\n".encode() for month, cents in ((202503, 1_200), (202503, 1_500), (202504, 700))
)


class Statement(msgspec.Struct, frozen=True):
    """What a message says."""

    payer: str
    month: int
    cents: int


class Levied(Judged):
    """What was read of a file."""

    statement: Statement | None = None


def told(message: bytes) -> Statement:
    _, payer, month, cents = message.decode("ascii").split()
    return Statement(payer, int(month), int(cents))


def claims(source: Source) -> bool:
    head = source.stream.read(5)
    source.stream.seek(0)
    return head == b"LEVY "


def judge(desk: AnyDesk, source: Source, file: File) -> Judged:
    return Levied("levy", statement=told(source.stream.read()))


def book(desk: AnyDesk, judged: Judged, file: File) -> Booked:
    """Nothing is booked of it but its claim, which has no counterpart."""
    assert isinstance(judged, Levied) and judged.statement is not None
    said = judged.statement
    claim = (
        said.month // 100, said.payer, None, str(said.month), desk.now().date().isoformat(), "S", said.cents, "1.00", said.cents, 1,
        "", said.month, file.receipt, None, said.month,
    )  # fmt: skip
    ledger.weigh(desk, LEVY_KIND, [claim], "e.claim", f"SELECT {said.month} AS claim")
    ledger.post(desk, LEVY_KIND, desk.now())
    return ruled(judged)


def content(entry: int, facts: tuple[Any, ...]) -> dict[str, Any]:
    return {"scheme": "levy", "entry": entry, **dict(zip(ledger.FACTS, facts, strict=True))}


def flaw(desk: AnyDesk, entry: Mapping[str, Any], rules: str) -> str | None:
    """An entry is proved by the file that claims it."""
    sha256 = desk.db.execute("SELECT sha256 FROM receipt WHERE id = ?", (entry["evidence"],)).fetchone()[0]
    said = told(desk.folder.original(sha256).read_bytes())
    return None if (said.payer, said.cents) == (entry["party"], entry["cents"]) and rules == "all of it" else "cents"


LEVY_KIND = Kind("levy", "levy", lambda: "all of it", content, flaw=flaw)
LEVY = Scheme(
    name="levy", roles=("payer",), kinds=(LEVY_KIND,), claims=claims, judge=judge,
    book=book, discard=lambda desk, receipt: None, forgotten=lambda desk: [], unchecked=lambda desk, file: (),
    send_pending=lambda *given: 0,
    state=lambda desk: {"levies": desk.db.execute("SELECT sum(cents) FROM entry WHERE kind = 'levy'").fetchone()[0]},
)  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A match of the lending right, posted."""
    desk = Desk(tmp_path / "home")
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY)])
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    desk.take(declared("A", sold("1", DAY)))
    assert desk.reconcile()["matched"] == 1
    return desk


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "SCHEMES", (LEVY, *schemes.SCHEMES))


def lending(desk: Desk) -> list[Any]:
    """What the lending right's books show."""
    found = [list(entries(desk)), balances(desk), trial(desk), list(fec(desk, 2025))]
    return [*found, desk.rows("SELECT * FROM v_journal")]


def test_a_message_of_a_scheme_goes_to_it_alone(desk: Desk, both: None) -> None:
    assert counts(desk.take(MARCH)) == ("accepted", 0, 0)
    assert counts(desk.take(declared("B", sold("2", DAY)))) == ("accepted", 1, 0)
    assert counts(desk.take(b"LEV")) == ("refused", 0, 0), "what is nobody's is refused by the last"
    assert desk.rows("SELECT scheme, kind, party, counterparty, cents FROM entry WHERE entry > 1") == [
        ("levy", "levy", PAYER, None, 1_200)
    ]


def test_its_claims_are_of_the_one_chain_and_the_lending_right_does_not_see_them(desk: Desk, both: None) -> None:
    before = lending(desk)
    for message in (MARCH, CORRECTED, APRIL):
        desk.take(message)
    assert desk.rows("SELECT cents, reverses FROM entry WHERE scheme = 'levy'") == [
        (1_200, None), (-1_200, 2), (1_500, None), (700, None),
    ]  # fmt: skip
    proof = verify(desk)
    assert (proof.failure, proof.runs, proof.entries, proof.remuneration_cents) == (None, 4, 5, 600)
    assert desk.reconcile()["entries_posted"] == 0
    assert lending(desk) == before
    facts = status(desk)
    assert (facts["levies"], facts["remuneration_cents"], facts["reconciliation"]["matched"]) == (2_200, 600, 1)


def test_an_entry_is_proved_by_its_scheme(desk: Desk, both: None, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(MARCH)
    desk.folder.original(desk.one("SELECT sha256 FROM receipt WHERE id = 3")).write_bytes(CORRECTED)
    assert verify(desk, files=False).failure == Failure("claim", 2, "cents", "")
    silent = replace(LEVY, kinds=(replace(LEVY_KIND, flaw=Kind("", "", str, content).flaw),))
    monkeypatch.setattr(schemes, "SCHEMES", (silent, schemes.LENDING))
    assert verify(desk, files=False).failure == Failure("claim", 2, "flaw", ""), "what nobody proves is not proved"
    monkeypatch.setattr(schemes, "SCHEMES", (schemes.LENDING,))
    failure = verify(desk, files=False).failure
    assert failure is not None and (failure.check, failure.entry) == ("hash", 2), "what nobody can have posted"


def test_roles_and_what_partners_may_be_are_of_all_schemes(desk: Desk, both: None) -> None:
    desk.know([partner(PAYER, "payer"), partner(LIBRARY, category="primary")])
    assert desk.one("SELECT role FROM partner WHERE gln = ?", PAYER) == "payer"
    for wrong in (partner(PAYER, "author"), partner(LIBRARY, category="public")):
        with pytest.raises(SettingsWrong, match="payer, library, supplier" if wrong.gln == PAYER else "primary"):
            desk.know([wrong])


def test_without_it_its_roles_and_messages_are_nobodys(desk: Desk) -> None:
    assert counts(desk.take(MARCH)) == ("refused", 0, 0)
    with pytest.raises(SettingsWrong, match="library, supplier"):
        desk.know([partner(PAYER, "payer")])
