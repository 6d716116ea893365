"""The directory of partners: who they are, in which role, since when, and which GLN stands for which.

Authority: guide ("partner search"), formats section 3 for `partner-unknown`; the resolution rule is in
the surface: `alias_of` if set, else `successor`, until neither is. A cycle is refused at import. Aliases and successors
bear no dates, so that where an invoice stands does not depend on when the directory learnt of them.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from edi.core import store
from edi.core.desk import Desk
from schemas.text import recalled, say

#: What a partner is known by, and what of it may be so from a day on.
FIELDS = ("name", "role", "category", "successor", "alias_of", "postcode", "city", "opened", "closed", "subject")
DATED = ("category", "subject")


class Since(msgspec.Struct, frozen=True):
    """What of a partner is so from a day on; of either, '' is: as it was."""

    since: date
    category: str = ""
    subject: str = ""


class Partner(msgspec.Struct, frozen=True):
    """What the directory says of one partner; `role` is a word of the schemes'.

    `category` and `subject` (`yes`, `no`, or '': as the category has it) hold until `later`, oldest first, says otherwise.
    """

    gln: str
    name: str
    role: str
    category: str = ""
    successor: str = ""
    alias_of: str = ""
    postcode: str = ""
    city: str = ""
    opened: date | None = None
    closed: date | None = None
    subject: str = ""
    later: tuple[Since, ...] = ()

    def is_open(self, day: date) -> bool:
        """Whether a day is within `opened` and `closed`, as far as they are known. Information: no rule asks."""
        return (self.opened or day) <= day <= (self.closed or day)

    def on(self, day: date) -> tuple[str, str]:
        """Category and `subject` as they are on a day.

        >>> Partner("3", "", "", "1", later=(Since(date(2020, 1, 1), "primary"),)).on(date(2019, 12, 31))
        ('1', '')
        """
        category, subject = self.category, self.subject
        for then in self.later:
            if then.since <= day:
                category, subject = then.category or category, then.subject or subject
        return category, subject


#: A partner's facts as text, by field and the day they are so from; '' is always.
Facts = dict[tuple[str, str], str]


def facts(partner: Partner | None) -> Facts:
    """What is said of a partner, fact by fact."""
    if partner is None:
        return {}
    told = {(name, ""): str(getattr(partner, name) or "") for name in FIELDS}
    for then in partner.later:
        told |= {(name, then.since.isoformat()): getattr(then, name) for name in DATED if getattr(then, name)}
    return told


def made(code: str, told: Facts) -> Partner:
    """The partner of whom these facts are told.

    >>> made("3", {("name", ""): "Lac", ("subject", "2020-01-01"): "no"}).later
    (Since(since=datetime.date(2020, 1, 1), category='', subject='no'),)
    """
    always: dict[str, Any] = {name: told.get((name, ""), "") for name in FIELDS}
    always |= {name: _day(always[name]) for name in ("opened", "closed")}
    days = sorted({since for _, since in told if since})
    later = (Since(date.fromisoformat(day), *(told.get((name, day), "") for name in DATED)) for day in days)
    return Partner(gln=code, **always, later=tuple(later))


def cycle(partners: Mapping[str, Partner]) -> list[str]:
    """The GLNs of a resolution that never ends; empty when there is none.

    >>> a, b = Partner("1", "", "", alias_of="2"), Partner("2", "", "", successor="1")
    >>> cycle({"1": a, "2": b})
    ['1', '2', '1']
    """
    sound: set[str] = set()
    for start in partners:
        trail = [start]
        while (at := partners.get(trail[-1])) and (following := at.alias_of or at.successor) and following not in sound:
            trail.append(following)
            if following in trail[:-1]:
                return trail[trail.index(following) :]
        sound.update(trail)
    return []


def resolve(partners: Mapping[str, Partner], code: str) -> str:
    """The GLN a partner is known under in the end; its own when nothing stands for it."""
    while (partner := partners.get(code)) and (following := partner.alias_of or partner.successor):
        code = following
    return code


def party(column: str) -> str:
    """SQL for the party, its GLN as a number, that a GLN in `column` is of: as `resolve` has it, by the table `resolved`."""
    known = f"SELECT party FROM resolved WHERE type = 'gln' AND value = {column}"
    return f"coalesce(({known}), CAST({column} AS INTEGER))"


_later = msgspec.json.Decoder(tuple[Since, ...])
_LATER = """CASE WHEN gln IN (SELECT gln FROM partner_since) THEN (
    SELECT json_group_array(json_object('since', since, 'category', category, 'subject', subject))
    FROM (SELECT * FROM partner_since s WHERE s.gln = p.gln ORDER BY since)
) END"""
_PARTNERS = f"SELECT gln, {', '.join(FIELDS)}, {_LATER} FROM partner p"


def load(desk: Desk) -> dict[str, Partner]:
    """The whole directory, by GLN."""
    rows = desk.db.execute(f"{_PARTNERS} ORDER BY gln")
    return {row[0]: _of_row(tuple(row)) for row in rows}


def _of_row(row: tuple[Any, ...]) -> Partner:
    later = _later.decode(row[11]) if row[11] else ()
    return Partner(*(*row[:8], _day(row[8]), _day(row[9]), row[10], later))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


class Directory(Mapping[str, Partner]):
    """The directory as a mapping that asks the database, partner by partner, and remembers the latest answers."""

    def __init__(self, desk: Desk) -> None:
        self._connection = desk.db
        self._known = lru_cache(20_000)(self._find)
        self._length = int(desk.db.execute("SELECT count(*) FROM partner").fetchone()[0])

    def _find(self, code: object) -> Partner | None:
        row = self._connection.execute(f"{_PARTNERS} WHERE gln = ?", (code,)).fetchone() if self._length else None
        return _of_row(tuple(row)) if row else None

    def __getitem__(self, code: str) -> Partner:
        if (known := self._known(code)) is None:
            raise KeyError(code)
        return known

    def __contains__(self, code: object) -> bool:
        return self._known(code) is not None

    def __iter__(self) -> Iterator[str]:
        return (row[0] for row in self._connection.execute("SELECT gln FROM partner ORDER BY gln"))

    def __len__(self) -> int:
        return self._length


@contextmanager
def known_aside(desk: Desk, directory: Collection[Partner]) -> Iterator[Desk]:
    """A desk whose database is thrown away (`Desk.aside`) and knows these partners."""
    with desk.aside() as aside:
        with store.transaction(aside.db):
            keep(aside, directory)
        yield aside


def keep(desk: Desk, partners: Collection[Partner]) -> None:
    """Writes partners down as they are now, and whom each GLN stands for, inside the caller's transaction; of what is
    dated, nothing is ever taken away."""
    desk.db.executemany(
        f"INSERT OR REPLACE INTO partner (gln, {', '.join(FIELDS)}) VALUES (?{', ?' * len(FIELDS)})",
        ((one.gln, *(told[name, ""] for name in FIELDS)) for one in partners if (told := facts(one))),
    )
    desk.db.executemany(
        "INSERT OR REPLACE INTO partner_since VALUES (?, ?, ?, ?)",
        ((one.gln, then.since.isoformat(), then.category, then.subject) for one in partners for then in one.later),
    )
    desk.db.execute("DELETE FROM resolved WHERE type = 'gln'")
    desk.db.execute("INSERT INTO resolved SELECT * FROM v_resolved")


def history(desk: Desk, code: str) -> list[dict[str, Any]]:
    """What was ever told of a partner, oldest first: when, by whom, out of what in the desk's language; before (None: it was new) and after."""
    rows = desk.db.execute(
        "SELECT a.at, a.who, a.source, c.field, c.since, c.before, c.after FROM partner_change c "
        "JOIN directory_act a ON a.id = c.act WHERE c.gln = ? ORDER BY c.act, c.since, c.field",
        (code,),
    )
    return [{**dict(row), "source": say(recalled(row["source"]), desk.language)} for row in rows]


def folded(text: str) -> str:
    """Text without accents, case and signs, to compare names of people's own spelling.

    >>> folded("Médiathèque de Saint-Aubin (Œuvre)")
    'mediatheque de saint aubin oeuvre'
    """
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    letters = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def search(partners: Mapping[str, Partner], text: str) -> list[Partner]:
    """The partners in whose name, postcode and city every word of `text` stands, or whose GLN begins with it."""
    digits, words = "".join(text.split()), folded(text).split()
    found = [
        partner
        for partner in partners.values()
        if (digits and partner.gln.startswith(digits))
        or (words and all(word in folded(f"{partner.name} {partner.postcode} {partner.city}") for word in words))
    ]
    return sorted(found, key=lambda partner: (folded(partner.name), partner.gln))
