"""What every command says to a program, held against golden files: one small home through two years (`story.txt`)."""

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import stopped
from tests.conftest import GOLDEN
from tests.program import called

FILES = Path(__file__).parents[2] / "fixtures" / "story"
SETTINGS = """siren = "732829320"
[distribution]
fees_bp = 450
pension_bp = 3000
threshold_cents = 1500
[[link]]
name = "dossier"
kind = "folder"
path = "partner"
declarants = ["*"]
settle_seconds = 0
[[link]]
name = "far"
host = "127.0.0.1"
port = 1
user = "edi"
password_env = "EDI_FAR_PASSWORD"
declarants = ["3012900000216"]
attempts = 1
timeout_seconds = 1
[[link]]
name = "nobody"
kind = "folder"
path = "nowhere"
declarants = ["*"]
"""
LINES = [
    tuple(cell.strip() for cell in line.split("|", 3))
    for line in Path(__file__).with_name("story.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
NAMES = [line[0] for line in LINES if line[0]]
LONG = 50_000
#: What no two runs say alike: where the test stands, keys, and signatures by them.
VARIES = (
    (r'"(key|public_key|signature)": "[0-9A-Za-z+/=]{40,}"', r'"\1": "..."'),
    (r"\b[0-9a-f]{64} \(Ed25519\)", "..."),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, str, str]]]:
    """The exit code, stdout and stderr of each line of the story, by its name."""
    place = tmp_path_factory.mktemp("story")
    (place / "home").mkdir(mode=0o700)
    (place / "home" / "edi.toml").write_text(SETTINGS)
    depot = place / "home" / "partner" / "depot"
    depot.mkdir(parents=True)
    for folder in ("retour", "archive"):
        (depot.parent / folder).mkdir()
    shutil.copy(FILES / "depot.xml", depot)
    said = {}
    with pytest.MonkeyPatch.context() as patch, stopped(datetime(2025, 1, 1)) as clock:
        patch.chdir(place)
        patch.setenv("EDI_HOME", "home")
        patch.setenv("EDI_FAR_PASSWORD", "x")
        patch.setenv("COLUMNS", "200")
        patch.setenv("LOGNAME", "operator")
        (place / "DIR").symlink_to(FILES)
        for name, day, code, line in LINES:
            clock.now = datetime.fromisoformat(f"{day}T12:00:00") if day else clock.now + timedelta(minutes=1)
            ended, out, err = called(*shlex.split(line))
            assert name or str(ended) == code, f"{line}: {ended}\n{out}{err}"
            said[name] = ended, out.replace(str(place), "PLACE"), err
    yield said


def shown(out: str) -> str:
    """JSON a value a line, keys in their order, and of a very long one the outline alone; all else as it is."""
    for pattern, instead in VARIES:
        out = re.sub(pattern, instead, out)
    try:
        document = json.loads(out)
    except ValueError:
        return out
    return json.dumps(document if len(out) < LONG else outline(document), ensure_ascii=False, indent=1) + "\n"


def outline(value: Any) -> Any:
    """Keys, the type of what they hold, and of a list what its items hold."""
    if isinstance(value, dict):
        return {name: outline(below) for name, below in value.items()}
    if isinstance(value, list):
        return list({json.dumps(shape): shape for shape in map(outline, value)}.values())
    return type(value).__name__


@pytest.mark.parametrize(("name", "code"), [(line[0], line[2]) for line in LINES if line[0]], ids=NAMES)
def test_says_what_it_always_said(
    told: dict[str, tuple[int, str, str]], golden: Callable[[str, bytes], None], name: str, code: str
) -> None:
    ended, out, complaint = told[name]
    file = f"json/{name if '.' in name else name + '.json'}"

    assert str(ended) == code, complaint
    assert ended != 2 or complaint
    if out:
        golden(file, shown(out).encode("utf-8", "surrogateescape"))
    else:
        assert not (GOLDEN / file).exists()
