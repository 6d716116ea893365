"""The silent partner: who owes a declaration for a period, since the other side alone has declared, and the letters to them.

Never chased: what owes nothing (exempt libraries and contracts, everything excluded), and whoever has declared that
there is nothing to declare (a nil declaration that stands). What is in a case, proposed or disputed, is not awaited.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from edi import partners
from edi.paper import pdf
from edi.settings import Home
from edi.waiting import waiting
from schemas.money import french

Facts = dict[str, Any]
_NIL = """
SELECT DISTINCT declarant FROM declaration d WHERE period = ? AND use = 'real' AND NOT dry AND nature <> 'cancels'
AND verdict <> 'refused' AND invoices = 0 AND NOT EXISTS (SELECT 1 FROM declaration n WHERE n.supersedes = d.id)
"""
_DECLARED = "SELECT {side}, count(*) FROM twin WHERE side = '{side}' AND period = ? GROUP BY {side}"


def silent(connection: sqlite3.Connection, home: Home, period: int, now: datetime) -> list[Facts]:
    """The partners awaited for a period, those that owe most first: role, GLN, name, what each declared itself, the
    invoices only the other side declared, and what these are worth in cents, least and most. As of the last pass."""
    directory = partners.load(connection)
    nil = {int(partners.resolve(directory, row[0])) for row in connection.execute(_NIL, (period,))}
    declared = {
        (side, code): count
        for side in ("supplier", "library")
        for code, count in connection.execute(_DECLARED.format(side=side), (period,))
    }
    awaited: defaultdict[tuple[str, int], list[Facts]] = defaultdict(list)
    for one in waiting(connection, period, directory):
        side = "library" if one["side"] == "supplier" else "supplier"
        code = int(one["owes"]) if side == "supplier" else int(partners.resolve(directory, one["library"]))
        if code not in nil and not one["exempt_contract"] and (one["least_cents"] or one["most_cents"]):
            other = one["supplier"] if side == "library" else one["library"]
            known = directory.get(other)
            told = {name: one[name] for name in ("number", "date", "kind", "least_cents", "most_cents")}
            awaited[side, code].append(
                {
                    **told,
                    "partner": other,
                    "name": known.name if known else "",
                    "ht_cents": one["ht"],
                    "since": one["since"][:10],
                }
            )
    found = []
    for (role, code), invoices in awaited.items():
        gln = f"{code:013d}"
        known = directory.get(gln)
        found.append(
            {
                "role": role, "period": period, "at": now.isoformat(), "declared": declared.get((role, code), 0),
                "partner": {"gln": gln, "name": (known.name if known else "") or gln, "address": []},
                "issuer": home.settings.letterhead,
                "least_cents": sum(one["least_cents"] for one in invoices),
                "most_cents": sum(one["most_cents"] for one in invoices),
                "invoices": sorted(invoices, key=lambda one: (one["name"], one["partner"], one["date"], one["number"])),
            }
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one["most_cents"], one["role"], one["partner"]["gln"]))


def as_text(letter: Facts) -> Iterator[str]:
    """A letter as lines of text, in French."""
    yield f"{letter['issuer']['name']} ({letter['issuer']['gln']})"
    yield f"à {letter['partner']['name']} ({letter['partner']['gln']}), le {letter['at'][:10]}"
    yield ""
    yield f"DROIT DE PRÊT : DÉCLARATION ATTENDUE POUR {letter['period']}"
    yield ""
    theirs = "bibliothèques" if letter["role"] == "supplier" else "fournisseurs"
    silent = "Nous n'avons reçu de vous aucune facture pour cette année." if not letter["declared"] else (
        f"Vous avez déclaré {letter['declared']} factures pour cette année ; celles-ci n'y sont pas."
    )  # fmt: skip
    yield f"Des {theirs} ont déclaré les {len(letter['invoices'])} factures qui suivent. {silent}"
    yield "Sans votre déclaration, les auteurs et les éditeurs de ces livres ne sont pas rémunérés."
    if letter["role"] == "supplier":
        yield f"La part due est comprise entre {french(letter['least_cents'])} € et {french(letter['most_cents'])} €."
    yield ""
    for one in letter["invoices"]:
        kind = " (avoir)" if one["kind"] == "A" else ""
        yield f"  {one['date']}  {one['number']}{kind}  {french(one['ht_cents'])} € HT  {one['partner']} {one['name']}"


def as_pdf(letter: Facts) -> bytes:
    """The letter as PDF."""
    return pdf("relance", letter, datetime.fromisoformat(letter["at"]))
