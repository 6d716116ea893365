"""The home and `edi.toml`: made on first use, closed to others, and every wrong setting named."""

from pathlib import Path

import pytest

from edi.core.settings import locate, open_home, read_settings
from schemas.errors import EdiError, NotAllowed, NotFound, SettingsWrong, Unreadable

FOLDER = '[[link]]\nname = "{}"\nkind = "folder"\npath = "{}"\ndeclarants = ["*"]\n'


def test_made_on_first_use(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "home")
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert (home.path / "edi.toml").stat().st_mode & 0o777 == 0o600
    assert home.settings == open_home(home.path).settings
    assert (home.settings.gln, home.settings.link) == ("3035593037000", ())


def test_template_is_valid_uncommented(tmp_path: Path) -> None:
    text = (open_home(tmp_path / "home").path / "edi.toml").read_text("utf-8")
    bare = "\n".join(line.removeprefix("# ") for line in text.splitlines()[2:])
    (tmp_path / "home" / "edi.toml").write_text(bare, "utf-8")
    settings = open_home(tmp_path / "home").settings
    assert [link.name for link in settings.link] == ["mediatheques-sud"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[link", "array declaration"),
        ("gln = 3", "gln"),
        ('gln = "123"', "GLN"),
        ("every_seconds = 0", "every_seconds"),
        ("every_seconds = nan", "every_seconds"),
        ("every_seconds = -5", "every_seconds"),
        ("max_bytes = 0", "max_bytes"),
        ('lang = "de"', "lang"),
        ("colour = 1", "colour"),
        (FOLDER.format("local", "x"), "réservé"),
        (FOLDER.format("a", "x") * 2, "deux fois"),
        ('[[link]]\nname = "a"\n', "host"),
        ('[[link]]\nname = "a"\npassword = "hunter2"\n', "password"),
        ('gln = "é', "edi.toml"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "edi.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsWrong) as raised:
        read_settings(path)
    assert word in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "edi.toml").write_bytes(b'gln = "\xe9"')
    with pytest.raises(SettingsWrong):
        read_settings(tmp_path / "edi.toml")


def test_files_are_relative_to_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    (tmp_path / "edi.toml").write_text(
        FOLDER.format("a", "in") + FOLDER.format("b", "~/in") + FOLDER.format("c", "/in")
    )
    paths = [link.path for link in read_settings(tmp_path / "edi.toml").link]
    assert paths == [str(tmp_path / "in"), "/somebody/in", "/in"]


def test_homes_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o750)
    (tmp_path / "odd").mkdir(mode=0o700)
    (tmp_path / "odd" / "edi.toml").mkdir()
    expected: dict[str, type[EdiError]] = {
        "file": SettingsWrong, "file/below": Unreadable, "open": NotAllowed, "odd": Unreadable,
    }  # fmt: skip
    for name, error in expected.items():
        with pytest.raises(error, match=name.split("/")[0]):
            open_home(tmp_path / name)


def test_which_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDI_HOME", "/from/environment")
    assert locate(Path("/given")) == Path("/given")
    assert locate(None) == Path("/from/environment")
    monkeypatch.setenv("EDI_HOME", "")
    assert locate(None) == Path("edi-home")


def test_unknown_link_names_those_there_are(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    (home.path / "edi.toml").write_text(FOLDER.format("a", "x") + FOLDER.format("b", "x"))
    with pytest.raises(NotFound, match="a, b"):
        open_home(home.path).link("c")
