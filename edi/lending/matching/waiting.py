"""What still waits in a period, on which side, and what it is worth.

A supplier's invoice is worth its remuneration; a library's, or one of before 2006 without lines, lies between rate x H
and rate x H/(1 - highest discount) of its own date (domain: the remuneration). What an exempt library bought, or an exempt contract, is worth nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from edi.core import partners
from edi.core.desk import Desk
from edi.core.partners import Partner
from edi.lending.matching.match_table import CLAIMS_CONTRACT, NO_LINES
from edi.lending.rules.remuneration import least, most, share, why_exempt

_WAITING = """
SELECT i.id, t.side, t.rate, t.cap, t.kind, t.ht, i.signed_ht, t.base, t.gross, i.base_copies, i.supplier, i.library, i.number, i.date,
       CASE t.side WHEN 'supplier' THEN t.library ELSE t.supplier END AS awaited,
       t.flags & ?2 AS exempt_contract, t.side = 'supplier' AND t.flags & ?3 AS no_lines, r.received_at AS since
FROM left_over l CROSS JOIN twin t ON (t.supplier, t.library, t.key, t.side, t.day, t.invoice) = (l.supplier, l.library, l.key, l.side, l.day, l.invoice)
CROSS JOIN invoice i ON i.id = t.invoice
CROSS JOIN declaration d ON d.id = i.declaration CROSS JOIN receipt r ON r.id = d.receipt
WHERE t.period = ?1 AND t.invoice NOT IN (SELECT invoice FROM outcome UNION ALL SELECT invoice FROM withdrawal) ORDER BY i.supplier, i.library, i.date, i.number, i.id
"""

_SPOKEN = """
SELECT declarant, period, sum(invoices) AS invoices FROM v_declaration
WHERE side = ? AND counts AND NOT superseded AND nature <> 'cancels' GROUP BY declarant, period
"""


def waiting(desk: Desk, period: int, directory: Mapping[str, Partner]) -> Iterator[dict[str, Any]]:
    """Every invoice of a period that waits, as of the last pass, with `least_cents` and `most_cents` of what it may owe."""
    known: dict[str, Partner | None] = {}
    for row in desk.db.execute(_WAITING, (period, CLAIMS_CONTRACT, NO_LINES)):
        if row["library"] not in known:
            known[row["library"]] = directory.get(partners.resolve(directory, row["library"]))
        exempt = why_exempt(known[row["library"]], date.fromisoformat(row["date"]))
        if row["side"] == "supplier" and not row["no_lines"]:
            owed = share(row["kind"], row["base"], row["base_copies"], row["gross"], row["rate"], exempt)
            bounds = owed.remuneration_cents, owed.remuneration_cents
        elif exempt or row["exempt_contract"]:
            bounds = 0, 0
        else:
            facts = row["kind"], row["ht"], row["rate"], row["cap"]
            bounds = least(*facts), most(*facts)
        yield {**dict(row), "least_cents": bounds[0], "most_cents": bounds[1]}


def worth(desk: Desk, period: int) -> dict[str, dict[str, int]]:
    """How many invoices of a period wait for either side, and the least and most they are worth in cents."""
    sums = {side: {"invoices": 0, "least_cents": 0, "most_cents": 0} for side in ("library", "supplier")}
    for invoice in waiting(desk, period, partners.load(desk)):
        awaited = sums["library" if invoice["side"] == "supplier" else "supplier"]
        awaited["invoices"] += 1
        awaited["least_cents"] += invoice["least_cents"]
        awaited["most_cents"] += invoice["most_cents"]
    return sums


def said_nil(desk: Desk, side: str, directory: Mapping[str, Partner]) -> set[tuple[int, int]]:
    """(GLN resolved, year): who has declared on that side, for that year, that there is nothing, and nothing else."""
    invoices = Counter[tuple[int, int]]()
    for row in desk.db.execute(_SPOKEN, (side,)):
        invoices[int(partners.resolve(directory, row["declarant"])), row["period"]] += row["invoices"]
    return {who for who, count in invoices.items() if not count}


def unanswered(desk: Desk, period: int, directory: Mapping[str, Partner]) -> defaultdict[str, list[dict[str, Any]]]:
    """What libraries alone declared for a period and is owed, by the supplier's GLN; nothing of one that declared that there is
    nothing."""
    nil = said_nil(desk, "supplier", directory)
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for invoice in waiting(desk, period, directory):
        supplier, year = invoice["awaited"], int(invoice["date"][:4])
        if invoice["side"] == "library" and invoice["most_cents"] and (supplier, year) not in nil:
            found[f"{supplier:013d}"].append(invoice)
    return found
