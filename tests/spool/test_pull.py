"""Collecting over every kind of link: complete files come home, and nothing is lost on the other side."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.errors import LinkError
from spool.errors import Changed, Missing, Refused, TooBig
from spool.folder import Folder
from spool.pull import Settling, archive, depots, listing, pull
from spool.remote import Remote
from tests.spool.conftest import Site

HOMES = {"depot": "homes/*/depot", "retour": "homes/*/retour", "archive": "homes/*/archive"}


def listed(remote: Remote, site: Site, **settings: str) -> list[tuple[str, str, bool]]:
    return [(file.home, file.name, file.test) for file in listing(remote, site.link(**settings))]


def test_a_file_comes_home_and_goes_into_the_archive(site: Site, folder: Folder) -> None:
    site.put("depot/décl 1.txt.rdy", b"bytes")
    with site.connect() as remote:
        (file,), waiting = Settling(10).sort(listing(remote, site.link()))
        kept = pull(remote, file, folder, limit=100)

        assert (file.name, file.size, waiting) == ("décl 1.txt", 5, [])
        assert site.names("depot") == ["décl 1.txt.rdy"]
        assert archive(remote, site.link(), file, kept)

    assert kept.path.read_bytes() == b"bytes"
    assert site.names("depot") == []
    assert site.names("archive") == [f"décl 1.txt.{kept.sha256[:8]}"]


def test_only_plain_files_are_listed(site: Site) -> None:
    site.put("depot/a.txt")
    for name in ("b.part", "c.TMP", "d.filepart", ".e", "sub/f.txt", "test/g.txt", "test/.h", "test/test/i.txt"):
        site.put(f"depot/{name}")
    outside = site.put("outside/secret.txt")
    (site.base / "depot/link.txt").symlink_to(outside)
    (site.base / "depot/test/link.txt").symlink_to(outside)
    os.mkfifo(site.base / "depot/pipe.txt")
    with site.connect() as remote:
        assert listed(remote, site) == [("", "a.txt", False), ("", "g.txt", True)]


def test_a_test_folder_that_is_a_link_is_not_followed(site: Site) -> None:
    site.put("depot/a.txt")
    site.put("other/b.txt")
    (site.base / "depot/test").symlink_to(site.base / "other")
    with site.connect() as remote:
        assert listed(remote, site) == [("", "a.txt", False)]


def test_a_name_that_is_not_utf8_does_not_spoil_the_listing(site: Site, folder: Folder) -> None:
    site.put("depot/a.txt")
    site.put(os.fsdecode(b"depot/d\xe9cl.txt"), b"latin")
    with site.connect() as remote:
        files = listing(remote, site.link())
        if site.account.get("user") == "ana":  # the embedded server shows no such names: the other is all there is
            assert [file.name for file in files] == ["a.txt"]
            return
        assert [file.name for file in files] == ["a.txt", "décl.txt"]
        kept = pull(remote, files[1], folder, limit=100)
        assert archive(remote, site.link(), files[1], kept)

    assert kept.path.read_bytes() == b"latin"
    assert site.names("archive") == [f"décl.txt.{kept.sha256[:8]}"]


def test_a_link_swapped_in_after_the_listing_is_not_read(site: Site, folder: Folder) -> None:
    place = site.put("depot/a.txt")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        place.unlink()
        place.symlink_to(site.put("outside/secret.txt", b"declaration\n"))
        with pytest.raises((Changed, Refused)):
            pull(remote, file, folder, limit=100)
    assert not list((folder.root / "received").iterdir())


def test_every_home_has_its_depot(site: Site, folder: Folder) -> None:
    for home in ("lyon", "paris", "Nîmes 2"):
        site.put(f"homes/{home}/depot/decl.txt", home.encode())
    site.put("homes/paris/depot/test/decl.txt")
    site.put("homes/empty/autre/decl.txt")
    site.put("homes/.hidden/depot/decl.txt")
    site.put("homes/file")
    with site.connect() as remote:
        link = site.link(**HOMES)
        files = listing(remote, link)
        assert [(file.home, file.test) for file in files] == [
            ("Nîmes 2", False),
            ("lyon", False),
            ("paris", False),
            ("paris", True),
        ]
        for file in files[:3]:
            assert archive(remote, link, file, pull(remote, file, folder, limit=100))

    assert len(site.names("homes/Nîmes 2/archive")) == 1


def test_no_home_reaches_into_another(site: Site, folder: Folder) -> None:
    site.put("homes/lyon/depot/decl.txt")
    site.put("homes/paris/depot/paris.txt")
    (site.base / "homes/lyon/archive").symlink_to(site.base / "homes/paris/depot")
    (site.base / "homes/evil").mkdir()
    (site.base / "homes/evil/depot").symlink_to(site.base / "homes/paris/depot")
    (site.base / "homes/twin").symlink_to(site.base / "homes/paris")
    with site.connect() as remote:
        link = site.link(**HOMES)
        assert [home for home, _ in depots(remote, link)] == ["lyon", "paris"]
        file = listing(remote, link)[0]
        with pytest.raises(Refused, match="archive"):
            archive(remote, link, file, pull(remote, file, folder, limit=100))

    assert site.names("homes/lyon/depot") == ["decl.txt"]
    assert site.names("homes/paris/depot") == ["paris.txt"]


def test_a_missing_depot_is_said_and_holds_up_no_other(site: Site) -> None:
    with site.connect() as remote:
        with pytest.raises(Missing, match="depot"):
            listing(remote, site.link())
        troubles: list[LinkError] = []
        assert listing(remote, site.link(), troubles) == []
        assert [type(trouble) for trouble in troubles] == [Missing]


def test_too_big_is_left_where_it_is(site: Site, folder: Folder, debris: Callable[[], list[Path]]) -> None:
    site.put("depot/a.txt", b"0123456789")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        with pytest.raises(TooBig):
            pull(remote, file, folder, limit=9)
    assert site.names("depot") == ["a.txt"]
    assert debris() == []


def test_a_file_that_grows_while_it_waits(site: Site) -> None:
    now = 0.0
    settling = Settling(10, lambda: now)
    place = site.put("depot/a.txt", b"half")
    with site.connect() as remote:
        assert settling.sort(listing(remote, site.link()))[0] == []
        place.write_bytes(b"half and half")
        now = 11.0
        assert settling.sort(listing(remote, site.link()))[0] == []
        now = 22.0
        assert len(settling.sort(listing(remote, site.link()))[0]) == 1


def overwrite(place: Path) -> None:
    place.write_bytes(b"another declaration")


def touch(place: Path) -> None:
    os.utime(place, (time.time() + 100, time.time() + 100))


@pytest.mark.parametrize("change", [overwrite, touch, Path.unlink])
def test_a_file_that_changes_before_it_is_fetched_is_not_kept(
    site: Site, folder: Folder, debris: Callable[[], list[Path]], change: Callable[[Path], None]
) -> None:
    place = site.put("depot/a.txt")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        change(place)
        with pytest.raises(Changed):
            pull(remote, file, folder, limit=100)
    assert debris() == []
    assert not list((folder.root / "received").iterdir())


@pytest.mark.parametrize("change", [overwrite, touch, Path.unlink])
def test_a_file_that_changes_after_it_was_fetched_is_not_archived(
    site: Site, folder: Folder, change: Callable[[Path], None]
) -> None:
    place = site.put("depot/a.txt")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        kept = pull(remote, file, folder, limit=100)
        change(place)
        there = site.names("depot")

        assert archive(remote, site.link(), file, kept) is False
    assert site.names("depot") == there


class Meddler:
    """A remote whose partner writes between our last look and our rename."""

    def __init__(self, remote: Remote, meddle: Callable[[], None]) -> None:
        self._remote = remote
        self._meddle = meddle

    def __getattr__(self, name: str) -> object:
        return getattr(self._remote, name)

    def move(self, source: str, target: str) -> None:
        meddle, self._meddle = self._meddle, lambda: None
        meddle()
        self._remote.move(source, target)


def test_a_file_replaced_at_the_last_moment_is_put_back(site: Site, folder: Folder) -> None:
    place = site.put("depot/a.txt")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        kept = pull(remote, file, folder, limit=100)
        meddler: Remote = Meddler(remote, lambda: overwrite(place))  # type: ignore[assignment]

        assert archive(meddler, site.link(), file, kept) is False
    assert place.read_bytes() == b"another declaration"
    assert site.names("archive") == []


def test_a_file_gone_at_the_last_moment_is_no_error(site: Site, folder: Folder) -> None:
    place = site.put("depot/a.txt")
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        kept = pull(remote, file, folder, limit=100)
        meddler: Remote = Meddler(remote, place.unlink)  # type: ignore[assignment]

        assert archive(meddler, site.link(), file, kept) is False


def test_the_archive_never_loses_what_it_has(site: Site, folder: Folder) -> None:
    with site.connect() as remote:
        for _ in range(3):
            site.put("depot/a.txt", b"same")
            (file,) = listing(remote, site.link())
            kept = pull(remote, file, folder, limit=100)
            assert archive(remote, site.link(), file, kept)
    short = kept.sha256[:8]

    assert site.names("archive") == [f"a.txt.{short}", f"a.txt.{short}.2", f"a.txt.{short}.3"]


@pytest.mark.parametrize("size", [0, 1, 32768, 32769, 3 * 2**20 + 17])
def test_sizes_at_the_edges_of_a_chunk(site: Site, folder: Folder, size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    site.put("depot/a.bin", data)
    with site.connect() as remote:
        (file,) = listing(remote, site.link())
        assert pull(remote, file, folder, limit=size).path.read_bytes() == data


@pytest.mark.parametrize("expected", [-1, 0, 7, 50_000, 200_000])
def test_reading_to_the_end_whatever_size_was_said(site: Site, expected: int) -> None:
    data = os.urandom(100_000)
    site.put("depot/a.bin", data)
    with site.connect() as remote:
        assert b"".join(remote.read(site.prefix + "depot/a.bin", expected)) == data


def test_a_fetch_given_up_half_way_leaves_the_session_usable(site: Site) -> None:
    site.put("depot/a.bin", os.urandom(500_000))
    with site.connect() as remote:
        chunks: Iterator[bytes] = remote.read(site.prefix + "depot/a.bin", 500_000)
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
        (file,) = listing(remote, site.link())
        assert file.size == 500_000
