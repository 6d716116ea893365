"""A finding: one thing wrong or odd in a file, with a code that means the same for ever.

Findings are values, never exceptions. `schemas.catalogue` holds each code's reach, number and
sentences; a finding holds the place and the figures (format, section 3).
"""

import msgspec

from schemas.text import Text


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding. `record` is the running record number, or the line in XML; `position` is 1-based.

    `found` is what the file holds, `expected` what should stand there, `suggestion` the likely
    correction; each None where there is nothing to say. In XML, `column` is that of the fault on the line `record`, in
    characters from 1, and `path` the XPath of its element or attribute, of local names.
    """

    code: str
    record: int | None = None
    position: int | None = None
    field: str | None = None
    invoice: str | None = None
    found: str | None = None
    expected: Text | None = None
    suggestion: Text | None = None
    column: int | None = None
    path: str | None = None


_SHOWN = 80


def shown(text: str) -> str:
    """Text from outside made harmless to show: controls spelled out, long text cut.

    >>> shown("A\\x1b[31m")
    'A\\\\x1b[31m'
    """
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    if cut.isprintable():
        return str(cut)  # nothing but text: a reader's own kind of it cannot be stored
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
