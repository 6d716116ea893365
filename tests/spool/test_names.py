"""Names from outside: a table of what they become, and what holds for every name."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spool.names import LONGEST, archived, declared, is_collected, is_ready, readable, safe

# as the partner wrote it | as we write it; `<00>` is a character, `~` stands for `~` and eight digits
SAFE = """
decl2025.txt              | decl2025.txt
Déclaration 2025 (2).TXT  | Déclaration 2025 (2).TXT
a-b_c.d.e                 | a-b_c.d.e
~                         | _~
/depot/decl.txt           | decl~.txt
C:\\depot\\decl.txt       | decl~.txt
../../etc/passwd          | passwd~
..                        | _~
.                         | _~
.htaccess                 | _htaccess~
...x.txt                  | _x~.txt
-rf                       | _rf~
a/                        | sans-nom~
a<00>b.txt               | a_b~.txt
a<0A>b.txt                 | a_b~.txt
a<1B>[31mb.txt           | a_[31mb~.txt
txt<202E>fdp.exe         | txt_fdp~.exe
a.txt<2028>              | a~.txt_
fin.                      | fin~
d<DCE9>cl.txt            | décl~.txt
"""

# name | taken or left | what it is called
COLLECTED = """
decl.txt          | taken | decl.txt
decl.txt.rdy      | taken | decl.txt
DECL.RDY          | taken | DECL
decl.rdy.rdy      | taken | decl.rdy
decl.partie       | taken | decl.partie
decl.txt.part     | left  | decl.txt.part
decl.txt.PART     | left  | decl.txt.PART
decl.tmp          | left  | decl.tmp
decl.filepart     | left  | decl.filepart
decl.part.rdy     | left  | decl.part
.decl.txt         | left  | .decl.txt
.rdy              | left  |
.part             | left  | .part
decl.zip          | taken | decl.zip
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("written", "expected"), rows(SAFE))
def test_a_name_made_safe(written: str, expected: str) -> None:
    name = re.sub("<([0-9A-F]+)>", lambda code: chr(int(code[1], 16)), written)
    cleaned = safe(name)
    shape = cleaned if cleaned == name else cleaned.replace(cleaned[cleaned.rindex("~") :][:9], "~", 1)

    assert shape == expected


@pytest.mark.parametrize(("name", "fate", "called"), rows(COLLECTED))
def test_which_names_are_collected(name: str, fate: str, called: str) -> None:
    assert is_collected(name) is (fate == "taken")
    assert declared(name) == called
    assert is_ready(name) is name.lower().endswith(".rdy")


def test_a_long_name_keeps_its_extension() -> None:
    name = "é" * 300 + ".xml"

    assert safe(name).endswith(".xml")
    assert len(safe(name).encode()) <= LONGEST
    assert safe(name) != safe("é" * 301 + ".xml")


def any_name() -> st.SearchStrategy[str]:
    return st.text(max_size=300) | st.binary(max_size=300).map(lambda b: b.decode("utf-8", "surrogateescape"))


@given(any_name())
def test_a_safe_name_is_harmless_and_its_own(name: str) -> None:
    cleaned = safe(name)

    assert cleaned.isprintable()
    assert not set(cleaned) & {"/", "\\", "\0"}
    assert cleaned[0] not in ".-~"
    assert 0 < len(cleaned.encode()) <= LONGEST
    assert safe(cleaned) == cleaned


@given(any_name(), any_name())
def test_two_names_never_become_one(one: str, other: str) -> None:
    assert (safe(one) == safe(other)) is (one == other) or safe(one) in (one, other)


@example("é" * 300, 3)
@given(any_name(), st.integers(1, 3))
def test_what_is_added_to_a_name_still_fits(name: str, count: int) -> None:
    assert len(archived(name, "ab" * 32, count).encode()) + len(".rapport.json.part") <= 255


@given(st.binary())
def test_a_readable_name_can_be_stored(name: bytes) -> None:
    readable(name.decode("utf-8", "surrogateescape")).encode("utf-8")
