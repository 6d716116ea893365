"""The settings of a link: what is wrong with them is said, and who may speak is narrow."""

from typing import Any

import msgspec
import pytest

from schemas.errors import LinkError
from schemas.text import Text, say
from spool.link import Link, declarants, in_home
from spool.local.folder import FolderLink
from spool.sftp.link import SftpLink
from spool.transports import AnyLink, server_of, tagged

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
key_passphrase_env | "PHRASE"                      | -
"""


def link(**more: Any) -> Any:
    """A `[[link]]` as the settings give it: with a kind, or without."""
    return msgspec.convert(tagged({**GOOD, **more}), AnyLink)


def spoken(texts: list[Text], language: str) -> list[str]:
    return [say(text, language) or "" for text in texts]


@pytest.mark.parametrize("row", WRONG.strip().splitlines())
def test_what_is_wrong_with_the_settings(row: str) -> None:
    field, value, word = (cell.strip() for cell in row.split("|"))
    found = list(link(**{field: msgspec.json.decode(value)}).problems())

    assert spoken(found, "fr") == [] if word == "-" else any(word in sentence for sentence in spoken(found, "fr"))
    assert not any(" / " in sentence for language in ("fr", "en") for sentence in spoken(found, language))


def test_a_misspelt_setting_is_refused() -> None:
    for misspelt in ("pasword", "path"):
        with pytest.raises(msgspec.ValidationError, match=misspelt):
            link(**{misspelt: "x"})


def test_a_link_is_sftp_unless_it_says_otherwise() -> None:
    assert isinstance(link(), SftpLink) and isinstance(link(kind="sftp"), SftpLink)
    assert isinstance(link(kind="folder", path="in"), FolderLink)  # what only SFTP has was never asked of it
    with pytest.raises(msgspec.ValidationError, match="kind"):
        link(kind="carrier-pigeon")


def test_a_folder_has_no_host_key() -> None:
    assert server_of(link()) == link()
    with pytest.raises(LinkError, match="n'a pas de clé d'hôte"):
        server_of(link(kind="folder", path="in"))


def test_a_folder_link_needs_only_its_path() -> None:
    for wrong, count in (({}, 0), ({"path": ""}, 1), ({"depot": "/in"}, 1)):
        folder = FolderLink(**{"name": "local", "path": "in", "declarants": ("*",), **wrong})
        assert len(list(folder.problems())) == count


def test_a_home_may_not_speak_for_more_than_its_link() -> None:
    homes = {"depot": "h/*/d", "retour": "h/*/r", "archive": "h/*/a", "homes": {"a": [OTHER]}}
    assert any("homes" in sentence for sentence in spoken(list(link(**homes, declarants=[GLN]).problems()), "fr"))
    assert not list(link(**homes, declarants=[]).problems())


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
