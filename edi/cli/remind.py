"""Commands on partners whose declaration is awaited: who they are, letters to them, what is billed without them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edi.cli.books import issue, make
from edi.cli.common import HomeOption, JsonOption, bars, examples, opened, out, print_json, show, table
from edi.cli.opening import write_out
from schemas.money import french, several

Year = Annotated[int, typer.Argument(metavar="ANNÉE")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog=examples("edi silent 2025", "edi silent 2025 --json | jq '.silent[] | select(.declared == 0)'"))(
        silent
    )
    app.command(epilog=examples("edi remind 2025 -o relances"))(remind)
    app.command(epilog=examples("edi estimate 2025 -o appels"))(estimate)


def silent(context: typer.Context, year: Year, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Qui doit encore une déclaration, et ce que vaut son silence. / Who owes a declaration, and what it is worth."""
    letters, contradicted = _letters(context, home, year), _letters(context, home, year, nil=True)
    if as_json:
        print_json({"silent": list(map(_short, letters)), "contradicted": list(map(_short, contradicted))})
        return
    if not letters:
        out.print(f"Personne n'est attendu pour {year}. / Nobody is awaited.")
    for title, found in (
        (f"Attendus pour {year} / Awaited", letters),
        ("Ont dit n'avoir rien, l'autre côté déclare / Said nil, contradicted", contradicted),
    ):
        if found:
            _show(title, found)


def _show(title: str, letters: list[dict[str, Any]]) -> None:
    rows = [
        ("fournisseur" if one["role"] == "supplier" else "bibliothèque", one["partner"]["gln"], one["partner"]["name"],
         one["declared"] or "rien", len(one["invoices"]), french(one["least_cents"]), french(one["most_cents"]))
        for one in letters
    ]  # fmt: skip
    heads = "rôle / role|GLN|nom / name|a déclaré / declared|attendues / awaited|au moins € / least|au plus € / most"
    show(table(title, heads.split("|"), rows, right=("a déclaré", "attendues", "au moins €", "au plus €")))


def remind(
    context: typer.Context,
    year: Year,
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="DOSSIER", help="Où écrire les lettres / where the letters go.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Écrire aux partenaires attendus : une lettre chacun, en PDF et en texte. / A letter to each, as PDF and as text."""
    from edi.books import reminding

    letters = _letters(context, home, year)
    make(folder)
    names = []
    with bars() as progress:
        task = progress.add_task("lettres / letters", total=len(letters))
        for letter in letters:
            stem = f"relance-{year}-{letter['role']}-{letter['partner']['gln']}"
            write_out(folder / f"{stem}.txt", [reminding.as_text(letter).encode()])
            write_out(folder / f"{stem}.pdf", [reminding.as_pdf(letter)])
            names.append(stem)
            progress.advance(task)
    if as_json:
        print_json(
            {
                "letters": [
                    {**_short(letter), "file": f"{name}.pdf"} for letter, name in zip(letters, names, strict=True)
                ]
            }
        )
    else:
        out.print(f"{several(len(names), 'lettre')} / letters : {folder}", soft_wrap=True)


def estimate(
    context: typer.Context,
    year: Year,
    folder: Annotated[Path | None, typer.Option("-o", "--output", metavar="DOSSIER", help="Y écrire les PDF / write the PDFs there.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Inscrire d'office, au moins-disant, ce que seules les bibliothèques ont déclaré, et l'appeler ; l'estimation est reprise
    d'elle-même quand le fournisseur déclare. / Post at the least what only libraries declared, and bill it."""
    issue(context, year, estimates=True, folder=folder, home=home, as_json=as_json)


def _letters(context: typer.Context, home: Path | None, year: int, nil: bool = False) -> list[dict[str, Any]]:
    from edi.books.reminding import silent as awaited
    from edi.reconciliation.reconciling import reconcile
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        reconcile(connection, paris_now())
        return awaited(connection, where, year, paris_now(), nil)


def _short(letter: dict[str, Any]) -> dict[str, Any]:
    names = ("role", "period", "declared", "least_cents", "most_cents", "invoices")
    return {
        "gln": letter["partner"]["gln"],
        "name": letter["partner"]["name"],
        **{name: letter[name] for name in names},
    }
