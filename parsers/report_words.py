"""The words of the plain-language report, French and English, each said once.

They speak to a librarian or a bookseller, not to a programmer: what became of the declaration, which
invoices count, what to do next (format, section 4; natures, section 1). Never "booked" of a test.
"""

from datetime import datetime

from schemas import layout
from schemas.acknowledgement import Acknowledgement

_WORDS: dict[str, tuple[str, str]] = {
    "scheme": ("DROIT DE PRÊT", "FRENCH LENDING RIGHT"),
    "title": ("COMPTE RENDU DE DÉCLARATION", "REPORT ON A DECLARATION"),
    "file": ("Fichier", "File"),
    "verdict": ("Verdict", "Verdict"),
    "use": ("Usage", "Use"),
    "test": ("ESSAI : rien n'est comptabilisé", "TEST: nothing is booked"),
    "declarant": ("Déclarant", "Declarant"),
    "reference": ("Référence", "Reference"),
    "period": ("Période", "Period"),
    "issued": ("Émise le", "Issued"),
    "answered": ("Traitée le", "Processed"),
    "invoices": ("Factures", "Invoices"),
    "sha256": ("Empreinte", "SHA-256"),
    "unread": ("(illisible)", "(unreadable)"),
    "library": ("bibliothèque", "library"),
    "supplier": ("fournisseur", "supplier"),
    "to-do": ("Ce que vous avez à faire", "What you have to do"),
    "warnings-note": (
        "Un avertissement n'empêche jamais, à lui seul, d'accepter une facture ; il mérite d'être relu.",
        "A warning alone never keeps an invoice from being accepted; it deserves a second look.",
    ),
    "not-checked": ("Non contrôlé ici", "Not checked here"),
    "not-checked-note": (
        "Ces contrôles demandent ce qui est déjà enregistré ; ils seront faits à la réception :",
        "These checks need what is already on record; they will be made on reception:",
    ),
    "invoice-findings-note": (
        "À corriger dans le même envoi : le fichier étant refusé, aucune facture n'est acceptée.",
        "To be mended in the same sending: the file being refused, no invoice is accepted.",
    ),
    "and-others": (" et d'autres", " and others"),
    "invoice": ("Facture", "Invoice"),
    "no-number": ("Facture sans numéro lisible", "Invoice without a readable number"),
    "whole": ("Toute la déclaration", "The whole declaration"),
    "record": ("enregistrement", "record"),
    "line": ("ligne", "line"),
    "position": ("position", "position"),
    "where": ("Où", "Where"),
    "found": ("Trouvé", "Found"),
    "expected": ("Attendu", "Expected"),
    "do": ("À faire", "To do"),
    "code": ("Code", "Code"),
    "nothing": ("(rien)", "(nothing)"),
    "reach-file": ("fichier", "file"),
    "reach-invoice": ("facture", "invoice"),
    "reach-warning": ("avertissement", "warning"),
    "column-number": ("N°", "No."),
    "column-code": ("Code", "Code"),
    "column-reach": ("Portée", "Reach"),
    "column-total": ("En tout", "In all"),
    "column-shown": ("Montrés ici", "Shown here"),
}

# Of none, of one, of several; {n} is the number.
_COUNTED: dict[str, tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    "read": (("aucune lue", "1 lue", "{n} lues"), ("none read", "1 read", "{n} read")),
    "booked": (
        (
            "aucune facture n'est comptabilisée",
            "1 facture est comptabilisée",
            "{n} factures sont comptabilisées",
        ),
        ("no invoice is booked", "1 invoice is booked", "{n} invoices are booked"),
    ),
    "passed": (
        ("aucune facture n'est acceptée", "1 facture est acceptée", "{n} factures sont acceptées"),
        ("no invoice is accepted", "1 invoice is accepted", "{n} invoices are accepted"),
    ),
    "refused": (
        ("aucune n'est refusée", "1 est refusée", "{n} sont refusées"),
        ("none is refused", "1 is refused", "{n} are refused"),
    ),
    "short-booked": (
        ("aucune comptabilisée", "1 comptabilisée", "{n} comptabilisées"),
        ("none booked", "1 booked", "{n} booked"),
    ),
    "short-passed": (
        ("aucune acceptée", "1 acceptée", "{n} acceptées"),
        ("none accepted", "1 accepted", "{n} accepted"),
    ),
    "short-refused": (
        ("aucune refusée", "1 refusée", "{n} refusées"),
        ("none refused", "1 refused", "{n} refused"),
    ),
    "others-booked": (
        (
            "Aucune autre n'est comptabilisée.",
            "La facture restante est comptabilisée.",
            "Les {n} factures restantes sont comptabilisées.",
        ),
        ("No other is booked.", "The remaining invoice is booked.", "The remaining {n} invoices are booked."),
    ),
    "others-passed": (
        (
            "Aucune autre n'est acceptée.",
            "La facture restante est acceptée.",
            "Les {n} factures restantes sont acceptées.",
        ),
        ("No other is accepted.", "The remaining invoice is accepted.", "The remaining {n} invoices are accepted."),
    ),
    "findings": (
        ("Aucun constat", "1 constat en tout", "{n} constats en tout"),
        ("No finding", "1 finding in all", "{n} findings in all"),
    ),
    "file-findings": (
        ("Fichier", "Fichier : 1 anomalie", "Fichier : {n} anomalies"),
        ("File", "File: 1 fault", "File: {n} faults"),
    ),
    "invoice-findings": (
        ("Factures", "Factures : 1 anomalie", "Factures : {n} anomalies"),
        ("Invoices", "Invoices: 1 fault", "Invoices: {n} faults"),
    ),
    "refused-invoices": (
        ("Factures refusées", "1 facture refusée", "{n} factures refusées"),
        ("Refused invoices", "1 refused invoice", "{n} refused invoices"),
    ),
    "warnings": (
        ("Avertissements", "1 avertissement", "{n} avertissements"),
        ("Warnings", "1 warning", "{n} warnings"),
    ),
    "missing": (
        (
            "",
            "1 constat n'est pas montré ; en voici le compte, code par code.",
            "{n} constats ne sont pas montrés ; en voici le compte, code par code.",
        ),
        (
            "",
            "1 finding is not shown; here is the count, code by code.",
            "{n} findings are not shown; here is the count, code by code.",
        ),
    ),
}  # fmt: skip

_VERDICTS: dict[str, tuple[str, str]] = {
    "accepted": ("ACCEPTÉE", "ACCEPTED"),
    "partly-accepted": ("ACCEPTÉE EN PARTIE", "PARTLY ACCEPTED"),
    "refused": ("REFUSÉE", "REFUSED"),
    "duplicate": ("DÉJÀ REÇUE", "ALREADY RECEIVED"),
    "failed": ("CONTRÔLE INTERROMPU", "CHECK INTERRUPTED"),
}
_SENTENCES: dict[str, tuple[str, str]] = {
    "nil": (
        "La déclaration ne porte aucune facture ; elle est prise en compte telle quelle.",
        "The declaration holds no invoice; it is taken into account as it is.",
    ),
    "structure": (
        "Le fichier est refusé en entier : aucune de ses factures n'est acceptée.",
        "The file is refused whole: none of its invoices is accepted.",
    ),
    "none": ("Aucune facture n'a pu être acceptée.", "No invoice could be accepted."),
    "duplicate": (
        "Nous avions déjà reçu ce fichier, merci. Notre première réponse reste valable et rien n'est compté deux fois.",
        "We had this file already, thank you. Our first answer stands and nothing is counted twice.",
    ),
    "failed": (
        "Notre contrôle s'est arrêté avant la fin, par notre faute. Le fichier n'est ni accepté ni refusé.",
        "Our check stopped before its end, through our fault. The file is neither accepted nor refused.",
    ),
}
_TO_DO: dict[str, tuple[str, str]] = {
    "accepted": ("Rien : conservez ce compte rendu.", "Nothing: keep this report."),
    "warnings": (
        "Rien d'obligatoire. Relisez les avertissements ci-dessous : ils signalent souvent "
        "une faute de saisie.",
        "Nothing you must. Read the warnings below: they often point at a slip of the keyboard.",
    ),
    "partly-accepted": (
        "Corrigez les factures refusées, puis déclarez-les de nouveau : soit elles seules, dans une "
        "nouvelle déclaration initiale ; soit toutes les factures, dans une déclaration qui remplace la "
        "référence {reference}.",
        "Mend the refused invoices, then declare them again: either them alone, in a new initial "
        "declaration; or all invoices, in a declaration that replaces reference {reference}.",
    ),
    "refused": (
        "Corrigez ce qui est relevé ci-dessous, puis renvoyez la déclaration entière.",
        "Mend what is listed below, then send the whole declaration again.",
    ),
    "duplicate": (
        "Rien. Si vous vouliez envoyer une version corrigée, c'est l'ancien fichier qui est reparti : "
        "déposez le nouveau.",
        "Nothing. If you meant to send a corrected version, it is the old file that went out again: "
        "please drop the new one.",
    ),
    "failed": (
        "Rien : le fichier est en sûreté chez nous et sera contrôlé de nouveau. Ne le renvoyez pas.",
        "Nothing: the file is safe with us and will be checked again. Do not send it again.",
    ),
}  # fmt: skip

_FIELDS = {field.wire: (field.fr, field.en) for record in layout.LAYOUTS.values() for field in record.fields}
# Names that more than one record uses, for different things.
_SHARED = {"remplissage": ("remplissage", "filler")}


def spelled(word: str, language: str) -> str:
    """A word or a note of the report in `language` (`fr` or `en`)."""
    return _WORDS[word][language == "en"]


def number(value: int, language: str) -> str:
    """A whole number in groups of three, as the language parts them; in French by no-break spaces."""
    return f"{value:,}" if language == "en" else f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")


def counted(what: str, n: int, language: str) -> str:
    """A phrase that agrees with its number.

    >>> counted("booked", 1, "fr"), counted("booked", 3, "fr"), counted("warnings", 2, "en")
    ('1 facture est comptabilisée', '3 factures sont comptabilisées', '2 warnings')
    """
    return _COUNTED[what][language == "en"][min(n, 2)].format(n=number(n, language))


def when(moment: datetime | None, language: str) -> str:
    """A Paris wall-clock time as people write it; empty if there is none."""
    if moment is None:
        return ""
    if language == "en":
        return f"{moment.date().isoformat()} at {moment:%H:%M:%S}, Paris time"
    return f"{moment:%d/%m}/{moment.year:04d} à {moment:%H:%M:%S}, heure de Paris"


def field_label(wire: str, language: str) -> str:
    """A field by its name in the format and what that name stands for.

    >>> field_label("totalHT", "fr"), field_label("date", "en")
    ('zone totalHT (total HT remisé, en centimes)', 'field date (invoice date)')
    """
    meaning = (_SHARED.get(wire) or _FIELDS.get(wire, (wire, wire)))[language == "en"]
    name = f"field {wire}" if language == "en" else f"zone {wire}"
    return name if meaning == wire else f"{name} ({meaning})"


def amount(ack: Acknowledgement, language: str, *, others: bool = False) -> str:
    """How many invoices were read, accepted and refused; or what became of all but the refused."""
    word = _booked(ack)
    if others:
        return counted(f"others-{word}", ack.accepted, language)
    counts = [("read", ack.invoices), (f"short-{word}", ack.accepted), ("short-refused", ack.refused)]
    if not ack.invoices or ack.verdict == "failed":
        del counts[1:]
    elif ack.structure_refused:
        del counts[2:]
    return " · ".join(counted(what, n, language) for what, n in counts)


def verdict(ack: Acknowledgement, language: str) -> tuple[str, str]:
    """The verdict in a word, and in a plain sentence."""
    return _VERDICTS[ack.verdict][language == "en"], _sentence(ack, language)


def what_to_do(ack: Acknowledgement, warnings: bool, language: str) -> list[str]:
    """What the declarant should do next, a paragraph each."""
    state = "warnings" if ack.verdict == "accepted" and warnings else ack.verdict
    return [_TO_DO[state][language == "en"].replace("{reference}", ack.reference or "-")]


def _booked(ack: Acknowledgement) -> str:
    return "passed" if ack.use == "test" or ack.dry_run else "booked"


def _sentence(ack: Acknowledgement, language: str) -> str:
    if ack.verdict in ("duplicate", "failed"):
        key = ack.verdict
    elif ack.structure_refused:
        key = "structure"
    elif not ack.invoices:
        key = "nil"
    elif not ack.accepted:
        key = "none"
    else:
        accepted = counted(_booked(ack), ack.accepted, language)
        if not ack.refused:
            return f"{accepted[0].upper()}{accepted[1:]}."
        between = "; " if language == "en" else " ; "
        return f"{accepted}{between}{counted('refused', ack.refused, language)}."
    return _SENTENCES[key][language == "en"]
