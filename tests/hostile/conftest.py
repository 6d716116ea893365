"""A home with a hostile link `mechante` and an honest one, `sage`."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from edi.core.desk import Desk
from edi.core.settings import Home, open_home
from edi.core.store import connect
from edi.intake.pipeline import Pass, Run
from edi.intake.status import status
from spool.sftp import hostkeys
from spool.sftp.server import User
from tests.edi.intake.test_pipeline import reconciled
from tests.hostile.server import EvilServer, Habit
from tests.program import SAMPLES

GOOD, OTHER = "F-3012921742188-2025.txt", "B-3015100339070-2025.xml"
PASSWORD = "sésame-de-la-méchante"


class World:
    """`depot` is the hostile server's, `sage` the folder of the honest link."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.sage = base / "sage"
        self.server = EvilServer(base / "srv", {"eve": User("eve", password=PASSWORD)})
        self.depot = base / "srv" / "eve" / "depot"
        self.told: list[tuple[str, dict[str, Any]]] = []

    def start(self) -> None:
        self.server.__enter__()
        for folder in (self.depot, self.sage / "depot"):
            folder.mkdir(parents=True)

    def set_up(self, **settings: Any) -> Home:
        """Writes the settings, those of the hostile link as given, and trusts its key."""
        given = {"settle_seconds": 0, "attempts": 1, "timeout_seconds": 20, **settings}
        more = "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items())
        path = self.base / "home"
        path.mkdir(mode=0o700, exist_ok=True)
        (path / "edi.toml").write_text(
            'every_seconds = 1\n[[link]]\nname = "mechante"\nhost = "127.0.0.1"\n'
            f'port = {self.server.port}\nuser = "eve"\npassword_env = "TEST_EVE"\ndeclarants = ["*"]\n{more}'
            f'[[link]]\nname = "sage"\nkind = "folder"\npath = "{self.sage}"\ndeclarants = ["*"]\nsettle_seconds = 0\n'
        )
        home = open_home(path)
        hostkeys.trust(home.link("mechante"), home.known_hosts, self.server.fingerprint)
        self.home = home
        self.connection = connect(home.database)
        return home

    def put(self, name: str, data: bytes | None = None, sample: str = GOOD) -> Path:
        path = self.depot / name
        path.write_bytes((SAMPLES / "year-2025" / sample).read_bytes() if data is None else data)
        return path

    def run(self) -> Run:
        return self.run_at(Desk(self.home, self.connection))

    def run_at(self, desk: Desk) -> Run:
        desk.tell = lambda event, facts: self.told.append((event, facts))
        return Run(desk, reconciled)

    def once(self, patient: bool = False) -> Pass:
        """A pass that hears of every link, in a run of its own."""
        running = self.run()
        done = running.once(patient=patient)
        end = time.monotonic() + 60
        while running.crew.busy() and time.monotonic() < end:
            time.sleep(0.01)
            more = running.once(only=set())
            done.pulled, done.pushed = done.pulled + more.pulled, done.pushed + more.pushed
            done.taken += more.taken
            done.troubles |= more.troubles
        running.close()
        return done

    def honest(self) -> None:
        """Lays a file into the honest link's depot."""
        shutil.copy(SAMPLES / "year-2025" / OTHER, self.sage / "depot" / OTHER)

    def answered(self) -> bool:
        """Whether the honest link has its answer."""
        return (self.sage / "retour" / f"{OTHER}.ate.xml").exists()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.connection.execute(sql)]

    def stuck(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = status(Desk(self.home, self.connection))["stuck"]
        return rows

    def habits(self, **habits: Habit) -> None:
        """The habits of files in the depot."""
        self.server.habits |= {f"depot/{name}": habit for name, habit in habits.items()}

    def later(self) -> None:
        """Time passes: what is held back is due."""
        self.connection.execute("UPDATE held_back SET next_at = '2000-01-01T00:00:00'")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("TEST_EVE", PASSWORD)
    made = World(tmp_path)
    made.start()
    with stamina.set_testing(True, attempts=1, cap=True):
        yield made
    made.server.__exit__(None, None, None)
