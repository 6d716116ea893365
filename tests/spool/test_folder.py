"""Bytes at home: safe before anything is said of them, and no debris whatever goes wrong."""

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import NotFound
from spool import durable
from spool.errors import DiskTrouble, TooBig
from spool.folder import Folder

Debris = Callable[[], list[Path]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(chunks=st.lists(st.binary(max_size=100), max_size=5))
def test_what_is_kept_is_found_by_its_sha256(folder: Folder, chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    kept = folder.keep(chunks, limit=1000)

    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert kept.size == len(data)
    assert folder.original(kept.sha256) == kept.path == folder.keep(io.BytesIO(data), limit=1000).path
    assert kept.path.read_bytes() == data


def test_the_spool_is_private(folder: Folder) -> None:
    kept = folder.keep([b"x"], limit=1)
    copy = folder.quarantine(kept.sha256, "x.txt")
    answer = folder.hold("lyon", "home", "x.txt.ate.xml", b"a")

    for path in folder.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert copy.exists()
    assert answer.exists()


def test_the_same_bytes_again_are_not_rewritten(folder: Folder, debris: Debris) -> None:
    before = folder.keep([b"same"], limit=10).path.stat()
    after = folder.keep([b"sa", b"me"], limit=10).path.stat()

    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert debris() == []


def test_bytes_that_were_cut_short_are_mended(folder: Folder) -> None:
    kept = folder.keep([b"whole"], limit=10)
    kept.path.write_bytes(b"wh")

    assert folder.keep([b"whole"], limit=10).path.read_bytes() == b"whole"


def test_over_the_limit_nothing_stays(folder: Folder, debris: Debris) -> None:
    with pytest.raises(TooBig, match=r"decl\.txt : plus de 3 octets"):
        folder.keep([b"ab", b"cd"], limit=3, name="decl.txt")

    assert debris() == []
    assert not list((folder.root / "received").iterdir())


def test_when_the_source_fails_nothing_stays(folder: Folder, debris: Debris) -> None:
    def source() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        folder.keep(source(), limit=100)

    assert debris() == []


def test_a_full_disk_is_said_in_words(folder: Folder, debris: Debris, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskTrouble, match=r"disque plein.*relancer"):
        folder.keep([b"x"], limit=100)

    assert debris() == []


def test_nothing_is_said_to_be_kept_before_it_is_on_the_disk(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    flush_file, flush_folder = os.fsync, durable.flush_folder
    monkeypatch.setattr(os, "fsync", lambda file: (flushed.append("fsync"), flush_file(file))[1])
    monkeypatch.setattr(durable, "flush_folder", lambda path: (flushed.append(path.name), flush_folder(path))[1])
    kept = folder.keep([b"x"], limit=1)

    assert [name for name in flushed if name != "fsync"] == ["received", kept.sha256[:2]]
    assert flushed[0] == "fsync"


def test_leftovers_of_dead_runs_are_swept_and_living_ones_left(folder: Folder, debris: Debris) -> None:
    (folder.root / "incoming" / "0123.part").write_bytes(b"dead")
    swept: list[int] = []

    def source() -> Iterator[bytes]:
        yield b"alive"
        swept.append(folder.sweep())
        swept.append(len(debris()))

    kept = folder.keep(source(), limit=100)

    assert swept == [1, 1]
    assert kept.path.read_bytes() == b"alive"


@pytest.mark.parametrize("sha256", ["", "ab" * 32, "../../../etc/passwd", "AB" * 32])
def test_an_original_that_is_not_there(folder: Folder, sha256: str) -> None:
    with pytest.raises(NotFound):
        folder.original(sha256)


def test_a_refused_file_is_a_copy_under_a_readable_name(folder: Folder) -> None:
    kept = folder.keep([b"bad"], limit=10)
    path = folder.quarantine(kept.sha256, "../décl.txt")
    path.write_bytes(b"mended by hand")

    assert path.parent == folder.root / "quarantine"
    assert path.name.startswith("décl~")
    assert path.name.endswith(f".txt.{kept.sha256[:8]}")
    assert kept.path.read_bytes() == b"bad"
    assert folder.quarantine(kept.sha256, "../décl.txt").read_bytes() == b"mended by hand"

    folder.release(kept.sha256, "../décl.txt")
    folder.release(kept.sha256, "../décl.txt")
    assert not path.exists()


def test_answers_wait_until_they_are_sent(folder: Folder) -> None:
    first = folder.hold("lyon", "a", "x.ate.xml", b"1")
    second = folder.hold("lyon", "b", "x.ate.xml", b"2")
    folder.hold("lyon", "a", "x.ate.xml", b"3")
    folder.hold("paris", "", "x.ate.xml", b"4")

    assert folder.held("lyon") == [first, second]
    assert first.read_bytes() == b"3"
    folder.sent(first)
    folder.sent(first)
    assert folder.held("lyon") == [second]
    assert folder.held("nobody") == []
