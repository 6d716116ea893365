"""A link that is done while the answers of others are being sent: a patient pass takes its files too."""

import threading
from pathlib import Path
from typing import Any

import pytest

from edi.desk import Desk, open_desk
from edi.intake import fetch
from edi.intake.pipeline import Run
from edi.timing import Timing
from tests.desk import LIBRARY, OTHER_LIBRARY, bought, declared, written
from tests.edi.intake.test_pipeline import reconciled


def test_a_file_that_comes_while_answers_are_sent_is_taken_in_the_same_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    settings = ""
    for name, code in (("early", LIBRARY), ("late", OTHER_LIBRARY)):
        depot = tmp_path / name / "depot"
        depot.mkdir(parents=True)
        (depot / f"{name}.txt").write_bytes(written(declared(name, bought("1", "2025-03-14"), by=code)))
        settings += (
            f'[[link]]\nname = "{name}"\nkind = "folder"\npath = "{tmp_path / name}"\ndeclarants = ["*"]\n'
            "settle_seconds = 0\nstatus = false\n"
        )
    (home / "edi.toml").write_text(settings)
    answering = threading.Event()
    listing = fetch.listing

    def slow_listing(remote: Any, link: Any, *given: Any) -> Any:
        assert link.name == "early" or answering.wait(30)
        return listing(remote, link, *given)

    def slow_reconcile(desk: Desk) -> dict[str, int]:
        answering.set()
        for future in list(run.crew.pulling):
            future.result(30)
        return reconciled(desk)

    monkeypatch.setattr(fetch, "listing", slow_listing)
    with open_desk(home) as desk:
        desk.timing = Timing(patience_seconds=0.3)
        run = Run(desk, slow_reconcile)
        done = run.once(patient=True)
    assert (done.pulled, sorted(taken.file for taken in done.taken)) == (2, ["early.txt", "late.txt"])
    assert done.pushed == 6
    assert (tmp_path / "late" / "retour" / "late.txt.ate.txt").exists()
