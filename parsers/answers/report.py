"""The report on one file: what a librarian or a bookseller reads as plain text or as a page, and its JSON.

French first, English on request (format, section 4). `told` puts it into words, part by part; `parsers.answers.report_text` sets
those as text, the page here is one self-contained file. Texts from outside are made harmless in all of them. The words stand in
`parsers.answers.report_words`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from parsers.answers.report_words import amount, counted, field_label, number, spelled, verdict, what_to_do, when
from parsers.excerpts import Excerpt
from parsers.plain import cut, harmless
from schemas import catalogue
from schemas.acknowledgement import Acknowledgement, Rehearsal
from schemas.finding import Finding
from schemas.money import decimal, french
from schemas.text import say

if TYPE_CHECKING:
    import jinja2

_SHOWN = 160  # characters kept of one text from outside: two lines
_LISTED = 40  # invoices listed in the summary
NO_EXCERPTS: Mapping[Finding, Excerpt] = MappingProxyType({})


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


class Part(msgspec.Struct, frozen=True):
    """A titled part of a report: paragraphs, a table with its heads, findings by invoice.

    `name` is to-do, counts, summary, file, invoice, warning or not-checked.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, tuple[Told, ...]], ...] = ()


class Report(msgspec.Struct, frozen=True):
    """Everything a report says, in words of one language; what comes from outside is harmless."""

    language: str
    verdict: str
    rows: tuple[tuple[str | None, str], ...]
    parts: tuple[Part, ...]


def told(ack: Acknowledgement, language: str = "fr", excerpts: Mapping[Finding, Excerpt] = NO_EXCERPTS) -> Report:
    """The report in words. `excerpts` are what some of the findings point at."""
    return Report(language, ack.verdict, tuple(_head(ack, language)), tuple(_parts(ack, language, excerpts)))


def _parts(ack: Acknowledgement, language: str, excerpts: Mapping[Finding, Excerpt]) -> Iterator[Part]:
    warned = any(catalogue.reach(finding) == "warning" for finding in ack.findings)
    yield Part("to-do", spelled("to-do", language), tuple(map(harmless, what_to_do(ack, warned, language))))
    missing = ack.findings_total - len(ack.findings)
    if missing > 0 or (ack.findings_total >= 20 and len(ack.findings_by_code) > 1):
        notes = (counted("missing", missing, language),) if missing > 0 else ()
        title, names = counted("findings", ack.findings_total, language), ("number", "code", "reach", "total", "shown")
        yield Part("counts", title, notes, _table(names, _counts(ack, language), language))
    summary = _table(("invoice", "state", "codes"), _summary(ack, language), language)
    if len(summary) > 2:
        yield Part("summary", spelled("summary", language), table=summary)
    yield from _sections(ack, language, excerpts)
    if ack.not_checked:
        yield Part("not-checked", spelled("not-checked", language), tuple(_not_checked(ack, language)))


def _table(names: Sequence[str], rows: Iterable[tuple[str, ...]], language: str) -> tuple[tuple[str, ...], ...]:
    return (tuple(spelled(f"column-{name}", language) for name in names), *rows)


def _sections(ack: Acknowledgement, language: str, excerpts: Mapping[Finding, Excerpt]) -> Iterator[Part]:
    """The findings of each reach, by invoice."""
    of_invoices: tuple[str, int | None, str] = ("refused-invoices", ack.refused, amount(ack, language, others=True))
    if ack.structure_refused:
        of_invoices = ("invoice-findings", None, spelled("invoice-findings-note", language))
    advised: set[str] = set()
    for reach, (title, count, note), nameless in (
        ("file", ("file-findings", None, ""), ""),
        ("invoice", of_invoices, spelled("no-number", language)),
        ("warning", ("warnings", None, spelled("warnings-note", language)), spelled("whole", language)),
    ):
        found = [finding for finding in ack.findings if catalogue.reach(finding) == reach]
        groups: dict[str, list[Told]] = {}
        for finding in found:
            name = f"{spelled('invoice', language)} {_short(finding.invoice)}" if finding.invoice else nameless
            groups.setdefault(name, []).append(_told(finding, ack.format, excerpts.get(finding), language, advised))
        if found or (reach == "invoice" and ack.refused):
            by_name = tuple((name, tuple(group)) for name, group in groups.items())
            title = counted(title, len(found) if count is None else count, language)
            yield Part(reach, title, (note,) if note else (), groups=by_name)


def _not_checked(ack: Acknowledgement, language: str) -> Iterator[str]:
    """Why some checks could not be made here, and below it their codes."""
    for why, of_directory in (("on-record", False), ("no-directory", True)):
        codes = [code for code in ack.not_checked if (code in catalogue.OF_DIRECTORY) == of_directory]
        if codes:
            yield f"{spelled(why, language)}\n{', '.join(codes)}"


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
    return _template().generate(reports=reports, language=language, spelled=spelled)


_FACTS = (
    "file", "sha256", "format", "verdict", "side", "reference", "invoices", "accepted", "refused", "not_checked",
    "findings", "findings_total", "findings_by_code", "would", "corrections",
)  # fmt: skip


def as_json(acknowledgement: Acknowledgement, language: str = "fr") -> dict[str, Any]:
    """One file as `edi check --json` gives it, with `findings_total`, `findings_by_code` and `corrections` beside.

    Every finding has its ten keys, None where there is nothing to say; its texts are in `language`.
    """
    findings = [_finding_json(finding, language) for finding in acknowledgement.findings]
    return {name: findings if name == "findings" else _safe(getattr(acknowledgement, name)) for name in _FACTS}


def _finding_json(finding: Finding, language: str) -> dict[str, Any]:
    facts = {
        "code": finding.code,
        "reach": catalogue.reach(finding),
        "record": finding.record,
        "position": finding.position,
        "field": finding.field,
        "invoice": finding.invoice,
        "found": finding.found,
        "expected": say(finding.expected, language),
        "message": catalogue.message(finding, language),
        "suggestion": say(finding.suggestion, language),
        **({"column": finding.column, "path": finding.path} if finding.path else {}),
    }
    return {name: _safe(fact) for name, fact in facts.items()}


def _safe(fact: Any) -> Any:
    """A fact with every text in it harmless, in lists and dictionaries."""
    if isinstance(fact, str):
        return harmless(fact)
    if isinstance(fact, tuple):
        return [_safe(each) for each in fact]
    if isinstance(fact, msgspec.Struct):
        fact = msgspec.structs.asdict(fact)
    return {name: _safe(each) for name, each in fact.items()} if isinstance(fact, dict) else fact
