"""Runs `edi` and lets it die, or lets one of its calls fail, at a chosen moment. The product has no hooks for it.

    python -m tests.faults.runner 'kill after 3 edi.intake.pipeline:pull' -- run --once --home H
    python -m tests.faults.runner 'kill at 350' -- run --once --home H             # after 350 ms, wherever it is
    python -m tests.faults.runner 'fail 17 sql-locked' -- run --once --home H      # the 17th call fails
    python -m tests.faults.runner 'lose 5 edi.intake.exchange:pull' -- run --once --home H   # the link is lost before the 5th
    python -m tests.faults.runner 'fail 17+ sql-locked' -- run --once --home H     # and every one after it

Functions the product calls are wrapped where it looks them up; statements are seen by a subclass of
`sqlite3.Connection`. `kill` is SIGKILL by the process itself: nothing is flushed, closed or rolled back. `count` alone
counts the calls of every kind, into the file EDI_FAULT_COUNT names.

Time stands still (`CLOCK`), so that two runs can be compared byte for byte. `Nursery` is one process that has
imported everything and forks each run: the runs are as real, and start three times sooner.
"""

import errno
import importlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Never

from tests.program import import_all

CLOCK = datetime(2026, 11, 20, 12, 0)
_ROOT = Path(__file__).parent.parent.parent


def main(words: Sequence[str]) -> Never:
    """`SPEC -- edi's own words`; SPEC may be empty. Ends the process as `edi` does."""
    spec, rest = words[0], list(words[words.index("--") + 1 :])
    for module in ("edi.intake.pipeline", "edi.intake.exchange", "edi.intake.ingesting"):
        importlib.import_module(module).paris_now = lambda: CLOCK
    if not spec.startswith("kill at"):  # one link after the other, so that calls come in the same order
        importlib.import_module("edi.intake.pipeline")._LINKS_AT_ONCE = 1
    importlib.import_module(
        "edi.lending.booking.stored_lines"
    )._PIECE = 1  # every file is a long one: its lines go ahead of its verdict
    importlib.import_module("edi.lending.booking.booking")._MANY = 0  # its invoices go in past the triggers
    importlib.import_module("edi.reconciliation.match_table")._PIECE = 1  # and come into `twin` one by one
    store = importlib.import_module("edi.store")
    store._WAIT_MS, store._LOOK_SECONDS = 5_000, 0.0001  # nobody else is there to wait for, or to be let in
    importlib.import_module(
        "edi.reconciliation.reconciling"
    )._PIECE = 2  # and every pass: outcomes and entries go in piece by piece
    sites = _Sites()
    if spec:
        _arm(spec, sites)
    sites.install()
    sys.argv = ["edi", *rest]
    from edi.cli import main as edi

    try:
        edi()
    finally:
        if counted := os.environ.get("EDI_FAULT_COUNT"):
            sites.remember(counted)
    raise AssertionError("edi ends by itself")


class _Sites:
    """What is to be told of calls, and how often it was."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self.statement: Callable[[sqlite3.Connection, str, str], None] | None = None
        self._open = os.open

    def install(self) -> None:
        if self.statement is not None:
            _watch_sql(self.statement)

    def remember(self, path: str) -> None:
        handle = self._open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _write(handle, json.dumps(self.seen).encode())
        os.close(handle)


_write, _fdopen, _connect = os.write, os.fdopen, sqlite3.connect


def _arm(spec: str, sites: _Sites) -> None:
    verb, *words = spec.split(" ", 3)
    if verb == "count":
        for subject in SUBJECTS:
            _arm_fault(f"{subject}-eio", "0", sites)
        return
    if words[0] == "at":
        signal.setitimer(signal.ITIMER_REAL, int(words[1]) / 1000)  # nobody handles SIGALRM: it ends us as SIGKILL does
        return
    if verb == "fail":
        _arm_fault(words[1], words[0], sites)
        return
    if verb == "lose":
        _wrap(*words[1].split(":"), _losing(words[0]))
        return
    when, at, where = words
    kind, _, name = where.partition(":")
    if kind in ("sql", "commit"):
        sites.statement = _Killing(name, when, int(at), at_commit=kind == "commit")
    else:
        _wrap(kind, name, _killing(when, int(at)))


#: What kinds of calls can fail; `count` counts them all in one run.
SUBJECTS = ("write", "fsync", "rename", "name", "open", "sftp", "sql", "stdout")


def die() -> Never:
    """As a power cut or the kernel would have it."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _wrap(module: str, path: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, around(getattr(owner, name)))


def _killing(when: str, at: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        seen = 0

        def wrapped(*given: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == at and when == "before":
                die()
            if seen == at and when == "half":  # the last argument is the bytes
                function(*given[:-1], given[-1][: max(1, len(given[-1]) // 2)])
                die()
            result = function(*given, **named)
            if seen == at:
                die()
            return result

        return wrapped

    return around


def _losing(at: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        seen = 0

        def wrapped(remote: Any, *given: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == int(at.rstrip("+")) or (at.endswith("+") and seen > int(at[:-1])):
                remote.close()
            return function(remote, *given, **named)

        return wrapped

    return around


class _Killing:
    """Dies around the `at`-th statement that begins like `text`, or around the COMMIT that follows it."""

    def __init__(self, text: str, when: str, at: int, at_commit: bool) -> None:
        self.text, self.when, self.left, self.at_commit = text, when, at, at_commit
        self.armed: int | None = None

    def __call__(self, connection: sqlite3.Connection, moment: str, statement: str) -> None:
        if self.armed == id(connection) and statement == "COMMIT" and moment == self.when:
            die()
        if not statement.startswith(self.text) or moment != "before" or self.armed is not None:
            if statement.startswith(self.text) and moment == "after" and self.left == 0 and not self.at_commit:
                die()
            return
        self.left -= 1
        if self.left == 0:
            if self.at_commit:
                self.armed = id(connection)
            elif self.when == "before":
                die()


# -- calls that fail -------------------------------------------------------------------------------


class _Nth:
    """Counts calls; `due` says whether this one is to fail. Once, or from then on (`17+`)."""

    def __init__(self, at: str, subject: str, seen: dict[str, int]) -> None:
        self.at, self.on = int(at.rstrip("+")), at.endswith("+")
        self.subject, self.seen = subject, seen
        seen[subject] = 0

    def due(self) -> bool:
        self.seen[self.subject] += 1
        now = self.seen[self.subject]
        return now == self.at or (self.on and now > self.at)


def _arm_fault(kind: str, at: str, sites: _Sites) -> None:
    subject, _, way = kind.partition("-")
    nth = _Nth(at, subject, sites.seen)
    if subject == "sftp":
        _arm_sftp(way, nth)
    elif subject == "sql":
        sites.statement = _failing_statement(way, nth)
    elif subject == "stdout":
        _arm_stdout(_errno(way), nth)
    elif subject == "write":
        _arm_writes(_errno(way), nth)
    else:
        names = {"fsync": ("fsync",), "rename": ("replace", "rename", "link"), "name": ("unlink", "mkdir"), "open": ()}
        for name in names[subject]:
            _wrap("os", name, _failing(nth, _errno(way)))
        if subject in ("name", "open"):
            os.open = _failing_open(os.open, nth, _errno(way), making=subject == "name")  # type: ignore[assignment]
        if subject == "open":
            io.open = _failing_open(io.open, nth, _errno(way), making=False)  # type: ignore[assignment]


def _errno(way: str) -> int:
    return int(getattr(errno, way.upper()))


def _trouble(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _failing(nth: _Nth, number: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            if nth.due():
                raise _trouble(number)
            return function(*given, **named)

        return wrapped

    return around


def _failing_open(function: Callable[..., Any], nth: _Nth, number: int, making: bool) -> Callable[..., Any]:
    def wrapped(path: Any, *given: Any, **named: Any) -> Any:
        flags = given[0] if given and isinstance(given[0], int) else 0
        if not isinstance(path, int) and (not making or flags & os.O_CREAT) and nth.due():
            raise _trouble(number)
        return function(path, *given, **named)

    return wrapped


def _arm_writes(number: int, nth: _Nth) -> None:
    class Raw(io.FileIO):
        def write(self, data: Any) -> int:
            if nth.due():
                raise _trouble(number)
            return super().write(data)

        def truncate(self, size: int | None = None) -> int:
            if nth.due():
                raise _trouble(number)
            return super().truncate(size)

    def fdopen(handle: int, mode: str = "r", buffering: int = -1, *given: Any, **named: Any) -> Any:
        if "b" not in mode or mode == "rb":
            return _fdopen(handle, mode, buffering, *given, **named)
        raw = Raw(handle, mode)
        return raw if buffering == 0 else io.BufferedWriter(raw)

    def write(handle: int, data: Any) -> int:
        if nth.due():
            raise _trouble(number)
        return _write(handle, data[: max(1, len(data) // 2)])  # a short write is no error

    os.fdopen = fdopen
    os.write = write


def _arm_stdout(number: int, nth: _Nth) -> None:
    stream = sys.stdout

    class Out(io.TextIOWrapper):
        def write(self, text: str) -> int:
            if nth.due():
                raise BrokenPipeError(number, "gone") if number == errno.EPIPE else _trouble(number)
            return super().write(text)

    sys.stdout = Out(stream.buffer, encoding="utf-8", errors="replace", line_buffering=True)


def _arm_sftp(way: str, nth: _Nth) -> None:
    """Every request of the SFTP client goes through `_async_request`."""
    from paramiko import sftp_client

    asked = sftp_client.SFTPClient._async_request  # type: ignore[attr-defined]

    def ask(self: Any, *given: Any) -> Any:
        due = nth.due()
        if due and way == "refused":
            raise OSError("Failure")
        if due and way == "lost":
            self.get_channel().get_transport().close()
        number = asked(self, *given)
        if due and way == "lost-after":
            self.get_channel().get_transport().close()
        return number

    sftp_client.SFTPClient._async_request = ask  # type: ignore[attr-defined]


_SQL = {
    "locked": ("database is locked", "SQLITE_BUSY"),
    "full": ("database or disk is full", "SQLITE_FULL"),
    "eio": ("disk I/O error", "SQLITE_IOERR"),
}


def _failing_statement(way: str, nth: _Nth) -> Callable[[sqlite3.Connection, str, str], None]:
    def statement(connection: sqlite3.Connection, moment: str, text: str) -> None:
        if moment != "before" or not nth.due():
            return
        if way == "full" and connection.in_transaction:
            sqlite3.Connection.execute(connection, "ROLLBACK")
        words, name = _SQL[way]
        trouble = sqlite3.OperationalError(words)
        trouble.sqlite_errorcode, trouble.sqlite_errorname = getattr(sqlite3, name), name
        raise trouble

    return statement


def _watch_sql(told: Callable[[sqlite3.Connection, str, str], None]) -> None:
    def around(name: str) -> Callable[..., Any]:
        function = getattr(sqlite3.Connection, name)

        def wrapped(self: sqlite3.Connection, *given: Any) -> Any:
            statement = given[0].strip() if given else "COMMIT"
            told(self, "before", statement)
            result = function(self, *given)
            told(self, "after", statement)
            return result

        return wrapped

    watched = type("Watched", (sqlite3.Connection,), {
        name: around(name) for name in ("execute", "executemany", "executescript", "commit")
    })  # fmt: skip

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        return _connect(*given, **{**named, "factory": watched})

    sqlite3.connect = connect  # type: ignore[assignment]


# -- the nursery -----------------------------------------------------------------------------------


class Ran(NamedTuple):
    """What a run came to: its exit code (negative: the signal that killed it), what it said, calls it counted."""

    code: int
    out: str
    err: str
    calls: dict[str, int]


class Nursery:
    """One process that has everything imported and forks each run. A context manager; for one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Nursery":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EDI_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.runner", "--nursery"], cwd=_ROOT, env={**kept, "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *trouble: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def run(self, spec: str, *words: str, kill_after: float = 60) -> Ran:
        """Runs `edi` with these words and that fault; gives up on it after some seconds."""
        said = [self.folder / name for name in ("out", "err", "count")]
        order = {"spec": spec, "words": words, "said": [str(path) for path in said], "seconds": kill_after}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        out, err, count = (path.read_text("utf-8", "replace") if path.exists() else "" for path in said)
        return Ran(code, out, err, json.loads(count or "{}"))


def _nursery() -> None:
    import_all()
    for line in sys.stdin:
        order = json.loads(line)
        for path in order["said"]:
            Path(path).unlink(missing_ok=True)
        child = os.fork()
        if not child:
            _born(order)
        signal.signal(signal.SIGALRM, lambda *_, late=child: os.kill(late, signal.SIGKILL))
        signal.alarm(int(order["seconds"]))
        _, status = os.waitpid(child, 0)
        signal.alarm(0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _born(order: dict[str, Any]) -> Never:
    """The child: its own output, and then as from the shell."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    out, err, count = order["said"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ["EDI_FAULT_COUNT"] = count
    code = 70
    try:
        main([order["spec"], "--", *order["words"]])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 71
    except BaseException:
        import traceback

        _write(2, traceback.format_exc().encode())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1:] == ["--nursery"]:
        _nursery()
    else:
        main(sys.argv[1:])
