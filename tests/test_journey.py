"""The whole job as a user has it: real sshd, real `edi` processes, from a partner's depot to the ledger and back.

The key link runs over OpenSSH; where that cannot be had, over the embedded server, with a warning. The password
link always runs over the embedded server, since a system account's password is nobody's to set.
"""

import hashlib
import json
import re
import shutil
import sqlite3
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from parsers.answers import answer_xml, gencod, status
from spool.sftp.server import Server, User
from tests.program import SAMPLES, Ran, edi
from tests.sshd import Sshd, available, free_port, make_key
from tests.told import stands, told

YEAR = SAMPLES / "year-2025"
PASSWORD = "sésame-9731-ouvre-toi"
LIBRARIES = {"sud": "3015096792903", "nord": "3015100339070", "est": "3012793834707"}


class World:
    """Partners' sides, and a home whose `edi.toml` knows four links: `maison` (a software house with a home for
    each library, by key), `libraires` (by password), `grossiste` (a local folder), `morte` (nobody there)."""

    def __init__(self, root: Path, maison: Path, libraires: Path, accounts: dict[str, str]) -> None:
        self.root = root
        self.home = root / "home"
        self.maison, self.libraires, self.grossiste = maison, libraires, root / "grossiste"
        self.spoken: list[str] = []
        self.sent: dict[str, bytes] = {}
        homes = ", ".join(f'{home} = ["{code}"]' for home, code in LIBRARIES.items())
        self.home.mkdir(mode=0o700)
        (self.home / "edi.toml").write_text(f'''
every_seconds = 60
[[link]]
name = "maison"
{accounts["maison"]}
declarants = {json.dumps(list(LIBRARIES.values()))}
homes = {{ {homes} }}
gln = "3015478927787"
settle_seconds = 0.3
attempts = 1
[[link]]
name = "libraires"
{accounts["libraires"]}
password_env = "TEST_LIBRAIRES"
declarants = ["3010955600100", "3012921742188", "3012423232217"]
gln = "3012423232217"
settle_seconds = 0.3
attempts = 1
[[link]]
name = "grossiste"
kind = "folder"
path = "{self.grossiste}"
declarants = ["3012877893286"]
settle_seconds = 0.1
[[link]]
name = "morte"
host = "127.0.0.1"
port = {free_port()}
user = "personne"
password_env = "TEST_LIBRAIRES"
declarants = ["*"]
attempts = 1
''')

    def put(self, place: Path, data: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        self.sent[hashlib.sha256(data).hexdigest()] = data

    def edi(self, *words: str | Path, expect: int | None = None) -> Ran:
        ran = edi("--home", self.home, *words, cwd=self.root, env={"TEST_LIBRAIRES": PASSWORD}, expect=expect)
        self.spoken.append(ran.said)
        return ran

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.home / "edi.sqlite") as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    users = {"libraires": User("libraires", password=PASSWORD)}
    folders = 'depot = "depot"\nretour = "retour"\narchive = "archive"'
    homes = 'depot = "homes/*/depot"\nretour = "homes/*/retour"\narchive = "homes/*/archive"'
    with Server(tmp_path / "embedded", users) as embedded:
        accounts = {
            "libraires": f'host = "127.0.0.1"\nport = {embedded.port}\nuser = "libraires"\n{folders}',
            "maison": f'host = "127.0.0.1"\nkey_file = "{tmp_path / "keys" / "client"}"\n{homes}',
        }
        libraires = tmp_path / "embedded" / "libraires"
        if available():
            with Sshd(tmp_path / "sshd", tmp_path / "keys") as running:
                accounts["maison"] += f'\nport = {running.port}\nuser = "{running.user}"'
                yield World(tmp_path, tmp_path / "sshd", libraires, accounts)
            return
        warnings.warn("no sshd here (make system-deps): the key link runs over the embedded server", stacklevel=2)
        if shutil.which("ssh-keygen") is None:
            pytest.skip("no ssh-keygen here: make system-deps")
        (tmp_path / "keys").mkdir()
        make_key(tmp_path / "keys" / "client")
        key = (tmp_path / "keys" / "client.pub").read_text("ascii")
        with Server(tmp_path / "second", {"maison": User("maison", public_key=key)}) as second:
            accounts["maison"] += f'\nport = {second.port}\nuser = "maison"'
            yield World(tmp_path, tmp_path / "second" / "maison", libraires, accounts)


def fill(world: World) -> None:
    """Both sides of a year, in both formats, and everything that should not be there."""
    homes = {home: world.maison / "homes" / home / "depot" for home in LIBRARIES}
    sample = {path.name: path.read_bytes() for path in YEAR.iterdir()}
    world.put(homes["est"] / "B-3012793834707-2025.txt", sample["B-3012793834707-2025.txt"])
    world.put(homes["nord"] / "B-3015100339070-2025.xml", sample["B-3015100339070-2025.xml"])
    world.put(homes["sud"] / "2026.txt.rdy", sample["B-3015096792903-2026.txt"])
    packed = world.root / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2025.xml", sample["B-3015096792903-2025.xml"])
    world.put(homes["sud"] / "2025.zip", packed.read_bytes())
    world.put(homes["nord"] / "pas-a-nous.txt", sample["B-3012793834707-2025.txt"])  # another home's declarant
    trial = re.sub(b' reference="[^"]*"', b' reference="ESSAI-1"', sample["B-3015100339070-2025.xml"])
    world.put(homes["nord"] / "test" / "essai.xml", trial)
    world.put(homes["est"] / "en-cours.txt.part", b"EN")
    world.put(homes["est"] / ".cache", b"EN")
    for name in ("F-3010955600100-2025.txt", "F-3012921742188-2025.txt"):
        world.put(world.libraires / "depot" / name, sample[name])
    world.put(world.libraires / "depot" / "z-encore.txt", sample["F-3010955600100-2025.txt"])
    for name in ("truncated.txt", "total-differs.txt"):
        world.put(world.libraires / "depot" / name, (SAMPLES / "single-defects" / name).read_bytes())
    world.put(world.grossiste / "depot" / "F-3012877893286-2025.xml", sample["F-3012877893286-2025.xml"])


def trust(world: World, link: str) -> str:
    """What an operator does: looks at the key, and pins it by its fingerprint."""
    seen = world.edi("link", "trust", link, "--json", expect=0).json
    assert seen["pinned"] is False
    return str(world.edi("link", "trust", link, "--fingerprint", seen["fingerprint"], expect=0).out)


def test_whole_job(world: World) -> None:
    fill(world)
    world.edi("partners", "import", YEAR / "partners.csv", expect=0)

    # nobody has vouched for the hosts: only the local folder is read, and everybody is told what to do
    first = world.edi("run", "--once", "--json", expect=2)
    assert set(first.json["troubles"]) == {"maison", "libraires", "morte"}
    assert "edi link trust maison --fingerprint SHA256:" in first.err
    assert first.json["pulled"] == 1
    assert sorted(path.name for path in (world.maison / "homes" / "est").iterdir()) == ["depot"]
    refused = world.edi("link", "trust", "maison", "--fingerprint", "SHA256:" + "A" * 43, expect=2)
    assert "Rien n'a été retenu" in refused.err
    assert not (world.home / "known_hosts").exists()
    trust(world, "maison")
    trust(world, "libraires")
    assert world.edi("link", "test", "maison", "--json", expect=0).json["homes"] == 3

    # the pass: one dead link does not stop the others
    done = world.edi("run", "--once", "--json", expect=2).json
    assert set(done["troubles"]) == {"morte"}
    assert (done["pulled"], done["still_growing"]) == (11, 0)
    verdicts = {file["file"]: file["verdict"] for file in done["files"]}
    assert verdicts == {
        "B-3012793834707-2025.txt": "accepted",
        "B-3015100339070-2025.xml": "accepted",
        "2026.txt": "accepted",
        "2025.zip": "accepted",
        "pas-a-nous.txt": "refused",
        "essai.xml": "accepted",
        "F-3010955600100-2025.txt": "accepted",
        "F-3012921742188-2025.txt": "accepted",
        "z-encore.txt": "duplicate",
        "truncated.txt": "refused",
        "total-differs.txt": "partly-accepted",
    }
    found = {file["file"]: {finding["code"] for finding in file["findings"]} for file in done["files"]}
    assert "declarant-not-allowed" in found["pas-a-nous.txt"]
    assert "trailer-missing" in found["truncated.txt"]

    ledger_is_exact(world)
    answers_are_there(world)
    nothing_is_lost(world)
    nothing_changes(world)
    host_key_changes(world)
    no_secret_is_told(world)


def ledger_is_exact(world: World) -> None:
    expected = json.loads((YEAR / "expected.json").read_text("utf-8"))
    entries = world.edi("ledger", "export", "--format", "json", expect=0).json["entries"]
    keys = tuple(expected["entries"][0])
    ours = sorted(tuple(str(entry[key]) for key in keys) for entry in entries)
    assert ours == sorted(tuple(str(entry[key]) for key in keys) for entry in expected["entries"])
    assert sum(entry["remuneration_cents"] for entry in entries) == expected["remuneration_cents"]


def answers_are_there(world: World) -> None:
    homes = world.maison / "homes"
    reports = ["rapport.json", "rapport.txt"]
    expected = {
        homes / "est" / "retour": {"B-3012793834707-2025.txt": ["ate.txt"]},
        homes / "nord" / "retour": {
            "B-3015100339070-2025.xml": ["ate.xml"], "essai.xml": ["ate.xml"], "pas-a-nous.txt": ["ast.txt"],
        },
        homes / "sud" / "retour": {"2025.zip": ["ate.xml"], "2026.txt": ["ate.txt"]},
        world.libraires / "retour": {
            "F-3010955600100-2025.txt": ["ate.txt"], "F-3012921742188-2025.txt": ["ate.txt"],
            "z-encore.txt": ["ate.txt"], "truncated.txt": ["ast.txt"], "total-differs.txt": ["ane.txt", "ate.txt", "correction.txt"],
        },
        world.grossiste / "retour": {"F-3012877893286-2025.xml": ["ate.xml"]},
    }  # fmt: skip
    for folder, files in expected.items():
        names = sorted(f"{file}.{end}" for file, ends in files.items() for end in [*ends, *reports])
        assert sorted(path.name for path in folder.iterdir() if not path.name.startswith("etat-")) == names
    for path in (path for folder in expected for path in folder.iterdir()):
        if path.name.startswith("etat-"):
            assert status.read(path.read_bytes(), path.suffix[1:]).declarant == path.name[5:18]
        elif path.name.endswith(".rapport.json"):
            assert json.loads(path.read_bytes())["verdict"]
        elif path.name.endswith(".correction.txt"):
            assert path.read_bytes().startswith(b"EN0000001") and path.read_bytes().count(b"\nFA") == 1
        elif path.name.endswith(".rapport.txt"):
            assert "COMPTE RENDU" in path.read_text("utf-8")
        elif path.suffix == ".xml":
            assert answer_xml.read(path.read_bytes()).acknowledgement.accepted
        else:
            assert gencod.read(path.read_bytes()).notice == path.name.split(".")[-2]
    est = {path.name[5:18] for path in (homes / "est" / "retour").glob("etat-*")}
    assert est == {"3012793834707"}  # each in its own home
    with closing(sqlite3.connect(world.home / "edi.sqlite")) as connection:
        assert told(connection) == stands(connection)
    dry = json.loads((homes / "nord" / "retour" / "essai.xml.rapport.json").read_bytes())
    assert (dry["verdict"], dry["accepted"]) == ("accepted", 3)


def nothing_is_lost(world: World) -> None:
    homes = world.maison / "homes"
    assert sorted(path.name for path in (homes / "est" / "depot").iterdir()) == [".cache", "en-cours.txt.part"]
    assert [path.name for path in (homes / "nord" / "depot").rglob("*")] == ["test"]
    for depot in (homes / "sud" / "depot", world.libraires / "depot", world.grossiste / "depot"):
        assert list(depot.iterdir()) == []
    archives = [*homes.glob("*/archive/*"), *world.libraires.glob("archive/*"), *world.grossiste.glob("archive/*")]
    assert len(archives) == 12
    for path in archives:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.suffix == f".{digest[:8]}"
        kept = world.home / "received" / digest[:2] / digest
        assert kept.read_bytes() == path.read_bytes() == world.sent[digest]
    assert (homes / "sud" / "archive").joinpath(f"2026.txt.{sha8(world.sent, b'EN', b'2026RI')}").exists()
    assert [path for path in (world.home / "outgoing").rglob("*") if path.is_file()] == []
    assert list((world.home / "incoming").iterdir()) == []
    quarantined = {path.name.rpartition(".")[0] for path in (world.home / "quarantine").iterdir()}
    assert quarantined == {"pas-a-nous.txt", "truncated.txt", "total-differs.txt"}
    ours = (path for path in world.home.rglob("*") if path.name != "edi.toml")  # which the test wrote
    assert [path for path in ours if path.stat().st_mode & 0o077] == []


def sha8(sent: dict[str, bytes], *parts: bytes) -> str:
    return next(digest[:8] for digest, data in sent.items() if all(part in data[:140] for part in parts))


def nothing_changes(world: World) -> None:
    def facts() -> list[list[tuple[Any, ...]]]:
        tables = ("receipt", "declaration", "invoice", "line", "entry", "posting_run", "answer")
        return [world.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables]

    before = facts()
    again = world.edi("run", "--once", "--json", expect=2).json
    assert (again["pulled"], again["files"], again["pushed"], set(again["troubles"])) == (0, [], 0, {"morte"})
    assert again["reconciliation"]["entries_posted"] == 0
    assert facts() == before
    status = world.edi("status", "--json", expect=0).json
    turns = {(row["what"], row["name"]): row["turn"] for row in status["stuck"]}
    assert turns == {
        ("file", "maison: pas-a-nous.txt"): "partner",
        ("file", "libraires: truncated.txt"): "partner",
        ("file", "libraires: total-differs.txt"): "partner",
        ("link", "morte"): "edi",
        ("request", "2 demandes"): "operator",
    }


def host_key_changes(world: World) -> None:
    """Another key under the same name: nothing is exchanged, and what to do is said."""
    known = world.home / "known_hosts"
    pins = known.read_text("ascii")
    other = world.root / "other"
    make_key(other)
    kind, code, *_ = other.with_suffix(".pub").read_text("ascii").split()
    port = next(
        line
        for line in (world.home / "edi.toml").read_text("utf-8").split("[[link]]")[1].splitlines()
        if "port" in line
    )
    host = f"[127.0.0.1]:{port.split()[-1]}"
    known.write_text(
        "\n".join([*(line for line in pins.splitlines() if host not in line), f"{host} {kind} {code}", ""])
    )
    world.put(world.maison / "homes" / "est" / "depot" / "late.txt.rdy", b"EN late")
    ran = world.edi("run", "--once", "--json", expect=2)
    assert "clé d'hôte a changé" in ran.json["troubles"]["maison"]
    assert "edi link trust maison" in ran.err
    assert (world.maison / "homes" / "est" / "depot" / "late.txt.rdy").exists()
    trust(world, "maison")
    assert world.edi("run", "--once", "--json", expect=2).json["pulled"] == 1


def no_secret_is_told(world: World) -> None:
    key = (world.root / "keys" / "client").read_text("ascii").splitlines()[1]
    world.edi("link", "list", expect=0)
    world.edi("link", "list", "--json", expect=0)
    everything = "".join(world.spoken).encode()
    for path in (path for path in world.home.rglob("*") if path.is_file()):
        everything += path.read_bytes()
    for secret in (PASSWORD, PASSWORD.encode("latin-1").decode("latin-1"), key):
        assert secret.encode() not in everything
