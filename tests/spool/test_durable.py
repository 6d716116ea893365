"""What was written is on the disk, under its name, before anybody is told: in that order."""

import os
import stat
from pathlib import Path

import pytest

from spool import durable


def test_the_bytes_then_the_name_then_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, flush, rename = [], os.fsync, Path.replace

    def flushed(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "bytes")
        flush(handle)

    def renamed(path: Path, target: Path) -> Path:
        done.append("name")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    durable.write(tmp_path / "a.txt", b"a")

    assert done == ["bytes", "name", "folder"]
    assert (tmp_path / "a.txt").read_bytes() == b"a"
