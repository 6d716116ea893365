"""The settings of a link: what is wrong with them is said, and who may speak is narrow."""

from typing import Any

import msgspec
import pytest

from spool.link import Link, declarants, in_home, problems

GLN = "3035593037000"
OTHER = "3025593010004"
GOOD: dict[str, Any] = {"name": "lyon", "host": "sftp.example.fr", "user": "edi", "key_file": "k", "declarants": ["*"]}

# field | value as JSON | a word of the complaint, or - for none
WRONG = """
name               | "lyon-2"                      | -
name               | "Lyon"                        | name
name               | "../x"                        | name
host               | ""                            | host
host               | "sftp://x"                    | host
user               | ""                            | user
port               | 0                             | port
port               | 2222                          | -
key_file           | null                          | password_env
password_env       | "PW"                          | -
depot              | "/in"                         | -
depot              | "in/"                         | depot
depot              | "../in"                       | depot
depot              | "homes/*/in"                  | trois
depot              | "homes/a*"                    | segment
depot              | "retour"                      | différents
retour             | "depot/test"                  | différents
declarants         | []                            | declarants
declarants         | ["3035593037000"]             | -
declarants         | ["3035593037001"]             | GLN
declarants         | ["*", "3035593037000"]        | seul
homes              | {"a": ["3035593037000"]}      | homes
gln                | "123"                         | gln
settle_seconds     | -1                            | settle_seconds
attempts           | 0                             | attempts
path               | "/srv"                        | path
key_passphrase_env | "PHRASE"                      | -
"""


@pytest.mark.parametrize("row", WRONG.strip().splitlines())
def test_what_is_wrong_with_the_settings(row: str) -> None:
    field, value, word = (cell.strip() for cell in row.split("|"))
    link = msgspec.convert({**GOOD, field: msgspec.json.decode(value)}, Link)
    said = problems(link)

    assert said == [] if word == "-" else any(word in sentence for sentence in said)


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="pasword"):
        msgspec.convert({**GOOD, "pasword": "x"}, Link)


def test_a_folder_link_needs_only_its_path() -> None:
    assert problems(Link(name="local", kind="folder", path="in", declarants=("*",))) == []
    assert problems(Link(name="local", kind="folder", declarants=("*",)))


def test_a_home_may_not_speak_for_more_than_its_link() -> None:
    homes = {"depot": "h/*/d", "retour": "h/*/r", "archive": "h/*/a", "homes": {"a": [OTHER]}}
    narrow = msgspec.convert({**GOOD, **homes, "declarants": [GLN]}, Link)
    wide = msgspec.convert({**GOOD, **homes, "declarants": []}, Link)

    assert any("homes" in sentence for sentence in problems(narrow))
    assert problems(wide) == []


@pytest.mark.parametrize(
    ("own", "homes", "home", "expected"),
    [
        (("*",), {}, "", ("*",)),
        ((GLN,), {}, "a", (GLN,)),
        ((GLN, OTHER), {"a": (GLN,)}, "a", (GLN,)),
        ((GLN, OTHER), {"a": (GLN,)}, "b", (GLN, OTHER)),
        (("*",), {"a": (GLN,)}, "b", ()),
        ((), {"a": (GLN,)}, "b", ()),
        (("*",), {"a": ("*",)}, "a", ("*",)),
    ],
)
def test_who_may_speak(
    own: tuple[str, ...], homes: dict[str, tuple[str, ...]], home: str, expected: tuple[str, ...]
) -> None:
    assert declarants(Link(name="a", declarants=own, homes=homes), home) == expected


def test_the_star_is_filled() -> None:
    assert in_home("/homes/*/x/archive", "a b") == "/homes/a b/x/archive"
