"""What an act asks for: texts made values, and one way to say what is wrong with them."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from edi.acts.lending.parameters import Library
from edi.core.act import Act, Asked, Output, Result, Rows, WrongUse, Year
from schemas.column import Column
from schemas.text import say


def work(
    desk: object, *,
    year: Year,
    side: Annotated[Literal["left", "right"], Asked("Which.")] = "left",
    day: Annotated[date | None, Asked("When.")] = None,
    files: Annotated[tuple[Path, ...], Asked("What.", "FILE...", argument=True)] = (),
    few: Annotated[int, Asked("How many.", least=1, most=3)] = 1,
    library: Library = None,
    dry_run: Annotated[bool, Asked("Not really.")] = False,
    output: Output = None,
) -> Result:  # fmt: skip
    """Nothing but its parameters."""
    return Result()


ACT = Act("work", work)
SOUND = {"year": "2025"}


def test_texts_become_values() -> None:
    given = {
        **SOUND,
        "side": "right",
        "day": "2025-03-14",
        "files": ("a", "b"),
        "few": "3",
        "dry_run": True,
        "output": None,
    }
    assert ACT.asks(given) == {
        "year": 2025, "side": "right", "day": date(2025, 3, 14), "files": (Path("a"), Path("b")), "few": 3, "dry_run": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "french", "english"),
    [
        ({}, "ANNÉE : à donner", "YEAR: missing"),
        ({"year": "deux"}, "ANNÉE 'deux' : un nombre entier", "YEAR 'deux': a whole number"),
        ({"year": "٢٠٢٥"}, "un nombre entier", "a whole number"),
        (SOUND | {"side": "top"}, "--side 'top' : left ou right", "--side 'top': left or right"),
        (SOUND | {"day": "hier"}, "--day 'hier' : un jour", "--day 'hier': a day"),
        (SOUND | {"day": "20250314"}, "un jour", "a day"),
        (SOUND | {"few": "0"}, "1 au moins", "1 at least"),
        (SOUND | {"few": "4"}, "3 au plus", "3 at most"),
        (SOUND | {"library": "12"}, "--library '12' : 13 chiffres", "--library '12': 13 digits"),
    ],
)
def test_what_cannot_be_is_said_in_one_language(given: dict[str, Any], french: str, english: str) -> None:
    with pytest.raises(WrongUse) as raised:
        ACT.asks(given)
    assert french in str(say(raised.value.text, "fr")) and english in str(say(raised.value.text, "en"))


def test_what_a_name_settles_is_not_asked_for() -> None:
    act = Act("work left", work, fixed={"year": 2024})
    assert [one.name for one in act.asked] == ["side", "day", "files", "few", "library", "dry_run", "output"]
    assert act.asks({}) == {"year": 2024}


def test_a_document_holds_what_the_act_found_and_nothing_of_how_it_is_shown() -> None:
    rows = Rows(
        name="sums",
        title="Sums",
        columns=(Column("a", "A"),),
        rows=[{"a": 1}],
        more={"total": 1},
        below=("all",),
        code=1,
    )
    assert rows.document("fr") == {"sums": [{"a": 1}], "total": 1}
