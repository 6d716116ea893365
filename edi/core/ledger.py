"""The ledger: append-only entries, hashed, posted in chained runs; a correction is a reversing entry.

It knows no scheme: a scheme brings claims, rows of who owes what for which piece, and the ledger posts the difference to
the entries that stand: first the reversals, then the new entries, in one fixed order. Authority: surface, "What is posted".
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from edi.core import periods
from edi.core.desk import Desk
from edi.core.store import insert

#: What is posted of a claim, in the order of an entry's facts: who owes (party), to or by whom (counterparty, where there is
#: one), for which document (piece; the kind and the sign of amounts are its scheme's), how much of what base, and the keys by
#: which the scheme finds the claim and its evidence again. `facts` is JSON of whatever else an entry of this kind has, or NULL.
CLAIM = (
    "party", "counterparty", "piece", "piece_date", "piece_kind", "base_cents", "rate", "cents", "units", "reason", "claim",
    "evidence", "facts",
)  # fmt: skip
#: An entry's facts, less its number; `reverses` is the number of the entry that it undoes.
FACTS = ("period", *CLAIM, "reverses")
#: An entry that stands, `e`: it reverses none, and none reverses it.
STANDING = "e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.entry)"
_CENTS = FACTS.index("cents")
#: What a reversal has with the other sign.
SIGNED = ("base_cents", "cents", "units")
_REVERSAL = ", ".join({"reverses": "entry", **{name: f"-{name}" for name in SIGNED}}.get(name, name) for name in FACTS)
_POSTING = ", ".join(("period", *CLAIM, "NULL"))
_SAME = " AND ".join(
    f"e.{name} IS d.{name}" for name in ("evidence", "base_cents", "rate", "cents", "units", "reason", "facts")
)
_OWED = (
    f"claim INTEGER PRIMARY KEY, period INTEGER, {', '.join(name for name in CLAIM if name != 'claim')}, bag INTEGER"
)


def _unproved(desk: Desk, entry: Mapping[str, Any], rules: str) -> str | None:
    """Nobody says how it is proved: it is not."""
    return "flaw"


class Kind(msgspec.Struct, frozen=True):
    """A kind of entries of a scheme. `rules` gives the text of what its amounts are reckoned by now; `content`, of an
    entry's number and facts, what is hashed of them: that they are of this kind must follow from it. `seals` is SQL for a
    hash of facts beside the chain for which the next run is to vouch. `flaw` proves an entry that reverses none, by its
    row of `entry` and the rules its run names: what of it does not follow, None if all of it does."""

    scheme: str
    name: str
    rules: Callable[[], str]
    content: Callable[[int, tuple[Any, ...]], Mapping[str, Any]]
    seals: str = ""
    flaw: Callable[[Desk, Mapping[str, Any], str], str | None] = _unproved


class Posted(msgspec.Struct, frozen=True):
    """What a run has posted: how many entries, and their sum in cents."""

    entries: int
    cents: int


def weigh(desk: Desk, kind: Kind, owed: Iterable[tuple[Any, ...]], bag: str, looked: str | None) -> None:
    """Weighs what is owed now against the entries of a kind that stand: temporary tables `undue` and `due`.

    `owed` are rows of the period, `CLAIM`, and the case (`bag`) that the claim belongs to. `looked` is SQL for the claims that
    were looked at, None where all were; `bag` SQL for the case of an entry `e`.
    """
    desk.db.execute("DROP TABLE IF EXISTS temp.owed")
    desk.db.execute(f"CREATE TEMP TABLE owed ({_OWED})")
    insert(desk.db, f"owed (period, {', '.join(CLAIM)}, bag)", owed)
    ours = f"e.scheme = '{kind.scheme}' AND e.kind = '{kind.name}' AND {STANDING}"
    source = "entry e" if looked is None else f"({looked}) l CROSS JOIN entry e ON e.claim = l.claim"
    for table in ("undue", "due"):
        desk.db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    desk.db.execute(
        f"CREATE TEMP TABLE undue AS SELECT e.*, {bag} AS bag FROM {source} WHERE {ours} "
        f"AND NOT EXISTS (SELECT 1 FROM owed d WHERE d.claim = e.claim AND {_SAME}) ORDER BY e.entry"
    )
    desk.db.execute(
        f"CREATE TEMP TABLE due AS SELECT d.* FROM owed d WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.claim = d.claim "
        f"AND {_SAME} AND {ours}) ORDER BY period, party, counterparty, piece_date, piece, claim"
    )
    desk.db.execute("DROP TABLE temp.owed")


def post(
    desk: Desk, kind: Kind, now: datetime, undue: str = "1", due: str = "1", bounds: tuple[int, ...] = ()
) -> Posted:  # fmt: skip
    """Reverses what is no longer owed, posts what is (`weigh`), as one run within the caller's transaction.

    `undue` and `due` are conditions that select some of each, between `bounds`.
    """
    reversals = desk.db.execute(f"SELECT {_REVERSAL} FROM undue WHERE {undue} ORDER BY entry", bounds)
    postings = desk.db.execute(f"SELECT {_POSTING} FROM due WHERE {due} ORDER BY rowid", bounds)
    return append(desk, kind, now, chain(reversals, postings))


def append(desk: Desk, kind: Kind, now: datetime, facts: Iterable[tuple[Any, ...]]) -> Posted:
    """Posts entries of these `FACTS` as one run, each in its period or the oldest open one after it.

    The run has a hash over the run before, when, the version of its rules, what it vouches for beside the chain, and its
    entries, each with its own.
    """
    last = desk.db.execute("SELECT id, hash FROM posting_run ORDER BY id DESC LIMIT 1").fetchone()
    run, previous = (last["id"] + 1, last["hash"]) if last else (1, "")
    first = desk.db.execute("SELECT coalesce(max(entry), 0) + 1 FROM entry").fetchone()[0]
    closed, rules = periods.closed_years(desk), kind.rules()
    version = hashlib.sha256(rules.encode()).hexdigest()
    beside = desk.db.execute(kind.seals).fetchone() if kind.seals else None
    seals = beside[0] if beside else ""
    run_hash = hashlib.sha256(f"{previous}{now.isoformat()}{version}{seals}".encode())
    rows, cents = [], 0
    for entry, (period, *rest) in enumerate(facts, first):
        row = (periods.booked_in(period, closed), *rest)
        digest = content_hash(kind.content(entry, row))
        run_hash.update(digest.encode())
        rows.append((entry, run, kind.scheme, kind.name, *row, digest))
        cents += row[_CENTS]
    if rows:  # the run first: one that its entries waited for would be looked for among all there are
        desk.db.execute(
            "INSERT INTO rules SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM rules WHERE version = ?1)",
            (version, rules),
        )
        desk.db.execute(
            "INSERT INTO posting_run (id, posted_at, entries, previous, hash, rules, seals) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run, now.isoformat(), len(rows), previous, run_hash.hexdigest(), version, seals),
        )
        insert(desk.db, f"entry (entry, run, scheme, kind, {', '.join(FACTS)}, hash)", rows)
    return Posted(len(rows), cents)


def content_hash(facts: Mapping[str, Any]) -> str:
    """The sha256 of an entry's number and facts, as JSON with sorted keys and no spaces."""
    return hashlib.sha256(_json.encode(facts)).hexdigest()


def sound(rules: Iterable[Any]) -> dict[str, str]:
    """What runs were posted by, out of rows of version and text; a version is the sha256 of its text, or was altered."""
    return {version: text for version, text in rules if hashlib.sha256(text.encode()).hexdigest() == version}


#: The rows for `sound`.
RULES = "SELECT version, text FROM rules"


_json = msgspec.json.Encoder(order="sorted")
