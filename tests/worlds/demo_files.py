"""The files of `edi demo`, made of its preset: wrong where they are meant to be, and where each invoice must stand then.

    python -m tests.worlds.demo_files      # writes edi/demo/files anew

`edi.demo.cast` says what the tables hold. Where an invoice stands is the second oracle's word, not the product's.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from schemas import gln
from schemas.declaration import Declaration
from tests.market.oracle import Paper, Rules
from tests.worlds import faults
from tests.worlds.core import header, written
from tests.worlds.demo import COPIED, CUT, DTD, HOMES, LATE, REPLACED, SLUGS, UTF8, YEAR, Demo, demo

FOLDER = Path(__file__).parents[2] / "edi" / "demo" / "files"
#: What was done to a file, by the code that is found, or by its name's ending.
CAUSES = {
    "ean-check-digit": ("un EAN mal recopié", "an EAN copied wrong"),
    "ht-exceeds-ttc": ("HT et TTC intervertis", "HT and TTC swapped"),
    "partner-gln-check-digit": ("un chiffre faux dans le GLN du fournisseur", "a wrong digit in the supplier's GLN"),
    "invoice-date-outside-period": ("une facture de l'année d'avant", "an invoice of the year before"),
    "trailer-missing": ("transfert interrompu : fichier tronqué", "transfer broken off: the file is cut short"),
    "charset": ("fichier fixe enregistré en UTF-8", "a fixed file saved as UTF-8"),
    "xml-dtd-forbidden": ("XML avec une DTD", "XML with a DTD"),
    "format-unknown": ("un tableau, pas une déclaration", "a spreadsheet, no declaration"),
    "copy": ("le même fichier sous un autre nom", "the same file under another name"),
    "late": ("la bibliothèque en retard", "the late library"),
    "-entier": ("le fichier tronqué, cette fois entier", "the truncated file, whole this time"),
    "-R": ("remplacement : EAN et preuves corrigés", "replacement: EAN and evidence mended"),
}
SHEET, SHEET_BYTES = (
    "Factures bibliothèques.csv",
    "Date;Bibliothèque;Facture;Montant\n14/03;Médiathèque de Saint-Aubin;FA-0117;181,45\n".encode("cp1252"),
)
SHEET = "Date;Bibliothèque;Facture;Montant\n14/03;Médiathèque de Saint-Aubin;FA-0117;181,45\n".encode("cp1252")
Row = tuple[str, ...]
Named = tuple[str, str, str, str]


def files(world: Demo) -> Iterator[tuple[Row, bytes]]:
    """Every file in the order of issue: its row of `files.csv`, and its bytes."""
    sendings = iter(range(1, 100))

    def sent(
        slug: str, papers: list[Paper], note: str = "", spoilt: str = "", later: bool = False, **more: str
    ) -> tuple[Row, bytes]:
        sending, rank = next(sendings), SLUGS.index(slug) + (slug in HOMES)
        side, letter = ("library", "B") if slug in HOMES else ("supplier", "F")
        form = {"charset": "fixed", "xml-dtd-forbidden": "xml"}.get(spoilt, ("fixed", "xml")[rank % 2])
        issued = datetime(YEAR + 1, 1 + later, 6, 9) + timedelta(hours=5 * sending, minutes=7 * sending)
        head = header(side, world.codes[slug], reference(slug, sending), issued, sending=sending, **more)
        invoices = (paper.invoice for paper in sorted(papers, key=lambda paper: (paper.day, paper.number)))
        content = written(Declaration(head, tuple(invoices)), form)
        doors = {paper.door for paper in papers} - {""}
        codes = {*doors, *(code for paper in papers for code in warned(paper))}
        if spoilt:
            content, codes = faults.OF_FILES[spoilt](content), {spoilt, *(codes if slug == CUT else ())}
        cause = spoilt or next(iter(doors), note or (slug == LATE and "late"))
        name = f"{letter}-{YEAR}-{slug}{note}.{'txt' if form == 'fixed' else 'xml'}"
        return row(world, slug, f"round-{1 + later}/{name}", name, codes, cause or ""), content

    for slug in SLUGS:
        if slug != LATE:
            file = sent(slug, world.sent(slug), spoilt="trailer-missing" if slug == CUT else "")
            yield file
        if slug == COPIED:
            yield (*file[0][:5], f"Copie de {file[0][5]}", file[0][6], *CAUSES["copy"]), file[1]
    yield sent(UTF8, world.sent(UTF8, True), "-suite", "charset")
    yield sent(DTD, world.sent(DTD, True), "-suite", "xml-dtd-forbidden")
    code = "format-unknown"
    yield row(world, "chat-lettre", "round-1/factures.csv", "Factures bibliothèques.csv", {code}, code), SHEET
    yield sent(LATE, world.sent(LATE), later=True)
    yield sent(CUT, world.sent(CUT), "-entier", later=True)
    replacing = [world.replacing[paper] for paper in world.sent(REPLACED)]
    yield sent(REPLACED, replacing, "-R", later=True, nature="replaces", replaced=reference(REPLACED, 1))


def row(world: Demo, slug: str, path: str, name: str, codes: Iterable[str], cause: str) -> Row:
    link, home = (HOMES[slug], slug) if HOMES.get(slug) else (slug, "")
    words = CAUSES.get(cause, ("", ""))
    return (path[6], link, home, world.codes[slug], path, name, " ".join(sorted(codes)), *words)


def reference(slug: str, sending: int) -> str:
    return f"{YEAR}-{slug[:10].upper()}-{sending:02d}"


def warned(paper: Paper) -> Iterator[str]:
    """What is said of a paper that does not refuse it."""
    if gln.is_legacy(paper.supplier) or gln.is_legacy(paper.library):
        yield "gln-check-digit-legacy"
    if any(line.exclusion and not line.evidence for line in paper.lines):
        yield "exclusion-without-evidence"
    if paper.side == "library" and paper.fault == "books and DVDs":
        yield "vat-implausible"


def stands(world: Demo, later: bool) -> dict[Named, tuple[str, str]]:
    """Fault and state of each case after a round, by how listings name it: as its supplier writes it, where it has."""
    directory = {one.gln: (one.alias_of, one.successor) for one in world.partners}
    found = {}
    for paper, outcome in Rules(world.booked(later), directory).outcomes().items():
        named = next((one for one in outcome.papers if one.side == "supplier"), paper)
        state = outcome.reason if outcome.state == "discrepancy" or outcome.reason == "net-differs" else outcome.state
        if state == "waiting":
            state = f"waiting_{'library' if paper.side == 'supplier' else 'supplier'}"
        found[named.supplier, named.library, named.number, named.day.isoformat()] = (paper.fault, state)
    return found


def committed(world: Demo) -> dict[str, bytes]:
    """Every file of `edi/demo/files`, by its path there."""
    rows, nothing = list(files(world)), ("", "")
    first, last = stands(world, False), stands(world, True)
    partners = (
        (one.gln, world.names[one.gln], one.role, one.category, one.successor, one.alias_of) for one in world.partners
    )
    cases = (
        ((last | first)[name][0], *name, first.get(name, nothing)[1], last.get(name, nothing)[1])
        for name in sorted(first | last)
    )
    return {
        **{row[4]: content for row, content in rows},
        "annuaire.csv": _csv("gln;name;role;category;successor;alias_of", partners),
        "files.csv": _csv("round;link;home;gln;path;name;codes;cause;cause_en", (row for row, _ in rows)),
        "cases.csv": _csv("fault;supplier;library;number;date;first;last", cases),
    }


def _csv(head: str, rows: Iterable[Iterable[str]]) -> bytes:
    return "".join(f"{line}\n" for line in (head, *(";".join(row) for row in rows))).encode()


if __name__ == "__main__":
    for path, content in committed(demo()).items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_bytes(content)
