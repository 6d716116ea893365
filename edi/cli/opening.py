"""Files that commands are given and write: standard input and pipes too, and nothing half written."""

import contextlib
import functools
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from edi.cli.common import sentence

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Files = Annotated[
    list[Path], typer.Argument(metavar="FICHIER...", help="Déclarations, zip ou non / declarations, zipped or not.")
]


def size(files: Iterable[Path]) -> int | None:
    """The bytes of all files; None when that cannot be known."""
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            seen = file.stat()
            total += seen.st_size
            if stat.S_ISREG(seen.st_mode):
                continue
        if str(file) == "-":
            return None
    return total


def bar(progress: "Bars", file: Path, total: int) -> Callable[[int], None]:
    """A bar for one file, told the bytes that are done; the one before is taken away."""
    for task in progress.task_ids:
        progress.remove_task(task)
    return functools.partial(_advance, progress, progress.add_task(sentence(file.name), total=total))


def _advance(progress: "Bars", task: "int", done: int) -> None:
    progress.update(task, completed=done)  # type: ignore[arg-type]


def seekable(file: Path, max_bytes: int) -> IO[bytes]:
    """The file opened; standard input (`-`) and pipes are copied aside first, since reading looks twice.

    Of a pipe no more is copied than shows that it is too large.
    """
    stream: IO[bytes] = _stdin() if str(file) == "-" else file.open("rb")
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with stream:
        while copy.tell() <= max_bytes + (1 << 20) and (chunk := stream.read(1 << 20)):
            copy.write(chunk)
    copy.seek(0)
    return copy


def _stdin() -> IO[bytes]:
    if sys.stdin is None:
        raise FileNotFoundError(2, "stdin")
    return sys.stdin.buffer


def write_out(output: Path, pieces: Iterable[bytes]) -> None:
    """A file that appears only once it is whole. Raises DiskTrouble naming `output`."""
    from spool.errors import DiskTrouble, why

    part = output.with_name(f".{output.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        if output.is_dir():
            raise IsADirectoryError(21, "")
        try:
            with part.open("wb") as target:
                target.writelines(pieces)
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
    except OSError as wrong:
        raise DiskTrouble(path=output, why=why(wrong)) from wrong
