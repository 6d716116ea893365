"""What `edi demo` shows, in one language, good to look at in 100 columns: a function for each section, which makes plain
rows of the demo's document, and one that draws them."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.lending.outcome import REASONS
from schemas.money import french
from schemas.text import Both, Language, say

WIDTH = 100
Facts = dict[str, Any]
#: A cell: lines of text, each with its style.
Cell = str | Both | Sequence[tuple[str | Both, str]]

_VERDICTS = {
    "accepted": (Both("accepté", "accepted"), "green"),
    "partly-accepted": (Both("accepté en partie", "accepted in part"), "yellow"),
    "refused": (Both("refusé", "refused"), "red"),
    "duplicate": (Both("doublon", "duplicate"), "cyan"),
    "failed": (Both("contrôle en panne", "the checker failed"), "magenta"),
}
_STATES = {
    "matched": (Both("rapprochées", "matched"), "green"),
    "net_differs": (Both("  dont net différent", "  of which net differs"), "yellow"),
    "discrepancies": (Both("en écart", "discrepancies"), "red"),
    "proposed": (Both("proposées à une personne", "proposed to a person"), "cyan"),
    "waiting_library": (Both("attendent la bibliothèque", "waiting for the library"), "blue"),
    "waiting_supplier": (Both("attendent le fournisseur", "waiting for the supplier"), "blue"),
}
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
_PLACES = {
    "partenaires/": Both("dépôts, retours, archives des partenaires", "depots, answers, archives of the partners"),
    "received/": Both("les octets d'origine, par sha256", "original bytes, by sha256"),
    "quarantine/": Both("copies des fichiers refusés", "copies of refused files"),
    "edi.sqlite": Both("factures, rapprochements, registre", "invoices, matches, ledger"),
    "edi.toml": Both("les liaisons, maintenant des dossiers locaux", "the links, local folders from now on"),
}
_ALL, _NEXT = Both("Tout est dans", "All of it is in"), Both("À essayer", "Try next")
_COMMANDS = {
    "status": Both("l'état", "the state"),
    "reconcile --details": Both("facture par facture", "invoice by invoice"),
    "ledger list": Both("le registre", "the ledger"),
}


class Section(msgspec.Struct, frozen=True):
    """A table to draw: heads, how each column is set (`l` or `r` a column), rows; an empty one is a rule. `foot` stands under it."""

    title: Both
    heads: Sequence[str | Both]
    sides: str
    rows: Sequence[Sequence[Cell]]
    foot: str | Both = ""


def opening(year: int, suppliers: int, libraries: int) -> Both:
    """Who plays, and what for."""
    facts = {"year": year, "suppliers": suppliers, "libraries": libraries}
    return Both(_OPENING.fr.format(**facts), _OPENING.en.format(**facts))


def arrived(facts: Facts) -> Section:
    """What a pass pulled, by link."""
    rows: list[Sequence[Cell]] = []
    late = facts["round"] > 1
    for file in sorted(facts["files"], key=lambda file: bool(file["home"])):
        if file["home"] and () not in rows:
            rows += [(), ([(f"{file['link']} :", "dim")], [(_HOMES, "dim")], "", "")]
        cause = [(Both(file["cause"], file["cause_en"]), "dim")] if late and file["cause"] else []
        name = [(file["file"], ""), *cause]
        rows.append((file["partner"], name, f"{file['accepted']}/{file['invoices']}", [_VERDICTS[file["verdict"]]]))
    rows += [([(link, "red")], [(str(wrong), "red")], "", "") for link, wrong in facts["troubles"].items()]
    title = Both(
        f"{facts['round']}. {'Plus tard' if late else 'Arrivés par SFTP'} : {facts['pulled']} fichiers tirés",
        f"{facts['round']}. {'Later' if late else 'Arrived over SFTP'}: {facts['pulled']} files pulled",
    )
    heads = (Both("partenaire", "partner"), Both("fichier", "file"), Both("acceptées", "accepted"), "verdict")
    return Section(title, heads, "llrl", rows)


_HOMES = Both("un compte, un dossier chacune", "one account, a home each")


def refused(facts: Facts) -> Section:
    """What was refused and why, in sentences; what was sent twice."""
    rows: list[Sequence[Cell]] = []
    for file in facts["files"]:
        name: Cell = [(file["file"], ""), (Both(file["cause"] or "", file["cause_en"] or ""), "dim")]
        if file["verdict"] == "duplicate":
            rows.append((name, _DUPLICATE))
        elif file["findings"]:
            first = file["findings"][0]
            mend = [(Both(first["suggestion"], first["suggestion_en"]), "green")] if first["suggestion"] else []
            why = [(Both(first["message"], first["message_en"]), ""), *mend, (_where(first, file["format"]), "cyan")]
            rows.append((name, why))
    heads = (Both("fichier", "file"), Both("pourquoi", "why"))
    return Section(Both("Refusés, et pourquoi", "Refused, and why"), heads, "ll", rows)


def _where(finding: Facts, form: str | None) -> Both:
    record = Both("enregistrement", "record") if form == "fixed" else Both("ligne", "line")
    words = {"record": record, "position": Both("position", "position"), "invoice": Both("facture", "invoice")}
    found = [(word, finding[name]) for name, word in words.items() if finding[name]]
    spoken = ([finding["code"], *(f"{say(word, lang)} {place}" for word, place in found)] for lang in ("fr", "en"))
    return Both(*map(" · ".join, spoken))


def matches(rounds: Sequence[Facts]) -> Section:
    """How many invoices stand where after either round, and how many of them where planned."""
    counts = {name: [str(one["reconciliation"][name]) for one in rounds] for name in _STATES}
    rows: list[Sequence[Cell]] = [
        ([_STATES[name]], *cells) for name, cells in counts.items() if any(cell != "0" for cell in cells)
    ]
    placed = f"{rounds[-1]['as_planned']}/{rounds[-1]['planned']}"
    foot = Both(f"{placed} cas à la place prévue.", f"{placed} cases stand where planned.")
    heads = (Both("factures", "invoices"), Both("1er passage", "1st pass"), Both("2e passage", "2nd pass"))
    return Section(Both("3. Rapprochement des deux côtés", "3. Both sides reconciled"), heads, "lrr", rows, foot)


def differing(discrepancies: Iterable[Facts]) -> Section:
    """The first of each kind of difference."""
    first = {row["reason"]: row for row in reversed(list(discrepancies))}
    rows = [
        (REASONS[reason], f"{row['supplier_name']}\n{row['library_name']}", row["number"], french(row["ht_cents"]))
        for reason, row in reversed(first.items())
    ]
    title = Both("Ce qui diffère, un exemple de chaque", "What differs, one of each")
    parties = Both("fournisseur et bibliothèque", "supplier and library")
    heads = (Both("motif", "reason"), parties, Both("numéro", "number"), "HT €")
    return Section(title, heads, "lllr", rows)


def ledger(rows: Sequence[Facts]) -> Section:
    """What each supplier owes, and the sums."""
    total = {name: sum(row[name] for row in rows) for name in rows[0] if name in _SUMMED} if rows else {}
    lines: list[Sequence[Cell]] = [_owed(row["name"], f"{row['rate_percent']} %", row) for row in rows]
    lines += [(), _owed("total", "", total)] if rows else []
    heads = (
        Both("fournisseur", "supplier"), Both("taux", "rate"), Both("écritures", "entries"), Both("extournes", "reversals"),
        Both("ex.", "copies"), Both("assiette €", "base €"), Both("rémunération €", "remuneration €"),
    )  # fmt: skip
    title = Both("4. Registre : la part due par chaque fournisseur", "4. Ledger: what each supplier owes")
    return Section(title, heads, "lrrrrrr", lines)


_SUMMED = ("entries", "reversals", "copies", "base_cents", "remuneration_cents")


def _owed(name: str, rate: str, row: Facts) -> Sequence[Cell]:
    counts = [str(row[column] or "") for column in _SUMMED[:3]]
    return (name, rate, *counts, *(french(row[column]) for column in _SUMMED[3:]))


def answers(document: Facts) -> Section:
    """The answers in the folder of one partner."""
    sent, example = sum(one["pushed"] for one in document["rounds"]), document["example"]
    files: list[str] = next((one["files"] for one in document["answers"] if one["folder"] == example.get("folder")), [])
    title = Both(f"5. Réponses : {sent} envoyées dans les retour/", f"5. Answers: {sent} pushed into retour/")
    head = Both("celles d'un partenaire", "those of one partner")
    return Section(title, (head,), "l", [([(name, "cyan")],) for name in files])


def excerpt(report: str) -> str:
    """What a report says to do, and why an invoice was refused: without its heading and its warnings."""
    lines = report.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.isupper() and line[:1].isalpha()), 0)
    end = next((place for place, line in enumerate(lines) if "AVERTISSEMENT" in line and place > begin), len(lines))
    return "\n".join(lines[begin : min(end, begin + 20)])


def commands(home: Path) -> list[tuple[str, Both]]:
    """Three commands to try next, with what they show."""
    edi = Path(sys.argv[0])
    program = os.path.relpath(edi) if edi.name == "edi" and edi.exists() else "edi"
    begin = f"{program} --home {shlex.quote(str(home))}"
    return [(f"{begin} {words}", what) for words, what in _COMMANDS.items()]


# -- drawing ---------------------------------------------------------------------------------------


def closing(console: Console, document: Facts, language: Language) -> None:
    """Everything that came of both rounds."""
    sections = (
        matches(document["rounds"]), differing(document["discrepancies"]), ledger(document["ledger"]), answers(document),
    )  # fmt: skip
    show(console, sections, language)
    if example := document["example"]:
        console.print(f"\n{example['name']}\n\n{excerpt(example['text'])}\n", markup=False, highlight=False)
    if document["kept"]:
        panel(console, whereabouts(document, language), language)


def show(console: Console, sections: Iterable[Section], language: Language) -> None:
    """Draws sections; of those without rows nothing."""
    for section in (section for section in sections if section.rows):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for head, side in zip(section.heads, section.sides, strict=True):
            table.add_column(_say(head, language), justify="right" if side == "r" else "left", overflow="fold")
        for row in section.rows:
            if row:
                table.add_row(*(_text(cell, language) for cell in row))
            else:
                table.add_section()
        title, foot = Text(f"\n{_say(section.title, language)}", "bold"), Text(_say(section.foot, language), "dim")
        console.print(Group(title, table, *([foot] if section.foot else [])), width=min(WIDTH, console.width))


def panel(console: Console, content: RenderableType | Both, language: Language) -> None:
    """Draws something framed."""
    inner = _say(content, language) if isinstance(content, Both) else content
    console.print(Panel(inner, border_style="blue", padding=(0, 2)), width=min(WIDTH, console.width))


def _say(words: str | Both, language: Language) -> str:
    return say(words, language) or ""


def _text(cell: Cell, language: Language) -> Text:
    lines = [(cell, "")] if isinstance(cell, str | Both) else cell
    return Text("\n").join(Text(_say(words, language), style) for words, style in lines)


def whereabouts(document: Facts, language: Language) -> RenderableType:
    """Where everything is, and what to try next."""
    places = Table.grid(padding=(0, 2))
    for path, words in _PLACES.items():
        places.add_row(Text(path, "cyan"), _say(words, language))
    where = Text.assemble(_say(_ALL, language), "  ", (document["home"], "bold cyan"))
    tried = [
        Text.assemble((line, "green"), "  ", _say(what, language)) for line, what in commands(Path(document["home"]))
    ]
    again, done = Text(f"\n{_say(_NEXT, language)}", "bold"), Text(f"\n{document['seconds']} s", "dim")
    return Group(where, places, again, *tried, done)
