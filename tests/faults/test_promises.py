"""docs/reliability.md: a sentence without a test is not a promise, and a table without its steps is stale."""

import re
from pathlib import Path

import pytest

from tests.faults.steps import KINDS, STEPS

_ROOT = Path(__file__).parent.parent.parent
_DOC = (_ROOT / "docs" / "reliability.md").read_text("utf-8")


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`", _DOC))))
def test_every_test_named_is_there(named: tuple[str, str]) -> None:
    file, test = named
    files = [_ROOT / file] if file else (_ROOT / "tests").rglob("test_*.py")
    assert any(f"def {test}(" in path.read_text("utf-8") for path in files), named


def test_the_crash_matrix_has_every_step() -> None:
    """`make soak` writes it anew."""
    told = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| \d+ in depots.* \| as undisturbed \|$", _DOC, re.MULTILINE)
    assert [f"{step}: {moment}" for step, moment in told] == [step.name for step in STEPS]


def test_the_sweep_has_every_kind_of_call() -> None:
    told = re.findall(r"^\| ([^|]+?) \|(?: \d+ \|){4} as undisturbed \|$", _DOC, re.MULTILINE)
    assert told == [kind.what for kind in KINDS]
