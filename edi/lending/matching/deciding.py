"""What people decide of a case: accept, reject, settle, undo. Append-only; an undo is one more row.

accept   a proposal or a discrepancy of both sides: its invoices are one sale, and are posted as matched
reject   a proposal: its invoices are not one sale, and are never proposed again
settle   a match whose net differs, or a discrepancy: seen, explained, listed no more; nothing else changes
undo     a decision: what it did is reversed by the next pass

A decision stands as long as the very invoices it was about: one that is withdrawn or replaced takes it along.
"""

from collections.abc import Iterable
from typing import Any

from edi.core import touched
from edi.core.desk import Desk
from edi.lending.rules.candidate import Candidate
from edi.lending.rules.matching import ACCEPTED, NONE_DECIDED, Decisions
from schemas.errors import NotAllowed, NotFound
from schemas.text import Both, filled

_STANDING = "d.act <> 'undo' AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id)"
#: What can be decided of a case in which state.
_MAY = {"accept": {"proposed", "discrepancy"}, "reject": {"proposed"}, "settle": {"matched", "discrepancy"}}
_CANNOT = {
    "accept": Both(
        "seule une proposition ou un écart entre les deux côtés s'accepte",
        "only a proposal or a discrepancy of both sides can be accepted",
    ),
    "reject": Both("seule une proposition se rejette", "only a proposal can be rejected"),
    "settle": Both(
        "seul un net différent ou un écart se classe", "only a net that differs or a discrepancy can be settled"
    ),
}


def standing(desk: Desk, whole: bool) -> dict[int, Decisions]:
    """The decisions that stand on what is looked at, by each of their invoices; those into the table `decided`."""
    desk.db.execute("DROP TABLE IF EXISTS temp.decided")
    desk.db.execute("CREATE TEMP TABLE decided (invoice INTEGER PRIMARY KEY)")
    touching = "SELECT m.decision FROM looked l CROSS JOIN decision_invoice m ON m.invoice = l.invoice"
    looked = "" if whole else f"AND d.id IN ({touching})"  # all of a case, or it would seem to be whole
    cases: dict[int, tuple[str, set[int]]] = {}
    for row in desk.db.execute(
        f"SELECT d.id, d.act, i.invoice FROM decision d JOIN decision_invoice i ON i.decision = d.id WHERE {_STANDING} {looked}"
    ):
        cases.setdefault(row["id"], (row["act"], set()))[1].add(row["invoice"])
    names = {"accept": "accepted", "reject": "rejected", "settle": "settled"}
    found: dict[int, dict[str, set[frozenset[int]]]] = {}
    for act, ids in cases.values():
        for invoice in ids:
            found.setdefault(invoice, {}).setdefault(names[act], set()).add(frozenset(ids))
    desk.db.executemany("INSERT INTO decided VALUES (?)", [(invoice,) for invoice in found])
    return {invoice: Decisions(**of) for invoice, of in found.items()}


def among(decided: dict[int, Decisions], pair: Iterable[Candidate]) -> Decisions:
    """The decisions about the invoices of two partners, in the order of their first invoice."""
    found = [decided[candidate.invoice] for candidate in pair if candidate.invoice in decided] if decided else []
    if not found:
        return NONE_DECIDED

    def every(name: str) -> list[frozenset[int]]:
        return sorted({ids for candidate in found for ids in getattr(candidate, name)}, key=sorted)

    return Decisions(accepted=every("accepted"), rejected=every("rejected"), settled=every("settled"))


def case_of(desk: Desk, invoice: int) -> tuple[str, str, list[int]]:
    """State, name and invoices of the case an invoice is in; `waiting` and itself alone where it is in none."""
    row = desk.db.execute("SELECT * FROM outcome WHERE invoice = ?", (invoice,)).fetchone()
    if row is None:
        return "waiting", "", [invoice]
    if row["state"] == "matched" and row["reason"] != ACCEPTED:
        return row["state"], row["reason"], sorted((invoice, row["other"]))
    if row["state"] == "matched":  # the decision says which
        mates = desk.db.execute(
            f"SELECT DISTINCT m.invoice FROM decision_invoice i JOIN decision d ON d.id = i.decision AND d.act = 'accept' AND {_STANDING} "
            "JOIN decision_invoice m ON m.decision = d.id WHERE i.invoice = ?",
            (invoice,),
        )
    else:
        mates = desk.db.execute("SELECT invoice FROM outcome WHERE bag = ? AND state = ?", (row["bag"], row["state"]))
    return row["state"], row["reason"], sorted(mate[0] for mate in mates)


def decide(desk: Desk, act: str, invoice: int, reason: str) -> int:
    """Decides on the case an invoice is in, inside the caller's transaction; the decision's id.

    Raises NotAllowed when that cannot be decided of it, or who or why is not said. The next pass carries it out.
    """
    _signed(desk, reason)
    state, named, ids = case_of(desk, invoice)
    sides = {row[0] for row in desk.db.execute(f"SELECT side FROM invoice WHERE id IN ({', '.join(map(str, ids))})")}
    wrong = (
        state not in _MAY[act]
        or (act == "accept" and (len(sides) < 2 or named == "lines-awaited"))
        or (act == "settle" and state == "matched" and named != "net-differs")
    )
    if wrong:
        raise NotAllowed(why=filled("{cannot} ({state}).", cannot=_CANNOT[act], state=f"{state} {named}".strip()))
    return _write(desk, act, ids, reason, state, named)


def undo(desk: Desk, decision: int, reason: str) -> int:
    """Undoes a decision, inside the caller's transaction; the undo's id. Raises NotFound, or NotAllowed when it is undone."""
    _signed(desk, reason)
    row = desk.db.execute("SELECT * FROM decision WHERE id = ?", (decision,)).fetchone()
    if row is None:
        raise NotFound(what=Both(f"décision {decision}", f"decision {decision}"))
    if row["act"] == "undo" or desk.db.execute("SELECT 1 FROM decision WHERE undoes = ?", (decision,)).fetchone():
        raise NotAllowed(
            why=Both(
                f"La décision {decision} est déjà annulée, ou en annule une.",
                f"Decision {decision} is undone already, or is an undo.",
            )
        )
    ids = [
        number[0] for number in desk.db.execute("SELECT invoice FROM decision_invoice WHERE decision = ?", (decision,))
    ]
    return _write(desk, "undo", ids, reason, row["state"], row["named"], decision)


def _signed(desk: Desk, reason: str) -> None:
    if not desk.who.strip() or not reason.strip():
        raise NotAllowed(
            why=Both(
                "Une décision veut un nom et une raison : --by, --reason.",
                "A decision needs a name and a reason: --by, --reason.",
            )
        )


def _write(desk: Desk, act: str, ids: list[int], reason: str, state: str, named: str, undoes: int | None = None) -> int:
    cursor = desk.db.execute(
        "INSERT INTO decision (act, who, reason, at, state, named, undoes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (act, desk.who.strip(), reason.strip(), desk.now().isoformat(), state, named, undoes),
    )
    assert cursor.lastrowid is not None
    desk.db.executemany("INSERT INTO decision_invoice VALUES (?, ?)", [(cursor.lastrowid, invoice) for invoice in ids])
    touched.again(desk, ids)
    return cursor.lastrowid


def listing(desk: Desk, invoices: Iterable[int] | None = None) -> list[dict[str, Any]]:
    """Every decision, or those about some invoices, oldest first, with whether it still stands."""
    chosen = (
        "" if invoices is None
        else f"WHERE d.id IN (SELECT decision FROM decision_invoice WHERE invoice IN ({', '.join(map(str, invoices))}))"
    )  # fmt: skip
    return [
        {**dict(row), "stands": bool(row["stands"]), "invoices": [int(number) for number in row["invoices"].split(",")]}
        for row in desk.db.execute(
            f"SELECT d.*, {_STANDING} AND NOT EXISTS (SELECT 1 FROM decision_invoice g JOIN withdrawal w ON w.invoice = g.invoice "
            "WHERE g.decision = d.id) AS stands, (SELECT group_concat(invoice) FROM decision_invoice WHERE decision = d.id) "
            f"AS invoices FROM decision d {chosen} ORDER BY d.id"
        )
    ]
