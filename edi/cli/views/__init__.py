"""How results and events look on a terminal, by their type; what is not named here is a table, or sentences."""

from collections.abc import Callable
from typing import Any

from edi.acts import checking, partners, taking
from edi.acts.lending import declaring, ledger, matching, years
from edi.cli.screen import STYLES, Screen, as_json, emit
from edi.cli.views import files, home
from edi.cli.views.lending import cases, money
from edi.core.act import Result, Rows
from schemas.acknowledgement import VERDICT_WORDS
from schemas.text import Both, filled

_VIEWS: dict[type[Result], Callable[[Any, Screen], None]] = {
    checking.Checked: files.checked,
    declaring.Faulty: files.faulty,
    checking.Specification: files.specification,
    taking.Held: files.held,
    taking.Passed: home.passed,
    taking.Status: home.status,
    matching.Reconciled: cases.reconciled,
    matching.Cases: cases.cases,
    matching.Traced: cases.traced,
    matching.Title: cases.title,
    partners.Imported: money.changes,
    partners.Answered: money.changes,
    partners.Known: money.known,
    ledger.Proved: money.proved,
    years.Closed: money.closed,
    years.Shared: money.shared,
}


def view(result: Result, screen: Screen) -> None:
    """Shows a result to a person."""
    for text in result.above:
        screen.line(text)
    if special := _VIEWS.get(type(result)):
        special(result, screen)
    elif isinstance(result, Rows):
        _table(result, screen)
    for text in result.below:
        screen.line(text)


def _table(result: Rows, screen: Screen) -> None:
    """A table with those that belong to it, or what is said where there is nothing."""
    rows = result.rows
    if result.empty and isinstance(rows, list) and not rows:
        screen.line(result.empty, "green")
    else:
        screen.table(result.title, result.columns, rows, result.last)
    for below in result.tables:
        screen.line()
        _table(below, screen)


def happened(screen: Screen, as_lines: bool, event: str, facts: dict[str, Any]) -> None:
    """A line for each thing that happens; troubles on stderr, with JSON too."""
    if event == "trouble":
        screen.note(filled(Both("ennui  {trouble}", "trouble  {trouble}"), trouble=facts["trouble"]), "yellow")
    elif event == "failed":
        screen.complain(facts["trouble"], facts["file"])
    elif event == "demo" and not as_lines:
        from edi.cli.views.lending import demo

        demo.step(facts["step"], facts["facts"], screen)
    elif event == "note":
        screen.note(facts["note"])
    elif as_lines:
        document = facts if event == "account" else None
        if event == "pass" and (did := facts["did"].did) and (did.pulled or did.taken or did.pushed or did.troubles):
            document = facts["did"].document(screen.language)
        if document is not None:
            emit([as_json({name: value for name, value in document.items() if name != "place"}, None), "\n"])
    elif event == "account":
        files.account(facts, screen)
    elif event in _HAPPENED:
        where = "/".join(filter(None, (facts.get("link"), facts.get("home"))))
        says, style = _HAPPENED[event]
        ack = facts.get("acknowledgement")
        if ack is not None:
            says, style = VERDICT_WORDS[ack.verdict], f"bold {STYLES[ack.verdict]}"
        more = f"{ack.accepted}/{ack.invoices}" if ack is not None else ""
        size = (f"  {facts['size']} o", "dim") if event == "pulled" else f"  {more}"
        screen.line(screen.rich((says, style), f"  {where}  {ack.file if ack is not None else facts['file']}", size))
    elif event == "running":
        many = Both("edi run : {n} liaisons, Ctrl-C pour finir", "edi run: {n} links, Ctrl-C to end")
        alone = Both("edi run : {n} liaison, Ctrl-C pour finir", "edi run: {n} link, Ctrl-C to end")
        screen.line(filled(alone if facts["links"] == 1 else many, n=facts["links"]))


_HAPPENED = {
    "pulled": (Both("tiré", "pulled"), "cyan"),
    "taken": (Both("pris", "taken"), "bold"),
    "pushed": (Both("envoyé", "sent"), "green"),
}
