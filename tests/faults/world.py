"""The world of `tests.worlds.crash` over one real sshd, a copy of it for each case, and what is asked of it after a fault."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Self

from edi.core.desk import open_desk
from edi.intake.correcting import body
from edi.lending.books.proof import verify
from tests.faults.nursery import Nursery, Ran
from tests.sshd import Sshd
from tests.told import stands, told
from tests.worlds import crash

_MOMENT = 1_760_000_000

_LINK = """
[[link]]
name = "{name}"
{account}
depot = "{base}depot"
retour = "{base}retour"
archive = "{base}archive"
declarants = {declarants}
settle_seconds = 0
attempts = 1
"""


#: Everything that must be the same as after a run nobody disturbed; numbers of rows play no part.
State = dict[str, Any]


class Bench:
    """A real sshd, a nursery, and what undisturbed runs come to: `first` from nothing, `then` from there."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="edi-faults-"))
        self._stack = ExitStack()
        self._made = 0

    def __enter__(self) -> Self:
        self._stack.callback(shutil.rmtree, self.root, ignore_errors=True)
        self.sshd = self._stack.enter_context(Sshd(self.root / "sshd", self.root / "keys"))
        self.nursery = self._stack.enter_context(Nursery(self.root))
        self.template = self._undisturbed(self.world(fresh=True))
        self.first = self.template.state()
        world = self._undisturbed(self.world())
        self.then = world.state()
        world.remove()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._stack.close()

    def world(self, fresh: bool = False, local: bool = False) -> "World":
        """A case of its own: new files in the depots of a home that has some already, or of a `fresh` one.

        `local`: every link is a folder, which comes to the same three times sooner.
        """
        self._made += 1
        return World(self, f"case{self._made}", fresh, local)

    def _undisturbed(self, world: "World") -> "World":
        ran = world.run()
        assert ran.code == (0 if world.fresh else 1), ran
        world.check()
        state = world.state()
        ran = world.run()
        assert (ran.code, world.state()) == (0, state), "a second pass changes something"
        return world


class World:
    """One case: the partners' folders, a home, and `edi` run in it with or without a fault."""

    def __init__(self, bench: Bench, name: str, fresh: bool, local: bool) -> None:
        self.bench, self.fresh = bench, fresh
        self.partners = bench.sshd.root / name
        self.home = bench.root / name
        if fresh:
            self.home.mkdir(mode=0o700)
        else:
            shutil.copytree(bench.template.home, self.home)
            shutil.copytree(bench.template.partners, self.partners)
        for path, data in (crash.before() if fresh else crash.then()).items():
            place = self.partners / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            os.utime(place, (_MOMENT, _MOMENT))
        self._settle(name, bench.sshd, local)

    def _settle(self, name: str, sshd: Sshd, local: bool) -> None:
        """Writes the settings; `local`: the same links as folders of this machine."""

        def link(link: str, inner: str, folder: bool) -> str:
            account = f'host = "127.0.0.1"\nport = {sshd.port}\nuser = "{sshd.user}"\nkey_file = "{sshd.key}"'
            if folder:
                account = f'kind = "folder"\npath = "{self.partners / link}"'
            base, declarants = inner if folder else f"{name}/{link}/{inner}", json.dumps(crash.DECLARANTS[link])
            return _LINK.format(name=link, account=account, base=base, declarants=declarants)

        homes = "".join(f'{home} = ["{gln}"]\n' for home, gln in crash.HOMES.items())
        links = f"{link('maison', 'homes/*/', local)}[link.homes]\n{homes}{link('distant', '', local)}{link('partage', '', True)}"
        (self.home / "edi.toml").write_text(f"every_seconds = 1\n{links}")
        pin = (sshd.keys / "host.pub").read_text("ascii").split()
        (self.home / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {pin[0]} {pin[1]}\n")

    def run(self, spec: str = "") -> Ran:
        """One pass, with that fault."""
        return self.bench.nursery.run(spec, "--home", str(self.home), "run", "--once")

    def run_for_ever(self, spec: str, seconds: float) -> Ran:
        """`edi run` with that fault, as the shell starts it; ended by SIGTERM once nothing is left to do, or it is too late."""
        command = [sys.executable, "-m", "tests.faults.runner", spec, "--", "--home", str(self.home), "run"]
        running = subprocess.Popen(
            command, cwd=Path(__file__).parent.parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until and running.poll() is None and self.counts() != self._wanted():
                time.sleep(0.2)
            time.sleep(0.2)
            running.terminate()
            out, err = running.communicate(timeout=20)
        finally:
            running.kill()
        return Ran(running.returncode, out, err, {})

    def _wanted(self) -> list[int]:
        return [len(self.bench.then[rows]) for rows in ("receipts", "receipts", "entries", "answers", "answers")]

    def remove(self) -> None:
        """Leaves nothing behind."""
        shutil.rmtree(self.home)
        shutil.rmtree(self.partners)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The database, as any program opens it after a crash."""
        with closing(sqlite3.connect(self.home / "edi.sqlite")) as connection:
            yield connection

    def found(self) -> str:
        """What there is now, in a few words, without what was there before the run."""
        before = [0] * len(_COUNTS) if self.fresh else self.bench.template.counts()
        counts = [now - then for now, then in zip(self.counts(), before, strict=True)]
        depot = sum(path.is_file() for path in self.partners.rglob("depot/**/*"))
        half = sum(path.suffix == ".part" for root in (self.partners, self.home) for path in root.rglob("*"))
        known = [f"{count} {what}" for what, count in zip(_COUNTS, counts, strict=True) if count]
        known += [f"{half} half written"] if half else []
        return ", ".join([f"{depot} in depots", *known])

    def counts(self) -> list[int]:
        """Receipts, verdicts, entries, answers that have come, answers marked sent."""
        found = [0] * len(_COUNTS)
        if (self.home / "edi.sqlite").exists():
            with self.database() as connection:
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answer'").fetchone():
                    found = [connection.execute(sql).fetchone()[0] if sql else 0 for sql in _COUNTS.values()]
        found[3] = sum(
            path.is_file() and path.suffix != ".part" and not _is_status(path)
            for path in self.partners.rglob("retour/*")
        )
        return found

    def mended(self, spec: str) -> Ran:
        """One more pass, undisturbed, after a fault; then all is as if nothing had happened. `spec` is what is blamed."""
        ran = self.run()
        assert ran.code in (0, 1), f"{spec}: the pass after it: {ran}"
        self.check()
        state, wanted = self.state(), self.bench.first if self.fresh else self.bench.then
        assert state.keys() == wanted.keys()
        for name, ours in state.items():
            assert ours == wanted[name], f"{spec}: {name} differ"
        return ran

    def bears(self, spec: str) -> Ran:
        """A pass in which something fails: no traceback, no file blamed for it; the next pass mends all."""
        ran = self.run(spec)
        assert ran.code in (0, 1, 2), f"{spec}: {ran}"
        for word in ("Traceback", "panne interne", "contrôle en panne"):
            assert word not in ran.out + ran.err, f"{spec}: {ran}"
        assert ran.err or ran.code != 2 or "stdout" in spec, f"{spec}: nothing is said of it"
        self.mended(spec)
        return ran

    def state(self) -> State:
        """The rows of the database, the partners' files but for status files, and what lies in the spool."""
        with self.database() as connection:
            rows = {name: sorted(map(tuple, connection.execute(sql)), key=repr) for name, sql in _STATE.items()}
        sent = (path for path in self.partners.rglob("*") if path.is_file() and not _is_status(path))
        spool = (path for room in _SPOOL for path in (self.home / room).rglob("*") if path.is_file())
        return {
            **rows,
            "partners": {str(path.relative_to(self.partners)): path.read_bytes() for path in sent},
            "spool": sorted(str(path.relative_to(self.home)) for path in spool),
        }

    def check(self) -> None:
        """What holds in any state after a whole pass, whatever happened before."""
        with self.database() as connection, open_desk(self.home) as desk:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            for complaint, sql in _NEVER.items():
                assert connection.execute(sql).fetchall() == [], complaint
            assert told(connection) == stands(connection)
            connection.row_factory = sqlite3.Row
            for answer in connection.execute("SELECT * FROM answer").fetchall():
                base = self.partners / answer["link"] / ("homes" if answer["home"] else "") / answer["home"]
                with body(desk, answer) as data:
                    sent = data if isinstance(data, bytes) else data.read()
                assert (base / "retour" / answer["name"]).read_bytes() == sent, (
                    f"{answer['name']} contradicts the database"
                )
            assert verify(desk).failure is None
        for path in (self.home / "received").rglob("*"):
            if path.is_file():
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def _is_status(path: Path) -> bool:
    """Which passes changed something depends on which was killed: of status files, what they say counts."""
    return path.name.startswith("etat-")


_COUNTS = {
    "received": "SELECT count(*) FROM receipt",
    "judged": "SELECT count(*) FROM receipt WHERE verdict IS NOT NULL",
    "entries": "SELECT count(*) FROM remuneration",
    "answers there": "",  # in the partners' folders, not in the database
    "marked sent": "SELECT count(*) FROM answer WHERE sent_at IS NOT NULL AND name NOT LIKE 'etat-%'",
}
_NEVER = {
    "a file without a verdict": "SELECT name FROM receipt WHERE state <> 'answered' OR verdict IS NULL",
    "a checker said to have failed": "SELECT name FROM receipt WHERE verdict = 'failed' OR trouble IS NOT NULL",
    "a file without answers": "SELECT name FROM receipt WHERE id NOT IN (SELECT receipt FROM answer)",
    "an answer not sent": "SELECT name FROM answer WHERE sent_at IS NULL",
    "bytes booked twice": "SELECT sha256 FROM declaration WHERE verdict <> 'refused' GROUP BY sha256 HAVING count(*) > 1",
    "an invoice booked twice": "SELECT number FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal) "
    "GROUP BY side, supplier, library, number, kind, date HAVING count(*) > 1",
    "an entry standing twice": "SELECT supplier_invoice FROM remuneration WHERE reverses IS NULL AND entry NOT IN "
    "(SELECT reverses FROM remuneration WHERE reverses IS NOT NULL) GROUP BY supplier_invoice HAVING count(*) > 1",
    "a line of no invoice": "SELECT ean FROM line WHERE NOT EXISTS "
    "(SELECT 1 FROM invoice i WHERE line.id >= i.first_line AND line.id < i.first_line + i.lines)",
    "something not reconciled": "SELECT 1 FROM touched",
    "something not told": "SELECT 1 FROM untold",
}
_NAMED = "(SELECT side || ' ' || supplier || ' ' || number || ' ' || ht FROM invoice WHERE id = {})"
_STATE = {
    "receipts": "SELECT r.name, link, home, sha256, size, dry, state, verdict, trouble, archived_at IS NOT NULL, acknowledgement FROM receipt r "
    "LEFT JOIN acknowledgement a ON a.receipt = r.id",
    "declarations": "SELECT r.name, d.declarant, d.reference, d.verdict, d.side, d.use, d.nature, d.replaced, d.period, d.issued, "
    "d.invoices, d.accepted, d.dry, o.reference FROM declaration d JOIN receipt r ON r.id = d.receipt "
    "LEFT JOIN declaration o ON o.id = d.supersedes",
    "invoices": "SELECT d.reference, i.record, i.side, supplier, library, number, key, date, kind, ht, ttc, lines, copies, gross, base, "
    "base_copies, i.period, hex(digest), (SELECT w.reference FROM declaration w WHERE w.id = x.declaration) "
    "FROM invoice i JOIN declaration d ON d.id = i.declaration LEFT JOIN withdrawal x ON x.invoice = i.id",
    "lines": "SELECT i.supplier, i.number, i.ht, l.record, ean, quantity, price, discount, vat, exclusion, evidence, title FROM invoice i "
    "JOIN line l ON l.id >= i.first_line AND l.id < i.first_line + i.lines",
    "statements": f"SELECT d.reference, {_NAMED.format('s.invoice')} FROM statement s JOIN declaration d ON d.id = s.declaration",
    "findings": "SELECT r.name, ordinal, code, finding FROM finding f JOIN receipt r ON r.id = f.receipt",
    "answers": "SELECT r.name, a.link, a.home, a.name, hex(body), sent_at IS NOT NULL FROM answer a JOIN receipt r ON r.id = a.receipt "
    "WHERE a.name NOT LIKE 'etat-%'",
    "outcomes": f"SELECT {_NAMED.format('o.invoice')}, state, reason, {_NAMED.format('o.other')}, {_NAMED.format('o.bag')}, period, rate "
    "FROM outcome o",
    "entries": "SELECT e.period, e.supplier, e.library, e.invoice_number, e.invoice_date, e.kind, e.base_cents, e.rate_percent, "
    f"e.remuneration_cents, e.copies, e.reason, {_NAMED.format('e.supplier_invoice')}, {_NAMED.format('e.library_invoice')}, "
    "e.reverses IS NOT NULL FROM remuneration e",
}
_SPOOL = ("incoming", "received", "quarantine", "outgoing")
