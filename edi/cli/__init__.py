"""The command line: `edi`. Commands by subject in this folder; imports of what they need come late, so that
`--help` stays quick. Help and messages in French first, English beside it."""

import contextlib
import os
import signal
import sqlite3
import sys

import typer

from edi.cli import (
    books,
    check,
    close,
    convert,
    ingest,
    ledger,
    links,
    new,
    partners,
    period,
    quarantine,
    records,
    remind,
    sandbox,
    spec,
    why,
    work,
)
from edi.cli.common import add_home_option, complain, note, unread
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
        "[cyan]edi demo[/]  tout voir en une minute / see it all in a minute\n\n"
        "[cyan]edi check F-2025.txt[/]  contrôler un fichier / check a file\n\n"
        "[cyan]edi run --once[/]  un passage sur toutes les liaisons / one pass over every link\n\n"
        "Codes de sortie / exit codes : 0 tout va bien / all is well, 1 quelque chose est refusé ou ne tombe pas juste / "
        "something was refused or does not balance, 2 usage ou panne / wrong use or failure."
    ),
)
add_home_option(app)
for module in (
    work,
    check,
    convert,
    new,
    ingest,
    spec,
    sandbox,
    quarantine,
    records,
    why,
    partners,
    period,
    remind,
    close,
    ledger,
    books,
    links,
):
    module.add_to(app)


def main() -> None:
    """Runs `edi`. Trouble of the world is one message on stderr and exit code 2, never a traceback."""
    _streams()
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        unread()
    except OSError as wrong:
        unread()
        complain(wrong.strerror, "stdout")
        code = 2
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    sys.exit(code)


def _streams() -> None:
    """Output that is closed goes nowhere; what the terminal cannot show becomes a question mark."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for good
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _run() -> int:
    """The exit code."""
    try:
        app()
        return 0
    except (SystemExit, KeyboardInterrupt) as end:
        code = end.code if isinstance(end, SystemExit) else 130
        if code == 130:  # typer's own for Ctrl-C, which is not among ours
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
            note("Interrompu ; rien n'est perdu, relancer reprend. / Interrupted; nothing is lost.")
            return 2
        return code if isinstance(code, int) else int(code is not None)
    except BrokenPipeError:
        unread()
        return 0
    except EdiError as trouble:
        complain(trouble)
    except sqlite3.OperationalError as wrong:
        complain(f"base de données : {wrong}. Vérifier le disque et les droits, puis relancer. / Database trouble.")
    except OSError as wrong:
        from spool.errors import why

        complain(why(wrong), wrong.filename or "")
    except Exception as crash:
        if os.environ.get("EDI_DEBUG"):
            raise
        if getattr(crash, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            complain(
                f"base de données : {crash}. Où : edi ledger verify. / The database is damaged: ledger verify says where."
            )
            return 2
        complain(
            f"panne interne / internal failure ({type(crash).__name__}: {crash}). "
            "Rien n'est à moitié écrit ; EDI_DEBUG=1 montre où. / Nothing is half written; EDI_DEBUG=1 shows where."
        )
    return 2
