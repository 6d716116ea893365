"""Calls that fail, by kind: `subject-way`, as `tests.faults.steps.KINDS` lists them."""

import errno
import io
import os
import sqlite3
import sys
from typing import Any

from tests.faults.hooks import Function, Nth, hook, hooked, watch_sql

#: What kinds of calls can fail.
SUBJECTS = ("write", "fsync", "rename", "name", "open", "sftp", "sql", "stdout")
_OS = {"fsync": ("fsync",), "rename": ("replace", "rename", "link"), "name": ("unlink", "mkdir")}
_SQL = {
    "locked": ("database is locked", "SQLITE_BUSY"),
    "full": ("database or disk is full", "SQLITE_FULL"),
    "eio": ("disk I/O error", "SQLITE_IOERR"),
}
_write, _fdopen = os.write, os.fdopen


def fail(kind: str, at: str, seen: dict[str, int]) -> None:
    """Lets the `at`-th call of that kind fail, and counts them in `seen`."""
    subject, _, way = kind.partition("-")
    nth = Nth(at, subject, seen)
    if subject == "sftp":
        _sftp(way, nth)
    elif subject == "sql":
        _sql(way, nth)
    elif subject == "stdout":
        writing = {"write": hooked(io.TextIOWrapper.write, nth, _trouble(way))}
        out = type("Out", (io.TextIOWrapper,), writing)
        sys.stdout = out(sys.stdout.buffer, encoding="utf-8", errors="replace", line_buffering=True)
    elif subject == "write":
        _writes(nth, _trouble(way))
    else:
        for name in _OS.get(subject, ()):
            hook(f"os:{name}", nth, _trouble(way))
        if subject in ("name", "open"):
            os.open = _open(os.open, nth, way, making=subject == "name")  # type: ignore[assignment]
        if subject == "open":
            io.open = _open(io.open, nth, way, making=False)  # type: ignore[assignment]


def _trouble(way: str) -> Function:
    def fails(*given: Any) -> None:
        number = int(getattr(errno, way.upper()))
        raise OSError(number, os.strerror(number))

    return fails


def _open(function: Function, nth: Nth, way: str, making: bool) -> Function:
    def counts(path: Any, flags: Any = 0, *given: Any, **named: Any) -> bool:
        return not isinstance(path, int) and (not making or bool(flags & os.O_CREAT))

    return hooked(function, nth, _trouble(way), counts=counts)


def _writes(nth: Nth, fails: Function) -> None:
    raw = type(
        "Raw", (io.FileIO,), {name: hooked(getattr(io.FileIO, name), nth, fails) for name in ("write", "truncate")}
    )

    def fdopen(handle: int, mode: str = "r", buffering: int = -1, *given: Any, **named: Any) -> Any:
        if "b" not in mode or mode == "rb":
            return _fdopen(handle, mode, buffering, *given, **named)
        file = raw(handle, mode)
        return file if buffering == 0 else io.BufferedWriter(file)

    os.fdopen = fdopen
    os.write = hooked(
        lambda handle, some: _write(handle, some[: max(1, len(some) // 2)]), nth, fails
    )  # a short write is no error


def _sftp(way: str, nth: Nth) -> None:
    """Every request of the SFTP client goes through `_async_request`."""

    def refuse(*given: Any) -> None:
        raise OSError("Failure")

    def hang_up(client: Any, *given: Any) -> None:
        client.get_channel().get_transport().close()

    before, after = {"refused": (refuse, None), "lost": (hang_up, None), "lost-after": (None, hang_up)}.get(
        way, (None, None)
    )
    hook("paramiko.sftp_client:SFTPClient._async_request", nth, before, after)


def _sql(way: str, nth: Nth) -> None:
    def fails(connection: sqlite3.Connection, moment: str, text: str) -> None:
        if moment == "before" and nth.due():
            if way == "full" and connection.in_transaction:
                sqlite3.Connection.execute(connection, "ROLLBACK")
            words, name = _SQL[way]
            trouble = sqlite3.OperationalError(words)
            trouble.sqlite_errorcode, trouble.sqlite_errorname = getattr(sqlite3, name), name
            raise trouble

    watch_sql(fails)
