"""Quarantine: what waits there and where in the bytes it is wrong; releasing, discarding; who decided, when and why."""

import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edi.lending.booking.staging
from edi.core.desk import open_desk
from edi.core.store import connect, transaction
from edi.intake import quarantine
from parsers.fixed import records
from schemas.errors import NotAllowed, NotFound
from tests.desk import Desk, counts, declared, sold, written
from tests.edi.cli.conftest import _main

DAY = "2025-03-14"
GOOD = written(declared("A", sold("1", DAY)))
REFUSED = written(declared("B", sold("2", DAY, ttc=1)))
PARTLY = written(declared("C", sold("3", DAY), sold("4", DAY, ttc=1)))
Edi = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Edi:
    """Runs `edi` on a home with one file of each kind: 1 booked, 2 refused, 3 booked in part."""

    def ran(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = _main(["--home", str(tmp_path / "home"), *words])
        return (code, *capfd.readouterr())

    for name, data in (("A.txt", GOOD), ("B.txt", REFUSED), ("C.txt", PARTLY)):
        (tmp_path / name).write_bytes(data)
    ran("ingest", *(str(tmp_path / name) for name in ("A.txt", "B.txt", "C.txt")))
    return ran


def listed(run: Edi) -> dict[int, str]:
    return {row["id"]: row["verdict"] for row in json.loads(run("quarantine", "list", "--json")[1])["quarantine"]}


def copies(tmp_path: Path) -> list[str]:
    return sorted(path.name.split(".")[0] for path in (tmp_path / "home" / "quarantine").iterdir())


def acts(run: Edi) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("quarantine", "list", "--json")[1])["acts"]
    return found


def test_what_was_refused_waits_and_what_was_booked_does_not(run: Edi, tmp_path: Path) -> None:
    assert listed(run) == {2: "refused", 3: "partly-accepted"}
    assert copies(tmp_path) == ["B", "C"]
    code, out, _ = run("quarantine", "list")
    assert code == 0 and "B.txt" in out and "ht-exceeds-ttc" in out


def test_show_says_what_was_found_and_at_which_byte(run: Edi) -> None:
    facts = json.loads(run("quarantine", "show", "2", "--json")[1])
    (found,) = facts["excerpts"]
    assert (found["code"], found["record"]) == ("ht-exceeds-ttc", 2)
    assert found["offset"] == REFUSED.index(b"FA0000002")
    assert found["text"].startswith("FA0000002")
    field = found["offset"] + found["position"] - 1
    assert REFUSED[field : field + 12] == b"000000009100"
    code, out, _ = run("quarantine", "show", "2")
    assert code == 0 and f"octet {field}" in out and "ht-exceeds-ttc" in out
    head, caret = (line for line in out.splitlines() if line.startswith("  ") and ("FA0000002" in line or "^" in line))
    assert head[caret.index("^") :].startswith("000000009100")


def test_released_it_is_read_again_with_today_s_rules(
    run: Edi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("quarantine", "release", "2", "--by", "exploitant", "--reason", "essai", "--json")
    assert (code, json.loads(out)) == (1, {"id": 2, "receipt": 4, "verdict": "refused", "accepted": 0})
    assert listed(run) == {3: "partly-accepted", 4: "refused"}, "the old case is closed, the new one stands"
    checks = edi.lending.rules.checks.CHECKS
    others = tuple(check for check in checks.head if check.code != "ht-exceeds-ttc")
    monkeypatch.setattr("edi.lending.rules.checks.CHECKS", checks._replace(head=others))
    code, out, _ = run("quarantine", "release", "4", "--by", "exploitant")
    assert (code, "accepté" in out) == (0, True)
    assert listed(run) == {3: "partly-accepted"}
    assert copies(tmp_path) == ["C"], "no copy stays of what is accepted"
    with connect(tmp_path / "home" / "edi.sqlite") as connection:
        verdicts = [row[0] for row in connection.execute("SELECT verdict FROM receipt ORDER BY id")]
        assert verdicts == ["accepted", "refused", "partly-accepted", "refused", "accepted"]
        names = [row[0] for row in connection.execute("SELECT name FROM answer WHERE receipt = 5 ORDER BY id")]
    assert names == ["B.txt.ate.txt", "B.txt.rapport.txt", "B.txt.rapport.json"], "and its sender is answered"
    assert [(act["act"], act["receipt"], act["who"], act["reason"], act["released_as"]) for act in acts(run)] == [
        ("release", 4, "exploitant", "", 5), ("release", 2, "exploitant", "essai", 4),
    ]  # fmt: skip
    assert all(act["at"] for act in acts(run))


def test_discarding_wants_a_reason_and_keeps_the_bytes(run: Edi, tmp_path: Path) -> None:
    for reason in ([], ["--reason", "  "]):
        code, _, err = run("quarantine", "discard", "2", *reason)
        assert (code, "--reason" in err) == (2, True)
    assert acts(run) == []
    assert run("quarantine", "discard", "2", "--reason", "essai du partenaire", "--by", "exploitant")[0] == 0
    assert listed(run) == {3: "partly-accepted"}
    assert copies(tmp_path) == ["C"]
    originals = [path.read_bytes() for path in (tmp_path / "home" / "received").rglob("*") if path.is_file()]
    assert REFUSED in originals
    (act,) = acts(run)
    assert (act["act"], act["who"], act["reason"]) == ("discard", "exploitant", "essai du partenaire")
    assert "essai du partenaire" in run("quarantine", "list")[1], "people see it too"
    assert not [row for row in json.loads(run("status", "--json")[1])["stuck"] if "B.txt" in row["name"]]


@pytest.mark.parametrize("words", ["show 1", "release 1", "discard 1 --reason x", "release 99", "show 99"])
def test_what_does_not_wait_is_nobody_s_to_decide(run: Edi, words: str) -> None:
    code, _, err = run("quarantine", *words.split())
    assert (code, "en quarantaine" in err) == (2, True)
    assert acts(run) == []


def test_what_is_decided_is_decided_once(run: Edi) -> None:
    run("quarantine", "discard", "2", "--reason", "x")
    for words in ("release 2", "discard 2 --reason y", "show 2"):
        assert run("quarantine", *words.split())[0] == 2
    assert len(acts(run)) == 1


def test_booked_in_part_cannot_be_released(run: Edi) -> None:
    code, _, err = run("quarantine", "release", "3")
    assert (code, "en partie" in err) == (2, True)
    assert run("quarantine", "discard", "3", "--reason", "vu")[0] == 0


def test_a_release_whose_link_is_gone_is_refused_and_not_noted(run: Edi, tmp_path: Path) -> None:
    with connect(tmp_path / "home" / "edi.sqlite") as connection:
        connection.execute("UPDATE receipt SET link = 'partie' WHERE id = 2")
    code, _, err = run("quarantine", "release", "2")
    assert (code, "partie" in err) == (2, True)
    assert acts(run) == []
    assert listed(run) == {2: "refused", 3: "partly-accepted"}


def test_decisions_cannot_be_altered(run: Edi, tmp_path: Path) -> None:
    run("quarantine", "discard", "2", "--reason", "x")
    connection = connect(tmp_path / "home" / "edi.sqlite")
    for sql in ("UPDATE quarantine_act SET who = 'personne'", "DELETE FROM quarantine_act"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)
    connection.close()


# -- failed: the checker's own fault ----------------------------------------------------------------------


def crash(*_: Any) -> Any:
    raise ZeroDivisionError


def test_a_failed_check_is_kept_alarmed_and_tried_again(
    run: Edi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "D.txt").write_bytes(written(declared("D", sold("5", DAY))))
    with monkeypatch.context() as patch:
        patch.setattr(edi.lending.booking.staging, "check", crash)
        code, out, err = run("ingest", "--json", str(tmp_path / "D.txt"))
        assert (code, json.loads(out)["files"][0]["verdict"]) == (2, "failed")
        assert "panne" in err
        assert listed(run)[4] == "failed"
        (stuck,) = (row for row in json.loads(run("status", "--json")[1])["stuck"] if "D.txt" in row["name"])
        assert (stuck["turn"], "ZeroDivisionError" in stuck["why"]) == ("operator", True)
        code, out, _ = run("quarantine", "show", "4")
        assert (code, "ZeroDivisionError" in out) == (0, True)
        assert run("quarantine", "release", "4")[0] == 2, "and is kept again when it fails again"
        assert listed(run)[5] == "failed"
        assert run("run", "--once")[0] == 0, "the same checker does not try again by itself"
    assert run("run", "--once")[0] == 0
    assert listed(run)[5] == "failed", "nor after the same, who would know of it?"
    with monkeypatch.context() as patch:
        patch.setattr("edi.intake.backlog.checker", lambda limits: "another version")
        patch.setattr(edi.lending.booking.staging, "check", crash)
        assert run("run", "--once")[0] == 2, "an upgraded one does, and alarms"
        patch.undo()
        patch.setattr("edi.intake.backlog.checker", lambda limits: "another version")
        run("run", "--once")  # mended
    assert 5 not in listed(run)
    with connect(tmp_path / "home" / "edi.sqlite") as connection:
        verdicts = [
            row[0] for row in connection.execute("SELECT verdict FROM receipt WHERE name = 'D.txt' ORDER BY id")
        ]
        assert verdicts == ["failed", "accepted"]
        assert connection.execute("SELECT count(*) FROM answer WHERE receipt = 4").fetchone()[0] == 0


def test_a_failed_file_can_be_discarded_and_is_not_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(edi.lending.booking.staging, "check", crash)
        assert counts(desk.take(GOOD))[0] == "failed"
    with transaction(desk.db):
        quarantine.discard(desk, 1, "bombe")
    assert quarantine.listing(desk) == []
    assert desk.rows("SELECT id FROM receipt WHERE state = 'failed'") == []
    with pytest.raises(NotFound):
        quarantine.waiting(desk, 1)


def test_reasons_are_wanted_by_the_room_itself(desk: Desk) -> None:
    desk.take(REFUSED)
    with pytest.raises(NotAllowed), transaction(desk.db):
        quarantine.discard(desk, 1, "")


# -- where in the bytes -------------------------------------------------------------------------------------


def places(desk: Desk, data: bytes) -> list[tuple[str, int | None, str]]:
    """(code, byte at which the finding points, what the excerpt shows there)."""
    desk.take(data)
    receipt = desk.one("SELECT max(id) FROM receipt")
    acknowledgement, found = quarantine.show(desk, receipt)
    assert acknowledgement is not None
    return [
        (
            finding.code,
            found[finding].offset + (finding.position or 1) - 1 if finding in found else None,
            found[finding].text[found[finding].first :][:9] if finding in found else "",
        )
        for finding in acknowledgement.findings
    ]


def test_records_are_counted_as_the_reader_counts_them(desk: Desk) -> None:
    """Empty lines are none; a line feed inside a title ends nothing."""
    lines = tuple(sold("1", DAY).lines) * 3
    data = written(declared("A", sold("1", DAY, lines=lines), sold("2", DAY, ttc=1)))
    records_ = data.split(b"\n")
    assert records_[3].startswith(b"LG")
    records_[3] = records_[3][:80] + b"\n" + records_[3][81:]
    records_[4] = records_[4][:80] + b"\r\n\n" + records_[4][83:]
    data = b"\n".join((records_[0], b"", b"\r", *records_[1:]))
    ((_, offset, text),) = (row for row in places(desk, data) if row[0] == "ht-exceeds-ttc")
    assert text == "000000009"
    assert offset is not None and data[offset - 51 : offset - 42] == b"FA0000006"


@pytest.mark.parametrize("width", [1, 7, 140, 1 << 17])
def test_every_record_has_its_offset(width: int) -> None:
    data = b"\r\n" + written(declared("A", sold("1", DAY, lines=sold("1", DAY).lines * 2_000))) + b"FA" + b"x" * 400_000
    data += b"\nLG\n\n" + b"y" * width

    found = list(records.each(io.BytesIO(data)))

    assert all(data[offset:].startswith(record[:9].encode()) for offset, record in found)
    assert [record[:2] for _, record in found[:3]] == ["EN", "FA", "LG"]
    assert len(found) == 2 + 2_000 + 1 + 3


def test_a_long_line_of_xml_is_shown_where_it_breaks(desk: Desk) -> None:
    data = written(declared("A", *(sold(str(n), DAY) for n in range(30))), "xml").replace(b"\n", b"")
    place = data.rindex(b"</facture>")
    (_, _, text), *_ = (row for row in places(desk, data[:place] + b"</factura>") if row[0] == "xml-not-well-formed")
    assert "actura" in text or text.startswith((">", "a>"))
    zipped = written(declared("Z", sold("9", DAY, ttc=1)), "xml")
    assert [row[0] for row in places(desk, zipped)] == ["ht-exceeds-ttc"]


def test_a_home_is_needed_for_nothing_but_what_it_holds(tmp_path: Path) -> None:
    with open_desk(tmp_path / "new") as desk:
        assert (quarantine.listing(desk), quarantine.acts(desk)) == ([], [])
