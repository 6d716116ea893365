"""Years closed and shared out, and the directory's changes, on a terminal."""

from typing import Any

from edi.acts.lending.ledger import Proved
from edi.acts.lending.years import Closed, Shared
from edi.acts.partners import CHANGES, HISTORY, Known
from edi.acts.partners import changes as rows_of
from edi.cli.screen import Screen
from schemas.column import Column
from schemas.lending.status import AWAITED_WORDS as AWAITED
from schemas.money import french
from schemas.text import Both, counted, filled

_SHOWN, _TITLES = 60, 10
_SUMS = {
    "entries_cents": Both("Parts des fournisseurs", "Suppliers' shares"),
    "state_cents": Both("+ part de l'État", "+ the State's share"),
    "brought_cents": Both("+ reports", "+ brought forward"),
    "fees_cents": Both("− frais", "− fees"),
    "pension_cents": Both("− retraite", "− pension"),
    "authors_cents": Both("= auteurs", "= authors"),
    "publishers_cents": Both("= éditeurs", "= publishers"),
    "carried_cents": Both("= reporté", "= carried over"),
}
_TOP = (
    Column("ean", "EAN"), Column("title", Both("titre", "title"), folded=True, value=lambda row: row["title"][:40]),
    Column("copies", Both("ex.", "copies"), "int"), Column("authors_cents", Both("auteurs", "authors"), "cents"),
    Column("publishers_cents", Both("éditeurs", "publishers"), "cents"), Column("carried_cents", Both("reporté", "carried"), "cents"),
)  # fmt: skip


def proved(result: Proved, screen: Screen) -> None:
    """Whether the ledger holds; what fails first."""
    from edi.lending.books.proof import WORDS

    proof, fails = result.proof, result.proof.failure
    if fails is not None:
        screen.line(Both("Le registre ne tombe pas juste.", "The ledger does not hold."), "bold red")
        which = Both(f"écriture {fails.entry} : ", f"entry {fails.entry}: ") if fails.entry is not None else ""
        screen.line(screen.rich(which, WORDS[fails.check]))
        found = Both("trouvé {found}  attendu {expected}", "found {found}  expected {expected}")
        screen.line(found, "dim", found=fails.found, expected=fails.expected)
        return
    screen.line(Both("Le registre est intact.", "The ledger holds."), "bold green")
    n, runs = counted(proof.entries, "écriture", "entry"), counted(proof.runs, "passage", "run")
    says = Both("{n}, {runs}, {files} fichiers relus, {euros} €", "{n}, {runs}, {files} files read again, {euros} €")
    screen.line(says, n=n, runs=runs, files=proof.files, euros=french(proof.remuneration_cents))
    if head := result.head:
        says = Both(
            "Rien n'a été changé ni coupé avant la tête du {at} ({n} écritures).",
            "Nothing was changed or cut off before the head of {at} ({n} entries).",
        )
        screen.line(says, at=head.at, n=head.entries)
    screen.line(Both("empreinte {hash}", "hash {hash}"), "dim", hash=proof.run_hash)


def closed(result: Closed, screen: Screen) -> None:
    """A year that is closed: what it comes to, what still waits."""
    facts = result.facts
    entries, called = counted(facts["entries"], "écriture", "entry"), counted(facts["statements"], "appel", "statement")
    head = Both("Année {year} close  {entries}, {called}", "Year {year} closed  {entries}, {called}")
    screen.line(head, "bold", year=facts["year"], entries=entries, called=called)
    share = Both("  rémunération {euros} €, {n} exemplaires", "  share {euros} €, {n} copies")
    screen.line(share, euros=french(facts["remuneration_cents"]), n=facts["copies"])
    waits = Both("  attend {whom} : {n}, {between} €", "  waits for {whom}: {n}, {between} €")
    for side, wait in facts["waiting"].items():
        least, most = french(wait["least_cents"]), french(wait["most_cents"])
        between = least if least == most else Both(f"{least} à {most}", f"{least} to {most}")
        n = counted(wait["invoices"], "facture", "invoice")
        screen.line(waits, whom=AWAITED[side], n=n, between=between)
    if shares := facts["distribution"]:
        says = Both("  répartis : auteurs {a} €, éditeurs {p} €", "  shared out: authors {a} €, publishers {p} €")
        screen.line(says, a=french(shares["authors_cents"]), p=french(shares["publishers_cents"]))


def shared(result: Shared, screen: Screen) -> None:
    """The sums of a distribution, and its first titles."""
    facts, titles = result.facts, list(result.rows)
    day = (facts["recorded_at"] or "")[:10]
    state = Both(f"inscrite le {day}", f"recorded {day}") if day else Both("projet : --record", "preview: --record")
    rows = [
        (screen.say(label), french(facts[name]))
        for name, label in _SUMS.items()
        if facts[name] or name in ("entries_cents", "carried_cents")
    ]
    title = filled("{title} ({state})", title=result.title, state=state)
    screen.show(title, (("", False, False), (screen.say(Both("montant", "amount")), True, False)), rows)
    says = Both("{n} exemplaires, {titles}, {euros} € l'exemplaire", "{n} copies, {titles}, {euros} € a copy")
    n, euros = counted(len(titles), "titre", "title"), french(facts["per_copy_cents"])
    screen.line(says, n=facts["copies"], titles=n, euros=euros)
    top = sorted(titles, key=lambda row: (-row["copies"], row["ean"]))[:_TITLES]
    screen.table(Both("Premiers titres", "Top titles"), _TOP, top)


def changes(result: Any, screen: Screen) -> None:
    """What changed of the directory, fact by fact, what is new, a partner a row."""
    rows = rows_of(result.changes)
    screen.table(Both("Changements", "Changes"), CHANGES, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        screen.line(Both("… et {n} autres : --json", "… and {n} others: --json"), "dim", n=len(rows) - _SHOWN)


def known(result: Known, screen: Screen) -> None:
    """A partner: its facts, what they are from a day on, the GLNs that lead to it, its history."""
    from edi.core.partners import DATED

    facts = dict(result.facts)
    later, history = facts.pop("later"), facts.pop("history")
    told = [(name, value or "") for name, value in facts.items() if name != "known_as"]
    told += [
        ("since", f"{then['since']} : {', '.join(f'{name} {then[name]}' for name in DATED if then[name])}")
        for then in later
    ]
    told += [("known_as", f"{code}  {name}") for code, name in result.names.items()]
    for name, value in told:
        screen.line(screen.rich((f"{name:<12} ", "dim"), str(value)))
    if history:
        screen.line()
        screen.table(Both("Histoire", "History"), HISTORY, history)
