"""Threads at work: so many at once, slow ones keep no place, and what goes wrong in one is raised to whoever hears it."""

import threading
from concurrent.futures import wait

import pytest

from edi.core.timing import Timing
from edi.intake.channel import Exchange
from edi.intake.crew import Crew, heard
from tests.program import until


def test_no_more_than_so_many_at_once_but_a_slow_one_keeps_no_place() -> None:
    began, go = list[str](), threading.Event()

    def work(name: str) -> Exchange:
        began.append(name)
        go.wait(30)
        return Exchange()

    crew = Crew(Timing(links_at_once=1, slot_seconds=1, grace_seconds=0.1))
    for name in ("a", "b"):
        crew.pull(name, lambda name=name: work(name))  # type: ignore[misc]
    assert until(lambda: began) and len(began) == 1
    assert until(lambda: len(began) == 2)
    assert (crew.busy(), crew.has_news(), list(heard(crew.pulling))) == ({"a", "b"}, False, [])
    crew.close()  # waits no longer than it must
    go.set()
    wait(crew.pulling, 30)
    assert crew.has_news()
    assert sorted(name for name, _ in heard(crew.pulling)) == ["a", "b"]
    assert not crew.busy()


def test_what_goes_wrong_is_raised_and_keeps_no_other_from_being_heard() -> None:
    def fails() -> Exchange:
        raise OSError(28, "disk full")

    crew = Crew(Timing())
    for work in (fails, Exchange):
        crew.push("a", work)
    wait(crew.pushing, 30)
    with pytest.raises(OSError, match="disk full"):
        list(heard(crew.pushing))
    assert [name for name, _ in heard(crew.pushing)] == ["a"]
