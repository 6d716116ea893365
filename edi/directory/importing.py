"""Changes of the directory: a CSV file of partners, what it changes, and what that touches.

A fact that a file does not give stays as it was: rows, columns and cells that are absent, and empty cells of a row with
`since`, delete nothing. What changed is kept, with who, when and out of what.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from edi import schemes
from edi.core import partners, store, unknown
from edi.core.desk import Desk
from edi.core.lock import in_turn
from edi.core.partners import DATED, FIELDS, Facts, Partner
from edi.core.store import snapshot, transaction
from parsers.sheets import cells
from schemas import gln
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
        flaw: Text = next(
            (f"{name} {row[name]!r}" for name, cell in {**facts, "since": since}.items() if cell == "?"), ""
        )
        flaw = flaw or fault(partners.made(code, {(name, ""): cell for name, cell in facts.items()}))
        if (code, since) in lines:
            flaw = flaw or Both("GLN deux fois", "GLN twice")
        elif told.get(code, {}).get(("role", ""), facts.get("role")) != facts.get("role"):
            flaw = flaw or Both("deux rôles", "two roles")
        lines[code, since] = line
        if flaw:
            wrong.append((line, flaw))
            continue
        told.setdefault(code, {}).update(
            ((name, since if name in DATED else ""), cell) for name, cell in facts.items() if cell or not since
        )
    if wrong:
        first = sorted(wrong, key=lambda each: each[0])[:_WRONG_SHOWN]
        raise SettingsWrong(path=path, why=joined((filled(_ROW, line=line, fault=flaw) for line, flaw in first), "; "))
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


#: What is said of a GLN that has not the form of one.
GLN_DIGITS = Both("{name} {code} : 13 chiffres", "{name} {code}: 13 digits")
_NONE_OF = Both("{name} {word} : {words}", "{name} {word}: {words}")


def none_of(name: str, word: str, words: Iterable[str]) -> Text:
    """What is said of a word that is none of those it may be; empty if it is one of them."""
    known = tuple(words)
    return "" if word in known else filled(_NONE_OF, name=name, word=repr(word), words=", ".join(known))


def fault(partner: Partner) -> Text:
    """What is wrong with a partner; empty if nothing. A wrong check digit is allowed: the directory vouches."""
    for name in ("gln", "successor", "alias_of"):
        code = getattr(partner, name)
        if (code or name == "gln") and not gln.has_form(code):
            return filled(GLN_DIGITS, name=name, code=repr(code))
    if wrong := none_of("role", partner.role, schemes.roles()):
        return wrong
    for category in (partner.category, *(then.category for then in partner.later)):
        if category and (wrong := none_of("category", category, schemes.categories())):
            return wrong
    if partner.opened and partner.closed and partner.closed < partner.opened:
        return f"closed {partner.closed} < opened {partner.opened}"
    return ""


def bring_in(
    desk: Desk, told: Mapping[str, Facts], who: str, source: Text, now: datetime, dry: bool = False,
    beside: Callable[[], None] = lambda: None,
) -> dict[str, Any]:  # fmt: skip
    """Adds what is told of partners to the directory; in one transaction with `beside`, which writes what belongs to it.

    What came of it: how many were `added`, `changed`, `unchanged`; `touched`, how many invoices the next reconciliation
    pass looks at again; `changes`, fact by fact (`before` is None of a new partner). What is touched is found while others
    write; it takes turns with reconciliation, whose ground it moves (`Scheme.moving`). `dry` writes nothing.
    Raises SettingsWrong where a partner would be faulty, or resolving would not end.
    """
    with nullcontext() if dry else in_turn(store.home_of(desk.db), "reconcile", store.waiting_told(desk.db)):
        with snapshot(desk.db):
            before = partners.load(desk)
            after, changes = _compared(before, told, source)
            moving = [scheme.moving for scheme in schemes.SCHEMES if scheme.moving]
            sought = [each.seek(desk, before, after) for each in moving]
            touched = sum(each.affected(desk) for each in moving)
        if not dry:
            with transaction(desk.db):
                beside()
                if changes:
                    touched = sum(each.leave(desk, at) for each, at in zip(moving, sought, strict=True))
                    partners.keep(desk, [after[change["gln"]] for change in changes])
                    _remember(desk, changes, who, source, now)
                    for each in moving:
                        each.arrive(desk)
                if not before:
                    unknown.ask(desk, None, now)
    added = sum(change["gln"] not in before for change in changes)
    counts = {"added": added, "changed": len(changes) - added, "unchanged": len(told) - len(changes)}
    return {**counts, "touched": touched, "changes": changes}


def _compared(
    before: Mapping[str, Partner], told: Mapping[str, Facts], source: Text
) -> tuple[dict[str, Partner], list[dict[str, Any]]]:
    after, changes = dict(before), []
    for code, facts in told.items():
        known = partners.facts(before.get(code))
        after[code] = partners.made(code, known | facts)
        if flaw := fault(after[code]):
            raise SettingsWrong(
                path=source, why=filled(Both("{code} : {fault}", "{code}: {fault}"), code=code, fault=flaw)
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
