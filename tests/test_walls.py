"""What stands between the rooms, counted: each number may only fall. The second is where it is to be in the end."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.program import both_languages

ROOT = Path(__file__).parent.parent
PRODUCT = ("edi", "parsers", "schemas", "spool")
#: Rooms that are to know no scheme, as they stand now or will.
CORE = ("edi/*.py", "edi/core/**/*.py", "edi/directory/**/*.py")
INTAKE = ("edi/intake/**/*.py",)
FRAMES = ("edi/cli/**/*.py", "edi/acts/**/*.py", "edi/api/**/*.py", "edi/web/**/*.py")
SPOOL = ("spool/**/*.py",)
PARSERS = ("parsers/**/*.py",)
SCHEMES = ("edi.lending", "edi.levy", "edi.shipping")
#: Under the floors, and so no part of one: the tuple that names the schemes, and what is put together of them all.
#: What a scheme has in the other rooms stands in folders of its name.
OWN = {"lending", "levy", "shipping"}
ABOVE = {"edi/schemes.py", "edi/sandbox.py", "edi/converting.py"}

_SCHEME_WORDS = re.compile(r"\b(librar(y|ies)|suppliers?|bibliothèques?|fournisseurs?)\b|\b6 ?%", re.IGNORECASE)
_MATCH_TABLE = re.compile(r"\b(twins?|match_table)\b")
_CLOCK = re.compile(r"(\w+\.)*(paris_now|datetime\.(now|utcnow)|date\.today)|time\.time")
#: Where words stand but in modules.
_WORDS = ("toml", "html", "md", "typ", "xsd")
_BOTH = re.compile(r"[^\W\d_]{2}.*\s/\s.*[^\W\d_]{2}", re.DOTALL)


@cache
def walked(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


def modules(*patterns: str) -> list[Path]:
    """The modules of some rooms, of the whole product unless any are named."""
    wanted = patterns or tuple(f"{room}/**/*.py" for room in PRODUCT)
    found = {path for pattern in wanted for path in ROOT.glob(pattern)} - {ROOT / name for name in ABOVE if patterns}
    return sorted(path for path in found if not (patterns and OWN & set(path.relative_to(ROOT).parts)))


def nodes(*patterns: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in modules(*patterns):
        for node in walked(path):
            yield path, node


def taking_connection() -> list[str]:
    """Functions to which a connection is handed."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(given.arg == "connection" for given in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
    ]


def asking_the_clock() -> list[str]:
    """Modules that ask what time it is."""
    asking = set()
    for path, node in nodes():
        if (
            isinstance(node, ast.Call)
            and len(node.args) < 2
            and isinstance(node.func, ast.Name | ast.Attribute)
            and _CLOCK.fullmatch(ast.unparse(node.func))
        ):
            asking.add(str(path.relative_to(ROOT)))
    return sorted(asking)


def naming_the_match_table() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in modules(*INTAKE) if _MATCH_TABLE.search(path.read_text("utf-8"))]


def importing_schemes(*patterns: str) -> list[str]:
    """Imports of a scheme, by modules of these rooms."""
    return [
        f"{path.relative_to(ROOT)} {name}"
        for path, node in nodes(*patterns)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if any(f"{name}.".startswith(f"{scheme}.") for scheme in SCHEMES)
    ]


def scheme_words(*patterns: str) -> list[str]:
    """Lines of these rooms that speak of one scheme."""
    return [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in modules(*patterns)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _SCHEME_WORDS.search(line)
    ]


def long_modules() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in modules() if len(path.read_text("utf-8").splitlines()) > 300]


def in_both_languages() -> list[str]:
    """Texts that say a thing twice, `français / English`, in modules, tables of words and templates."""
    parts = {part for _, node in nodes() if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for path, node in nodes():
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            text = node.value
        else:
            continue
        if _BOTH.search(text):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno} {text[:80]!r}")
    written = {path for room in PRODUCT for form in _WORDS for path in (ROOT / room).rglob(f"*.{form}")}
    return found + [f"{path}: {line}" for path in sorted(written) for line in both_languages(path.read_text("utf-8"))]


#: What is counted, how much of it there is at most, and how much there is to be.
COUNTED: dict[str, tuple[Callable[[], list[str]], int, int]] = {
    "functions to which a connection is handed": (taking_connection, 17, 17),
    "modules that ask the clock": (asking_the_clock, 1, 1),
    "intake modules that name the match table": (naming_the_match_table, 0, 0),
    "imports of a scheme by the core": (lambda: importing_schemes(*CORE), 0, 0),
    "imports of a scheme by intake": (lambda: importing_schemes(*INTAKE), 0, 0),
    "lines of the core that speak of one scheme": (lambda: scheme_words(*CORE), 0, 0),
    "lines of intake that speak of one scheme": (lambda: scheme_words(*INTAKE), 0, 0),
    "lines of the frames that speak of one scheme": (lambda: scheme_words(*FRAMES), 0, 0),
    "lines of the spool that speak of one scheme": (lambda: scheme_words(*SPOOL), 0, 0),
    "lines of the parsers that speak of one scheme": (lambda: scheme_words(*PARSERS), 0, 0),
    "modules of more than 300 lines": (long_modules, 0, 0),
    "texts in both languages": (in_both_languages, 0, 0),
}


@pytest.mark.parametrize("what", COUNTED)
def test_it_only_falls(what: str) -> None:
    counted, ceiling, aim = COUNTED[what]
    found = counted()

    assert len(found) <= ceiling, "\n".join(found)
    assert aim <= ceiling
