"""What is known of each link: its account, for whom it speaks, when it was last well, what stands in the way."""

from typing import Any

from edi.core.desk import Desk
from schemas.errors import LinkError
from schemas.text import recalled, say
from spool.link import Link
from spool.pull import depots, listing
from spool.transports import AnyLink, connect


def overview(desk: Desk) -> list[dict[str, Any]]:
    """Every link of the settings, with its state: `ok`, `paused`, `trouble` or `never` (not seen yet)."""
    paused = {row["link"] for row in desk.db.execute("SELECT link FROM link_paused")}
    states = {row["link"]: row for row in desk.db.execute("SELECT * FROM link_state")}
    waiting = dict(desk.db.execute("SELECT link, count(*) FROM answer WHERE sent_at IS NULL GROUP BY link").fetchall())
    rows = []
    for link in desk.home.settings.link:
        seen = states.get(link.name)
        trouble = say(recalled(seen["trouble"]), desk.language) if seen and seen["trouble"] else None
        state = "never" if seen is None else "trouble" if trouble else "ok"
        rows.append(
            {
                "name": link.name,
                "account": link.account,
                "declarants": _speaks_for(link),
                "state": "paused" if link.name in paused else state,
                "seen_at": seen and seen["seen_at"],
                "trouble": trouble,
                "trouble_since": seen and seen["trouble_since"],
                "turn": seen and seen["turn"],
                "answers_waiting": waiting.get(link.name, 0),
            }
        )
    return rows


def _speaks_for(link: Link) -> str:
    named = {number for numbers in (link.declarants, *link.homes.values()) for number in numbers}
    return "*" if "*" in named else f"{len(named)} GLN" if len(named) > 2 else " ".join(sorted(named))


def test(desk: Desk, link: AnyLink) -> dict[str, Any]:
    """Connects and lists, changing nothing. Raises what the link raises."""
    troubles: list[LinkError] = []
    with connect(link, desk.home.known_hosts) as remote:
        homes = depots(remote, link)
        files = listing(remote, link, troubles)
    return {
        "link": link.name,
        "homes": len(homes),
        "files": len(files),
        "troubles": [say(trouble.text, desk.language) for trouble in troubles],
    }


def pause(desk: Desk, name: str) -> None:
    """Nothing is exchanged with this link until it is resumed."""
    desk.db.execute("INSERT OR IGNORE INTO link_paused VALUES (?, ?)", (name, desk.now().isoformat()))


def resume(desk: Desk, name: str) -> None:
    """Undoes `pause`."""
    desk.db.execute("DELETE FROM link_paused WHERE link = ?", (name,))
