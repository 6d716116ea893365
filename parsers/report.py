"""The plain-language report on one file: what a librarian or a bookseller reads, and its JSON.

French first, English on request (format, section 4). At most 100 columns, UTF-8, for any plain text
editor; the JSON of one file has the keys of `edi check --json` and two counts more. Texts from
outside are made harmless in both. The words stand in `parsers.report_words`.
"""

from typing import Any

from parsers.plain import columns, cut, harmless, wrapped
from parsers.report_words import amount, counted, field_label, number, spelled, verdict, what_to_do, when
from schemas import catalogue
from schemas.acknowledgement import Acknowledgement
from schemas.finding import Finding, say

WIDTH = 100
_SHOWN = 160  # characters kept of one text from outside: two lines
_LISTED = 40  # refused invoices listed by number at the head of their section


def text(acknowledgement: Acknowledgement, language: str = "fr") -> str:
    """The report in `language` (`fr` or `en`): lines of at most 100 columns, each ended by LF."""
    ack = acknowledgement
    by_reach: dict[str, list[Finding]] = {"file": [], "invoice": [], "warning": []}
    for finding in ack.findings:
        by_reach[catalogue.reach(finding)].append(finding)
    lines = _box(ack, language)
    lines += ["", *_heading(spelled("to-do", language))]
    for paragraph in what_to_do(ack, bool(by_reach["warning"]), language):
        lines += _indented(harmless(paragraph))
    lines += _overview(ack, language)
    if by_reach["file"]:
        lines += ["", *_heading(counted("file-findings", len(by_reach["file"]), language))]
        for finding in by_reach["file"]:
            lines += _finding(finding, ack.format, language)
    if by_reach["invoice"] or ack.refused:
        lines += ["", *_refused(ack, by_reach["invoice"], language)]
    if by_reach["warning"]:
        lines += ["", *_heading(counted("warnings", len(by_reach["warning"]), language))]
        lines += _indented(spelled("warnings-note", language))
        lines += _by_invoice(by_reach["warning"], ack, spelled("whole", language), language)
    if ack.not_checked:
        lines += ["", *_heading(spelled("not-checked", language))]
        lines += _indented(spelled("not-checked-note", language))
        lines += _indented(", ".join(ack.not_checked))
    return "".join(line.rstrip() + "\n" for line in lines)


def as_json(acknowledgement: Acknowledgement, language: str = "fr") -> dict[str, Any]:
    """One file as `edi check --json` gives it, with `findings_total` and `findings_by_code` beside.

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
    }


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
    }


def _safe(outside: str | None) -> str | None:
    return None if outside is None else harmless(outside)


def _short(outside: str) -> str:
    return cut(harmless(outside), _SHOWN)


def _box(ack: Acknowledgement, language: str) -> list[str]:
    """The header: what file, what became of it, whose it is, and how many invoices."""
    word, sentence = verdict(ack, language)
    declarant = " · ".join(harmless(part) for part in (ack.declarant, ack.side and spelled(ack.side, language)) if part)
    rows = [
        ("file", _short(ack.file)),
        ("verdict", word),
        (None, sentence),
        (None, None),
        ("declarant", declarant or spelled("unread", language)),
        ("reference", _short(ack.reference or "") or spelled("unread", language)),
        ("period", spelled("unread", language) if ack.period is None else str(ack.period)),
        ("issued", when(ack.issued, language) or spelled("unread", language)),
        ("answered", when(ack.answered_at, language)),
        ("invoices", amount(ack, language)),
        ("sha256", ack.sha256),
    ]
    if ack.verdict == "duplicate" and not ack.invoices:
        rows = [row for row in rows if row[0] != "invoices"]
    if ack.use == "test" or ack.dry_run:
        rows.insert(4, ("use", spelled("test", language)))
    inner = WIDTH - 2
    left, right = spelled("scheme", language), spelled("title", language)
    lines = [
        f"┌{'─' * inner}┐",
        f"│  {left}{' ' * (inner - 4 - columns(left) - columns(right))}{right}  │",
        f"├{'─' * inner}┤",
    ]
    margin = 2 + max(columns(spelled(label, language)) for label, _ in rows if label) + 3
    for label, value in rows:
        head = f"  {spelled(label, language)}" if label else ""
        for line in wrapped(value or "", inner - margin - 2):
            shown = f"{head:<{margin}}{line}"
            lines.append(f"│{shown}{' ' * (inner - columns(shown))}│")
            head = ""
    return [*lines, f"└{'─' * inner}┘"]


def _indented(paragraph: str) -> list[str]:
    return [f"  {line}" for line in wrapped(paragraph, WIDTH - 4)]


def _heading(title: str) -> list[str]:
    return [title.upper(), "─" * WIDTH]


def _overview(ack: Acknowledgement, language: str) -> list[str]:
    """How many findings of each code, when not all are shown or they are many."""
    missing = ack.findings_total - len(ack.findings)
    if missing <= 0 and (ack.findings_total < 20 or len(ack.findings_by_code) < 2):
        return []
    lines = ["", *_heading(counted("findings", ack.findings_total, language))]
    if missing > 0:
        note = counted("missing", missing, language)
        lines += [*_indented(note), ""]
    shown = dict.fromkeys(ack.findings_by_code, 0)
    for finding in ack.findings:
        shown[finding.code] = shown.get(finding.code, 0) + 1
    row = "  {:<5}{:<40}{:<18}{:>12}{:>14}"
    lines.append(row.format(*(spelled(f"column-{name}", language) for name in _COLUMNS)))
    for code, in_report in sorted(shown.items(), key=lambda pair: catalogue.CATALOGUE[pair[0]].number):
        entry = catalogue.CATALOGUE[code]
        total = ack.findings_by_code.get(code, in_report)
        reach = spelled(f"reach-{entry.reach}", language)
        lines.append(row.format(entry.number, code, reach, number(total, language), number(in_report, language)))
    return lines


_COLUMNS = ("number", "code", "reach", "total", "shown")


def _refused(ack: Acknowledgement, findings: list[Finding], language: str) -> list[str]:
    """The refused invoices: their numbers first, then what is wrong with each."""
    if ack.structure_refused:
        lines = _heading(counted("invoice-findings", len(findings), language))
        note = spelled("invoice-findings-note", language)
    else:
        lines = _heading(counted("refused-invoices", ack.refused, language))
        named = list(dict.fromkeys(f.invoice for f in findings if f.invoice))
        listed = ", ".join(_short(invoice) for invoice in named[:_LISTED])
        if named[_LISTED:] or ack.findings_total > len(ack.findings):
            listed += spelled("and-others", language) if listed else ""
        booked = amount(ack, language, others=True)
        note = f"{listed}. {booked}" if listed else booked
    return lines + _indented(note) + _by_invoice(findings, ack, spelled("no-number", language), language)


def _by_invoice(findings: list[Finding], ack: Acknowledgement, nameless: str, language: str) -> list[str]:
    groups: dict[str | None, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.invoice or None, []).append(finding)
    lines: list[str] = []
    for invoice, group in groups.items():
        name = nameless if invoice is None else f"{spelled('invoice', language)} {_short(invoice)}"
        first, *rest = wrapped(name, WIDTH - 4)
        lines += ["", f"▪ {first}", *(f"  {line}" for line in rest)]
        for finding in group:
            lines += _finding(finding, ack.format, language)
    return lines


def _numbered(what: str, place: int | None, language: str) -> str:
    return "" if place is None else f"{spelled(what, language)} {place}"


def _finding(finding: Finding, format_: str | None, language: str) -> list[str]:
    """One finding: its number and sentence, then where, found, expected, what to do."""
    place = [
        _numbered("line" if format_ == "xml" else "record", finding.record, language),
        _numbered("position", finding.position, language),
        field_label(_short(finding.field), language) if finding.field else "",
    ]
    expected, suggestion = say(finding.expected, language), say(finding.suggestion, language)
    rows = [
        ("where", " · ".join(part for part in place if part)),
        ("found", None if finding.found is None else _short(finding.found) or spelled("nothing", language)),
        ("expected", None if expected is None else _short(expected) or spelled("nothing", language)),
        ("do", suggestion and _short(suggestion)),
        ("code", finding.code),
    ]
    sentence = cut(harmless(catalogue.message(finding, language)), 3 * _SHOWN)
    first, *rest = wrapped(sentence, WIDTH - 9)
    lines = [f"  {catalogue.CATALOGUE[finding.code].number}  {first}", *(f"       {line}" for line in rest)]
    for label, value in rows:
        head = spelled(label, language)
        for line in wrapped(value, WIDTH - 21) if value else ():
            lines.append(f"         {head:<10}{line}")
            head = ""
    return lines
