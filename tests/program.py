"""The `edi` command as a stranger runs it: a process of its own, its exit code, its output."""

import importlib
import io
import json
import os
import pkgutil
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

SAMPLES = Path(__file__).parent / "samples"
COMMAND = (sys.executable, "-c", "from edi.cli import main; main()")
_ROOT = Path(__file__).parent.parent


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without what would steer `edi`, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EDI_", "PYTHONIOENCODING"))}
    return {**kept, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", **(more or {})}


def until(true: Callable[[], Any], seconds: float = 60) -> bool:
    """Waits for something, generously; whether it came."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(true())


def work_in_memory() -> None:
    """Temporary files in memory, where there is plenty: an fsync costs nothing there, and kill -9 takes nothing away."""
    memory = Path("/dev/shm")
    if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None


def import_all() -> None:
    """Every module of the product, and what it loads only where it is needed: for a process whose forks are to start at once."""
    for package in ("schemas", "parsers", "spool", "edi"):
        for module in pkgutil.walk_packages([str(_ROOT / package)], f"{package}."):
            importlib.import_module(module.name)
    for name in ("encodings.idna", "invoke", "jinja2", "paramiko", "rich.progress", "rich.table", "sqlite_utils"):
        importlib.import_module(name)


class Ran:
    """What a command came to; everything it said is kept in `said` too, to look for secrets."""

    def __init__(self, done: "subprocess.CompletedProcess[bytes]") -> None:
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")
        self.said = self.out + self.err
        assert "Traceback" not in self.said, self.said

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


def edi(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", expect: int | None = None
) -> Ran:
    """Runs `edi` with these words in `cwd`; `expect` is the exit code it must have."""
    command = [*COMMAND, *(str(word) for word in words)]
    done = subprocess.run(
        command, cwd=cwd, env=environment(env), input=stdin, capture_output=True, check=False, timeout=60
    )
    ran = Ran(done)
    assert expect is None or ran.code == expect, f"{words}: {ran.code}\n{ran.said}"
    return ran


def called(*words: str) -> tuple[int, str, str]:
    """Runs `edi` within this process: its exit code, and what it says on stdout and stderr."""
    from edi.cli import main

    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
    code = None
    with mock.patch("sys.argv", ["edi", *words]), redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode("utf-8", "surrogateescape") for stream in streams)  # type: ignore[attr-defined]
    assert code is not None and "Traceback" not in out + err, err
    return code, out, err


def both_languages(text: str) -> list[str]:
    """The lines that say something twice, as `français / English`."""
    return [line for line in text.splitlines() if re.search(r"[^\W\d_]{2}\S* / [^\W\d_]", line)]


def start(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Starts `edi` and returns at once; its output can be read line by line, and Ctrl-C ends it, even where the tests
    themselves run in the background of a shell that has it ignored."""
    command = [*COMMAND, *(str(word) for word in words)]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a handler is not inherited: the default is
    try:
        return subprocess.Popen(
            command, cwd=cwd, env=environment({"PYTHONUNBUFFERED": "1", **(env or {})}),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, heard)
