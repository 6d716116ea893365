"""What `edi demo` shows: French first, English beside, good to look at in 100 columns."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edi.demo.world import World
from schemas.money import french
from schemas.outcome import REASONS

WIDTH = 100
_VERDICTS = {
    "accepted": ("accepté", "green"),
    "partly-accepted": ("accepté en partie", "yellow"),
    "refused": ("refusé", "red"),
    "duplicate": ("doublon", "cyan"),
    "failed": ("contrôle en panne", "magenta"),
}
_STATES = (
    ("matched", "rapprochées", "matched", "green"),
    ("net_differs", "  dont net différent", "  of which net differs", "yellow"),
    ("discrepancies", "en écart", "discrepancies", "red"),
    ("proposed", "proposées à une personne", "proposed to a person", "cyan"),
    ("waiting_library", "attendent la bibliothèque", "waiting for the library", "blue"),
    ("waiting_supplier", "attendent le fournisseur", "waiting for the supplier", "blue"),
)


def _show(console: Console, what: RenderableType) -> None:
    console.print(what, width=min(WIDTH, console.width))


def _title(french_words: str, english: str) -> Text:
    return Text.assemble((french_words, "bold"), (f"  {english}", "dim italic"))


def _table(title: Text, *columns: tuple[str, str]) -> Table:
    """A table of (heading, justify) columns."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading, justify in columns:
        made.add_column(heading, justify=justify)  # type: ignore[arg-type]
    return made


def opening(console: Console, world: World) -> None:
    """Who plays, and what for."""
    suppliers = sum(partner.role == "supplier" and partner.gln in world.slugs for partner in world.partners)
    libraries = len(world.slugs) - suppliers
    words = Text.assemble(
        (f"{suppliers} fournisseurs et {libraries} bibliothèques déclarent leurs factures de {world.year}\n", "bold"),
        "par SFTP, chiffrées, sur cette machine seulement ; noms inventés, travail réel.\n",
        (f"{suppliers} suppliers and {libraries} libraries declare their invoices of {world.year}, over real SFTP\n"
         "on loopback; the names are invented, the work is real.", "dim italic"),
    )  # fmt: skip
    _show(console, Panel(words, title="edi · droit de prêt en bibliothèque", border_style="blue", padding=(0, 2)))


def arrived(console: Console, facts: dict[str, Any]) -> None:
    """What a pass pulled, by link."""
    late = facts["round"] > 1
    said, english = ("Plus tard", "Later: a second pass") if late else ("Arrivés par SFTP", "Arrived over SFTP")
    title = _title(f"{facts['round']}. {said} : {facts['pulled']} fichiers tirés", english)
    made = _table(title, ("partenaire", "left"), ("fichier", "left"), ("acceptées", "right"), ("verdict", "left"))
    house = False
    for file in sorted(facts["files"], key=lambda file: bool(file["home"])):
        word, colour = _VERDICTS[file["verdict"]]
        if file["home"] and not house:
            house = True
            made.add_section()
            many = Text("un compte, un dossier chacune", "dim").append("\none account, many homes", "italic")
            made.add_row(Text(f"par {file['link']} :", "dim"), many)
        name = Text(file["file"])
        if late and file["cause"]:
            name.append(f"\n{file['cause']}", "dim")
        made.add_row(file["partner"], name, f"{file['accepted']}/{file['invoices']}", Text(word, colour))
    console.print()
    _show(console, made)
    for link, wrong in facts["troubles"].items():
        _show(console, Text(f"{link} : {wrong}", "red"))


def refused(console: Console, facts: dict[str, Any]) -> None:
    """What was refused and why, in sentences; what was sent twice."""
    files = [file for file in facts["files"] if file["findings"] or file["verdict"] == "duplicate"]
    if not files:
        return
    made = _table(
        _title("Refusés, et pourquoi", "Refused, and why"), ("fichier", "left"), ("pourquoi / why", "left")
    )  # fmt: skip
    for file in files:
        name = Text(file["file"], overflow="fold")
        name.append(f"\n{file['cause'] or ''}", "dim")
        if file["verdict"] == "duplicate":
            why = Text.assemble(
                "Déjà pris : la première réponse est renvoyée, rien n'est compté deux fois.\n",
                ("Taken already: the first answer is sent again, nothing counts twice.", "dim italic"),
            )
            made.add_row(name, why)
            continue
        first = file["findings"][0]
        why = Text(first["message"])
        if first["suggestion"]:
            why.append(f" {first['suggestion'][:1].upper()}{first['suggestion'][1:]}.", "green")
        why.append(f"\n{first['message_en']}", "dim italic")
        why.append(f"\n{_where(first, file)}", "cyan")
        made.add_row(name, why)
    _show(console, made)


def _where(finding: dict[str, Any], file: dict[str, Any]) -> str:
    parts = [finding["code"]]
    if finding["record"]:
        parts.append(
            f"enregistrement {finding['record']}" if file["format"] == "fixed" else f"ligne {finding['record']}"
        )
    if finding["position"]:
        parts.append(f"position {finding['position']}")
    if finding["invoice"]:
        parts.append(f"facture {finding['invoice']}")
    return " · ".join(parts)


def closing(console: Console, document: dict[str, Any]) -> None:
    """Matches after either round, the ledger, the answers, and where everything is."""
    _show(console, _matches(document["rounds"]))
    _show(console, _differing(document["discrepancies"]))
    _show(console, _ledger(document))
    _show(console, _answers(document))
    _show(console, _where_things_are(document))


def _matches(rounds: list[dict[str, Any]]) -> RenderableType:
    title = _title("3. Rapprochement des deux côtés", "Both sides reconciled")
    made = _table(title, ("factures", "left"), ("invoices", "left"), ("1er passage", "right"), ("2e passage", "right"))
    for name, words, english, colour in _STATES:
        counts = [one["reconciliation"][name] for one in rounds]
        if any(counts):
            made.add_row(Text(words, colour), Text(english, "dim italic"), *(f"{count}" for count in counts))
    last = rounds[-1]
    count = f"{last['as_planned']}/{last['planned']}"
    planned = Text(f"{count} cas à la place prévue. / {count} cases stand where planned.", "dim")
    return Group(Text(), made, planned, Text())


def _differing(discrepancies: list[dict[str, Any]]) -> RenderableType:
    """The first of each kind of difference."""
    made = _table(
        _title("Ce qui diffère, un exemple de chaque", "What differs, one of each"),
        ("motif", "left"), ("fournisseur et bibliothèque", "left"), ("numéro", "left"), ("HT €", "right"),
    )  # fmt: skip
    for reason in dict.fromkeys(row["reason"] for row in discrepancies):
        row = next(row for row in discrepancies if row["reason"] == reason)
        named = REASONS[reason]
        motive = Text(named.fr).append(f"\n{named.en}", "dim italic")
        both = f"{row['supplier_name']}\n{row['library_name']}"
        made.add_row(motive, both, row["number"], french(row["ht_cents"]))
    return made


def _ledger(document: dict[str, Any]) -> RenderableType:
    made = _table(
        _title("4. Registre : la part due par chaque fournisseur", "Ledger: what each supplier owes"),
        ("fournisseur", "left"), ("taux", "right"), ("écritures", "right"), ("extournes", "right"),
        ("ex.", "right"), ("assiette €", "right"), ("rémunération €", "right"),
    )  # fmt: skip
    for row in document["ledger"]:
        made.add_row(
            row["name"], f"{row['rate_percent']} %", str(row["entries"]), str(row["reversals"] or ""),
            str(row["copies"]), french(row["base_cents"]), french(row["remuneration_cents"]),
        )  # fmt: skip
    made.add_section()
    totals = (sum(row[name] for row in document["ledger"]) for name in ("entries", "reversals", "copies", "base_cents"))
    entries, reversals, copies, base = totals
    made.add_row(
        "total", "", str(entries), str(reversals or ""), str(copies), french(base),
        french(document["remuneration_cents"]), style="bold",
    )  # fmt: skip
    return made


def _answers(document: dict[str, Any]) -> RenderableType:
    """The answers of one partner, and the beginning of a report."""
    example = document["example"]
    if not example:
        return Text()
    files = next(answer["files"] for answer in document["answers"] if answer["folder"] == example["folder"])
    sent = sum(one["pushed"] for one in document["rounds"])
    listing = Text("\n".join(f"  {name}" for name in files), "cyan")
    return Group(
        _title(f"5. Réponses : {sent} envoyées dans les retour/", "Answers, pushed over SFTP; those of one partner:"),
        listing,
        Text(f"\n{example['name']}, à partir de / from :", "dim"),
        Text(_excerpt(example["text"])),
    )


def _excerpt(report: str) -> str:
    """What a report says to do, and why an invoice was refused: without its heading and its warnings."""
    lines = report.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.isupper() and line[:1].isalpha()), 0)
    end = next((place for place, line in enumerate(lines) if "AVERTISSEMENT" in line and place > begin), len(lines))
    return "\n".join(lines[begin : min(end, begin + 20)])


def _where_things_are(document: dict[str, Any]) -> RenderableType:
    home = Path(document["home"])
    if not document["kept"]:
        return Text(f"{document['seconds']} s", "dim")
    made = Table.grid(padding=(0, 2))
    for path, words, english in (
        ("partenaires/", "dépôts, retours, archives des partenaires", "the partners' folders"),
        ("received/", "les octets d'origine, par sha256", "original bytes"),
        ("quarantine/", "copies des fichiers refusés", "copies of what was refused"),
        ("edi.sqlite", "factures, rapprochements, registre", "invoices, matches, ledger"),
        ("edi.toml", "les liaisons, maintenant des dossiers locaux", "the links, local folders from now on"),
    ):
        made.add_row(Text(path, "cyan"), words, Text(english, "dim italic"))
    where = Text.assemble("Tout est dans / all of it is in  ", (str(home), "bold cyan"))
    again = Text.assemble(("À essayer / try next\n", "bold"), *_lines(commands(home)))
    done = Text(f"fait en / done in {document['seconds']} s", "dim")
    return Panel(Group(where, made, Text(), again, done), border_style="blue", padding=(0, 2))


def _lines(rows: Iterable[tuple[str, str]]) -> Iterable[Text]:
    for command, words in rows:
        yield Text.assemble((command, "green"), ("  " + words, "dim"), "\n")


def commands(home: Path) -> list[tuple[str, str]]:
    """Three commands to try next, with what they show."""
    edi = Path(sys.argv[0])
    program = os.path.relpath(edi) if edi.name == "edi" and edi.exists() else "edi"
    begin = f"{program} --home {shlex.quote(str(home))}"
    return [
        (f"{begin} status", "l'état / the state"),
        (f"{begin} reconcile --details", "facture par facture / invoice by invoice"),
        (f"{begin} ledger list", "le registre / the ledger"),
    ]
