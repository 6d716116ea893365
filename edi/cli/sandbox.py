"""The command for vendors: an SFTP account on loopback with the real processor behind it."""

import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from edi.cli.common import HomeOption, JsonOption, emit, examples, home_path, out, wrong_use
from edi.cli.common import as_json as as_json_text
from edi.cli.work import ended_by_signals, tell

if TYPE_CHECKING:
    from edi.sandbox import Account


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(
        epilog=examples(
            "edi sandbox", "edi sandbox --port 2222 --home ./bac-a-sable", "edi sandbox --key ~/.ssh/id_ed25519.pub"
        )
    )(sandbox)


def sandbox(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", metavar="PORT", help="0 : un port libre / a free one.")] = 0,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FICHIER.pub", help="Votre clé publique / your public key.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Un compte SFTP d'essai sur cette machine : déposer, recevoir la réponse quelques secondes après. / An SFTP account
    to try a client on: drop a file, fetch the answer seconds later.

    --json : les coordonnées du compte, sur une ligne ; puis rien. / The account, on one line; then nothing.
    """
    from edi import sandbox as there
    from edi.lock import held

    given = home or context.find_root().obj
    where = Path(tempfile.mkdtemp(prefix="edi-bac-a-sable-")) if given is None else home_path(context, given)
    stop = threading.Event()
    with there.account(where, port, _public(key)) as (opened, account), held(opened.path):
        if as_json:
            emit([as_json_text(msgspec.structs.asdict(account), None), "\n"])
        else:
            _show(account, where)
        with ended_by_signals(stop):
            there.play(opened, stop, lambda event, facts: tell(event, facts, as_json))


def _public(key: Path | None) -> str | None:
    if key is None:
        return None
    try:
        text = key.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise wrong_use(f"--key {key} : {wrong}") from wrong
    if len(text.split()) < 2 or "PRIVATE" in text:
        raise wrong_use(f"--key {key} : une ligne de clé publique OpenSSH / an OpenSSH public key line")
    return text


def _show(account: "Account", where: Path) -> None:
    from edi.sandbox import SCENARIOS

    facts = Table.grid(padding=(0, 2))
    for label, value in (
        ("hôte / host", account.host), ("port", str(account.port)), ("utilisateur / user", account.user),
        ("mot de passe / password", account.password), ("clé d'hôte / host key", account.fingerprint),
        ("dossiers / folders", "depot/  depot/test/  retour/  archive/"), ("tout est dans / all is in", str(where)),
    ):  # fmt: skip
        facts.add_row(f"[dim]{label}[/]", value)
    out.print("[bold]Bac à sable / sandbox[/]  [dim]Ctrl-C pour finir / to end[/]\n")
    out.print(facts, soft_wrap=True)
    out.print(
        f"\n[cyan]sftp -P {account.port} {account.user}@{account.host}[/]   puis / then   [cyan]put F-2025.txt depot/[/]\n",
        soft_wrap=True,
    )
    out.print("[dim]Une référence qui commence par… / a reference that begins with…[/]")
    words = Table.grid(padding=(0, 2))
    for word, said in SCENARIOS.items():
        words.add_row(f"  [bold]{word}[/]", said.fr, f"[dim]{said.en}[/]")
    out.print(words, soft_wrap=True)
    out.print()
    sys.stdout.flush()
