"""A home that has seen a year, copied for each test, and `edi` run within the test's own process."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edi.cli import main
from tests.program import SAMPLES

YEAR = SAMPLES / "year-2025"

Edi = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def year_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sides of 2025 ingested and reconciled, the directory imported, and one link without folders."""
    home = tmp_path_factory.mktemp("year") / "home"
    home.mkdir(mode=0o700)
    folder = home.parent / "nobody"
    (home / "edi.toml").write_text(
        f'[[link]]\nname = "dossier"\nkind = "folder"\npath = "{folder}"\ndeclarants = ["*"]\n'
    )
    files = [str(path) for path in sorted(YEAR.iterdir()) if path.suffix in (".txt", ".xml")]
    for words in (["partners", "import", str(YEAR / "partners.csv")], ["ingest", *files], ["reconcile"]):
        _main(["--home", str(home), *words])
    return home


def _main(words: list[str]) -> int:
    before = sys.argv
    sys.argv = ["edi", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    raise AssertionError("main always exits")


@pytest.fixture
def place(tmp_path: Path, year_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder a stranger stands in: `home` (also EDI_HOME), and files and homes of many kinds."""
    shutil.copytree(year_home, tmp_path / "home")
    (tmp_path / "dir").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(255, -1, -1)) * 20)
    for name, mode in (("open", 0o755), ("not-toml", 0o700), ("wrong-toml", 0o700), ("no-base", 0o700)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    (tmp_path / "not-toml" / "edi.toml").write_text("[[link")
    (tmp_path / "wrong-toml" / "edi.toml").write_text('[[link]]\nname = "a"\npassword = "hunter2"\n')
    (tmp_path / "no-base" / "edi.sqlite").write_text("no database at all, but long enough to be read as one")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDI_HOME", "home")
    monkeypatch.delenv("EDI_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def run(place: Path, capfd: pytest.CaptureFixture[str]) -> Edi:
    """Runs `edi` with words or one line: its exit code, its output, its messages."""

    def ran(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = _main([str(word) for word in words])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return ran
