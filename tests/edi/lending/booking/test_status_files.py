"""What declarants are told of their invoices: everything that changed, once, where they sent from, and nothing of others."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edi.core import periods
from edi.core.store import transaction
from edi.lending.booking import status_files
from edi.lending.booking.status_files import send_pending
from edi.lending.books import closing
from edi.lending.matching import deciding
from parsers.answers import status
from schemas.declaration import Declaration
from schemas.lending.status import Standing, Status
from tests.desk import (
    COMMUNE,
    LIBRARY,
    NOW,
    OTHER_LIBRARY,
    OTHER_SHOP,
    SHOP,
    Connection,
    Desk,
    bought,
    declared,
    partner,
    sold,
)
from tests.edi.lending.matching.test_histories import DIRECTORY, worlds
from tests.told import stands, told

DAY = "2025-03-14"
LINK = '[[link]]\nname = "{}"\nkind = "folder"\npath = "."\ndeclarants = ["*"]\n{}\n'


def desk_at(path: Path, more: str = "", links: str = "l") -> Desk:
    """A desk whose files come by a link of that name."""
    path.mkdir(mode=0o700)
    (path / "edi.toml").write_text("".join(LINK.format(name, more) for name in links.split()))
    return Desk(path)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_at(tmp_path / "home")


def passes(desk: Desk, now: datetime | None = None) -> int:
    """One pass, and what is told after it."""
    desk.reconcile()
    desk.time = now or desk.time
    return send_pending(desk)


def said(desk: Desk, whose: str = "") -> list[Status]:
    """Every status file so far, of one declarant or of all; its three forms say the same."""
    forms: dict[str, dict[str, bytes]] = {}
    for name, body in desk.rows("SELECT name, body FROM answer WHERE name LIKE 'etat-%' ORDER BY id"):
        forms.setdefault(name.rpartition(".")[0], {})[name.rpartition(".")[2]] = body
    found = []
    for name, bodies in forms.items():
        [told] = {msgspec.json.encode(status.read(body, form)) for form, body in bodies.items()}
        found.append(msgspec.json.decode(told, type=Status))
        assert name == f"etat-{found[-1].declarant}-{found[-1].number:06d}"
    return [one for one in found if one.declarant == whose or not whose]


def last(desk: Desk, whose: str) -> list[Standing]:
    return list(said(desk, whose)[-1].invoices)


def in_words(desk: Desk, whose: str) -> list[str]:
    """The last file, a line an invoice: what is said, without what every line has."""
    lines = []
    for row in last(desk, whose):
        facts: dict[str, Any] = json.loads(msgspec.json.encode(row))
        kept = [
            facts[name]
            for name in list(facts)[6:]
            if name not in ("explanation", "since") and facts[name] not in ("", None)
        ]
        lines.append(" ".join(map(str, [row.number, *kept])))
    return lines


def test_both_sides_of_every_state(desk: Desk) -> None:
    desk.take(
        declared("S", *(sold(n, DAY) for n in ("M", "N", "A", "W")), sold("P-1", DAY, 7_000), sold("K", DAY, kind="A"))
    )
    desk.take(
        declared(
            "L", bought("M", DAY), bought("N", "2025-03-20", 9_500), bought("A", DAY, 5_000), bought("K", DAY),
            bought("M", "2025-03-15"), bought("Q-2", DAY, 6_370), bought("V", DAY, 77), by=LIBRARY,
        )
    )  # fmt: skip
    assert passes(desk) == 2
    assert in_words(desk, SHOP) == [
        f"M matched {LIBRARY} M {DAY} F 9100 10000 6 600",
        f"N matched net-differs {LIBRARY} N 2025-03-20 F 9500 10000 6 600",
        f"A discrepancy amount-differs {LIBRARY} A {DAY} F 5000",
        "W waiting library",
        "P-1 proposed operator",
        f"K discrepancy kind-differs {LIBRARY} K {DAY} F 9100",
    ]
    assert in_words(desk, LIBRARY) == [
        f"M matched {SHOP} M {DAY} F 9100",
        f"N matched net-differs {SHOP} N {DAY} F 9100",
        f"A discrepancy amount-differs {SHOP} A {DAY} F 9100",
        f"K discrepancy kind-differs {SHOP} K {DAY} A 9100",
        "M discrepancy declared-twice",
        "Q-2 proposed operator",
        "V waiting supplier",
    ]
    assert [row.since for row in last(desk, SHOP)] == [NOW.date()] * 6
    assert passes(desk) == 0


def test_what_changes_is_told_and_nothing_else(desk: Desk) -> None:
    desk.take(declared("S", sold("1", DAY), sold("2", DAY, 3_000)))
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    assert passes(desk) == 2
    desk.take(declared("S2", sold("1", DAY, 9_800), sold("2", DAY, 3_000), replaces="S"))  # still within the discount
    assert passes(desk) == 2
    assert in_words(desk, SHOP) == ["1 withdrawn", f"1 matched net-differs {LIBRARY} 1 {DAY} F 9100 9800 6 588"]
    assert in_words(desk, LIBRARY) == [f"1 matched net-differs {SHOP} 1 {DAY} F 8918"]
    desk.know([partner(LIBRARY, category="primary")])
    assert passes(desk) == 1  # what is owed changes, for whom it concerns alone
    assert in_words(desk, SHOP) == [f"1 matched net-differs {LIBRARY} 1 {DAY} F 9100 0 6 0"]
    desk.take(declared("L2", by=LIBRARY, cancels="L", period=2025))
    assert passes(desk) == 2
    assert (in_words(desk, LIBRARY), in_words(desk, SHOP)) == (["1 withdrawn"], ["1 waiting library"])
    desk.from_scratch()
    assert passes(desk) == 0


def test_what_a_person_accepts_is_shown_together(desk: Desk) -> None:
    desk.take(declared("S", sold("A", "2025-03-03"), sold("B", "2025-03-09", 2_000)))
    desk.take(declared("L", bought("RELEVE", "2025-03-31", 10_920), by=LIBRARY))
    passes(desk)
    [(invoice,)] = desk.rows("SELECT invoice FROM outcome WHERE state = 'proposed' AND side = 'library'")
    with transaction(desk.db):
        deciding.decide(desk, "accept", invoice, "relevé du mois")
    passes(desk)
    assert in_words(desk, LIBRARY) == [f"RELEVE matched accepted {SHOP} A + B 2025-03-03 F 10920"]
    assert [line.split(" 10")[0] for line in in_words(desk, SHOP)] == [
        f"A matched accepted {LIBRARY} RELEVE 2025-03-31 F",
        f"B matched accepted {LIBRARY} RELEVE 2025-03-31 F",
    ]


# -- where -------------------------------------------------------------------------------------------


def routes(desk: Desk) -> set[tuple[str, str]]:
    return {(name[5:18], link) for name, link in desk.rows("SELECT name, link FROM answer WHERE name LIKE 'etat-%'")}


def test_the_link_of_the_last_accepted_declaration(tmp_path: Path) -> None:
    desk = desk_at(tmp_path / "home", links="l m")
    desk.take(declared("S", sold("1", DAY)), link="m")
    desk.take(declared("T", sold("2", DAY), use="test"), link="l")
    desk.take(declared("D", sold("2", DAY)), link="l", dry=True)
    desk.take(b"EN nothing", link="l")
    desk.take(declared("S", sold("2", DAY)), link="l")  # refused: the reference is used
    passes(desk)
    assert routes(desk) == {(SHOP, "m")}
    desk.take(declared("NIL", by=SHOP, period=2025), link="l")
    desk.take(declared("L", bought("1", DAY), by=LIBRARY), link="local")
    passes(desk)
    assert routes(desk) == {(SHOP, "m"), (SHOP, "l")}
    assert desk.one("SELECT count(*) FROM untold") == 0


@pytest.mark.parametrize("now", ['declarants = ["{}"]', 'name = "other"', "status = false", "status = []"])
def test_nobody_is_told_whom_the_settings_do_not_allow(tmp_path: Path, now: str) -> None:
    desk = desk_at(tmp_path / "home")
    desk.take(declared("S", sold("1", DAY)))
    desk.take(declared("L", bought("2", DAY), by=LIBRARY))
    toml = desk.home.path / "edi.toml"
    key = now.partition(" ")[0]
    lines = [line for line in toml.read_text().splitlines() if not line.startswith(key)]
    toml.write_text("\n".join([*lines, now.format(SHOP)]) + "\n")
    desk = Desk(desk.home.path)
    passes(desk)
    assert {whose for whose, _ in routes(desk)} == ({SHOP} if key == "declarants" else set())
    assert desk.one("SELECT count(*) FROM untold") == 0


def test_only_the_forms_that_are_asked_for(tmp_path: Path) -> None:
    desk = desk_at(tmp_path / "home", 'status = ["csv"]\nlanguage = "en"')
    desk.take(declared("S", sold("1", DAY)))
    passes(desk)
    assert desk.rows("SELECT name FROM answer WHERE name LIKE 'etat-%'") == [(f"etat-{SHOP}-000001.csv",)]
    assert last(desk, SHOP)[0].explanation == "Waiting; waits for the library."


def test_not_more_often_than_the_link_wants(tmp_path: Path) -> None:
    desk = desk_at(tmp_path / "home", "status_seconds = 3600")
    desk.take(declared("S", sold("1", DAY)))
    assert passes(desk) == 1
    desk.take(declared("S2", sold("2", DAY)))
    assert passes(desk) == 0
    desk.take(declared("S3", sold("3", DAY)))
    assert passes(desk, desk.time + timedelta(hours=1)) == 1
    assert [row.number for row in last(desk, SHOP)] == ["2", "3"]


def test_many_invoices_are_several_files_and_nobody_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_files, "_ROWS", status_files._ROWS.replace(f"LIMIT {status_files._MOST}", "LIMIT 4"))
    desk.take(declared("S", *(sold(str(n), DAY) for n in range(1, 11))))
    assert passes(desk) == 3
    assert [(one.number, len(one.invoices)) for one in said(desk)] == [(1, 4), (2, 4), (3, 2)]
    desk.take(declared("S2", *(sold(str(n), DAY) for n in range(11, 21))))
    desk.reconcile()
    assert send_pending(desk, lambda: True) == 1
    assert send_pending(desk) == 2
    assert [number for one in said(desk) for number in [row.number for row in one.invoices]] == [
        str(n) for n in range(1, 21)
    ]


# -- what is nobody's business -------------------------------------------------------------------------


def test_nobody_learns_of_others(desk: Desk) -> None:
    """Two suppliers and two libraries under the same numbers, some waiting, some proposed: each hears of its own pairs."""
    desk.take(declared("S", sold("1", DAY), sold("2", DAY, 3_333), sold("3-A", DAY, 4_444)))
    desk.take(declared("O", sold("1", DAY, 5_555, OTHER_LIBRARY), by=OTHER_SHOP))
    desk.take(declared("L", bought("1", DAY), bought("3-B", DAY, 4_044), bought("2", DAY, 777, OTHER_SHOP), by=LIBRARY))
    desk.take(declared("M", bought("1", DAY, 888, OTHER_SHOP), by=OTHER_LIBRARY))
    passes(desk)
    named = {"partner", "other", "declarant", "sender"}
    for one in said(desk):
        for row in one.invoices:
            assert row.other in ("", row.partner)
            assert (row.other_ht_cents is not None) == (row.state in ("matched", "discrepancy")), row
            assert (row.remuneration_cents is not None) == (one.side == "supplier" and row.state == "matched")
        bodies = json.dumps({name: str(getattr(one, name, "")) for name in named})
        assert sum(other in bodies for other in (SHOP, OTHER_SHOP, LIBRARY, OTHER_LIBRARY)) == 1
    assert in_words(desk, OTHER_LIBRARY) == [f"1 discrepancy amount-differs {OTHER_SHOP} 1 {DAY} F 5055"]
    assert "777" not in str(said(desk, SHOP)) and "4044" not in str(last(desk, SHOP)[2].other_ht_cents)


def test_an_invoice_of_a_closed_period_is_not_told_of(desk: Desk) -> None:
    desk.take(declared("S", sold("1", DAY), sold("2", DAY)))
    with transaction(desk.db):
        periods.close(desk, 2025, NOW)
    assert passes(desk) == 0
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))  # late: booked in 2026, and with it the match
    assert passes(desk) == 2
    assert [row.number for row in last(desk, SHOP)] == ["1"]
    with transaction(desk.db):
        closing.reopen(desk, 2025, "oubli")
    assert passes(desk) == 1
    assert in_words(desk, SHOP) == ["2 waiting library"]


# -- once, and all of it -------------------------------------------------------------------------------


class Killed(BaseException):
    """The process dies."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[None]:
    """The process dies in its write transaction number `at`, with everything written but the commit."""
    left = at

    @contextmanager
    def mortal(connection: Connection) -> Iterator[None]:
        nonlocal left
        left -= 1
        with transaction(connection):
            yield
            if left < 0:
                raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(status_files, "transaction", mortal)
        yield


def some_sales() -> list[Declaration]:
    return [
        declared("S", *(sold(str(n), DAY) for n in range(1, 6))),
        declared("L", *(bought(str(n), DAY) for n in range(3, 8)), by=LIBRARY),
        declared("O", sold("9", DAY, partner=COMMUNE), by=OTHER_SHOP),
        declared("C", bought("9", DAY, partner=OTHER_SHOP), by=COMMUNE),
        declared("S2", *(sold(str(n), DAY, 12_000) for n in range(2, 7)), replaces="S"),
        declared("L2", by=LIBRARY, cancels="L", period=2025),
    ]


def test_killed_at_any_moment_nothing_is_told_twice_or_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_files, "_ROWS", status_files._ROWS.replace(f"LIMIT {status_files._MOST}", "LIMIT 2"))
    for sent in some_sales():
        desk.take(sent)
        for at in range(9):
            try:
                with dying(monkeypatch, at):
                    passes(desk)
            except Killed:
                continue
            break
    assert told(desk.db) == stands(desk.db)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, st.randoms(use_true_random=False))
def test_who_reads_every_file_knows_where_all_stands(world: tuple[list[Declaration], ...], chance: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = desk_at(Path(folder) / "home")
        left: list[list[Declaration | None]] = [[None], *(list[Declaration | None](story) for story in world)]
        while left := [story for story in left if story]:
            step = chance.choice(left).pop(0)
            if step is None:
                desk.know(DIRECTORY)
            else:
                desk.take(step)
            if chance.random() < 0.4:
                passes(desk)
        passes(desk)
        assert told(desk.db) == stands(desk.db)
        assert passes(desk) == 0
        desk.db.close()
