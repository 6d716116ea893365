"""Commands on referencing requests: partners request add, import, list, take, answer, refuse."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edi.cli.changes import show_changes
from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    when,
    wrong_use,
)
from edi.cli.quarantine import ByOption, ReasonOption

NumbersArgument = Annotated[list[int], typer.Argument(metavar="N°...", help="Leurs numéros dans « request list » / their numbers.")]  # fmt: skip
GlnOption = Annotated[str, typer.Option("--gln", metavar="GLN", help="Le GLN inconnu / the unknown GLN.")]
NameOption = Annotated[str, typer.Option("--name", metavar="NOM", help="Le nom / the name.")]
PostcodeOption = Annotated[str, typer.Option("--postcode", metavar="CP", help="Le code postal / the postcode.")]
CityOption = Annotated[str, typer.Option("--city", metavar="VILLE", help="La ville / the city.")]

_STATES = {
    "asked": ("demandée", "asked", "yellow"),
    "in-progress": ("en cours", "in progress", "blue"),
    "given": ("répondue", "given", "green"),
    "refused": ("refusée", "refused", "red"),
    "known": ("connu", "known", "green"),
}


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    made = typer.Typer(no_args_is_help=True, help="Demandes de référencement : de qui est ce GLN, ou quel est le sien. / Referencing requests.")  # fmt: skip
    made.command("add", epilog=examples('edi partners request add library --name "Médiathèque" --postcode 29200'))(add)
    made.command("import", epilog=examples("edi partners request import demandes.csv"))(import_)
    made.command("list", epilog=examples("edi partners request list --all"))(listing)
    made.command("take", epilog=examples("edi partners request take 3 4"))(take)
    made.command("answer", epilog=examples("edi partners request answer 3 3025616805006"))(answer)
    made.command("refuse", epilog=examples('edi partners request refuse 3 --reason "fermée depuis 2019"'))(refuse)
    app.add_typer(made, name="request")


def add(
    context: typer.Context,
    role: Annotated[str, typer.Argument(metavar="library|supplier", help="Bibliothèque ou fournisseur / which it is.")],
    gln: GlnOption = "", name: NameOption = "", postcode: PostcodeOption = "", city: CityOption = "",
    reason: ReasonOption = "", by: ByOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Demander de qui est un GLN, ou le GLN d'un partenaire. / Ask whose a GLN is, or for a partner's GLN."""
    from edi.directory import requests

    wanted = {"role": role, "gln": gln, "name": name, "postcode": postcode, "city": city, "reason": reason}
    if wrong := requests.fault(wanted):
        raise wrong_use(wrong)
    _told(context, [wanted], by, home, as_json)


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FICHIER.csv", help="role;gln;name;postcode;city;answer;reason")],
    by: ByOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Demander, et répondre, par fichier : `answer` est un GLN, ou « refusé ». / Ask, and answer, by file."""
    from edi.directory import requests
    from edi.directory.importing import sheet
    from schemas.errors import SettingsWrong

    _, rows = sheet(file, ["role"])
    if wrong := [f"ligne {line} : {fault}" for line, row in rows if (fault := requests.fault(row))]:
        raise SettingsWrong(path=file, why="; ".join(wrong[:20]))
    _told(context, [row for _, row in rows], by, home, as_json)


def _told(context: typer.Context, rows: list[dict[str, str]], by: str | None, home: Path | None, as_json: bool) -> None:
    from edi.directory import requests
    from edi.log import decided, user
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        stand = requests.bring(connection, rows, by or user(), paris_now())
        decided(where.path, "requests-made", by or "", requests=[row["request"] for row in stand])
    _show("Demandes / Requests", stand, as_json)


def listing(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Les closes aussi / closed ones too.")] = False,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Les demandes ouvertes. / The open requests."""
    from edi.directory import requests

    with opened(context, home) as (_, connection):
        rows = requests.listing(connection, everything)
    _show("Demandes de référencement / Referencing requests", rows, as_json)


def _show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"requests": rows})
        return
    if not rows:
        out.print("[green]Aucune demande. / No request.[/]")
        return
    heads = (
        "n°", "état / state", "GLN", "nom / name", "rôle / role", "lieu / place", "demandée / asked", "par / by",
        "déclaration / declaration", "réponse / answer", "pourquoi / why",
    )  # fmt: skip
    cells = [
        (
            r["request"], _state(r["state"]), r["gln"], r["name"], r["role"], f"{r['postcode']} {r['city']}".strip(),
            when(r.get("asked_at")), r.get("asked_by"), r.get("declaration"), r.get("answer"), r.get("reason"),
        )
        for r in rows
    ]  # fmt: skip
    show(table(title, heads, cells, right=("n°",)))


def _state(state: str) -> Text:
    french, english, colour = _STATES[state]
    return Text.assemble((french, colour), (f" / {english}", "dim"))


def take(
    context: typer.Context, numbers: NumbersArgument, by: ByOption = None, reason: ReasonOption = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """S'en charger : elles sont en cours. / Take them up: they are in progress."""
    _act(context, "take", numbers, by, reason, home, as_json)


def refuse(
    context: typer.Context, numbers: NumbersArgument, by: ByOption = None, reason: ReasonOption = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Clore sans réponse, pour une raison. / Close without an answer, for a reason."""
    _act(context, "refuse", numbers, by, reason, home, as_json)


def _act(
    context: typer.Context, act: str, numbers: list[int], by: str | None, reason: str, home: Path | None, as_json: bool
) -> None:
    from edi.directory import requests
    from edi.log import decided, user
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (where, connection):
        with transaction(connection):
            for number in numbers:
                requests.act(connection, number, act, by or user(), reason, paris_now())
        rows = [requests.one(connection, number) for number in numbers]
        decided(where.path, f"requests-{act}", by or "", requests=numbers, reason=reason)
    _show("Demandes / Requests", rows, as_json)


def answer(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N°", help="Son numéro dans « request list » / its number.")],
    gln: Annotated[str, typer.Argument(metavar="GLN", help="Qui c'est / who it is.")],
    name: NameOption = "", postcode: PostcodeOption = "", city: CityOption = "", reason: ReasonOption = "",
    by: ByOption = None, home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Répondre : le GLN demandé en devient un alias, ou le partenaire entre à l'annuaire. / Say who it is."""
    from edi.directory import requests
    from edi.log import decided, user
    from edi.settings import paris_now

    given = {"gln": gln, "name": name, "postcode": postcode, "city": city}
    with opened(context, home) as (where, connection):
        report = requests.answer(connection, {number: given}, by or user(), reason, paris_now())
        row = requests.one(connection, number)
        decided(where.path, "requests-answer", by or "", requests=[number], gln=gln, touched=report["touched"])
    if as_json:
        print_json({**row, **report})
    else:
        show_changes(report)
        out.print(f"Demande {number} répondue : {sentence(gln)}. / Request {number} is answered.")
