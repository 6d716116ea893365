"""What a directory file says, what it changes, and what it leaves alone."""

from datetime import date
from pathlib import Path

import pytest

from edi.core import partners
from edi.core.partners import Partner, Since
from edi.directory import importing
from edi.lending.rules.remuneration import why_exempt
from schemas.errors import SettingsWrong
from tests.desk import LIBRARY, OTHER_LIBRARY, SHOP, Desk, partner

HEAD = "gln;name;role;category;successor;alias_of;postcode;city;opened;closed;subject;since\n"


def read(tmp_path: Path, text: str | bytes) -> dict[str, Partner]:
    path = tmp_path / "annuaire.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return importing.read_csv(path)


def brought(desk: Desk, text: str) -> dict[str, object]:
    """The file imported, and what came of it."""
    path = desk.home.path / "annuaire.csv"
    path.write_text(text)
    told, _ = importing.read_facts(path)
    return importing.bring_in(desk, told, "moi", path.name, desk.time)


def test_rows_of_one_gln_are_its_dated_facts_in_any_order(tmp_path: Path) -> None:
    rows = [
        f"{LIBRARY};Bibliothèque;library;1;;;29200;Brest;01/09/1990;;;",
        f"{LIBRARY};;library;primary;;;;;;;;1/1/2010",
        f"{LIBRARY};Médiathèque;library;;;{OTHER_LIBRARY};;;;2024-12-31;NON;2020-01-01",
    ]
    known = Partner(
        LIBRARY, "Médiathèque", "library", "1", "", OTHER_LIBRARY, "29200", "Brest", date(1990, 9, 1), date(2024, 12, 31), "",
        (Since(date(2010, 1, 1), "primary"), Since(date(2020, 1, 1), "", "no")),
    )  # fmt: skip
    for order in (rows, rows[::-1], [rows[1], rows[2], rows[0]]):
        assert read(tmp_path, HEAD + "\n".join(order)) == {LIBRARY: known}
    assert partners.made(LIBRARY, partners.facts(known)) == known


EXEMPT = """
                                     | 2004-05-01 | -
1                                    | 2020-01-01 | -
primary                              | 2020-01-01 | library-exempt
primary yes                          | 2020-01-01 | library-exempt
hospital                             | 2005-12-31 | library-exempt
hospital                             | 2006-01-01 | -
hospital no                          | 2006-01-01 | library-not-subject
1 no                                 | 2020-01-01 | library-not-subject
1; 2020-01-01 primary                | 2019-12-31 | -
1; 2020-01-01 primary                | 2020-01-01 | library-exempt
primary; 2020-01-01 2                | 2020-01-01 | -
1 no; 2010-01-01 2                   | 2020-01-01 | library-not-subject
1 no; 2010-01-01 2; 2015-01-01 - yes | 2014-12-31 | library-not-subject
1 no; 2010-01-01 2; 2015-01-01 - yes | 2015-01-01 | -
1; 2015-01-01 - no; 2016-01-01 3     | 2016-01-01 | library-not-subject
"""


@pytest.mark.parametrize("line", EXEMPT.strip().splitlines())
def test_the_facts_of_the_day_decide(line: str) -> None:
    told, day, expected = (part.strip() for part in line.split("|"))
    first, *later = (part.split() for part in told.split(";"))
    category, subject = [*first, "", ""][:2]
    thens = tuple(Since(date.fromisoformat(on), *(word.strip("-") for word in words)) for on, *words in later)
    library = partner(LIBRARY, category=category, subject=subject, later=thens)
    assert why_exempt(library, date.fromisoformat(day)) == expected.strip("-")


WRONG = f"""
{LIBRARY};x;library;1;;;;;;;;2020-13-01   | ligne 2 : since '2020-13-01'
{LIBRARY};x;library;1;;;;;hier;;;         | ligne 2 : opened 'hier'
{LIBRARY};x;library;1;;;;;;;peut-être;    | ligne 2 : subject 'peut-être'
{LIBRARY};x;library;9;;;;;;;;             | ligne 2 : category '9'
{LIBRARY};x;library;;;;;;;;;2020-01-01/{LIBRARY};x;library;;;;;;;;;01/01/2020 | ligne 3 : GLN deux fois
{LIBRARY};x;library;;;;;;;;;/{LIBRARY};x;supplier;;;;;;;;;2020-01-01 | ligne 3 : deux rôles
{LIBRARY};x;library;;;;;;2020-01-01;2019-12-31;; | closed 2019-12-31 < opened
{LIBRARY};x;librairie;;;;;;;;;            | role 'librairie'
1;x;library;;;;;;;;;                      | 13 chiffres
;x;library;;;;;;;;;                       | 13 chiffres
{LIBRARY};x;library;;12;;;;;;;            | successor '12'
{LIBRARY};x;library;;;{SHOP};;;;;;/{SHOP};x;library;;{LIBRARY};;;;;;; | sans fin
{LIBRARY};x;library;;;{LIBRARY};;;;;;     | sans fin
{LIBRARY};x;library;;;;;;;;;;too many     | 13 cellules
"""


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_a_faulty_file_changes_nothing_and_says_where(tmp_path: Path, line: str) -> None:
    rows, expected = (part.strip() for part in line.split("|"))
    with pytest.raises(SettingsWrong, match=expected):
        read(tmp_path, HEAD + rows.replace("/" + LIBRARY, "\n" + LIBRARY).replace("/" + SHOP, "\n" + SHOP))


def test_what_a_file_does_not_say_stays(desk: Desk) -> None:
    brought(desk, HEAD + f"{LIBRARY};Médiathèque;library;1;;;29200;Brest;;;oui;\n{SHOP};Librairie;supplier;;;;;;;;;\n")
    full = partners.load(desk)
    for told in (
        f"gln;name;role\n{LIBRARY};Médiathèque;library\n",
        f"gln;name;role;category;successor;alias_of\n{LIBRARY};Médiathèque;library;1\n",
        HEAD + f"{LIBRARY};;library;;;;;;;;;2020-01-01\n",
    ):
        assert brought(desk, told)["unchanged"] == 1
        assert partners.load(desk) == full
    report = brought(
        desk, f"gln;name;role;category\n{LIBRARY};Bibliothèque;library;\n{OTHER_LIBRARY};École;library;primary\n"
    )
    assert (report["added"], report["changed"], report["unchanged"]) == (1, 1, 0)
    assert report["changes"] == [
        {"gln": LIBRARY, "name": "Bibliothèque", "facts": [
            {"field": "name", "since": "", "before": "Médiathèque", "after": "Bibliothèque"},
            {"field": "category", "since": "", "before": "1", "after": ""},
        ]},
        {"gln": OTHER_LIBRARY, "name": "École", "facts": [
            {"field": "name", "since": "", "before": None, "after": "École"},
            {"field": "role", "since": "", "before": None, "after": "library"},
            {"field": "category", "since": "", "before": None, "after": "primary"},
        ]},
    ]  # fmt: skip
    assert [(h["before"], h["after"], h["who"], h["source"]) for h in partners.history(desk, LIBRARY)][-2:] == [
        ("1", "", "moi", "annuaire.csv"), ("Médiathèque", "Bibliothèque", "moi", "annuaire.csv"),
    ]  # fmt: skip


def test_a_dry_run_and_a_refused_file_leave_no_trace(desk: Desk) -> None:
    brought(desk, HEAD + f"{LIBRARY};Médiathèque;library;1;;{SHOP};;;;;;\n")
    before = "\n".join(desk.db.iterdump())
    told = {LIBRARY: partners.facts(partner(LIBRARY, category="primary"))}
    assert importing.bring_in(desk, told, "moi", "x", desk.time, dry=True)["changed"] == 1
    with pytest.raises(SettingsWrong, match="sans fin"):
        brought(desk, f"gln;name;role;successor\n{SHOP};x;library;{LIBRARY}\n")
    with pytest.raises(SettingsWrong, match="opened"):
        brought(desk, f"gln;name;role;opened;closed\n{LIBRARY};x;library;2020-01-02;01/01/2020\n")
    assert "\n".join(desk.db.iterdump()) == before


def test_history_is_append_only(desk: Desk) -> None:
    desk.know([partner(LIBRARY)])
    for table in ("directory_act", "partner_change"):
        for act in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET rowid = rowid" if table == "directory_act" else f"UPDATE {table} SET after = 'x'",
        ):
            with pytest.raises(Exception, match="append-only"):
                desk.db.execute(act)


SEARCHED = f"""
mediatheque        | {LIBRARY} {OTHER_LIBRARY}
MÉDIATHÈQUE brest  | {LIBRARY}
st-renan           | {OTHER_LIBRARY}
saint renan        | {OTHER_LIBRARY}
oeuvre             | {SHOP}
l'œuvre            | {SHOP}
29200              | {LIBRARY}
{SHOP}             | {SHOP}
{SHOP[:12]}        | {SHOP}
3012 9000          | {LIBRARY} {OTHER_LIBRARY} {SHOP}
999                | -
"""


@pytest.mark.parametrize("line", SEARCHED.strip().splitlines())
def test_search(line: str) -> None:
    text, expected = (part.strip() for part in line.split("|"))
    known = {
        LIBRARY: Partner(LIBRARY, "Médiathèque", "library", postcode="29200", city="Brest"),
        OTHER_LIBRARY: Partner(OTHER_LIBRARY, "mediatheque de St-Renan", "library", city="SAINT - RÉNAN"),
        SHOP: Partner(SHOP, "Librairie de l'Œuvre", "supplier"),
    }
    found = {one.gln for one in partners.search(known, text)}
    assert found == set(expected.strip("-").split())
