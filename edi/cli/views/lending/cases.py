"""Cases on a terminal: counts and lists of a pass, one case as a page, an entry down to the columns of its files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edi.acts.lending.columns import LIBRARY, SIDES, SUPPLIER
from edi.acts.lending.matching import COUNTS, INVOICES, Cases, Reconciled, Title, Traced
from edi.cli.screen import STYLES, Screen, percent, when
from edi.cli.views.home import NEWS
from schemas.column import Column, Row
from schemas.lending.outcome import DECISIONS, REASONS, STATES
from schemas.lending.status import AWAITED_WORDS as AWAITED
from schemas.money import french
from schemas.text import Both, Text, filled

if TYPE_CHECKING:
    from rich.text import Text as Rich

_HT, _TTC = Both("HT", "net"), Both("TTC", "gross")
_RECORD, _NUMBER = Both("enr.", "rec."), Both("numéro", "number")
_BOTH = (
    Column("side", Both("côté", "side"), value=lambda row: SIDES[row["side"]]),
    Column("number", _NUMBER, value=lambda row: _credit(row)), Column("date", "date", "date"), Column("ht_cents", _HT, "cents"),
    Column("ttc_cents", _TTC, "cents"),
    Column("gross_cents", Both("prix publics", "list prices"), "cents", value=lambda row: row["gross_cents"] if row["side"] == "supplier" else None),
    Column("file", Both("fichier", "file")), Column("record", _RECORD, "int"), Column("sha256", "sha256", value=lambda row: row["sha256"][:8]),
)  # fmt: skip
_ENTRIES = (
    Column("entry", Both("écriture", "entry"), value=lambda row: row.get("entry") or Both(f"estimation {row['estimate']}", f"estimate {row['estimate']}")),
    Column("period", Both("période", "period")), Column("base_cents", "base", "cents", value=lambda row: row.get("base_cents", row.get("ht_cents"))),
    Column("rate", Both("taux", "rate"), "rate"), Column("remuneration_cents", Both("rémunération", "share"), "cents"),
    Column("reverses", Both("annule", "reverses")), Column("hash", Both("empreinte", "hash"), value=lambda row: row["hash"][:8]),
)  # fmt: skip
_COUNTED = (
    Column("entry", Both("écriture", "entry")), SUPPLIER, LIBRARY, Column("invoice_number", _NUMBER), Column("invoice_date", "date", "date"),
    Column("file", Both("fichier", "file"), folded=True), Column("record", _RECORD), Column("copies", Both("ex.", "copies"), "int"),
)  # fmt: skip
_PLACES = (
    Column("record", _RECORD, "int"), Column("field", Both("zone", "field")), Column("offset", Both("octet", "byte"), "int"),
    Column("columns", Both("colonnes", "columns"), value=lambda row: f"{row['first']}-{row['first'] + row['width'] - 1}"),
    Column("text", Both("texte", "text")),
)  # fmt: skip


def _credit(row: Any) -> Text:
    number = row["number"]
    return Both(f"{number} (avoir)", f"{number} (credit note)") if row["kind"] == "A" else number


def tally(title: Text, heads: Sequence[Text], passes: Sequence[Row], screen: Screen) -> None:
    """How many invoices stand where, after each pass."""
    rows = [
        (screen.say(words), *(screen.rich((f"{of[name]}", STYLES.get(name, "bold") if of[name] else "dim")) for of in passes))
        for name, words in COUNTS.items()
    ]  # fmt: skip
    above = [(screen.say(Both("état", "state")), False, False), *((screen.say(head), True, False) for head in heads)]
    screen.show(title, above, rows)


def reconciled(result: Reconciled, screen: Screen) -> None:
    """How many stand where, and with details which."""
    tally(Both("Rapprochement", "Reconciliation"), (Both("factures", "invoices"),), [result.facts], screen)
    for name, words in COUNTS.items():
        if name != "matched" and (found := result.facts.get(f"{name}_list")):
            screen.line()
            screen.table(words, INVOICES, found)


def cases(result: Cases, screen: Screen) -> None:
    """Every case of a number as a page; what was refused of it."""
    for case in result.cases:
        _case(case, screen)
    for refusal in result.refused:
        _refusal(refusal, screen)
    if result.code:
        screen.line(Both("Aucune facture {n}.", "No invoice {n}."), n=result.asked)
        if result.alike:
            screen.line(Both("  Finissent pareil : {n}", "  End alike: {n}"), n=", ".join(result.alike))


def _case(case: dict[str, Any], screen: Screen) -> None:
    title = screen.word(case["state"], STATES)
    if case["reason"]:
        title.append_text(screen.rich(" · ", REASONS[case["reason"]]))
    screen.out.rule(title, align="left", style="dim")
    invoices = (*case["supplier_invoices"], *case["library_invoices"])
    for side, words in SIDES.items():
        name = invoices[0][f"{side}_name"]
        screen.line(screen.rich((f"  {screen.say(words):<14}", "dim"), invoices[0][side], f"  {name}" if name else ""))
    screen.table("", _BOTH, invoices)
    for line in _sentences(case, screen):
        screen.padded(line)
    if case["near_misses"]:
        screen.line()
        screen.table(Both("Presque", "Near-misses"), _misses(screen.language), case["near_misses"])
    screen.table("", _ENTRIES, (*case["estimates"], *case["entries"]))
    screen.line()


def _misses(language: str) -> tuple[Column, ...]:
    """What of an invoice nearly matched; its reasons stand there in both languages."""
    return (
        Column("number", _NUMBER), Column("date", "date", "date"), Column("ht_cents", _HT, "cents"),
        Column("partner", Both("partenaire", "partner"), value=lambda row: row["supplier"] if row["side"] == "supplier" else row["library"]),
        Column("lost", Both("pourquoi", "why not"), folded=True, value=lambda row: " ; ".join(one[language] for one in row["lost"])),
        Column("explained", Both("explication", "may be"), folded=True, value=lambda row: " ; ".join(one[language] for one in row["explained"])),
    )  # fmt: skip


def _sentences(case: dict[str, Any], screen: Screen) -> "list[Rich]":
    """What explains a case, a sentence a line."""
    lines: list[Text] = []
    if awaited := case["awaits"]:
        says = Both("Attend {side} {who} depuis le {day}.", "Waits for {side} {who} since {day}.")
        lines.append(
            filled(says, side=AWAITED[awaited["side"]], who=awaited["partner"], day=when(awaited["since"])[:10])
        )
    for invoice in (*case["supplier_invoices"], *case["library_invoices"]):
        says = Both(
            "{who} n'est pas ouvert le {day}, selon l'annuaire ; cela ne change rien au rapprochement.",
            "{who} is not open on {day}, says the directory; that changes nothing in matching.",
        )
        lines += [filled(says, who=invoice[role], day=invoice["date"]) for role in invoice["not_open"]]
    if evidence := case["evidence"]:
        lines += _evidence(evidence, screen.language)
    for code in dict.fromkeys(row["reason"] for row in (*case["estimates"], *case["entries"]) if row["reason"]):
        estimated = code in {row["reason"] for row in case["estimates"]}
        nil, guessed = Both("Base nulle : {why}.", "No base: {why}."), Both("Estimation {why}.", "Estimate {why}.")
        lines.append(filled(guessed if estimated else nil, why=REASONS[code]))
    if "withdrawn" in case:
        says = Both("Retirée par {reference} le {at}.", "Withdrawn by {reference} on {at}.")
        lines.append(filled(says, reference=case["withdrawn"]["reference"], at=when(case["withdrawn"]["taken_at"])))
    for decision in case["decisions"]:
        stands = "" if decision["stands"] else Both(" (ne vaut plus)", " (no longer stands)")
        says = Both(
            "Décision {id} : {act}, {who}, {at} : {reason}{stands}",
            "Decision {id}: {act}, {who}, {at}: {reason}{stands}",
        )
        facts = {"who": decision["who"], "reason": decision["reason"], "stands": stands, "at": when(decision["at"])}
        lines.append(filled(says, id=decision["id"], act=DECISIONS[decision["act"]], **facts))
    told = [screen.rich(screen.say(line)) for line in lines]
    return told if case["reconciled"] else [*told, screen.rich((NEWS, "yellow"))]


def _evidence(evidence: dict[str, Any], language: str) -> list[Text]:
    says = Both(
        "HT : {supplier} {s} €, {library} {l} €, écart {gap} €{more}.",
        "Net: {supplier} {s} €, {library} {l} €, gap {gap} €{more}.",
    )
    more: Text = ""
    if "tolerance_cents" in evidence:
        apart = Both(", tolérance {t} € ; {n} jours d'écart", ", tolerance {t} €; {n} days apart")
        more = filled(apart, t=french(evidence["tolerance_cents"]), n=evidence["days_apart"])
    facts = {
        name: french(evidence[f"{of}_cents"])
        for name, of in (("s", "supplier_ht"), ("l", "library_ht"), ("gap", "gap"))
    }
    reasons = (*evidence.get("explained", ()), *evidence.get("against", ()))
    return [filled(says, more=more, **SIDES, **facts), *(f"- {reason[language]}" for reason in reasons)]


def _refusal(refusal: dict[str, Any], screen: Screen) -> None:
    from schemas.catalogue import message
    from schemas.finding import Finding

    finding = Finding(**{name: refusal[name] for name in Finding.__struct_fields__ if name in refusal})
    screen.out.rule(screen.rich((Both("refusée", "refused"), "bold red")), align="left", style="dim")
    record = Both(f"enr. {refusal.get('record')}", f"rec. {refusal.get('record')}")
    at = f"  {when(refusal['received_at'])}  "
    screen.line(screen.rich(f"  {refusal['file']}  ", record, at, (refusal["sha256"][:8], "dim")))
    screen.line(screen.rich("  ", (finding.code, "bold"), f"  {message(finding, screen.language)}"))
    screen.line()


def title(result: Title, screen: Screen) -> None:
    """The copies of a title, and what they bring."""
    if result.code:
        none = Both("Aucun exemplaire de {ean} en {year}.", "No copy of {ean} is counted in {year}.")
        screen.line(none, ean=result.ean, year=result.period)
        return
    screen.table(f"{result.ean} · {result.period}", _COUNTED, result.lines)
    if share := result.share:
        authors, publishers = (
            french(share[f"{half}_cents"] + share[f"brought_{half}_cents"]) for half in ("authors", "publishers")
        )
        state = Both("versés", "paid") if share["paid"] else Both("reportés", "carried over")
        says = Both(
            "{n} ex. ; auteurs {a} €, éditeurs {p} €, {state}", "{n} copies; authors {a} €, publishers {p} €, {state}"
        )
        screen.line(says, n=result.copies, a=authors, p=publishers, state=state)


def traced(result: Traced, screen: Screen) -> None:
    """An entry, how it was reckoned, and where each amount stands in its files."""
    entry, computed = result.facts["entry"], result.facts["computed"]
    head = Both(f"Écriture {entry['entry']}", f"Entry {entry['entry']}")
    if estimate := result.facts.get("estimate"):
        head = Both(f"{head.fr}, estimation {estimate}", f"{head.en}, estimate {estimate}")
    screen.line(screen.rich((head, "bold"), f"  {entry['period']}  {entry['posted_at']}  ", (entry["hash"], "dim")))
    says = Both(
        "  {sum} € × {rate} → base {base} €, rémunération {share} € {why}",
        "  {sum} € × {rate} → base {base} €, share {share} € {why}",
    )
    reckoned = computed["net_cents"] if estimate else computed["counted_lines_cents"]
    sums = {"base": entry["base_cents"], "share": entry["remuneration_cents"], "sum": reckoned}
    facts = {name: french(cents) for name, cents in sums.items()}
    screen.line(says, rate=percent(entry["rate"]), why=REASONS.get(entry["reason"], ""), **facts)
    for invoice in filter(None, (result.facts[side] for side in ("supplier_invoice", "library_invoice"))):
        sha256 = (f"sha256 {invoice['sha256']}", "dim")
        screen.line(screen.rich(f"\n  {invoice['file']}  ", sha256, f"  {invoice['reference']}"))
        rows = list(invoice["columns"].values())
        for line in invoice["line_list"]:
            rows += [line["columns"][name] for name in ("ean", "quantity", "price") if line["counts"]]
        screen.table("", _PLACES, [place for place in rows if place])
