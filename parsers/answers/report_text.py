"""The report on one file as plain text: at most 100 columns (a narrower terminal gets its own width), for any text editor.

Each line comes in pieces with their role, so that a terminal may colour what a file holds plain.
"""

from collections.abc import Iterator, Mapping

from parsers.answers.report import NO_EXCERPTS, Part, Report, Told, told
from parsers.answers.report_words import spelled
from parsers.excerpts import Excerpt
from parsers.plain import columns, wrapped
from schemas.acknowledgement import Acknowledgement
from schemas.finding import Finding

WIDTH = 100
#: Pieces of a line: their role (title, dim, strong, verdict, file, invoice, warning, do, quote, caret or none), and the text.
Line = tuple[tuple[str, str], ...]
Lines = Iterator[Line]
_BLANK: Line = (("", ""),)


def text(ack: Acknowledgement, language: str = "fr", excerpts: Mapping[Finding, Excerpt] = NO_EXCERPTS) -> str:
    """The report as plain text: lines of at most 100 columns without trailing blanks, each ended by LF."""
    written = ("".join(piece for _, piece in line) for line in lines(told(ack, language, excerpts)))
    return "".join(f"{line.rstrip()}\n" for line in written)


def lines(report: Report, width: int = WIDTH) -> Lines:
    """The report line by line, in pieces; at most `width` columns, 60 at least."""
    width = max(60, width)
    yield from _box(report, width)
    for part in report.parts:
        yield from (_BLANK, (("title", part.title.upper()),), (("dim", "─" * width),))
        for place, note in enumerate(part.notes):
            yield from (_BLANK,) if place and part.name == "to-do" else ()
            for paragraph in note.split("\n"):
                yield from ((("", f"  {line}"),) for line in wrapped(paragraph, width - 4))
        yield from _table(part, width)
        for name, group in part.groups:
            if name:
                first, *rest = wrapped(name, width - 4)
                yield from (_BLANK, (("strong", f"▪ {first}"),), *((("strong", f"  {line}"),) for line in rest))
            for finding in group:
                yield from _finding(finding, report.language, width)


def _table(part: Part, width: int) -> Lines:
    """The rows below one another: the counts with their heads, the invoices without."""
    if part.name == "counts":
        yield from (_BLANK,) if part.notes else ()
        for rank, code, reach, total, shown in part.table:
            yield (("", f"  {rank:<5}{code:<{max(29, width - 60)}}{reach:<18}{total:>12}{shown:>14}"),)
        return
    for name, state, codes in part.table[1:]:
        first, *rest = wrapped(codes, width - 50)
        while columns(name) > 24:
            name = name[:-1]
        yield (("", f"  {name}{' ' * (26 - columns(name))}{state:<22}{first}"),)
        yield from ((("", " " * 50 + line),) for line in rest)


def _box(report: Report, width: int) -> Lines:
    inner, language = width - 2, report.language
    left, right = spelled("scheme", language), spelled("title", language)

    def row(*pieces: tuple[str, str]) -> Line:
        filled = " " * (inner - sum(columns(piece) for _, piece in pieces))
        return ("dim", "│"), *pieces, ("", filled), ("dim", "│")

    yield (("dim", f"┌{'─' * inner}┐"),)
    yield row(("", f"  {left}{' ' * (inner - 4 - columns(left) - columns(right))}{right}  "))
    yield (("dim", f"├{'─' * inner}┤"),)
    margin = 2 + max(columns(spelled(label, language)) for label, _ in report.rows if label) + 3
    for label, value in report.rows:
        head = f"  {spelled(label, language)}" if label else ""
        for line in wrapped(value, inner - margin - 2):
            yield row(("", f"{head:<{margin}}"), ("verdict" if label == "verdict" else "", line))
            head = ""
    yield (("dim", f"└{'─' * inner}┘"),)


def _finding(finding: Told, language: str, width: int) -> Lines:
    first, *rest = wrapped(finding.sentence, width - 9)
    yield ("", "  "), (finding.reach, str(finding.number)), ("strong", f"  {first}")
    yield from ((("strong", f"       {line}"),) for line in rest)
    for label, value in finding.rows:
        head = spelled(label, language)
        for line in wrapped(value, width - 21):
            yield ("dim", f"         {head:<10}"), ("do" if label == "do" else "", line)
            head = ""
        if label == "where" and finding.excerpt:
            yield from _quote(finding.excerpt, width)


def _quote(excerpt: Excerpt, width: int) -> Lines:
    """The record, or as much of it as stands around the fault, and carets under the columns at fault."""
    end, room = excerpt.first + excerpt.width, width - 12
    start = max(0, end + 20 - room) if max(end, len(excerpt.text.rstrip())) > room else 0
    start = min(start, excerpt.first)
    shown = excerpt.text[start : start + room]
    while columns(shown) > room:
        shown = shown[:-1]
    more = "…" if excerpt.text[start + len(shown) :].rstrip() else ""
    yield (("quote", f"{'…' if start else ' ':>9}{shown}{more}"),)
    before, under = (columns(part) for part in (excerpt.text[start : excerpt.first], excerpt.text[excerpt.first : end]))
    if excerpt.width:
        yield (("caret", " " * (9 + before) + "^" * max(1, min(under, room - before))),)
