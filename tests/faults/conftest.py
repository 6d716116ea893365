"""A bench for each worker: a real sshd, and what an undisturbed run comes to."""

from collections.abc import Iterator

import pytest

from tests.faults.world import Bench
from tests.sshd import available


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    if not available():
        pytest.skip("no sshd here: make system-deps")
    with Bench() as made:
        yield made
