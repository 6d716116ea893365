"""What an operator wants to know at a glance: what arrived, what is stuck, and whose turn it is."""

import sqlite3
from typing import Any

from edi.links import overview
from edi.reconciling import state
from edi.settings import Home


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
        "stuck": [*_stuck_files(connection), *_stuck_links(links), *_stuck_answers(connection)],
        "reconciliation": state(connection),
        "remuneration_cents": connection.execute("SELECT coalesce(sum(remuneration_cents), 0) FROM entry").fetchone()[
            0
        ],
        "not_reconciled_yet": bool(connection.execute("SELECT changes <> reconciled FROM pass").fetchone()[0]),
    }


def _stuck(what: str, name: str, since: str | None, why: str, turn: str) -> dict[str, Any]:
    return {"what": what, "name": name, "since": since, "why": why, "turn": turn}


def _stuck_files(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT id, name, link, received_at, state, verdict, trouble FROM receipt r "
        "WHERE state <> 'answered' OR (verdict IN ('refused', 'partly-accepted') AND NOT EXISTS "
        "(SELECT 1 FROM receipt n WHERE n.link = r.link AND n.home = r.home AND n.name = r.name AND n.id > r.id)) ORDER BY id"
    ).fetchall()
    stuck = []
    for row in rows:
        name = f"{row['link']}: {row['name']}"
        if row["state"] == "failed":
            why = f"contrôle en panne / the checker failed: {row['trouble']}"
            stuck.append(_stuck("file", name, row["received_at"], why, "operator"))
        elif row["state"] == "received":
            stuck.append(_stuck("file", name, row["received_at"], "pas encore pris / not taken yet", "edi"))
        else:
            codes = connection.execute(
                "SELECT group_concat(code, ', ') FROM (SELECT DISTINCT code FROM finding WHERE receipt = ? LIMIT 4)",
                (row["id"],),
            ).fetchone()[0]
            words = "refusé / refused" if row["verdict"] == "refused" else "refusé en partie / partly refused"
            stuck.append(_stuck("file", name, row["received_at"], f"{words}: {codes}", "partner"))
    return stuck


def _stuck_links(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _stuck("link", link["name"], link["trouble_since"], link["trouble"], "operator")
        for link in links
        if link["state"] == "trouble"
    ]


def _stuck_answers(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    return [
        _stuck(
            "answer",
            f"{row['link']}: {row['name']}",
            row["written_at"],
            row["trouble"] or "à envoyer / to be sent",
            "edi",
        )
        for row in connection.execute(
            "SELECT link, name, written_at, trouble FROM answer WHERE sent_at IS NULL ORDER BY id LIMIT 50"
        )
    ]
