"""Commands that do the main job, show it, and say where it stands: demo, run, status."""

import signal
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from edi.cli.common import HomeOption, JsonOption, errors, home_path, opened, out, print_json, sentence, table
from schemas.money import french


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog="edi demo")(demo)
    app.command(epilog="edi run --once")(run)
    app.command(epilog="edi status")(status)


def demo(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tout voir sur une boucle locale : SFTP, contrôles, rapprochement, registre, réponses. / See the whole job."""
    from rich.console import Console

    from edi.demo.show import demo as shown

    given = home or context.find_root().obj
    where = Path(tempfile.mkdtemp(prefix="edi-demo-")) if given is None else home_path(context, given)
    facts = shown(where, Console(quiet=True) if as_json else out, keep=True)
    if as_json:
        print_json(facts)


def run(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    once: Annotated[bool, typer.Option("--once", help="Un seul passage / one pass.")] = False,
) -> None:
    """Tirer de chaque liaison, lire, contrôler, comptabiliser, rapprocher, répondre. / The whole job, for ever or once."""
    from edi.lock import held
    from edi.pipeline import Run

    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    with opened(context, home) as (where, connection), held(where.path):
        if not where.settings.link:
            errors.print(
                f"Aucune liaison dans {sentence(where.path / 'edi.toml')} : rien à tirer. / No link: nothing to pull."
            )
        running = Run(where, connection, lambda event, facts: None if as_json else _tell(event, facts))
        if once:
            done = running.once(patient=True)
            if as_json:
                print_json(_pass_json(done))
            else:
                _show_pass(done)
            raise typer.Exit(2 if done.troubles else _refusals(done))
        signal.signal(signal.SIGTERM, asked)
        if not as_json:
            out.print(f"edi run : {len(where.settings.link)} liaisons, Ctrl-C pour finir / to end")
        try:
            running.forever(stop, lambda done: print_json(_pass_json(done)) if as_json else None)
        except KeyboardInterrupt:
            out.print("Fini ; rien n'est perdu. / Ended; nothing is lost.")


def _refusals(done: Any) -> int:
    return int(any(taken.verdict in ("refused", "partly-accepted", "failed") for taken in done.taken))


def _tell(event: str, facts: dict[str, Any]) -> None:
    where = "/".join(filter(None, (facts.get("link"), facts.get("home"))))
    if event == "pulled":
        out.print(f"[cyan]tiré[/]    {sentence(where)}  {sentence(facts['file'])}  [dim]{facts['size']} o[/]")
    elif event == "taken":
        taken = facts["acknowledgement"]
        out.print(
            f"[bold]{taken.verdict:<8}[/] {sentence(where)}  {sentence(taken.file)}  {taken.accepted}/{taken.invoices}"
        )
    elif event == "pushed":
        out.print(f"[green]envoyé[/]  {sentence(where)}  {sentence(facts['file'])}")
    elif event == "trouble":
        errors.print(f"[yellow]ennui[/]   {sentence(where)}  {sentence(facts['trouble'])}", soft_wrap=True)


def _pass_json(done: Any) -> dict[str, Any]:
    from parsers.report import as_json

    return {
        "pulled": done.pulled,
        "still_growing": done.waiting,
        "files": [as_json(taken, "fr") for taken in done.taken],
        "pushed": done.pushed,
        "troubles": done.troubles,
        "reconciliation": done.reconciled,
    }


def _show_pass(done: Any) -> None:
    counts = done.reconciled
    out.print(
        f"{done.pulled} tirés, {len(done.taken)} pris, {done.pushed} réponses envoyées, {done.waiting} encore en écriture ; "
        f"{counts['matched']} rapprochées, {counts['discrepancies']} en écart, "
        f"{counts['waiting_library'] + counts['waiting_supplier']} en attente, "
        f"{counts['entries_posted']} écritures ({french(counts['remuneration_cents'])} €)."
    )


_TURNS = {
    "partner": "partenaire / partner",
    "operator": "opérateur / operator",
    "edi": "edi, au prochain passage / next pass",
}


def status(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ce qui est arrivé, ce qui est bloqué, et à qui de jouer. / What arrived, what is stuck, whose turn it is."""
    from edi.status import status as facts_of

    with opened(context, home) as (where, connection):
        facts = facts_of(where, connection)
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold]edi[/] {sentence(facts['home'])}")
    arrived = "  ".join(f"{sentence(verdict)} [bold]{count}[/]" for verdict, count in facts["arrived"].items())
    out.print(f"Arrivés / arrived : {arrived or '-'}")
    counts = facts["reconciliation"]
    out.print(
        f"Factures / invoices : rapprochées [bold]{counts['matched']}[/], en écart {counts['discrepancies']}, "
        f"attendent la bibliothèque {counts['waiting_library']}, le fournisseur {counts['waiting_supplier']}"
    )
    out.print(f"Registre / ledger : [bold]{french(facts['remuneration_cents'])} €[/]")
    if facts["not_reconciled_yet"]:
        out.print("[yellow]Du nouveau n'est pas encore rapproché : edi reconcile. / Not reconciled yet.[/]")
    latest = [[row[name] for name in ("received_at", "link", "name", "verdict")] for row in facts["latest"]]
    if latest:
        out.print(table("Derniers fichiers / Latest files", ("reçu", "liaison", "fichier", "verdict"), latest))
    stuck = [[row["what"], row["name"], row["since"], row["why"], _TURNS[row["turn"]]] for row in facts["stuck"]]
    if stuck:
        out.print(table("Bloqués / Stuck", ("quoi", "nom", "depuis", "pourquoi", "à qui de jouer"), stuck))
    else:
        out.print("[green]Rien n'est bloqué. / Nothing is stuck.[/]")
