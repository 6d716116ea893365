"""`edi new`: a valid declaration out of a spreadsheet, with the same report as `edi check`."""

import io
from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.check import checked, directory_of
from edi.cli.common import (
    HomeOption,
    JsonOption,
    LangOption,
    complain,
    home_path,
    language,
    print_json,
    sentence,
    show,
    table,
    wrong_use,
)
from edi.cli.opening import seekable, write_out


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    from parsers.sheets.invoice_sheet import COLUMNS

    rows = [
        f"  [cyan]{column.heads[0]}[/]{' *' if column.needed else ''}  {column.fr}{'' if column.side == 'both' else ' (fournisseur)'} [dim]/ {column.en}[/]"
        for column in COLUMNS
    ]
    examples = "\n\n".join(
        f"  [cyan]{line}[/]"
        for line in (
            "edi new factures.csv --side bibliotheque --gln 3025616805006 --period 2025 --reference 2025-001",
            "edi new lignes.csv --side fournisseur --gln 3015593010104 --period 2025 --reference F25 --format xml -o F25.xml",
        )
    )
    app.command(
        epilog="\n\n".join(
            ["[dim]Colonnes / columns (* nécessaire / needed)[/]", *rows, "[dim]Exemples / examples[/]", examples]
        )
    )(new)


def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER.csv", help="Factures, ou lignes d'un fournisseur ; « - » : l'entrée standard / stdin.")],
    side: Annotated[str, typer.Option("--side", metavar="bibliotheque|fournisseur", help="Qui déclare / who declares.")],
    declarant: Annotated[str, typer.Option("--gln", metavar="GLN", help="Le déclarant / the declarant.")],
    period: Annotated[int, typer.Option("--period", metavar="ANNÉE", help="L'année des factures / the invoices' year.")],
    reference: Annotated[str, typer.Option("--reference", metavar="RÉF", help="Unique par déclarant, 20 caractères / unique, 20 characters.")],
    form: Annotated[str, typer.Option("--format", metavar="fixed|xml")] = "fixed",
    test: Annotated[bool, typer.Option("--test", help="Usage d'essai / for a test.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="SORTIE", help="Sinon RÉF.txt ou RÉF.xml.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:  # fmt: skip
    """Une déclaration valide à partir d'un tableur, contrôlée aussitôt. / A valid declaration out of a spreadsheet, checked
    at once.

    XLSX, ODS ou CSV : point-virgule, virgule ou tabulation ; virgule décimale ; JJ/MM/AAAA ; UTF-8 ou Windows. Une ligne par facture
    (bibliothèque) ou par titre (fournisseur, les lignes d'une facture à la suite).
    """
    from edi.settings import OUR_GLN, paris_now, read_settings
    from parsers.fixed import writer as write_fixed
    from parsers.sheets import invoice_sheet
    from parsers.xml import writer as write_xml
    from schemas import charset, lists
    from schemas.declaration import Header
    from schemas.errors import Unreadable
    from schemas.layout import VERSION
    from spool.errors import why

    said, sides = language(lang), {row.xml: row.word for row in lists.SIDE}
    if side not in sides or form not in ("fixed", "xml"):
        raise wrong_use(f"--side {side!r} --format {form!r} : {' | '.join(sides)}, fixed | xml")
    if not (0 < len(reference.strip()) <= 20 and charset.encodable(reference) and reference == reference.strip()):
        raise wrong_use(f"--reference {reference!r} : 1 à 20 caractères / 1 to 20 characters")
    from schemas import gln

    if not gln.has_form(declarant):
        raise wrong_use(f"--gln {declarant!r} : 13 chiffres / 13 digits")
    if not 2003 <= period <= paris_now().year:
        raise wrong_use(f"--period {period} : de 2003 à {paris_now().year} / from 2003")
    where = home_path(context, home)
    ours = read_settings(where / "edi.toml").gln if (where / "edi.toml").exists() else OUR_GLN
    try:
        with seekable(file, 1 << 30) as stream:
            invoices, faults = invoice_sheet.read(stream.read(), sides[side])
    except OSError as wrong:
        raise Unreadable(path=file, why=why(wrong)) from wrong
    except ValueError as wrong:
        raise Unreadable(path=file, why=wrong) from wrong
    if faults:
        _told(faults, file, said, as_json)
        raise typer.Exit(1)
    header = Header(
        format=form, record=1, version=VERSION, side=sides[side], declarant=declarant, addressee=ours, issued=paris_now(),
        reference=reference, period=period, use="test" if test else "real", nature="initial", replaced="", sending=0,
    )  # fmt: skip
    made = io.BytesIO()
    (write_xml if form == "xml" else write_fixed).write(header, invoices, made)
    target = output or Path(f"{reference.replace('/', '-')}.{'xml' if form == 'xml' else 'txt'}")
    if target.exists() and output is None:
        raise wrong_use(f"{target} existe déjà : -o / exists already: -o")
    write_out(target, [made.getvalue()])
    checked([target], where, directory_of(None, where), said, html=None, as_json=as_json)


def _told(faults: Any, file: Path, said: str, as_json: bool) -> None:
    """Every cell that cannot be read."""
    import msgspec

    if as_json:
        print_json({"file": str(file), "faults": [msgspec.to_builtins(fault) for fault in faults]})
        return
    rows = [
        (fault.row, fault.column, fault.found, fault.expected.en if said == "en" else fault.expected.fr)
        for fault in faults
    ]
    heads = "ligne / row|colonne / column|trouvé / found|attendu / expected"
    show(table("", heads.split("|"), rows, right=("ligne",), folded=("attendu", "trouvé")))
    complain(
        f"{len(faults)} cases à corriger, rien n'est écrit. / {len(faults)} cells to mend, nothing is written.",
        sentence(file),
    )
