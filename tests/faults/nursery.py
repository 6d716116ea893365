"""One process that has imported everything and forks each run: the runs are as real, and start three times sooner.

python -m tests.faults.nursery      # orders on standard input, a line of JSON each; exit codes on standard output
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Never

from tests.faults import runner
from tests.program import environment, import_all

_ROOT = Path(__file__).parent.parent.parent


class Ran(NamedTuple):
    """What a run came to: its exit code (negative: the signal that killed it), what it said, calls it counted."""

    code: int
    out: str
    err: str
    calls: dict[str, int]


class Nursery:
    """The process. A context manager; for one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Nursery":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=_ROOT, env=environment(),
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


def main() -> None:
    """Forks a run for each order, and says how it ended."""
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
    write = os.write
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.environ["EDI_FAULT_COUNT"] = count
    code = 70
    try:
        runner.main([order["spec"], "--", *order["words"]])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 71
    except BaseException:
        import traceback

        write(2, traceback.format_exc().encode())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue
        os._exit(code)


if __name__ == "__main__":
    main()
