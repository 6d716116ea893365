"""The books: every posting balances, the trial balance is zero, and the FEC keeps to what is published of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from edi.core.periods import close
from edi.core.settings import open_home
from edi.core.store import transaction
from edi.lending.books.accounts import FEC, Accounts, accounts_of, fec, fec_name, trial
from edi.lending.books.distributing import Users, compute, record
from edi.lending.rules.distribution import Terms
from schemas.errors import SettingsWrong
from tests.desk import SHOP, Desk, declared, partner
from tests.edi.lending.books.fec import HEAD, wrongs
from tests.edi.lending.books.years import declare

NAME = "732829320FEC20251231.txt"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Two years, a cancellation after the end of one, a distribution."""
    desk.know([partner(SHOP, "supplier")])
    declare(desk, 1, 2024)
    declare(desk, 2, 2025)
    desk.take(declared("X", cancels=f"{SHOP[-4:]}-2025-2"))
    desk.time += timedelta(days=1)
    desk.reconcile()
    with transaction(desk.db):
        close(desk, 2024, desk.time)
    made = compute(desk, 2024, Users(100, 10), Terms(450, 3000, 500))
    record(desk, made)
    return desk


def test_every_posting_balances(desk: Desk) -> None:
    assert (
        desk.rows("SELECT journal, id FROM v_journal GROUP BY 1, 2 HAVING sum(debit_cents) <> sum(credit_cents)") == []
    )
    assert (
        desk.one(
            "SELECT count(*) FROM v_journal WHERE debit_cents < 0 OR credit_cents < 0 OR (debit_cents > 0) = (credit_cents > 0)"
        )
        == 0
    )
    assert {row[0] for row in desk.rows("SELECT journal FROM v_journal")} == {"PART", "REPART"}


def test_trial_balance_is_zero_and_says_what_is_owed(desk: Desk) -> None:
    for period in (None, 2024, 2025, 1999):
        rows = trial(desk, period)
        assert sum(row["balance_cents"] for row in rows) == 0
    sums = {row["name"]: row["balance_cents"] for row in trial(desk)}
    assert sums["suppliers"] == desk.owed()
    assert sums["state"] == 104 * 150 + 10 * 100
    by_year = {row["name"]: row["balance_cents"] for row in trial(desk, 2024)}
    assert by_year["to_distribute"] == 0, "all of a year that was shared out has gone somewhere"
    before = desk.time.date() - timedelta(days=1)
    assert {row["name"] for row in trial(desk, at=before)} == {"suppliers", "to_distribute"}


def test_fec_keeps_the_published_rules(desk: Desk) -> None:
    assert list(FEC) == HEAD
    for period in (2024, 2025):
        data = b"".join(fec(desk, period))
        assert wrongs(fec_name("732829320", period), data) == []
        assert data.count(b"\r\n") > 10
    assert wrongs(NAME, b"".join(fec(desk, 1999))) == []
    with pytest.raises(SettingsWrong, match="siren"):
        fec_name("", 2025)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\t", b"|"), (b"Debit", b"debit"), (b",", b"."), (b"\t20251231\t", b"\t20261231\t"), (b"\t20251231\t", b"\t20251331\t"),
        (b"\t411000", b"\tX11000"), (b"PART\t", b"\t"), (b"\t2\t", b"\t7\t"), (b"\r\n", b"\n"),
    ],
)  # fmt: skip
def test_the_check_of_the_fec_can_fail(desk: Desk, old: bytes, new: bytes) -> None:
    data = b"".join(fec(desk, 2025))
    assert old in data
    assert wrongs(NAME, data.replace(old, new)) != []


def test_hostile_text_stays_in_its_field(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.know([partner(SHOP, "supplier")])
    desk.db.execute("UPDATE partner SET name = ? WHERE gln = ?", ("a\tb\r\nc\x1b 図 Œ", SHOP))
    declare(desk, 3, 2025)
    data = b"".join(fec(desk, 2025))
    assert wrongs(NAME, data) == [] and "\ta b  c  ? Œ\t".encode("iso8859-15") in data


@pytest.mark.parametrize("number", ["", "41", "41100A-", "911000", "٤١١"])
def test_account_numbers_are_numbers(number: str) -> None:
    with pytest.raises(ValueError):
        Accounts(suppliers=number)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ('suppliers = "41"', "suppliers : un numéro de compte, de 3 chiffres au moins - at `$.accounts`"),
        ("fees = 706100", "Expected `str`, got `int` - at `$.accounts.fees`"),
        ('bank = "512000"', "Object contains unknown field `bank` - at `$.accounts`"),
    ],
)
def test_wrong_accounts_in_the_settings_are_named(tmp_path: Path, table: str, wrong: str) -> None:
    desk = Desk(tmp_path / "home")
    assert accounts_of(desk.home) == Accounts()
    (tmp_path / "home" / "edi.toml").write_text(f"[accounts]\n{table}\n")
    with pytest.raises(SettingsWrong) as raised:
        accounts_of(open_home(tmp_path / "home"))
    assert str(raised.value) == f"{tmp_path}/home/edi.toml : {wrong}. Corriger puis relancer."


def test_views_for_people_have_every_entry_and_invoice(desk: Desk) -> None:
    assert desk.one("SELECT count(*) FROM v_ledger") == desk.one("SELECT count(*) FROM remuneration")
    assert desk.one("SELECT count(*) FROM v_invoice") == desk.one("SELECT count(*) FROM invoice")
    assert {row[0] for row in desk.rows("SELECT DISTINCT state FROM v_invoice")} == {"matched", "waiting", "withdrawn"}
    assert desk.rows("SELECT DISTINCT supplier_name FROM v_ledger WHERE supplier = ?", SHOP) == [("?",)]
