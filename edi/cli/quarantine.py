"""Commands on refused files: quarantine list, show, release, discard."""

from typing import Annotated, Any

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    LangOption,
    language,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    verdict_text,
    when,
)

IdArgument = Annotated[int, typer.Argument(metavar="N°", help="Son numéro dans « quarantine list » / its number.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NOM", help="Qui décide / who decides (sinon l'utilisateur / else the user).")]  # fmt: skip
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXTE", help="Pourquoi / why (gardé / kept).")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    made = typer.Typer(no_args_is_help=True, help="Les fichiers refusés ; rien n'est jamais perdu. / Refused files.")
    made.command("list", epilog="edi quarantine list")(listing)
    made.command("show", epilog="edi quarantine show 12")(shown)
    made.command("release", epilog='edi quarantine release 12 --reason "GLN ajouté à l\'annuaire"')(release)
    made.command("discard", epilog='edi quarantine discard 12 --reason "essai du partenaire"')(discard)
    app.add_typer(made, name="quarantine")


def listing(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ce qui attend en quarantaine. / What waits in quarantine."""
    from edi.intake.quarantine import acts
    from edi.intake.quarantine import listing as waiting

    with opened(context, home) as (_, connection):
        rows, decided = waiting(connection), acts(connection)
    if as_json:
        print_json({"quarantine": rows, "acts": decided})
        return
    if not rows:
        out.print("[green]La quarantaine est vide. / Quarantine is empty.[/]")
        _show_acts(decided)
        return
    heads = ("n°", "reçu / received", "liaison / link", "fichier / file", "verdict", "pourquoi / why")
    cells = [
        (
            r["id"],
            when(r["received_at"]),
            "/".join(filter(None, (r["link"], r["home"]))),
            r["name"],
            verdict_text(r["verdict"], english=False),
            r["trouble"] or r["codes"],
        )
        for r in rows
    ]
    show(table("Quarantaine / Quarantine", heads, cells, right=("n°",)))
    _show_acts(decided)


def _show_acts(decided: list[dict[str, Any]]) -> None:
    """The last decisions: who, when, why; --json has them all."""
    if not decided:
        return
    heads = ("n°", "décidé / decided", "le / on", "par / by", "pourquoi / why", "relu sous / read again as")
    cells = [(a["receipt"], _ACTS[a["act"]], when(a["at"]), a["who"], a["reason"], a["released_as"]) for a in decided]
    out.print()
    show(table("Décisions / Decisions", heads, cells[:_ACTS_SHOWN], right=("n°", "relu sous")))


_ACTS = {"release": "relâché / released", "discard": "écarté / discarded"}
_ACTS_SHOWN = 20


def shown(
    context: typer.Context,
    number: IdArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Ce qui a été trouvé, et où dans les octets. / What was found, and where in the bytes."""
    from edi.intake import quarantine
    from schemas.catalogue import message
    from spool.folder import Folder

    said = language(lang)
    with opened(context, home) as (where, connection):
        row = quarantine.waiting(connection, number)
        original = Folder(where.path).original(row["sha256"])
        acknowledgement, found = quarantine.show(connection, number, original, where.settings.max_bytes)
    if as_json:
        facts = quarantine.as_json(acknowledgement, found, said)
        print_json({**facts, "id": number, "original": str(original), "trouble": row["trouble"]})
        return
    out.print(f"[bold]{sentence(row['name'])}[/]  {sentence(row['verdict'])}  [dim]{sentence(original)}[/]")
    if row["trouble"]:
        out.print(f"[magenta]contrôle en panne / the checker failed[/] : {sentence(row['trouble'])}")
    for finding in acknowledgement.findings if acknowledgement else ():
        one = found.get(finding)
        where_in = f"enr. {finding.record}" if finding.record else "fichier"
        at = f", octet {one.offset + (finding.position or 1) - 1}" if one else ""
        out.print(f"\n[red]{finding.code}[/] [dim]{where_in}{at}[/]  {sentence(message(finding, said))}")
        if one:
            out.print(f"  {sentence(one.text)}", no_wrap=True, overflow="crop")
            if one.width:
                out.print("  " + " " * one.first + f"[bold red]{'^' * one.width}[/]", no_wrap=True, overflow="crop")


def release(
    context: typer.Context, number: IdArgument, by: ByOption = None, reason: ReasonOption = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Relire le fichier avec les règles d'aujourd'hui. / Read the file again with today's rules."""
    from edi.desk import Desk
    from edi.intake import quarantine
    from edi.intake.arrivals import arrival_of, take_receipt
    from edi.intake.outgoing import deliver
    from edi.log import decided, logged, user
    from edi.settings import paris_now
    from edi.store import transaction
    from spool.folder import Folder

    with opened(context, home) as (where, connection):
        folder = Folder(where.path)
        with transaction(connection):
            row = quarantine.waiting(connection, number)
            arrival_of(where, row["link"], row["home"], row["name"], bool(row["dry"]))  # its link is still known
            folder.original(row["sha256"])
            who = by or user()
            receipt = quarantine.release(connection, number, who, reason, paris_now())
        about = {"link": row["link"], "file": row["name"], "receipt": number, "reason": reason}
        decided(where.path, "released", who, **about, read_again_as=receipt)
        desk = Desk(where, connection)
        taken = take_receipt(desk, receipt)
        logged(where.path)("taken", {"link": row["link"], "file": row["name"], "acknowledgement": taken})
        if taken.verdict not in ("refused", "partly-accepted"):
            folder.release(row["sha256"], row["name"])
        deliver(desk)
    if as_json:
        print_json({"id": number, "receipt": receipt, "verdict": taken.verdict, "accepted": taken.accepted})
    else:
        out.print(
            f"Relu / read again : [bold]{taken.verdict}[/], {taken.accepted}/{taken.invoices} ; "
            "la réponse part au prochain passage. / The answer goes out with the next pass."
        )
    raise typer.Exit({"refused": 1, "partly-accepted": 1, "failed": 2}.get(taken.verdict, 0))


def discard(
    context: typer.Context, number: IdArgument, reason: ReasonOption = "", by: ByOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Retirer un fichier de la liste, pour une raison ; ses octets restent. / Take a file off the list; its bytes stay."""
    from edi.intake import quarantine
    from edi.log import decided, user
    from edi.settings import paris_now
    from edi.store import transaction
    from spool.folder import Folder

    with opened(context, home) as (where, connection):
        with transaction(connection):
            row = quarantine.waiting(connection, number)
            who = by or user()
            quarantine.discard(connection, number, who, reason, paris_now())
        about = {"link": row["link"], "file": row["name"], "receipt": number, "reason": reason}
        decided(where.path, "discarded", who, **about)
        Folder(where.path).release(row["sha256"], row["name"])
    if as_json:
        print_json({"id": number, "discarded": True})
    else:
        out.print(f"{sentence(row['name'])} écarté ; ses octets restent dans received/. / Discarded; its bytes stay.")
