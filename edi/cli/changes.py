"""What a change of the directory came to, as a table: an import's, or an answered referencing request's."""

from typing import Any

from rich.text import Text

from edi.cli.common import out, show, table

_NEW = Text("nouveau / new", style="green")
_SHOWN = 60


def show_changes(report: dict[str, Any]) -> None:
    """What changed, fact by fact, what is new, a partner a row, and how many invoices that touches."""
    rows: list[tuple[object, ...]] = []
    for change in sorted(report["changes"], key=lambda change: change["facts"][0]["before"] is None):
        told = [(fact["field"], fact["since"], fact["before"], fact["after"]) for fact in change["facts"]]
        if told[0][2] is None:
            said = " ; ".join(f"{name} {after} {since}".strip() for name, since, _, after in told if name != "name")
            told = [(_NEW, "", "", said)]
        rows += [(change["gln"], change["name"], *fact) for fact in told]
    if rows:
        heads = ("GLN", "nom / name", "fait / fact", "depuis / since", "avant / before", "après / after")
        show(table("Changements / Changes", heads, rows[:_SHOWN], folded=("avant", "après")))
    if len(rows) > _SHOWN:
        out.print(f"[dim]... et {len(rows) - _SHOWN} autres : --json / and others[/]")
    out.print(
        "{added} ajoutés, {changed} modifiés, {unchanged} inchangés ; {touched} factures à rapprocher de nouveau. / "
        "{added} added, {changed} changed, {unchanged} unchanged; {touched} invoices to reconcile again.".format(
            **report
        ),
        soft_wrap=True,
    )
