"""Every fault there is, and the tables of docs/reliability.md: `python -m tests.faults.soak [--every N] [-j JOBS]`.

Kills a run at every step of `tests.faults.steps`, and at many moments with all links at once; then lets every single
call of every kind fail, once and from then on, until a pass runs clean. Ends with 1 when a promise was broken.
"""

import argparse
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

from tests.faults.steps import KINDS, STEPS
from tests.faults.world import Bench
from tests.program import work_in_memory

DOC = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_MOMENTS_MS = 10


class Sweep:
    """Benches for some threads, and what went wrong."""

    def __init__(self, jobs: int) -> None:
        self.broken: list[str] = []
        self.cases = 0
        self._pool = ThreadPoolExecutor(jobs, initializer=self._begin)
        self._own = local()
        self._benches: list[Bench] = []

    def _begin(self) -> None:
        self._own.bench = Bench().__enter__()
        self._benches.append(self._own.bench)

    def close(self) -> None:
        """Lets go of every bench."""
        self._pool.shutdown()
        for bench in self._benches:
            bench.__exit__()

    def killed(self, specs: list[str], fresh: list[bool]) -> list[tuple[bool, str]]:
        """Kills a run each; whether it died, and what it left."""
        return list(self._pool.map(self._kill, specs, fresh))

    def _kill(self, spec: str, fresh: bool) -> tuple[bool, str]:
        world = self._own.bench.world(fresh)
        ran = world.run(spec)
        found = world.found()
        self._mended(spec, lambda: world.mended(spec))
        world.remove()
        return ran.code in (-signal.SIGKILL, -signal.SIGALRM), found

    def failed(self, specs: list[str], fresh: bool) -> list[int]:
        """The exit code of a run each in which that call fails; what has nothing to do with SFTP, over folders alone."""
        return list(self._pool.map(lambda spec: self._fail(spec, fresh), specs))

    def _fail(self, spec: str, fresh: bool) -> int:
        world = self._own.bench.world(fresh, local="sftp" not in spec)
        codes: list[int] = []
        self._mended(spec, lambda: codes.append(world.bears(spec).code))
        world.remove()
        return codes[0] if codes else -1

    def _mended(self, spec: str, act: object) -> None:
        self.cases += 1
        try:
            act()  # type: ignore[operator]
        except Exception as broken:  # a broken promise, or a world so broken that asking fails
            self.broken.append(f"{spec}: {type(broken).__name__} {str(broken)[:2000]}")
            print(f"BROKEN {self.broken[-1]}", file=sys.stderr, flush=True)

    def calls(self, fresh: bool, local: bool) -> dict[str, int]:
        """How many calls of each kind a clean pass makes."""

        def count() -> dict[str, int]:
            world = self._own.bench.world(fresh, local)
            ran = world.run("count")
            world.remove()
            return ran.calls

        return self._pool.submit(count).result()


def crash_table(sweep: Sweep) -> Iterator[str]:
    """The crash matrix, a row a step."""
    yield "| step | killed | the dead run leaves | after the next run |"
    yield "|---|---|---|---|"
    results = sweep.killed([step.spec for step in STEPS], [step.step == "home made" for step in STEPS])
    broken = {line.partition(":")[0] for line in sweep.broken}
    for step, (died, found) in zip(STEPS, results, strict=True):
        if not died:
            sweep.broken.append(f"{step.name}: never reached")
        after = "as undisturbed" if died and step.spec not in broken else "BROKEN"
        times = f" ({step.at})" if step.at > 1 else ""
        yield f"| {step.step} | {step.moment}{times} | {found} | {after} |"
    moments = range(_MOMENTS_MS, 1500, _MOMENTS_MS)
    results = sweep.killed([f"kill at {ms}" for ms in moments], [False for _ in moments])
    died = sum(died for died, _ in results)
    yield ""
    yield f"And every {_MOMENTS_MS} ms of a pass with all links at once: {died} runs killed, each mended by the next."


def fault_table(sweep: Sweep, step: int, kinds: list[str]) -> Iterator[str]:
    """The sweep of failing calls, a row a kind."""
    yield "| call that fails | calls a pass | failed one at a time | failed from then on | passes that ended with 2 | after the next run |"
    yield "|---|---|---|---|---|---|"
    per_pass, first = sweep.calls(fresh=False, local=True), sweep.calls(fresh=True, local=True)
    per_pass["sftp"] = sweep.calls(fresh=False, local=False)["sftp"]
    for kind in (kind for kind in KINDS if kind.name in kinds or kinds == [""]):
        subject = kind.name.partition("-")[0]
        count, before = per_pass[subject], len(sweep.broken)
        once = sweep.failed([f"fail {n} {kind.name}" for n in range(1, count + 2, step)], fresh=False)
        if once[-1] != 1 and step == 1:
            sweep.broken.append(f"{kind.name}: a pass with {count + 1} calls does not run clean")
        if subject != "sftp":  # the first pass of all: the home and its tables are made
            once += sweep.failed([f"fail {n} {kind.name}" for n in range(1, first[subject] + 1, step)], fresh=True)
        on = sweep.failed([f"fail {n}+ {kind.name}" for n in range(1, count + 1, 5 * step)], fresh=False)
        after = "as undisturbed" if len(sweep.broken) == before else "BROKEN"
        stopped = sum(code == 2 for code in once + on)
        row = f"| {kind.what} | {count} | {len(once)} | {len(on)} | {stopped} | {after} |"
        print(row, flush=True)
        yield row


def written(text: str, mark: str, table: list[str]) -> str:
    """The text with a table between its marks."""
    fenced = rf"(<!-- {mark}: written by make soak -->\n).*?(<!-- end of {mark} -->)"
    made, count = re.subn(fenced, lambda found: found[1] + "\n".join(table) + "\n" + found[2], text, flags=re.DOTALL)
    assert count == 1, mark
    return made


def main() -> int:
    """Sweeps, writes the tables, and says how it went."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth call; then nothing is written")
    parser.add_argument("--crash-only", action="store_true", help="the crash matrix alone")
    parser.add_argument(
        "--kinds", default="", metavar="A,B", help="failing calls of these kinds alone; then nothing is written"
    )
    parser.add_argument("-j", type=int, default=3, metavar="JOBS", help="runs at once")
    given = parser.parse_args()
    work_in_memory()
    began, sweep = time.monotonic(), Sweep(given.j)
    try:
        tables = {} if given.kinds else {"crash matrix": list(crash_table(sweep))}
        print("\n".join(tables.get("crash matrix", ())), flush=True)
        if not given.crash_only:
            tables["failing calls"] = list(fault_table(sweep, given.every, given.kinds.split(",")))
    finally:
        sweep.close()
    if given.every == 1 and not given.kinds:
        text = DOC.read_text("utf-8")
        for mark, table in tables.items():
            text = written(text, mark, table)
        DOC.write_text(text, "utf-8")
    minutes = (time.monotonic() - began) / 60
    print(f"{sweep.cases} faults in {minutes:.0f} min, {len(sweep.broken)} promises broken")
    return int(bool(sweep.broken))


if __name__ == "__main__":
    sys.exit(main())
