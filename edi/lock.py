"""One `edi run` a home: a lock that the operating system lets go of when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import HomeBusy


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Holds `home` for a run; HomeBusy names the process that has it."""
    handle = os.open(home / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held_by_another:
            raise HomeBusy(home=home, who=f"le processus {file.read().strip() or '?'}") from held_by_another
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
