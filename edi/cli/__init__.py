"""The command line: `edi`. Commands by subject in this folder; imports of what they need come late, so that
`--help` stays quick. Help and messages in French first, English beside it."""

import os
import sys

import typer

from edi.cli import files, links, quarantine, records, work
from edi.cli.common import add_home_option, errors, sentence
from schemas.errors import EdiError

app = typer.Typer(
    name="edi",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Déclarations du droit de prêt : des dossiers SFTP des partenaires au registre rapproché des 6 %.\n\n"
        "French lending right: from partners' SFTP folders to a reconciled 6 % ledger.\n\n"
        "[dim]edi demo[/dim]  tout voir en une minute / see it all in a minute\n\n"
        "[dim]edi check F-2025.txt[/dim]  contrôler un fichier / check a file\n\n"
        "[dim]edi run --once[/dim]  un passage sur toutes les liaisons / one pass over every link\n\n"
        "Codes de sortie / exit codes : 0 bien / well, 1 refus ou écart / something refused, "
        "2 usage ou panne / wrong use or failure."
    ),
)
add_home_option(app)
for module in (work, files, quarantine, records, links):
    module.add_to(app)


def main() -> None:
    """Runs `edi`. Trouble of the world is one message on stderr and exit code 2, never a traceback."""
    try:
        app()
    except EdiError as trouble:
        errors.print(f"[bold red]edi :[/] {sentence(trouble)}", soft_wrap=True, highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("Interrompu ; rien n'est perdu, relancer reprend. / Interrupted; nothing is lost.")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, which is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as crash:
        if os.environ.get("EDI_DEBUG"):
            raise
        errors.print(
            f"[bold red]edi :[/] panne interne / internal failure ({type(crash).__name__}: {sentence(crash)}). "
            "Rien n'est à moitié écrit ; EDI_DEBUG=1 montre où. / Nothing is half written; EDI_DEBUG=1 shows where.",
            soft_wrap=True,
            highlight=False,
        )
        sys.exit(2)
