"""The command `edi reconcile`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    opened,
    out,
    print_json,
    show,
    table,
)
from schemas.money import french, several
from schemas.outcome import REASONS


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog=examples("edi reconcile --details", "edi reconcile --json | jq .discrepancies"))(reconcile)


_STATES = {
    "matched": ("rapprochées", "matched"),
    "net_differs": ("dont net différent", "of which net differs"),
    "discrepancies": ("en écart", "discrepancies"),
    "proposed": ("proposées", "proposed"),
    "waiting_library": ("attendent la bibliothèque", "waiting for the library"),
    "waiting_supplier": ("attendent le fournisseur", "waiting for the supplier"),
}
_COLOURS = {"matched": "bold green", "discrepancies": "bold red", "proposed": "bold yellow"}


def reconcile(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    details: Annotated[bool, typer.Option("--details", help="Les factures une à une / each invoice.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Tout refaire depuis les faits, n'écrire que les différences / make everything anew, post the differences.")] = False,
) -> None:  # fmt: skip
    """Rapprocher les deux côtés et écrire le registre. / Match both sides and post the ledger."""
    from edi.lending.booking.status_files import send_pending
    from edi.reconciliation.reconciling import reconcile as reconciled
    from edi.reconciliation.tally import details as detailed
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        counts: dict[str, Any] = dict(reconciled(connection, paris_now(), anew))
        told = send_pending(where, connection, paris_now())
        lists = detailed(connection) if details else {}
    if as_json:
        print_json({**counts, **lists})
        return
    rows = [
        (
            Text.assemble(french_word, (f" / {english}", "dim")),
            Text(str(counts[name]), style=_COLOURS.get(name, "bold") if counts[name] else "dim"),
        )
        for name, (french_word, english) in _STATES.items()
    ]
    show(table("Rapprochement / Reconciliation", ("état / state", "factures / invoices"), rows, right=("factures",)))
    amount = f"[bold]{french(counts['remuneration_cents'])} €[/]"
    out.print(f"{several(counts['entries_posted'], 'écriture')} de ce passage / entries of this pass : {amount}")
    if told:
        out.print(f"{several(told, 'état')} à envoyer aux déclarants / status files to send")
    for name, invoices in lists.items():
        state = name.removesuffix("_list")
        if invoices and state != "matched":
            out.print()
            show(_invoices(" / ".join(_STATES[state]), invoices))


def _invoices(title: str, invoices: list[dict[str, Any]]) -> Table:
    columns = ("date", "supplier", "library", "number", "kind", "ht_cents", "reason")
    heads = (
        "date", "fournisseur / supplier", "bibliothèque / library", "numéro / number", "type / kind", "HT / net",
        "motif / reason",
    )  # fmt: skip
    shown: dict[str, Callable[[Any], Any]] = {
        "ht_cents": french,
        "reason": lambda reason: f"{REASONS[reason].fr} ({reason})" if reason else "",
    }
    cells = [[shown.get(c, str)(i[c]) for c in columns] for i in invoices]
    return table(title, heads, cells, right=("HT",))
