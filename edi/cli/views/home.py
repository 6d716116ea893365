"""Where a home stands, on a terminal: what arrived, what is stuck, what a pass did."""

from edi.acts.columns import VERDICTS, link_and_home, verdict
from edi.acts.taking import Passed, Status
from edi.cli.screen import Screen, when
from schemas.column import Column
from schemas.lending.status import AWAITED_WORDS as AWAITED
from schemas.money import french
from schemas.text import Both, counted, filled, recalled

_TURNS = {
    "partner": Both("partenaire", "partner"),
    "operator": Both("opérateur", "operator"),
    "edi": Both("edi, au prochain passage", "edi, with its next pass"),
}
_WHAT = {
    "file": Both("fichier", "file"), "link": Both("liaison", "link"), "answer": Both("réponse", "answer"),
    "request": Both("annuaire", "directory"),
}  # fmt: skip
_LATEST = (
    Column("received_at", Both("reçu", "received"), "moment"), link_and_home(), Column("name", Both("fichier", "file"), folded=True),
    verdict(),
)  # fmt: skip


def status(result: Status, screen: Screen) -> None:
    """Everything at a glance."""
    screen.line(screen.rich(("edi", "bold"), f"  {result.home}"))
    screen.line()
    counts = result.reconciliation
    arrived = [
        screen.rich(screen.word(of, VERDICTS), " ", (f"{count}", "bold")) for of, count in result.arrived.items()
    ]
    sides = ((words, counts.get(f"waiting_{side}")) for side, words in AWAITED.items())
    waits = [f"{count} {screen.say(words)}" for words, count in sides if count is not None]
    none = screen.rich((Both("aucun", "none"), "dim"))
    _fact(screen, Both("Fichiers", "Files"), screen.rich(" · ").join(arrived) if arrived else none)
    _fact(screen, Both("Rapprochées", "Matched"), (str(counts["matched"]), "bold green"))
    _fact(screen, Both("En écart", "Discrepancies"), (str(counts["discrepancies"]), "bold"))
    if counts["proposed"]:
        _fact(screen, Both("Proposées", "Proposed"), (f"{counts['proposed']} : edi decide", "bold yellow"))
    _fact(screen, Both("Attendent", "Waiting for"), " · ".join(waits))
    _fact(screen, Both("Registre", "Ledger"), (f"{french(result.remuneration_cents)} €", "bold"))
    screen.line()
    if result.not_reconciled_yet:
        screen.line(NEWS, "yellow")
        screen.line()
    screen.table(Both("Derniers fichiers", "Latest files"), _LATEST, result.latest)
    if not result.stuck:
        screen.line(Both("Rien n'est bloqué.", "Nothing is stuck."), "green")
        return
    screen.line(Both("Bloqués", "Stuck"), "bold")
    for row in result.stuck:
        since = filled(Both("  depuis {at}", "  since {at}"), at=when(row["since"])) if row["since"] else ""
        screen.line()
        screen.line(screen.rich(("●", "yellow"), " ", _WHAT[row["what"]], "  ", (row["name"], "bold"), (since, "dim")))
        screen.padded(screen.rich(screen.say(recalled(row["why"]))))
        screen.line(screen.rich((Both("  à qui de jouer : ", "  whose turn: "), "dim"), _TURNS[row["turn"]]))


#: There are facts that no pass has looked at.
NEWS = Both(
    "Du nouveau n'est pas encore rapproché : edi reconcile.", "Something new is not reconciled yet: edi reconcile."
)


def _fact(screen: Screen, label: Both, *value: object) -> None:
    screen.line(screen.rich(f"  {screen.say(label):<16}", *value))


def passed(result: Passed, screen: Screen) -> None:
    """What one pass did."""
    did = result.did
    if did is None:
        return
    counts = did.reconciled
    says = Both(
        "{pulled} tirés, {taken} pris, {pushed} réponses envoyées, {waiting} encore en écriture",
        "{pulled} pulled, {taken} taken, {pushed} answers sent, {waiting} still growing",
    )
    screen.line(says, pulled=did.pulled, taken=len(did.taken), pushed=did.pushed, waiting=did.waiting)
    waiting = sum(counts[name] for name in counts if name.startswith("waiting_"))
    says = Both(
        "{matched} rapprochées, {discrepancies} en écart, {waiting} en attente ; {posted}, {euros} €",
        "{matched} matched, {discrepancies} in discrepancies, {waiting} waiting; {posted}, {euros} €",
    )
    posted = counted(counts["entries_posted"], "écriture", "entry")
    screen.line(filled(says, **counts, waiting=waiting, posted=posted, euros=french(counts["remuneration_cents"])))
