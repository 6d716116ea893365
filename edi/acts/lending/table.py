"""The acts of the lending right: declarations drawn up, cases, the ledger, statements, years."""

from edi.acts.lending import billing, declaring, ledger, matching, years
from edi.core.act import Act
from schemas.text import Both

TITLE = Both(
    "Déclarations du droit de prêt : des dossiers SFTP des partenaires au registre rapproché des 6 %.",
    "French lending right: from partners' SFTP folders to a reconciled 6 % ledger.",
)
GROUPS = {
    "decide": Both("Décider d'un cas, et annuler une décision.", "Decide on a case, undo a decision."),
    "period": Both("Les périodes, une par année.", "Periods, one a year."),
    "ledger": Both("Le registre des écritures.", "The ledger."),
    "statement": Both("Les appels de rémunération.", "Statements of what is due."),
}
_CLOSE = Both(
    "Clore une année en un acte : rapprocher, prouver, clore, appeler, répartir, rendre compte ; refaire ne change rien.\n\n"
    "Ce qui arrive ensuite va dans la plus ancienne année ouverte.",
    "Close a year in one act: reconcile, prove, close, issue, share out, report; once more changes nothing.\n\n"
    "What comes later goes into the oldest year that is open.",
)
_CLOSING = ("edi {0} 2025 -o cloture-2025", "edi {0} 2025 -o cloture-2025 --distribute --public-users 6187588")
_ISSUE = Both(
    "Émettre un appel à chacun qui a du nouveau ; relancer n'émet rien de plus.",
    "Issue a statement to everybody with something new; once more issues nothing.",
)


def _closing(name: str) -> Act:
    return Act(name, years.close, _CLOSE, tuple(line.format(name) for line in _CLOSING), "accountant", True)


ACTS = (
    Act("new", declaring.new, Both(
        "Une déclaration valide à partir d'un tableur, contrôlée aussitôt.\n\n"
        "CSV : point-virgule, virgule ou tabulation ; virgule décimale ; JJ/MM/AAAA ; UTF-8 ou Windows. Une ligne par facture "
        "(bibliothèque) ou par titre (fournisseur, les lignes d'une facture à la suite).",
        "A valid declaration out of a spreadsheet, checked at once.\n\n"
        "CSV: semicolon, comma or tab; decimal comma; DD/MM/YYYY; UTF-8 or Windows. "
        "A row an invoice (library) or a title (supplier, an invoice's lines one after another)."),
        ("edi new factures.csv --side bibliotheque --gln 3025616805006 --period 2025 --reference 2025-001",
         "edi new lignes.csv --side fournisseur --gln 3015593010104 --period 2025 --reference F25 --format xml -o F25.xml"),
        "declarant", home="none", notes=declaring.new_columns),
    Act("reconcile", matching.reconcile, Both("Rapprocher les deux côtés et écrire le registre.", "Match both sides and post the ledger."),
        ("edi reconcile --details", "edi reconcile --json | jq .discrepancies"), "accountant", True),
    Act("why", matching.why, Both(
        "Où en est une facture et pourquoi ; d'une écriture ou d'un titre, jusqu'aux colonnes du fichier d'origine.",
        "Where an invoice stands and why; of an entry or a title, down to the columns of the original file."),
        ("edi why FA-2025/0012", "edi why --entry 12 --json")),
    Act("decide accept", matching.judge, Both("Accepter une proposition ou un écart : c'est une même vente.", "Accept a proposal or a discrepancy: they are one sale."),
        ('edi decide accept FA-2025/0012 --by comptabilité --reason "numéro mal saisi"',), "accountant", True, fixed={"act": "accept"}),
    Act("decide reject", matching.judge, Both("Rejeter une proposition : ce n'est pas une même vente.", "Reject a proposal: they are not one sale."),
        ('edi decide reject 117 --by comptabilité --reason "deux ventes"',), "accountant", True, fixed={"act": "reject"}),
    Act("decide settle", matching.judge, Both("Classer un net différent ou un écart : vu, expliqué.", "Settle a net that differs or a discrepancy: seen and explained."),
        ('edi decide settle 12 --by comptabilité --reason "frais de port"',), "accountant", True, fixed={"act": "settle"}),
    Act("decide undo", matching.undo, Both(
        "Annuler une décision : ce qu'elle a fait est contre-passé, rien n'est effacé.", "Undo a decision: what it did is reversed, nothing is deleted."),
        ('edi decide undo 3 --by comptabilité --reason "mauvaise facture"',), "accountant", True),
    Act("decide list", matching.decisions, Both("Toutes les décisions.", "Every decision."), ("edi decide list --json",)),
    Act("period list", years.periods, Both("Toutes les années depuis 2003.", "Every year since 2003."), ("edi period list --json",)),
    _closing("period close"),
    Act("period reopen", years.reopen, Both("Rouvrir une année close.", "Reopen a closed year."),
        ('edi period reopen 2024 --reason "oubli"',), "accountant", True),
    Act("certificate", billing.certificate, Both(
        "Attestation de fin de déclaration : déclaré, rapproché, ouvert, à cet instant.", "A declarant's certificate: declared, matched, open, as of this moment."),
        ("edi certificate 3025616805006 --period 2025", "edi certificate 3025616805006 --period 2025 -o attestation.pdf")),
    Act("silent", billing.silent, Both(
        "Qui doit encore une déclaration, et ce que vaut son silence.", "Who still owes a declaration, and what its silence is worth."),
        ("edi silent 2025", "edi silent 2025 --json | jq '.silent[] | select(.declared == 0)'"), "accountant", True),
    Act("remind", billing.remind, Both(
        "Écrire aux partenaires attendus : une lettre chacun, en PDF et en texte.", "Write to the partners awaited: a letter to each, as PDF and as text."),
        ("edi remind 2025 -o relances",), "accountant", True),
    Act("estimate", billing.issue, Both(
        "Inscrire d'office, au moins-disant, ce que seules les bibliothèques ont déclaré, et l'appeler.\n\nL'estimation est reprise d'elle-même quand le fournisseur déclare.",
        "Post at the least what only libraries declared, and bill it.\n\nAn estimate is taken back by itself once the supplier declares."),
        ("edi estimate 2025 -o appels",), "accountant", True, fixed={"estimates": True}),
    _closing("close"),
    Act("ledger list", ledger.entries, Both("Lister les écritures.", "List the entries."), ("edi ledger list --period 2025",), "accountant"),
    Act("ledger export", ledger.export, Both(
        "Exporter les écritures, montants exacts.\n\ncsv-fr : pour un tableur ; fec : le journal d'une période.",
        "Export the entries, exact amounts.\n\ncsv-fr: for a French spreadsheet; fec: a period's journal."),
        ("edi ledger export --format csv -o registre.csv", "edi ledger export --format xlsx --period 2025 -o 2025.xlsx"),
        "accountant", more=("fec",), form="csv"),
    Act("ledger balance", ledger.balance, Both(
        "Les soldes par période, fournisseur et taux, aujourd'hui ou un jour passé.", "Balances by period, supplier and rate, today or on a past day."),
        ("edi ledger balance --at 2025-12-31",), "accountant"),
    Act("ledger trial", ledger.trial, Both(
        "La balance des comptes ; code 1 si elle ne tombe pas à zéro.", "The trial balance; code 1 if it is not zero."),
        ("edi ledger trial --period 2025",), "accountant"),
    Act("ledger verify", ledger.verify, Both(
        "Prouver que rien n'a été changé et que chaque centime découle des déclarations.\n\n"
        "Code 1 : quelque chose ne tombe pas juste, la première écriture fautive est nommée ; 2 : illisible.",
        "Prove that nothing was changed and that every cent follows from the declarations.\n\n"
        "Code 1: something does not hold, the first entry that fails is named; 2: cannot be read."),
        ("edi ledger verify", "edi ledger verify --head tete-2025.json --key cle.pub --json"), "accountant"),
    Act("ledger head", ledger.head, Both("Signer où en est le registre, à garder ailleurs.", "Sign how far the ledger goes, to be kept elsewhere."),
        ("edi ledger head --key /media/usb/cle -o tete-2025.json",), "accountant"),
    Act("ledger key", ledger.key, Both(
        "Faire une clé de signature (Ed25519).\n\nOu : openssl genpkey -algorithm ed25519 -out cle ; openssl pkey -in cle -pubout -out cle.pub",
        "Make a signing key (Ed25519).\n\nOr: openssl genpkey -algorithm ed25519 -out key; openssl pkey -in key -pubout -out key.pub"),
        ("edi ledger key /media/usb/cle",), "accountant"),
    Act("statement issue", billing.issue, _ISSUE, ("edi statement issue 2025 -o appels", "edi statement issue 2025 --estimates"), "accountant", True),
    Act("statement list", billing.listed, Both("Les appels émis.", "The statements issued."), ("edi statement list --period 2025",), "accountant"),
    Act("statement show", billing.show, Both("Un appel tel qu'il a été émis.", "A statement as it was issued."),
        ("edi statement show 12 --format pdf -o AR-000012.pdf",), "accountant", more=("pdf",)),
    Act("distribute", years.distribute, Both(
        "Répartir une année : État, frais, retraite, puis moitié auteurs et moitié éditeurs, par exemplaire.\n\n"
        "Taux et seuil : [distribution] dans edi.toml. Sans --record rien n'est écrit.",
        "Share a year out: State, fees, pension, then half to authors and half to publishers, by copy.\n\n"
        "Rates and threshold: [distribution] in edi.toml. Nothing is written without --record."),
        ("edi distribute 2025 --public-users 6187588", "edi distribute 2025 --record", "edi distribute 2025 --format xlsx -o titres.xlsx"),
        "accountant", True),
)  # fmt: skip
