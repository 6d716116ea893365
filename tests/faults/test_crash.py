"""Crash matrix: `edi run` is killed by SIGKILL at each durable step, over a real sshd, and the next run mends all.

No declaration lost, none booked twice, no answer missing or contradicting the database, and the ledger of an
undisturbed run. The whole table of steps, with what each leaves behind, is in docs/reliability.md.
"""

import signal
from pathlib import Path

import pytest

from tests.faults.steps import STEPS, Step
from tests.faults.world import Bench


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_killed_at_a_step_the_next_run_mends_all(bench: Bench, step: Step) -> None:
    world = bench.world(fresh=step.step == "home made")
    ran = world.run(step.spec)
    assert ran.code == -signal.SIGKILL, f"{step.name} is never reached: {ran}"
    world.mended(step.spec)
    world.remove()


def test_killed_again_and_again(bench: Bench) -> None:
    """Every step, one after the other, in one home."""
    world = bench.world()
    killed = [world.run(step.spec).code == -signal.SIGKILL for step in STEPS if step.step != "home made"]
    assert sum(killed) > 10
    world.mended("all steps")
    world.remove()


def test_killed_while_the_home_is_made(bench: Bench, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert bench.nursery.run("kill before 1 os:replace", "--home", str(home), "run", "--once").code == -signal.SIGKILL
    ran = bench.nursery.run("", "--home", str(home), "run", "--once")
    assert ran.code == 0, ran
