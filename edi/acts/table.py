"""The table of acts: by what words each is asked for, what it does, whose it is, whether it writes."""

from edi.acts import checking, declaring, links, partners, taking
from edi.acts.lending import billing, ledger, matching, years
from edi.core.act import Act
from schemas.text import Both

#: What stands before the acts of a group.
GROUPS = {
    "quarantine": Both("Les fichiers refusés ; rien n'est jamais perdu.", "Refused files; nothing is ever lost."),
    "decide": Both("Décider d'un cas, et annuler une décision.", "Decide on a case, undo a decision."),
    "partners": Both("L'annuaire des partenaires.", "The directory of partners."),
    "partners request": Both(
        "Demandes de référencement : de qui est ce GLN, ou quel est le sien.",
        "Referencing requests: whose is this GLN, or which is theirs.",
    ),
    "period": Both("Les périodes, une par année.", "Periods, one a year."),
    "ledger": Both("Le registre des écritures.", "The ledger."),
    "statement": Both("Les appels de rémunération.", "Statements of what is due."),
    "link": Both("Les liaisons : comptes de transport d'edi.toml.", "Links: transport accounts of edi.toml."),
    "answers": Both("Les réponses aux partenaires.", "Answers to partners."),
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
    Act("demo", taking.demo, Both("Tout voir sur une boucle locale : SFTP, contrôles, rapprochement, registre, réponses.", "See the whole job on loopback: SFTP, checks, matching, ledger, answers."),
        ("edi demo", "edi demo --home /tmp/essai"), "declarant", True, "fresh"),
    Act("run", taking.run, Both(
        "Tirer de chaque liaison, lire, contrôler, comptabiliser, rapprocher, répondre.\n\n"
        "Sans --once, --json donne une ligne de JSON par passage où quelque chose arrive.",
        "Pull from each link, read, check, book, reconcile, answer: for ever, or once.\n\n"
        "Without --once, --json gives a line of JSON for each pass in which something happens."),
        ("edi run", "edi run --once", "edi --home /srv/edi run --once --json"), "operator", True, lasting=True),
    Act("status", matching.status, Both(
        "Ce qui est arrivé, ce qui est bloqué, et à qui de jouer.", "What arrived, what is stuck, whose turn it is."),
        ("edi status", "edi status --json | jq .stuck")),
    Act("check", checking.check, Both(
        "Contrôler des déclarations comme le fait la production, sans rien garder.", "Check declarations as production does, storing nothing."),
        ("edi check F-2025.txt --partners annuaire.csv", "edi check F-2025.txt --html constats.html",
         "edi check depot/* --json > constats.json", "unzip -p envoi.zip | edi check - --lang en"),
        "declarant", home="none", more=("html",)),
    Act("convert", checking.convert, Both("La même déclaration dans l'autre format.", "The same declaration in the other format."),
        ("edi convert F-2025.txt --to xml -o F-2025.xml", "edi convert F-2025.xml --to fixed | less"), "declarant", home="none"),
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
    Act("ingest", taking.ingest, Both(
        "Prendre des fichiers locaux par le chemin ordinaire : lire, contrôler, comptabiliser, répondre.",
        "Take local files by the ordinary road: read, check, book, answer."),
        ("edi ingest depot/*.txt depot/*.xml", "edi --home /srv/edi ingest F-2025.txt --json"), "operator", True),
    Act("spec", checking.spec, Both(
        "Écrire la spécification des partenaires : formats, codes, contrôles, réponses, exemples ; HTML, Markdown, JSON.",
        "Write the partners' specification: formats, codes, checks, answers, examples; HTML, Markdown, JSON."),
        ("edi spec", "edi spec -o /srv/www/droit-de-pret", "edi spec --json | less"), home="none"),
    Act("sandbox", taking.sandbox, Both(
        "Un compte SFTP d'essai sur cette machine : déposer, recevoir la réponse quelques secondes après.\n\n"
        "--json : les coordonnées du compte, sur une ligne ; puis rien.",
        "An SFTP account to try a client on: drop a file, fetch the answer seconds later.\n\n"
        "--json: the account, on one line; then nothing."),
        ("edi sandbox", "edi sandbox --port 2222 --home ./bac-a-sable", "edi sandbox --key ~/.ssh/id_ed25519.pub"),
        "declarant", True, "fresh", lasting=True),
    Act("quarantine list", taking.quarantine, Both("Ce qui attend en quarantaine.", "What waits in quarantine."), ("edi quarantine list",)),
    Act("quarantine show", taking.held, Both("Ce qui a été trouvé, et où dans les octets.", "What was found, and where in the bytes."), ("edi quarantine show 12",)),
    Act("quarantine release", taking.release, Both("Relire le fichier avec les règles d'aujourd'hui.", "Read the file again with today's rules."),
        ('edi quarantine release 12 --reason "GLN ajouté à l\'annuaire"',), "operator", True),
    Act("quarantine discard", taking.discard, Both(
        "Retirer un fichier de la liste, pour une raison ; ses octets restent.", "Take a file off the list, for a reason; its bytes stay."),
        ('edi quarantine discard 12 --reason "essai du partenaire"',), "operator", True),
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
    Act("partners import", partners.import_, Both(
        "Importer l'annuaire ; ce qu'un fichier ne dit pas reste.\n\nCSV, point-virgule. Colonnes facultatives : postcode, city, opened, "
        "closed, subject (oui, non), since. Plusieurs lignes d'un GLN avec d'autres `since` : sa catégorie et son assujettissement à partir de ce jour.",
        "Import the directory; what a file does not say stays.\n\nCSV, semicolon. Optional columns: postcode, city, opened, closed, "
        "subject (yes, no), since. Several rows of one GLN with other `since`: its category, and whether it is subject, from that day on."),
        ("edi partners import annuaire.csv --dry-run",), "operator", True),
    Act("partners list", partners.listing, Both("Lister l'annuaire.", "List the directory."), ("edi partners list --json",)),
    Act("partners search", partners.search, Both(
        "Chercher par nom, ville, code postal ou début de GLN ; sans accents ni casse.", "Search by name, city, postcode or first digits of a GLN."),
        ("edi partners search saint aubin", "edi partners search 302561")),
    Act("partners show", partners.show, Both(
        "Montrer un partenaire : ses faits, leur histoire, les GLN qui mènent à lui.", "Show a partner: facts, their history, what resolves to it."),
        ("edi partners show 3025616805006",)),
    Act("partners request add", partners.ask, Both("Demander de qui est un GLN, ou le GLN d'un partenaire.", "Ask whose a GLN is, or for a partner's GLN."),
        ('edi partners request add library --name "Médiathèque" --postcode 29200',), "operator", True),
    Act("partners request import", partners.ask_file, Both(
        "Demander, et répondre, par fichier : `answer` est un GLN, ou « refusé ».", "Ask, and answer, by file: `answer` is a GLN, or `refused`."),
        ("edi partners request import demandes.csv",), "operator", True),
    Act("partners request list", partners.requests, Both("Les demandes ouvertes.", "The open requests."), ("edi partners request list --all",)),
    Act("partners request take", partners.act, Both("S'en charger : elles sont en cours.", "Take them up: they are in progress."),
        ("edi partners request take 3 4",), "operator", True, fixed={"act": "take"}),
    Act("partners request answer", partners.answer, Both(
        "Répondre : le GLN demandé en devient un alias, ou le partenaire entre à l'annuaire.", "Say who it is: the GLN asked for becomes an alias, or the partner enters the directory."),
        ("edi partners request answer 3 3025616805006",), "operator", True),
    Act("partners request refuse", partners.act, Both("Clore sans réponse, pour une raison.", "Close without an answer, for a reason."),
        ('edi partners request refuse 3 --reason "fermée depuis 2019"',), "operator", True, fixed={"act": "refuse"}),
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
    Act("link list", links.links, Both("Lister les liaisons et leur état.", "List the links and how they are."), ("edi link list", "edi link list --json"), "operator"),
    Act("link test", links.test, Both("Se connecter et regarder, sans rien prendre.", "Connect and look, taking nothing."), ("edi link test mediatheques-sud",), "operator"),
    Act("link trust", links.trust, Both(
        "Montrer l'empreinte de la clé d'hôte ; l'épingler seulement si on la donne.", "Show a host key's fingerprint; pin the key only when told it."),
        ("edi link trust mediatheques-sud", "edi link trust mediatheques-sud --fingerprint SHA256:..."), "operator", True),
    Act("link pause", links.pause, Both("Ne plus rien échanger avec une liaison, pour un temps.", "Exchange nothing with a link for a while."),
        ("edi link pause mediatheques-sud",), "operator", True),
    Act("link resume", links.resume, Both("Reprendre les échanges avec une liaison.", "Resume a paused link."), ("edi link resume mediatheques-sud",), "operator", True),
    Act("answers list", links.answers, Both("Ce qui a été répondu, le plus récent d'abord.", "What was answered, newest first."),
        ("edi answers list --waiting", "edi answers list --limit 500 --json")),
    Act("answers resend", links.resend, Both(
        "Envoyer une réponse une nouvelle fois, au prochain passage.", "Send an answer again with the next pass."), ("edi answers resend 12",), "operator", True),
)  # fmt: skip
BY_NAME = {act.name: act for act in ACTS}
