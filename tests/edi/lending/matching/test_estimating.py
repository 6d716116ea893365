"""Estimates: the least by the libraries' word, posted once, reversed by themselves, sealed, and never beside an entry."""

import csv
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi.core import periods
from edi.core.ledger import content_hash
from edi.core.store import transaction
from edi.lending.books import distributing, statements
from edi.lending.books.accounts import trial
from edi.lending.books.proof import verify
from edi.lending.books.reminding import silent
from edi.lending.matching import claims, estimating
from edi.lending.rules import terms
from schemas.declaration import Declaration
from schemas.money import half_away, share
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, declared, partner, sold
from tests.edi.lending.books.test_proof import tamper
from tests.edi.lending.matching.test_histories import DIRECTORY, often, worlds
from tests.program import edi

DAY = "2025-03-14"


def estimated(desk: Desk, period: int = 2025) -> list[tuple[str, int]]:
    """One pass, the estimates it leaves to be posted, and what was."""
    desk.reconcile()
    rows = estimating.post(desk, period)
    return [(row["invoice_number"], row["remuneration_cents"]) for row in rows]


def stands(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT invoice_number, remuneration_cents FROM estimation_standing ORDER BY 1")


def why(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT invoice_number, reason FROM estimation WHERE reverses IS NOT NULL ORDER BY estimate")


def test_the_least_of_each_date_once(desk: Desk) -> None:
    first, second = bought("1", "2004-07-31", 8_800), bought("2", "2004-08-01", 9_100)
    desk.take(declared("L", first, second, bought("3", "2004-09-01", 1_000, kind="A"), by=LIBRARY))
    assert estimated(desk, 2004) == [("1", 264), ("2", 546), ("3", -66)]
    assert estimated(desk, 2004) == []
    assert verify(desk).failure is None
    sums = {row["name"]: row["balance_cents"] for row in trial(desk)}
    assert sums == {"suppliers": 744, "estimates": -744}


def test_reversed_by_itself_when_the_true_declaration_arrives(desk: Desk) -> None:
    desk.take(declared("L", *(bought(n, DAY) for n in "1234"), by=LIBRARY))
    estimated(desk)
    desk.take(declared("S", sold("1", DAY), sold("2", DAY, 20_000)))
    desk.reconcile()  # one is matched, the other in a discrepancy: it is declared
    assert stands(desk) == [("3", 546), ("4", 546)]
    assert why(desk) == [("1", "declared"), ("2", "declared")]
    desk.take(declared("L2", *(bought(n, DAY) for n in "124"), by=LIBRARY, replaces="L"))
    desk.reconcile()
    assert why(desk)[2:] == [("3", "withdrawn")]
    desk.know([partner(LIBRARY, category="primary")])
    desk.reconcile()
    assert why(desk)[3:] == [("4", "library-exempt")]
    assert (stands(desk), desk.one("SELECT sum(remuneration_cents) FROM estimation")) == ([], 0)
    assert verify(desk).failure is None


def test_a_nil_declaration_is_spoken_and_a_person_looks_into_it(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    assert estimated(desk) == [("1", 546)]
    desk.take(declared("NIL", by=SHOP, period=2025))
    desk.reconcile()
    assert (why(desk), estimated(desk)) == ([("1", "nil")], [])

    def asked(nil: bool) -> list[tuple[str, int]]:
        found = silent(desk, 2025, nil)
        return [(one["partner"]["gln"], one["least_cents"]) for one in found]

    assert (asked(False), asked(True)) == ([], [(SHOP, 546)])
    desk.take(declared("S", sold("9", DAY, partner=OTHER_LIBRARY)))  # it had something after all
    assert estimated(desk) == [("1", 546)]
    assert (asked(False)[1], asked(True)) == ((SHOP, 546), [])


def test_a_nil_declaration_of_one_side_or_year_says_nothing_of_another(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    desk.take(declared("NIL", by=SHOP, period=2025, side="library"))
    desk.take(declared("NIL4", by=SHOP, period=2024))
    assert estimated(desk) == [("1", 546)]


def test_a_supplier_known_under_another_name_since(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), by=LIBRARY))
    assert estimated(desk) == [("1", 546)]
    desk.know([partner(SHOP, "supplier", successor=OTHER_SHOP)])
    assert estimated(desk) == [("1", 546)]
    assert desk.rows("SELECT supplier, reason FROM estimation ORDER BY estimate") == [
        (SHOP, ""), (SHOP, "moved"), (OTHER_SHOP, ""),
    ]  # fmt: skip


def test_exempt_contracts_and_more_credit_than_invoices_are_not_estimated(desk: Desk) -> None:
    exempt = bought("9", "2005-03-14", contract="M", contract_sent=date(2003, 7, 1))
    desk.take(declared("X", exempt, by=LIBRARY, period=2005))
    desk.take(declared("L", bought("1", DAY, 100), bought("2", DAY, kind="A"), by=LIBRARY))
    assert (estimated(desk, 2005), estimated(desk)) == ([], [])


def test_a_closed_year_stays_as_it_is(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), by=LIBRARY))
    estimated(desk)
    with transaction(desk.db):
        periods.close(desk, 2025, desk.time)
    desk.take(declared("S", sold("1", DAY)))
    desk.reconcile()
    assert desk.rows("SELECT period, invoice_number, remuneration_cents FROM estimation") == [
        (2025, "1", 546), (2025, "2", 546), (2026, "1", -546)
    ]  # fmt: skip
    assert [row["reverses"] for row in estimating.entries(desk, 2026, SHOP, net=True)] == [1]
    assert verify(desk).failure is None


ALTERED = """
UPDATE entry SET cents = 1 WHERE entry = 1                                                   | hash 1
UPDATE entry SET facts = '{"number":5}' WHERE entry = 2                                      | hash 2
UPDATE entry SET kind = 'remuneration' WHERE entry = 1                                       | hash 1
DELETE FROM entry WHERE entry = 1                                                            | number 1
"""
REHASHED = """
UPDATE entry SET cents = 1 WHERE entry = 1                                                   | estimate 1
UPDATE entry SET base_cents = 1 WHERE entry = 1                                              | estimate 1
UPDATE entry SET claim = claim + 1 WHERE entry = 1                                           | estimate 1
UPDATE entry SET rate = '0.03', cents = 273 WHERE entry = 1                                  | estimate 1
UPDATE entry SET cents = -545 WHERE reverses = 1                                             | estimate 4
UPDATE entry SET reverses = 2 WHERE reverses = 1                                             | estimate 4
UPDATE entry SET facts = '{"number":3,"reverses":2}' WHERE reverses = 1                      | estimate 4
UPDATE entry SET facts = '{"number":3,"reverses":9}' WHERE reverses = 1                      | estimate 4
UPDATE entry SET facts = '{"number":7}' WHERE entry = 2                                      | estimate None
UPDATE entry SET facts = '{"number":2, "reverses":null}' WHERE entry = 2                     | estimate 2
UPDATE entry SET facts = NULL WHERE entry = 2                                                | invoice 2
"""


@pytest.mark.parametrize(
    ("line", "rehash"),
    [(line, again) for again, lines in ((False, ALTERED), (True, REHASHED)) for line in lines.strip().splitlines()],
)
def test_an_altered_estimate_is_found(desk: Desk, line: str, rehash: bool) -> None:
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), by=LIBRARY))
    estimated(desk)
    desk.take(declared("S", sold("1", DAY)))
    desk.reconcile()
    sql, expected = line.rsplit("|", 1)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        desk.db.execute(sql)
    tamper(desk, sql, rehash=rehash)
    failure = verify(desk).failure
    assert failure is not None and f"{failure.check} {failure.entry}" == expected.strip()


def test_what_stands_is_found_by_indexes(desk: Desk) -> None:
    """Every pass asks: looking through all estimates for each would take minutes for some ten thousand."""
    plan = [row[3] for row in desk.rows("EXPLAIN QUERY PLAN SELECT * FROM estimation_standing")]
    assert sum(step.startswith("SEARCH r USING") for step in plan) == 3 and not [
        s for s in plan if s.startswith("SCAN r")
    ]


def test_an_estimate_is_no_remuneration(desk: Desk) -> None:
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), by=LIBRARY))
    estimated(desk)
    desk.take(declared("S", sold("1", DAY)))
    assert desk.reconcile()["remuneration_cents"] == desk.owed() == verify(desk).remuneration_cents == 600
    assert [row["invoice_number"] for row in claims.entries(desk)] == ["1"]
    assert claims.balances(desk)[0]["entries"] == 1
    with transaction(desk.db):
        periods.close(desk, 2025, desk.time)
    (statement,) = statements.issue(desk, 2025)
    totals = statement["totals"]
    assert (totals["invoices_cents"], totals["reversed_cents"], totals["estimates_cents"]) == (600, 0, 546)
    made = distributing.compute(desk, 2025, distributing.Users(), distributing.terms_of(desk.home))
    assert (made.facts["entries_cents"], made.facts["copies"]) == (600, 1)


def test_another_law_takes_estimates_back_and_posts_them_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(declared("L", bought("1", DAY), bought("2", "2025-09-14"), by=LIBRARY))
    estimated(desk)
    monkeypatch.setattr(terms, "TERMS", (*terms.TERMS, terms.Terms(date(2025, 7, 1), 7, 900)))
    terms.at.cache_clear()
    desk.reconcile()
    monkeypatch.undo()
    assert desk.rows("SELECT estimate, reason, reverses, rate, remuneration_cents FROM estimation WHERE estimate > 2") == [
        (3, "law", 2, "0.06", -546), (4, "", None, "0.07", 637),
    ]  # fmt: skip
    assert verify(desk).failure is None
    desk.db.close()
    terms.at.cache_clear()


# -- estimates of before, in a table of their own ------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Desk]:
    """A home whose estimates, two of a supplier and one reversed of another, were posted when they were no entries."""
    (tmp_path / "home").mkdir(mode=0o700)
    with zipfile.ZipFile(Path(__file__).parents[3] / "fixtures" / "home-0013.zip") as kept:
        kept.extractall(tmp_path / "home")
    made = Desk(tmp_path / "home")
    yield made
    made.db.close()


def test_one_of_before_is_taken_back_by_an_entry_that_names_it(old: Desk) -> None:
    before = old.rows("SELECT * FROM estimate")
    assert old.reconcile()["entries_posted"] == 0
    old.take(declared("N", sold("7", "2025-05-20"), by=SHOP))
    assert old.reconcile()["remuneration_cents"] == 600
    (found,) = old.rows("SELECT estimate, reason, reverses, remuneration_cents FROM estimation WHERE estimate > 8")
    assert found == (9, "declared", 4, -546)
    assert old.rows("SELECT facts, reverses FROM entry WHERE kind = 'estimate'") == [
        ('{"number":9,"reverses":4}', None)
    ]
    assert old.rows("SELECT seals FROM posting_run WHERE id > 9 ORDER BY id") == [("",), (before[-1][-1],), ("",)]
    old.take(declared("M", bought("8", "2025-05-20"), by=LIBRARY))
    assert [row[0] for row in estimated(old)] == ["8", "OS-1"]
    assert old.rows("SELECT estimate FROM estimation_standing WHERE estimate > 8") == [(10,), (11,)]
    assert old.rows("SELECT label FROM v_posting WHERE journal = 'ESTIM' AND id IN (9, 10) ORDER BY id") == [
        ("Reprise de l'estimation 4",), ("Part estimée d'office",),
    ]  # fmt: skip
    assert (verify(old).failure, old.rows("SELECT * FROM estimate")) == (None, before)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE estimate SET remuneration_cents = 1 WHERE estimate = 1",
        "UPDATE estimate SET posted_at = '2001' WHERE estimate = 2",
        "DELETE FROM estimate WHERE estimate = 1",
        "DELETE FROM estimate WHERE estimate = 8",
        "DELETE FROM estimate",
        "UPDATE estimate SET library_invoice = library_invoice + 1 WHERE estimate = 1",
    ],
)
def test_one_of_before_that_was_altered_is_found(old: Desk, sql: str) -> None:
    old.take(declared("N", sold("7", "2025-05-20"), by=SHOP))
    old.reconcile()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        old.db.execute(sql)
    tamper(old, sql)
    failure = verify(old, files=False).failure
    assert failure is not None and failure.check == "estimate"


def test_the_last_of_before_cannot_be_made_anew(old: Desk) -> None:
    """With a hash that is right in itself: the run that vouches for the table has another."""
    old.take(declared("N", sold("7", "2025-05-20"), by=SHOP))
    old.reconcile()
    (row,) = old.db.execute("SELECT * FROM estimate WHERE estimate = 8").fetchall()
    facts = {**dict(row), "reason": "nil"}
    del facts["hash"]
    tamper(old, f"UPDATE estimate SET reason = 'nil', hash = '{content_hash(facts)}' WHERE estimate = 8")
    failure = verify(old, files=False).failure
    assert failure is not None and (failure.check, failure.found) == ("estimate", "estimation")


def test_no_more_are_written_where_they_were(old: Desk) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="estimate is closed"):
        old.db.execute("INSERT INTO estimate SELECT 9, posted_at, 2026, supplier, library, invoice_number, invoice_date, "
                               "kind, ht_cents, rate_percent, remuneration_cents, reason, library_invoice, NULL, '', '' FROM estimate")  # fmt: skip


@often(25)
@given(worlds, st.randoms(use_true_random=False))
def test_never_beside_an_entry_and_always_the_least(world: tuple[list[Declaration], ...], chance: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "home")
        left: list[list[Declaration | None]] = [[None], *(list[Declaration | None](story) for story in world)]
        while left := [story for story in left if story]:
            step = chance.choice(left).pop(0)
            if step is None:
                desk.know(DIRECTORY)
            else:
                desk.take(step)
            desk.reconcile()
            if chance.random() < 0.5:
                estimating.post(desk, 2004)
            standing = desk.rows(
                "SELECT e.library_invoice, o.state, i.kind, i.ht, i.date, e.remuneration_cents FROM estimation_standing e "
                "JOIN invoice i ON i.id = e.library_invoice LEFT JOIN outcome o ON o.invoice = i.id "
                "ORDER BY 1"
            )
            assert len({row[0] for row in standing}) == len(standing)
            for _, state, kind, ht, day, cents in standing:
                due = terms.at(date.fromisoformat(day))
                most = half_away(ht * due.rate_percent * 100, 10_000 - due.cap_bp)
                assert state is None and cents == (share(ht, due.rate_percent) if kind == "F" else -most)
        assert verify(desk).failure is None
        desk.db.close()


def test_estimating_a_closed_year_says_where_the_estimates_are(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Desk(home).take(declared("L", bought("1", DAY), by=LIBRARY))
    edi("--home", home, "period", "close", "2025", cwd=tmp_path, expect=0)
    said = edi("--home", home, "estimate", "2025", cwd=tmp_path, expect=0).out
    assert "1 estimation d'office" in said and "elles sont en 2026, edi statement issue 2026" in said
    issued = edi("--home", home, "statement", "issue", "2026", "--json", cwd=tmp_path, expect=0).json
    assert issued["due_cents"] == 546 and "estimates_posted" not in issued


def test_what_one_types(tmp_path: Path) -> None:
    home = tmp_path / "home"
    desk = Desk(home)
    desk.know([partner(SHOP, "supplier"), partner(COMMUNE, alias_of=LIBRARY)])
    desk.take(declared("L", bought("=1", DAY), bought("2", DAY, partner=OTHER_SHOP), by=LIBRARY))
    desk.take(declared("NIL", by=OTHER_SHOP, period=2025))
    told = edi("--home", home, "silent", "2025", "--json", cwd=tmp_path, expect=0).json
    assert [(one["gln"], one["least_cents"], one["most_cents"]) for one in told["silent"]] == [(SHOP, 546, 600)]
    assert [one["gln"] for one in told["contradicted"]] == [OTHER_SHOP]
    letters = edi("--home", home, "remind", "2025", "-o", "lettres", "--json", cwd=tmp_path, expect=0).json["letters"]
    assert [one["gln"] for one in letters] == [SHOP]
    text = next((tmp_path / "lettres").glob("*.txt")).read_text("utf-8")
    assert "546" not in text.replace("5,46", "") and "5,46 € et 6,00 €" in text
    issued = edi("--home", home, "estimate", "2025", "--json", cwd=tmp_path, expect=0).json
    assert (issued["due_cents"], issued["issued"][0]["supplier"]) == (546, SHOP)
    assert edi("--home", home, "estimate", "2025", "--json", cwd=tmp_path, expect=0).json["due_cents"] == 0
    listed = edi("--home", home, "ledger", "list", cwd=tmp_path, expect=0).out
    assert "1 estimation d'office" in listed and "5,46" in listed
    export = edi("--home", home, "ledger", "export", "--estimates", "--json", cwd=tmp_path, expect=0).json["estimates"]
    assert [(row["estimate"], row["remuneration_cents"], row["rate"]) for row in export] == [(1, 546, "0.06")]
    text = edi("--home", home, "ledger", "export", "--estimates", cwd=tmp_path, expect=0).out
    assert [row["invoice_number"] for row in csv.DictReader(io.StringIO(text))] == ["'=1"]
    assert json.loads(edi("--home", home, "ledger", "verify", "--json", cwd=tmp_path, expect=0).out)["holds"]
