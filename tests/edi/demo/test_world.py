"""The demo's world: the same for a seed, in order where it should be, and wrong exactly where it is meant to be."""

import csv
import io
from datetime import date, datetime
from pathlib import Path

import pytest
from msgspec.structs import astuple

import parsers
from edi import partners
from edi.demo.world import DeclarationFile, World, as_planned, directory_csv, world
from edi.directory import importing
from edi.intake.ingesting import ingest
from edi.lending.checks import Checked, check
from edi.lending.context import Context
from edi.reconciliation.reconciling import reconcile
from edi.reconciliation.tally import details
from edi.settings import OUR_GLN, open_home
from edi.store import connect, transaction
from parsers.sniff import open_source
from schemas import gln, number
from schemas.finding import Finding

WORLD = world()
NOW = datetime(2026, 6, 1)


def codes(world: World, file: DeclarationFile) -> set[str]:
    context = Context(our_gln=OUR_GLN, now=NOW, directory={partner.gln: partner for partner in world.partners})
    found = set()
    for event in check(parsers.read(open_source(io.BytesIO(file.data))), context):
        if isinstance(event, Finding):
            found.add(event.code)
        elif isinstance(event, Checked):
            found |= {finding.code for finding in event.findings}
    return found


def test_a_seed_is_a_world() -> None:
    assert world() == WORLD
    assert [file.data for file in world(seed=1).files] != [file.data for file in WORLD.files]


@pytest.mark.parametrize("seed", [2003, 1, 2, 3])
def test_every_file_is_wrong_where_it_is_meant_to_be_and_nowhere_else(seed: int) -> None:
    made = world(seed=seed)

    assert {file.name: codes(made, file) for file in made.files} == {
        file.name: set(file.expected) for file in made.files
    }


def test_a_bigger_world_is_in_order_too() -> None:
    made = world(suppliers=8, libraries=12, invoices=600, year=2015)

    assert all(codes(made, file) == file.expected for file in made.files)
    assert sum(len(file.declaration.invoices) for file in made.files if file.declaration) > 1000


def test_what_refuses_has_a_cause_people_can_read() -> None:
    harmless = {"gln-check-digit-legacy", "exclusion-without-evidence"}

    assert all(file.cause for file in WORLD.files if file.expected - harmless)
    assert sum(bool(file.expected - harmless) for file in WORLD.files) >= 8


def test_both_formats_and_both_sides_are_there() -> None:
    whole = [file.declaration.header for file in WORLD.files if file.declaration]

    assert {(header.format, header.side) for header in whole} == {
        (form, side) for form in ("fixed", "xml") for side in ("library", "supplier")
    }


def test_numbers_are_typed_differently_and_mean_the_same() -> None:
    retyped = [sale for sale in WORLD.sales if sale.typed != sale.number and sale.plan != "retyped"]

    assert len(retyped) > 50
    assert all(number.key(sale.typed) == number.key(sale.number) for sale in retyped)


def test_the_directory_reads_back(tmp_path: Path) -> None:
    (tmp_path / "annuaire.csv").write_bytes(directory_csv(WORLD))
    read = importing.read_csv(tmp_path / "annuaire.csv")

    assert tuple(read.values()) == WORLD.partners
    assert {gln.is_valid(code) or gln.is_legacy(code) for code in read} == {True}
    assert len(list(csv.reader(io.StringIO(directory_csv(WORLD).decode())))) == len(WORLD.partners) + 1


def test_what_was_planted_is_found(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    connection = connect(home.database)
    with transaction(connection):
        partners.keep(connection, WORLD.partners)
    for round_ in (1, 2):
        paths = []
        for file in WORLD.files:
            if file.round == round_:
                (tmp_path / file.name).write_bytes(file.data)
                paths.append(tmp_path / file.name)
        verdicts = {path.name: taken.verdict for path, taken in ingest(home, connection, paths)}
        reconcile(connection, NOW)
        stands = states(details(connection))
        for one in WORLD.planted:
            due = one.first if round_ == 1 else one.last
            found = stands.get(astuple(one.named(due)))
            assert as_planned(due, found), (round_, one, found)
        assert len(stands) <= len(WORLD.planted) + 1, "the retyped one may wait on both sides, nothing else is there"
        if round_ == 1:
            assert verdicts["F-2025-deux-ponts.txt"] == "partly-accepted"
            assert list(verdicts.values()).count("duplicate") == 1
            assert list(verdicts.values()).count("refused") == 4
    entries = connection.execute("SELECT count(*) FROM remuneration WHERE reverses IS NOT NULL").fetchone()[0]
    assert entries == sum(sale.plan == "no-evidence" for sale in WORLD.sales), "what the evidence changed is reversed"


def states(lists: dict[str, list[dict[str, str]]]) -> dict[tuple[object, ...], str]:
    """Where each invoice that a listing names stands."""
    found: dict[tuple[object, ...], str] = {}
    order = ("matched", "net_differs", "discrepancies", "proposed", "waiting_library", "waiting_supplier")
    for name in order:
        for row in lists[f"{name}_list"]:
            key = (row["supplier"], row["library"], row["number"], date.fromisoformat(row["date"]))
            found[key] = row["reason"] if name in ("discrepancies", "net_differs") else name
    return found
