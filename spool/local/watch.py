"""Waiting for a change in local folders, so that a file is seen at once and not at the next round.

A hint and no more: events are lost on network shares, on overflow and between two waits. The caller lists
again every so often whatever this says.
"""

import threading
from collections.abc import Iterable
from pathlib import Path

import watchfiles

_GROUPED_MS = 200


def wait(paths: Iterable[Path], timeout_seconds: float, stop: threading.Event) -> bool:
    """Wait until something changes under `paths`, `stop` is set or the time is up; whether something did.

    Paths that are not there are passed over. Where watching is impossible this only waits.
    """
    there = [path for path in paths if path.is_dir()]
    if timeout_seconds <= 0 or stop.is_set():
        return False
    if not there:
        stop.wait(timeout_seconds)
        return False
    try:
        changes = watchfiles.watch(
            *there,
            watch_filter=None,
            debounce=_GROUPED_MS,
            stop_event=stop,
            rust_timeout=max(1, int(timeout_seconds * 1000)),
            yield_on_timeout=True,
        )
        return bool(next(changes, set()))
    except OSError:
        stop.wait(timeout_seconds)
        return False
