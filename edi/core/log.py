"""The log, `edi.log` in the home: one JSON object a line, one line a fact, with file, link and declarant.

Written through Python's own watched handler, so that logrotate may move it away. Secrets never
come near it: facts are counts, codes, names and GLNs. Names are chosen by others, so what cannot be printed
is escaped: no name makes a second line, or commands a terminal. A log that cannot be written stops nothing.
"""

import getpass
import json
import logging
import os
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog

from parsers.plain import escaped
from schemas.acknowledgement import Acknowledgement

_LEVELS = {"trouble": logging.WARNING}


class _File(WatchedFileHandler):
    """The log file: its owner's alone, whoever moved the one before away; trouble with it is nobody's."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return path.open("a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        pass


def _line(logger: object, name: str, facts: MutableMapping[str, Any]) -> str:
    """The facts as one line of JSON without anything that a terminal would obey."""
    return escaped(json.dumps(facts, ensure_ascii=False, default=repr))


def logged(home: Path) -> Callable[[str, dict[str, Any]], None]:
    """The function that logs a fact of this home: (event, facts). The file is made readable by its owner only."""
    path = home / "edi.log"
    logger = logging.getLogger(f"edi.{path}")
    if not logger.handlers:
        logger.addHandler(_File(path, delay=True))
        logger.setLevel(logging.INFO)
        logger.propagate = False
    stamper = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    bound = structlog.wrap_logger(
        logger,
        processors=[structlog.stdlib.add_log_level, stamper, structlog.processors.EventRenamer("fact"), _line],
        wrapper_class=structlog.stdlib.BoundLogger,
    )

    def log(event: str, facts: dict[str, Any]) -> None:
        bound.log(_LEVELS.get(event, logging.INFO), event, **_plain(facts))

    return log


def user() -> str:
    """Who works here, as the operating system knows them; by number where it knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container
        return f"uid {os.getuid()}"


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of an event, a verdict spelled out."""
    plain = {name: value for name, value in facts.items() if not isinstance(value, Acknowledgement)}
    for value in facts.values():
        if isinstance(value, Acknowledgement):
            plain |= {
                "verdict": value.verdict, "declarant": value.declarant, "reference": value.reference,
                "sha256": value.sha256, "invoices": value.invoices, "accepted": value.accepted,
                "refused": value.refused, "codes": value.findings_by_code,
            }  # fmt: skip
    return plain
