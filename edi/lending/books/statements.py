"""Statements, "appels de rémunération": what a supplier owes for a period, one line an invoice, issued once and kept.

A statement tells of the entries after the one before it (of the same supplier and period), so it shows what has
changed since: new shares, and shares called before that were reversed; what was posted and reversed in between is not
told. Numbers have no gaps. The document is kept as it was issued, with its sha256; PDF, XLSX, CSV and JSON are all made
of it. Estimates (`edi.lending.matching.estimating`) are billed, and those billed before taken back; where there is none, what
libraries alone declared is told, at the least it can owe.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from edi.core import partners
from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.core.store import snapshot, transaction
from edi.lending.books.paper import pdf
from edi.lending.matching import estimating
from edi.lending.matching.claims import rate_text
from edi.lending.matching.waiting import unanswered
from schemas.column import Column
from schemas.errors import NotFound
from schemas.lending.outcome import REASONS
from schemas.text import Both

Facts = dict[str, Any]
LINES = (
    Column("section", Both("rubrique", "section"), width=20), Column("library", Both("bibliothèque", "library"), width=15), Column("name", Both("nom", "name"), width=30),
    Column("number", Both("facture", "invoice"), width=21), Column("date", "date", "date"), Column("kind", "F/A", width=4),
    Column("copies", Both("exemplaires", "copies"), "int"), Column("base_cents", Both("base HT", "net base"), "cents", 14), Column("rate", Both("taux", "rate"), "rate", 6),
    Column("remuneration_cents", Both("part", "share"), "cents", 14), Column("net_differs", Both("net différent", "net differs"), width=12),
    Column("statement", Both("appel repris", "taken back of"), width=12), Column("reason", Both("motif", "reason"), width=16), Column("entry", Both("écriture", "entry"), "int", 9),
)  # fmt: skip
TOTALS = (Column("what", "total", width=44), Column("cents", "euros", "cents", 16))
_WORDS = {
    "invoices_cents": "Factures", "reversed_cents": "Reprises depuis l'appel précédent", "estimates_cents": "Estimations appelées",
    "estimates_taken_back_cents": "Estimations de l'appel précédent, reprises", "due_cents": "À payer",
    "called_before_cents": "Appelé auparavant pour la période", "called_cents": "Appelé en tout pour la période",
}  # fmt: skip


def label(number: int) -> str:
    """A statement's number as people write it.

    >>> label(12)
    'AR-000012'
    """
    return f"AR-{number:06d}"


def issue(
    desk: Desk, period: int, supplier: str | None = None, progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Facts]:
    """Issues a statement to every supplier with something new to say, each in a transaction of its own; gives each
    document once it is kept. Once more, it issues nothing."""
    with snapshot(desk.db):
        directory = partners.load(desk)
        alone = _waiting(desk, period, directory)
        known = {
            row[0]
            for table in ("remuneration", "estimation", "issued_statement")
            for row in desk.db.execute(f"SELECT DISTINCT supplier FROM {table} WHERE period = ?", (period,))
        }
    due = sorted(known if supplier is None else known & {supplier})
    for done, code in enumerate(due):
        progress(done, len(due))
        with transaction(desk.db):
            facts = _drawn_up(desk, code, period, directory, alone.get(code, []))
            if facts is not None:
                _keep(desk, facts)
        if facts is not None:
            yield facts
    progress(len(due), len(due))


def _waiting(desk: Desk, period: int, directory: dict[str, Partner]) -> dict[str, list[Facts]]:
    """What libraries alone declared, by supplier, at the least it can owe."""

    def told(invoice: Facts) -> Facts:
        facts = {name: invoice[name] for name in ("library", "number", "date", "kind")}
        facts |= {"name": _name(directory, invoice["library"]), "ht_cents": invoice["signed_ht"]}
        return facts | {"rate": rate_text(invoice["rate"]), "remuneration_cents": invoice["least_cents"]}

    return {
        code: sorted(map(told, invoices), key=lambda line: (line["library"], line["date"], line["number"]))
        for code, invoices in unanswered(desk, period, directory).items()
    }


def _name(directory: dict[str, Partner], code: str) -> str:
    return directory[code].name if code in directory else ""


def _drawn_up(
    desk: Desk, supplier: str, period: int, directory: dict[str, Partner], alone: list[Facts]
) -> Facts | None:
    """The document, or None when it would say nothing new."""
    now = desk.now()
    before = desk.db.execute(
        "SELECT * FROM issued_statement WHERE supplier = ? AND period = ? ORDER BY number DESC LIMIT 1",
        (supplier, period),
    ).fetchone()
    last = desk.db.execute("SELECT coalesce(max(entry), 0) FROM entry").fetchone()[0]
    told, undone = _lines(desk, supplier, period, before["last_entry"] if before else 0, directory)
    taken_back = before["estimates_cents"] if before else 0
    names = ("library", "kind", "ht_cents", "rate", "remuneration_cents")
    estimates = [
        {**{name: row[name] for name in names}, "number": row["invoice_number"], "date": row["invoice_date"],
         "name": _name(directory, row["library"])}
        for row in estimating.entries(desk, period, supplier, net=True)
    ]  # fmt: skip
    billed = _sum(estimates)
    if not told and not undone and billed == taken_back:
        return None
    number, called = desk.db.execute(
        "SELECT (SELECT coalesce(max(number), 0) + 1 FROM issued_statement), coalesce(sum(entries_cents + estimates_cents "
        "- taken_back_cents), 0) FROM issued_statement WHERE supplier = ? AND period = ?",
        (supplier, period),
    ).fetchone()
    totals = {
        "invoices_cents": _sum(told), "reversed_cents": _sum(undone), "estimates_cents": billed,
        "estimates_taken_back_cents": -taken_back,
    }  # fmt: skip
    due = sum(totals.values())
    previous = before and {
        "number": before["number"],
        "label": label(before["number"]),
        "issued_on": before["issued_at"][:10],
    }
    return {
        "number": number, "label": label(number), "issued_on": now.date().isoformat(), "issued_at": now.isoformat(),
        "period": period, "last_entry": last, "previous": previous,
        "issuer": desk.home.settings.letterhead,
        "supplier": {"gln": supplier, "name": _name(directory, supplier) or f"Fournisseur {supplier}", "address": []},
        "invoices": told, "reversed": undone, "estimates": estimates or alone, "estimates_billed": bool(estimates),
        "by_rate": _subtotals([*told, *undone], "rate"), "by_library": _subtotals([*told, *undone], "library"),
        "totals": {**totals, "due_cents": due, "called_before_cents": called, "called_cents": called + due},
    }  # fmt: skip


def _lines(
    desk: Desk, supplier: str, period: int, after: int, directory: dict[str, Partner]
) -> tuple[list[Facts], list[Facts]]:
    """The lines of what was posted since, and of what was called before and reversed since."""
    rows = desk.db.execute(
        "SELECT e.*, coalesce(o.reason = 'net-differs' AND o.state = 'matched', 0) AS net_differs FROM remuneration e "
        "LEFT JOIN outcome o ON o.invoice = e.supplier_invoice WHERE e.period = ? AND e.supplier = ? AND e.entry > ? "
        "ORDER BY e.library, e.invoice_date, e.invoice_number, e.entry",
        (period, supplier, after),
    ).fetchall()
    new = {row["entry"] for row in rows if row["reverses"] is None}
    gone = {row["reverses"] for row in rows} & new
    called: list[Facts] = []
    undone: list[Facts] = []
    for row in rows:
        if row["entry"] in gone or row["reverses"] in gone:
            continue
        facts = {
            name: row[name]
            for name in ("entry", "library", "kind", "base_cents", "remuneration_cents", "copies", "reason")
        }
        facts |= {"number": row["invoice_number"], "date": row["invoice_date"], "rate": row["rate"]}
        facts |= {"name": _name(directory, row["library"]), "net_differs": bool(row["net_differs"])}
        if row["reverses"] is None:
            called.append({**facts, "statement": None})
        else:
            undone.append({**facts, "statement": _called_by(desk, row["reverses"]), "net_differs": False})
    return called, undone


def _called_by(desk: Desk, entry: int) -> str | None:
    found = desk.db.execute(
        "SELECT min(s.number) FROM issued_statement s JOIN remuneration e ON e.supplier = s.supplier AND e.period = s.period "
        "WHERE e.entry = ?1 AND s.last_entry >= ?1",
        (entry,),
    ).fetchone()[0]
    return found and label(found)


def _sum(lines: Iterable[Facts]) -> int:
    return sum(line["remuneration_cents"] for line in lines)


def _subtotals(lines: list[Facts], by: str) -> list[Facts]:
    """Subtotals by rate, or by library with its name."""
    found: dict[str, Facts] = {}
    for line in lines:
        more = {"name": line["name"]} if by == "library" else {}
        sums = found.setdefault(
            line[by], {by: line[by], **more, "invoices": 0, "base_cents": 0, "remuneration_cents": 0, "copies": 0}
        )
        sums["invoices"] += 1
        for name in ("base_cents", "remuneration_cents", "copies"):
            sums[name] += line[name]
    return [found[key] for key in sorted(found)]


def _keep(desk: Desk, facts: Facts) -> None:
    document, totals = msgspec.json.encode(facts), facts["totals"]
    desk.db.execute(
        "INSERT INTO issued_statement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            facts["number"], facts["supplier"]["gln"], facts["period"], facts["issued_at"],
            facts["previous"] and facts["previous"]["number"], facts["last_entry"],
            totals["invoices_cents"] + totals["reversed_cents"], totals["estimates_cents"],
            -totals["estimates_taken_back_cents"], zlib.compress(document), hashlib.sha256(document).hexdigest(),
        ),
    )  # fmt: skip


def listing(desk: Desk, period: int | None = None, supplier: str | None = None) -> list[Facts]:
    """The statements issued, in their order, without their documents."""
    rows = desk.db.execute(
        "SELECT number, supplier, period, issued_at, previous, entries_cents, estimates_cents, taken_back_cents, "
        "entries_cents + estimates_cents - taken_back_cents AS due_cents, sha256 FROM issued_statement "
        "WHERE (?1 IS NULL OR period = ?1) AND (?2 IS NULL OR supplier = ?2) ORDER BY number",
        (period, supplier),
    )
    return [{"label": label(row["number"]), **dict(row)} for row in rows]


def document(desk: Desk, number: int) -> Facts:
    """A statement as it was issued. Raises NotFound."""
    row = desk.db.execute("SELECT facts FROM issued_statement WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NotFound(what=Both(f"appel {label(number)}", f"statement {label(number)}"))
    facts: Facts = msgspec.json.decode(zlib.decompress(row["facts"]))
    return facts


def as_pdf(facts: Facts) -> bytes:
    """The document to be sent."""
    words = {
        line["reason"]: REASONS[line["reason"]].fr
        for line in (*facts["invoices"], *facts["reversed"])
        if line["reason"]
    }
    return pdf("appel", {**facts, "words": words}, datetime.fromisoformat(facts["issued_at"]))


def sheets(facts: Facts) -> list[tuple[str, tuple[Column, ...], list[Facts]]]:
    """The document as tables: what is called, line by line, with what is to be paid at the end; totals; estimates."""
    blank: Facts = dict.fromkeys(column.name for column in LINES)
    totals = facts["totals"]

    def told(section: str, name: str) -> Iterator[Facts]:
        for line in facts[name]:
            yield {**blank, **line, "section": section, "net_differs": "≠" if line.get("net_differs") else None}

    lines = [*told("facture", "invoices"), *told("reprise", "reversed")]
    estimates = list(told("estimation", "estimates"))
    if facts["estimates_billed"]:
        lines += estimates
    if totals["estimates_taken_back_cents"]:
        lines.append(
            {**blank, "section": "estimations reprises", "remuneration_cents": totals["estimates_taken_back_cents"]}
        )
    lines.append({**blank, "section": "à payer", "remuneration_cents": totals["due_cents"]})
    words = [{"what": words, "cents": totals[name]} for name, words in _WORDS.items()]
    return [(facts["label"], LINES, lines), ("Totaux", TOTALS, words), ("Estimations", LINES, estimates)]
