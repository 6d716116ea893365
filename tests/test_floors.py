"""Imports only go down: edi over parsers and spool, both over schemas; parsers and spool never meet. So do those of the
rooms inside edi."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BELOW = {
    "schemas": {"schemas"},
    "parsers": {"parsers", "schemas"},
    "spool": {"spool", "schemas"},
    "edi": {"edi", "parsers", "spool", "schemas"},
}
#: The rooms of edi from the ground up; modules beside them are the ground. `schemes` names what stands below it.
WITHIN = (
    "core", "lending", "lending.matching", "lending.booking", "schemes", "directory", "intake", "lending.books", "", "top", "cli",
)  # fmt: skip
TOP = {"spec", "sandbox", "converting", "demo", "acts"}
MODULES = sorted(path for room in BELOW for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_go_down(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    rooms = {name.split(".")[0] for name in imported(path)} & BELOW.keys()

    assert rooms <= BELOW[room]


def floor(words: list[str]) -> int:
    """On which floor of edi a module stands, by its dotted name without `edi`."""
    rooms = [".".join(words[:length]) for length in range(len(words) + 1)]
    return WITHIN.index("top" if words[:1] and words[0] in TOP else [room for room in rooms if room in WITHIN][-1])


@pytest.mark.parametrize("path", sorted((ROOT / "edi").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_within_edi_only_go_down(path: Path) -> None:
    here = floor(list(path.relative_to(ROOT / "edi").with_suffix("").parts))
    below = {name for name in imported(path) if name.startswith("edi.") and floor(name.split(".")[1:]) > here}

    assert not below


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize(
    ("library", "homes"),
    [("paramiko", {"spool"}), ("lxml", {"parsers"}), ("pyparsing", {"parsers"}), ("click", {"edi"})],
)
def test_a_library_lives_in_one_room(library: str, homes: set[str]) -> None:
    users = {
        path.relative_to(ROOT).parts[0]
        for path in MODULES
        if any(name.split(".")[0] == library for name in imported(path))
    }

    assert users <= homes
