"""Changes of the directory: a CSV file of partners, what it changes, and what that touches.

A fact that a file does not give stays as it was: rows, columns and cells that are absent, and empty cells of a row with
`since`, delete nothing. What changed is kept, with who, when and out of what.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from edi.core import partners, store
from edi.core.desk import Desk
from edi.core.lock import in_turn
from edi.core.partners import DATED, FIELDS, Facts, Partner
from edi.core.store import snapshot, transaction
from edi.lending.matching import match_table
from parsers.sheets import cells
from schemas.errors import SettingsWrong, Unreadable
from schemas.text import Both, Text, filled, joined, stored

COLUMNS = ("gln", *FIELDS, "since")
_YES_NO = dict.fromkeys(("oui", "o", "yes", "y", "true", "vrai", "1"), "yes") | dict.fromkeys(
    ("non", "n", "no", "false", "faux", "0"), "no"
)
_WRONG_SHOWN = 20
_ROW = Both("ligne {line} : {fault}", "row {line}: {fault}")
_ENDLESS = Both("résolution sans fin : {trail}", "endless resolution: {trail}")


def sheet(path: Path, wanted: Iterable[str]) -> tuple[list[str], list[cells.Row]]:
    """Columns and rows of a CSV file. Raises SettingsWrong, or Unreadable."""
    try:
        columns, rows = cells.rows(path.read_bytes(), tuple(wanted))
        return columns, list(rows)
    except OSError as wrong:
        raise Unreadable(path=path, why=wrong.strerror) from wrong
    except cells.BadSheet as wrong:
        raise SettingsWrong(path=path, why=wrong.text) from wrong


def read_facts(path: Path) -> tuple[dict[str, Facts], list[str]]:
    """What a CSV file tells of partners, by GLN, and the columns that say nothing to us.

    Raises SettingsWrong naming every faulty line, or Unreadable.
    """
    columns, rows = sheet(path, COLUMNS[:3])
    told: dict[str, Facts] = {}
    lines: dict[tuple[str, str], int] = {}
    wrong: list[tuple[int, Text]] = []
    for line, row in sorted(rows, key=lambda each: _day(each[1].get("since", ""))):
        code, since = row.get("gln", ""), _day(row.get("since", ""))
        facts = {name: _cell(name, row[name]) for name in FIELDS if name in row}
        fault: Text = next(
            (f"{name} {row[name]!r}" for name, cell in {**facts, "since": since}.items() if cell == "?"), ""
        )
        fault = fault or partners.fault(partners.made(code, {(name, ""): cell for name, cell in facts.items()}))
        if (code, since) in lines:
            fault = fault or Both("GLN deux fois", "GLN twice")
        elif told.get(code, {}).get(("role", ""), facts.get("role")) != facts.get("role"):
            fault = fault or Both("deux rôles", "two roles")
        lines[code, since] = line
        if fault:
            wrong.append((line, fault))
            continue
        told.setdefault(code, {}).update(
            ((name, since if name in DATED else ""), cell) for name, cell in facts.items() if cell or not since
        )
    if wrong:
        first = sorted(wrong, key=lambda each: each[0])[:_WRONG_SHOWN]
        raise SettingsWrong(
            path=path, why=joined((filled(_ROW, line=line, fault=fault) for line, fault in first), "; ")
        )
    return told, [name for name in columns if name and name not in COLUMNS]


def read_csv(path: Path) -> dict[str, Partner]:
    """The partners of a CSV file, by GLN. Raises as `read_facts`, and where resolving them would not end."""
    directory = {code: partners.made(code, told) for code, told in read_facts(path)[0].items()}
    _ends(directory, path)
    return directory


def _day(text: str) -> str:
    """A day as ISO has it; `?` where it is none."""
    try:
        return cells.day(text).isoformat() if text else ""
    except ValueError:
        return "?"


def _cell(name: str, text: str) -> str:
    """A cell as it is kept; `?` where it cannot be."""
    if name in ("opened", "closed"):
        return _day(text)
    return _YES_NO.get(text.casefold(), "?") if name == "subject" and text else text


def bring_in(
    desk: Desk, told: Mapping[str, Facts], who: str, source: Text, now: datetime, dry: bool = False,
    beside: Callable[[], None] = lambda: None,
) -> dict[str, Any]:  # fmt: skip
    """Adds what is told of partners to the directory; in one transaction with `beside`, which writes what belongs to it.

    What came of it: how many were `added`, `changed`, `unchanged`; `touched`, how many invoices the next reconciliation
    pass looks at again; `changes`, fact by fact (`before` is None of a new partner). What is touched is found while others
    write; it takes turns with reconciliation, whose match table it moves about. `dry` writes nothing.
    Raises SettingsWrong where a partner would be faulty, or resolving would not end.
    """
    with nullcontext() if dry else in_turn(store.home_of(desk.db), "reconcile", store.waiting_told(desk.db)):
        with snapshot(desk.db):
            before = partners.load(desk)
            after, changes = _compared(before, told, source)
            sought = match_table.seek(desk, before, after)
            touched = match_table.affected(desk)
        if not dry:
            with transaction(desk.db):
                beside()
                if changes:
                    touched = match_table.leave(desk, sought)
                    partners.keep(desk, [after[change["gln"]] for change in changes])
                    _remember(desk, changes, who, source, now)
                    match_table.arrive(desk)
                if not before:
                    ask_for_unknown(desk, None, now)
    added = sum(change["gln"] not in before for change in changes)
    counts = {"added": added, "changed": len(changes) - added, "unchanged": len(told) - len(changes)}
    return {**counts, "touched": touched, "changes": changes}


_ASK = """
INSERT INTO request (about, gln, name, role, postcode, city, declaration)
SELECT gln, gln, '', role, '', '', min(declaration) FROM named WHERE {which}
AND EXISTS (SELECT 1 FROM partner) AND gln NOT IN (SELECT gln FROM partner) AND gln NOT IN (SELECT about FROM request)
GROUP BY gln ORDER BY min(declaration), gln
"""


def ask_for_unknown(desk: Desk, declaration: int | None, now: datetime) -> None:
    """Asks for every GLN of a booked declaration, or of all, that the directory, where there is one, does not know.

    Within the caller's transaction: T2, or that which brings the first partners.
    """
    last = desk.db.execute("SELECT coalesce(max(id), 0) FROM request").fetchone()[0]
    every = "invoice NOT IN (SELECT invoice FROM withdrawal)"
    desk.db.execute(_ASK.format(which=every if declaration is None else f"declaration = {declaration:d}"))
    desk.db.execute(
        "INSERT INTO request_act (request, act, who, reason, at, gln) SELECT r.id, 'ask', d.declarant, '', ?, '' "
        "FROM request r JOIN declaration d ON d.id = r.declaration WHERE r.id > ?",
        (now.isoformat(), last),
    )


def _compared(
    before: Mapping[str, Partner], told: Mapping[str, Facts], source: Text
) -> tuple[dict[str, Partner], list[dict[str, Any]]]:
    after, changes = dict(before), []
    for code, facts in told.items():
        known = partners.facts(before.get(code))
        after[code] = partners.made(code, known | facts)
        if fault := partners.fault(after[code]):
            raise SettingsWrong(
                path=source, why=filled(Both("{code} : {fault}", "{code}: {fault}"), code=code, fault=fault)
            )
        changed = [
            {"field": name, "since": since, "before": known.get((name, since), "") if known else None, "after": fact}
            for (name, since), fact in partners.facts(after[code]).items()
            if fact != known.get((name, since), "")
        ]
        if changed:
            changes.append({"gln": code, "name": after[code].name, "facts": changed})
    _ends(after, source)
    return after, changes


def _ends(directory: Mapping[str, Partner], source: object) -> None:
    if endless := partners.cycle(directory):
        raise SettingsWrong(path=source, why=filled(_ENDLESS, trail=" -> ".join(endless)))


def _remember(desk: Desk, changes: Iterable[Mapping[str, Any]], who: str, source: Text, now: datetime) -> None:
    act = desk.db.execute(
        "INSERT INTO directory_act (who, source, at) VALUES (?, ?, ?)", (who, stored(source), now.isoformat())
    ).lastrowid
    desk.db.executemany(
        "INSERT INTO partner_change (act, gln, field, since, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        ((act, change["gln"], *fact.values()) for change in changes for fact in change["facts"]),
    )
