"""What the FI record says of the file, held against what was read.

Authority: format, section 1 (the FI record) and section 3 (`trailer-count`, `trailer-total`).
"""

from collections.abc import Iterator, Mapping

from parsers.fixed import fields
from parsers.fixed.grammar import Misread
from schemas.finding import Finding
from schemas.lending.layout import FI


def trailer_findings(
    texts: Mapping[str, str], record: int, counts: Mapping[str, int] | None, sums: Mapping[str, int] | None
) -> Iterator[Finding]:
    """What is wrong with an FI whose fields are `texts`.

    `counts` are of FA and LG, None when nobody can count them; `sums` are of HT by kind, in cents, None when an FA's
    kind or HT could not be read.
    """
    sound = True
    for field in FI.fields[2:]:
        if isinstance(texts[field.name], Misread):
            sound = False
            yield fields.misread("trailer-count", field, record, texts[field.name])
    if counts is None:
        return
    for name, mark in (("invoices", "FA"), ("lines", "LG")):
        if not isinstance(texts[name], Misread) and int(texts[name]) != counts[mark]:
            sound = False
            yield _differs("trailer-count", name, texts[name], counts[mark], record)
    for name, kind in (("sum_invoices", "F"), ("sum_credits", "A")):
        if sound and sums is not None and int(texts[name]) != sums[kind]:
            yield _differs("trailer-total", name, texts[name], sums[kind], record)


def _differs(code: str, name: str, found: str, expected: int, record: int) -> Finding:
    field = FI.field(name)
    return fields.finding(code, field, record, found, f"{expected:0{field.width}d}")
