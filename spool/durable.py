"""Bytes that survive a power cut: written aside, flushed to the disk, renamed, and the folder flushed too.

`rename` is atomic but neither the bytes nor the new name are on the disk until fsync has returned for
the file and for its folder; see fsync(2).
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from spool.errors import DiskTrouble, why


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """What goes wrong with the disk inside is raised as DiskTrouble about `path`."""
    try:
        yield
    except OSError as trouble:
        raise DiskTrouble(path=path, why=why(trouble)) from trouble


def flush_folder(folder: Path) -> None:
    """Put the names in `folder` on the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes | IO[bytes], mode: int = 0o600, aside: Path | None = None) -> None:
    """`data` at `path`, whole or not at all; what was there is replaced. Raises OSError, leaves no debris.

    The temporary name is `aside`, which is removed first if a run that died has left it there, or one that ends in
    `.part`, which no link ever collects. It is locked while it is written, so that `Folder.sweep` can tell what is left.
    """
    if aside is not None:
        aside.unlink(missing_ok=True)
    aside = aside or path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            with contextlib.suppress(OSError):  # some network shares have no locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if isinstance(data, bytes):
                file.write(data)
            else:
                shutil.copyfileobj(data, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)
