"""What every command understands, before it and after it; one language at a time; every table in every form."""

import io
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from edi.acts.table import ACTS
from tests.edi.cli.conftest import Edi
from tests.program import both_languages

TABLES = [act.name for act in ACTS if "csv" in act.forms and not any(one.required for one in act.asked)]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_every_form(run: Edi, place: Path, name: str) -> None:
    words = name.split()
    document = json.loads(run(*words, "--json")[1])
    assert json.loads(run(*words, "--format", "json")[1]) == document == json.loads(run("--json", *words)[1])
    [rows] = [
        value for key, value in document.items() if isinstance(value, list) and key not in ("acts", "contradicted")
    ]
    code, plain, err = run(*words, "--format", "csv")
    assert code in (0, 1) and err == "" and plain.count("\r\n") == len(rows) + 1
    french = run(*words, "--format", "csv-fr")[1]
    assert french.startswith("\ufeff") and french.count("\r\n") == len(rows) + 1
    assert run(*words, "--format", "xlsx", "-o", "made.xlsx")[:2] == (code, "")
    book = CalamineWorkbook.from_filelike(io.BytesIO((place / "made.xlsx").read_bytes()))
    sheet = book.get_sheet_by_index(0)
    assert sheet.height in (len(rows) + 1, 0 if not rows else 1)
    assert run(*words, "--format", "pdf")[0] == 2


SPOKEN = [
    "status", "reconcile --details", "ledger list", "ledger balance", "ledger trial", "ledger verify --quick", "period list",
    "partners list", "partners search zzz", "partners request list", "link list", "answers list", "quarantine list",
    "decide list", "silent 2025", "statement issue 2025", "statement list", "why 1", "why NOPE", "why --entry 1",
    "why --ean 9782070360024 --period 2025", "distribute 2025", "close 2025", "certificate 3012921742188 --period 2025",
    "check missing", "ingest missing", "nope", "status --nope", "ledger list --supplier 1", "convert empty --to xml", "decide undo 9",
    "partners show 1", "--help", "partners", "new --help",
]  # fmt: skip


@pytest.mark.parametrize("line", SPOKEN)
def test_no_line_speaks_two_languages(run: Edi, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for language in ("fr", "en"):
        monkeypatch.setenv("EDI_LANG", language)
        said[language] = "".join(run(*line.split())[1:])
        assert not both_languages(said[language])
    assert said["fr"] != said["en"] or line in ("ledger trial", "certificate 3012921742188 --period 2025")


def test_the_language_is_as_asked_else_of_the_environment_else_of_the_home(
    run: Edi, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert "Rapprochées" in run("status")[1], "LANG says nothing"
    settings = place / "home" / "edi.toml"
    settings.write_text('lang = "en"\n' + settings.read_text())
    assert "Matched" in run("status")[1]
    monkeypatch.setenv("EDI_LANG", "fr")
    assert "Rapprochées" in run("status")[1]
    for words in (("--lang", "en", "status"), ("status", "--lang", "en"), ("status", "--lang=en")):
        assert "Matched" in run(*words)[1]
    monkeypatch.setenv("EDI_LANG", "de")
    code, _, err = run("status")
    assert code == 2 and "EDI_LANG 'de'" in err


def test_whose_act_it_is_is_asked_for_in_one_way(run: Edi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "somebody")
    words = ("decide", "settle", "FA-2025/0009", "--reason", "seen", "--json")
    assert json.loads(run(*words)[1])["decision"]["who"] == "somebody"
    undone = ("decide", "undo", "1", "--reason", "mistaken", "--json")
    assert json.loads(run("--by", "accounts", *undone)[1])["decision"]["who"] == "accounts"
    assert json.loads(run(*words, "--by", "accounts")[1])["decision"]["who"] == "accounts"


def test_words_too_many_and_completion(run: Edi, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = run("status", "again")
    assert code == 2 and "'again'" in err
    code, out, _ = run("--show-completion", "bash")
    assert code == 0 and "_EDI_COMPLETE" in out
    assert run("--show-completion", "csh")[0] == 2
