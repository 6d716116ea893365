"""What is known of each link: its account, for whom it speaks, when it was last well, what stands in the way."""

import sqlite3
from datetime import datetime
from typing import Any

from edi.settings import Home
from schemas.errors import LinkError
from spool.link import Link
from spool.pull import depots, listing
from spool.reaching import reach


def overview(home: Home, connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every link of the settings, with its state: `ok`, `paused`, `trouble` or `never` (not seen yet)."""
    paused = {row["link"] for row in connection.execute("SELECT link FROM link_paused")}
    states = {row["link"]: row for row in connection.execute("SELECT * FROM link_state")}
    waiting = dict(
        connection.execute("SELECT link, count(*) FROM answer WHERE sent_at IS NULL GROUP BY link").fetchall()
    )
    rows = []
    for link in home.settings.link:
        seen = states.get(link.name)
        state = "never" if seen is None else "trouble" if seen["trouble"] else "ok"
        rows.append(
            {
                "name": link.name,
                "account": link.path if link.kind == "folder" else f"{link.user}@{link.host}:{link.port}",
                "declarants": _speaks_for(link),
                "state": "paused" if link.name in paused else state,
                "seen_at": seen and seen["seen_at"],
                "trouble": seen and seen["trouble"],
                "trouble_since": seen and seen["trouble_since"],
                "turn": seen and seen["turn"],
                "answers_waiting": waiting.get(link.name, 0),
            }
        )
    return rows


def _speaks_for(link: Link) -> str:
    named = {number for numbers in (link.declarants, *link.homes.values()) for number in numbers}
    return "*" if "*" in named else f"{len(named)} GLN" if len(named) > 2 else " ".join(sorted(named))


def test(home: Home, link: Link) -> dict[str, Any]:
    """Connects and lists, changing nothing. Raises what the link raises."""
    troubles: list[LinkError] = []
    with reach(link, home.known_hosts) as remote:
        homes = depots(remote, link)
        files = listing(remote, link, troubles)
    return {
        "link": link.name,
        "homes": len(homes),
        "files": len(files),
        "troubles": [str(trouble) for trouble in troubles],
    }


def pause(connection: sqlite3.Connection, name: str, now: datetime) -> None:
    """Nothing is exchanged with this link until it is resumed."""
    connection.execute("INSERT OR IGNORE INTO link_paused VALUES (?, ?)", (name, now.isoformat()))


def resume(connection: sqlite3.Connection, name: str) -> None:
    """Undoes `pause`."""
    connection.execute("DELETE FROM link_paused WHERE link = ?", (name,))
