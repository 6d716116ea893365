"""Makes each mistake of `mutations.txt` in a copy of the tree, and runs the tests that must see it: `make mutants`.

A mutation that no test named with it fails at has survived; one whose text does not stand once in the product is stale.
Either ends in exit code 1. `--only WORD ...` runs those that have a word in their first two lines; `--stale` runs none.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PRODUCT = ("edi", "parsers", "schemas", "spool")
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist")
#: A mutant that makes tests endless is seen too.
_SECONDS = 120


class Mutation(msgspec.Struct, frozen=True):
    """What it would cost, the file it stood in when it was written, the tests that must see it, the text before and after."""

    what: str
    file: str
    tests: tuple[str, ...]
    before: str
    after: str


class Stale(Exception):
    """The text of a mutation stands nowhere, or more than once."""


def mutations(text: str) -> Iterator[Mutation]:
    """The mutations of a table.

    >>> next(mutations("rounding\\na.py | t.py u.py\\n-     a\\n-     b\\n+     c\\n"))
    Mutation(what='rounding', file='a.py', tests=('t.py', 'u.py'), before='    a\\n    b', after='    c')
    """
    for block in text.split("\n\n"):
        if not (lines := [line for line in block.splitlines() if not line.startswith("#")]):
            continue
        what, where, *changes = lines
        file, _, tests = where.partition(" | ")
        before, after = ("\n".join(line[2:] for line in changes if line[0] == sign) for sign in "-+")
        assert tests and before != after and all(line[:2] in ("- ", "+ ") for line in changes), block
        yield Mutation(what, file, tuple(tests.split()), before, after)


def place(mutation: Mutation, root: Path) -> Path:
    """The file in which the text stands: the one named, or another if it has moved. Raises Stale."""
    named = root / mutation.file
    if named.is_file() and (count := named.read_text("utf-8").count(mutation.before)):
        if count > 1:
            raise Stale(f"{count} times in {mutation.file}")
        return named
    found = {
        path: path.read_text("utf-8").count(mutation.before) for room in PRODUCT for path in (root / room).rglob("*.py")
    }
    if sum(found.values()) != 1:
        raise Stale(f"{sum(found.values())} times in the product")
    return next(path for path, count in found.items() if count)


def seen(mutation: Mutation, path: Path, root: Path, moment: int) -> bool:
    """Whether a test fails while the mutation is made in `path`. `moment` is of no other mutation: bytecode goes by it."""
    text = path.read_text("utf-8")
    try:
        path.write_text(text.replace(mutation.before, mutation.after), "utf-8")
        os.utime(path, (moment, moment))
        return failing(mutation.tests, root)
    finally:
        path.write_text(text, "utf-8")
        os.utime(path, (moment + 1, moment + 1))


def failing(tests: tuple[str, ...], root: Path) -> bool:
    """Whether one of these tests fails in the tree at `root`."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "--hypothesis-profile=mutants",
        *tests,
    ]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, 1):
        raise Stale(f"tests cannot be run: {' '.join(tests)}\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
    return done.returncode == 1


def main() -> int:
    """Runs what the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--stale", action="store_true", help="say which are stale, and run none")
    given = parser.parse_args()
    table = list(mutations(Path(__file__).with_name("mutations.txt").read_text("utf-8")))
    chosen = [one for one in table if not given.only or any(word in f"{one.what} {one.file}" for word in given.only)]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        if not given.stale:
            shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        for number, mutation in enumerate(chosen):
            began = time.monotonic()
            try:
                path = place(mutation, ROOT if given.stale else tree)
                said = (
                    "there" if given.stale else "dies" if seen(mutation, path, tree, 10**9 + 2 * number) else "SURVIVES"
                )
            except Stale as wrong:
                said = f"STALE ({wrong})"
            bad += said not in ("there", "dies")
            print(f"{said:<9} {time.monotonic() - began:5.1f} s  {mutation.file}  {mutation.what}", flush=True)
    print(f"{len(chosen)} mutations, {bad} of them survive or are stale")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
