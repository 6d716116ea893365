"""What an operator wants to know at a glance: what arrived, what is stuck, and whose turn it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from edi import schemes
from edi.core.desk import Desk
from edi.core.settings import LOCAL
from edi.directory import requests
from edi.intake import deferred
from edi.intake.links import overview
from schemas.catalogue import CATALOGUE
from schemas.money import several
from schemas.text import Both, Text, filled, recalled, say


def status(desk: Desk) -> dict[str, Any]:
    """The state of a home, in the language of the desk. `stuck` rows say what, since when, why, and whose turn it is:

    `partner` (mend and send again), `operator` (look here), `edi` (the next pass does it).
    """
    arrived = {
        row["verdict"]: row["n"]
        for row in desk.db.execute(
            "SELECT coalesce(verdict, 'received') AS verdict, count(*) AS n FROM receipt GROUP BY 1 ORDER BY 1"
        )
    }
    latest = [
        dict(row)
        for row in desk.db.execute(
            "SELECT id AS receipt, received_at, link, home, name, size, coalesce(verdict, 'received') AS verdict "
            "FROM receipt ORDER BY id DESC LIMIT 10"
        )
    ]
    links = overview(desk)
    return {
        "home": str(desk.home.path),
        "arrived": arrived,
        "latest": latest,
        "links": links,
        "stuck": [
            *_stuck_files(desk),
            *_deferred(desk),
            *_stuck_links(desk, links),
            *_stuck_answers(desk),
            *_open_requests(desk),
        ],
        **schemes.state(desk),
        "not_reconciled_yet": bool(desk.db.execute("SELECT EXISTS (SELECT 1 FROM touched)").fetchone()[0]),
    }


_NO_LINK = Both("liaison absente d'edi.toml", "its link is not in edi.toml")
_FAILED = Both("contrôle en panne : {why}", "the checker failed: {why}")
_NOT_TAKEN = Both("pas encore pris", "not taken yet")
_REFUSED = {
    "refused": Both("refusé : {codes}", "refused: {codes}"),
    "partly-accepted": Both("refusé en partie : {codes}", "partly refused: {codes}"),
}
_LEFT = Both("laissé dans le dépôt{times} : {why}", "left in the depot{times}: {why}")
_TO_SEND = Both("à envoyer", "to be sent")
_PAUSED = Both("liaison en pause : edi link resume {link}", "link paused: edi link resume {link}")
_ANSWERS = Both("{count} réponses", "{count} answers")
_TO_FIND = Both(
    "GLN à trouver : {who} (edi partners request list)", "GLN to be found: {who} (edi partners request list)"
)


def _stuck(desk: Desk, what: str, name: Text, since: str | None, why: Text, turn: str) -> dict[str, Any]:
    """A row of `stuck`."""
    spoken = {"name": say(name, desk.language), "why": say(why, desk.language)}
    return {"what": what, "name": spoken["name"], "since": since, "why": spoken["why"], "turn": turn}


_STUCK_FILES = """
SELECT id, name, link, received_at, state, verdict, trouble FROM receipt r
WHERE NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id) AND (state <> 'answered' OR (
    verdict IN ('refused', 'partly-accepted') AND NOT dry AND NOT EXISTS (   -- and nothing came since in its place
        SELECT 1 FROM receipt n WHERE n.id > r.id AND n.link = r.link AND n.home = r.home AND n.name = r.name)))
ORDER BY id
"""


def _known(desk: Desk) -> set[str]:
    """The names of the links there are."""
    return {LOCAL, *(link.name for link in desk.home.settings.link)}


def _stuck_files(desk: Desk) -> Iterator[dict[str, Any]]:
    known = _known(desk)
    for row in desk.db.execute(_STUCK_FILES).fetchall():
        trouble = recalled(row["trouble"] or "")
        why: Text
        if row["state"] == "failed":
            why, turn = filled(_FAILED, why=trouble), "operator"
        elif row["state"] == "received":
            why, turn = (trouble, "operator") if trouble else (_NOT_TAKEN, "edi")
            if row["link"] not in known:
                why, turn = _NO_LINK, "operator"
        else:
            found = desk.db.execute("SELECT DISTINCT code FROM finding WHERE receipt = ?", (row["id"],))
            codes = sorted(finding["code"] for finding in found if CATALOGUE[finding["code"]].reach != "warning")
            why, turn = filled(_REFUSED[row["verdict"]], codes=", ".join(codes[:4])), "partner"
        yield _stuck(desk, "file", f"{row['link']}: {row['name']}", row["received_at"], why, turn)


def _deferred(desk: Desk) -> Iterator[dict[str, Any]]:
    """Files left in a depot: over a quota or a limit, not to be had, or for long never done being written."""
    for link, file in deferred.stuck(desk):
        why = filled(_LEFT, times=f" ({file.attempts}x)" if file.attempts else "", why=file.why)
        yield _stuck(desk, "file", f"{link}: {file.name}", file.since.isoformat(), why, file.turn)


def _stuck_links(desk: Desk, links: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Links in trouble. One that is away is tried again by itself; away for a day, somebody should ask the partner."""
    yesterday = (desk.now() - timedelta(days=1)).isoformat()
    for link in links:
        if link["state"] == "trouble":
            turn = "operator" if link["trouble_since"] < yesterday else link["turn"]
            yield _stuck(desk, "link", link["name"], link["trouble_since"], link["trouble"], turn)


def _open_requests(desk: Desk) -> Iterator[dict[str, Any]]:
    """The referencing requests nobody has answered, together, with the oldest."""
    waiting = requests.listing(desk)
    if waiting:
        oldest = waiting[0]
        who = oldest["gln"] or f"{oldest['name']}, {oldest['postcode'] or oldest['city']}"
        why = filled(_TO_FIND, who=who + (" ..." if len(waiting) > 1 else ""))
        name = Both(several(len(waiting), "demande"), several(len(waiting), "request"))
        yield _stuck(desk, "request", name, oldest["asked_at"], why, "operator")


_STUCK_ANSWERS = """
SELECT link, min(id) AS first, name, trouble, written_at, count(*) AS answers,  -- of the first
       EXISTS (SELECT 1 FROM link_paused p WHERE p.link = answer.link) AS paused
FROM answer WHERE sent_at IS NULL GROUP BY link ORDER BY first
"""


def _stuck_answers(desk: Desk) -> Iterator[dict[str, Any]]:
    """The answers not sent yet, those of one link together, with what stands in the way of the first."""
    known = _known(desk)
    for row in desk.db.execute(_STUCK_ANSWERS).fetchall():
        link = row["link"]
        name = row["name"] if row["answers"] == 1 else filled(_ANSWERS, count=row["answers"])
        why, turn = recalled(row["trouble"]) if row["trouble"] else _TO_SEND, "edi"
        if link not in known:
            why, turn = _NO_LINK, "operator"
        elif row["paused"]:
            why, turn = filled(_PAUSED, link=link), "operator"
        yield _stuck(desk, "answer", filled("{link}: {name}", link=link, name=name), row["written_at"], why, turn)
