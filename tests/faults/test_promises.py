"""docs/reliability.md: a sentence without a test is not a promise, and a table without its steps is stale."""

import re
from pathlib import Path

from tests.faults.steps import KINDS, STEPS

_ROOT = Path(__file__).parent.parent.parent
_DOC = (_ROOT / "docs" / "reliability.md").read_text("utf-8")


def test_every_test_named_is_there() -> None:
    texts = {str(path.relative_to(_ROOT)): path.read_text("utf-8") for path in (_ROOT / "tests").rglob("test_*.py")}
    named = sorted(set(re.findall(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`", _DOC)))
    there = {
        (file, test)
        for path, text in texts.items()
        for test in re.findall(r"def (test_\w+)\(", text)
        for file in (path, "")
    }

    assert len(named) > 90
    assert [f"{file}::{test}" for file, test in named if (file, test) not in there] == []


def test_the_crash_matrix_has_every_step() -> None:
    """`make soak` writes it anew."""
    told = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| \d+ in depots.* \| as undisturbed \|$", _DOC, re.MULTILINE)
    assert [f"{step}: {moment}" for step, moment in told] == [step.name for step in STEPS]


def test_the_sweep_has_every_kind_of_call() -> None:
    told = re.findall(r"^\| ([^|]+?) \|(?: \d+ \|){4} as undisturbed \|$", _DOC, re.MULTILINE)
    assert told == [kind.what for kind in KINDS]
