"""The directory of partners: who they are, in which role, and which GLN stands for which.

Authority: guide ("partner search"), formats section 3 for `partner-unknown`; the resolution rule is in
the surface: `alias_of` if set, else `successor`, until neither is. A cycle is refused at import.
"""

import csv
import io
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from edi.lending.context import Partner
from schemas import gln
from schemas.errors import SettingsWrong, Unreadable

COLUMNS = ("gln", "name", "role", "category", "successor", "alias_of")
CATEGORIES = ("", "1", "2", "3", "4", "primary", "hospital")
ROLES = ("library", "supplier")


def read_csv(path: Path) -> dict[str, Partner]:
    """The partners of a CSV file, by GLN. Raises SettingsWrong naming every faulty line, or Unreadable."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as wrong:
        raise Unreadable(path=path, why=wrong.strerror) from wrong
    except UnicodeDecodeError as wrong:
        raise SettingsWrong(path=path, why="l'annuaire doit être en UTF-8 / the directory must be UTF-8") from wrong
    try:
        return _rows(path, csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    except csv.Error as wrong:
        raise SettingsWrong(path=path, why=f"pas un CSV / not a CSV: {wrong}") from wrong


def _rows(path: Path, rows: "csv.DictReader[str]") -> dict[str, Partner]:
    missing = [name for name in COLUMNS[:3] if name not in (rows.fieldnames or [])]
    if missing:
        raise SettingsWrong(path=path, why=f"colonnes absentes / missing columns: {', '.join(missing)}")
    partners: dict[str, Partner] = {}
    wrong_lines = []
    for row in rows:
        partner = Partner(**{name: (row.get(name) or "").strip() for name in COLUMNS})
        fault = _fault(partner) or ("GLN deux fois / GLN twice" if partner.gln in partners else "")
        if fault:
            wrong_lines.append(f"ligne {rows.line_num} : {fault}")
        partners[partner.gln] = partner
    if wrong_lines:
        raise SettingsWrong(path=path, why="; ".join(wrong_lines[:20]))
    return partners


def _fault(partner: Partner) -> str:
    """What is wrong with one row; empty if nothing. A wrong check digit is allowed: the directory vouches."""
    for name in ("gln", "successor", "alias_of"):
        code = getattr(partner, name)
        if (code or name == "gln") and not gln.has_form(code):
            return f"{name} {code!r} : 13 chiffres / 13 digits"
    if partner.role not in ROLES:
        return f"role {partner.role!r} : {' / '.join(ROLES)}"
    if partner.category not in CATEGORIES:
        return f"category {partner.category!r} : {' / '.join(CATEGORIES[1:])}"
    return ""


def cycle(partners: Mapping[str, Partner]) -> list[str]:
    """The GLNs of a resolution that never ends; empty when there is none.

    >>> a, b = Partner("1", "", "library", alias_of="2"), Partner("2", "", "library", successor="1")
    >>> cycle({"1": a, "2": b})
    ['1', '2', '1']
    """
    sound: set[str] = set()
    for start in partners:
        trail = [start]
        while (at := partners.get(trail[-1])) and (following := at.alias_of or at.successor) and following not in sound:
            trail.append(following)
            if following in trail[:-1]:
                return trail[trail.index(following) :]
        sound.update(trail)
    return []


def resolve(partners: Mapping[str, Partner], code: str) -> str:
    """The GLN a partner is known under in the end; its own when nothing stands for it."""
    while (partner := partners.get(code)) and (following := partner.alias_of or partner.successor):
        code = following
    return code


def owes_by(partner: Partner | None) -> str | None:
    """What of a library's facts decides what its purchases owe."""
    return partner.category if partner else None


def load(connection: sqlite3.Connection) -> dict[str, Partner]:
    """The whole directory, by GLN."""
    return {
        row["gln"]: Partner(**{name: row[name] for name in COLUMNS})
        for row in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM partner ORDER BY gln")
    }


def store(connection: sqlite3.Connection, imported: Mapping[str, Partner]) -> dict[str, int]:
    """Adds and updates partners inside the caller's transaction; how many were added, changed, unchanged.

    Raises SettingsWrong when the directory would hold a cycle.
    """
    known = load(connection)
    endless = cycle({**known, **imported})
    if endless:
        raise SettingsWrong(path="CSV", why=f"résolution sans fin / endless resolution: {' -> '.join(endless)}")
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for code, partner in imported.items():
        before = known.get(code)
        counts["added" if before is None else "unchanged" if before == partner else "changed"] += 1
    connection.executemany(
        f"INSERT INTO partner ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (gln) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:]),
        [tuple(getattr(partner, name) for name in COLUMNS) for partner in imported.values()],
    )
    return counts
