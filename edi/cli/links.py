"""Commands on links and on what was answered: link, answers."""

from typing import Annotated, Any

import typer

from edi.cli.common import HomeOption, JsonOption, opened, out, print_json, sentence, table

NameArgument = Annotated[str, typer.Argument(metavar="NOM", help="Le nom dans edi.toml / the name in edi.toml.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    link = typer.Typer(
        no_args_is_help=True, help="Les liaisons : comptes de transport d'edi.toml. / Transport accounts."
    )
    link.command("list")(link_list)
    link.command("test", epilog="edi link test mediatheques-sud")(link_test)
    link.command("trust", epilog="edi link trust mediatheques-sud --fingerprint SHA256:...")(link_trust)
    link.command("pause")(link_pause)
    link.command("resume")(link_resume)
    app.add_typer(link, name="link")
    answers = typer.Typer(no_args_is_help=True, help="Les réponses aux partenaires. / Answers to partners.")
    answers.command("list", epilog="edi answers list --waiting")(answers_list)
    answers.command("resend", epilog="edi answers resend 12")(answers_resend)
    app.add_typer(answers, name="answers")


def link_list(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Lister les liaisons et leur état. / List the links and how they are."""
    from edi.links import overview

    with opened(context, home) as (where, connection):
        rows = overview(where, connection)
    if as_json:
        print_json({"links": rows})
        return
    if not rows:
        out.print(f"Aucune liaison ; en ajouter dans {sentence(where.path / 'edi.toml')}. / No link; add some there.")
        return
    heads = ("nom", "compte", "parle pour", "état", "vue", "à envoyer", "ennui")
    columns = ("name", "account", "declarants", "state", "seen_at", "answers_waiting", "trouble")
    out.print(table("Liaisons / Links", heads, [[row[name] for name in columns] for row in rows], right=("à envoyer",)))


def link_test(context: typer.Context, name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Se connecter et regarder, sans rien prendre. / Connect and look, taking nothing."""
    from edi.links import test

    with opened(context, home) as (where, _):
        facts = test(where, where.link(name))
    if as_json:
        print_json(facts)
    else:
        out.print(
            f"[green]Liaison {sentence(name)} : bien.[/] {facts['homes']} dossiers, {facts['files']} fichiers en attente. "
            f"/ Link is well: {facts['homes']} homes, {facts['files']} files waiting."
        )
        for trouble in facts["troubles"]:
            out.print(f"[yellow]{sentence(trouble)}[/]")
    raise typer.Exit(1 if facts["troubles"] else 0)


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
    from spool.hostkeys import fingerprint as shown_by
    from spool.hostkeys import trust

    with opened(context, home) as (where, _):
        link = where.link(name)
        if fingerprint is None:
            kind, seen = shown_by(link)
            facts: dict[str, Any] = {"link": name, "key": kind, "fingerprint": seen, "pinned": False}
        else:
            kind = trust(link, where.known_hosts, fingerprint)
            facts = {"link": name, "key": kind, "fingerprint": fingerprint, "pinned": True}
    if as_json:
        print_json(facts)
    elif facts["pinned"]:
        out.print(f"[green]Clé épinglée[/] pour {sentence(name)} : {sentence(fingerprint)} / host key pinned.")
    else:
        out.print(f"{sentence(name)} montre / shows : {sentence(kind)} [bold]{sentence(facts['fingerprint'])}[/]")
        out.print(
            "Vérifier cette empreinte avec le partenaire par un autre chemin, puis : / Check it with the partner, then:"
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
    from edi.links import pause, resume
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (where, connection), transaction(connection):
        where.link(name)
        if paused:
            pause(connection, name, paris_now())
        else:
            resume(connection, name)
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
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Les N dernières / the last N.")] = 50,
) -> None:
    """Ce qui a été répondu, le plus récent d'abord. / What was answered, newest first."""
    from edi.answers import listing

    with opened(context, home) as (_, connection):
        rows = [dict(row) for row in listing(connection, waiting, limit)]
    if as_json:
        print_json({"answers": rows})
        return
    heads = ("n°", "liaison", "dossier", "réponse", "verdict", "écrite", "envoyée", "ennui")
    columns = ("id", "link", "home", "name", "verdict", "written_at", "sent_at", "trouble")
    out.print(table("Réponses / Answers", heads, [[row[name] for name in columns] for row in rows], right=("n°",)))


def answers_resend(
    context: typer.Context,
    answer: Annotated[int, typer.Argument(metavar="N°", help="Son numéro dans « answers list » / its number.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Envoyer une réponse une nouvelle fois, au prochain passage. / Send an answer again with the next pass."""
    from edi.answers import resend
    from edi.store import transaction

    with opened(context, home) as (_, connection), transaction(connection):
        facts = dict(resend(connection, answer))
    if as_json:
        print_json(facts)
    else:
        out.print(f"{sentence(facts['name'])} repartira au prochain « edi run ». / It goes out with the next pass.")
