"""Acts on links, transport accounts, and on what was answered by them."""

from typing import TYPE_CHECKING, Annotated

from edi.acts.columns import link_and_home, verdict
from edi.core.act import Asked, Facts, Number, Rows
from schemas.column import Column, word
from schemas.text import Both, Text, filled, recalled, say

if TYPE_CHECKING:
    from edi.core.desk import Desk

Link = Annotated[
    str, Asked(Both("Son nom dans edi.toml.", "Its name in edi.toml."), Both("NOM", "NAME"), argument=True)
]
STATES = {
    "ok": Both("bien", "well"),
    "paused": Both("en pause", "paused"),
    "trouble": Both("ennui", "trouble"),
    "never": Both("jamais vue", "never seen"),
}
_ALL = Both("tous", "all")
LINKS = (
    Column("name", Both("nom", "name")), Column("account", Both("compte", "account"), folded=True),
    Column("declarants", Both("parle pour", "speaks for"), value=lambda row: _ALL if row["declarants"] == "*" else row["declarants"]),
    word("state", Both("état", "state"), STATES), Column("seen_at", Both("vue", "seen"), "moment"),
    Column("answers_waiting", Both("à envoyer", "to send"), "int", value=lambda row: row["answers_waiting"] or None),
)  # fmt: skip


def links(desk: "Desk") -> Rows:
    """Every link of the settings, and how it is."""
    from edi.intake.links import overview

    rows = overview(desk)
    trouble = Both("{name}, depuis {since} : {trouble}", "{name}, since {since}: {trouble}")
    nothing = Both("Aucune liaison ; en ajouter dans {toml}.", "No link; add some in {toml}.")
    return Rows(
        name="links", title=Both("Liaisons", "Links"), columns=LINKS, rows=rows,
        empty=filled(nothing, toml=desk.home.path / "edi.toml"),
        below=tuple(
            filled(trouble, name=row["name"], since=(row["trouble_since"] or "")[:16].replace("T", " "), trouble=recalled(row["trouble"]))
            for row in rows if row["trouble"]
        ),
    )  # fmt: skip


def test(desk: "Desk", *, name: Link) -> Facts:
    """Connects and looks, taking nothing."""
    from edi.intake.links import test as tested

    facts = tested(desk, desk.home.link(name))
    troubles = facts["troubles"]
    well = Both("jointe, mais", "reached, but") if troubles else Both("bien", "well")
    says = Both(
        "Liaison {link} : {well}. {homes} dossiers, {files} fichiers en attente",
        "Link {link}: {well}. {homes} homes, {files} files waiting",
    )
    below = (filled(says, well=well, **facts),)
    return Facts(facts=facts, code=2 if troubles else 0, below=below, notes=tuple(troubles))


def trust(
    desk: "Desk", *,
    name: Link,
    fingerprint: Annotated[str | None, Asked(Both("L'empreinte vérifiée.", "The checked fingerprint."), "SHA256:...")] = None,
) -> Facts:  # fmt: skip
    """Shows the fingerprint of a host key; pins the key only when told its fingerprint."""
    from spool.sftp import hostkeys
    from spool.transports import server_of

    link = server_of(desk.home.link(name))
    below: tuple[Text, ...]
    if fingerprint is None:
        kind, seen = hostkeys.fingerprint(link)
        below = (
            Both("{name} montre : {key} {seen}", "{name} shows: {key} {seen}"),
            Both(
                "Vérifier cette empreinte avec le partenaire par un autre chemin, puis :",
                "Check this fingerprint with the partner by another way, then:",
            ),
            "  edi link trust {name} --fingerprint {seen}",
        )
    else:
        kind, seen = hostkeys.trust(link, desk.home.known_hosts, fingerprint), fingerprint
        desk.decided("link-trusted", link=name, fingerprint=seen)
        below = (Both("Clé épinglée pour {name} : {seen}", "Host key pinned for {name}: {seen}"),)
    said = tuple(filled(text, name=name, key=kind, seen=seen) for text in below)
    facts = {"link": name, "key": kind, "fingerprint": seen, "pinned": fingerprint is not None}
    return Facts(facts=facts, below=said)


def set_paused(desk: "Desk", *, name: Link, paused: Annotated[bool, Asked("")]) -> Facts:
    """Exchanges nothing with a link for a while, or resumes it."""
    from edi.core.store import transaction
    from edi.intake import links

    with transaction(desk.db):
        desk.home.link(name)
        if paused:
            links.pause(desk, name)
        else:
            links.resume(desk, name)
    desk.decided("link-paused" if paused else "link-resumed", link=name)
    state = Both("en pause", "paused") if paused else Both("reprise", "resumed")
    says = filled(Both("Liaison {name} {state}.", "Link {name} is {state}."), name=name, state=state)
    return Facts(facts={"link": name, "paused": paused}, below=(says,))


_TO_SEND = Both("à envoyer", "to send")
ANSWERS = (
    Column("id", "n°", "int"), link_and_home(), Column("name", Both("réponse", "answer"), folded=True), verdict(),
    Column("sent_at", Both("envoyée", "sent"), "moment", value=lambda row: row["sent_at"] or _TO_SEND),
)  # fmt: skip


def answers(
    desk: "Desk", *,
    waiting: Annotated[bool, Asked(Both("Seulement celles à envoyer.", "Only those to send."))] = False,
    limit: Annotated[int, Asked(Both("Les N dernières.", "The last N."), "N", least=1)] = 50,
) -> Rows:  # fmt: skip
    """What was answered, newest first."""
    from edi.intake.answers import listing

    rows = [dict(row) for row in listing(desk, waiting, limit)]
    for row in rows:
        row["trouble"] = say(recalled(row["trouble"]), desk.language) if row["trouble"] else None
    trouble = Both("ennui : {trouble}", "trouble: {trouble}")
    return Rows(
        name="answers", title=Both("Réponses", "Answers"), columns=ANSWERS, rows=rows,
        empty=Both("Aucune réponse.", "No answers."),
        below=tuple(filled(trouble, trouble=one) for one in dict.fromkeys(row["trouble"] for row in rows if row["trouble"])),
    )  # fmt: skip


def resend(desk: "Desk", *, answer: Number) -> Facts:
    """Puts an answer back in the outbox; one to a local file is there at once."""
    from edi.core.settings import LOCAL
    from edi.core.store import transaction
    from edi.intake import answers
    from edi.intake.outgoing import deliver

    with transaction(desk.db):
        facts = dict(answers.resend(desk, answer))
    desk.decided("answer-resent", link=facts["link"], file=facts["name"], answer=answer)
    says = Both("{name} repartira au prochain « edi run ».", "{name} goes out with the next pass.")
    if facts["link"] == LOCAL:
        deliver(desk)
        says = Both("{name} : de nouveau dans outgoing/local", "{name}: again in outgoing/local")
    return Facts(facts=facts, below=(filled(says, name=facts["name"]),))
