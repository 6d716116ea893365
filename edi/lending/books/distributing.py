"""A year's distribution out of the ledger: computed as often as one likes, recorded once, read back as it was.

Copies are counted over the entries of the year, down to the lines of their suppliers' invoices: credit notes and
reversals count against, excluded lines take no part. What a year that was shared out already is posted later (it was
reopened) belongs to the next one that is. The rules are `edi.lending.rules.distribution`'s.
"""

import sqlite3
from typing import Any

import msgspec

from edi.core import periods
from edi.core.desk import Desk
from edi.core.settings import Home, table
from edi.core.store import snapshot, transaction
from edi.lending.rules.distribution import Terms, Title, distribute, per_copy, state_share
from edi.lending.rules.exclusions import EXCLUDED_SQL
from schemas.column import Column
from schemas.errors import NotAllowed
from schemas.text import Both

SHEET = (
    Column("ean", "EAN", width=15), Column("title", Both("titre", "title"), width=40), Column("copies", Both("exemplaires", "copies"), "int"),
    Column("brought_copies", Both("reprise d'exemplaires", "copies brought"), "int"), Column("authors_cents", Both("auteurs", "authors"), "cents"),
    Column("publishers_cents", Both("éditeurs", "publishers"), "cents"), Column("brought_authors_cents", Both("report auteurs", "authors brought"), "cents"),
    Column("brought_publishers_cents", Both("report éditeurs", "publishers brought"), "cents"), Column("paid_cents", Both("à verser", "to be paid"), "cents"),
    Column("carried_cents", Both("reporté", "carried over"), "cents"),
)  # fmt: skip
_STORED = tuple(column.name for column in SHEET[:8])
#: What a distribution moves: its name among the facts, and from which account to which.
POSTINGS = {
    "state_cents": ("Part de l'État", "state", "to_distribute"),
    "brought_cents": ("Reports des années précédentes", "carried", "to_distribute"),
    "fees_cents": ("Frais de gestion", "to_distribute", "fees"),
    "pension_cents": ("Retraite complémentaire", "to_distribute", "pension"),
    "authors_cents": ("Part des auteurs", "to_distribute", "authors"),
    "publishers_cents": ("Part des éditeurs", "to_distribute", "publishers"),
    "carried_cents": ("Report à l'année suivante", "to_distribute", "carried"),
}

#: Entries of year ?1 up to entry ?2: its own, and what came late to years whose turn is over.
_MINE = """
(e.period = ?1 OR e.period <= (SELECT max(year) FROM distribution WHERE year < ?1)
    AND e.entry > (SELECT max(last_entry) FROM distribution WHERE year < ?1)) AND e.entry <= ?2
"""
_COPIES = f"""
SELECT l.ean, max(l.title) AS title, sum(CASE WHEN e.copies < 0 THEN -l.quantity ELSE l.quantity END) AS copies
FROM remuneration e JOIN invoice i ON i.id = e.supplier_invoice
JOIN line l ON l.id BETWEEN i.first_line AND i.first_line + i.lines - 1
WHERE {_MINE} AND e.copies <> 0 AND NOT {EXCLUDED_SQL} GROUP BY l.ean
"""
_COUNTED = f"""
SELECT e.entry, e.supplier, e.library, e.invoice_number, e.invoice_date, l.record, r.name AS file, r.sha256, l.title,
       CASE WHEN e.copies < 0 THEN -l.quantity ELSE l.quantity END AS copies
FROM remuneration e JOIN invoice i ON i.id = e.supplier_invoice
JOIN declaration d ON d.id = i.declaration JOIN receipt r ON r.id = d.receipt
JOIN line l ON l.id BETWEEN i.first_line AND i.first_line + i.lines - 1
WHERE {_MINE} AND e.copies <> 0 AND NOT {EXCLUDED_SQL} AND l.ean = ?3 ORDER BY e.entry, l.id
"""
_BEFORE = "(SELECT max(year) FROM distribution WHERE year < ?1)"


def terms_of(home: Home) -> Terms:
    """`[distribution]` in edi.toml. Raises SettingsWrong naming what is wrong with it."""
    return table(home, "distribution", Terms)


class Users(msgspec.Struct, frozen=True):
    """The registered users by which the State pays its share."""

    public: int = 0
    higher_education: int = 0


class Year(msgspec.Struct, frozen=True):
    """A year's distribution: its sums in cents, what it was computed by, and a row a title (`SHEET`)."""

    facts: dict[str, Any]
    titles: list[dict[str, Any]]


def compute(desk: Desk, year: int, users: Users, terms: Terms) -> Year:
    """The distribution of a year as the ledger stands; nothing is written."""
    with snapshot(desk.db):
        last = desk.db.execute("SELECT coalesce(max(entry), 0) FROM entry").fetchone()[0]
        return as_of(desk, year, users, terms, last)


def as_of(desk: Desk, year: int, users: Users, terms: Terms, last: int) -> Year:
    """The same of the entries up to `last`, within the caller's snapshot."""
    cents, copies = desk.db.execute(
        f"SELECT coalesce(sum(remuneration_cents), 0), coalesce(sum(copies), 0) FROM remuneration e WHERE {_MINE}",
        (year, last),
    ).fetchone()
    counted = {row["ean"]: row for row in desk.db.execute(_COPIES, (year, last))}
    brought = {
        row["ean"]: row for row in desk.db.execute(f"SELECT * FROM distribution_share WHERE year = {_BEFORE}", (year,))
    }
    carried = desk.db.execute(
        f"SELECT cents FROM distribution_posting WHERE year = {_BEFORE} AND label = ?2",
        (year, POSTINGS["carried_cents"][0]),
    ).fetchone()
    assert sum(row["copies"] for row in counted.values()) == copies, "an entry's copies are its lines'"
    titles, names = {}, {}
    for code in sorted(counted.keys() | brought.keys()):
        mine, old = counted.get(code), brought.get(code)
        titles[code] = Title(mine["copies"] if mine else 0, *(_waiting(old) if old else ()))
        names[code] = (mine or old)["title"]  # type: ignore[index]
        if titles[code] == Title():
            del titles[code]
    waiting = sum(title.brought_authors_cents + title.brought_publishers_cents for title in titles.values())
    state = state_share(year, users.public, users.higher_education, terms.other_libraries)
    shared = distribute(cents, state, (carried[0] if carried else 0) - waiting, titles, terms)
    rows = [
        _row({"ean": code, "title": names[code], **_struct(titles[code]), **_struct(share)})
        for code, share in shared.shares.items()
    ]
    sums = {name: getattr(shared, name) for name in ("entries_cents", *POSTINGS, "copies", "undivided_cents")}
    by = {"public_users": users.public, "higher_education_users": users.higher_education, **_struct(terms)}
    return Year({"year": year, "recorded_at": None, "last_entry": last, **sums, **_per_copy(sums), "terms": by}, rows)


def counted_lines(desk: Desk, ean: str, year: int) -> list[sqlite3.Row]:
    """The lines whose copies of an EAN the year's distribution counts, recorded or to be, with their entries."""
    row = desk.db.execute("SELECT last_entry FROM distribution WHERE year = ?", (year,)).fetchone()
    last = row["last_entry"] if row else desk.db.execute("SELECT coalesce(max(entry), 0) FROM entry").fetchone()[0]
    return desk.db.execute(_COUNTED, (year, last, ean)).fetchall()


def record(desk: Desk, computed: Year) -> Year:
    """Writes a computed distribution, once and for good. NotAllowed while its year is open, or out of turn, or when
    entries were posted since it was computed."""
    year, facts = computed.facts["year"], computed.facts
    with transaction(desk.db):
        if year not in periods.closed_years(desk):
            raise NotAllowed(
                why=Both(
                    f"Clore d'abord {year} : edi period close {year}.", f"Close {year} first: edi period close {year}."
                )
            )
        in_turn(desk, year)
        if facts["last_entry"] != desk.db.execute("SELECT coalesce(max(entry), 0) FROM entry").fetchone()[0]:
            raise NotAllowed(
                why=Both("Le registre a changé entre-temps : relancer.", "The ledger changed meanwhile: try again.")
            )
        terms = msgspec.json.encode(facts["terms"]).decode()
        desk.db.execute(
            "INSERT INTO distribution VALUES (?, ?, ?, ?)", (year, desk.now().isoformat(), facts["last_entry"], terms)
        )
        desk.db.executemany(
            "INSERT INTO distribution_posting VALUES (?, ?, ?, ?, ?)",
            [(year, *what, facts[name]) for name, what in POSTINGS.items()],
        )
        desk.db.executemany(
            f"INSERT INTO distribution_share (year, {', '.join(_STORED)}, paid) VALUES ({', '.join('?' * 10)})",
            [(year, *(row[name] for name in _STORED), row["paid"]) for row in computed.titles],
        )
    found = recorded(desk, year)
    assert found is not None
    return found


def in_turn(desk: Desk, year: int) -> None:
    """NotAllowed unless it is this year's turn: years are shared out in their order, so that no share is left behind."""
    done = desk.db.execute("SELECT coalesce(max(year), 0) FROM distribution").fetchone()[0]
    if done >= year:
        raise NotAllowed(
            why=Both(
                f"{done} est déjà répartie : une répartition ne se refait pas.",
                f"{done} is shared out already: that is done once.",
            )
        )
    sql = "SELECT min(period) FROM remuneration WHERE period > ? AND period < ? AND (remuneration_cents <> 0 OR copies <> 0)"
    if before := desk.db.execute(sql, (done, year)).fetchone()[0]:
        raise NotAllowed(
            why=Both(
                f"Répartir d'abord {before}, qui a des écritures : edi distribute {before}.",
                f"Share out {before} first, it has entries: edi distribute {before}.",
            )
        )


def recorded(desk: Desk, year: int) -> Year | None:
    """The distribution of a year as it was recorded; None when it was not."""
    row = desk.db.execute("SELECT * FROM distribution WHERE year = ?", (year,)).fetchone()
    if row is None:
        return None
    cents = dict(desk.db.execute("SELECT label, cents FROM distribution_posting WHERE year = ?", (year,)).fetchall())
    sums = {name: cents[label] for name, (label, _, _) in POSTINGS.items()}
    gone = sum(sums[name] for name in list(POSTINGS)[2:])
    rows = [
        _row(dict(row))
        for row in desk.db.execute("SELECT * FROM distribution_share WHERE year = ? ORDER BY ean", (year,))
    ]
    copies = sum(max(0, row["copies"] + row["brought_copies"]) for row in rows)
    sums = {"entries_cents": gone - sums["state_cents"] - sums["brought_cents"], **sums, "copies": copies}
    sums["undivided_cents"] = sums["carried_cents"] - sum(row["carried_cents"] for row in rows)
    facts = {
        "year": year,
        "recorded_at": row["distributed_at"],
        "last_entry": row["last_entry"],
        **sums,
        **_per_copy(sums),
    }
    return Year({**facts, "terms": msgspec.json.decode(row["terms"])}, rows)


def _struct(struct: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)


def _per_copy(sums: dict[str, int]) -> dict[str, int]:
    left = sums["entries_cents"] + sums["state_cents"] - sums["fees_cents"] - sums["pension_cents"]
    return {"per_copy_cents": per_copy(left, sums["copies"])}


def _waiting(row: sqlite3.Row) -> tuple[int, int, int]:
    """What a title takes along from the year before: copies returned too many, and cents that were not paid."""
    halves = (0, 0)
    if not row["paid"]:
        halves = tuple(row[f"{half}_cents"] + row[f"brought_{half}_cents"] for half in ("authors", "publishers"))
    return min(0, row["copies"] + row["brought_copies"]), *halves


def _row(row: dict[str, Any]) -> dict[str, Any]:
    due = sum(row[f"{when}{half}_cents"] for when in ("", "brought_") for half in ("authors", "publishers"))
    paid = int(row["paid"])
    return {
        **{name: row[name] for name in _STORED},
        "paid_cents": paid * due,
        "carried_cents": (1 - paid) * due,
        "paid": paid,
    }
