"""The report on one file: what a librarian or a bookseller reads as plain text or as a page, and its JSON.

French first, English on request (format, section 4). The text has at most 100 columns (a terminal that is narrower gets its own width), UTF-8, for any plain text
editor; the page is one self-contained file; the JSON of one file has the keys of `edi check --json` and two counts
more, and the names of correction files. Texts from outside are made harmless in all of them. The words stand in `parsers.answers.report_words`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from parsers.answers.report_words import amount, counted, field_label, number, spelled, verdict, what_to_do, when
from parsers.excerpts import Excerpt
from parsers.plain import columns, cut, harmless, wrapped
from schemas import catalogue
from schemas.acknowledgement import Acknowledgement, Rehearsal
from schemas.finding import Finding
from schemas.money import decimal, french
from schemas.text import say

if TYPE_CHECKING:
    import jinja2

WIDTH = 100
_SHOWN = 160  # characters kept of one text from outside: two lines
_LISTED = 40  # invoices listed in the summary
_NONE: Mapping[Finding, Excerpt] = MappingProxyType({})

#: Lines of the text with their role: box, title, rule, name, file, invoice, warning, label, quote, caret, or none.
Lines = Iterator[tuple[str, str]]


class Told(msgspec.Struct, frozen=True):
    """One finding in words: its number, reach and sentence; labels with what they say; the record, and where in it.

    `means` explains its code, the first time it stands in a report.
    """

    number: int
    code: str
    reach: str
    sentence: str
    rows: tuple[tuple[str, str], ...]
    excerpt: Excerpt | None
    means: str


class Section(msgspec.Struct, frozen=True):
    """Findings of one reach, by invoice."""

    reach: str
    title: str
    note: str
    groups: tuple[tuple[str, tuple[Told, ...]], ...]


class Report(msgspec.Struct, frozen=True):
    """Everything a report says, in words of one language; what comes from outside is harmless."""

    language: str
    verdict: str
    rows: tuple[tuple[str | None, str], ...]
    to_do: tuple[str, ...]
    counts: tuple[tuple[str, ...], ...]
    missing: str
    findings: str
    summary: tuple[tuple[str, ...], ...]
    sections: tuple[Section, ...]
    not_checked: tuple[tuple[str, str], ...]


def told(ack: Acknowledgement, language: str = "fr", excerpts: Mapping[Finding, Excerpt] = _NONE) -> Report:
    """The report in words. `excerpts` are what some of the findings point at."""
    by_reach: dict[str, list[Finding]] = {"file": [], "invoice": [], "warning": []}
    for finding in ack.findings:
        by_reach[catalogue.reach(finding)].append(finding)
    advised: set[str] = set()

    def section(reach: str, title: str, note: str, nameless: str) -> Section:
        groups: dict[str, list[Told]] = {}
        for finding in by_reach[reach]:
            name = f"{spelled('invoice', language)} {_short(finding.invoice)}" if finding.invoice else nameless
            groups.setdefault(name, []).append(_told(finding, ack.format, excerpts.get(finding), language, advised))
        return Section(reach, title, note, tuple((name, tuple(group)) for name, group in groups.items()))

    sections = []
    if found := by_reach["file"]:
        sections.append(section("file", counted("file-findings", len(found), language), "", ""))
    if (found := by_reach["invoice"]) or ack.refused:
        title, note = counted("refused-invoices", ack.refused, language), amount(ack, language, others=True)
        if ack.structure_refused:
            title = counted("invoice-findings", len(found), language)
            note = spelled("invoice-findings-note", language)
        sections.append(section("invoice", title, note, spelled("no-number", language)))
    if found := by_reach["warning"]:
        title, note = counted("warnings", len(found), language), spelled("warnings-note", language)
        sections.append(section("warning", title, note, spelled("whole", language)))
    missing = ack.findings_total - len(ack.findings)
    few = missing <= 0 and (ack.findings_total < 20 or len(ack.findings_by_code) < 2)
    return Report(
        language=language,
        verdict=ack.verdict,
        rows=tuple(_head(ack, language)),
        to_do=tuple(map(harmless, what_to_do(ack, bool(by_reach["warning"]), language))),
        counts=() if few else tuple(_counts(ack, language)),
        missing=counted("missing", missing, language) if missing > 0 else "",
        findings=counted("findings", ack.findings_total, language),
        summary=tuple(_summary(ack, language)),
        sections=tuple(sections),
        not_checked=tuple(_not_checked(ack, language)),
    )


def _not_checked(ack: Acknowledgement, language: str) -> Iterator[tuple[str, str]]:
    """Why some checks could not be made here, and their codes."""
    for why, of_directory in (("on-record", False), ("no-directory", True)):
        codes = [code for code in ack.not_checked if (code in catalogue.OF_DIRECTORY) == of_directory]
        if codes:
            yield spelled(why, language), ", ".join(codes)


def _short(outside: str) -> str:
    return cut(harmless(outside), _SHOWN)


def _head(ack: Acknowledgement, language: str) -> Iterator[tuple[str | None, str]]:
    """What file, what became of it, whose it is, and how many invoices."""
    word, sentence = verdict(ack, language)
    unread = spelled("unread", language)
    yield from (("file", _short(ack.file)), ("verdict", word), (None, sentence), (None, ""))
    if ack.use == "test" or ack.dry_run:
        yield "use", spelled("test", language)
    whose = " · ".join(harmless(part) for part in (ack.declarant, ack.side and spelled(ack.side, language)) if part)
    yield from (("declarant", whose or unread), ("reference", _short(ack.reference or "") or unread))
    yield "period", unread if ack.period is None else str(ack.period)
    yield from (("issued", when(ack.issued, language) or unread), ("answered", when(ack.answered_at, language)))
    if ack.verdict != "duplicate" or ack.invoices:
        yield "invoices", amount(ack, language)
    if ack.would is not None:
        yield "would", _would(ack.would, language)
    yield "sha256", ack.sha256


def _would(would: Rehearsal, language: str) -> str:
    counts = {
        name: number(getattr(would, name), language) for name in ("matched", "proposed", "discrepancies", "waiting")
    }
    owed = decimal(would.remuneration_cents) if language == "en" else french(would.remuneration_cents)
    return spelled("would-come-to", language).format(**counts, owed=owed)


def _counts(ack: Acknowledgement, language: str) -> Iterator[tuple[str, ...]]:
    """How many findings of each code there are, and are shown."""
    shown = dict.fromkeys(ack.findings_by_code, 0)
    for finding in ack.findings:
        shown[finding.code] = shown.get(finding.code, 0) + 1
    for code, here in sorted(shown.items(), key=lambda pair: catalogue.CATALOGUE[pair[0]].number):
        entry = catalogue.CATALOGUE[code]
        total = ack.findings_by_code.get(code, here)
        reach = spelled(f"reach-{entry.reach}", language)
        yield str(entry.number), code, reach, number(total, language), number(here, language)


def _summary(ack: Acknowledgement, language: str) -> Iterator[tuple[str, ...]]:
    """The invoices with findings: number, what became of it, the codes."""
    codes: dict[str, dict[str, int]] = {}
    for finding in ack.findings:
        if finding.invoice:
            of = codes.setdefault(finding.invoice, {})
            of[finding.code] = of.get(finding.code, 0) + 1
    for invoice, found in list(codes.items())[:_LISTED]:
        refused = any(catalogue.CATALOGUE[code].reach == "invoice" for code in found)
        state = "none" if ack.structure_refused else "refused" if refused else "warned"
        said = ", ".join(code if times == 1 else f"{code} × {times}" for code, times in found.items())
        yield cut(harmless(invoice), 24), spelled(f"state-{state}", language), said
    if len(codes) > _LISTED or (codes and ack.findings_total > len(ack.findings)):
        yield spelled("and-others", language), "", ""


def _told(
    finding: Finding, format_: str | None, excerpt: Excerpt | None, language: str, advised: set[str]
) -> Told:  # fmt: skip
    """One finding: where, found, expected, what to write. What its code means and asks for is said once a report."""
    column = finding.position or finding.column
    numbered = (("line" if format_ == "xml" else "record", finding.record), ("position", column))
    place = [f"{spelled(what, language)} {at}" for what, at in numbered if at is not None]
    place += [field_label(_short(finding.field), language)] if finding.field else []
    expected, suggestion = say(finding.expected, language), say(finding.suggestion, language)
    advice, first = catalogue.advice()[finding.code], finding.code not in advised
    advised.add(finding.code)
    rows = (
        ("where", " · ".join(place)),
        ("found", None if finding.found is None else _short(finding.found) or spelled("nothing", language)),
        ("expected", None if expected is None else _short(expected) or spelled("nothing", language)),
        ("do", suggestion and _short(suggestion)),
        ("write", say(advice.write, language) if first and not suggestion else None),
        ("code", finding.code),
    )
    entry = catalogue.CATALOGUE[finding.code]
    return Told(
        number=entry.number,
        code=finding.code,
        reach=entry.reach,
        sentence=cut(harmless(catalogue.message(finding, language)), 3 * _SHOWN),
        rows=tuple((label, value) for label, value in rows if value),
        excerpt=excerpt,
        means=say(advice.means, language) or "" if first else "",
    )


# -- as text ---------------------------------------------------------------------------------------


def text(ack: Acknowledgement, language: str = "fr", excerpts: Mapping[Finding, Excerpt] = _NONE) -> str:
    """The report as plain text: lines of at most 100 columns, each ended by LF."""
    return "".join(line + "\n" for _, line in lines(told(ack, language, excerpts)))


def lines(report: Report, width: int = WIDTH) -> Lines:
    """The report line by line, each with its role, without trailing blanks; at most `width` columns, 60 at least."""
    for role, line in _lines(report, max(60, width)):
        yield role, line.rstrip()


def _lines(report: Report, width: int) -> Lines:
    language = report.language
    yield from _box(report, width)
    yield from _heading(spelled("to-do", language), width)
    for place, paragraph in enumerate(report.to_do):
        yield from (("", ""),) if place else ()
        yield from _indented(paragraph, width)
    if report.counts:
        yield from _heading(report.findings, width)
        if report.missing:
            yield from (*_indented(report.missing, width), ("", ""))
        for row in (tuple(spelled(f"column-{name}", language) for name in _COUNTED), *report.counts):
            rank, code, reach, total, shown = row
            yield "", f"  {rank:<5}{code:<{max(29, width - 60)}}{reach:<18}{total:>12}{shown:>14}"
    if len(report.summary) > 1:
        yield from _heading(spelled("summary", language), width)
        for name, state, codes in report.summary:
            first, *rest = wrapped(codes, width - 50)
            while columns(name) > 24:
                name = name[:-1]
            yield "", f"  {name}{' ' * (26 - columns(name))}{state:<22}{first}"
            yield from (("", " " * 50 + line) for line in rest)
    for section in report.sections:
        yield from _heading(section.title, width)
        yield from _indented(section.note, width) if section.note else ()
        for name, group in section.groups:
            if name:
                first, *rest = wrapped(name, width - 4)
                yield from (("", ""), ("name", f"▪ {first}"), *(("name", f"  {line}") for line in rest))
            for finding in group:
                yield from _finding(finding, language, width)
    if report.not_checked:
        yield from _heading(spelled("not-checked", language), width)
        for why, codes in report.not_checked:
            yield from (*_indented(why, width), *_indented(codes, width))


_COUNTED = ("number", "code", "reach", "total", "shown")


def _box(report: Report, width: int) -> Lines:
    inner, language = width - 2, report.language
    left, right = spelled("scheme", language), spelled("title", language)
    yield "rule", f"┌{'─' * inner}┐"
    yield "box", f"│  {left}{' ' * (inner - 4 - columns(left) - columns(right))}{right}  │"
    yield "rule", f"├{'─' * inner}┤"
    margin = 2 + max(columns(spelled(label, language)) for label, _ in report.rows if label) + 3
    for label, value in report.rows:
        head = f"  {spelled(label, language)}" if label else ""
        for line in wrapped(value, inner - margin - 2):
            shown = f"{head:<{margin}}{line}"
            yield "verdict" if label == "verdict" else "box", f"│{shown}{' ' * (inner - columns(shown))}│"
            head = ""
    yield "rule", f"└{'─' * inner}┘"


def _heading(title: str, width: int) -> Lines:
    yield from (("", ""), ("title", title.upper()), ("rule", "─" * width))


def _indented(paragraph: str, width: int) -> Lines:
    yield from (("", f"  {line}") for line in wrapped(paragraph, width - 4))


def _finding(finding: Told, language: str, width: int) -> Lines:
    first, *rest = wrapped(finding.sentence, width - 9)
    yield finding.reach, f"  {finding.number}  {first}"
    yield from ((finding.reach, f"       {line}") for line in rest)
    for label, value in finding.rows:
        head = spelled(label, language)
        for line in wrapped(value, width - 21):
            yield "do" if label == "do" else "label", f"         {head:<10}{line}"
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
    yield "quote", f"{'…' if start else ' ':>9}{shown}{more}"
    before, under = (columns(part) for part in (excerpt.text[start : excerpt.first], excerpt.text[excerpt.first : end]))
    if excerpt.width:
        yield "caret", " " * (9 + before) + "^" * max(1, min(under, room - before))


# -- as a page, and as JSON ------------------------------------------------------------------------


@cache
def _template() -> "jinja2.Template":
    import jinja2  # not above: a page is seldom asked for

    loader = jinja2.PackageLoader("parsers.answers", "templates")
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return made.get_template("report.html")


def page(reports: Sequence[Report], language: str = "fr") -> Iterator[str]:
    """One self-contained HTML document with these reports: no script, nothing fetched, everything escaped."""
    return _template().generate(reports=reports, language=language, spelled=spelled, columns=_COUNTED)


def as_json(acknowledgement: Acknowledgement, language: str = "fr") -> dict[str, Any]:
    """One file as `edi check --json` gives it, with `findings_total`, `findings_by_code` and `corrections` beside.

    Every finding has its ten keys, None where there is nothing to say; its texts are in `language`.
    """
    ack = acknowledgement
    return {
        "file": harmless(ack.file),
        "sha256": ack.sha256,
        "format": ack.format,
        "verdict": ack.verdict,
        "side": ack.side,
        "reference": _safe(ack.reference),
        "invoices": ack.invoices,
        "accepted": ack.accepted,
        "refused": ack.refused,
        "not_checked": list(ack.not_checked),
        "findings": [_finding_json(finding, language) for finding in ack.findings],
        "findings_total": ack.findings_total,
        "findings_by_code": dict(ack.findings_by_code),
        "would": _would_json(ack.would),
        "corrections": [harmless(name) for name in ack.corrections],
    }


def _would_json(would: Rehearsal | None) -> dict[str, Any] | None:
    if would is None:
        return None
    facts: dict[str, Any] = msgspec.to_builtins(would)
    for invoice in facts["invoices"]:
        invoice.update(number=harmless(invoice["number"]), other=_safe(invoice["other"]))
    return facts


def _finding_json(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "code": finding.code,
        "reach": catalogue.reach(finding),
        "record": finding.record,
        "position": finding.position,
        "field": _safe(finding.field),
        "invoice": _safe(finding.invoice),
        "found": _safe(finding.found),
        "expected": _safe(say(finding.expected, language)),
        "message": harmless(catalogue.message(finding, language)),
        "suggestion": _safe(say(finding.suggestion, language)),
        **({"column": finding.column, "path": harmless(finding.path)} if finding.path else {}),
    }


def _safe(outside: str | None) -> str | None:
    return None if outside is None else harmless(outside)
