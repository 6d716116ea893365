"""`edi` run in an empty folder, within the test's own process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.edi.cli.conftest import _main

#: Words; what `--json` printed.
Json = Callable[..., Any]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Json:
    """Runs `edi` with words in `tmp_path` and returns its JSON; it must exit with 0."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDI_HOME", str(tmp_path / "home"))

    def ran(*words: object) -> Any:
        capfd.readouterr()
        code = _main([str(word) for word in words])
        out, err = capfd.readouterr()
        assert code == 0, out + err
        return json.loads(out)

    return ran
