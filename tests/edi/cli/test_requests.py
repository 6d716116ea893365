"""A referencing request as a stranger makes, takes and answers it, one by one and by file."""

import json
from pathlib import Path

from tests.edi.cli.conftest import Edi

LIBRARY, SCHOOL, NEW = "3015096792903", "3015100339070", "3012900000216"


def asked(run: Edi, *words: str) -> list[tuple[int | None, str, str]]:
    _, out, _ = run("partners", "request", *words, "--json")
    return [(row["request"], row["state"], row["answer"]) for row in json.loads(out)["requests"]]


def test_one_by_one(run: Edi, place: Path) -> None:
    named = ("add", "library", "--name", "Bibliothèque de Plouzané", "--postcode", "29280")
    assert asked(run, *named) == asked(run, *named) == [(1, "asked", "")]
    assert asked(run, "add", "library", "--gln", NEW) == [(2, "asked", "")]
    status = json.loads(run("status", "--json")[1])["stuck"]
    assert [(row["what"], row["name"], row["turn"]) for row in status] == [("request", "2 demandes", "operator")]
    assert "Plouzané" in run("status")[1]
    assert asked(run, "take", "1", "2", "--by", "Anne") == [(1, "in-progress", ""), (2, "in-progress", "")]
    code, out, _ = run("partners", "request", "answer", "1", "3012900000223")
    assert code == 0 and "1 ajoutés" in out
    assert run("partners", "request", "answer", "1", LIBRARY)[0] == 2  # closed
    assert run("partners", "request", "refuse", "2")[0] == 2  # a reason is wanted
    assert asked(run, "refuse", "2", "--reason", "fermée", "--home", str(place / "home")) == [(2, "refused", "")]
    assert json.loads(run("partners", "search", "plouzane", "--json")[1])["partners"][0]["gln"] == "3012900000223"
    assert asked(run, "list") == []
    assert asked(run, "list", "--all") == [(1, "given", "3012900000223"), (2, "refused", "")]
    assert json.loads(run("status", "--json")[1])["stuck"] == []
    logged = json.loads((place / "home" / "edi.log").read_text().splitlines()[-1])
    assert (logged["fact"], logged["requests"], logged["reason"]) == ("requests-refuse", [2], "fermée")


def test_by_file_asked_then_answered(run: Edi, place: Path) -> None:
    rows = f"role;gln;name;postcode;city;answer;reason\nlibrary;{NEW};Annexe;;;;\nlibrary;;École;29000;Quimper;;\nlibrary;{LIBRARY};;;;;\n"
    (place / "d.csv").write_bytes(rows.encode("cp1252"))
    assert asked(run, "import", "d.csv") == [(1, "asked", ""), (2, "asked", ""), (None, "known", LIBRARY)]
    (place / "d.csv").write_text(
        rows.replace(";;;;\n", f";;;{LIBRARY};\n", 1).replace("Quimper;;", "Quimper;refusé;fermée")
    )
    for _ in range(2):  # once more changes nothing
        given = asked(run, "import", "d.csv")
    assert given == [(None, "known", NEW), (2, "refused", ""), (None, "known", LIBRARY)]
    shown = json.loads(run("partners", "show", NEW, "--json")[1])
    assert (shown["alias_of"], shown["name"], shown["resolves_to"]) == (LIBRARY, "Annexe", LIBRARY)
    assert NEW in json.loads(run("partners", "show", LIBRARY, "--json")[1])["known_as"]
    (place / "d.csv").write_text("role;gln;answer\nlibrary;1;\nshop;;\nlibrary;3012900000223;refuse\n")
    code, _, err = run("partners", "request", "import", "d.csv")
    assert code == 2 and all(f"ligne {line}" in err for line in (2, 3, 4))
