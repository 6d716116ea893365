"""`edi` as a process: pipes, closed streams, Ctrl-C, the terminal, and how quickly help comes."""

import contextlib
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from edi.acts.table import ACTS
from edi.cli.screen import as_json
from parsers import read
from parsers.fixed import writer as write_fixed
from parsers.sniff import open_source
from schemas.declaration import Header, Invoice
from tests.edi.cli.conftest import YEAR
from tests.program import COMMAND, both_languages, called, edi, environment, start, until

FILE = YEAR / "F-3012921742188-2025.txt"


def many_invoices(path: Path, copies: int, wrong: bool = False) -> None:
    """The sample's invoices over and over under other numbers; `wrong` makes each of them refused."""
    with FILE.open("rb") as stream:
        events = list(read(open_source(stream)))
    header = next(event for event in events if isinstance(event, Header))
    invoices = [event for event in events if isinstance(event, Invoice)]
    with path.open("wb") as out:
        write_fixed.write(
            header,
            (
                msgspec.structs.replace(one, number=f"N{copy}-{place}", ht=(one.ttc or 0) + 100 if wrong else one.ht)
                for copy in range(copies)
                for place, one in enumerate(invoices)
            ),
            out,
        )


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes some seconds to check."""
    path = tmp_path_factory.mktemp("big") / "big.txt"
    many_invoices(path, 3_000)
    return path


def test_standard_input(tmp_path: Path) -> None:
    ran = edi("check", "-", "--json", cwd=tmp_path, stdin=FILE.read_bytes(), expect=0)
    assert (ran.json["files"][0]["file"], ran.json["files"][0]["accepted"]) == ("-", 8)
    assert ran.err == ""
    made = edi("convert", "-", "--to", "xml", cwd=tmp_path, stdin=FILE.read_bytes(), expect=0)
    again = edi("convert", "-", "--to", "fixed", cwd=tmp_path, stdin=made.raw, expect=0)
    assert again.raw.splitlines() == FILE.read_bytes().splitlines()


def test_ten_thousand_findings_then_a_reader_that_leaves(tmp_path: Path) -> None:
    many_invoices(tmp_path / "many.txt", 1250, wrong=True)
    ran = edi("check", "many.txt", "--json", cwd=tmp_path, expect=1)
    file = ran.json["files"][0]
    assert (file["refused"], file["findings_total"], len(file["findings"])) == (10_000, 10_000, 1_000)
    for words in (["check", "many.txt"], ["check", "many.txt", "--json"]):
        running = start(*words, cwd=tmp_path)
        assert running.stdout is not None and running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        assert (running.wait(30), running.stderr.read()) == (1, b"")


def reads(pid: int, name: str) -> bool:
    """Whether a process has a file of that name open."""
    with contextlib.suppress(OSError):
        return any(path.readlink().name == name for path in Path(f"/proc/{pid}/fd").iterdir())
    return False


def receipts(database: Path) -> int:
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM receipt").fetchone()[0])
    return 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here to see how far it is")
@pytest.mark.parametrize("command", ["check", "ingest"])
def test_ctrl_c_in_the_middle(tmp_path: Path, big: Path, command: str) -> None:
    (tmp_path / "big.txt").hardlink_to(big)
    running = start(command, "big.txt", "--json", cwd=tmp_path)
    assert until(lambda: reads(running.pid, "big.txt"))
    if command == "ingest":
        assert until(lambda: receipts(tmp_path / "edi-home" / "edi.sqlite") == 1)
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, b"")
    assert b"Traceback" not in err and "rien n'est perdu" in err.decode()
    if command == "ingest":  # the file that was interrupted is taken up again, once
        before = edi("status", "--json", cwd=tmp_path, expect=0).json
        assert (before["arrived"], before["stuck"][0]["turn"]) == ({"received": 1}, "edi")
        edi("ingest", "big.txt", "--json", cwd=tmp_path, expect=0)
        after = edi("status", "--json", cwd=tmp_path, expect=0).json
        assert (after["arrived"], after["stuck"]) == ({"accepted": 1}, [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["ledger", "export"], ["status"], ["status", "--json"], ["check", str(FILE)]])
def test_full_disk_and_closed_output(tmp_path: Path, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *words], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2 and b"disque plein" in done.stderr and b"Traceback" not in done.stderr
    closed = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *COMMAND, *words], cwd=tmp_path, env=environment(), capture_output=True,
        check=False,
    )  # fmt: skip
    assert (closed.returncode, closed.stderr) == (0, b"")


def test_json_where_the_terminal_is_not_utf8(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "check", "--json", str(FILE), "é.txt"], cwd=tmp_path, capture_output=True, check=False,
        env={**environment(), "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    files = json.loads(done.stdout.decode("ascii"))["files"]
    assert files[1]["file"] == "é.txt"
    assert json.loads(as_json({"a": "\udcff é €"})) == {"a": "� é €"}


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from edi.cli import main; sys.argv = ['edi', 'ledger', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'paramiko', 'lxml', 'pyparsing', 'sqlite_utils', 'watchfiles', 'stamina', 'jinja2', 'xlsxwriter', 'rich'} & set(sys.modules); "
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_act_has_help_in_one_language_with_examples(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDI_LANG", language)
    for act in ACTS:
        code, out, err = called(*act.name.split(), "--help")
        assert (code, err) == (0, "")
        assert f"edi {act.name}" in re.sub(r"--home \S+ ", "", out.split("Ex", 1)[1]), act.name
        assert ("--by" in out) and ("Whose act it is" in out) == (language == "en")
        assert not both_languages(out), act.name


def test_terminal_shows_bars_and_colours(tmp_path: Path) -> None:
    many_invoices(tmp_path / "big.txt", 500)
    shown = on_a_terminal(tmp_path, "check", "big.txt")
    assert "big.txt \x1b" in shown and "━" in shown  # the bar
    assert "\x1b[1;32mACCEPTÉE" in shown
    assert "━" not in on_a_terminal(tmp_path, "check", str(FILE))  # done in a moment
    assert "\x1b" not in edi("check", "big.txt", cwd=tmp_path, expect=0).said


def test_a_terminal_shows_a_few_of_a_kind_with_carets_and_a_pipe_all(tmp_path: Path) -> None:
    many_invoices(tmp_path / "big.txt", 10, wrong=True)
    piped = edi("check", "big.txt", cwd=tmp_path, expect=1).said
    shown = on_a_terminal(tmp_path, "check", "big.txt", expect=1)
    assert piped.count("^" * 12) == piped.count("Code      ht-exceeds-ttc") == 80
    assert shown.count("^" * 12) == 5
    assert "\x1b[1;31m" in shown and "75 constats ne sont pas montrés" in shown


def on_a_terminal(cwd: Path, *words: str, expect: int = 0) -> str:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, *words], cwd=cwd, stdout=theirs, stderr=theirs, stdin=theirs,
        env={**environment(), "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux says EIO at the end
            break
        if not chunk:
            break
        said += chunk
    os.close(ours)
    assert running.wait(30) == expect, said.decode("utf-8", "replace")
    return said.decode("utf-8", "replace")
