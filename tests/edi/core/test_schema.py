"""A home made before the tables moved opens, proves, and says what it said: `home-0013.zip`, of the thirteenth migration.

It holds both formats, a year closed and shared out, statements and estimates issued, reversals, decisions, corrections,
a library that is exempt and one that is so from a day on; and a head of its ledger, signed then.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.clock import stopped
from tests.program import called

#: Golden file, and the command whose stdout it holds.
SAID = {
    "verify.json": "ledger verify --json",
    "verify-head.json": "ledger verify --quick --json --head head.json --key key.pub",
    "entries.csv": "ledger export",
    "estimates.json": "ledger export --json --estimates",
    "balance.json": "ledger balance --json",
    "trial.json": "ledger trial --json",
    "trial-2024.json": "ledger trial --json --period 2024",
    "statements.json": "statement list --json",
    **{f"statement-{number}.json": f"statement show {number} --json" for number in range(1, 7)},
    "distribution-2024.json": "distribute 2024 --json",
    "distribution-2024.csv": "distribute 2024 --format csv",
    "distribution-2025.csv": "distribute 2025 --format csv",
    "states.json": "reconcile --json --details",
    "decisions.json": "decide list --json",
    "partners.json": "partners list --json",
    "partner-dated.json": "partners show 3012900000247 --json",
    "requests.json": "partners request list --all --json",
    "periods.json": "period list --json",
    "quarantine.json": "quarantine list --json",
    "answers.json": "answers list --json",
    "title.json": "why --ean 9782070360000 --period 2024 --json",
}
WHY = "F04-1 F24-1 F24-H F24-E A24-1 X24-1 X24-2 FA-2025/0005 FA-2025/0006 FA-2025/0007 FA-2025/0009 FA-2025/0012 OS-1 LS-1 BAD-1"
SAID |= {f"why-{number.replace('/', '-')}.json": f"why {number} --json" for number in WHY.split()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the old home, its clock on the day after."""
    place = tmp_path_factory.mktemp("upgrade")
    (place / "home").mkdir(mode=0o700)
    with zipfile.ZipFile(Path(__file__).parents[2] / "fixtures" / "home-0013.zip") as kept:
        kept.extractall(place / "home")
    with pytest.MonkeyPatch.context() as patch, stopped(datetime(2026, 3, 4, 12, 0)):
        patch.chdir(place / "home")
        patch.setenv("EDI_HOME", str(place / "home"))
        yield place


@pytest.mark.parametrize("name", SAID)
def test_an_old_home_says_what_it_said(place: Path, golden: Callable[[str, bytes], None], name: str) -> None:
    code, out, err = called(*SAID[name].split())

    assert (code, err) == (0, "")
    golden(f"home-0013/{name}", out.encode())


def test_nothing_is_posted_anew(place: Path) -> None:
    assert json.loads(called("reconcile", "--json")[1])["entries_posted"] == 0
