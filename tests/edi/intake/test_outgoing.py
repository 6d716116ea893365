"""The order in which answers go: the oldest first, and no answer that is refused each time holds up the others."""

import edi.core.desk
from edi.intake import answers
from edi.intake.answers import waiting
from tests.desk import Desk, declared, sold


def test_the_oldest_first_and_what_is_often_refused_last(desk: Desk) -> None:
    desk.take(declared("S", sold("1", "2025-03-14")))
    real = edi.core.desk.Desk(desk.home, desk.db)
    first, second, *others = waiting(real, "l")
    assert first < second and others == sorted(others)

    for _ in range(3):
        answers.note(desk, first, "disk full")
    assert waiting(real, "l")[0] == first
    answers.note(desk, first, "disk full")
    assert waiting(real, "l") == [second, *others, first]
    answers.note(desk, second)
    assert waiting(real, "l") == [*others, first]
