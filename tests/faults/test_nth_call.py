"""Fail the Nth call, after SQLite's own tests: a write, flush, rename, SFTP request or statement of SQL fails.

Once, or from then on until the process ends. Whatever fails, a pass ends with a message and no traceback, no file is
blamed, and the next pass leaves what an undisturbed run leaves. Here a few N of each kind; `make soak` has them all.
"""

import pytest

from tests.faults.steps import KINDS, Kind
from tests.faults.world import Bench

#: In thousandths of a pass's calls; each kind takes two, and fails from then on at a third.
_PLACES = (20, 150, 290, 410, 530, 640, 760, 880, 990)


@pytest.fixture(scope="module")
def calls(bench: Bench) -> dict[str, int]:
    """How many calls of each kind a clean pass makes."""
    world = bench.world()
    ran = world.run("count")
    assert ran.code == 1 and world.state() == bench.then
    world.remove()
    return ran.calls


@pytest.mark.parametrize("nth", (0, 1, 2), ids=("one", "another", "all from then on"))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_whatever_fails_the_next_pass_mends_all(bench: Bench, calls: dict[str, int], kind: Kind, nth: int) -> None:
    count = calls[kind.name.partition("-")[0]]
    place = _PLACES[(KINDS.index(kind) * 2 + nth * 5) % len(_PLACES)]
    world = bench.world(local=nth > 0 and not kind.name.startswith("sftp"))
    world.bears(f"fail {1 + count * place // 1000}{'+' if nth == 2 else ''} {kind.name}")
    world.remove()


@pytest.mark.parametrize("file", ("4+", "5+", "6+", "5"), ids=("both", "the replaced", "its copy", "once"))
def test_a_replacement_waits_for_what_it_replaces_when_the_link_is_lost(bench: Bench, file: int) -> None:
    world = bench.world()
    assert world.bears(f"lose {file} edi.intake.fetch:pull").code == (2 if "+" in file else 1)
    world.remove()


@pytest.mark.parametrize(
    "spec", ("fail 400 sql-locked", "fail 250 sql-eio", "fail 60 write-enospc", "fail 90 sftp-lost")
)
def test_a_run_for_ever_mends_itself(bench: Bench, spec: str) -> None:
    """One process: the fault, and the passes that mend it."""
    world = bench.world()
    ran = world.run_for_ever(spec, 20)
    assert ran.code == 0 and "Traceback" not in ran.err + ran.out, ran
    world.check()
    assert world.state() == bench.then
    world.remove()


def test_a_clean_pass_is_the_end_of_a_sweep(bench: Bench, calls: dict[str, int]) -> None:
    assert all(count > 20 for count in calls.values()), calls
    world = bench.world()
    assert world.bears(f"fail {calls['sql'] + 1} sql-locked").code == 1
    world.remove()
