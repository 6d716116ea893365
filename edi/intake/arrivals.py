"""How a received file arrives, and when it was issued."""

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from edi.core.settings import LOCAL, Home
from parsers import read
from parsers.answers import Encoding
from parsers.sniff import open_source
from schemas.declaration import Header
from schemas.finding import Finding
from spool.link import EVERYBODY, Link, declarants


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a file came: by which link and home, under which name, for whom the home may speak (None: everybody)."""

    name: str
    link: str
    home: str = ""
    remote_path: str = ""
    modified: int = 0
    dry: bool = False
    speaks_for: Collection[str] | None = None
    link_gln: str | None = None
    encoding: Encoding = "auto"
    language: str = "fr"


def arrival_of(home: Home, receipt: sqlite3.Row) -> Arrival:
    """How the file of a receipt arrives. Raises NotFound when its link is not in the settings."""
    name, dry = receipt["name"], bool(receipt["dry"])
    if receipt["link"] == LOCAL:
        return Arrival(name=name, link=LOCAL, dry=dry, language=home.settings.lang)
    return arrival_at(home.link(receipt["link"]), receipt["home"], name, dry)


def arrival_at(link: Link, home: str, name: str, dry: bool) -> Arrival:
    """How a file in a home of a link arrives: for whom it may speak, how it is answered."""
    speaks_for = declarants(link, home)
    return Arrival(
        name=name,
        link=link.name,
        home=home,
        dry=dry,
        speaks_for=None if speaks_for == EVERYBODY else speaks_for,
        link_gln=link.gln,
        encoding=link.answers,
        language=link.language,
    )


def by_issue(paths: Mapping[int, Path], max_bytes: int) -> list[int]:
    """The keys of received files in the order in which their declarations were issued, else as they are.

    A declarant's files follow one another; what cannot be read comes last.
    """
    if len(paths) < 2:
        return list(paths)
    return sorted(paths, key=lambda key: issue_of(paths[key], max_bytes))


def issue_of(path: Path, max_bytes: int) -> str:
    """When a received file's declaration was issued, in a form that sorts; last of all when that cannot be read."""
    header = header_of(path, max_bytes)
    return header.issued.isoformat() if header is not None and header.issued is not None else "9999"


def header_of(path: Path, max_bytes: int) -> Header | None:
    """The header of a received file, as far as it can be read; None when it cannot.

    Whatever is wrong with it is found again, and said, when it is taken; only what is wrong with our disk is raised, as
    OSError: later ones wait for it.
    """
    try:
        with path.open("rb") as stream:
            for event in read(open_source(stream, max_bytes)):
                if isinstance(event, Header):
                    return event
                if not isinstance(event, Finding):
                    break
    except OSError:
        raise
    except Exception:
        return None
    return None
