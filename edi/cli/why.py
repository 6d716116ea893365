"""Commands on one case: why it stands as it does, and what a person decides of it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from edi.cli.common import (
    HomeOption,
    JsonOption,
    examples,
    opened,
    out,
    print_json,
    sentence,
    show,
    table,
    when,
    wrong_use,
)
from schemas.money import french, several
from schemas.outcome import REASONS, STATES

Number = Annotated[str, typer.Argument(metavar="NUMÉRO", help="Le numéro de la facture / the invoice number.")]
Supplier = Annotated[str | None, typer.Option("--supplier", metavar="GLN", help="Son fournisseur / its supplier.")]
Library = Annotated[str | None, typer.Option("--library", metavar="GLN", help="Sa bibliothèque / its library.")]
Day = Annotated[str | None, typer.Option("--date", metavar="AAAA-MM-JJ", help="Sa date / its date.")]
By = Annotated[str, typer.Option("--by", metavar="NOM", help="Qui décide / who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXTE", help="Pourquoi (gardé) / why (kept).")]


def add_to(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command(epilog=examples("edi why FA-2025/0012", "edi why 12 --supplier 3025616805006 --json"))(why)
    decide = typer.Typer(no_args_is_help=True, help="Décider d'un cas, et annuler une décision. / Decide on a case.")
    for act, words, example in _ACTS:
        decide.command(act, help=words, epilog=examples(example))(_deciding(act))
    decide.command("undo", epilog=examples('edi decide undo 3 --by "A. Martin" --reason "mauvaise facture"'))(undo)
    decide.command("list", epilog=examples("edi decide list --json"))(decisions)
    app.add_typer(decide, name="decide")


_ACTS = (
    (
        "accept", "Accepter une proposition ou un écart : c'est une même vente. / Accept: they are one sale.",
        'edi decide accept FA-2025/0012 --by "A. Martin" --reason "numéro mal saisi"',
    ),
    (
        "reject", "Rejeter une proposition : ce n'est pas une même vente. / Reject a proposal.",
        'edi decide reject 117 --by "A. Martin" --reason "deux ventes"',
    ),
    (
        "settle", "Classer un net différent ou un écart : vu, expliqué. / Settle: seen and explained.",
        'edi decide settle 12 --by "A. Martin" --reason "frais de port"',
    ),
)  # fmt: skip

_STYLES = {
    "matched": "bold green", "proposed": "bold yellow", "discrepancy": "bold red", "settled": "bold cyan",
    "waiting": "bold blue", "withdrawn": "bold magenta",
}  # fmt: skip
_ACT_WORDS = {
    "accept": "acceptée / accepted",
    "reject": "rejetée / rejected",
    "settle": "classée / settled",
    "undo": "annulée / undone",
}


def why(
    context: typer.Context, number: Annotated[str | None, typer.Argument(metavar="NUMÉRO", help="Le numéro de la facture / the invoice number.")] = None,
    supplier: Supplier = None, library: Library = None,
    entry: Annotated[int | None, typer.Option("--entry", metavar="ÉCRITURE", help="Une écriture, jusqu'aux colonnes / an entry, down to columns.")] = None,
    ean: Annotated[str | None, typer.Option("--ean", metavar="EAN", help="Un titre réparti, avec --period / a title shared out.")] = None,
    period: Annotated[int | None, typer.Option("--period", metavar="ANNÉE")] = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Où en est une facture et pourquoi ; d'une écriture ou d'un titre, jusqu'aux colonnes du fichier d'origine. /
    Where an invoice stands and why; of an entry or a title, down to the columns of the original file."""
    from edi.reconciliation.why import why as facts_of

    if [number is None, entry is None, ean is None].count(False) != 1 or (ean is None) != (period is None):
        raise wrong_use("un numéro, ou --entry, ou --ean avec --period / a number, or --entry, or --ean with --period")
    if number is None:
        _trace(context, home, as_json, entry, ean, period)
        return
    with opened(context, home) as (_, connection):
        facts = facts_of(connection, number, _gln(supplier), _gln(library))
    if as_json:
        print_json(facts)
    else:
        for case in facts["cases"]:
            _show(case)
        for refusal in facts["refused"]:
            _show_refusal(refusal)
        if not facts["cases"] and not facts["refused"]:
            out.print(f"Aucune facture {sentence(number)}. / No such invoice.")
            if facts["alike"]:
                out.print(f"  Finissent pareil / end alike : {sentence(', '.join(facts['alike']))}", soft_wrap=True)
    if not facts["cases"] and not facts["refused"]:
        raise typer.Exit(1)


def _trace(
    context: typer.Context, home: Path | None, as_json: bool, entry: int | None, ean: str | None, period: int | None
) -> None:
    """An entry, or the lines counted of a title, down to the bytes."""
    from edi.books import tracing
    from schemas import gln

    with opened(context, home) as (where, connection):
        if entry is None:
            assert ean is not None and period is not None
            if not gln.has_form(ean):
                raise wrong_use(f"--ean {ean!r} : 13 chiffres / 13 digits")
            lines, share = tracing.title(connection, ean, period), tracing.shared_out(connection, ean, period)
            copies = sum(line["copies"] for line in lines)
            if as_json:
                print_json({"ean": ean, "period": period, "copies": copies, "share": share, "lines": lines})
            if not lines and share is None:
                if not as_json:
                    out.print(f"Aucun exemplaire de {ean} en {period}. / No copy counted.")
                raise typer.Exit(1)
            if as_json:
                return
            names = ("entry", "supplier", "library", "invoice_number", "invoice_date", "file", "record", "copies")
            heads = "écriture / entry|fournisseur / supplier|bibliothèque / library|numéro / number|date|fichier / file|enr. / rec.|ex. / copies"
            show(
                table(
                    f"{ean} · {period}",
                    heads.split("|"),
                    [[line[name] for name in names] for line in lines],
                    right=("ex.",),
                )
            )
            if share is not None:
                halves = (
                    french(share[f"{half}_cents"] + share[f"brought_{half}_cents"])
                    for half in ("authors", "publishers")
                )
                said = "versés / paid" if share["paid"] else "reportés / carried over"
                out.print(
                    "{} ex. ; auteurs / authors {} €, éditeurs / publishers {} €, {}".format(copies, *halves, said)
                )
            return
        facts = tracing.entry(connection, where, entry)
    if as_json:
        print_json(facts)
        return
    made, computed = facts["entry"], facts["computed"]
    out.print(
        f"[bold]Écriture {entry}[/] [dim]/ entry[/]  {made['period']}  {made['posted_at']}  [dim]{made['hash']}[/]",
        soft_wrap=True,
    )
    out.print(
        f"  {french(computed['counted_lines_cents'])} € x {made['rate']} -> base {french(made['base_cents'])} €, "
        f"rémunération / share [bold]{french(made['remuneration_cents'])} €[/] {made['reason']}", soft_wrap=True,
    )  # fmt: skip
    for side in ("supplier_invoice", "library_invoice"):
        invoice = facts[side]
        out.print(
            f"\n  {sentence(invoice['file'])}  [dim]sha256 {invoice['sha256']}[/]  {sentence(invoice['reference'])}",
            soft_wrap=True,
        )
        rows = [*invoice["columns"].items()]
        for line in invoice["line_list"]:
            rows += [(name, line["columns"][name]) for name in ("ean", "quantity", "price") if line["counts"]]
        cells = [
            (place["record"], place["field"], place["offset"], f"{place['first']}-{place['first'] + place['width'] - 1}", place["text"])
            for _, place in rows if place
        ]  # fmt: skip
        heads = "enr. / rec.|zone / field|octet / byte|colonnes / columns|texte / text"
        show(table("", heads.split("|"), cells, right=("enr.", "octet")))


def _gln(code: str | None) -> str | None:
    from schemas import gln

    if code is not None and not gln.has_form(code):
        raise wrong_use(f"GLN {code!r} : 13 chiffres / 13 digits")
    return code


def _show(case: dict[str, Any]) -> None:
    """One case as a page."""
    title = _state(case["state"])
    if case["reason"]:
        named = REASONS[case["reason"]]
        title.append_text(Text.assemble(" · ", named.fr, (f" / {named.en}", "dim")))
    out.rule(title, align="left", style="dim")
    heads = [
        "côté / side",
        "numéro / number",
        "date",
        "HT / net",
        "TTC / gross",
        "prix publics / list",
        "fichier / file",
        "enr. / rec.",
        "sha256",
    ]
    rows = [
        ("fournisseur" if one["side"] == "supplier" else "bibliothèque", f"{one['number']}{' (avoir)' if one['kind'] == 'A' else ''}",
         one["date"], french(one["ht_cents"]), french(one["ttc_cents"]),
         french(one["gross_cents"]) if one["side"] == "supplier" else "", one["file"], one["record"], one["sha256"][:8])
        for one in (*case["supplier_invoices"], *case["library_invoices"])
    ]  # fmt: skip
    first = (case["supplier_invoices"] or case["library_invoices"])[0]
    out.print(_partner("fournisseur / supplier", first["supplier"], first["supplier_name"]))
    out.print(_partner("bibliothèque / library", first["library"], first["library_name"]))
    show(table("", heads, rows, right=("HT", "TTC", "prix publics", "enr.")))
    for line in _sentences(case):
        out.print(Padding(line, (0, 0, 0, 2)))
    if case["near_misses"]:
        misses: list[tuple[object, ...]] = [
            (miss["number"], miss["date"], french(miss["ht_cents"]), miss["supplier"] if miss["side"] == "supplier" else miss["library"],
             " ; ".join(reason["fr"] for reason in miss["lost"]), " ; ".join(reason["fr"] for reason in miss["explained"]))
            for miss in case["near_misses"]
        ]  # fmt: skip
        out.print()
        heads = [
            "numéro / number",
            "date",
            "HT / net",
            "partenaire / partner",
            "pourquoi / why not",
            "explication / may be",
        ]
        show(table("Presque / near-misses", heads, misses, right=("HT",), folded=("pourquoi", "explication")))
    if case["entries"] or case["estimates"]:
        entries: list[tuple[object, ...]] = [
            (e.get("entry") or f"estimation {e['estimate']}", e["period"], french(e.get("base_cents", e.get("ht_cents"))), e["rate"],
             french(e["remuneration_cents"]), f"annule / reverses {e['reverses']}" if e["reverses"] else "", e["hash"][:8])
            for e in (*case["estimates"], *case["entries"])
        ]  # fmt: skip
        columns = "écriture / entry|période / period|base|taux / rate|rémunération / share|note|empreinte / hash"
        show(table("", columns.split("|"), entries, right=("base", "rémunération")))
    out.print()


def _state(state: str) -> Text:
    return Text.assemble((STATES[state].fr, _STYLES[state]), (f" / {STATES[state].en}", "dim"))


def _partner(label: str, code: str, name: str | None) -> Text:
    return Text.assemble((f"  {label:<24}", "dim"), code, f"  {sentence(name)}" if name else "")


def _sentences(case: dict[str, Any]) -> list[Text]:
    """What explains a case, a sentence a line."""
    lines = []
    if case["awaits"]:
        awaited = case["awaits"]
        whom = "la bibliothèque" if awaited["side"] == "library" else "le fournisseur"
        lines.append(
            Text.assemble(
                f"Attend {whom} {awaited['partner']} depuis le {when(awaited['since'])[:10]}.",
                (" / Waits for it since then.", "dim"),
            )
        )
    for one in (*case["supplier_invoices"], *case["library_invoices"]):
        for role in one["not_open"]:
            said = f"{one[role]} n'est pas ouvert le {one['date']}, selon l'annuaire ; cela ne change rien au rapprochement."
            lines.append(Text.assemble(said, (" / Not open that day, says the directory; no rule asks.", "dim")))
    evidence = case["evidence"]
    if evidence:
        said = f"HT : fournisseur {french(evidence['supplier_ht_cents'])} €, bibliothèque {french(evidence['library_ht_cents'])} €, écart {french(evidence['gap_cents'])} €"
        if "tolerance_cents" in evidence:
            said += f", tolérance {french(evidence['tolerance_cents'])} € ; {evidence['days_apart']} jours d'écart"
        lines.append(Text(said + "."))
        for reason in (*evidence.get("explained", ()), *evidence.get("against", ())):
            lines.append(Text.assemble(f"- {reason['fr']}", (f" / {reason['en']}", "dim")))
    for code in dict.fromkeys(row["reason"] for row in (*case["estimates"], *case["entries"]) if row["reason"]):
        estimated = code in {row["reason"] for row in case["estimates"]}
        fr, en = ("Estimation ", "Estimate ") if estimated else ("Base nulle : ", "No base: ")
        lines.append(Text.assemble(f"{fr}{REASONS[code].fr}.", (f" / {en}{REASONS[code].en}.", "dim")))
    if "withdrawn" in case:
        lines.append(
            Text(f"Retirée par {case['withdrawn']['reference']} le {when(case['withdrawn']['taken_at'])}. / Withdrawn.")
        )
    for made in case["decisions"]:
        stands = "" if made["stands"] else " (ne vaut plus / no longer stands)"
        lines.append(
            Text(
                f"Décision {made['id']} : {_ACT_WORDS[made['act']]}, {made['who']}, {when(made['at'])} : {made['reason']}{stands}"
            )
        )
    if not case["reconciled"]:
        lines.append(
            Text("Du nouveau n'est pas encore rapproché : edi reconcile. / Not reconciled yet.", style="yellow")
        )
    return lines


def _show_refusal(refusal: dict[str, Any]) -> None:
    from schemas.catalogue import message
    from schemas.finding import Finding

    finding = Finding(**{name: refusal[name] for name in Finding.__struct_fields__ if name in refusal})
    out.rule(Text.assemble(("refusée", "bold red"), (" / refused", "dim")), align="left", style="dim")
    where = f"{refusal['file']}  enr. {refusal.get('record')}  {when(refusal['received_at'])}"
    out.print(f"  {sentence(where)}  [dim]{refusal['sha256'][:8]}[/]", soft_wrap=True)
    out.print(f"  [bold]{finding.code}[/]  {sentence(message(finding))}\n", soft_wrap=True)


def _deciding(act: str) -> Any:
    """The command for one act."""

    def command(
        context: typer.Context, number: Number, by: By = "", reason: Reason = "", supplier: Supplier = None,
        library: Library = None, day: Day = None, home: HomeOption = None, as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        from edi.reconciliation import deciding
        from edi.settings import paris_now

        _decided(context, home, as_json, lambda connection: deciding.decide(
            connection, act, _one(connection, number, act, _gln(supplier), _gln(library), day), by, reason, paris_now()))  # fmt: skip

    return command


def undo(
    context: typer.Context, decision: Annotated[int, typer.Argument(metavar="DÉCISION")], by: By = "", reason: Reason = "",
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Annuler une décision : ce qu'elle a fait est contre-passé, rien n'est effacé. / Undo; nothing is deleted."""
    from edi.reconciliation import deciding
    from edi.settings import paris_now

    _decided(context, home, as_json, lambda connection: deciding.undo(connection, decision, by, reason, paris_now()))


def _decided(context: typer.Context, home: Path | None, as_json: bool, work: Any) -> None:
    """Writes a decision, reconciles what it touches, and says what came of it."""
    from edi.reconciliation import deciding
    from edi.reconciliation.reconciling import reconcile
    from edi.settings import paris_now
    from edi.store import transaction

    with opened(context, home) as (_, connection):
        with transaction(connection):
            made = work(connection)
        counts = reconcile(connection, paris_now())
        decision = next(one for one in deciding.listing(connection) if one["id"] == made)
        state, reason, _ = deciding.case_of(connection, decision["invoices"][0])
    if as_json:
        print_json({"decision": decision, "state": state, "reason": reason, **counts})
        return
    out.print(Text.assemble(f"Décision {made} : {_ACT_WORDS[decision['act']]}. ", _state(state)))
    out.print(f"  {several(counts['entries_posted'], 'écriture')} / entries, {french(counts['remuneration_cents'])} €")


def _one(connection: Any, number: str, act: str, supplier: str | None, library: str | None, day: str | None) -> int:
    """The invoice meant; wrong use when several cases could be."""
    from edi.reconciliation.why import why as facts_of
    from schemas.errors import NotFound

    cases = [case for case in facts_of(connection, number, supplier, library)["cases"] if case["state"] != "withdrawn"]
    meant = [
        one
        for case in cases
        for one in (*case["supplier_invoices"], *case["library_invoices"])[:1]
        if day is None or day in {i["date"] for i in (*case["supplier_invoices"], *case["library_invoices"])}
    ]
    if not meant:
        raise NotFound(what=f"facture / invoice {number}")
    if len(meant) > 1:
        several = "; ".join(f"{one['date']} {one['supplier']} {one['library']}" for one in meant[:5])
        raise wrong_use(f"plusieurs cas : préciser --supplier, --library ou --date / several cases: {several}")
    return int(meant[0]["invoice"])


def decisions(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Toutes les décisions. / Every decision."""
    from edi.reconciliation.deciding import listing

    with opened(context, home) as (_, connection):
        rows = listing(connection)
    if as_json:
        print_json({"decisions": rows})
        return
    cells = [
        (
            row["id"],
            when(row["at"]),
            row["who"],
            _ACT_WORDS[row["act"]],
            REASONS[row["named"]].fr if row["named"] else "",
            row["reason"],
            "" if row["stands"] else "non / no",
        )
        for row in rows
    ]
    heads = ("n°", "date", "qui / who", "décision / decision", "cas / case", "raison / reason", "vaut / stands")
    show(table("Décisions / Decisions", heads, cells, folded=("raison",)))
