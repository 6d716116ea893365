"""Referencing requests: opened by what is booked, by hand or by file; what an answer does to the directory and no more."""

from pathlib import Path

import pytest

import edi.core.desk
from edi.core import partners
from edi.core.store import transaction
from edi.directory import requests
from edi.intake.status import status
from schemas.errors import NotAllowed, NotFound
from tests.desk import COMMUNE, LIBRARY, OTHER_LIBRARY, OTHER_SHOP, SHOP, Desk, bought, code, declared, partner, sold

DAY = "2025-03-14"
NAMED = {"role": "library", "name": "Médiathèque", "postcode": "29200", "city": "Brest"}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A directory of SHOP and LIBRARY; a sale each way with somebody it does not know, and one between the two."""
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY, city="Brest", postcode="29200")])
    desk.take(declared("S", sold("1", DAY, partner=COMMUNE), sold("2", DAY), *(sold(f"9{n}", DAY) for n in range(40))))
    desk.take(declared("L", bought("1", DAY), bought("2", DAY), bought("3", DAY, partner=OTHER_SHOP), by=LIBRARY))
    desk.reconcile()
    return desk


def states(desk: Desk) -> list[tuple[str, str]]:
    return [(row["gln"], row["state"]) for row in requests.listing(desk, everything=True)]


def ask(desk: Desk, **wanted: str) -> dict[str, object]:
    with transaction(desk.db):
        [asked] = requests.ask(desk, [wanted], "moi", desk.time)
    return asked


def act(desk: Desk, request: int, name: str, reason: str = "") -> None:
    with transaction(desk.db):
        requests.act(desk, request, name, "moi", reason, desk.time)


def answer(desk: Desk, request: int, gln: str, **more: str) -> dict[str, object]:
    return requests.answer(desk, {request: {"gln": gln, **more}}, "moi", "", desk.time)


def test_a_booked_declaration_asks_once_for_each_gln_it_does_not_know(desk: Desk) -> None:
    assert states(desk) == [(COMMUNE, "asked"), (OTHER_SHOP, "asked")]
    first = requests.one(desk, 1)
    assert (first["role"], first["asked_by"], first["declaration"], first["name"]) == ("library", SHOP, "S", "")
    desk.take(declared("S2", sold("5", DAY, partner=COMMUNE), sold("6", DAY, partner=OTHER_LIBRARY)))
    assert states(desk) == [(COMMUNE, "asked"), (OTHER_SHOP, "asked"), (OTHER_LIBRARY, "asked")]


def test_the_first_directory_asks_for_what_was_booked_before_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.take(declared("S", sold("1", DAY), sold("2", DAY, partner=COMMUNE), sold("3", DAY, partner=COMMUNE)))
    desk.take(declared("S2", sold("4", DAY, partner=OTHER_LIBRARY)))
    desk.take(declared("S3", by=SHOP, cancels="S2", period=2025))
    desk.take(declared("L", bought("1", DAY), bought("5", DAY, partner=OTHER_SHOP), by=LIBRARY))
    assert states(desk) == []
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY)])
    assert states(desk) == [(COMMUNE, "asked"), (OTHER_SHOP, "asked")]
    asked = requests.one(desk, 1)
    assert (asked["role"], asked["asked_by"], asked["declaration"]) == ("library", SHOP, "S")
    desk.know([partner(COMMUNE)])
    assert states(desk) == [(COMMUNE, "given"), (OTHER_SHOP, "asked")]


def test_nothing_is_asked_without_a_directory_or_of_what_is_not_booked(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    desk.take(declared("S", sold("1", DAY)))
    assert states(desk) == []
    desk.know([partner(SHOP, "supplier"), partner(LIBRARY)])
    desk.take(declared("T", sold("2", DAY, partner=COMMUNE), use="test"))
    desk.take(declared("D", sold("3", DAY, partner=COMMUNE)), dry=True)
    desk.take(declared("R", sold("4", DAY, partner=COMMUNE, ttc=1)))  # refused
    assert states(desk) == []
    desk.take(declared("S5", sold("5", DAY, partner=COMMUNE)))
    assert states(desk) == [(COMMUNE, "asked")]


def test_an_alias_reconciles_the_invoices_it_touches(desk: Desk) -> None:
    report = answer(desk, 1, LIBRARY)
    assert (report["added"], report["touched"]) == (1, 1)
    assert partners.load(desk)[COMMUNE].alias_of == LIBRARY
    assert states(desk)[0] == (COMMUNE, "given")
    assert desk.reconcile()["matched"] == 2
    assert partners.history(desk, COMMUNE)[0]["source"] == "demande 1"
    desk.language = "en"
    assert partners.history(desk, COMMUNE)[0]["source"] == "request 1"
    desk.rows("INSERT INTO directory_act (who, source, at) VALUES ('somebody', 'demande / request 9', '2024-01-01')")
    desk.rows(
        f"INSERT INTO partner_change (act, gln, field, since, before, after) SELECT max(id), '{COMMUNE}', 'name', '', '', 'Lac' FROM directory_act"
    )
    assert partners.history(desk, COMMUNE)[-1]["source"] == "demande / request 9", "as it was kept before"
    with pytest.raises(NotAllowed, match="close"):
        answer(desk, 1, OTHER_LIBRARY)


def test_the_same_gln_confirmed_enters_the_directory(desk: Desk) -> None:
    report = answer(desk, 2, OTHER_SHOP, name="Librairie neuve", city="Brest")
    assert (report["added"], report["touched"]) == (1, 0)
    known = partners.load(desk)[OTHER_SHOP]
    assert (known.name, known.role, known.city, known.alias_of) == ("Librairie neuve", "supplier", "Brest", "")


def test_an_answer_nobody_knows_enters_with_its_alias(desk: Desk) -> None:
    new = code(77)
    answer(desk, 2, new, name="Siège")
    known = partners.load(desk)
    assert (known[new].name, known[new].role, known[OTHER_SHOP].alias_of) == ("Siège", "supplier", new)


def test_a_partner_known_by_name_gets_its_gln(desk: Desk) -> None:
    asked = ask(desk, **NAMED | {"name": "École", "role": "library"})
    assert (asked["request"], asked["state"]) == (3, "asked")
    assert ask(desk, **NAMED | {"name": "ecole", "city": "BREST"})["request"] == 3  # the same, spelled otherwise
    act(desk, 3, "take")
    assert requests.one(desk, 3)["state"] == "in-progress"
    answer(desk, 3, OTHER_LIBRARY)
    assert partners.load(desk)[OTHER_LIBRARY].name == "École"
    assert ask(desk, **NAMED | {"name": "École"})["answer"] == OTHER_LIBRARY  # known from now on


def test_what_the_directory_knows_is_not_asked(desk: Desk) -> None:
    assert ask(desk, role="library", gln=LIBRARY)["state"] == "known"
    desk.know([partner(OTHER_SHOP, "supplier")])
    assert states(desk)[1] == (OTHER_SHOP, "given")


def test_refused_wants_a_reason_and_can_be_asked_again(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="raison"):
        act(desk, 1, "refuse", " ")
    act(desk, 1, "refuse", "fermée")
    assert states(desk)[0] == (COMMUNE, "refused")
    desk.take(declared("S3", sold("7", DAY, partner=COMMUNE)))
    assert states(desk)[0] == (COMMUNE, "refused")  # not by itself
    with pytest.raises(NotAllowed, match="close"):
        act(desk, 1, "take")
    assert ask(desk, role="library", gln=COMMUNE)["state"] == "asked"
    answer(desk, 1, LIBRARY)
    acts = desk.rows("SELECT act, who, reason, gln FROM request_act WHERE request = 1 ORDER BY id")
    assert acts == [
        ("ask", SHOP, "", ""), ("refuse", "moi", "fermée", ""), ("ask", "moi", "", ""), ("answer", "moi", "", LIBRARY),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gln", "sentence"),
    [
        ("1", "13 chiffres"),
        ("3012900000218", "13 chiffres"),
        (SHOP, "supplier"),
        (OTHER_SHOP, "supplier"),
        ("", "13 chiffres"),
    ],
)
def test_answers_that_cannot_be_change_nothing(desk: Desk, gln: str, sentence: str) -> None:
    before = "\n".join(desk.db.iterdump())
    with pytest.raises(NotAllowed, match=sentence):
        answer(desk, 1, gln)
    with pytest.raises(NotFound):
        answer(desk, 99, LIBRARY)
    assert "\n".join(desk.db.iterdump()) == before


@pytest.mark.parametrize(
    "wanted",
    [
        {"role": "shop", "gln": SHOP},
        {"role": "library", "gln": "12"},
        {"role": "library", "name": "x"},
        {"gln": LIBRARY},
        {"role": "library", "name": "?", "city": "Brest"},
    ],
)
def test_requests_that_say_too_little(desk: Desk, wanted: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        ask(desk, **wanted)


def test_status_shows_how_many_and_the_oldest(desk: Desk) -> None:
    [row] = [row for row in status(edi.core.desk.Desk(desk.home, desk.db))["stuck"] if row["what"] == "request"]
    assert (row["name"], row["turn"]) == ("2 demandes", "operator")
    assert COMMUNE in row["why"]
    act(desk, 1, "refuse", "x")
    act(desk, 2, "refuse", "x")
    assert [row for row in status(edi.core.desk.Desk(desk.home, desk.db))["stuck"] if row["what"] == "request"] == []


def test_requests_and_acts_are_append_only(desk: Desk) -> None:
    for sql in (
        "DELETE FROM request",
        "UPDATE request SET name = 'x'",
        "DELETE FROM request_act",
        "UPDATE request_act SET who = 'x'",
    ):
        with pytest.raises(Exception, match="append-only"):
            desk.db.execute(sql)
