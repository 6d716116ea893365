"""Acts on the directory of partners, and on referencing requests: whose is this GLN, or which is a partner's."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from edi.acts.columns import AFTER, BEFORE, FIELD, GLN, NAME, SINCE
from edi.core.act import Asked, Facts, Number, Reason, Result, Rows, WrongUse
from schemas.column import Column, word
from schemas.errors import NotFound, SettingsWrong
from schemas.lending.lists import SIDE
from schemas.text import Both, Text, filled, joined

if TYPE_CHECKING:
    from edi.core.desk import Desk
    from edi.core.partners import Partner

_ROLES = tuple(side.word for side in SIDE)
_WHICH = Both(f"{' ou '.join(side.fr for side in SIDE).capitalize()}.", "Which it is.")
_FILE = Both("FICHIER.csv", "FILE.csv")
CHANGES = (GLN, NAME, FIELD, SINCE, BEFORE, AFTER)
#: What a partner's category and role are called stays as the directory's file has it.
PARTNERS = (
    GLN, NAME, Column("role", Both("rôle", "role")), Column("category", Both("catégorie", "category")),
    Column("postcode", Both("code postal", "postcode")), Column("city", Both("ville", "city")),
    Column("successor", Both("successeur", "successor"), width=15), Column("alias_of", Both("alias de", "alias of"), width=15),
)  # fmt: skip
HISTORY = (
    Column("at", Both("le", "on"), "moment"), Column("who", Both("par", "by")), Column("source", "source"), FIELD, SINCE, BEFORE, AFTER,
)  # fmt: skip


class Imported(Result, frozen=True, kw_only=True):
    """What came of facts told of partners; `changes` fact by fact, `touched` the invoices to reconcile again."""

    added: int
    changed: int
    unchanged: int
    touched: int
    changes: list[dict[str, Any]]


def import_(
    desk: "Desk", *,
    file: Annotated[Path, Asked("gln;name;role;category;successor;alias_of", _FILE, argument=True)],
    dry_run: Annotated[bool, Asked(Both("Montrer sans rien changer.", "Show, change nothing."))] = False,
) -> Imported:  # fmt: skip
    """Imports the directory; what a file does not say stays."""
    from edi.directory.importing import bring_in, read_facts

    told, ignored = read_facts(file)
    report = bring_in(desk, told, desk.who, file.name, desk.now(), dry_run)
    below = [summary(report)]
    if dry_run:
        below.append(Both("Rien n'a été changé (--dry-run).", "Nothing was changed (--dry-run)."))
    else:
        counts = {name: report[name] for name in ("added", "changed", "touched")}
        desk.decided("partners-imported", file=file.name, **counts)
    notes = filled(Both("colonnes ignorées : {names}", "columns ignored: {names}"), names=", ".join(ignored))
    return Imported(**report, below=tuple(below), notes=(notes,) if ignored else ())


def summary(report: dict[str, Any]) -> Text:
    """What a change of the directory came to, in a sentence."""
    says = Both(
        "{added} ajoutés, {changed} modifiés, {unchanged} inchangés ; {touched} factures à rapprocher de nouveau.",
        "{added} added, {changed} changed, {unchanged} unchanged; {touched} invoices to reconcile again.",
    )
    return filled(says, **{name: report[name] for name in ("added", "changed", "unchanged", "touched")})


def changes(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What changed, a row a fact; what is new, a partner a row, after that."""
    rows = []
    for change in sorted(report, key=lambda change: change["facts"][0]["before"] is None):
        facts = change["facts"]
        if facts[0]["before"] is None:
            told = (
                f"{fact['field']} {fact['after']} {fact['since']}".strip() for fact in facts if fact["field"] != "name"
            )
            facts = [{"field": Both("nouveau", "new"), "since": "", "before": "", "after": " ; ".join(told)}]
        rows += [{"gln": change["gln"], "name": change["name"], **fact} for fact in facts]
    return rows


def listing(desk: "Desk") -> Rows:
    """The directory."""
    from edi.core.partners import load

    empty = Both(
        "L'annuaire est vide : edi partners import annuaire.csv",
        "The directory is empty: edi partners import directory.csv",
    )
    return _partners(load(desk).values(), empty)


def search(
    desk: "Desk", *,
    text: Annotated[tuple[str, ...], Asked(Both("Nom, ville, début de GLN.", "Name, city, first digits of a GLN."), Both("TEXTE...", "TEXT..."), argument=True)],
) -> Rows:  # fmt: skip
    """Whoever is called so, without accents and case."""
    from edi.core import partners

    wanted = " ".join(text)
    if not partners.folded(wanted):
        raise WrongUse(name=repr(wanted), why=Both("ni lettre ni chiffre", "neither letter nor digit"))
    nobody = Both(
        "Personne : {who}. Demander : edi partners request add", "Nobody: {who}. Ask: edi partners request add"
    )
    return _partners(partners.search(partners.load(desk), wanted), filled(nobody, who=wanted))


def _partners(found: "Iterable[Partner]", empty: Text) -> Rows:
    rows = [msgspec.to_builtins(partner) for partner in found]
    return Rows(name="partners", title=Both("Annuaire", "Directory"), columns=PARTNERS, rows=rows, empty=empty)


class Known(Facts, frozen=True, kw_only=True):
    """A partner: its facts with `known_as` and `history`; the names of the GLNs that lead to it."""

    names: dict[str, str]


def show(desk: "Desk", *, gln: Annotated[str, Asked(Both("Son GLN.", "Its GLN."), "GLN", argument=True)]) -> Known:
    """A partner, with its history."""
    from edi.core import partners

    code, directory = gln, partners.load(desk)
    if code not in directory:
        raise NotFound(what=f"GLN {code}")
    others = (other for other in directory if other != code and partners.resolve(directory, other) == code)
    names, own = {other: directory[other].name for other in others}, msgspec.to_builtins(directory[code])
    more = {"resolves_to": partners.resolve(directory, code), "known_as": list(names)}
    return Known(facts={**own, **more, "history": partners.history(desk, code)}, names=names)


STATES = {
    "asked": Both("demandée", "asked"),
    "in-progress": Both("en cours", "in progress"),
    "given": Both("répondue", "given"),
    "refused": Both("refusée", "refused"),
    "known": Both("connu", "known"),
}
REQUESTS = (
    Column("request", "n°", "int"), word("state", Both("état", "state"), STATES), GLN, NAME, Column("role", Both("rôle", "role")),
    Column("place", Both("lieu", "place"), value=lambda row: f"{row['postcode']} {row['city']}".strip()),
    Column("asked_at", Both("demandée", "asked"), "moment"), Column("asked_by", Both("par", "by")),
    Column("declaration", Both("déclaration", "declaration")), Column("answer", Both("réponse", "answer"), width=15),
    Column("reason", Both("pourquoi", "why"), folded=True),
)  # fmt: skip


def ask(
    desk: "Desk", *,
    name: Annotated[str, Asked(Both("Le nom.", "The name."), Both("NOM", "NAME"))] = "",
    postcode: Annotated[str, Asked(Both("Le code postal.", "The postcode."), Both("CP", "POSTCODE"))] = "",
    city: Annotated[str, Asked(Both("La ville.", "The city."), Both("VILLE", "CITY"))] = "",
    reason: Reason = "",
    role: Annotated[str, Asked(_WHICH, "|".join(_ROLES), argument=True, words=_ROLES)],
    gln: Annotated[str, Asked(Both("Le GLN inconnu.", "The unknown GLN."), "GLN")] = "",
) -> Rows:  # fmt: skip
    """Asks whose a GLN is, or for a partner's GLN."""
    from edi.directory import requests

    wanted = {"role": role, "gln": gln, "name": name, "postcode": postcode, "city": city, "reason": reason}
    if wrong := requests.fault(wanted):
        raise WrongUse(name=wanted["gln"] or wanted["name"] or role, why=wrong)
    return _asked(desk, [wanted])


def ask_file(
    desk: "Desk", *,
    file: Annotated[Path, Asked("role;gln;name;postcode;city;answer;reason", _FILE, argument=True)],
) -> Rows:  # fmt: skip
    """Asks, and answers, by file."""
    from edi.directory import requests
    from edi.directory.importing import sheet

    _, rows = sheet(file, ["role"])
    if wrong := [
        filled(Both("ligne {line} : {fault}", "row {line}: {fault}"), line=line, fault=fault)
        for line, row in rows
        if (fault := requests.fault(row))
    ]:
        raise SettingsWrong(path=file, why=joined(wrong[:20]))
    return _asked(desk, [row for _, row in rows])


def _asked(desk: "Desk", rows: list[dict[str, str]]) -> Rows:
    from edi.directory import requests

    stand = requests.bring(desk, rows, desk.who, desk.now())
    desk.decided("requests-made", requests=[row["request"] for row in stand])
    return _requests(stand)


def _requests(rows: list[dict[str, Any]]) -> Rows:
    title, empty = Both("Demandes de référencement", "Referencing requests"), Both("Aucune demande.", "No request.")
    return Rows(name="requests", title=title, columns=REQUESTS, rows=rows, empty=empty)


def requests(
    desk: "Desk", *, all: Annotated[bool, Asked(Both("Les closes aussi.", "Closed ones too."))] = False,  # noqa: A002
) -> Rows:  # fmt: skip
    """The open requests, or all."""
    from edi.directory import requests

    return _requests(requests.listing(desk, all))


def act(
    desk: "Desk", *,
    act: Annotated[Literal["take", "refuse"], Asked("")],
    numbers: Annotated[tuple[int, ...], Asked(Both("Leurs numéros dans « request list ».", "Their numbers in request list."), "N°...", argument=True)],
    reason: Reason = "",
) -> Rows:  # fmt: skip
    """Takes requests up, or closes them without an answer, for a reason."""
    from edi.core.store import transaction
    from edi.directory import requests

    with transaction(desk.db):
        for number in numbers:
            requests.act(desk, number, act, desk.who, reason, desk.now())
    rows = [requests.one(desk, number) for number in numbers]
    desk.decided(f"requests-{act}", requests=list(numbers), reason=reason)
    return _requests(rows)


class Answered(Facts, frozen=True, kw_only=True):
    """A request as it stands once it is answered, and what that changed of the directory."""

    changes: list[dict[str, Any]]


def answer(
    desk: "Desk", *,
    name: Annotated[str, Asked(Both("Le nom.", "The name."), Both("NOM", "NAME"))] = "",
    postcode: Annotated[str, Asked(Both("Le code postal.", "The postcode."), Both("CP", "POSTCODE"))] = "",
    city: Annotated[str, Asked(Both("La ville.", "The city."), Both("VILLE", "CITY"))] = "",
    reason: Reason = "",
    number: Number,
    gln: Annotated[str, Asked(Both("Qui c'est.", "Who it is."), "GLN", argument=True)],
) -> Answered:  # fmt: skip
    """The GLN asked for becomes an alias of this one, or the partner enters the directory."""
    from edi.directory import requests

    number, code = number, gln
    given = {"gln": code, "name": name, "postcode": postcode, "city": city}
    report = requests.answer(desk, {number: given}, desk.who, reason, desk.now())
    row = requests.one(desk, number)
    desk.decided("requests-answer", requests=[number], gln=code, touched=report["touched"])
    says = filled(Both("Demande {n} répondue : {gln}.", "Request {n} is answered: {gln}."), n=number, gln=code)
    return Answered(facts={**row, **report}, changes=report["changes"], below=(summary(report), says))
