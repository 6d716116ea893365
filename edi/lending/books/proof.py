"""The proof of the ledger: that nothing was altered, and that every amount follows from what was declared.

Recomputed from the bottom up: the original files (their sha256, and what production's own readers and checks make of
them), the invoices and lines kept of them, each entry's amounts by its invoice and the law its run names, its hash, its
run's hash over the run before, reversals, and that exactly what is matched stands. Entries are judged in their order; the
first that fails is named. Authority: surface, "What is posted" and `edi ledger verify`.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from edi import schemes
from edi.core.damage import damage_named, undamaged
from edi.core.desk import Desk
from edi.core.ledger import FACTS, RULES, SIGNED, Kind, content_hash, sound
from edi.core.store import snapshot
from edi.lending.books import estimates, issued, originals
from edi.lending.books.originals import DECLARED, MADE, Progress
from edi.lending.books.sealing import NO_HEAD, Head
from edi.lending.matching.claims import REMUNERATION
from edi.lending.matching.estimating import ESTIMATE
from edi.lending.rules import terms
from edi.lending.rules.checked import Checked
from edi.lending.rules.checks import check
from edi.lending.rules.context import Context
from edi.lending.rules.remuneration import EXEMPT, NOT_SUBJECT, share
from schemas.declaration import Header, Invoice, Line
from schemas.text import Both

#: What can fail. The first half is said of an entry and its run, in their order.
WORDS = {
    "number": Both("une écriture manque ici, ou d'autres ont pris son rang", "an entry is missing here, or others took its place"),
    "hash": Both("son contenu n'est pas celui qui a été écrit", "its content is not what was written"),
    "run": Both("n'est pas d'un passage qui l'a écrite", "is not of a run that wrote it"),
    "count": Both("son passage n'a pas le nombre d'écritures qu'il a reçu", "its run has not the number of entries it was given"),
    "rules": Both("son passage nomme des règles qui ne sont pas gardées, ou ont été changées", "its run names rules that are not kept, or were changed"),
    "chain": Both("son passage, ou l'ordre des écritures, a été changé", "its run, or the order of entries, was changed"),
    "remade": Both("la chaîne a été refaite depuis la tête signée", "the chain was remade since the head was signed"),
    "reversal": Both("n'est pas le contraire d'une écriture antérieure", "is not the opposite of an earlier entry"),
    "file": Both("le fichier d'origine dit autre chose", "the original file says otherwise"),
    "lines": Both("les lignes gardées ne sont pas celles déclarées", "the lines kept are not those declared"),
    "invoice": Both("n'est pas ce que dit sa facture", "is not what its invoice says"),
    "amount": Both("ne découle pas de la base et du taux de la date", "does not follow from base and dated rate"),
    "claim": Both("ne découle pas de ce que son régime doit", "does not follow from what its scheme is owed"),
    "truncated": Both("la fin du registre a été coupée", "the end of the ledger was cut off"),
    "twice": Both("deux écritures en vigueur pour une facture", "two entries stand for one invoice"),
    "unmatched": Both("en vigueur sans rapprochement", "stands without a match"),
    "estimate": Both("n'est pas ce qui a été écrit, ne découle pas de la facture, ou s'ajoute à une écriture", "is not what was written, does not follow from the invoice, or stands beside an entry"),
    "statement": Both("un appel émis n'est pas celui qui a été écrit, ou ses écritures", "an issued statement is not what was written, or what its entries say"),
    "distribution": Both("une répartition n'est pas ce que ses écritures et ses taux donnent", "a distribution is not what its entries and terms make"),
    "unposted": Both("une facture rapprochée est sans écriture", "a matched invoice has no entry"),
}  # fmt: skip

_FACTS = ("supplier", "library", "number", "date", "kind")
_STANDS = (
    "SELECT entry, supplier_invoice AS invoice FROM remuneration WHERE reverses IS NULL "
    "AND entry NOT IN (SELECT reverses FROM entry WHERE reverses IS NOT NULL)"
)
_MATCHED = "SELECT o.invoice FROM outcome o JOIN invoice i ON i.id = o.invoice WHERE o.state = 'matched' AND i.side = 'supplier'"

#: What is looked at once the entries hold: an entry if there is one to name, and what is wrong.
_AFTERWARDS = {
    "twice": f"SELECT max(entry), invoice FROM ({_STANDS}) GROUP BY invoice HAVING count(*) > 1",
    "unmatched": f"SELECT entry, invoice FROM ({_STANDS}) WHERE invoice NOT IN ({_MATCHED})",
    "unposted": f"SELECT NULL, invoice FROM ({_MATCHED} EXCEPT SELECT invoice FROM ({_STANDS}))",
}

#: What was made out of the entries: the first that does not hold.
_ISSUED: dict[str, Callable[[Desk], int | str | None]] = {
    "statement": issued.statement_flaw, "distribution": issued.distribution_flaw, "estimate": estimates.flaw,
}  # fmt: skip

#: What values that nobody ever posted may raise, whoever has hashed them.
_IMPOSSIBLE = (ValueError, TypeError, LookupError, msgspec.MsgspecError)


class Failure(msgspec.Struct, frozen=True):
    """What fails first: a key of `WORDS`, and the entry, None where there is none to name."""

    check: str
    entry: int | None
    found: str
    expected: str


class Proof(msgspec.Struct):
    """What was gone through; `run_hash` is the last run's. `failure` None: all of it holds."""

    runs: int = 0
    entries: int = 0
    remuneration_cents: int = 0
    run_hash: str = ""
    files: int = 0
    beside: issued.Seals = {}
    failure: Failure | None = None


class _Fails(Exception):
    def __init__(self, check: str, found: object = "", expected: object = "", entry: int | None = None) -> None:
        self.check, self.found, self.expected, self.entry = check, str(found), str(expected), entry


def verify(
    desk: Desk, files: bool = True, head: Head | None = None, progress: Progress = lambda what, done, of: None
) -> Proof:
    """Recomputes everything as of one moment; with `files`, from the original bytes on. What `head` seals is to be
    found again. Raises Unreadable with the file, or the table and page, unreadable."""
    proof = Proof()
    with damage_named(desk), snapshot(desk.db):
        try:
            proof.files, otherwise = originals.read_again(desk, progress) if files else (0, {})
            _runs_hold(desk, otherwise, head or NO_HEAD, proof, progress)
            for name, sql in _AFTERWARDS.items():
                if row := desk.db.execute(f"{sql} ORDER BY 1, 2 LIMIT 1").fetchone():
                    raise _Fails(name, row[1], entry=row[0])
            for name, flaw in _ISSUED.items():
                if wrong := flaw(desk):
                    raise _Fails(name, wrong)
            _sealed(desk, head or NO_HEAD, proof)
            undamaged(desk, ("entry", "posting_run", "rules", "estimate"))
        except _Fails as fails:
            proof.failure = Failure(fails.check, fails.entry, fails.found, fails.expected)
    return proof


def _runs_hold(desk: Desk, otherwise: dict[int, str], head: Head, proof: Proof, progress: Progress) -> None:
    of = desk.db.execute("SELECT count(*) FROM entry NOT INDEXED").fetchone()[0]
    rows = desk.db.execute("SELECT * FROM entry NOT INDEXED ORDER BY entry")
    row = rows.fetchone()
    reversed_before: set[int] = set()
    laws = sound(desk.db.execute(RULES))
    for run in desk.db.execute("SELECT * FROM posting_run ORDER BY id"):
        content = f"{proof.run_hash}{run['posted_at']}{run['rules']}{run['seals']}"
        chain, first = hashlib.sha256(content.encode()), proof.entries + 1
        law = laws.get(run["rules"] or terms.FIRST_LAW)
        while row is not None and row["run"] == run["id"]:
            try:
                _entry_holds(desk, row, proof.entries + 1, law, otherwise, reversed_before)
            except _Fails as fails:
                fails.entry = proof.entries + 1
                raise
            except _IMPOSSIBLE as wrong:
                raise _Fails("invoice", wrong, entry=proof.entries + 1) from wrong
            chain.update(row["hash"].encode())
            proof.entries += 1
            proof.remuneration_cents += row["cents"] if _kind(row) == REMUNERATION else 0
            row = rows.fetchone()
            if proof.entries % 256 == 0:
                progress(Both("écritures", "entries"), proof.entries, of)
        if proof.entries + 1 - first != run["entries"]:
            raise _Fails("count", proof.entries + 1 - first, run["entries"], proof.entries + 1)
        proof.runs += 1
        if (run["id"], run["previous"], run["hash"]) != (proof.runs, proof.run_hash, chain.hexdigest()):
            raise _Fails("chain", run["hash"], chain.hexdigest(), first)
        proof.run_hash = run["hash"]
        if head.runs == proof.runs and head.run_hash != proof.run_hash:
            raise _Fails("remade", proof.run_hash, head.run_hash, first)
    if row is not None:
        raise _Fails("run", row["run"], f"<= {proof.runs}", row["entry"])
    if head.runs > proof.runs:
        raise _Fails("truncated", proof.runs, head.runs, proof.entries + 1)


def _entry_holds(
    desk: Desk, row: sqlite3.Row, number: int, law: str | None, otherwise: dict[int, str], reversed_before: set[int]
) -> None:
    if row["entry"] != number:
        raise _Fails("number", row["entry"], number)
    kind = _kind(row)
    facts = _content(row, kind)
    if (digest := content_hash(facts)) != row["hash"]:
        raise _Fails("hash", row["hash"], digest)
    if kind is None or law is None:
        raise _Fails("rules")
    if kind == ESTIMATE:
        if wrong := estimates.entry_flaw(desk, facts, terms.read(law)):
            raise _Fails("estimate", wrong)
        return
    if row["reverses"] is None and kind != REMUNERATION:
        if wrong := kind.flaw(desk, dict(row), law):
            raise _Fails("claim", wrong)
        return
    if row["reverses"] is None:
        _amounts_hold(desk, facts, terms.read(law), otherwise)
        return
    other = desk.db.execute("SELECT * FROM entry WHERE entry = ?", (row["reverses"],)).fetchone()
    if other is None or other["entry"] >= number or other["reverses"] is not None or other["entry"] in reversed_before:
        raise _Fails("reversal", row["reverses"])
    reversed_before.add(other["entry"])
    wanted = {name: -other[name] if name in SIGNED else other[name] for name in ("scheme", "kind", *FACTS)}
    _same("reversal", row, wanted | {"reverses": other["entry"], "period": max(row["period"], other["period"])})


def _kind(row: sqlite3.Row) -> Kind | None:
    return schemes.kinds().get((row["scheme"], row["kind"]))


def _content(row: sqlite3.Row, kind: Kind | None) -> Mapping[str, Any]:
    """What is hashed of an entry, by the names of its scheme; nothing of one that no scheme can have posted."""
    try:
        return kind.content(row["entry"], tuple(row[name] for name in FACTS)) if kind else {}
    except _IMPOSSIBLE:
        return {}


def _same(check: str, found: Any, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if found[name] != value:
            raise _Fails(check, f"{name} {found[name]}", value)


def _amounts_hold(desk: Desk, row: Mapping[str, Any], law: terms.Law, otherwise: dict[int, str]) -> None:
    """An entry against the supplier's invoice: its facts as written, its lines, the rate of the day it goes by."""
    invoice, twin = (
        desk.db.execute("SELECT * FROM invoice WHERE id = ? AND side = ?", (row[f"{side}_invoice"], side)).fetchone()
        for side in ("supplier", "library")
    )
    for declared in (invoice, twin):
        if declared is None:
            raise _Fails("invoice", f"{row['supplier_invoice']}-{row['library_invoice']}")
        if declared["id"] in otherwise:
            raise _Fails("file", otherwise[declared["id"]])
    facts = {f"invoice_{name}" if name in ("number", "date") else name: invoice[name] for name in _FACTS}
    _same("invoice", row, {**facts, "period": max(row["period"], invoice["period"])})
    _same("lines", invoice, _made_of_lines(desk, invoice))
    if row["rate_percent"] not in _rates(invoice, law):
        raise _Fails("amount", f"rate_percent {row['rate_percent']}")
    exempt = row["reason"] if row["reason"] in (EXEMPT, NOT_SUBJECT) else ""  # the directory's word, on that day
    sums = (invoice["base"], invoice["base_copies"], invoice["gross"])
    _same("amount", row, msgspec.structs.asdict(share(invoice["kind"], *sums, row["rate_percent"], exempt)))


def _rates(invoice: sqlite3.Row, law: terms.Law) -> set[int]:
    """The rates an invoice may have by a law: that of its day, or of an invoice it credits by number alone."""
    days = {invoice["credited_on"] or invoice["date"]}
    if invoice["kind"] == "A" and invoice["credited"] and not invoice["credited_on"]:
        days |= {of.since.isoformat() for of in law.terms}
    return {law.at(date.fromisoformat(day)).rate_percent for day in days if day <= invoice["date"]}


def _made_of_lines(desk: Desk, invoice: sqlite3.Row) -> dict[str, Any]:
    """The sums and the digest of a supplier's invoice, by the checks, from the lines that are kept."""
    rows = desk.db.execute(
        f"SELECT record, {', '.join(Line.__struct_fields__)} FROM line WHERE id BETWEEN ? AND ? ORDER BY id",
        (invoice["first_line"], invoice["first_line"] + invoice["lines"] - 1),
    )
    lines = [(row[0], Line(*tuple(row)[1:])) for row in rows]
    facts: dict[str, Any] = {name: invoice[name] for name in (*DECLARED, "record")}
    facts |= {
        name: facts[name] and date.fromisoformat(facts[name]) for name in ("date", "contract_sent", "credited_on")
    }
    head = Header(format="fixed", record=1, side="supplier")
    facts |= {"partner": invoice["library"], "lines": tuple(line for _, line in lines)}
    *_, checked = check(
        (head, Invoice(**facts, line_records=[record for record, _ in lines])), Context(our_gln="", now=desk.now())
    )
    assert isinstance(checked, Checked)
    sums = {**msgspec.structs.asdict(checked.sums), "digest": checked.digest}
    return {name: sums[name] for name in MADE}


def _sealed(desk: Desk, head: Head, proof: Proof) -> None:
    """Statements, estimates and distributions match the counts and hashes in the signed head."""
    proof.beside = issued.seals(desk)
    for name, (count, digest) in issued.seals(desk, head.beside).items():
        known = head.beside.get(name, (0, digest))
        if count < known[0]:
            raise _Fails("truncated", f"{name} {count}", f"{name} {known[0]}")
        if digest != known[1]:
            raise _Fails("remade", f"{name} {digest}", known[1])
