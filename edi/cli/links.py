"""Commands on links and on what was answered: link, answers."""

from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    note,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    verdict_text,
    when,
)

NameArgument = Annotated[str, typer.Argument(metavar="NOM", help="Le nom dans edi.toml / the name in edi.toml.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    link = typer.Typer(
        no_args_is_help=True, help="Les liaisons : comptes de transport d'edi.toml. / Transport accounts."
    )
    link.command("list", epilog=examples("edi link list", "edi link list --json"))(link_list)
    link.command("test", epilog=examples("edi link test mediatheques-sud"))(link_test)
    link.command(
        "trust",
        epilog=examples("edi link trust mediatheques-sud", "edi link trust mediatheques-sud --fingerprint SHA256:..."),
    )(link_trust)
    link.command("pause", epilog=examples("edi link pause mediatheques-sud"))(link_pause)
    link.command("resume", epilog=examples("edi link resume mediatheques-sud"))(link_resume)
    app.add_typer(link, name="link")
    answers = typer.Typer(no_args_is_help=True, help="Les réponses aux partenaires. / Answers to partners.")
    answers.command("list", epilog=examples("edi answers list --waiting", "edi answers list --limit 500 --json"))(
        answers_list
    )
    answers.command("resend", epilog=examples("edi answers resend 12"))(answers_resend)
    app.add_typer(answers, name="answers")


_STATES = {
    "ok": ("bien", "well", "green"),
    "paused": ("en pause", "paused", "cyan"),
    "trouble": ("ennui", "trouble", "red"),
    "never": ("jamais vue", "never seen", "dim"),
}


def link_list(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Lister les liaisons et leur état. / List the links and how they are."""
    from edi.desk import Desk
    from edi.intake.links import overview

    with opened(context, home) as (where, connection):
        rows = overview(Desk(where, connection))
    if as_json:
        print_json({"links": rows})
        return
    if not rows:
        out.print(f"Aucune liaison ; en ajouter dans {sentence(where.path / 'edi.toml')}. / No link; add some there.")
        return
    heads = (
        "nom / name", "compte / account", "parle pour / speaks for", "état / state", "vue / seen", "à envoyer / to send",
    )  # fmt: skip
    made = table("Liaisons / Links", heads, [_link_row(row) for row in rows], ("à envoyer",), folded=("compte",))
    show(made)
    for row in rows:
        if row["trouble"]:
            since = f"[dim]depuis / since {when(row['trouble_since'])}[/]"
            out.print(f"[red]●[/] [bold]{sentence(row['name'])}[/]  {since}")
            out.print(Padding(sentence(row["trouble"]), (0, 0, 1, 2)))


def _link_row(row: dict[str, Any]) -> list[object]:
    french, english, colour = _STATES[row["state"]]
    state = Text.assemble((french, colour), (f" / {english}", "dim"))
    speaks_for = "tous / all" if row["declarants"] == "*" else row["declarants"]
    if len(speaks_for) > 13:  # two GLNs, one above the other
        speaks_for = speaks_for.replace(" ", "\n")
    return [row["name"], row["account"], speaks_for, state, when(row["seen_at"]), row["answers_waiting"] or None]


def link_test(context: typer.Context, name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Se connecter et regarder, sans rien prendre. / Connect and look, taking nothing."""
    from edi.desk import Desk
    from edi.intake.links import test

    with opened(context, home) as (where, connection):
        facts = test(Desk(where, connection), where.link(name))
    if as_json:
        print_json(facts)
    else:
        well = (
            "[yellow]Liaison {} : jointe, mais / reached, but[/]"
            if facts["troubles"]
            else "[green]Liaison {} : bien.[/]"
        )
        out.print(
            f"{well.format(sentence(name))} {facts['homes']} dossiers, {facts['files']} fichiers en attente "
            f"/ {facts['homes']} homes, {facts['files']} files waiting",
            soft_wrap=True,
        )
    for trouble in facts["troubles"]:
        note(f"[yellow]{sentence(trouble)}[/]")
    raise typer.Exit(2 if facts["troubles"] else 0)


def link_trust(
    context: typer.Context,
    name: NameArgument,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", metavar="SHA256:...", help="L'empreinte vérifiée / the checked fingerprint."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Montrer l'empreinte de la clé d'hôte ; l'épingler seulement si on la donne. / Show, or pin, the host key."""
    from edi.log import decided
    from spool.sftp.hostkeys import fingerprint as shown_by
    from spool.sftp.hostkeys import trust
    from spool.transports import server_of

    with opened(context, home) as (where, _):
        link = server_of(where.link(name))
        if fingerprint is None:
            kind, seen = shown_by(link)
            facts: dict[str, Any] = {"link": name, "key": kind, "fingerprint": seen, "pinned": False}
        else:
            kind = trust(link, where.known_hosts, fingerprint)
            facts = {"link": name, "key": kind, "fingerprint": fingerprint, "pinned": True}
            decided(where.path, "link-trusted", link=name, fingerprint=fingerprint)
    if as_json:
        print_json(facts)
    elif facts["pinned"]:
        out.print(
            f"[green]Clé épinglée[/] pour {sentence(name)} : {sentence(fingerprint)} / host key pinned", soft_wrap=True
        )
    else:
        shown = f"{sentence(kind)} [bold]{sentence(facts['fingerprint'])}[/]"
        out.print(f"{sentence(name)} montre / shows : {shown}", soft_wrap=True)
        out.print(
            "Vérifier cette empreinte avec le partenaire par un autre chemin, puis : / Check it with the partner, then:",
            soft_wrap=True,
        )
        out.print(f"  edi link trust {sentence(name)} --fingerprint {sentence(facts['fingerprint'])}", soft_wrap=True)


def link_pause(
    context: typer.Context, name: NameArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Ne plus rien échanger avec une liaison, pour un temps. / Exchange nothing with a link for a while."""
    _set_paused(context, name, home, as_json, paused=True)


def link_resume(
    context: typer.Context, name: NameArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Reprendre les échanges avec une liaison. / Resume a paused link."""
    _set_paused(context, name, home, as_json, paused=False)


def _set_paused(context: typer.Context, name: str, home: Any, as_json: bool, paused: bool) -> None:
    from edi.desk import Desk
    from edi.intake.links import pause, resume
    from edi.log import decided
    from edi.store import transaction

    with opened(context, home) as (where, connection):
        with transaction(connection):
            where.link(name)
            if paused:
                pause(Desk(where, connection), name)
            else:
                resume(Desk(where, connection), name)
        decided(where.path, "link-paused" if paused else "link-resumed", link=name)
    if as_json:
        print_json({"link": name, "paused": paused})
    else:
        out.print(f"Liaison {sentence(name)} {'en pause / paused' if paused else 'reprise / resumed'}.")


def answers_list(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Seulement celles à envoyer / only those to send.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Les N dernières / the last N.")] = 50,
) -> None:
    """Ce qui a été répondu, le plus récent d'abord. / What was answered, newest first."""
    from edi.intake.answers import listing
    from schemas.text import recalled, say

    with opened(context, home) as (_, connection):
        rows = [dict(row) for row in listing(connection, waiting, limit)]
    for row in rows:
        row["trouble"] = say(recalled(row["trouble"]), "fr") if row["trouble"] else None
    if as_json:
        print_json({"answers": rows})
        return
    if not rows:
        out.print("Aucune réponse. / No answers.")
        return
    heads = ("n°", "liaison / link", "réponse / answer", "verdict", "envoyée / sent")
    cells = [
        [
            row["id"],
            "/".join(filter(None, (row["link"], row["home"]))),
            row["name"],
            verdict_text(row["verdict"], english=False),
            when(row["sent_at"]) or Text("à envoyer / to send", style="yellow"),
        ]
        for row in rows
    ]
    show(table("Réponses / Answers", heads, cells, right=("n°",)))
    for trouble in dict.fromkeys(row["trouble"] for row in rows if row["trouble"]):
        out.print(f"[yellow]ennui / trouble[/]  {sentence(trouble)}", soft_wrap=True)


def answers_resend(
    context: typer.Context,
    answer: Annotated[int, typer.Argument(metavar="N°", help="Son numéro dans « answers list » / its number.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Envoyer une réponse une nouvelle fois, au prochain passage. / Send an answer again with the next pass."""
    from edi.desk import Desk
    from edi.intake.answers import resend
    from edi.intake.outgoing import deliver
    from edi.log import decided
    from edi.settings import LOCAL
    from edi.store import transaction

    with opened(context, home) as (where, connection):
        with transaction(connection):
            facts = dict(resend(connection, answer))
        decided(where.path, "answer-resent", link=facts["link"], file=facts["name"], answer=answer)
        if facts["link"] == LOCAL:
            deliver(Desk(where, connection))
    if as_json:
        print_json(facts)
    elif facts["link"] == LOCAL:
        out.print(f"{sentence(facts['name'])} : de nouveau dans / again in outgoing/local", soft_wrap=True)
    else:
        out.print(
            f"{sentence(facts['name'])} repartira au prochain « edi run ». / It goes out with the next pass.",
            soft_wrap=True,
        )
