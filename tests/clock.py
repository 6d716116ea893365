"""The product's clock, stopped: the one place of the tests that knows where the product asks for the time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import edi.core.settings

_ASKED = "paris_now"


class Clock:
    """A clock that stands at `now` until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def stopped(now: datetime) -> Iterator[Clock]:
    """Within, whoever asks for Paris time in this process is told that of the clock given."""
    clock, real = Clock(now), getattr(edi.core.settings, _ASKED)
    _replace(real, clock)
    try:
        yield clock
    finally:
        _replace(clock, real)


def _replace(old: object, new: object) -> None:
    """In every module that has it, whether loaded before or since."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(_ASKED) is old:
            setattr(module, _ASKED, new)
