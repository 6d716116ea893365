"""The fixed format's grammars, made from the layout tables; no offset stands here.

Two of them, from the same tables:

    body   := LG* (FA LG*)*          as many records as are well-formed, in one go; `parsers.fixed.block` takes them apart
    record := (good|other)...        one Regex a record, two groups a field; says which fields are wrong

A resumed `body` begins with a run of LG, since a piece of a stream may begin inside an invoice.
Never packrat: it halves the speed.
"""

import re
from itertools import groupby

import pyparsing as pp

from schemas.lending.layout import FA, LAYOUTS, LENGTH, LG, Field, Layout

_CONTROL = r"\x00-\x1f\x7f-\x9f"
#: What ends a record; empty lines after it are ignored. The reader ends the last record if the file does not.
END = r"(?:\r?\n)+"


def _text(width: int) -> str:
    rest = f"[^{_CONTROL}]{{{width - 1}}}" if width > 1 else ""
    return f"(?: {{{width}}}|[^ {_CONTROL}]{rest})"


def good(field: Field) -> str:
    """The pattern of a field that has its form."""
    if field.form == "n":
        return f"[0-9]{{{field.width}}}"
    if field.meaning == "blank":
        return f" {{{field.width}}}"
    if field.codes:
        return "[" + "".join(re.escape(row.fixed) for row in field.codes) + "]"
    return _text(field.width)


def _record(layout: Layout) -> str:
    """One record with its end. Digits of adjacent fields are one run; a title may be anything, `parsers.fixed.block` sees to it."""
    parts = [re.escape(layout.mark)]
    for form, some in groupby(layout.fields[1:], key=lambda field: field.form):
        if form == "n":
            parts.append(f"[0-9]{{{sum(field.width for field in some)}}}")
        else:
            parts += (f"(?s:.{{{field.width}}})" if form == "title" else good(field) for field in some)
    return "".join(parts) + END


_FA, _LG = map(_record, (FA, LG))
#: Not possessive: before Python 3.11.5 such repeats lose their place.
run = pp.Regex(f"(?:{_LG})+", as_match=True).set_name(LG.fr)
invoices = pp.Regex(f"(?:{_FA}(?:{_LG})*)+", as_match=True).set_name(FA.fr)
body = (pp.Opt(run) + pp.Opt(invoices)).leave_whitespace().parse_with_tabs()


class Misread(str):
    """The characters of a field that do not have its form."""

    __slots__ = ()


def _either(field: Field) -> str:
    """A group for the field's good form, and one for whatever else stands there; a title may be anything."""
    anything = rf"([\s\S]{{{field.width}}})"
    return f"{anything}()" if field.form == "title" else f"(?:({good(field)})|{anything})"


def _fields(layout: Layout) -> pp.ParserElement:
    grammar = pp.Regex("".join(map(_either, layout.fields)), as_match=True)
    return grammar.set_name(layout.fr).leave_whitespace().parse_with_tabs()


_BY_FIELD = {mark: _fields(layout) for mark, layout in LAYOUTS.items()}


def read_fields(record: str) -> dict[str, str]:
    """The fields of one record of exactly 140 characters, by name; a `Misread` where the form is wrong.

    >>> fields = read_fields("FI" + "0000002" + "000000x" + "0" * 35 + " " * 89)
    >>> fields["invoices"], isinstance(fields["invoices"], Misread), fields["lines"]
    ('000000x', True, '0000000')
    """
    assert len(record) == LENGTH, len(record)
    layout = LAYOUTS[record[:2]]
    groups = _BY_FIELD[layout.mark].parse_string(record)[0].groups()
    return {
        field.name: Misread(other) if good is None else good
        for field, good, other in zip(layout.fields, groups[::2], groups[1::2], strict=True)
    }
