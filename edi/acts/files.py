"""Files that an act is given: regular ones, pipes and standard input alike can be read twice."""

import os
import stat
import sys
from pathlib import Path
from typing import IO

from schemas.errors import Unreadable

#: Of shorter files no progress is told: they are done in a moment.
LONG = 2 << 20


def seekable(file: Path, max_bytes: int) -> IO[bytes]:
    """The file opened; standard input (`-`) and pipes are copied aside first, since reading looks twice.

    Of a pipe no more is copied than shows that it is too large.
    """
    stream: IO[bytes] = _stdin() if str(file) == "-" else file.open("rb")
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    import tempfile

    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with stream:
        while copy.tell() <= max_bytes + (1 << 20) and (chunk := stream.read(1 << 20)):
            copy.write(chunk)
    copy.seek(0)
    return copy


def opened(file: Path, max_bytes: int) -> IO[bytes]:
    """`seekable`, raising Unreadable where the file cannot be read."""
    from spool.errors import why

    try:
        return seekable(file, max_bytes)
    except OSError as wrong:
        raise Unreadable(path=file, why=why(wrong)) from wrong


def _stdin() -> IO[bytes]:
    if sys.stdin is None:
        raise FileNotFoundError(2, "stdin")
    return sys.stdin.buffer
