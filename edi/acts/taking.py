"""Acts that take files: ingest, run, sandbox; and on those that were refused."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from edi.acts.checking import Checked, File, Files, code
from edi.acts.columns import VERDICTS, link_and_home, verdict
from edi.acts.files import LONG
from edi.core.act import Asked, Facts, Number, Reason, Result, Rows, WrongUse
from schemas.column import Column
from schemas.text import Both, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk
    from edi.intake.pipeline import Pass
    from schemas.acknowledgement import Acknowledgement


def ingest(desk: "Desk", *, files: Files) -> Checked:
    """Reads, checks, books and answers; a checker that failed keeps the file."""
    from edi.intake.ingesting import ingest as ingested

    def progress(path: Path) -> Any:
        size = path.stat().st_size
        return lambda done: desk.progress(path.name, done, size) if size >= LONG else None

    taken: dict[Path, list[File]] = defaultdict(list)
    for path, acknowledgement in ingested(desk, files, progress=progress):
        taken[path].append(File(str(path), acknowledgement))
    found = [taken[file].pop(0) for file in files]  # the same file given twice is taken twice
    where = filled(Both("réponses : {folder}", "answers: {folder}"), folder=desk.home.path / "outgoing" / "local")
    kept = Both(
        "contrôle en panne ; le fichier est gardé : edi status", "the checker failed; the file is kept: edi status"
    )
    for file in found:
        if file.verdict == "failed":
            desk.tell("failed", {"file": file.file, "trouble": kept})
    return Checked(files=found, code=code(file.verdict for file in found), below=(where,))


class Passed(Result, frozen=True, kw_only=True):
    """What one pass did; None of passes that followed one another for ever."""

    did: "Pass | None" = None

    def document(self, language: str) -> Any:
        """The pass for programs; nothing of one that was told of as it went by."""
        from parsers.answers.report import as_json

        did = self.did
        return did and {
            "pulled": did.pulled, "still_growing": did.waiting, "files": [as_json(taken, language) for taken in did.taken],
            "pushed": did.pushed, "troubles": did.troubles, "reconciliation": did.reconciled,
        }  # fmt: skip


def run(desk: "Desk", *, once: Annotated[bool, Asked(Both("Un seul passage.", "One pass."))] = False) -> Passed:
    """One pass, or pass after pass until the desk is asked to stop, each told of as `pass`."""
    from edi.core.lock import held
    from edi.intake import pipeline
    from edi.intake.running import forever
    from edi.lending.matching.reconciling import reconcile

    with held(desk.home.path):
        if not desk.home.settings.link:
            nothing = Both("Aucune liaison dans {toml} : rien à tirer.", "No link in {toml}: nothing to pull.")
            desk.tell("note", {"note": filled(nothing, toml=desk.home.path / "edi.toml")})
        running = pipeline.Run(desk, reconcile)
        if not once:
            desk.tell("running", {"links": len(desk.home.settings.link)})
            forever(running, lambda did: desk.tell("pass", {"did": Passed(did=did)}))
            return Passed(below=(Both("Fini ; rien n'est perdu.", "Ended; nothing is lost."),))
        try:
            did = running.once(patient=True)
        finally:
            running.close()
    wrong = 2 if did.troubles else code(taken.verdict for taken in did.taken)
    return Passed(code=wrong, did=did)


class Status(Result, frozen=True, kw_only=True):
    """Where the home stands: what arrived, what is stuck and whose turn it is."""

    home: str
    arrived: dict[str, int]
    latest: list[dict[str, Any]]
    links: list[dict[str, Any]]
    stuck: list[dict[str, Any]]
    reconciliation: dict[str, int]
    remuneration_cents: int
    not_reconciled_yet: bool


def status(desk: "Desk") -> Status:
    """Reads the state of the home."""
    from edi.intake.status import status as facts_of

    return Status(**facts_of(desk))


def demo(desk: "Desk") -> Facts:
    """Plays the whole job; the desk is told of each step as `demo`."""
    from edi.demo.show import demo as played

    def tell(step: str, facts: dict[str, Any]) -> None:
        desk.tell("demo", {"step": step, "facts": facts})

    return Facts(facts=played(desk.home.path, tell, True, desk.language))


def sandbox(
    desk: "Desk", *,
    port: Annotated[int, Asked(Both("0 : un port libre.", "0: a free one."), "PORT", least=0, most=65535)] = 0,
    key: Annotated[Path | None, Asked(Both("Votre clé publique.", "Your public key."), Both("FICHIER.pub", "FILE.pub"))] = None,
) -> Facts:  # fmt: skip
    """Tells of the `account`, then plays the other side until the desk is asked to stop."""
    from edi import sandbox as there
    from edi.core.lock import held

    path = desk.home.path
    with there.account(path, port, _public(key)) as (opened, account), held(opened.path):
        desk.tell("account", {**msgspec.structs.asdict(account), "place": str(path)})
        there.play(opened, desk.stop, desk.tell)
    return Facts(facts=None)


def _public(key: Path | None) -> str | None:
    if key is None:
        return None
    try:
        text = key.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise WrongUse(name="--key", why=f"{key} : {wrong}") from wrong
    if len(text.split()) < 2 or "PRIVATE" in text:
        line = Both("{key} : une ligne de clé publique OpenSSH", "{key}: an OpenSSH public key line")
        raise WrongUse(name="--key", why=filled(line, key=key))
    return text


_ACTS = {"release": Both("relâché", "released"), "discard": Both("écarté", "discarded")}
QUARANTINE = (
    Column("id", "n°", "int"), Column("received_at", Both("reçu", "received"), "moment"), link_and_home(),
    Column("name", Both("fichier", "file"), folded=True), verdict(),
    Column("codes", Both("pourquoi", "why"), folded=True, value=lambda row: row["trouble"] or row["codes"]),
)  # fmt: skip
DECIDED = (
    Column("receipt", "n°", "int"), Column("act", Both("décidé", "decided"), "word", words=_ACTS),
    Column("at", Both("le", "on"), "moment"), Column("who", Both("par", "by")),
    Column("reason", Both("pourquoi", "why"), folded=True), Column("released_as", Both("relu sous", "read again as"), "int"),
)  # fmt: skip
_SHOWN = 20


def quarantine(desk: "Desk") -> Rows:
    """What waits in quarantine, and what people decided of what waited."""
    from edi.intake.quarantine import acts, listing

    decided = acts(desk)
    below = Rows(name="acts", title=Both("Décisions", "Decisions"), columns=DECIDED, rows=decided[:_SHOWN])
    return Rows(
        name="quarantine", title=Both("Quarantaine", "Quarantine"), columns=QUARANTINE, rows=listing(desk),
        empty=Both("La quarantaine est vide.", "Quarantine is empty."), more={"acts": decided},
        tables=(below,) if decided else (),
    )  # fmt: skip


class Held(Result, frozen=True, kw_only=True):
    """A file in quarantine, its first findings and where in its bytes each is."""

    row: Any
    acknowledgement: "Acknowledgement | None"
    found: Any
    original: Path

    def document(self, language: str) -> Any:
        """The file, its findings with their bytes."""
        from edi.intake.quarantine import as_json

        facts = as_json(self.acknowledgement, self.found, language)
        return {**facts, "id": self.row["id"], "original": str(self.original), "trouble": self.row["trouble"]}


def held(desk: "Desk", *, number: Number) -> Held:
    """Looks into a file in quarantine."""
    from edi.intake import quarantine

    row = quarantine.waiting(desk, number)
    original = desk.folder.original(row["sha256"])
    acknowledgement, found = quarantine.show(desk, number)
    return Held(row=quarantine.spoken(desk, row), acknowledgement=acknowledgement, found=found, original=original)


def release(desk: "Desk", *, number: Number, reason: Reason = "") -> Facts:
    """Reads a file again with today's rules."""
    from edi.core.store import transaction
    from edi.intake import quarantine
    from edi.intake.arrivals import arrival_of
    from edi.intake.outgoing import deliver
    from edi.intake.taking import take_receipt

    home, folder = desk.home, desk.folder
    with transaction(desk.db):
        row = quarantine.waiting(desk, number)
        arrival_of(home, row)  # its link is still known
        folder.original(row["sha256"])
        receipt = quarantine.release(desk, number, reason)
    about = {"link": row["link"], "file": row["name"]}
    desk.decided("released", **about, receipt=number, reason=reason, read_again_as=receipt)
    taken = take_receipt(desk, receipt)
    desk.log("taken", {**about, "acknowledgement": taken})
    if taken.verdict not in ("refused", "partly-accepted"):
        folder.release(row["sha256"], row["name"])
    deliver(desk)
    says = Both(
        "Relu : {verdict}, {n} ; la réponse part au prochain passage.",
        "Read again: {verdict}, {n}; the answer goes out with the next pass.",
    )
    facts = {"id": number, "receipt": receipt, "verdict": taken.verdict, "accepted": taken.accepted}
    return Facts(
        facts=facts, code=code([taken.verdict]),
        below=(filled(says, verdict=VERDICTS[taken.verdict], n=f"{taken.accepted}/{taken.invoices}"),),
    )  # fmt: skip


def discard(desk: "Desk", *, number: Number, reason: Reason = "") -> Facts:
    """Takes a file off the list, for a reason; its bytes stay."""
    from edi.core.store import transaction
    from edi.intake import quarantine

    with transaction(desk.db):
        row = quarantine.waiting(desk, number)
        quarantine.discard(desk, number, reason)
    desk.decided("discarded", link=row["link"], file=row["name"], receipt=number, reason=reason)
    desk.folder.release(row["sha256"], row["name"])
    says = Both("{name} écarté ; ses octets restent dans received/.", "{name} discarded; its bytes stay in received/.")
    return Facts(facts={"id": number, "discarded": True}, below=(filled(says, name=row["name"]),))
