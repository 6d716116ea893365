"""The version of what is derived: of all that match keys, the match table and outcomes are made by.

A database keeps the version by which it was derived (table `derived`). Where that is not the program's, as after an
upgrade, whoever comes first makes everything anew, and the next pass posts the differences alone.
"""

import hashlib
import pkgutil
from functools import cache

from edi.core import touched
from edi.core.desk import Desk
from edi.core.store import transaction
from edi.lending.matching import match_table, tally
from edi.lending.rules import terms
from schemas import number

#: Whose text is part of the version, beside the law: a package and its module. More than needs be is only made anew.
BY = (
    ("schemas", "number"), ("schemas", "money"), ("edi.lending.rules", "candidate"), ("edi.lending.rules", "matching"),
    ("edi.lending.rules", "proposing"), ("edi.lending.matching", "match_table"), ("edi.lending.matching", "reconciling"),
    ("edi.lending.matching", "scope"),
)  # fmt: skip


def version() -> str:
    """The sha256, in hex, over the law and the source of what derives."""
    return hashlib.sha256(b"".join((terms.law().text.encode(), *(source(*of) for of in BY)))).hexdigest()


@cache
def source(package: str, module: str) -> bytes:
    """The text of a module."""
    return pkgutil.get_data(package, f"{module}.py") or b""


def is_current(desk: Desk) -> bool:
    """Whether all there is was derived as this program does it."""
    kept = desk.db.execute("SELECT version FROM derived").fetchone()
    if kept is None:
        return desk.db.execute("SELECT 1 FROM invoice").fetchone() is None
    return bool(kept["version"] == version())


def begin(desk: Desk) -> None:
    """Notes the version by which the keys of the first invoices are derived, within the transaction that books them."""
    none_yet = "SELECT NOT EXISTS (SELECT 1 FROM derived) AND NOT EXISTS (SELECT 1 FROM invoice)"
    if desk.db.execute(none_yet).fetchone()[0]:
        note(desk)


def note(desk: Desk) -> None:
    """Notes that everything was derived by this version, within the caller's transaction."""
    desk.db.execute("INSERT OR REPLACE INTO derived VALUES (1, ?)", (version(),))


def refresh(desk: Desk) -> None:
    """Makes everything anew where it was derived by another version."""
    if not is_current(desk):
        make_anew(desk)


def make_anew(desk: Desk) -> None:
    """Makes keys, match table and tally anew from the facts, in one transaction (some seconds a million invoices); the
    next pass looks at everything. Outcomes stand until it does, and agree with the entries."""
    desk.db.create_function("number_key", 1, number.key, deterministic=True)
    with transaction(desk.db):
        desk.db.execute("UPDATE invoice SET key = number_key(number) WHERE key <> number_key(number)")
        for table in ("twin", "credit"):
            desk.db.execute(f"DELETE FROM {table}")
        match_table.bring(desk, "IN (SELECT id FROM invoice)")
        desk.db.execute("UPDATE touched SET live = 0")
        tally.recount(desk)
        touched.note(desk, [(0, touched.EVERYTHING)])
        note(desk)
