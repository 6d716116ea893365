"""What the developers' pages name exists; nobody is invented in what people read."""

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


def test_who_decides_in_an_example_is_a_role() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("edi/acts/**/*.toml")]
    given = {page.name: re.findall(r"--by[ =]\S+", page.read_text("utf-8")) for page in pages}

    assert any(given.values())
    assert not [by for found in given.values() for by in found if re.search(r"--by[ =]\W*[A-ZÀ-Þ]", by)]
