"""Runs `edi` and lets it die, or lets one of its calls fail, at a chosen moment. The product has no hooks for it.

    python -m tests.faults.runner 'kill after 3 edi.intake.fetch:pull' -- run --once --home H
    python -m tests.faults.runner 'kill at 350' -- run --once --home H             # after 350 ms, wherever it is
    python -m tests.faults.runner 'fail 17 sql-locked' -- run --once --home H      # the 17th call fails
    python -m tests.faults.runner 'lose 5 edi.intake.fetch:pull' -- run --once --home H   # the link is lost before the 5th
    python -m tests.faults.runner 'fail 17+ sql-locked' -- run --once --home H     # and every one after it

`kill` is SIGKILL by the process itself: nothing is flushed, closed or rolled back. `count` alone counts the calls of
every kind, into the file EDI_FAULT_COUNT names. Time stands still (`CLOCK`), so that two runs can be compared byte for byte.
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Never

from edi.core.desk import Desk
from edi.core.timing import Timing
from tests import clock
from tests.faults import calls
from tests.faults.hooks import Nth, die, hook, place, watch_sql

CLOCK = datetime(2026, 11, 20, 12, 0)
#: How much is done at a time: every file counts as a long one, every pass as a large one, and nobody else is there to
#: wait for, or to be let in.
SMALL = {
    "edi.lending.booking.stored_lines:_PIECE": 1,  # lines that go ahead of their file's verdict
    "edi.lending.booking.booking:_MANY": 0,  # invoices past which they go in without the triggers
    "edi.lending.matching.match_table:_PIECE": 1,  # invoices that come into the match table after their file
    "edi.lending.matching.reconciling:_PIECE": 2,  # outcomes and entries that go in at once
    "edi.core.store:_WAIT_MS": 5_000,
    "edi.core.store:_LOOK_SECONDS": 0.0001,
}


def main(words: Sequence[str]) -> Never:
    """`SPEC -- edi's own words`; SPEC may be empty. Ends the process as `edi` does."""
    spec, rest = words[0], list(words[words.index("--") + 1 :])
    for where, most in SMALL.items():
        setattr(*place(where), most)
    if not spec.startswith("kill at"):  # one link after the other, so that calls come in the same order
        Desk.timing = Timing(links_at_once=1)
    from edi.cli import main as edi

    seen: dict[str, int] = {}
    opened, write = os.open, os.write
    if spec:
        _arm(spec, seen)
    sys.argv = ["edi", *rest]
    try:
        with clock.stopped(CLOCK):
            edi()
    finally:
        if counted := os.environ.get("EDI_FAULT_COUNT"):
            handle = opened(counted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            write(handle, json.dumps(seen).encode())
            os.close(handle)
    raise AssertionError("edi ends by itself")


def _arm(spec: str, seen: dict[str, int]) -> None:
    verb, *words = spec.split(" ", 3)
    match verb, words:
        case "count", []:
            for subject in calls.SUBJECTS:
                calls.fail(f"{subject}-eio", "0", seen)
        case "fail", [at, kind]:
            calls.fail(kind, at, seen)
        case "lose", [at, where]:
            hook(where, Nth(at), before=lambda remote, *given: remote.close())
        case "kill", ["at", milliseconds]:
            signal.setitimer(
                signal.ITIMER_REAL, int(milliseconds) / 1000
            )  # nobody handles SIGALRM: it ends us as SIGKILL does
        case "kill", [when, at, where] if where.startswith(("sql:", "commit:")):
            watch_sql(_killing(where, when, Nth(at)))
        case "kill", ["half", at, where]:  # with half of its last argument, which is bytes
            function = getattr(*place(where))
            halved = lambda *given: die(function(*given[:-1], given[-1][: max(1, len(given[-1]) // 2)]))  # noqa: E731
            hook(where, Nth(at), before=halved)
        case "kill", [when, at, where]:
            hook(where, Nth(at), **{when: die})


def _killing(where: str, when: str, nth: Nth) -> Callable[[sqlite3.Connection, str, str], None]:
    """Dies around the Nth statement that begins so, or around the COMMIT that follows it."""
    kind, _, text = where.partition(":")
    last = "COMMIT" if kind == "commit" else text
    reached: list[sqlite3.Connection] = []

    def told(connection: sqlite3.Connection, moment: str, statement: str) -> None:
        if statement.startswith(text) and moment == "before" and nth.due():
            reached.append(connection)
        if connection in reached and moment == when and statement.startswith(last):
            die()

    return told


if __name__ == "__main__":
    main(sys.argv[1:])
