"""The log, `edi.log` in the home: one JSON object a line, one line a fact, with file, link and declarant.

Written through the standard library's watched handler, so that logrotate may move it away. Secrets never
come near it: facts are counts, codes, names and GLNs.
"""

import json
import logging
import os
from collections.abc import Callable
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog

from parsers.plain import escaped
from schemas.acknowledgement import Acknowledgement

_LEVELS = {"trouble": logging.WARNING}


def logged(home: Path) -> Callable[[str, dict[str, Any]], None]:
    """The function that logs a fact of this home: (event, facts). The file is made readable by its owner only."""
    path = home / "edi.log"
    logger = logging.getLogger(f"edi.{path}")
    if not logger.handlers:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        logger.addHandler(WatchedFileHandler(path, encoding="utf-8", delay=True))
        logger.setLevel(logging.INFO)
        logger.propagate = False
    renderer = structlog.processors.JSONRenderer(serializer=_dumps)
    stamper = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    bound = structlog.wrap_logger(
        logger,
        processors=[structlog.stdlib.add_log_level, stamper, structlog.processors.EventRenamer("fact"), renderer],
        wrapper_class=structlog.stdlib.BoundLogger,
    )

    def log(event: str, facts: dict[str, Any]) -> None:
        bound.log(_LEVELS.get(event, logging.INFO), event, **_plain(facts))

    return log


def _dumps(fact: dict[str, Any], **_: Any) -> str:
    return escaped(json.dumps(fact, ensure_ascii=False, default=repr))


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
