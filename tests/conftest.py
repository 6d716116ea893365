"""What all tests share: golden files, and the flag that writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.desk import Desk
from tests.program import work_in_memory

GOLDEN = Path(__file__).parent / "golden"

work_in_memory()

# A busy machine is no failure: what takes long is measured by processor time where it matters.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# Whether anything fails is all that is asked of a mutant: not by how little.
settings.register_profile("mutants", parent=settings.get_profile("patient"), phases=(Phase.explicit, Phase.generate))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden files anew; then read the diff")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are processors: what waits for servers, clocks and disks keeps none busy."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return count + (count + 1) // 2


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk at a new home."""
    return Desk(tmp_path / "home")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with `tests/golden/<name>`."""

    def compare(name: str, data: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert path.read_bytes().decode("latin-1") == data.decode("latin-1"), f"{name} differs from its golden file"

    return compare
