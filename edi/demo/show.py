"""`edi demo`: the whole job on embedded parts, over a real SFTP server on loopback, in two rounds.

    world -> depots -> Run.once() over SFTP -> receipts, verdicts, matches, entries, answers in retour/
          -> the late library, the truncated file whole, a replacement -> Run.once() -> reversals

Nothing here decides anything: passes, verdicts, states and entries are the product's own. The facts come back as one
document; `edi.demo.screen` shows them.
"""

import datetime
import shutil
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import astuple
from rich.console import Console

from edi import ledger
from edi.demo import places, screen
from edi.demo.places import Places
from edi.demo.world import World, as_planned, directory_csv, world
from edi.directory import importing
from edi.intake.pipeline import Pass, Run
from edi.reconciliation.reconciling import details
from edi.settings import Home, paris_now
from edi.store import connect
from parsers.answers.report import as_json
from schemas.text import say

#: Invoices are declared in January and February for the year before; this year's may not have come yet.
_SINCE_FEBRUARY = timedelta(days=50)


def demo(home: Path, console: Console, keep: bool) -> dict[str, Any]:
    """Runs the demo in `home` (empty, or made), tells `console`, and returns all facts as one JSON-able document.

    Without `keep` the home is removed at the end. Raises NotAllowed when `home` is in use already.
    """
    began = time.monotonic()
    made = world(year=(paris_now() - _SINCE_FEBRUARY).year - 1)
    with console.status("Les partenaires s'installent / partners move in"):
        there = places.settle(made, home)
        (home / "annuaire.csv").write_bytes(directory_csv(made))
    screen.opening(console, made)
    rounds = []
    try:
        with places.server(there) as running:
            opened = places.connect_links(home, there, running)
            connection = connect(opened.database)
            try:
                told, _ = importing.read_facts(home / "annuaire.csv")
                importing.bring_in(connection, told, "demo", "annuaire.csv", paris_now())
                for number in (1, 2):
                    facts = _round(made, there, opened, connection, number, console)
                    rounds.append(facts)
                    screen.arrived(console, facts)
                    screen.refused(console, facts)
                document = {
                    "home": str(home), "year": made.year, "rounds": rounds, **_outcome(made, connection),
                    "answers": _answers(there, made), "kept": keep,
                }  # fmt: skip
            finally:
                connection.close()
        places.keep_links(home, there)
        document["example"] = _example(document["answers"])
        document["seconds"] = round(time.monotonic() - began, 1)
        screen.closing(console, document)
        return document
    finally:
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


def _round(
    made: World, there: Places, home: Home, connection: sqlite3.Connection, number: int, console: Console
) -> dict[str, Any]:
    """Puts a round's files into the depots and runs one pass; what came of it."""
    sent = [file for file in made.files if file.round == number]
    places.deposit(there, sent)
    came: list[tuple[str, str, Any]] = []

    def tell(event: str, facts: dict[str, Any]) -> None:
        if event == "taken":
            came.append((facts["link"], facts["file"], facts["acknowledgement"]))

    with console.status(f"Passage {number} sur SFTP / pass {number} over SFTP"):
        done: Pass = Run(home, connection, tell).once(patient=True)
    by_name = {file.name: file for file in sent}
    names = made.names()
    files = []
    for link, name, taken in came:
        file = by_name[name]
        findings = [(as_json(taken, language)["findings"]) for language in ("fr", "en")]
        refusing = [place for place, one in enumerate(findings[0]) if one["reach"] != "warning"]
        files.append({
            "partner": names[file.declarant], "link": link, "home": there.by_gln[file.declarant].home, "file": name,
            "format": taken.format, "verdict": taken.verdict, "invoices": taken.invoices, "accepted": taken.accepted,
            "refused": taken.refused, "cause": say(file.cause, "fr"), "cause_en": say(file.cause, "en"),
            "findings": [
                {**findings[0][place], "message_en": findings[1][place]["message"]} for place in refusing
            ],
            "warnings": len(findings[0]) - len(refusing),
        })  # fmt: skip
    stands = _stands(connection)
    due = [(one, one.first if number == 1 else one.last) for one in made.planted]
    placed = sum(as_planned(state, stands.get(astuple(one.named(state)))) for one, state in due)
    return {
        "round": number, "pulled": done.pulled, "pushed": done.pushed, "troubles": done.troubles, "files": files,
        "reconciliation": done.reconciled, "planned": len(due), "as_planned": placed,
    }  # fmt: skip


def _stands(connection: sqlite3.Connection) -> dict[tuple[Any, ...], str]:
    """Where each invoice stands, by (supplier, library, number, date): a state, or a discrepancy's name."""
    found = {}
    for listing, rows in details(connection).items():
        state = listing.removesuffix("_list")
        for row in rows:
            key = (row["supplier"], row["library"], row["number"], datetime.date.fromisoformat(row["date"]))
            if state in ("discrepancies", "net_differs"):
                found[key] = row["reason"]
            else:
                found.setdefault(key, state)
    return found


def _outcome(made: World, connection: sqlite3.Connection) -> dict[str, Any]:
    """The discrepancies one by one, and the ledger by supplier and rate."""
    names = made.names()
    rows = connection.execute(
        "SELECT supplier, rate_percent, count(*) AS entries, count(reverses) AS reversals, sum(base_cents) AS base_cents, "
        "sum(remuneration_cents) AS remuneration_cents, sum(copies) AS copies FROM entry "
        "GROUP BY supplier, rate_percent ORDER BY sum(remuneration_cents) DESC"
    ).fetchall()
    lists = details(connection)
    differing = [
        {**row, "supplier_name": names[row["supplier"]], "library_name": names[row["library"]]}
        for row in (*lists["discrepancies_list"], *lists["net_differs_list"], *lists["proposed_list"])
    ]
    return {
        "discrepancies": differing,
        "ledger": [
            {"name": names[row["supplier"]], **dict(row), "rate": ledger.rate_text(row["rate_percent"])} for row in rows
        ],
        "remuneration_cents": sum(row["remuneration_cents"] for row in rows),
    }


def _answers(there: Places, made: World) -> list[dict[str, Any]]:
    """The files lying in each partner's retour/."""
    names = made.names()
    return [
        {
            "partner": names[code],
            "folder": str(place.path / "retour"),
            "files": sorted(path.name for path in (place.path / "retour").iterdir()),
        }
        for code, place in there.by_gln.items()
    ]


def _example(answers: list[dict[str, Any]]) -> dict[str, str]:
    """One answer to look at: the report on the first file of which only some invoices were refused."""
    for answer in answers:
        for name in answer["files"]:
            if ".ane." in name and name.startswith("B-"):
                report = name.split(".ane.")[0] + ".rapport.txt"
                folder = Path(answer["folder"])
                return {"folder": str(folder), "name": report, "text": (folder / report).read_text("utf-8")}
    return {}
