"""The command line: `edi`, a frame over the table of acts. One place opens the desk, does the act, shows what came of it.

Imports of what an act needs come late, so that `--help` stays quick.
"""

import contextlib
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import click

from edi.cli.command import Frame, root, wording
from edi.cli.help import language_of
from edi.cli.screen import Screen, unread
from edi.core.act import Act, Result, WrongUse
from schemas.errors import EdiError
from schemas.text import Both, Text, filled

#: Asked to end, a run finishes the file it is at, but no longer than this.
_GRACE_SECONDS = 5
_INTERRUPTED = Both("Interrompu ; rien n'est perdu, relancer reprend.", "Interrupted; nothing is lost, run it again.")
_DATABASE = Both(
    "base de données : {why}. Vérifier le disque et les droits, puis relancer.",
    "database: {why}. Look at the disk and the rights, then try again.",
)
_DAMAGED = Both("base de données : {why}. Où : edi ledger verify.", "database: {why}. Where: edi ledger verify.")
_CRASH = Both(
    "panne interne ({crash}). Rien n'est à moitié écrit ; EDI_DEBUG=1 montre où.",
    "internal failure ({crash}). Nothing is half written; EDI_DEBUG=1 shows where.",
)


def _done(frame: Frame, act: Act, common: dict[str, Any], given: dict[str, Any]) -> int:
    """Opens the desk, does the act, brings what came of it where it is wanted; the exit code."""
    from edi.cli.delivery import deliver, form_of

    screen = frame.screen
    lang = language_of(["--lang", common["lang"]] if common.get("lang") else [])
    screen.language = lang or screen.language
    form = form_of(act, common.get("format"), bool(common.get("json")))
    asked = act.asks(given)
    with _desk(act, common, lang, screen) as desk:
        from edi.cli.views import happened

        screen.language = desk.language
        desk.tell = partial(happened, screen, form == "json")
        desk.progress = screen.progress
        result: Result | None = None
        try:
            with _ended_by_signals(desk.stop) if act.lasting and not asked.get("once") else contextlib.nullcontext():
                result = act.work(desk, **asked)
            if result is None:
                return 0
            output = asked.get("output") or (Path(common["output"]) if common.get("output") else None)
            deliver(act, asked, result, form, bool(common.get("format")), output, screen)
        finally:
            screen.still()
        return result.code


@contextlib.contextmanager
def _desk(act: Act, common: dict[str, Any], lang: Any, screen: Screen) -> Iterator[Any]:
    """The desk an act wants: a home, made on first use; a fresh one unless one is named; or none."""
    from edi.core.desk import bare_desk, open_desk
    from edi.core.settings import locate

    named, who = common.get("home"), common.get("by") or ""
    if act.home == "fresh" and named is None:
        import tempfile

        named = tempfile.mkdtemp(prefix=f"edi-{act.name}-")
    path = locate(Path(named) if named is not None else None)
    with open_desk(path, lang, who, on_wait=screen.waits) if act.home == "made" else bare_desk(path, lang, who) as desk:
        yield desk


@contextlib.contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
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


app = root(_done)


def main() -> None:
    """Runs `edi`. Trouble of the world is one message on stderr and exit code 2, never a traceback."""
    _streams()
    screen = Screen("fr")
    code = _run(screen, sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        unread()
    except OSError as wrong:
        from spool.errors import why

        unread()
        screen.complain(why(wrong), "stdout")
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


def _run(screen: Screen, words: list[str]) -> int:
    """The exit code."""
    try:
        screen.language = language_of(words) or screen.language
        if "_EDI_COMPLETE" in os.environ:
            app.main(words, "edi", "_EDI_COMPLETE")
        with app.make_context("edi", words, obj=Frame(screen)) as context:
            app.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as none:
        click.echo(none.format_message(), err=True)
        return 2
    except click.UsageError as wrong:
        return _misused(screen, wording(wrong), wrong.ctx.command_path if wrong.ctx else "edi")
    except WrongUse as wrong:
        return _misused(screen, wrong.text, "edi")
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        screen.note(_INTERRUPTED)
    except BrokenPipeError:
        unread()
        return 0
    except EdiError as trouble:
        screen.complain(trouble.text)
    except sqlite3.OperationalError as wrong:
        screen.complain(filled(_DATABASE, why=wrong))
    except OSError as wrong:
        from spool.errors import why

        screen.complain(why(wrong), wrong.filename or "")
    except Exception as crash:
        if os.environ.get("EDI_DEBUG"):
            raise
        damaged = getattr(crash, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
        name = f"{type(crash).__name__}: {crash}"
        screen.complain(filled(_DAMAGED, why=crash) if damaged else filled(_CRASH, crash=name))
    return 2


def _misused(screen: Screen, what: Text, command: str) -> int:
    screen.complain(what)
    screen.note(filled(Both("Aide : {command} --help", "Help: {command} --help"), command=command), "dim")
    return 2
