"""A link that is done while the answers of others are being sent: a patient pass takes its files too."""

import threading
from pathlib import Path
from typing import Any

import pytest

from edi.intake import exchange, pipeline
from edi.intake.pipeline import Run
from edi.settings import open_home
from edi.store import connect
from tests.desk import LIBRARY, OTHER_LIBRARY, bought, declared, written


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
    connection = connect(home / "edi.sqlite")
    run = Run(open_home(home), connection)
    answering = threading.Event()
    listing, reconcile = exchange.listing, pipeline.reconcile

    def slow_listing(remote: Any, link: Any, *given: Any) -> Any:
        assert link.name == "early" or answering.wait(30)
        return listing(remote, link, *given)

    def slow_reconcile(*given: Any) -> Any:
        answering.set()
        for future in list(run._pulling):
            future.result(30)
        return reconcile(*given)

    monkeypatch.setattr(exchange, "listing", slow_listing)
    monkeypatch.setattr(pipeline, "reconcile", slow_reconcile)
    monkeypatch.setattr(pipeline, "_PATIENCE_SECONDS", 0.3)
    done = run.once(patient=True)
    assert (done.pulled, sorted(taken.file for taken in done.taken)) == (2, ["early.txt", "late.txt"])
    assert done.pushed == 6
    assert (tmp_path / "late" / "retour" / "late.txt.ate.txt").exists()
