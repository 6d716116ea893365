"""A declarant's certificate ("attestation de fin de déclaration"): what it declared for a year, what matched, what is open.

A statement of one moment, of one declarant and period; it says what our database says, and closes nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from edi.core import partners
from edi.core.desk import Desk
from edi.lending.books.paper import pdf
from parsers.plain import french_day
from schemas.errors import NotFound
from schemas.lending.outcome import REASONS, STATES
from schemas.money import french, several
from schemas.text import Both

Facts = dict[str, Any]
_DECLARATIONS = """
SELECT d.id, d.reference, d.side, d.nature, d.verdict, d.invoices, d.accepted, d.taken_at, r.name AS file, r.sha256,
       d.superseded AS replaced
FROM v_declaration d JOIN receipt r ON r.id = d.receipt
WHERE d.declarant = ? AND d.period = ? AND d.use = 'real' AND NOT d.dry ORDER BY d.id
"""
_INVOICES = """
SELECT i.side, i.supplier, i.library, i.number, i.date, i.kind, i.signed_ht, i.with_gln, coalesce(o.state, 'waiting') AS state,
       coalesce(o.reason, '') AS reason
FROM invoice i LEFT JOIN outcome o ON o.invoice = i.id
WHERE i.declaration IN (SELECT id FROM declaration WHERE declarant = ?1 AND period = ?2 AND use = 'real' AND NOT dry)
  AND i.id NOT IN (SELECT invoice FROM withdrawal)
ORDER BY i.side, i.date, i.number, i.id
"""


def certificate(desk: Desk, declarant: str, period: int) -> Facts:
    """What a declarant has declared for a period and where it stands. Raises NotFound when it declared nothing."""
    directory = partners.load(desk)

    def named(code: str) -> str:
        known = directory.get(code) or directory.get(partners.resolve(directory, code))
        return known.name if known else ""

    declarations = [dict(row) for row in desk.db.execute(_DECLARATIONS, (declarant, period))]
    if not declarations:
        raise NotFound(
            what=Both(f"déclaration de {declarant} pour {period}", f"declaration of {declarant} for {period}")
        )
    states = {
        state: {"invoices": 0, "ht_cents": 0} for state in ("matched", "proposed", "discrepancy", "settled", "waiting")
    }
    still_open = []
    for row in desk.db.execute(_INVOICES, (declarant, period)):
        states[row["state"]]["invoices"] += 1
        states[row["state"]]["ht_cents"] += row["signed_ht"]
        if row["state"] not in ("matched", "settled"):
            still_open.append(
                {
                    "number": row["number"], "date": row["date"], "kind": row["kind"], "ht_cents": row["signed_ht"],
                    "partner": row["with_gln"],
                    "name": named(row["with_gln"]), "state": row["state"],
                    "why": REASONS[row["reason"]].fr if row["reason"] else STATES[row["state"]].fr,
                }
            )  # fmt: skip
    return {
        "issuer": desk.home.settings.letterhead,
        "declarant": {"gln": declarant, "name": named(declarant) or declarant, "address": []},
        "period": period,
        "at": desk.now().isoformat(),
        "nil": not any(states[state]["invoices"] for state in states),
        "declarations": declarations,
        "states": states,
        "open": still_open,
    }  # fmt: skip


def as_text(facts: Facts) -> Iterator[str]:
    """The certificate as lines of text, in French."""
    who, at = facts["declarant"], facts["at"]
    yield f"ATTESTATION DE DÉCLARATION, période {facts['period']}"
    yield f"{who['name']} ({who['gln']}), au {french_day(at)} à {at[11:16]}"
    yield ""
    for declared in facts["declarations"]:
        counts = f"{declared['accepted']} / {declared['invoices']}"
        since = f"reçue le {french_day(declared['taken_at'])}, {declared['sha256'][:8]}"
        yield f"  {declared['reference']:<20}  {counts:>15} acceptées, {since}{', remplacée depuis' * declared['replaced']}"
    yield ""
    if facts["nil"]:
        yield "  Aucune facture pour cette période."
    for state, sums in facts["states"].items():
        if sums["invoices"]:
            yield f"  {STATES[state].fr:<26} {several(sums['invoices'], 'facture'):>15}  {french(sums['ht_cents']):>16} € HT"
    rows = [
        (french_day(invoice["date"]), f"{invoice['number']}{' (avoir)' if invoice['kind'] == 'A' else ''}", french(invoice["ht_cents"]),
         f"{invoice['partner']} {invoice['name']} : {invoice['why']}")
        for invoice in facts["open"]
    ]  # fmt: skip
    wide, widest = (max((len(row[place]) for row in rows), default=0) for place in (1, 2))
    if rows:
        yield from ("", "  Ce qui reste ouvert :")
    for day, number, cents, why in rows:
        yield f"    {day}  {number:<{wide}}  {cents:>{widest}} €  {why}"


def as_pdf(facts: Facts) -> bytes:
    """The certificate as PDF."""
    return pdf("attestation", facts, datetime.fromisoformat(facts["at"]))
