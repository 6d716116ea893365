"""A local change is seen at once; otherwise waiting ends when it should."""

import threading
import time
from pathlib import Path

from spool.local.watch import wait


def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    threading.Timer(0.3, lambda: (tmp_path / "a.txt").write_bytes(b"x")).start()

    assert wait([tmp_path, tmp_path / "none"], 60, threading.Event())


def test_time_runs_out(tmp_path: Path) -> None:
    assert not wait([tmp_path], 0.2, threading.Event())
    assert not wait([tmp_path / "none"], 0.1, threading.Event())
    assert not wait([tmp_path], 0, threading.Event())


def test_waiting_ends_when_told(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()

    assert not wait([tmp_path], 60, stop)
    assert time.monotonic() - began < 50
