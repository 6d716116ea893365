"""Who plays in the demo and what they send, as its tables in `files/` say it.

files.csv    round;link;home;gln;path;name;codes;cause;cause_en   who sends which file under which name, what is found in
             it when it is checked alone, and what was done to it
cases.csv    fault;supplier;library;number;date;first;last        where each invoice must stand after either round: a state
             of reconciliation, or a discrepancy's name; empty where nothing must stand under that name
annuaire.csv                                                      the directory, as `edi partners import` reads it
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edi.directory import importing

FILES = Path(__file__).parent / "files"
DIRECTORY = FILES / "annuaire.csv"
YEAR = 2025  # a year that is over, so that the files are good on any day
Named = tuple[str, str, str, str]


class Sent(msgspec.Struct, frozen=True):
    """A file as its declarant sends it in a round: over which link, from which home there (empty: the link's only one)."""

    round: int
    link: str
    home: str
    gln: str
    path: str
    name: str
    codes: str
    cause: str
    cause_en: str

    def content(self) -> bytes:
        return (FILES / self.path).read_bytes()


def sent() -> list[Sent]:
    """Every file of the demo."""
    return [msgspec.convert(row, Sent, strict=False) for row in _rows("files.csv")]


def planted(round_: int) -> dict[Named, str]:
    """Where invoices must stand after a round, by (supplier, library, number, date)."""
    when = "first" if round_ == 1 else "last"
    named = {(row["supplier"], row["library"], row["number"], row["date"]): row[when] for row in _rows("cases.csv")}
    return {name: state for name, state in named.items() if state}


def names() -> dict[str, str]:
    """Partners' names by GLN."""
    return {code: partner.name for code, partner in importing.read_csv(DIRECTORY).items()}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FILES / name).open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table, delimiter=";", strict=True)
