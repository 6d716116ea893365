"""Who has a home: one `edi run`, one reconciliation pass. Locks that the operating system lets go of when their holder dies."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import HomeBusy
from schemas.text import Both, Text
from spool.durable import disk

_SOMEBODY = Both("un autre processus edi", "another edi process")
_LOOK_SECONDS = 0.05


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Holds `home` for a run; HomeBusy names the process that has it. Raises DiskTrouble."""
    with _locked(home, "run", lambda waited, who: False):
        yield


@contextmanager
def in_turn(
    home: Path, name: str, on_wait: Callable[[Text], None], quiet_seconds: float = 2, most_seconds: float = 3600
) -> Iterator[None]:
    """Does `edi <name>` after whoever does it now; `on_wait` is told whom we wait for, once. Raises HomeBusy, DiskTrouble."""
    quiet = True

    def wait(waited: float, who: str) -> bool:
        nonlocal quiet
        if waited > quiet_seconds and quiet:
            quiet = False
            on_wait(who)
        return waited < most_seconds

    with _locked(home, name, wait):
        yield


@contextmanager
def _locked(home: Path, name: str, wait: Callable[[float, str], bool]) -> Iterator[None]:
    """Holds the lock file of that name with our pid in it. While another has it, `wait` says whether to go on waiting."""
    path = home / f"{name}.lock"
    with disk(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held_by_another:
                file.seek(0)
                who = f"edi {name}, pid {file.read(20).decode('ascii', 'replace').strip() or '?'}"
                if not wait(time.monotonic() - began, who):
                    raise HomeBusy(home=home, who=who) from held_by_another
                time.sleep(_LOOK_SECONDS)
        with disk(path):
            file.truncate(0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def holder(home: Path) -> Text:
    """Who is at work in a home, as far as its locks say: `edi run, pid 123`. Takes no lock, so keeps nobody from one."""
    for name in ("run", "reconcile"):
        with suppress(OSError, ValueError):
            pid = int((home / f"{name}.lock").read_bytes()[:20])
            if pid != os.getpid() and _lives(pid):
                return f"edi {name}, pid {pid}"
    return _SOMEBODY


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
