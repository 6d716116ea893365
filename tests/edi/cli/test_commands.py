"""Every command as a stranger types it: the exit code, and a word of what is said (`commands.txt`)."""

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.edi.cli.conftest import YEAR, Edi
from tests.program import SAMPLES

NAMES = {
    "F": YEAR / "F-3012921742188-2025.txt",
    "B": YEAR / "B-3015100339070-2025.xml",
    "partners": YEAR / "partners.csv",
    "bad": SAMPLES / "single-defects" / "total-differs.txt",
    "cut": SAMPLES / "single-defects" / "truncated.txt",
}
LINES = [
    tuple(part.strip() for part in line.rsplit("|", 1))
    for line in (Path(__file__).parent / "commands.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line or "edi" for line, _ in LINES])
def test_exit_code_and_words(run: Edi, line: str, expected: str) -> None:
    code, _, word = expected.partition(" ")
    ended, out, err = run(*shlex.split(line.format(**NAMES)))
    assert str(ended) == code, out + err
    assert word in out + err
    if ended == 2 and line not in ("", "ledger"):
        assert err.strip(), "a failure says why on stderr"
    assert "hunter2" not in out + err


FINDING = ["code", "reach", "record", "position", "field", "invoice", "found", "expected", "message", "suggestion"]
FILE = [
    "file",
    "sha256",
    "format",
    "verdict",
    "side",
    "reference",
    "invoices",
    "accepted",
    "refused",
    "not_checked",
    "findings",
]
STATE = [
    "matched",
    "discrepancies",
    "waiting_library",
    "waiting_supplier",
    "proposed",
    "net_differs",
    "entries_posted",
    "remuneration_cents",
]
ENTRY = [
    "entry", "period", "supplier", "library", "invoice_number", "invoice_date", "kind", "base_cents", "rate",
    "remuneration_cents", "copies", "reverses", "match", "hash",
    "reason",
]  # fmt: skip


@pytest.mark.parametrize("command", ["check", "ingest"])
def test_keys_of_a_file(run: Edi, command: str) -> None:
    _, out, _ = run(command, "--json", str(NAMES["bad"]), str(NAMES["cut"]), str(NAMES["F"]), "empty", "binary")
    files = json.loads(out)["files"]
    assert [file["file"] for file in files] == [
        str(NAMES["bad"]),
        str(NAMES["cut"]),
        str(NAMES["F"]),
        "empty",
        "binary",
    ]
    for file in files:
        assert set(FILE) <= file.keys() == files[0].keys()
        assert all(list(finding) == FINDING for finding in file["findings"])
        assert all(isinstance(file[count], int) for count in ("invoices", "accepted", "refused"))
    verdicts = {"check": "accepted", "ingest": "duplicate"}
    assert [file["verdict"] for file in files] == [
        "partly-accepted",
        "refused",
        verdicts[command],
        "refused",
        "refused",
    ]


def test_the_page_holds_every_file_and_the_json_stays_one_document(run: Edi, place: Path) -> None:
    code, out, _ = run("check", "--json", "--html", "page.html", str(NAMES["bad"]), str(NAMES["F"]), "--lang", "en")
    assert code == 1 and len(json.loads(out)["files"]) == 2
    page = (place / "page.html").read_text("utf-8")
    assert page.count("<article>") == 2 and "PARTLY ACCEPTED" in page and "<mark>" in page


def test_keys_of_a_file_that_cannot_be_read(run: Edi) -> None:
    code, out, err = run("check", "--json", "missing.txt", "dir", str(NAMES["F"]))
    files = json.loads(out)["files"]
    assert code == 2
    assert [file["verdict"] for file in files] == ["failed", "failed", "accepted"]
    assert files[0].keys() == files[2].keys()
    assert "missing.txt" in err and "dir" in err


def test_keys_of_reconcile(run: Edi) -> None:
    _, out, _ = run("reconcile", "--json")
    facts = json.loads(out)
    assert list(facts) == STATE
    assert (facts["matched"], facts["discrepancies"], facts["entries_posted"]) == (25, 1, 0)
    _, out, _ = run("reconcile", "--json", "--details")
    lists = {name: rows for name, rows in json.loads(out).items() if name not in STATE}
    assert list(lists) == [f"{name}_list" for name in STATE[:6]]
    row = ["supplier", "library", "number", "date", "kind", "ht_cents", "reason"]
    assert all(list(one) == row for rows in lists.values() for one in rows)


def test_exports_hold_the_same(run: Edi, place: Path) -> None:
    _, out, _ = run("ledger", "export", "--format", "json")
    entries = json.loads(out)["entries"]
    assert all(list(entry) == ENTRY for entry in entries) and len(entries) == 25
    assert {entry["rate"] for entry in entries} == {"0.06"}
    assert json.loads(run("ledger", "list", "--json")[1])["entries"] == entries
    assert json.loads(run("ledger", "export", "--json")[1])["entries"] == entries
    _, csv, _ = run("ledger", "export")
    head, *rows = csv.replace("\r", "").splitlines()
    assert head.split(",") == ENTRY
    assert [row.split(",")[9] for row in rows] == [str(entry["remuneration_cents"]) for entry in entries]
    run("ledger", "export", "-o", "ledger.csv")
    assert (place / "ledger.csv").read_bytes().decode() == csv
    assert json.loads(run("ledger", "export", "--json", "--period", "1999")[1]) == {"entries": []}


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("status", "home arrived latest links stuck reconciliation remuneration_cents not_reconciled_yet"),
        ("link list", "links"),
        ("answers list", "answers"),
        ("answers resend 1", "id link home name"),
        ("period list", "periods"),
        ("period close 2019", "year state late_invoices_go_to"),
        ("partners list", "partners"),
        ("partners search 30", "partners"),
        ("partners show 3012069648427", "gln name role category successor alias_of resolves_to known_as later history"),
        (f"partners import {NAMES['partners']}", "added changed unchanged touched changes"),
        ("link pause dossier", "link paused"),
        ("run --once --home fresh", "pulled still_growing files pushed troubles reconciliation"),
    ],
)
def test_json_is_one_document(run: Edi, line: str, keys: str) -> None:
    code, out, _ = run(*line.split(), "--json")
    assert code == 0
    assert set(keys.split()) <= json.loads(out).keys()


def test_home_before_and_after_and_nowhere(run: Edi, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(run("--home", "one", "status", "--home", "two", "--json")[1])["home"] == "two"
    assert json.loads(run("--home", "one", "status", "--json")[1])["home"] == "one"
    assert json.loads(run("status", "--json")[1])["home"] == "home"
    monkeypatch.delenv("EDI_HOME")
    assert json.loads(run("status", "--json")[1])["home"] == "edi-home"
    assert (place / "edi-home").stat().st_mode & 0o777 == 0o700
    assert not (place / "two" / "nothing").exists()


def test_check_leaves_nothing_behind(run: Edi, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDI_HOME")
    before = sorted(place.iterdir())
    run("check", str(NAMES["F"]))
    run("check", str(NAMES["F"]), "--home", "nowhere", "--json")
    assert sorted(place.iterdir()) == before


def test_same_file_twice_is_a_duplicate(run: Edi) -> None:
    clean = str(SAMPLES / "single-defects" / "clean-lf-no-last.txt")
    _, out, _ = run("ingest", "--json", clean, clean)
    assert [file["verdict"] for file in json.loads(out)["files"]] == ["accepted", "duplicate"]


def test_hostile_names(run: Edi, place: Path) -> None:
    name = "\x1b[2J[red]:smile:\udce9.txt"
    (place / name).write_bytes(NAMES["F"].read_bytes())
    for command in ("check", "ingest"):
        code, out, err = run(command, name)
        assert code == 0 and "\x1b[2J" not in out + err and ":smile:" in out
        code, out, _ = run(command, "--json", name)
        assert json.loads(out)["files"][0]["file"].endswith("�.txt")


def test_answers_to_a_local_file_come_again(run: Edi, place: Path) -> None:
    answer = json.loads(run("answers", "list", "--json")[1])["answers"][0]
    path = place / "home" / "outgoing" / "local" / answer["name"]
    path.unlink()
    run("answers", "resend", str(answer["id"]))
    assert path.exists()
    assert json.loads(run("answers", "list", "--waiting", "--json")[1]) == {"answers": []}


def test_checker_that_fails_calls_nothing_refused(run: Edi, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("edi.intake.taking.check_file", crash)
    code, out, err = run("check", "--json", str(NAMES["F"]))
    assert (code, json.loads(out)["files"][0]["verdict"]) == (2, "failed")
    assert "ZeroDivisionError" in err
    monkeypatch.setattr("edi.intake.taking._taken", crash)
    code, out, err = run("ingest", "--json", "empty")
    assert (code, json.loads(out)["files"][0]["verdict"]) == (2, "failed")
    assert "edi status" in err
    stuck = json.loads(run("status", "--json")[1])["stuck"]
    assert [(row["turn"], "ZeroDivisionError" in row["why"]) for row in stuck] == [("operator", True)]


def test_quarantine_from_end_to_end(run: Edi) -> None:
    run("ingest", str(NAMES["cut"]))
    [file] = json.loads(run("quarantine", "list", "--json")[1])["quarantine"]
    number = str(file["id"])
    code, out, _ = run("quarantine", "show", number)
    assert code == 0 and "trailer-missing" in out
    assert run("quarantine", "release", number, "--reason", "essai")[0] == 1  # refused again, as a new receipt
    [again] = json.loads(run("quarantine", "list", "--json")[1])["quarantine"]
    assert run("quarantine", "discard", str(again["id"]))[0] == 2  # a reason is wanted
    assert run("quarantine", "discard", str(again["id"]), "--reason", "essai")[0] == 0
    assert json.loads(run("status", "--json")[1])["stuck"] == []


def test_a_statement_in_every_form(run: Edi, place: Path) -> None:
    made = json.loads(run("statement", "issue", "2025", "-o", "appels", "--json")[1])
    assert made["due_cents"] == 140_044 and made["issued"][0]["label"] == "AR-000001"
    assert sorted(path.name for path in (place / "appels").iterdir()) == [
        f"{row['label']}.pdf" for row in made["issued"]
    ]
    assert (place / "appels" / "AR-000001.pdf").read_bytes()[:5] == b"%PDF-"
    assert json.loads(run("statement", "issue", "2025", "-o", "appels", "--json")[1])["issued"] == []
    facts = json.loads(run("statement", "show", "1", "--json")[1])
    assert facts["totals"]["due_cents"] == made["issued"][0]["due_cents"]
    assert facts["label"] in run("statement", "show", "1")[1]
    for form, word in (("csv", "section,"), ("csv-fr", "rubrique;"), ("json", "AR-000001")):
        assert word in run("statement", "show", "1", "--format", form)[1]
    for form, magic in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        assert run("statement", "show", "1", "--format", form, "-o", "one")[0] == 0
        assert (place / "one").read_bytes().startswith(magic)
    assert run("statement", "show", "1", "--format", "doc")[0] == 2


def test_a_damaged_page_is_named(run: Edi, place: Path) -> None:
    base = place / "home" / "edi.sqlite"
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("PRAGMA wal_checkpoint (TRUNCATE)")
        [size], [page] = (
            connection.execute(sql).fetchone()
            for sql in ("PRAGMA page_size", "SELECT rootpage FROM sqlite_schema WHERE name = 'entry'")
        )
    with base.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(100))
    code, _, err = run("ledger", "verify")
    assert (code, "table entry" in err, "age " in err) == (2, True, True)
    code, _, err = run("ledger", "list")
    assert (code, "panne interne" in err, "ledger verify" in err) == (2, False, True)
