"""What `edi demo` shows, in one language, good to look at in 100 columns: what arrived, what was refused and why, and where
everything stands in the end."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from edi.acts.columns import NAME
from edi.acts.lending.ledger import BALANCES
from edi.cli.screen import Screen
from edi.cli.views.lending.cases import tally
from schemas.acknowledgement import VERDICT_WORDS
from schemas.column import Column, word
from schemas.lending.outcome import REASONS
from schemas.money import french
from schemas.text import Both, Text, filled

Facts = dict[str, Any]
_WIDTH = 100
_DUPLICATE = Both(
    "Déjà pris : la première réponse est renvoyée, rien n'est compté deux fois.",
    "Taken already: the first answer is sent again, nothing counts twice.",
)
_OPENING = Both(
    "{suppliers} fournisseurs et {libraries} bibliothèques déclarent leurs factures de {year}\n"
    "par SFTP, chiffrées, sur cette machine seulement ; noms inventés, travail réel.",
    "{suppliers} suppliers and {libraries} libraries declare their invoices of {year}\n"
    "over SFTP, encrypted, on this machine only; the names are invented, the work is real.",
)
_HOMES = Both("un compte, un dossier chacune", "one account, a home each")
_PLACES = {
    "partenaires/": Both("dépôts, retours, archives des partenaires", "depots, answers, archives of the partners"),
    "received/": Both("les octets d'origine, par sha256", "original bytes, by sha256"),
    "quarantine/": Both("copies des fichiers refusés", "copies of refused files"),
    "edi.sqlite": Both("factures, rapprochements, registre", "invoices, matches, ledger"),
    "edi.toml": Both("les liaisons, maintenant des dossiers locaux", "the links, local folders from now on"),
}
_COMMANDS = {
    "status": Both("l'état", "the state"),
    "reconcile --details": Both("facture par facture", "invoice by invoice"),
    "ledger list": Both("le registre", "the ledger"),
}
_DIFFERING = (
    word("reason", Both("motif", "reason"), REASONS, folded=True),
    Column("parties", Both("fournisseur et bibliothèque", "supplier and library"), folded=True, value=lambda row: f"{row['supplier_name']}\n{row['library_name']}"),
    Column("number", Both("numéro", "number")), Column("ht_cents", Both("HT €", "net €"), "cents"),
)  # fmt: skip
_OWED = (
    NAME,
    Column("reversals", Both("extournes", "reversals"), "int", value=lambda row: row["reversals"] or None),
    *BALANCES[2:],
)


def step(name: str, facts: Facts, screen: Screen) -> None:
    """Shows what a step of the demo came to: `opening`, `round` or `end`."""
    screen.still()
    {"opening": _opening, "round": _round, "end": _end}[name](facts, screen)


def _opening(facts: Facts, screen: Screen) -> None:
    """Who plays, and what for."""
    _panel(screen.say(_OPENING, **facts), screen)


def _round(facts: Facts, screen: Screen) -> None:
    """What a pass pulled, by link; what was refused and why, in sentences; what was sent twice."""
    rows: list[tuple[object, ...]] = []
    why: list[tuple[object, ...]] = []
    late, link = facts["round"] > 1, ""
    for file in sorted(facts["files"], key=lambda file: bool(file["home"])):
        if file["home"] and link != file["link"]:
            link = file["link"]
            rows += [("", "", "", ""), (screen.rich((f"{link} :", "dim")), screen.rich((_HOMES, "dim")), "", "")]
        cause = ("\n", (Both(file["cause"], file["cause_en"]), "dim")) if file["cause"] else ()
        name = screen.rich(file["file"], *(cause if late else ()))
        verdict = screen.word(file["verdict"], VERDICT_WORDS)
        rows.append((file["partner"], name, f"{file['accepted']}/{file['invoices']}", verdict))
        if file["verdict"] == "duplicate":
            why.append((screen.rich(file["file"], *cause), screen.say(_DUPLICATE)))
        elif file["findings"]:
            why.append((screen.rich(file["file"], *cause), _finding(file["findings"][0], file["format"], screen)))
    rows += [(screen.rich((of, "red")), screen.rich((wrong, "red")), "", "") for of, wrong in facts["troubles"].items()]
    says = Both(
        "{round}. Arrivés par SFTP : {pulled} fichiers tirés", "{round}. Arrived over SFTP: {pulled} files pulled"
    )
    if late:
        says = Both("{round}. Plus tard : {pulled} fichiers tirés", "{round}. Later: {pulled} files pulled")
    accepted, file_head = Both("acceptées", "accepted"), Both("fichier", "file")
    heads = ((Both("partenaire", "partner"), "l"), (file_head, "l"), (accepted, "r"), ("verdict", ""))
    _table(filled(says, round=facts["round"], pulled=facts["pulled"]), heads, rows, screen)
    _table(
        Both("Refusés, et pourquoi", "Refused, and why"),
        ((file_head, "l"), (Both("pourquoi", "why"), "l")),
        why,
        screen,
    )


def _table(title: Any, heads: Any, rows: Any, screen: Screen) -> None:
    """A table where there are rows; `l` may be folded, `r` is to the right."""
    if rows:
        screen.line()
        screen.show(title, [(screen.say(head), side == "r", side == "l") for head, side in heads], rows)


def _finding(finding: Facts, form: str | None, screen: Screen) -> Any:
    """A finding in a sentence, what to write instead, and where."""
    record = Both("enregistrement", "record") if form == "fixed" else Both("ligne", "line")
    words: dict[str, Text] = {"record": record, "position": "position", "invoice": Both("facture", "invoice")}
    found = (f"{screen.say(says)} {finding[name]}" for name, says in words.items() if finding[name])
    mend = ("\n", (Both(finding["suggestion"], finding["suggestion_en"]), "green")) if finding["suggestion"] else ()
    where = " · ".join((finding["code"], *found))
    return screen.rich(Both(finding["message"], finding["message_en"]), *mend, "\n", (where, "cyan"))


def _end(document: Facts, screen: Screen) -> None:
    """Everything that came of both rounds."""
    rounds, example = document["rounds"], document["example"]
    heads = (Both("1er passage", "1st pass"), Both("2e passage", "2nd pass"))
    screen.line()
    tally(
        Both("3. Rapprochement des deux côtés", "3. Both sides reconciled"),
        heads,
        [of["reconciliation"] for of in rounds],
        screen,
    )
    placed = Both("{as_planned}/{planned} cas à la place prévue.", "{as_planned}/{planned} cases stand where planned.")
    screen.line(filled(placed, **rounds[-1]), "dim")
    screen.line()
    first = {row["reason"]: row for row in reversed(document["discrepancies"])}
    screen.table(
        Both("Ce qui diffère, un exemple de chaque", "What differs, one of each"),
        _DIFFERING,
        list(first.values())[::-1],
    )
    screen.line()
    screen.table(
        Both("4. Registre : la part due par chaque fournisseur", "4. Ledger: what each supplier owes"),
        _OWED,
        document["ledger"],
    )
    screen.line(
        filled(Both("total : {euros} €", "total: {euros} €"), euros=french(document["remuneration_cents"])), "dim"
    )
    sent = sum(of["pushed"] for of in rounds)
    files: list[str] = next((of["files"] for of in document["answers"] if of["folder"] == example.get("folder")), [])
    title = filled(
        Both("5. Réponses : {sent} envoyées dans les retour/", "5. Answers: {sent} pushed into retour/"), sent=sent
    )
    rows = [(screen.rich((name, "cyan")),) for name in files]
    _table(title, ((Both("celles d'un partenaire", "those of one partner"), ""),), rows, screen)
    if example:
        screen.out.print(f"\n{example['name']}\n\n{excerpt(example['text'])}\n", markup=False, soft_wrap=True)
    if document["kept"]:
        _panel(_whereabouts(document, screen), screen)


def excerpt(report: str) -> str:
    """What a report says to do, and why an invoice was refused: without its heading and its warnings."""
    lines = report.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.isupper() and line[:1].isalpha()), 0)
    end = next((place for place, line in enumerate(lines) if "AVERTISSEMENT" in line and place > begin), len(lines))
    return "\n".join(lines[begin : min(end, begin + 20)])


def _whereabouts(document: Facts, screen: Screen) -> Any:
    """Where everything is, and what to try next."""
    edi, home = Path(sys.argv[0]), document["home"]
    program = os.path.relpath(edi) if edi.name == "edi" and edi.exists() else "edi"
    lines = [screen.rich(Both("Tout est dans", "All of it is in"), "  ", (home, "bold cyan"))]
    lines += [screen.rich((f"{path:<14}", "cyan"), words) for path, words in _PLACES.items()]
    lines += [screen.rich(), screen.rich((Both("À essayer", "Try next"), "bold"))]
    for words, what in _COMMANDS.items():
        lines.append(screen.rich((f"{program} --home {shlex.quote(home)} {words}", "green"), "  ", what))
    return screen.rich("\n").join([*lines, screen.rich((f"\n{document['seconds']} s", "dim"))])


def _panel(content: Any, screen: Screen) -> None:
    from rich.panel import Panel

    screen.out.print(Panel(content, border_style="blue", padding=(0, 2)), width=min(_WIDTH, screen.out.width))
