"""Every cent of a year, walked back to columns of the original bytes and computed anew from what stands there."""

from pathlib import Path

import pytest

from edi.core import periods
from edi.core.store import transaction
from edi.lending.books import tracing
from edi.lending.books.distributing import Users, compute, record
from edi.lending.matching import estimating
from edi.lending.rules.distribution import Terms
from parsers.sniff import open_source
from schemas.errors import NotFound
from schemas.money import half_away
from tests.desk import LIBRARY, Desk, bought, declared, sold
from tests.edi.test_samples import taken
from tests.program import edi


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = taken(tmp_path_factory.mktemp("traced") / "home", "year-2025", 3, at_the_end=True)
    made.reconcile()
    return made


def stands(desk: Desk, sha256: str, place: dict) -> str:  # type: ignore[type-arg]
    """What stands at a place of an original file, read without anything of ours but the way into a zip."""
    with desk.folder.original(sha256).open("rb") as stream:
        source = open_source(stream)
        source.stream.seek(place["offset"])
        line = source.stream.readline().decode("utf-8" if source.format == "xml" else "iso8859-15")
    return line[place["first"] - 1 : place["first"] - 1 + place["width"]]


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def test_every_entry_is_what_its_columns_come_to(desk: Desk) -> None:
    entries = [row[0] for row in desk.rows("SELECT entry FROM remuneration")]
    assert len(entries) > 20
    for number in entries:
        facts = tracing.entry(desk, number)
        ours = facts["supplier_invoice"]
        base = 0
        for line in ours["line_list"]:
            texts = {name: stands(desk, ours["sha256"], place) for name, place in line["columns"].items() if place}
            assert texts == {name: place["text"] for name, place in line["columns"].items() if place}
            assert texts["ean"] == line["ean"]
            base += cents(texts["quantity"]) * cents(texts["price"]) if line["counts"] else 0
        head = {name: stands(desk, ours["sha256"], place) for name, place in ours["columns"].items()}
        sign = -1 if head["kind"] in ("A", "avoir") else 1
        assert facts["entry"]["base_cents"] == sign * base
        assert facts["entry"]["remuneration_cents"] == half_away(sign * base * 6, 100)
        theirs = facts["library_invoice"]
        assert cents(stands(desk, theirs["sha256"], theirs["columns"]["ht"])) == theirs["ht_cents"]


def test_every_title_is_the_lines_that_count(desk: Desk) -> None:
    year = compute(desk, 2025, Users(), Terms())
    assert len(year.titles) > 5
    for row in year.titles:
        lines = tracing.title(desk, row["ean"], 2025)
        assert sum(line["copies"] for line in lines) == row["copies"]
        assert all(desk.folder.original(line["sha256"]).exists() for line in lines)


def test_what_was_shared_out_to_a_title_is_told_with_it(desk: Desk) -> None:
    with transaction(desk.db):
        periods.close(desk, 2025, desk.time)
    assert tracing.shared_out(desk, "9782070360024", 2025) is None
    made = record(desk, compute(desk, 2025, Users(10), Terms(threshold_cents=900)))
    for row in made.titles:
        share = tracing.shared_out(desk, row["ean"], 2025)
        assert share == {name: row[name] for name in share or {}} and share
        assert share["authors_cents"] + share["publishers_cents"] == row["paid_cents"] + row["carried_cents"]


def test_an_estimate_is_the_least_of_what_its_library_declared(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.take(declared("L", bought("1", "2025-03-14", 9_150), by=LIBRARY))
    desk.reconcile()
    (row,) = estimating.post(desk, 2025)
    facts = tracing.entry(desk, row["entry"])
    theirs = facts["library_invoice"]
    assert (facts["estimate"], facts["supplier_invoice"], facts["match"]) == (row["estimate"], None, None)
    assert cents(stands(desk, theirs["sha256"], theirs["columns"]["ht"])) == facts["computed"]["net_cents"] == 9_150
    assert facts["entry"]["remuneration_cents"] == half_away(9_150 * 6, 100) == row["remuneration_cents"]
    desk.take(declared("S", sold("1", "2025-03-14")))
    desk.reconcile()
    undone = tracing.entry(desk, row["entry"])["reversed_by"]
    assert tracing.entry(desk, undone)["entry"]["reverses"] == row["entry"]
    shown = edi(
        "--home", desk.home.path, "why", "--entry", str(row["entry"]), "--lang", "en", cwd=tmp_path, expect=0
    ).out
    assert "estimate 1" in shown and "91,50 € × 6" in shown and "F.txt" in shown


def test_an_entry_that_is_none(desk: Desk) -> None:
    with pytest.raises(NotFound):
        tracing.entry(desk, 10_000)
