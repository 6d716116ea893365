"""The corpus of samples: as it is made now, and each file played again by the commands its page shows."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from schemas.catalogue import CATALOGUE
from tests.edi.cli.conftest import _main
from tests.edi.spec.samples import Sample, corpus, folder_of, made

KEPT = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    return {code: made(code) for code in CATALOGUE}


def test_the_committed_corpus_is_not_stale(samples: dict[str, Sample]) -> None:
    """`make docs` writes it anew."""
    kept = {str(path.relative_to(KEPT)): path.read_bytes() for path in KEPT.rglob("*") if path.is_file()}
    fresh = corpus(list(samples.values()))

    assert {name for name in kept | fresh if kept.get(name) != fresh.get(name)} == set()
    assert sum(map(len, kept.values())) < 1 << 20


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_sample_gets_its_finding_and_no_other(
    samples: dict[str, Sample], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    sample = samples[code]
    assert [finding.code for finding in sample.findings] == [code]
    (expected,) = [json.loads(data) for name, data in sample.files.items() if name.endswith(".rapport.json")]
    shutil.copytree(KEPT / folder_of(code), tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("EDI_HOME", str(tmp_path / "none"))

    for command in sample.commands:
        program, *words = shlex.split(command)
        capfd.readouterr()
        if program != "edi":
            subprocess.run([program, *words], check=True)
        elif words[-1] == sample.name or "--partners" in words:
            ended = _main([*words, "--json"])
        else:
            ended = _main(words)
    out = capfd.readouterr().out
    if "run" in words:
        (answer,) = Path("maison").rglob("*.rapport.json")
        report = json.loads(answer.read_text("utf-8"))
    else:
        (report,) = json.loads(out)["files"]
        assert ended == (expected["verdict"] in ("refused", "partly-accepted"))

    assert report["findings"] == expected["findings"]
    assert [report[name] for name in ("verdict", "invoices", "accepted", "refused")] == [
        expected[name] for name in ("verdict", "invoices", "accepted", "refused")
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_index_names_every_code(language: str) -> None:
    page = (KEPT / ("README.md" if language == "fr" else "README.en.md")).read_text("utf-8")

    for code, entry in CATALOGUE.items():
        assert f"| {entry.number} | [`{code}`]({folder_of(code)}/)" in page
    assert all((KEPT / name).exists() for name in page.split("](")[1:] for name in [name.partition(")")[0]])
