"""What was found in files, on a terminal: reports in colour, excerpts with carets, cells to mend, the sandbox's account."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edi.acts.checking import Checked, Specification, excerpts
from edi.acts.lending.declaring import FAULTS, Faulty
from edi.acts.taking import Held
from edi.cli.screen import STYLES, Screen, harmless
from schemas.acknowledgement import VERDICT_WORDS
from schemas.text import Both

if TYPE_CHECKING:
    from schemas.acknowledgement import Acknowledgement

#: On a terminal, so many findings of one code are shown.
_FEW = 5


def few(acknowledgement: "Acknowledgement") -> "Acknowledgement":
    """The acknowledgement with the first findings of each code only, as a person at a terminal wants them."""
    seen = Counter[str]()
    kept = []
    for finding in acknowledgement.findings:
        seen[finding.code] += 1
        if seen[finding.code] <= _FEW:
            kept.append(finding)
    return msgspec.structs.replace(acknowledgement, findings=tuple(kept))


def checked(result: Checked, screen: Screen) -> None:
    """The report in full; of several files, of those with findings, then a line each."""
    from parsers.answers.report import told
    from parsers.answers.report_text import WIDTH, lines

    terminal = screen.out.is_terminal
    width = min(WIDTH, screen.out.width) if terminal else WIDTH
    for file in result.files:
        ack = file.acknowledgement and (few(file.acknowledgement) if terminal else file.acknowledgement)
        if ack is not None and (len(result.files) == 1 or ack.findings_total or ack.verdict != "accepted"):
            report = told(ack, screen.language, excerpts(file, ack.findings))
            styles = {**_STYLES, "verdict": f"bold {STYLES[ack.verdict]}"}
            for line in lines(report, width):
                screen.line(screen.rich(*((piece, styles.get(role, "")) for role, piece in line)))
            screen.line()
    if len(result.files) < 2:
        return
    for file in result.files:
        ack = file.acknowledgement
        counts = f"{ack.accepted}/{ack.invoices}" if ack else "-"
        word = f"{screen.say(VERDICT_WORDS[file.verdict]):<20}"
        screen.line(screen.rich((word, STYLES[file.verdict]), f" {counts:>9}  {file.file}"))


_STYLES = {
    "title": "bold", "strong": "bold", "dim": "dim", "caret": "bold red", "quote": "cyan", "do": "green",
    "file": "bold red", "invoice": "bold red", "warning": "bold yellow",
}  # fmt: skip


def faulty(result: Faulty, screen: Screen) -> None:
    """Every cell that cannot be read."""
    screen.table("", FAULTS, [msgspec.structs.asdict(fault) for fault in result.faults])


def specification(result: Specification, screen: Screen) -> None:
    """What was written."""
    for paper in result.papers() if result.papers is not None else ():
        screen.line(paper.name)


def held(result: Held, screen: Screen) -> None:
    """A refused file: each finding, and where in the bytes it is."""
    from schemas.catalogue import message

    row, acknowledgement = result.row, result.acknowledgement
    verdict = VERDICT_WORDS[row["verdict"] or "failed"]
    screen.line(screen.rich((row["name"], "bold"), "  ", verdict, "  ", (str(result.original), "dim")))
    if row["trouble"]:
        screen.line(screen.rich((VERDICT_WORDS["failed"], "magenta"), f" : {row['trouble']}"))
    for finding in acknowledgement.findings if acknowledgement else ():
        excerpt = result.found.get(finding)
        place = Both(f"enr. {finding.record}", f"rec. {finding.record}") if finding.record else Both("fichier", "file")
        at: Any = ""
        if excerpt:
            offset = excerpt.offset + (finding.position or 1) - 1
            at = Both(f", octet {offset}", f", byte {offset}")
        screen.line()
        screen.line(
            screen.rich(
                (finding.code, "red"), " ", (place, "dim"), (at, "dim"), f"  {message(finding, screen.language)}"
            )
        )
        if excerpt:
            screen.out.print(screen.rich(f"  {harmless(excerpt.text)}"), no_wrap=True, overflow="crop")
            if excerpt.width:
                caret = screen.rich("  " + " " * excerpt.first, ("^" * excerpt.width, "bold red"))
                screen.out.print(caret, no_wrap=True, overflow="crop")


def account(facts: dict[str, Any], screen: Screen) -> None:
    """The sandbox's account, and what may be tried on it."""
    from edi.sandbox import SCENARIOS

    screen.line(
        screen.rich((Both("Bac à sable", "Sandbox"), "bold"), "  ", (Both("Ctrl-C pour finir", "Ctrl-C to end"), "dim"))
    )
    screen.line()
    told: tuple[tuple[Both | str, Any], ...] = (
        (Both("hôte", "host"), facts["host"]), ("port", facts["port"]), (Both("utilisateur", "user"), facts["user"]),
        (Both("mot de passe", "password"), facts["password"]), (Both("clé d'hôte", "host key"), facts["fingerprint"]),
        (Both("dossiers", "folders"), "depot/  depot/test/  retour/  archive/"),
        (Both("tout est dans", "all is in"), Path(facts["place"])),
    )  # fmt: skip
    for label, value in told:
        screen.line(screen.rich((f"{screen.say(label):<14}  ", "dim"), str(value)))
    screen.line()
    command = f"sftp -P {facts['port']} {facts['user']}@{facts['host']}"
    screen.line(screen.rich((command, "cyan"), "   ", Both("puis", "then"), "   ", ("put F-2025.txt depot/", "cyan")))
    screen.line()
    screen.line(Both("Une référence qui commence par…", "A reference that begins with…"), "dim")
    for word, says in SCENARIOS.items():
        screen.line(screen.rich((f"  {word:<7}", "bold"), says))
    screen.line()
    sys.stdout.flush()
