"""`edi demo`: the whole job on embedded parts, over a real SFTP server on loopback, in two rounds.

    files/round-1 -> depots -> Run.once() over SFTP -> receipts, verdicts, matches, entries, answers in retour/
    files/round-2: the late library, the truncated file whole, a replacement -> Run.once() -> reversals

Nothing here decides anything: passes, verdicts, states and entries are the product's own. The facts come back as one
document, and are told step by step to whoever shows them.
"""

import shutil
import time
from pathlib import Path
from typing import Any

from edi.core.desk import Desk, Tell, open_desk
from edi.demo import cast, places
from edi.demo.places import Place
from edi.directory import importing
from edi.intake.pipeline import Run
from edi.lending.matching.claims import rate_text
from edi.lending.matching.reconciling import reconcile
from edi.lending.matching.tally import details
from parsers.answers.report import as_json
from schemas.text import Language

Facts = dict[str, Any]


def demo(home: Path, tell: Tell, keep: bool, language: Language = "fr") -> Facts:
    """Runs the demo in `home` (empty, or made), and returns all facts as one JSON-able document.

    `tell` is told of each step as it is done: `opening`, `round` twice, `end` with the whole document. Without `keep` the home is removed at the end. Raises NotAllowed when `home` is in use already.
    """
    began = time.monotonic()
    files, names = cast.sent(), cast.names()
    there = places.settle(files, home)
    try:
        shutil.copy(cast.DIRECTORY, home)
        suppliers = len({file.gln for file in files if file.path.startswith("round-1/F-")})
        tell("opening", {"year": cast.YEAR, "suppliers": suppliers, "libraries": len(there) - suppliers})
        with places.server(home) as running:
            opened = places.connect_links(home, there, running)
            with open_desk(opened.path, language) as desk:
                facts, _ = importing.read_facts(home / cast.DIRECTORY.name)
                importing.bring_in(desk, facts, "demo", cast.DIRECTORY.name, desk.now())
                rounds = []
                for number in (1, 2):
                    places.deposit(there, [file for file in files if file.round == number])
                    rounds.append(_round(files, names, desk, number))
                    tell("round", rounds[-1])
                document: Facts = {
                    "home": str(home), "year": cast.YEAR, "rounds": rounds, **_outcome(names, desk),
                    "answers": _answers(there, names), "kept": keep,
                }  # fmt: skip
        places.keep_links(home, there)
        document["example"] = _example(document["answers"])
        document["seconds"] = round(time.monotonic() - began, 1)
        tell("end", document)
        return document
    finally:
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


def _round(files: list[cast.Sent], names: dict[str, str], desk: Desk, number: int) -> Facts:
    """One pass over what lies in the depots; what came of each file, and how many invoices stand where planned."""
    taken: list[tuple[str, Any]] = []
    desk.tell = lambda event, facts: taken.append((event, facts))
    done = Run(desk, reconcile).once(patient=True)
    sent = {file.name: file for file in files}
    told = [_file(sent[facts["file"]], names, facts["acknowledgement"]) for event, facts in taken if event == "taken"]
    stands, planned = _stands(desk), cast.planted(number)
    placed = sum(stands.get(name) == state for name, state in planned.items())
    return {
        "round": number, "pulled": done.pulled, "pushed": done.pushed, "troubles": done.troubles, "files": told,
        "reconciliation": done.reconciled, "planned": len(planned), "as_planned": placed,
    }  # fmt: skip


def _file(file: cast.Sent, names: dict[str, str], taken: Any) -> Facts:
    """What became of a file: its verdict, and the findings that refuse something, in both languages."""
    french, english = (as_json(taken, language)["findings"] for language in ("fr", "en"))
    refusing = [
        {**one, "message_en": other["message"], "suggestion_en": other["suggestion"]}
        for one, other in zip(french, english, strict=True)
        if one["reach"] != "warning"
    ]
    return {
        "partner": names[file.gln], "link": file.link, "home": file.home, "file": file.name, "format": taken.format,
        "verdict": taken.verdict, "invoices": taken.invoices, "accepted": taken.accepted, "refused": taken.refused,
        "cause": file.cause or None, "cause_en": file.cause_en or None, "findings": refusing,
        "warnings": len(french) - len(refusing),
    }  # fmt: skip


def _stands(desk: Desk) -> dict[cast.Named, str]:
    """Where each invoice stands, as `edi reconcile --details` lists it: a state, or a discrepancy's name."""
    found: dict[cast.Named, str] = {}
    for listing, rows in details(desk).items():
        state = listing.removesuffix("_list")
        for row in rows:
            name = (row["supplier"], row["library"], row["number"], row["date"])
            if state in ("discrepancies", "net_differs"):
                found[name] = row["reason"]
            else:
                found.setdefault(name, state)
    return found


def _outcome(names: dict[str, str], desk: Desk) -> Facts:
    """The discrepancies one by one, and the ledger by supplier and rate."""
    rows = desk.db.execute(
        "SELECT supplier, rate_percent, count(*) AS entries, count(reverses) AS reversals, sum(base_cents) AS base_cents, "
        "sum(remuneration_cents) AS remuneration_cents, sum(copies) AS copies FROM remuneration "
        "GROUP BY supplier, rate_percent ORDER BY sum(remuneration_cents) DESC"
    ).fetchall()
    lists = details(desk)
    return {
        "discrepancies": [
            {**row, "supplier_name": names[row["supplier"]], "library_name": names[row["library"]]}
            for listing in ("discrepancies", "net_differs", "proposed")
            for row in lists[f"{listing}_list"]
        ],
        "ledger": [
            {"name": names[row["supplier"]], **dict(row), "rate": rate_text(row["rate_percent"])} for row in rows
        ],
        "remuneration_cents": sum(row["remuneration_cents"] for row in rows),
    }


def _answers(there: list[Place], names: dict[str, str]) -> list[Facts]:
    """The files lying in each partner's retour/."""
    folders = [(names[place.gln], place.path / "retour") for place in there]
    return [
        {"partner": name, "folder": str(folder), "files": sorted(path.name for path in folder.iterdir())}
        for name, folder in folders
    ]


def _example(answers: list[Facts]) -> dict[str, str]:
    """One answer to look at: the report on the first file of which only some invoices were refused."""
    for answer in answers:
        for name in answer["files"]:
            if ".ane." in name and name.startswith("B-"):
                report = Path(answer["folder"]) / f"{name.split('.ane.')[0]}.rapport.txt"
                return {"folder": answer["folder"], "name": report.name, "text": report.read_text("utf-8")}
    return {}
