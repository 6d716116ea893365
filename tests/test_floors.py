"""Imports only go down: edi over parsers and spool, both over schemas; parsers and spool never meet. So do those of the
rooms inside edi."""

import ast
from functools import cache
from pathlib import Path

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
#: In which rooms a library may be used at all.
HOMES = {"paramiko": {"spool"}, "lxml": {"parsers"}, "pyparsing": {"parsers"}, "click": {"edi"}}
MODULES = sorted(path.relative_to(ROOT) for room in BELOW for path in (ROOT / room).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names.update(f"{module}.{alias.name}" for alias in node.names) if module in BELOW else names.add(module)
    return names


def floor(words: list[str]) -> int:
    """On which floor of edi a module stands, by its dotted name without `edi`."""
    rooms = [".".join(words[:length]) for length in range(len(words) + 1)]
    return WITHIN.index("top" if words[:1] and words[0] in TOP else [room for room in rooms if room in WITHIN][-1])


def upward(path: Path, name: str) -> bool:
    """Whether a module that imports this one looks up: in the house, or among the rooms of edi."""
    (room, *words), (other, *others) = path.with_suffix("").parts, name.split(".")
    if room == other == "edi":
        return floor(others) > floor(words)
    return other in BELOW and other not in BELOW[room]


def test_imports_only_go_down() -> None:
    assert [str(path) for path in MODULES for name in imported(path) if name.startswith(".")] == []
    assert [f"{path}: {name}" for path in MODULES for name in sorted(imported(path)) if upward(path, name)] == []


def test_a_module_says_what_it_is_for_and_stays_small() -> None:
    assert [str(path) for path in MODULES if not ast.get_docstring(tree(path))] == []
    assert [str(path) for path in MODULES if len((ROOT / path).read_text("utf-8").splitlines()) > 300] == []


def test_a_library_lives_in_one_room() -> None:
    used = {(library, path.parts[0]) for path in MODULES for name in imported(path) for library in [name.split(".")[0]]}
    assert [use for use in sorted(used) if use[1] not in HOMES.get(use[0], BELOW)] == []
