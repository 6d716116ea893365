"""Acts on cases: reconcile both sides, say where an invoice stands and why, decide; and where the whole home stands."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from edi.acts.lending.columns import LIBRARY, SUPPLIER, amount
from edi.acts.lending.parameters import Library, Supplier
from edi.core.act import Asked, Facts, Period, Reason, Result, Rows, WrongUse
from schemas.column import Column, Row, word
from schemas.errors import NotFound
from schemas.lending.outcome import DECISIONS, REASONS, STATES
from schemas.text import Both, Text, counted, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk

#: What a pass counts, for people.
COUNTS = {
    "matched": Both("rapprochées", "matched"),
    "net_differs": Both("dont net différent", "of which net differs"),
    "discrepancies": Both("en écart", "discrepancies"),
    "proposed": Both("proposées", "proposed"),
    "waiting_library": Both("attendent la bibliothèque", "waiting for the library"),
    "waiting_supplier": Both("attendent le fournisseur", "waiting for the supplier"),
}


class Reconciled(Facts, frozen=True, kw_only=True):
    """Six counts of the state after a pass over all open periods and what it posted; with details the invoices behind."""


def reconcile(
    desk: "Desk", *,
    details: Annotated[bool, Asked(Both("Les factures une à une.", "Each invoice."))] = False,
    anew: Annotated[bool, Asked(Both("Tout refaire depuis les faits, n'écrire que les différences.", "Make everything anew, post the differences."))] = False,
) -> Reconciled:  # fmt: skip
    """Matches both sides, posts the differences, and writes to the declarants what became of their invoices."""
    from edi import schemes
    from edi.lending.matching import reconciling, tally

    counts: dict[str, Any] = reconciling.reconcile(desk, anew)
    told = schemes.send_pending(desk)
    below = [posted(counts)]
    if told:
        count = counted(told, "état", "status file")
        below.append(filled(Both("{count} à envoyer aux déclarants", "{count} to send to the declarants"), count=count))
    lists: dict[str, Any] = tally.details(desk) if details else {}
    return Reconciled(facts={**counts, **lists}, below=tuple(below))


def posted(counts: dict[str, Any]) -> Text:
    """What a pass posted, in a sentence."""
    says = Both("{n} de ce passage : {euros} €", "{n} of this pass: {euros} €")
    return amount(says, counts["entries_posted"], "écriture", "entry", counts["remuneration_cents"])


class Cases(Result, frozen=True, kw_only=True):
    """Every case that an invoice of this number is in, or was; what was refused of that number, what ends alike."""

    asked: str
    key: str
    cases: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    alike: list[str]


class Traced(Facts, frozen=True, kw_only=True):
    """An entry, the invoices it is made of, and the columns of their files."""


class Title(Result, frozen=True, kw_only=True):
    """The copies of a title that a year's distribution counts, and what it gives for them."""

    ean: str
    period: int
    copies: int
    share: dict[str, Any] | None
    lines: list[dict[str, Any]]


def why(
    desk: "Desk", *,
    number: Annotated[str | None, Asked(Both("Le numéro de la facture.", "The invoice number."), Both("NUMÉRO", "NUMBER"), argument=True)] = None,
    supplier: Supplier = None,
    library: Library = None,
    entry: Annotated[int | None, Asked(Both("Une écriture, jusqu'aux colonnes.", "An entry, down to columns."), Both("ÉCRITURE", "ENTRY"))] = None,
    ean: Annotated[str | None, Asked(Both("Un titre réparti, avec --period.", "A title shared out, with --period."), "EAN", gln=True)] = None,
    period: Period = None,
) -> Cases | Traced | Title:  # fmt: skip
    """Where an invoice stands; of an entry or a title, what it is made of. Code 1 when there is none."""
    from edi.lending.books import tracing
    from edi.lending.matching.why import why as facts_of

    given = [number is not None, entry is not None, ean is not None]
    if sum(given) != 1 or (ean is None) != (period is None):
        one = Both("un numéro, ou --entry, ou --ean avec --period", "a number, or --entry, or --ean with --period")
        raise WrongUse(name="why", why=one)
    if entry is not None:
        return Traced(facts=tracing.entry(desk, entry))
    if ean is not None and period is not None:
        lines = tracing.title(desk, ean, period)
        share = tracing.shared_out(desk, ean, period)
        copies = sum(line["copies"] for line in lines)
        missing = not lines and share is None
        return Title(ean=ean, period=period, copies=copies, share=share, lines=lines, code=int(missing))
    facts = facts_of(desk, number or "", supplier, library)
    return Cases(**facts, code=int(not facts["cases"] and not facts["refused"]))


def judge(
    desk: "Desk", *,
    number: Annotated[str, Asked(Both("Le numéro de la facture.", "The invoice number."), Both("NUMÉRO", "NUMBER"), argument=True)],
    act: Annotated[Literal["accept", "reject", "settle"], Asked("")],
    reason: Reason = "",
    supplier: Supplier = None,
    library: Library = None,
    date: Annotated[str | None, Asked(Both("Sa date.", "Its date."), Both("AAAA-MM-JJ", "YYYY-MM-DD"))] = None,
) -> Facts:  # fmt: skip
    """Decides on the case an invoice is in, and reconciles what that touches."""
    from edi.lending.matching import deciding

    invoice = _meant(desk, number, supplier, library, date)
    return _carried_out(desk, lambda: deciding.decide(desk, act, invoice, reason))


def undo(
    desk: "Desk", *,
    decision: Annotated[int, Asked(Both("Son numéro dans « decide list ».", "Its number in decide list."), Both("DÉCISION", "DECISION"), argument=True)],
    reason: Reason = "",
) -> Facts:  # fmt: skip
    """Undoes a decision: what it did is reversed, nothing is deleted."""
    from edi.lending.matching import deciding

    return _carried_out(desk, lambda: deciding.undo(desk, decision, reason))


def _carried_out(desk: "Desk", work: Any) -> Facts:
    from edi.core.store import transaction
    from edi.lending.matching import deciding
    from edi.lending.matching.reconciling import reconcile

    with transaction(desk.db):
        number = work()
    counts: dict[str, Any] = reconcile(desk)
    decision = next(row for row in deciding.listing(desk) if row["id"] == number)
    state, reason, _ = deciding.case_of(desk, decision["invoices"][0])
    says = Both("Décision {id} : {act}. {state}", "Decision {id}: {act}. {state}")
    below = (filled(says, id=number, act=DECISIONS[decision["act"]], state=STATES[state]), posted(counts))
    return Facts(facts={"decision": decision, "state": state, "reason": reason, **counts}, below=below)


def _meant(desk: "Desk", number: str, supplier: str | None, library: str | None, date: str | None) -> int:
    """The invoice meant; wrong use when several cases could be."""
    from edi.lending.matching.why import why as facts_of

    cases = facts_of(desk, number, supplier, library)["cases"]
    of = [(*case["supplier_invoices"], *case["library_invoices"]) for case in cases if case["state"] != "withdrawn"]
    meant = [both[0] for both in of if date is None or date in {invoice["date"] for invoice in both}]
    if not meant:
        raise NotFound(what=filled(Both("facture {number}", "invoice {number}"), number=number))
    if len(meant) > 1:
        found = "; ".join(f"{first['date']} {first['supplier']} {first['library']}" for first in meant[:5])
        name = Both("plusieurs cas", "several cases")
        why = Both(
            "préciser --supplier, --library ou --date ({found})", "tell --supplier, --library or --date ({found})"
        )
        raise WrongUse(name=name, why=filled(why, found=found))
    return int(meant[0]["invoice"])


DECIDED = (
    Column("id", "n°", "int"), Column("at", "date", "moment"), Column("who", Both("qui", "who")),
    word("act", Both("décision", "decision"), DECISIONS), word("named", Both("cas", "case"), REASONS),
    Column("reason", Both("raison", "reason"), folded=True),
    Column("stands", Both("vaut", "stands"), value=lambda row: "" if row["stands"] else Both("non", "no")),
)  # fmt: skip


def decisions(desk: "Desk") -> Rows:
    """Every decision."""
    from edi.lending.matching.deciding import listing

    title = Both("Décisions", "Decisions")
    none = Both("Décisions : aucune.", "Decisions: none.")
    return Rows(name="decisions", title=title, columns=DECIDED, rows=listing(desk), empty=none)


def _named(row: Row) -> Text:
    return filled("{why} ({code})", why=REASONS[row["reason"]], code=row["reason"]) if row["reason"] else ""


#: Of an invoice in a list.
INVOICES = (
    Column("date", "date", "date"), SUPPLIER, LIBRARY, Column("number", Both("numéro", "number")), Column("kind", Both("type", "kind")),
    Column("ht_cents", Both("HT", "net"), "cents"), Column("reason", Both("motif", "reason"), value=_named),
)  # fmt: skip
