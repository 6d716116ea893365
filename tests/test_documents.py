"""What the developers' pages name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_PATH = re.compile(r"`((?:edi|parsers|schemas|spool|tests|docs)/[\w./-]*)`")


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    named = set(_PATH.findall((ROOT / page).read_text("utf-8")))

    assert len(named) > 5
    assert not [path for path in named if not (ROOT / path).exists()]
