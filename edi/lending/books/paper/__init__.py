"""Paper: letters, statements, certificates and reports as PDF, in French, from templates beside this module.

A template is a `.typ` file that imports `base.typ` (letterhead, amounts, dates, tables) and reads its facts as JSON out
of Typst's inputs: text from outside never becomes markup. Fonts are those that Typst carries; nothing is fetched.
"""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst

from edi.core.settings import PARIS

TEMPLATES = Path(__file__).parent
#: What Libertinus has not, and what would command a reader: a question mark instead. PDF/A allows no missing glyph.
_FOREIGN = re.compile("[^ -~\xa0-\xac\xae-\u017f‘-„–—…€]")


def pdf(template: str, facts: Any, at: datetime) -> bytes:
    """The PDF that `<template>.typ` makes of `facts`, whatever msgspec can write as JSON; amounts are integer cents.

    PDF/A-2b, made `at` (Paris): the same facts at the same moment are the same bytes. Without structure tags, which
    would make a statement ten times as large.
    """
    inputs = {"facts": msgspec.json.encode(_shown(msgspec.to_builtins(facts))).decode()}
    moment = int(at.replace(tzinfo=PARIS).timestamp())
    made = _compiler(template).compile(
        format="pdf", sys_inputs=inputs, timestamp=moment, pdf_standards="a-2b", pdf_tags=False
    )
    assert isinstance(made, bytes)
    return made


def _shown(fact: Any) -> Any:
    if isinstance(fact, str):
        return _FOREIGN.sub("?", fact)
    if isinstance(fact, dict):
        return {name: _shown(value) for name, value in fact.items()}
    return list(map(_shown, fact)) if isinstance(fact, list | tuple) else fact


@cache
def _compiler(template: str) -> typst.Compiler:
    return typst.Compiler(TEMPLATES / f"{template}.typ", root=TEMPLATES, ignore_system_fonts=True)
