"""The demo's committed files: what their preset makes, in order where they should be, and wrong exactly where they are meant to be."""

import pytest

from edi.demo import cast
from edi.directory import importing
from schemas import gln, number
from tests.declarations import CONTEXT, codes, read_back
from tests.worlds.demo import demo
from tests.worlds.demo_files import CAUSES, FOLDER, committed

SENT = cast.sent()


def test_what_is_committed_is_what_the_preset_makes() -> None:
    kept = {str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}

    assert kept == committed(demo())
    assert sum(map(len, kept.values())) < 400_000


@pytest.mark.parametrize("file", SENT, ids=lambda file: file.name)
def test_every_file_is_wrong_where_it_is_meant_to_be_and_nowhere_else(file: cast.Sent) -> None:
    context = type(CONTEXT)(our_gln=CONTEXT.our_gln, now=CONTEXT.now, directory=importing.read_csv(cast.DIRECTORY))

    assert set(codes(file.content(), context)) == set(file.codes.split())


def test_what_refuses_has_a_cause_people_can_read() -> None:
    harmless = {"gln-check-digit-legacy", "exclusion-without-evidence", "vat-implausible"}
    refused = [file for file in SENT if set(file.codes.split()) - harmless]

    assert len(refused) == 8
    assert all(file.cause and file.cause_en for file in refused)
    assert {(file.cause, file.cause_en) for file in SENT} == {*CAUSES.values(), ("", "")}


def test_both_formats_and_both_sides_are_there() -> None:
    sides = [(read_back(file.content()).header.side, file.path[-3:]) for file in SENT if not file.cause]

    assert set(sides) == {(side, form) for side in ("library", "supplier") for form in ("txt", "xml")}


def test_numbers_are_typed_differently_and_mean_the_same() -> None:
    cases: dict[int, set[str]] = {}
    for paper in demo().papers:
        if not paper.fault.startswith("number"):
            cases.setdefault(paper.case, set()).add(paper.number)

    assert sum(len(typed) > 1 for typed in cases.values()) > 50
    assert all(len(set(map(number.key, typed))) == 1 for typed in cases.values())


def test_the_directory_names_everybody_who_sends() -> None:
    directory = importing.read_csv(cast.DIRECTORY)

    assert {file.gln for file in SENT} <= directory.keys() and len(directory) == len(cast.names()) == 15
    assert all(gln.is_valid(code) or gln.is_legacy(code) for code in directory)


def test_what_is_planted_names_every_state() -> None:
    first, last = cast.planted(1), cast.planted(2)

    assert len(first) == len(last) > 250
    assert {*last.values()} == {
        "matched", "net-differs", "proposed", "amount-differs", "kind-differs", "declared-twice", "waiting_library", "waiting_supplier",
    }  # fmt: skip
    assert sum(first.get(name) != state for name, state in last.items()) > 50, "what comes later changes it"
