"""The version of what is derived: of all that match keys, the match table and outcomes are made by.

A database keeps the version by which it was derived (table `derived`). Where that is not the program's, as after an
upgrade, the next pass makes everything anew and posts the differences alone (`edi.reconciliation.reconciling`).
"""

import hashlib
import pkgutil
import sqlite3
from functools import cache

from edi.lending import terms

#: Whose text is part of the version, beside the law: a package and its module. More than needs be is only made anew.
BY = (
    ("schemas", "number"), ("schemas", "money"), ("edi.lending", "candidate"), ("edi.lending", "matching"),
    ("edi.lending", "proposing"), ("edi.reconciliation", "twins"), ("edi.reconciliation", "reconciling"),
    ("edi.reconciliation", "looking"),
)  # fmt: skip

#: Notes that everything was derived by a version; of the first that is derived at all.
NOTE = "INSERT OR REPLACE INTO derived VALUES (1, ?)"
BEGIN = "INSERT INTO derived SELECT 1, ? WHERE NOT EXISTS (SELECT 1 FROM derived) AND NOT EXISTS (SELECT 1 FROM twin)"


def version() -> str:
    """The sha256, in hex, over the law and the source of what derives."""
    return hashlib.sha256(b"".join((terms.law().text.encode(), *(source(*of) for of in BY)))).hexdigest()


@cache
def source(package: str, module: str) -> bytes:
    """The text of a module."""
    return pkgutil.get_data(package, f"{module}.py") or b""


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether all there is was derived as this program does it."""
    kept = connection.execute("SELECT version FROM derived").fetchone()
    if kept is None:
        return connection.execute("SELECT 1 FROM twin").fetchone() is None
    return bool(kept["version"] == version())
