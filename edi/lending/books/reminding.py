"""The silent partner: who owes a declaration for a period, since the other side alone has declared, and the letters to them.

Never chased: what owes nothing (exempt libraries and contracts, everything excluded), and whoever has declared for that
year that there is nothing: it has spoken, and a person has to see who is right. What is in a case, proposed or disputed, is not awaited.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from edi.core import partners
from edi.core.desk import Desk
from edi.lending.books.paper import pdf
from edi.lending.matching.waiting import said_nil, waiting
from parsers.plain import french_day, harmless, wrapped
from schemas.money import french, several

Facts = dict[str, Any]
_WHO = {"supplier": "Fournisseur", "library": "Bibliothèque"}
_DECLARED = """
SELECT {party}, count(*) FROM invoice WHERE side = '{side}' AND period = ? AND id NOT IN (SELECT invoice FROM withdrawal) GROUP BY 1
"""


def silent(desk: Desk, period: int, nil: bool = False) -> list[Facts]:
    """The partners awaited for a period, those that owe most first: role, GLN, name, what each declared itself, the
    invoices only the other side declared, and what these are worth in cents, least and most. As of the last pass.

    With `nil`, instead, those who said that there is nothing while the other side says there is: a person looks into it.
    """
    directory = partners.load(desk)
    sides = ("supplier", "library")
    nil_declared = {side: said_nil(desk, side, directory) for side in sides}
    declared = {
        (side, code): count
        for side in sides
        for code, count in desk.db.execute(_DECLARED.format(side=side, party=partners.party(side)), (period,))
    }
    awaited: defaultdict[tuple[str, int], list[Facts]] = defaultdict(list)
    for invoice in waiting(desk, period, directory):
        side = "library" if invoice["side"] == "supplier" else "supplier"
        said_so = (invoice["awaited"], int(invoice["date"][:4])) in nil_declared[side]
        if said_so == nil and not invoice["exempt_contract"] and (invoice["least_cents"] or invoice["most_cents"]):
            other = invoice[invoice["side"]]
            known = directory.get(other)
            facts = {name: invoice[name] for name in ("number", "date", "kind", "least_cents", "most_cents")}
            awaited[side, invoice["awaited"]].append(
                {
                    **facts,
                    "partner": other,
                    "name": known.name if known else "",
                    "ht_cents": invoice["ht"],
                    "since": invoice["since"][:10],
                }
            )
    found = []
    for (role, code), invoices in awaited.items():
        gln = f"{code:013d}"
        known = directory.get(gln)
        found.append(
            {
                "role": role, "period": period, "at": desk.now().isoformat(), "declared": declared.get((role, code), 0),
                "partner": {"gln": gln, "name": (known.name if known else "") or f"{_WHO[role]} {gln}", "address": []},
                "issuer": desk.home.settings.letterhead,
                "least_cents": sum(invoice["least_cents"] for invoice in invoices),
                "most_cents": sum(invoice["most_cents"] for invoice in invoices),
                "invoices": sorted(invoices, key=lambda invoice: (invoice["name"], invoice["partner"], invoice["date"], invoice["number"])),
            }
        )  # fmt: skip
    return sorted(found, key=lambda invoice: (-invoice["most_cents"], invoice["role"], invoice["partner"]["gln"]))


def as_text(letter: Facts) -> str:
    """A letter as plain text, in French; nothing in it commands a terminal."""
    supplier = letter["role"] == "supplier"
    rows = [("date", "numéro", "bibliothèque" if supplier else "fournisseur", "déclarée le", "HT €")]
    for invoice in letter["invoices"]:
        rows.append(
            (french_day(invoice["date"]), invoice["number"] + (" avoir" if invoice["kind"] == "A" else ""), f"{invoice['partner']} {invoice['name']}".strip(),
             french_day(invoice["since"]), french(_signed(invoice)))
        )  # fmt: skip
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join((*(c.ljust(w) for c, w in zip(row[:4], wide, strict=False)), row[4].rjust(wide[4]))) for row in rows
    ]
    issuer, to, year = letter["issuer"], letter["partner"], letter["period"]
    lines = [
        issuer["name"], *issuer["address"], f"GLN {issuer['gln']}", "", f"À {to['name']}, GLN {to['gln']}", f"Le {french_day(letter['at'])}", "",
        f"Objet : droit de prêt, déclaration attendue pour {year}", "",
        *(line for text in _words(letter) for line in (*wrapped(text.replace("*", ""), 100), "")), *table, "", _total(letter),
    ]  # fmt: skip
    return "".join(f"{harmless(line).rstrip()}\n" for line in lines)


def _words(letter: Facts) -> Iterator[str]:
    """The letter, a paragraph each; what stands between `*` is strong on paper. Nothing in it comes from outside."""
    count, supplier = len(letter["invoices"]), letter["role"] == "supplier"
    theirs = "bibliothèques ont déclaré vous avoir acheté" if supplier else "fournisseurs ont déclaré vous avoir vendu"
    these = "ce que porte la facture ci-dessous" if count < 2 else f"ce que portent les {count} factures ci-dessous"
    own = "Nous n'avons reçu de vous aucune facture pour cette année."
    if letter["declared"]:
        absent = "celle-ci n'y figure pas" if count < 2 else "celles-ci n'y figurent pas"
        own = f"Vous avez déclaré {several(letter['declared'], 'facture')} pour cette année ; {absent}."
    yield (
        "Au titre du droit de prêt en bibliothèque (code de la propriété intellectuelle, art. L. 133-1 à L. 133-4), les ventes de "
        "livres aux bibliothèques de prêt sont déclarées par le fournisseur comme par la bibliothèque. "
        f"Pour l'année *{letter['period']}*, des {theirs} {these}. {own}"
    )
    yield (
        "Tant que votre déclaration manque, *les auteurs et les éditeurs de ces livres ne sont pas rémunérés*. Nous vous prions de la "
        "faire parvenir par votre liaison habituelle ; une déclaration sans facture dit qu'il n'y en a pas."
    )
    if supplier:
        yield (
            f"La rémunération due est comprise entre *{french(letter['least_cents'])} €* et *{french(letter['most_cents'])} €*, selon la "
            "remise consentie. À défaut de déclaration elle est estimée d'office à ce minimum ; l'estimation est reprise dès que votre "
            "déclaration arrive."
        )


def _total(letter: Facts) -> str:
    return f"En tout : {several(len(letter['invoices']), 'facture')}, {french(sum(map(_signed, letter['invoices'])))} € HT."


def _signed(invoice: Facts) -> int:
    cents: int = invoice["ht_cents"]
    return -cents if invoice["kind"] == "A" else cents


def as_pdf(letter: Facts) -> bytes:
    """The letter as PDF."""
    words = {"words": list(_words(letter)), "total": _total(letter)}
    return pdf("relance", letter | words, datetime.fromisoformat(letter["at"]))
