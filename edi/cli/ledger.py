"""Commands on the ledger: its entries listed and exported, balances as of a day, and its proof."""

import sys
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    bars,
    emit,
    examples,
    home_path,
    json_rows,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    wrong_use,
)
from edi.cli.opening import write_out
from schemas.errors import NotAllowed
from schemas.money import french, several
from schemas.outcome import REASONS

if TYPE_CHECKING:
    from edi.exports import Column


def _gln(given: str | None) -> str | None:
    from schemas import gln

    if given is not None and not gln.has_form(given):
        raise wrong_use(f"{given!r} : un GLN a 13 chiffres / a GLN has 13 digits")
    return given


PeriodOption = Annotated[int | None, typer.Option("--period", metavar="ANNÉE", help="Une période / one period.")]
FORMS = ("csv", "csv-fr", "json", "xlsx")
#: How many entries a terminal is shown; an export has them all.
_SHOWN = 100
SupplierOption = Annotated[
    str | None, typer.Option("--supplier", metavar="GLN", callback=_gln, help="Un fournisseur / one supplier.")
]
OutOption = Annotated[Path, typer.Option("-o", "--output", metavar="FICHIER", help="Où l'écrire / where to.")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    ledger = typer.Typer(no_args_is_help=True, help="Le registre des écritures. / The ledger.")
    ledger.command("list", epilog=examples("edi ledger list --period 2025 --supplier 3025616805006"))(ledger_list)
    ledger.command(
        "export",
        epilog=examples(
            "edi ledger export --format csv -o registre.csv",
            "edi ledger export --format xlsx --period 2025 -o 2025.xlsx",
        ),
    )(ledger_export)
    ledger.command("balance", epilog=examples("edi ledger balance --at 2025-12-31"))(ledger_balance)
    ledger.command("trial", epilog=examples("edi ledger trial --period 2025"))(ledger_trial)
    ledger.command(
        "verify",
        epilog=examples("edi ledger verify", "edi ledger verify --head tete-2025.json --key cle.pub --json"),
    )(ledger_verify)
    ledger.command("head", epilog=examples("edi ledger head --key /media/usb/cle -o tete-2025.json"))(ledger_head)
    ledger.command("key", epilog=examples("edi ledger key /media/usb/cle"))(ledger_key)
    app.add_typer(ledger, name="ledger")


def ledger_list(
    context: typer.Context, home: HomeOption = None, as_json: JsonOption = False,
    period: PeriodOption = None, supplier: SupplierOption = None,
) -> None:  # fmt: skip
    """Lister les écritures. / List the entries."""
    from edi.reconciliation import estimating
    from edi.reconciliation.claims import entries

    count = total = 0
    last: deque[dict[str, Any]] = deque(maxlen=_SHOWN)
    with opened(context, home) as (_, connection):
        rows = entries(connection, period, supplier)
        if as_json:
            emit(json_rows("entries", rows))
            return
        for row in rows:
            count, total = count + 1, total + row["remuneration_cents"]
            last.append(row)
        estimates = list(estimating.entries(connection, period, supplier, net=True))
    if last:
        heads = [
            "n°", "an / year", "fournisseur / supplier", "bibliothèque / library", "facture / invoice", "date", "base",
            "taux / rate", "part / share", "ex. / cop.",
        ]  # fmt: skip
        shown = [
            "entry", "period", "supplier", "library", "invoice_number", "invoice_date", "base_cents", "rate",
            "remuneration_cents", "copies",
        ]  # fmt: skip
        for name, head in (("reverses", "annule / reverses"), ("reason", "motif / reason")):
            if any(row[name] for row in last):
                heads, shown = [*heads, head], [*shown, name]
        last = deque({**row, "reason": REASONS[row["reason"]].fr if row["reason"] else ""} for row in last)
        cells = [[french(r[c]) if c.endswith("_cents") else r[c] for c in shown] for r in last]
        right = ("n°", "base", "part", "ex.", "annule")
        show(table("Registre / Ledger", heads, cells, right=right, folded=("facture",)))
    if count > len(last):
        out.print(f"[dim]… {count - len(last)} avant / before ; tout / all : edi ledger export[/]")
    out.print(f"{several(count, 'écriture')} / entries, total [bold]{french(total)} €[/]")
    if estimates:
        estimated = sum(row["remuneration_cents"] for row in estimates)
        out.print(
            f"à part / beside : {several(len(estimates), 'estimation')} d'office / estimates, {french(estimated)} €"
        )


def ledger_export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", metavar="|".join((*FORMS, "fec")), help="csv-fr : pour un tableur / for a spreadsheet ; fec : le journal d'une période / a period's journal.")] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FICHIER", help="Sinon stdout / else stdout ; fec : un dossier / a folder.")] = None,
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Comme --format json / same as --format json.")] = False,
    period: PeriodOption = None, supplier: SupplierOption = None,
    estimates: Annotated[bool, typer.Option("--estimates", help="Les estimations d'office, et leurs reprises / the estimates instead.")] = False,
) -> None:  # fmt: skip
    """Exporter les écritures, montants exacts. / Export the entries, exact amounts."""
    from edi.books.accounts import fec, fec_name
    from edi.reconciliation import estimating
    from edi.reconciliation.claims import SHEET, entries

    with opened(context, home) as (where, connection):
        if form == "fec" and not as_json:
            if period is None or supplier is not None:
                raise wrong_use("--format fec : --period ANNÉE, sans / without --supplier")
            if output is not None and output.is_dir():
                output = output / fec_name(where.settings.siren, period)
            written(output, fec(connection, where.settings.accounts, period))
            return
        sheets = [
            ("Registre", SHEET, entries(connection, period, supplier)),
            ("Estimations", estimating.SHEET, estimating.entries(connection, period, supplier)),
        ]
        name = "estimates" if estimates else "entries"
        export("json" if as_json else form, output, name, sheets[::-1] if estimates else sheets, "fec")


def export(
    form: str,
    output: Path | None,
    name: str,
    sheets: "Sequence[tuple[str, Iterable[Column], Iterable[Any]]]",
    *more: str,
) -> None:
    """Writes the first of `sheets`, or with xlsx all of them, to a file or stdout. `more` formats are named only."""
    from edi import exports

    if form not in FORMS:
        raise wrong_use(f"--format {form!r} : {', '.join((*FORMS, *more))}")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise wrong_use("--format xlsx : -o FICHIER")
    _, columns, rows = sheets[0]
    pieces: Iterable[str | bytes]
    if form == "json":
        pieces = json_rows(name, rows)
    elif form == "csv":
        pieces = exports.plain_csv([column.name for column in columns], rows)
    else:
        pieces = exports.spreadsheet_csv(columns, rows) if form == "csv-fr" else exports.workbook(sheets)
    written(output, pieces)


def written(output: Path | None, pieces: Iterable[str | bytes]) -> None:
    """Writes to a file that appears once it is whole, or to stdout."""
    if output is None:
        emit(pieces)
    else:
        write_out(output, (piece.encode() if isinstance(piece, str) else piece for piece in pieces))


AtOption = Annotated[
    datetime | None, typer.Option("--at", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Tel qu'au soir de ce jour / as that evening.")
]  # fmt: skip


def ledger_balance(
    context: typer.Context, at: AtOption = None,
    home: HomeOption = None, as_json: JsonOption = False, period: PeriodOption = None, supplier: SupplierOption = None,
) -> None:  # fmt: skip
    """Les soldes par période, fournisseur et taux, aujourd'hui ou un jour passé. / Balances, today or on a past day."""
    from edi.reconciliation.claims import balances

    day = at and at.date()
    with opened(context, home) as (_, connection):
        rows = balances(connection, day, period, supplier)
    total = sum(row["remuneration_cents"] for row in rows)
    if as_json:
        print_json({"at": day and day.isoformat(), "balances": rows, "remuneration_cents": total})
        return
    columns = ("period", "supplier", "rate", "entries", "base_cents", "remuneration_cents", "copies")
    heads = (
        "an / year",
        "fournisseur / supplier",
        "taux / rate",
        "écritures / entries",
        "base",
        "part / share",
        "ex. / cop.",
    )
    cells = [[french(row[c]) if c.endswith("_cents") else row[c] for c in columns] for row in rows]
    if cells:
        show(table("Soldes / Balances", heads, cells, right=("écritures", "base", "part", "ex.")))
    out.print(f"total{f' au / at {day}' if day else ''} : [bold]{french(total)} €[/]")


def ledger_trial(
    context: typer.Context, at: AtOption = None,
    home: HomeOption = None, as_json: JsonOption = False, period: PeriodOption = None,
) -> None:  # fmt: skip
    """La balance des comptes ; code 1 si elle ne tombe pas à zéro. / The trial balance; 1 if it is not zero."""
    from edi.books.accounts import trial

    with opened(context, home) as (where, connection):
        rows = trial(connection, where.settings.accounts, period, at and at.date())
    sums = {name: sum(row[name] for row in rows) for name in ("debit_cents", "credit_cents", "balance_cents")}
    if as_json:
        print_json({"accounts": rows, **sums})
    else:
        cells = [(r["account"], r["label"], r["name"], *(french(r[name]) for name in sums)) for r in rows]
        total = ("", "total", "", *(french(cents) for cents in sums.values()))
        heads = (
            "compte / account",
            "intitulé / label",
            "nom / name",
            "débit / debit",
            "crédit / credit",
            "solde / balance",
        )
        show(table("Balance des comptes / Trial balance", heads, [*cells, total], right=("débit", "crédit", "solde")))
    raise typer.Exit(int(sums["balance_cents"] != 0))


def ledger_verify(
    context: typer.Context,
    head: Annotated[Path | None, typer.Option("--head", metavar="FICHIER", help="Une tête signée / a signed head.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FICHIER", help="La clé de la tête / its key.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Sans relire les fichiers d'origine / not the original files.")] = False,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Prouver que rien n'a été changé et que chaque centime découle des déclarations. / Prove the ledger.

    Code 1 : quelque chose ne tombe pas juste, la première écriture fautive est nommée ; 2 : illisible. / 1: something
    does not hold, the first entry that fails is named; 2: cannot be read.
    """
    import msgspec

    from edi.books import proof, sealing

    if (head is None) != (key is None):
        raise wrong_use("--head et / and --key vont ensemble / go together")
    known = sealing.read(head, key) if head and key else None
    with opened(context, home) as (where, connection), bars() as progress:
        task = progress.add_task("")
        found = proof.verify(
            connection, where, not quick, known,
            lambda what, done, of: progress.update(task, description=what, completed=done, total=of),
        )  # fmt: skip
    fails = found.failure
    if as_json:
        facts = {name: getattr(found, name) for name in ("runs", "entries", "remuneration_cents", "run_hash", "files")}
        failure = fails and {**msgspec.structs.asdict(fails), "message": proof.WORDS[fails.check].fr}
        signed = known and {"at": known.at, "runs": known.runs, "entries": known.entries}
        print_json({"holds": fails is None, **facts, "head": signed, "failure": failure})
    elif fails is None:
        out.print(
            f"[bold green]Le registre est intact. / The ledger holds.[/] {found.entries} écritures / entries, "
            f"{found.runs} passages / runs, {found.files} fichiers relus / files read again, [bold]{french(found.remuneration_cents)} €[/]"
        )
        if known:
            out.print(
                f"Rien n'a été changé ni coupé avant la tête du {known.at} ({known.entries} écritures). / Nothing before the head."
            )
        out.print(f"[dim]empreinte / hash {found.run_hash}[/]")
    else:
        said = proof.WORDS[fails.check]
        which = "" if fails.entry is None else f"écriture / entry {fails.entry} : "
        out.print(
            f"[bold red]Le registre ne tombe pas juste. / The ledger does not hold.[/]\n{which}{said.fr} / {said.en}"
        )
        out.print(
            f"[dim]trouvé / found[/] {sentence(fails.found)}  [dim]attendu / expected[/] {sentence(fails.expected)}",
            soft_wrap=True,
        )
    raise typer.Exit(int(fails is not None))


def ledger_head(
    context: typer.Context,
    output: OutOption,
    key: Annotated[Path, typer.Option("--key", metavar="FICHIER", help="La clé privée, hors du dossier / the private key, outside the home.")],
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Signer où en est le registre, à garder ailleurs. / Sign how far the ledger goes, to be kept elsewhere."""
    from edi.books import proof, sealing
    from edi.settings import paris_now

    with opened(context, home) as (where, connection):
        found = proof.verify(connection, where, files=False)
        if found.failure is not None:
            raise NotAllowed(
                why="Le registre ne tombe pas juste : edi ledger verify. / The ledger does not hold: not signed."
            )
        facts = {name: getattr(found, name) for name in ("runs", "entries", "remuneration_cents", "run_hash")}
        head = sealing.Head(gln=where.settings.gln, at=paris_now(), beside=found.beside, **facts)
        write_out(output, [sealing.sign(head, key, where.path)])
    if as_json:
        print_json({"head": str(output), "at": head.at, **facts})
    else:
        out.print(
            f"{sentence(output)} : {found.entries} écritures, [bold]{french(found.remuneration_cents)} €[/]. À garder ailleurs. / Keep it elsewhere."
        )


def ledger_key(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FICHIER", help="Hors du dossier de travail / outside the home.")],
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Faire une clé de signature (Ed25519). / Make a signing key.

    Ou / or: openssl genpkey -algorithm ed25519 -out cle ; openssl pkey -in cle -pubout -out cle.pub
    """
    from edi.books import sealing

    public = sealing.make_key(path, home_path(context, home))
    if as_json:
        print_json({"private": str(path), "public": str(public)})
    else:
        out.print(
            f"{sentence(path)} : à garder secrète / keep it secret. {sentence(public)} : pour vérifier / to verify with."
        )
