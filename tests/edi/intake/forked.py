"""Commands of `edi` started at the same moment: a process that has everything imported forks each of them.

python -m tests.edi.intake.forked       reads orders, a line of JSON each: [[words, out, err], ...]; answers with their exit codes
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.program import environment, import_all


class Forked:
    """As a context manager: `run` runs some commands at once, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.edi.intake.forked"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(), cwd=Path(__file__).parents[3],
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def run(self, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
        """Exit code, output and errors of each."""
        files = [(self.folder / f"out{place}", self.folder / f"err{place}") for place in range(len(commands))]
        order = [[words, *map(str, said)] for words, said in zip(commands, files, strict=True)]
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        codes = json.loads(self._process.stdout.readline())
        return [
            (code, out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace"))
            for code, (out, err) in zip(codes, files, strict=True)
        ]


def _serve() -> None:
    import_all()
    for line in sys.stdin:
        children = [_start(*command) for command in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)


def _start(words: list[str], out: str, err: str) -> int:
    child = os.fork()
    if child:
        return child
    from edi.cli import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["edi", *words]
    code = 70
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 71
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
