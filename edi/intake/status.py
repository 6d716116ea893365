"""What an operator wants to know at a glance: what arrived, what is stuck, and whose turn it is."""

import sqlite3
from datetime import timedelta
from typing import Any

from edi.directory import requests
from edi.intake.holding import GROWING_LONG
from edi.intake.links import overview
from edi.reconciliation.tally import state
from edi.settings import LOCAL, Home, paris_now
from schemas.catalogue import CATALOGUE
from schemas.money import several


def status(home: Home, connection: sqlite3.Connection) -> dict[str, Any]:
    """The state of a home. `stuck` rows say what, since when, why, and whose turn it is:

    `partner` (mend and send again), `operator` (look here), `edi` (the next pass does it).
    """
    arrived = {
        row["verdict"]: row["n"]
        for row in connection.execute(
            "SELECT coalesce(verdict, 'received') AS verdict, count(*) AS n FROM receipt GROUP BY 1 ORDER BY 1"
        )
    }
    latest = [
        dict(row)
        for row in connection.execute(
            "SELECT id AS receipt, received_at, link, home, name, size, coalesce(verdict, 'received') AS verdict "
            "FROM receipt ORDER BY id DESC LIMIT 10"
        )
    ]
    links = overview(home, connection)
    return {
        "home": str(home.path),
        "arrived": arrived,
        "latest": latest,
        "links": links,
        "stuck": [
            *_stuck_files(home, connection),
            *_held_back(connection),
            *_stuck_links(links),
            *_stuck_answers(home, connection),
            *_open_requests(connection),
        ],
        "reconciliation": state(connection),
        "remuneration_cents": connection.execute(
            "SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration"
        ).fetchone()[0],
        "not_reconciled_yet": bool(connection.execute("SELECT EXISTS (SELECT 1 FROM touched)").fetchone()[0]),
    }


def _stuck(what: str, name: str, since: str | None, why: str, turn: str) -> dict[str, Any]:
    return {"what": what, "name": name, "since": since, "why": why, "turn": turn}


_STUCK_FILES = """
SELECT id, name, link, received_at, state, verdict, trouble FROM receipt r
WHERE NOT EXISTS (SELECT 1 FROM quarantine_act a WHERE a.receipt = r.id) AND (state <> 'answered' OR (
    verdict IN ('refused', 'partly-accepted') AND NOT dry AND NOT EXISTS (   -- and nothing came since in its place
        SELECT 1 FROM receipt n WHERE n.id > r.id AND n.link = r.link AND n.home = r.home AND n.name = r.name)))
ORDER BY id
"""


def _stuck_files(home: Home, connection: sqlite3.Connection) -> list[dict[str, Any]]:
    known = {LOCAL, *(link.name for link in home.settings.link)}
    stuck = []
    for row in connection.execute(_STUCK_FILES).fetchall():
        name = f"{row['link']}: {row['name']}"
        if row["state"] == "failed":
            why = f"contrôle en panne / the checker failed: {row['trouble']}"
            stuck.append(_stuck("file", name, row["received_at"], why, "operator"))
        elif row["state"] == "received":
            if row["link"] in known:
                why, turn = row["trouble"] or "pas encore pris / not taken yet", "operator" if row["trouble"] else "edi"
            else:
                why, turn = "liaison absente d'edi.toml / its link is not in edi.toml", "operator"
            stuck.append(_stuck("file", name, row["received_at"], why, turn))
        else:
            found = connection.execute("SELECT DISTINCT code FROM finding WHERE receipt = ?", (row["id"],))
            codes = sorted(c["code"] for c in found if CATALOGUE[c["code"]].reach != "warning")
            words = "refusé / refused" if row["verdict"] == "refused" else "refusé en partie / partly refused"
            stuck.append(_stuck("file", name, row["received_at"], f"{words}: {', '.join(codes[:4])}", "partner"))
    return stuck


def _held_back(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Files left in a depot: over a quota or a limit, not to be had, or for long never done being written."""
    return [
        _stuck(
            "file", f"{row['link']}: {row['name']}", row["since"],
            f"laissé dans le dépôt / left in the depot{_times(row['attempts'])}: {row['why']}", row["turn"],
        )
        for row in connection.execute(
            "SELECT * FROM held_back WHERE attempts > 0 OR since <= ? ORDER BY since, link, path LIMIT 200",
            ((paris_now() - GROWING_LONG).isoformat(),),
        )
    ]  # fmt: skip


def _times(attempts: int) -> str:
    return f" ({attempts}x)" if attempts else ""


def _stuck_links(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Links in trouble. One that is away is tried again by itself; away for a day, somebody should ask the partner."""
    yesterday = (paris_now() - timedelta(days=1)).isoformat()
    return [
        _stuck(
            "link", link["name"], link["trouble_since"], link["trouble"],
            "operator" if link["trouble_since"] < yesterday else link["turn"],
        )
        for link in links
        if link["state"] == "trouble"
    ]  # fmt: skip


def _open_requests(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The referencing requests nobody has answered, together, with the oldest."""
    waiting = requests.listing(connection)
    if not waiting:
        return []
    oldest = waiting[0]
    who = oldest["gln"] or f"{oldest['name']}, {oldest['postcode'] or oldest['city']}"
    why = f"GLN à trouver / to be found: {who}{' ...' if len(waiting) > 1 else ''} (edi partners request list)"
    return [_stuck("request", f"{several(len(waiting), 'demande')} / requests", oldest["asked_at"], why, "operator")]


_STUCK_ANSWERS = """
SELECT link, min(id) AS first, name, trouble, written_at, count(*) AS answers,  -- of the first
       EXISTS (SELECT 1 FROM link_paused p WHERE p.link = answer.link) AS paused
FROM answer WHERE sent_at IS NULL GROUP BY link ORDER BY first
"""


def _stuck_answers(home: Home, connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The answers not sent yet, those of one link together, with what stands in the way of the first."""
    known = {LOCAL, *(link.name for link in home.settings.link)}
    stuck = []
    for row in connection.execute(_STUCK_ANSWERS).fetchall():
        name = row["name"] if row["answers"] == 1 else f"{row['answers']} réponses / answers"
        why, turn = row["trouble"] or "à envoyer / to be sent", "edi"
        if row["link"] not in known:
            why, turn = "liaison absente d'edi.toml / its link is not in edi.toml", "operator"
        elif row["paused"]:
            why, turn = f"liaison en pause / link paused: edi link resume {row['link']}", "operator"
        stuck.append(_stuck("answer", f"{row['link']}: {name}", row["written_at"], why, turn))
    return stuck
