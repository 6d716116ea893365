"""The complete-file rule, as a table of listings: what one shows when, and what is complete then."""

import pytest

from spool.pull import Settling
from spool.receipt import RemoteFile

# settle | name: size@time, seen at each second given | which are complete
LISTINGS = """
10 | 0 a.txt:5@1                    | -
10 | 0 a.txt:5@1 ; 9 a.txt:5@1      | -
10 | 0 a.txt:5@1 ; 10 a.txt:5@1     | a.txt
10 | 0 a.txt:5@1 ; 10 a.txt:6@1     | -
10 | 0 a.txt:5@1 ; 10 a.txt:5@2     | -
10 | 0 a.txt:5@1 ; 6 a.txt:6@2 ; 12 a.txt:6@2   | -
10 | 0 a.txt:5@1 ; 6 a.txt:6@2 ; 16 a.txt:6@2   | a.txt
10 | 0 a.txt:5@1 ; 6 ; 12 a.txt:5@1 | -
10 | 0 a.txt:0@1 ; 10 a.txt:0@1     | a.txt
10 | 0 a.txt.rdy:5@1                | a.txt.rdy
10 | 0 a.txt.RDY:5@1 b.txt:5@1      | a.txt.RDY
10 | 0 a.txt:5@1 ; 5 a.txt:5@1 b.txt:5@1 ; 11 a.txt:5@1 b.txt:5@1 | a.txt
0  | 0 a.txt:5@1                    | a.txt
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(text: str) -> RemoteFile:
    name, _, state = text.partition(":")
    size, _, modified = state.partition("@")
    return RemoteFile(
        path=f"depot/{name}", name=name, home="", folder="depot", size=int(size), modified=float(modified)
    )


@pytest.mark.parametrize("row", LISTINGS.strip().splitlines())
def test_the_complete_file_rule(row: str) -> None:
    settle, passes, expected = (cell.strip() for cell in row.split("|"))
    clock = Clock()
    settling = Settling(float(settle), clock)
    complete: list[RemoteFile] = []
    for at in passes.split(";"):
        second, *files = at.split()
        clock.now = float(second)
        listed = [seen(file) for file in files]
        complete, waiting = settling.sort(listed)
        assert sorted([*complete, *waiting], key=lambda f: f.path) == listed

    assert [file.path.removeprefix("depot/") for file in complete] == ([] if expected == "-" else [expected])


def test_how_long_to_wait_for_the_next_one() -> None:
    clock = Clock()
    settling = Settling(10, clock)
    settling.sort([seen("a:1@1")])
    clock.now = 4
    _, waiting = settling.sort([seen("a:1@1"), seen("b:1@1")])

    assert settling.due_seconds(waiting) == 6
    clock.now = 30
    assert settling.due_seconds(waiting) == 0
    assert settling.due_seconds([]) is None
