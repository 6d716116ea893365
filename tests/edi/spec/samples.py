"""The corpus `docs/samples`: for each finding a file that raises it, made from a table, and the answers production gives.

`python -m tests.edi.spec.samples FOLDER` writes it; `test_samples.py` holds the committed copy against it. Every
declaration goes the ordinary road in a home of its own, at a given hour.
"""

import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec

from edi.core import periods
from edi.core.partners import Partner
from edi.core.store import transaction
from edi.spec.rendering import escaped
from schemas.catalogue import CATALOGUE, advice, message
from schemas.finding import Finding
from tests.breaking import after
from tests.declarations import BASES, NOW, OTHER_LIBRARY, SUPPLIER, changed, rows, written
from tests.desk import Desk

TABLE = {row[0]: row[1:] for row in rows("samples.txt")}
_SPREADSHEET = "Date;Bibliothèque;Facture;Montant\r\n14/03/2025;Médiathèque;FA-2025/0012;181,45\r\n".encode("cp1252")
_DIRECTORY = {
    SUPPLIER: Partner(SUPPLIER, "Librairie des Deux Ponts", "supplier"),
    OTHER_LIBRARY: Partner(OTHER_LIBRARY, "Médiathèque de Saint-Aubin", "library"),
}
_LINK = (
    '[[link]]\nname = "bibliotheque"\nkind = "folder"\npath = "partenaire"\ndeclarants = ["{}"]\nsettle_seconds = 0\n'
)


class Sample(msgspec.Struct):
    """The files of one sample by their names, those in `retour/` being the answers; and what one types to see it."""

    code: str
    name: str
    files: dict[str, bytes]
    commands: list[str]
    verdict: str
    findings: tuple[Finding, ...]


def folder_of(code: str) -> str:
    return f"{CATALOGUE[code].number}-{code}"


def declaration_file(form: str, base: str, changes: str, steps: str) -> tuple[str, bytes]:
    """The file's name and bytes."""
    if form == "csv":
        return "ventes.csv", _SPREADSHEET
    declaration = changed(BASES[base], changes.replace("-", "", changes == "-"))
    header, data = declaration.header, written(declaration, form)
    if form == "xml":
        data = data.replace(b"></ligne>", b"/>").replace(b"></declarant>", b"/>").replace(b"></destinataire>", b"/>")
        data = data.replace(b">\n  </facture>", b"/>") if header.side == "library" and b"<marche" not in data else data
        if steps != "-":
            old, new = (part.replace("\\n", "\n").encode() for part in steps.split(" => "))
            assert data.count(old) >= 1, old
            data = data.replace(old, new, 1)
    elif steps == "utf8":
        data = data.decode("iso8859-15").encode()
    elif steps != "-":
        data = after(data, steps)
    letter = "B" if header.side == "library" else "F"
    return f"{letter}-{header.period}.{'txt' if form == 'fixed' else 'xml'}", data


def made(code: str) -> Sample:
    """The sample of a code, taken as production takes it."""
    form, base, changes, steps, setting = TABLE[code]
    name, data = declaration_file(form, base, changes, steps)
    files, commands, speaks_for = {name: data}, [f"edi check {name}"], None
    what, _, value = setting.partition(" ")
    home = "mkdir -m 700 maison"
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "home"
        path.mkdir(mode=0o700)
        if what == "max_bytes":
            files["edi.toml"] = f"max_bytes = {value}\n".encode()
            (path / "edi.toml").write_bytes(files["edi.toml"])
            commands = [home, "cp edi.toml maison", f"edi --home maison check {name}"]
        desk = Desk(path, NOW - timedelta(seconds=1))
        if what == "before":
            earlier = written(changed(BASES[base], value.replace("-", "", value == "-")), form)
            files["avant.txt"] = earlier
            desk.take(earlier, name="avant.txt")
            commands = [home, "edi --home maison ingest avant.txt", f"edi --home maison ingest {name}"]
        elif what == "partners":
            desk.know(_DIRECTORY.values())
            lines = ["gln;name;role", *(f"{one.gln};{one.name};{one.role}" for one in _DIRECTORY.values())]
            files["annuaire.csv"] = "".join(f"{line}\n" for line in lines).encode()
            commands = [f"edi check {name} --partners annuaire.csv"]
        elif what == "closed":
            with transaction(desk.db):
                periods.close(desk, int(value), NOW)
            commands = [home, f"edi --home maison period close {value}", f"edi --home maison ingest {name}"]
        elif what == "speaks":
            speaks_for = {value}
            files["edi.toml"] = _LINK.format(value).encode()
            commands = [home, "cp edi.toml maison", "mkdir -p maison/partenaire/depot"]
            commands += [f"cp {name} maison/partenaire/depot", "edi --home maison run --once"]
        desk.time = NOW - timedelta(seconds=1)
        taken = desk.take(data, name=name, speaks_for=speaks_for)
        given = desk.rows("SELECT name, body FROM answer WHERE receipt = (SELECT max(id) FROM receipt) ORDER BY id")
        desk.db.close()
    files |= {f"retour/{answer}": body for answer, body in given}
    return Sample(code, name, files, commands, taken.verdict, taken.findings)


def index(samples: list[Sample], language: str) -> str:
    """The page that lists them: the number, the file, what is wrong, what to write instead."""
    english = language == "en"
    lines = (Path(__file__).parent / f"samples.{language}.md").read_text("utf-8").splitlines()
    head = ("No.", "Code and file", "What is wrong", "Write instead") if english else (
        "N°", "Code et fichier", "Ce qui ne va pas", "À écrire")  # fmt: skip
    lines += ["", f"| {' | '.join(head)} |", "|--:|---|---|---|"]
    for one in samples:
        entry, folder = CATALOGUE[one.code], folder_of(one.code)
        write = advice()[one.code].write
        cells = [message(one.findings[0], language), write.en if english else write.fr]
        told = " | ".join(map(escaped, cells))
        lines.append(f"| {entry.number} | [`{one.code}`]({folder}/) [{one.name}]({folder}/{one.name}) | {told} |")
    lines += ["", "## " + ("To see one" if english else "Pour en voir un"), ""]
    lines.append(
        "In its folder, `edi check` and the file's name. Those that want more:"
        if english
        else "Dans son dossier, `edi check` et le nom du fichier. Ceux qui demandent davantage :"
    )
    for one in samples:
        if len(one.commands) > 1 or "--partners" in one.commands[0]:
            lines += ["", f"{CATALOGUE[one.code].number} `{one.code}`", "", "```sh", *one.commands, "```"]
    return "\n".join(lines) + "\n"


def corpus(samples: list[Sample]) -> dict[str, bytes]:
    """Every file of the corpus, by its path below the folder."""
    files = {f"{folder_of(one.code)}/{name}": data for one in samples for name, data in one.files.items()}
    return {**files, "README.md": index(samples, "fr").encode(), "README.en.md": index(samples, "en").encode()}


def write(folder: Path) -> None:
    """The corpus into `folder`, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in corpus([made(code) for code in CATALOGUE]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
