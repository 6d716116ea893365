"""Referencing requests: who is behind a GLN that the directory does not know, or which GLN has a partner known by name only.

Authority: guide ("Demandez un Gencod": singly or by file; asked, in progress, given, refused). Append-only: a request is
asked once, and acts follow it; one whose GLN the directory has come to know is given too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from edi import schemes
from edi.core import partners
from edi.core.desk import Desk
from edi.core.partners import Facts, Partner
from edi.core.store import transaction
from edi.directory.importing import GLN_DIGITS, bring_in, none_of
from schemas import gln
from schemas.errors import NotAllowed, NotFound
from schemas.text import Both, Text, filled

_KNOWN = ("name", "postcode", "city")
Wanted = Mapping[str, str]
OPEN = ("asked", "in-progress")
#: What `answer` says in a file where there is no GLN to give.
REFUSED = ("refus", "refusé", "refusée", "refused")
_ROWS = """
SELECT * FROM (
    SELECT r.id AS request, r.gln, r.name, r.role, r.postcode, r.city,
           CASE WHEN a.act = 'answer' OR r.gln IN (SELECT gln FROM partner) THEN 'given' WHEN a.act = 'ask' THEN 'asked'
                WHEN a.act = 'take' THEN 'in-progress' ELSE 'refused' END AS state,
           a.gln AS answer, f.at AS asked_at, f.who AS asked_by, d.reference AS declaration, a.at, a.who, a.reason
    FROM request r JOIN request_act f ON f.id = (SELECT min(id) FROM request_act WHERE request = r.id)
    JOIN request_act a ON a.id = (SELECT max(id) FROM request_act WHERE request = r.id)
    LEFT JOIN declaration d ON d.id = r.declaration
) WHERE {which} ORDER BY request
"""


def listing(desk: Desk, everything: bool = False) -> list[dict[str, Any]]:
    """The open requests, or all, oldest first, each with its state and the act that brought it there."""
    which = "1" if everything else f"state IN {OPEN}"
    return [dict(row) for row in desk.db.execute(_ROWS.format(which=which))]


def one(desk: Desk, request: int) -> dict[str, Any]:
    """One request. Raises NotFound."""
    row = desk.db.execute(_ROWS.format(which="request = ?"), (request,)).fetchone()
    if row is None:
        raise NotFound(what=Both(f"demande {request}", f"request {request}"))
    return dict(row)


def ask(desk: Desk, rows: Iterable[Wanted], who: str, now: datetime) -> list[dict[str, Any]]:
    """Opens a request for each row, inside the caller's transaction; it as it stands, the one before if it was asked already.

    A row has `gln`, or `name` with `postcode` or `city`; `role`; and may have a `reason`. Whoever the directory knows is
    not asked for: `state` is `known` and `answer` the GLN. Raises NotAllowed where a row says too little (`fault`).
    """
    known = {about: partner.gln for partner in partners.load(desk).values() for about in _abouts(partner)}
    asked = []
    for row in rows:
        if wrong := fault(row):
            raise NotAllowed(why=wrong)
        said = {name: row.get(name, "") for name in ("gln", "role", *_KNOWN)}
        about = said["gln"] or _about(said["role"], said["name"], said["postcode"] or said["city"])
        if about in known:
            asked.append({**said, "request": None, "state": "known", "answer": known[about]})
            continue
        before = desk.db.execute("SELECT id FROM request WHERE about = ?", (about,)).fetchone()
        number: Any = before["id"] if before else desk.db.execute(
            f"INSERT INTO request (about, {', '.join(said)}) VALUES (?, ?, ?, ?, ?, ?)", (about, *said.values())
        ).lastrowid  # fmt: skip
        if before is None or (one(desk, number)["state"] == "refused" and not row.get("answer")):
            _act(desk, number, "ask", who, "" if row.get("answer") else row.get("reason", ""), now)
        asked.append(one(desk, number))
    return asked


def bring(desk: Desk, rows: Sequence[Wanted], who: str, now: datetime) -> list[dict[str, Any]]:
    """Asks for each row of a file, then answers or refuses as its `answer` says: a GLN, or one of `REFUSED`; each as it
    stands then. What was answered before stays. Raises as `ask` and `answer`.
    """
    answers: dict[int, Wanted] = {}
    with transaction(desk.db):
        asked = ask(desk, rows, who, now)
        for row, to in zip(rows, asked, strict=True):
            said = row.get("answer", "").casefold()
            if said in REFUSED and to["state"] in OPEN:
                act(desk, to["request"], "refuse", who, row.get("reason", ""), now)
            elif said and said not in REFUSED and to["state"] in (*OPEN, "refused"):
                answers[to["request"]] = {**row, "gln": said}
    if answers:
        answer(desk, answers, who, "", now)
    return [one(desk, to["request"]) if to["request"] else to for to in asked]


def fault(wanted: Wanted) -> Text:
    """What a request says too little of, or wrong; empty if nothing."""
    if wrong := none_of("role", wanted.get("role", ""), schemes.roles()):
        return wrong
    for name in ("gln", "answer"):
        code = wanted.get(name, "")
        if code and not gln.has_form(code) and not (name == "answer" and code.casefold() in REFUSED):
            return filled(GLN_DIGITS, name=name, code=repr(code))
    if wanted.get("gln"):
        return ""
    if partners.folded(wanted.get("name", "")) and (wanted.get("postcode") or wanted.get("city")):
        return ""
    return Both("un GLN, ou un nom avec code postal ou ville", "a GLN, or a name with postcode or city")


def _about(role: str, name: str, place: str) -> str:
    return "|".join((role, partners.folded(name), partners.folded(place)))


def _abouts(partner: Partner) -> Iterator[str]:
    """All that a request may ask for when it is this partner."""
    yield partner.gln
    for place in filter(None, (partner.postcode, partner.city)):
        yield _about(partner.role, partner.name, place)


def act(desk: Desk, request: int, act: str, who: str, reason: str, now: datetime) -> None:
    """Takes a request up, or refuses it, inside the caller's transaction. Raises NotFound, or NotAllowed where it is closed."""
    _must_be(one(desk, request), *OPEN)
    if act == "refuse" and not reason.strip():
        raise NotAllowed(why=Both("Un refus veut une raison : --reason.", "A refusal needs a reason: --reason."))
    _act(desk, request, act, who, reason, now)


def answer(desk: Desk, answers: Mapping[int, Wanted], who: str, reason: str, now: datetime) -> dict[str, Any]:
    """Says who it is: of each request the `gln`, and `name`, `postcode`, `city` where they are better known now.

    The partner is added to the directory if it is not there; the GLN that was asked for becomes an alias of another one.
    Returns what changed, as `bring_in`. Raises NotFound, or NotAllowed where the answer cannot be, or was given before.
    """
    directory = partners.load(desk)
    told: dict[str, Facts] = {}
    for number, given in answers.items():
        request, code = one(desk, number), given["gln"]
        if not gln.is_valid(code) and not gln.is_legacy(code) and code not in directory:
            raise NotAllowed(
                why=Both(
                    f"{code!r} n'est pas un GLN : 13 chiffres, le dernier de contrôle.",
                    f"{code!r} is no GLN: 13 digits, the last of them a check digit.",
                )
            )
        known = directory.get(code)
        asked = desk.db.execute("SELECT role FROM request WHERE gln = ?", (code,)).fetchone()
        role = known.role if known else asked["role"] if asked else request["role"]
        if role != request["role"]:
            raise NotAllowed(
                why=Both(
                    f"{code} : {role} ; demande {number} : {request['role']}.",
                    f"{code}: {role}; request {number}: {request['role']}.",
                )
            )
        facts = {(name, ""): given.get(name) or request[name] for name in _KNOWN} | {("role", ""): role}
        if known is None:
            told[code] = facts
        if request["gln"] not in ("", code):
            told[request["gln"]] = {**facts, ("alias_of", ""): code}

    def acts() -> None:
        for number, given in answers.items():
            _must_be(one(desk, number), *OPEN, "refused")
            _act(desk, number, "answer", who, reason, now, given["gln"])

    numbers = ", ".join(map(str, answers))
    return bring_in(desk, told, who, Both(f"demande {numbers}", f"request {numbers}"), now, beside=acts)


def _must_be(request: dict[str, Any], *states: str) -> None:
    if request["state"] not in states:
        raise NotAllowed(
            why=Both(
                f"La demande {request['request']} est close ({request['state']}).",
                f"Request {request['request']} is closed ({request['state']}).",
            )
        )


def _act(desk: Desk, request: int, act: str, who: str, reason: str, now: datetime, code: str = "") -> None:
    desk.db.execute(
        "INSERT INTO request_act (request, act, who, reason, at, gln) VALUES (?, ?, ?, ?, ?, ?)",
        (request, act, who, reason.strip(), now.isoformat(), code),
    )
