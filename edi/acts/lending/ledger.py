"""Acts on the ledger: its entries listed and exported, balances as of a day, its proof, its signed head."""

import datetime
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from edi.acts.lending.columns import LIBRARY, PERIOD, SUPPLIER, amount
from edi.acts.lending.parameters import Supplier
from edi.core.act import FILE, Asked, Facts, Paper, Period, Result, Rows, WrongUse
from schemas.column import Column, word
from schemas.errors import NotAllowed
from schemas.lending.outcome import REASONS
from schemas.money import french
from schemas.text import Both, counted, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk
    from parsers.sheets.exports import Sheet

#: How many entries a person is shown; an export has them all.
_SHOWN = 100
_BASE, _COPIES = Column("base_cents", "base", "cents"), Column("copies", Both("ex.", "copies"), "int")
_RATE, _SHARE = (
    Column("rate", Both("taux", "rate"), "rate"),
    Column("remuneration_cents", Both("part", "share"), "cents"),
)
LISTED = (
    Column("entry", "n°", "int"), PERIOD, SUPPLIER, LIBRARY,
    Column("invoice_number", Both("facture", "invoice"), folded=True), Column("invoice_date", "date", "date"), _BASE, _RATE, _SHARE, _COPIES,
    Column("reverses", Both("annule", "reverses"), "int", rare=True),
    word("reason", Both("motif", "reason"), REASONS, rare=True, folded=True),
)  # fmt: skip
BALANCES = (
    PERIOD, SUPPLIER, _RATE, Column("entries", Both("écritures", "entries"), "int"), _BASE, _SHARE, _COPIES,
)  # fmt: skip


def entries(desk: "Desk", *, period: Period = None, supplier: Supplier = None) -> Rows:
    """The entries in their order; people are shown the last."""
    from edi.lending.matching import claims, estimating

    chosen = (period, supplier)
    balances = claims.balances(desk, None, *chosen)
    count, cents = (sum(row[name] for row in balances) for name in ("entries", "remuneration_cents"))
    below = [amount("{n}, total {euros} €", count, "écriture", "entry", cents)]
    if count > _SHOWN:
        before = Both("… {n} avant ; tout : edi ledger export", "… {n} before; all: edi ledger export")
        below.insert(0, filled(before, n=count - _SHOWN))
    if estimates := list(estimating.entries(desk, *chosen, net=True)):
        cents = sum(row["remuneration_cents"] for row in estimates)
        beside = Both("à part : {n}, {euros} €", "beside: {n}, {euros} €")
        below.append(amount(beside, len(estimates), "estimation d'office", "estimate", cents))
    return Rows(
        name="entries", title=Both("Registre", "Ledger"), columns=LISTED, rows=claims.entries(desk, *chosen),
        last=_SHOWN, below=tuple(below),
    )  # fmt: skip


def export(
    desk: "Desk", *,
    period: Period = None,
    supplier: Supplier = None,
    output: Annotated[Path | None, Asked(Both("Sinon stdout ; fec : un dossier.", "Else stdout; fec: a folder."), FILE, short="o")] = None,
    estimates: Annotated[bool, Asked(Both("Les estimations d'office, et leurs reprises.", "The estimates instead."))] = False,
) -> Rows:  # fmt: skip
    """The entries, exact; as a workbook with the estimates beside; as `fec` the journal of a period."""
    from edi.lending.books import accounts
    from edi.lending.matching import claims, estimating
    from parsers.sheets.exports import Sheet

    chosen = (period, supplier)

    def fec() -> Paper:
        if period is None or supplier is not None:
            why = Both("--period ANNÉE, sans --supplier", "--period YEAR, without --supplier")
            raise WrongUse(name="--format fec", why=why)
        name = accounts.fec_name(desk.home.settings.siren, period) if output and output.is_dir() else ""
        return Paper(name, functools.partial(accounts.fec, desk, period))

    def sheets() -> "list[Sheet]":
        both = [
            Sheet(Both("Registre", "Ledger"), claims.SHEET, claims.entries(desk, *chosen)),
            Sheet(Both("Estimations", "Estimates"), estimating.SHEET, estimating.entries(desk, *chosen)),
        ]
        return both[::-1] if estimates else both

    first = sheets()[0]
    name = "estimates" if estimates else "entries"
    return Rows(name=name, title=first.title, columns=first.columns, rows=first.rows, sheets=sheets, forms={"fec": fec})


At = Annotated[
    datetime.date | None,
    Asked(Both("Tel qu'au soir de ce jour.", "As that evening."), Both("AAAA-MM-JJ", "YYYY-MM-DD")),
]


def balance(desk: "Desk", *, period: Period = None, supplier: Supplier = None, at: At = None) -> Rows:
    """The balances, today or on a past day."""
    from edi.lending.matching.claims import balances

    rows = balances(desk, at, period, supplier)
    total = sum(row["remuneration_cents"] for row in rows)
    on = filled(Both(" au {day}", " at {day}"), day=at) if at else ""
    below = filled(Both("total{on} : {euros} €", "total{on}: {euros} €"), on=on, euros=french(total))
    day = at and at.isoformat()
    return Rows(
        name="balances", title=Both("Soldes", "Balances"), columns=BALANCES, rows=rows, below=(below,),
        whole={"at": day, "balances": rows, "remuneration_cents": total},
    )  # fmt: skip


_SUMS = {
    "debit_cents": Both("débit", "debit"),
    "credit_cents": Both("crédit", "credit"),
    "balance_cents": Both("solde", "balance"),
}
ACCOUNTS = (
    Column("account", Both("compte", "account"), folded=True), Column("label", Both("intitulé", "label")),
    Column("name", Both("nom", "name"), folded=True), *(Column(name, head, "cents", 14) for name, head in _SUMS.items()),
)  # fmt: skip


def trial(desk: "Desk", *, period: Period = None, at: At = None) -> Rows:
    """The trial balance; code 1 if it does not come to nothing."""
    from edi.lending.books.accounts import trial

    rows = trial(desk, period, at)
    sums = {name: sum(row[name] for row in rows) for name in _SUMS}
    says = Both("{what} : {euros} €", "{what}: {euros} €")
    total = tuple(filled(says, what=_SUMS[name], euros=french(cents)) for name, cents in sums.items())
    return Rows(
        name="accounts", title=Both("Balance des comptes", "Trial balance"), columns=ACCOUNTS, rows=rows, more=sums,
        below=total, code=int(sums["balance_cents"] != 0),
    )  # fmt: skip


class Proved(Result, frozen=True, kw_only=True):
    """Whether the ledger holds, what was looked at, and what fails first."""

    proof: Any
    head: Any

    def document(self, language: str) -> Any:
        """The proof; its failure in words."""
        from edi.lending.books.proof import WORDS

        proof, head = self.proof, self.head
        fails = proof.failure
        facts = {name: getattr(proof, name) for name in ("runs", "entries", "remuneration_cents", "run_hash", "files")}
        says = fails and (WORDS[fails.check].en if language == "en" else WORDS[fails.check].fr)
        failure = fails and {**msgspec.structs.asdict(fails), "message": says}
        signed = head and {"at": head.at, "runs": head.runs, "entries": head.entries}
        return {"holds": fails is None, **facts, "head": signed, "failure": failure}


def verify(
    desk: "Desk", *,
    head: Annotated[Path | None, Asked(Both("Une tête signée.", "A signed head."), FILE)] = None,
    key: Annotated[Path | None, Asked(Both("La clé de la tête.", "Its key."), FILE)] = None,
    quick: Annotated[bool, Asked(Both("Sans relire les fichiers d'origine.", "Without reading the original files again."))] = False,
) -> Proved:  # fmt: skip
    """Proves that nothing was changed and that every cent follows from the declarations. Code 1 when it does not."""
    from edi.lending.books import proof, sealing

    if (head is None) != (key is None):
        raise WrongUse(name="--head, --key", why=Both("vont ensemble", "go together"))
    signed = sealing.read(head, key) if head and key else None
    found = proof.verify(desk, not quick, signed, desk.progress)
    return Proved(proof=found, head=signed, code=int(found.failure is not None))


def head(
    desk: "Desk", *,
    output: Annotated[Path, Asked(Both("Où l'écrire.", "Where to write it."), FILE, short="o")],
    key: Annotated[Path, Asked(Both("La clé privée, hors du dossier.", "The private key, outside the home."), FILE)],
) -> Facts:  # fmt: skip
    """Signs how far the ledger goes, to be kept elsewhere."""
    from edi.lending.books import proof, sealing

    found = proof.verify(desk, files=False)
    if found.failure is not None:
        why = Both(
            "Le registre ne tombe pas juste : edi ledger verify.",
            "The ledger does not hold, it is not signed: edi ledger verify.",
        )
        raise NotAllowed(why=why)
    facts = {name: getattr(found, name) for name in ("runs", "entries", "remuneration_cents", "run_hash")}
    signed = sealing.Head(gln=desk.home.settings.gln, at=desk.now(), beside=found.beside, **facts)
    data = sealing.sign(signed, key, desk.home.path)
    says = Both("{file} : {n}, {euros} €. À garder ailleurs.", "{file}: {n}, {euros} €. Keep it elsewhere.")
    below = filled(
        says, file=output, n=counted(found.entries, "écriture", "entry"), euros=french(found.remuneration_cents)
    )
    document = {"head": str(output), "at": signed.at, **facts}
    return Facts(facts=document, paper=Paper(output.name, lambda: [data]), below=(below,))


def key(
    desk: "Desk", *,
    path: Annotated[Path, Asked(Both("Hors du dossier de travail.", "Outside the home."), FILE, argument=True)],
) -> Facts:  # fmt: skip
    """Makes a signing key (Ed25519) outside the home."""
    from edi.lending.books import sealing

    public = sealing.make_key(path, desk.home.path)
    says = Both(
        "{key} : à garder secrète. {public} : pour vérifier.", "{key}: keep it secret. {public}: to verify with."
    )
    below = (filled(says, key=path, public=public),)
    return Facts(facts={"private": str(path), "public": str(public)}, below=below)
