"""The act that draws a declaration up out of a spreadsheet, and checks it at once; no home is needed."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from edi.acts.checking import Checked, aside_of, code, judged
from edi.acts.files import opened
from edi.core.act import FILE, Asked, Paper, Result, WrongUse
from schemas.column import Column
from schemas.text import Both, Text, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk

_SIDES = Literal["bibliotheque", "fournisseur"]


class Faulty(Result, frozen=True, kw_only=True):
    """Cells of a spreadsheet that cannot be read, each with what should stand there; nothing is written."""

    file: str
    faults: list[Any]


FAULTS = (
    Column("row", Both("ligne", "row"), "int"), Column("column", Both("colonne", "column")),
    Column("found", Both("trouvé", "found"), folded=True), Column("expected", Both("attendu", "expected"), folded=True),
)  # fmt: skip


def new(
    desk: "Desk", *,
    file: Annotated[Path, Asked(Both("Factures, ou lignes d'un fournisseur ; « - » : l'entrée standard.", 'Invoices, or a supplier\'s lines; "-" is stdin.'), Both("FICHIER.csv", "FILE.csv"), argument=True)],
    side: Annotated[_SIDES, Asked(Both("Qui déclare.", "Who declares."), "bibliotheque|fournisseur")],
    gln: Annotated[str, Asked(Both("Le déclarant.", "The declarant."), "GLN", gln=True)],
    period: Annotated[int, Asked(Both("L'année des factures.", "The invoices' year."), Both("ANNÉE", "YEAR"), least=2003)],
    reference: Annotated[str, Asked(Both("Unique par déclarant, 20 caractères.", "Unique, 20 characters."), Both("RÉF", "REF"))],
    format: Annotated[Literal["fixed", "xml"], Asked(Both("Le format.", "The format."), "fixed|xml")] = "fixed",  # noqa: A002 - as people type it
    test: Annotated[bool, Asked(Both("Usage d'essai.", "For a test."))] = False,
    output: Annotated[Path | None, Asked(Both("Sinon RÉF.txt ou RÉF.xml.", "Else REF.txt or REF.xml."), FILE, short="o")] = None,
) -> Checked | Faulty:  # fmt: skip
    """Reads a spreadsheet, draws the declaration up and checks it at once."""
    from parsers.fixed import writer as write_fixed
    from parsers.lending import invoice_sheet
    from parsers.sheets.cells import BadSheet
    from parsers.xml import writer as write_xml
    from schemas import charset
    from schemas.declaration import Header
    from schemas.errors import Unreadable
    from schemas.lending import lists
    from schemas.lending.layout import VERSION

    whose = {row.xml: row.word for row in lists.SIDE}[side]
    if not (0 < len(reference.strip()) <= 20 and charset.encodable(reference) and reference == reference.strip()):
        raise WrongUse(
            name="--reference", why=Both(f"{reference!r} : 1 à 20 caractères", f"{reference!r}: 1 to 20 characters")
        )
    if period > desk.now().year:
        raise WrongUse(
            name="--period",
            why=Both(f"{period} : {desk.now().year} au plus", f"{period}: {desk.now().year} at most"),
        )
    with opened(file, 1 << 30) as stream:
        try:
            invoices, faults = invoice_sheet.read(stream.read(), whose)
        except BadSheet as wrong:
            raise Unreadable(path=file, why=wrong.text) from wrong
    if faults:
        note = Both(
            "{file} : {n} cases à corriger, rien n'est écrit.", "{file}: {n} cells to mend, nothing is written."
        )
        return Faulty(code=1, file=str(file), faults=faults, notes=(filled(note, file=file, n=len(faults)),))
    header = Header(
        format=format, record=1, version=VERSION, side=whose, declarant=gln, addressee=desk.home.settings.gln,
        issued=desk.now(), reference=reference, period=period, use="test" if test else "real", nature="initial",
        replaced="", sending=0,
    )  # fmt: skip
    made = io.BytesIO()
    (write_xml if format == "xml" else write_fixed).write(header, invoices, made)
    name = f"{reference.replace('/', '-')}.{'xml' if format == 'xml' else 'txt'}"
    with aside_of(desk) as aside:
        checked = judged(desk, output or Path(name), aside, made.getvalue())
    return Checked(
        files=[checked], code=code([checked.verdict]), paper=Paper(name, lambda: [made.getvalue()]), into=name
    )


def new_columns() -> list[tuple[str, Text]]:
    """The columns a spreadsheet may have, those that are needed with a star."""
    from parsers.lending.invoice_sheet import COLUMNS

    supplier = Both(" (fournisseur)", " (supplier)")
    return [
        (f"{one.heads[0]}{' *' if one.needed else ''}", filled("{what}{whose}", what=Both(one.fr, one.en), whose="" if one.side == "both" else supplier))
        for one in COLUMNS
    ]  # fmt: skip
