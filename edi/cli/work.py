"""Commands that do the main job, show it, and say where it stands: demo, run, status."""

import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from edi.cli.common import (
    VERDICTS,
    HomeOption,
    JsonOption,
    examples,
    home_path,
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
from schemas.money import french, several

if TYPE_CHECKING:
    from edi.intake.pipeline import Pass

#: Asked to end, a run finishes the file it is at, but no longer than this.
_GRACE_SECONDS = 5


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog=examples("edi demo", "edi demo --home /tmp/essai"))(demo)
    app.command(epilog=examples("edi run", "edi run --once", "edi --home /srv/edi run --once --json"))(run)
    app.command(epilog=examples("edi status", "edi status --json | jq .stuck"))(status)


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
    """Tirer de chaque liaison, lire, contrôler, comptabiliser, rapprocher, répondre. / The whole job, for ever or once.

    Sans --once, --json donne une ligne de JSON par passage où quelque chose arrive. / Without --once, --json gives
    a line of JSON for each pass in which something happens.
    """
    from edi.intake.pipeline import Run
    from edi.intake.running import forever
    from edi.lock import held

    with opened(context, home) as (where, connection), held(where.path):
        if not where.settings.link:
            note(f"Aucune liaison dans {sentence(where.path / 'edi.toml')} : rien à tirer. / No link: nothing to pull.")
        running = Run(where, connection, lambda event, facts: tell(event, facts, as_json))
        if once:
            try:
                done = running.once(patient=True)
            finally:
                running.close()
            if as_json:
                print_json(_pass_json(done))
            else:
                _show_pass(done)
            raise typer.Exit(_exit_code(done))
        stop = threading.Event()
        with ended_by_signals(stop):
            if not as_json:
                count = len(where.settings.link)
                out.print(f"edi run : {count} {'liaison' if count == 1 else 'liaisons'}, Ctrl-C pour finir / to end")
            forever(running, stop, lambda done: _after(done, as_json))
        if not as_json:
            out.print("Fini ; rien n'est perdu. / Ended; nothing is lost.")


@contextmanager
def ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C set `stop`; asked twice, or too slow, the run is broken off, which loses nothing either."""

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(done: "Pass") -> int:
    verdicts = {taken.verdict for taken in done.taken}
    if done.troubles or "failed" in verdicts:
        return 2
    return 1 if verdicts & {"refused", "partly-accepted"} else 0


def tell(event: str, facts: dict[str, Any], as_json: bool) -> None:
    """A line for each thing that happens; troubles on stderr, with JSON too."""
    where = sentence("/".join(filter(None, (facts.get("link"), facts.get("home")))))
    if event == "trouble":
        note(f"[yellow]ennui / trouble[/]  {sentence(facts['trouble'])}")
    elif as_json:
        return
    elif event == "pulled":
        out.print(
            f"[cyan]tiré[/] [dim]/ pulled[/]  {where}  {sentence(facts['file'])}  [dim]{facts['size']} o[/]",
            soft_wrap=True,
        )
    elif event == "taken":
        taken = facts["acknowledgement"]
        word, english, colour = VERDICTS[taken.verdict]
        counts = f"{taken.accepted}/{taken.invoices}"
        out.print(
            f"[bold {colour}]{word}[/] [dim]/ {english}[/]  {where}  {sentence(taken.file)}  {counts}", soft_wrap=True
        )
    elif event == "pushed":
        out.print(f"[green]envoyé[/] [dim]/ sent[/]  {where}  {sentence(facts['file'])}", soft_wrap=True)


def _after(done: "Pass", as_json: bool) -> None:
    if as_json and (done.pulled or done.taken or done.pushed or done.troubles):
        print_json(_pass_json(done), indent=None)


def _pass_json(done: "Pass") -> dict[str, Any]:
    from parsers.answers.report import as_json

    return {
        "pulled": done.pulled,
        "still_growing": done.waiting,
        "files": [as_json(taken, "fr") for taken in done.taken],
        "pushed": done.pushed,
        "troubles": done.troubles,
        "reconciliation": done.reconciled,
    }


def _show_pass(done: "Pass") -> None:
    counts = done.reconciled
    out.print(
        f"[bold]{done.pulled}[/] tirés, [bold]{len(done.taken)}[/] pris, [bold]{done.pushed}[/] réponses envoyées, "
        f"{done.waiting} encore en écriture / pulled, taken, answers sent, still growing",
        soft_wrap=True,
    )
    out.print(
        f"[bold]{counts['matched']}[/] rapprochées, {counts['discrepancies']} en écart, "
        f"{counts['waiting_library'] + counts['waiting_supplier']} en attente / matched, discrepancies, waiting ; "
        f"{several(counts['entries_posted'], 'écriture')} / entries, [bold]{french(counts['remuneration_cents'])} €[/]",
        soft_wrap=True,
    )


_TURNS = {
    "partner": "partenaire / partner",
    "operator": "opérateur / operator",
    "edi": "edi, au prochain passage / next pass",
}
_WHAT = {
    "file": "fichier / file", "link": "liaison / link", "answer": "réponse / answer", "request": "annuaire / directory",
}  # fmt: skip


def status(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Ce qui est arrivé, ce qui est bloqué, et à qui de jouer. / What arrived, what is stuck, whose turn it is."""
    from edi.intake.status import status as facts_of

    with opened(context, home) as (where, connection):
        facts = facts_of(where, connection)
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold]edi[/]  {sentence(facts['home'])}\n", soft_wrap=True)
    arrived = Text(" · ").join(
        Text.assemble(verdict_text(verdict), " ", (str(count), "bold")) for verdict, count in facts["arrived"].items()
    )
    _fact("Fichiers", "files", arrived if facts["arrived"] else Text("aucun / none", style="dim"))
    counts = facts["reconciliation"]
    _fact("Rapprochées", "matched", Text(str(counts["matched"]), style="bold green"))
    _fact("En écart", "discrepancies", Text(str(counts["discrepancies"]), style="bold"))
    if counts["proposed"]:
        _fact("Proposées", "proposed", Text(f"{counts['proposed']} : edi decide", style="bold yellow"))
    waits = f"{counts['waiting_library']} la bibliothèque / the library · {counts['waiting_supplier']} le fournisseur / the supplier"
    _fact("Attendent", "waiting for", Text(waits))
    _fact("Registre", "ledger", Text(f"{french(facts['remuneration_cents'])} €", style="bold"))
    if facts["not_reconciled_yet"]:
        out.print("\n[yellow]Du nouveau n'est pas encore rapproché : edi reconcile. / Not reconciled yet.[/]")
    latest = [
        [when(row["received_at"]), row["link"], row["name"], verdict_text(row["verdict"])] for row in facts["latest"]
    ]
    out.print()
    if latest:
        heads = ("reçu / received", "liaison / link", "fichier / file", "verdict")
        show(table("Derniers fichiers / Latest files", heads, latest))
    if not facts["stuck"]:
        out.print("[green]Rien n'est bloqué. / Nothing is stuck.[/]")
        return
    out.print("[bold]Bloqués / Stuck[/]")
    for row in facts["stuck"]:
        since = f"  [dim]depuis / since {when(row['since'])}[/]" if row["since"] else ""
        out.print(f"\n[yellow]●[/] {_WHAT[row['what']]}  [bold]{sentence(row['name'])}[/]{since}", soft_wrap=True)
        out.print(Padding(sentence(row["why"]), (0, 0, 0, 2)))
        out.print(f"  [dim]à qui de jouer / whose turn :[/] {_TURNS[row['turn']]}")


def _fact(french_word: str, english: str, value: Text) -> None:
    label = Text.assemble(f"  {french_word} ", (f"/ {english}", "dim"))
    label.pad_right(max(0, 28 - label.cell_len))
    out.print(label.append_text(value), soft_wrap=True)
