"""For ever: when each link is looked at next, and what ends a pass but not the run."""

import time

import pytest

from edi.core.timing import Timing
from edi.intake.pipeline import Pass
from edi.intake.running import _wait, forever, pause
from tests.edi.intake.test_pipeline import F, Links, desk

__all__ = ["desk"]


def test_pauses(desk: Links) -> None:
    channel = desk.run().channels["un"]
    for growing, expected in ((None, 60), (3.0, 3), (0.0, 0.5)):
        channel.pulled.growing = growing
        assert pause(channel, 60, 0, desk.timing) == expected
    assert [pause(channel, 60, failed, desk.timing) for failed in (1, 2, 3, 4, 50)] == [60, 120, 240, 300, 300]


def test_file_that_came_during_the_pass_is_new(desk: Links) -> None:
    running = desk.run()
    running.once()
    desk.drop("deux", F)  # before anybody watches
    due = {"un": time.monotonic() + 50, "deux": time.monotonic() + 50}
    _wait(running, due)
    assert due["deux"] <= time.monotonic() < due["un"]


def test_disk_trouble_ends_a_pass_and_not_the_run(desk: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.timing = Timing(seldom_seconds=0, breath_seconds=0)
    running, calls = desk.run(), list[object]()

    def once(only: object) -> Pass:
        calls.append(only)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        running.stop.set()
        return Pass()

    monkeypatch.setattr(running, "once", once)
    monkeypatch.setattr("edi.intake.running.pause", lambda *_: 0.0)
    forever(running, lambda done: None)
    assert len(calls) == 2
    assert "No space left" in desk.troubles()[0]
