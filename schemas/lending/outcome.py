"""Where an invoice may stand after a pass, and why; why a base is nothing or an estimate taken back: words for people.

The states and reasons are this project's (surface, "When two declarations match", "What is posted").
"""

from schemas.text import Both

STATES = {
    "matched": Both("rapprochée", "matched"),
    "proposed": Both("proposée à une personne", "proposed to a person"),
    "discrepancy": Both("en écart", "in a discrepancy"),
    "settled": Both("classée", "settled"),
    "waiting": Both("en attente", "waiting"),
    "withdrawn": Both("retirée", "withdrawn"),
}
#: What a person decided of a case.
DECISIONS = {
    "accept": Both("acceptée", "accepted"),
    "reject": Both("rejetée", "rejected"),
    "settle": Both("classée", "settled"),
    "undo": Both("annulée", "undone"),
}
REASONS = {
    "net-differs": Both("net différent, dans la limite légale", "net differs, within the legal cap"),
    "net-settled": Both("net différent, classé", "net differs, settled"),
    "accepted": Both("acceptée par une personne", "accepted by a person"),
    "same-amount": Both("même montant, à cinq jours près", "same amount within five days"),
    "number-ends": Both("même montant, numéros qui finissent pareil", "same amount, numbers that end alike"),
    "late": Both("même numéro et montant, tard", "same number and amount, late"),
    "statement": Both("relevé du mois", "statement of a month"),
    "net-of-credit": Both("facture moins son avoir", "invoice less its credit note"),
    "kind-differs": Both("facture d'un côté, avoir de l'autre", "invoice on one side, credit note on the other"),
    "exemption-differs": Both("exonération contestée", "exemption differs"),
    "amount-differs": Both("montants différents", "amounts differ"),
    "declared-twice": Both("déclarée deux fois", "declared twice"),
    "lines-awaited": Both("lignes attendues", "lines awaited"),
    "library-exempt": Both("bibliothèque exemptée, rien n'est dû", "exempt library, nothing is owed"),
    "library-not-subject": Both("bibliothèque non assujettie, rien n'est dû", "library not subject, nothing is owed"),
    "all-excluded": Both("lignes toutes exclues, rien n'est dû", "every line excluded, nothing is owed"),
    "before-scheme": Both("d'avant le 1er août 2003, rien n'est dû", "of before 1 August 2003, nothing is owed"),
    "declared": Both("reprise : le fournisseur a déclaré", "taken back: the supplier has declared"),
    "nil": Both("reprise : le fournisseur déclare n'avoir rien", "taken back: the supplier declares nothing"),
    "withdrawn": Both("reprise : la bibliothèque a retiré la facture", "taken back: the library has withdrawn it"),
    "law": Both("reprise : la loi a changé depuis", "taken back: the law has changed since"),
    "moved": Both(
        "reprise : l'annuaire nomme un autre fournisseur", "taken back: the directory names another supplier"
    ),
}
