"""A trouble is told when it begins, in one language, and not each time."""

from typing import Any

from edi.intake.troubles import Troubles
from schemas.text import Both

FULL, AWAY = Both("plein", "full"), Both("parti", "gone")


def test_each_is_told_once_until_a_pass_knows_it_no_longer() -> None:
    told: list[dict[str, Any]] = []
    troubles = Troubles(lambda event, facts: told.append(facts), "en")
    for _ in range(2):
        first = troubles.begin(None)
        for trouble in (FULL, AWAY, FULL):
            troubles.note("un", trouble, "a.txt")
        assert first == {"un": "full"}
    assert told == [{"link": "un", "trouble": word, "file": "a.txt"} for word in ("full", "gone")]
    troubles.begin({"deux"})  # which says nothing of the other link
    troubles.begin({"un"})
    troubles.note("un", FULL)
    assert len(told) == 2
    assert [troubles.begin(None) for _ in range(2)] == [{}, {}]
    troubles.note("un", FULL)
    assert len(told) == 3
