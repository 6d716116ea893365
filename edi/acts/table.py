"""The table of acts: by what words each is asked for, what it does, whose it is, whether it writes. What is common to all
schemes stands here, what is asked of one in the folder of its name."""

from edi.acts import checking, links, partners, taking
from edi.acts.lending import table as lending
from edi.core.act import Act
from schemas.lending.lists import SIDE
from schemas.text import Both

#: What stands before the acts of a group.
GROUPS = {
    "quarantine": Both("Les fichiers refusés ; rien n'est jamais perdu.", "Refused files; nothing is ever lost."),
    "partners": Both("L'annuaire des partenaires.", "The directory of partners."),
    "partners request": Both(
        "Demandes de référencement : de qui est ce GLN, ou quel est le sien.",
        "Referencing requests: whose is this GLN, or which is theirs.",
    ),
    "link": Both("Les liaisons : comptes de transport d'edi.toml.", "Links: transport accounts of edi.toml."),
    "answers": Both("Les réponses aux partenaires.", "Answers to partners."),
    **lending.GROUPS,
}
#: What the schemes are about, a sentence each.
TITLES = (lending.TITLE,)
GENERAL = (
    Act("demo", taking.demo, Both("Tout voir sur une boucle locale : SFTP, contrôles, rapprochement, registre, réponses.", "See the whole job on loopback: SFTP, checks, matching, ledger, answers."),
        ("edi demo", "edi demo --home /tmp/essai"), "declarant", True, "fresh"),
    Act("run", taking.run, Both(
        "Tirer de chaque liaison, lire, contrôler, comptabiliser, rapprocher, répondre.\n\n"
        "Sans --once, --json donne une ligne de JSON par passage où quelque chose arrive.",
        "Pull from each link, read, check, book, reconcile, answer: for ever, or once.\n\n"
        "Without --once, --json gives a line of JSON for each pass in which something happens."),
        ("edi run", "edi run --once", "edi --home /srv/edi run --once --json"), "operator", True, lasting=True),
    Act("status", taking.status, Both(
        "Ce qui est arrivé, ce qui est bloqué, et à qui de jouer.", "What arrived, what is stuck, whose turn it is."),
        ("edi status", "edi status --json | jq .stuck")),
    Act("check", checking.check, Both(
        "Contrôler des déclarations comme le fait la production, sans rien garder.", "Check declarations as production does, storing nothing."),
        ("edi check F-2025.txt --partners annuaire.csv", "edi check F-2025.txt --html constats.html",
         "edi check depot/* --json > constats.json", "unzip -p envoi.zip | edi check - --lang en"),
        "declarant", home="none", more=("html",)),
    Act("convert", checking.convert, Both("La même déclaration dans l'autre format.", "The same declaration in the other format."),
        ("edi convert F-2025.txt --to xml -o F-2025.xml", "edi convert F-2025.xml --to fixed | less"), "declarant", home="none"),
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
        (f'edi partners request add {SIDE[0].word} --name "Médiathèque" --postcode 29200',), "operator", True),
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
ACTS = (*GENERAL, *lending.ACTS)
BY_NAME = {act.name: act for act in ACTS}
