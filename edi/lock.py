"""One `edi run` a home: a lock that the operating system lets go of when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import HomeBusy
from spool.durable import disk


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Holds `home` for a run; HomeBusy names the process that has it. Raises DiskTrouble."""
    path = home / "run.lock"
    with disk(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held_by_another:
            who = file.read(20).decode("ascii", "replace").strip()
            raise HomeBusy(home=home, who=f"edi run, pid {who or '?'}") from held_by_another
        with disk(path):
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)
