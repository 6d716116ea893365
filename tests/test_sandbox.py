"""The sandbox, as a vendor uses it: OpenSSH's own `sftp` in batch mode, from drop to answer."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edi.core.settings import paris_now
from edi.core.store import connect
from tests.desk import declared, sold, written
from tests.program import COMMAND, environment, until

YEAR = paris_now().year - 1
DAY = f"{YEAR}-03-14"


class Vendor:
    """A vendor's machine: a key, OpenSSH's `sftp`, a sandbox that runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root / "key"], check=True)
        self.process = subprocess.Popen(
            [*COMMAND, "--home", root / "home", "sandbox", "--key", root / "key.pub", "--json"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert self.process.stdout is not None
        self.account: dict[str, Any] = json.loads(self.process.stdout.readline())
        (root / "known_hosts").write_text(self.account["known_hosts"] + "\n")

    def sftp(self, *commands: str) -> str:
        done = subprocess.run(
            ["sftp", "-q", "-b", "-", "-i", self.root / "key", "-P", str(self.account["port"]), "-o", "IdentitiesOnly=yes",
             "-o", f"UserKnownHostsFile={self.root / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes", "-F", "/dev/null",
             f"{self.account['user']}@{self.account['host']}"],
            input="\n".join(commands) + "\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def drop(self, name: str, reference: str, folder: str = "depot") -> None:
        made = declared(
            reference, sold(f"{reference}/1", DAY), sold(f"{reference}/2", DAY, 20_000), period=YEAR, issued=paris_now()
        )
        (self.root / name).write_bytes(written(made))
        self.sftp(f"put {self.root / name} {folder}/{name}.part", f"rename {folder}/{name}.part {folder}/{name}")

    def answers(self, name: str, ending: str, within: float = 60) -> bytes:
        until = time.monotonic() + within
        while time.monotonic() < until:
            if f"{name}{ending}" in self.sftp("ls -1 retour"):
                self.sftp(f"get retour/{name}{ending} {self.root / 'answer'}")
                return (self.root / "answer").read_bytes()
            time.sleep(0.5)
        raise AssertionError(f"no {name}{ending} in: {self.sftp('ls -1 retour')}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = connect(self.root / "home" / "edi.sqlite")
        try:
            return [tuple(row) for row in connection.execute(sql)]
        finally:
            connection.close()


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    assert shutil.which("sftp"), "OpenSSH's sftp is missing: make system-deps"
    made = Vendor(tmp_path_factory.mktemp("vendor"))
    yield made
    made.process.send_signal(signal.SIGINT)
    assert made.process.wait(30) == 0


def test_from_drop_to_answer_and_to_the_ledger(vendor: Vendor) -> None:
    vendor.drop("F.txt", "V-1")
    assert b"198;&&&EDILECTRE" in vendor.answers("F.txt", ".ate.txt")
    assert b"2 factures" in vendor.answers("F.txt", ".rapport.txt")
    owed = "SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration"
    assert until(lambda: vendor.rows(owed) == [(600 + 1200,)])  # the other side was played


@pytest.mark.parametrize(
    ("reference", "ending", "said"),
    [
        ("REFUS-1", ".ast.txt", b"REFUS-1"),
        ("MUET-1", ".ate.txt", b"904"),
        ("ECART-1", ".ate.txt", b"904"),
        ("TARD-1", ".ate.txt", b"904"),
    ],
)
def test_scenarios_by_reference(vendor: Vendor, reference: str, ending: str, said: bytes) -> None:
    began = datetime.now()
    vendor.drop(f"{reference}.txt", reference)
    assert said in vendor.answers(f"{reference}.txt", ending, 90)
    if reference.startswith("TARD"):
        assert (datetime.now() - began).total_seconds() > 12


def test_twice_is_a_duplicate(vendor: Vendor) -> None:
    vendor.drop("D.txt", "DOUBLE-1")
    assert json.loads(vendor.answers("encore-D.txt", ".rapport.json"))["verdict"] == "duplicate"


def test_a_dry_run_by_folder(vendor: Vendor) -> None:
    vendor.drop("T.txt", "V-T", "depot/test")
    assert json.loads(vendor.answers("T.txt", ".rapport.json"))["would"]["waiting"] == 2
