"""Answers go out whole, and pushing twice is the same as pushing once."""

import os

import pytest

from spool.errors import Exists, Missing, Refused
from spool.push import push
from tests.spool.conftest import Site

HOMES = {"depot": "homes/*/depot", "retour": "homes/*/retour", "archive": "homes/*/archive"}


def test_an_answer_arrives_whole_and_replaces_the_one_before(site: Site) -> None:
    with site.connect() as remote:
        push(remote, site.link(), "", "décl.txt.ane.txt", b"first")
        path = push(remote, site.link(), "", "décl.txt.ane.txt", b"second, and longer")

    assert path == f"{site.prefix}retour/décl.txt.ane.txt"
    assert site.names("retour") == ["décl.txt.ane.txt"]
    assert (site.base / "retour/décl.txt.ane.txt").read_bytes() == b"second, and longer"


def test_a_long_answer(site: Site) -> None:
    data = os.urandom(300_001)
    with site.connect() as remote:
        push(remote, site.link(), "", "a.xml", data)
    assert (site.base / "retour/a.xml").read_bytes() == data


def test_an_answer_stays_in_its_home(site: Site) -> None:
    site.put("homes/lyon/depot/a.txt")
    site.put("homes/paris/depot/a.txt")
    (site.base / "homes/paris/retour").symlink_to(site.base / "homes/lyon/depot")
    with site.connect() as remote:
        link = site.link(**HOMES)
        push(remote, link, "lyon", "../../../a.txt", b"x")
        with pytest.raises(Refused):
            push(remote, link, "paris", "a.txt", b"x")
        with pytest.raises(Missing):
            push(remote, link, "nobody", "a.txt", b"x")

    assert len(site.names("homes/lyon/retour")) == 1
    assert site.names("homes/lyon/depot") == ["a.txt"]
    assert site.names("homes") == ["lyon", "paris"]


def test_a_move_never_replaces(site: Site) -> None:
    site.put("depot/a.txt", b"a")
    site.put("depot/b.txt", b"b")
    with site.connect() as remote:
        depot = site.prefix + "depot"
        with pytest.raises(Exists):
            remote.move(f"{depot}/a.txt", f"{depot}/b.txt")
        with pytest.raises(Missing):
            remote.move(f"{depot}/none.txt", f"{depot}/c.txt")

    assert site.names("depot") == ["a.txt", "b.txt"]
    assert (site.base / "depot/b.txt").read_bytes() == b"b"


def test_folders_are_made_on_the_way(site: Site) -> None:
    with site.connect() as remote:
        remote.make(site.prefix + "a/b/c")
        remote.make(site.prefix + "a/b/c")
    assert (site.base / "a/b/c").is_dir()
