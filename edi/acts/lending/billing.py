"""Acts that bring the money to people: statements, estimates, who is awaited, letters to them, certificates."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from edi.acts.columns import GLN, NAME
from edi.acts.lending.columns import PERIOD, SIDES, SUPPLIER, amount
from edi.acts.lending.parameters import Supplier
from edi.core.act import FOLDER, Asked, Facts, Number, Output, Paper, Period, Rows, SomeYear, Year
from schemas.column import Column, word
from schemas.money import french
from schemas.text import Both, Text, counted, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk

_SHOWN = 100
STATEMENTS = (
    Column("label", Both("appel", "statement")), Column("issued_at", Both("émis", "issued"), "date", value=lambda row: row["issued_at"][:10]),
    SUPPLIER, PERIOD,
    Column("estimates_cents", Both("estimations", "estimates"), "cents", value=lambda row: row["estimates_cents"] - row["taken_back_cents"]),
    Column("due_cents", Both("à payer", "due"), "cents"),
)  # fmt: skip


def issue(
    desk: "Desk", *,
    year: SomeYear,
    estimates: Annotated[bool, Asked(Both("Appeler aussi, au moins-disant, ce que seules les bibliothèques ont déclaré.", "Bill also, at the least, what only libraries declared."))] = False,
    output: Annotated[Path | None, Asked(Both("Y écrire les PDF qui n'y sont pas.", "Write the PDFs that are not there."), FOLDER, short="o")] = None,
    supplier: Supplier = None,
) -> Rows:  # fmt: skip
    """Issues a statement to everybody who owes something new; once more, it issues nothing."""
    from edi.lending.books import statements
    from edi.lending.matching import estimating
    from edi.lending.matching.reconciling import reconcile

    estimated: list[dict[str, Any]] = []
    if estimates:
        reconcile(desk)
        estimated = estimating.post(desk, year, supplier)
    told = functools.partial(desk.progress, Both("appels", "statements"))
    new = {facts["number"] for facts in statements.issue(desk, year, supplier, told)}
    every = statements.listing(desk, year, supplier)
    rows = [row for row in every if row["number"] in new]
    due, cents = sum(row["due_cents"] for row in rows), sum(row["remuneration_cents"] for row in estimated)
    below: list[Text] = []
    if estimated:
        below.append(amount("{n}, {euros} €", len(estimated), "estimation d'office", "estimate", cents))
        if (booked := estimated[0]["period"]) != year:
            closed = Both(
                "{year} est close : elles sont en {booked}, edi statement issue {booked}.",
                "{year} is closed: they are in {booked}, edi statement issue {booked}.",
            )
            below.append(filled(closed, year=year, booked=booked))
    many = "appels émis" if len(rows) > 1 else "appel émis"
    n = Both(f"{len(rows)} {many}", counted(len(rows), "", "statement").en + " issued")
    below.append(filled("{n}, {euros} €", n=n, euros=french(due)))
    more = {"estimates_posted": len(estimated), "estimates_cents": cents} if estimates else {}
    return Rows(
        name="issued", title=_TITLE, columns=STATEMENTS, rows=rows, last=_SHOWN, more={"due_cents": due, **more},
        below=tuple(below), papers=lambda: (_statement(desk, row) for row in every),
    )  # fmt: skip


_TITLE = Both("Appels de rémunération", "Statements")


def _statement(desk: "Desk", row: dict[str, Any]) -> Paper:
    """A statement as PDF, made where it is not there yet."""
    from edi.lending.books import statements

    def pdf() -> list[bytes]:
        return [statements.as_pdf(statements.document(desk, row["number"]))]

    return Paper(f"{row['label']}.pdf", pdf, kept=True)


def listed(desk: "Desk", *, period: Period = None, supplier: Supplier = None) -> Rows:
    """The statements issued, in their order."""
    from edi.lending.books.statements import listing

    rows = listing(desk, period, supplier)
    total = amount("{n}, {euros} €", len(rows), "appel", "statement", sum(row["due_cents"] for row in rows))
    return Rows(name="statements", title=_TITLE, columns=STATEMENTS, rows=rows, last=_SHOWN, below=(total,))


def show(desk: "Desk", *, number: Number, output: Output = None) -> Rows:
    """A statement as it was issued; as `pdf` the paper itself."""
    from edi.lending.books import statements
    from parsers.sheets.exports import Sheet

    facts = statements.document(desk, number)
    sheets = [Sheet(*sheet) for sheet in statements.sheets(facts)]
    _, columns, lines = sheets[0]
    lines = list(lines)
    return Rows(
        whole=facts, name="lines", title=f"{facts['label']} : {facts['supplier']['name']}, {facts['period']}", rows=lines,
        columns=tuple(column for column in columns if any(line[column.name] for line in lines)), last=_SHOWN,
        sheets=lambda: sheets, forms={"pdf": lambda: Paper(f"{facts['label']}.pdf", lambda: [statements.as_pdf(facts)])},
    )  # fmt: skip


_NONE = Both("rien", "nothing")
AWAITED = (
    word("role", Both("rôle", "role"), SIDES), GLN, NAME,
    Column("declared", Both("a déclaré", "declared"), "int", value=lambda row: row["declared"] or _NONE),
    Column("invoices", Both("attendues", "awaited"), "int", value=lambda row: len(row["invoices"])), Column("least_cents", Both("au moins €", "least €"), "cents"),
    Column("most_cents", Both("au plus €", "most €"), "cents"),
)  # fmt: skip


def silent(desk: "Desk", *, year: Year) -> Rows:
    """Who owes a declaration and what its silence is worth; who said that there is nothing, and is contradicted."""
    rows, contradicted = (list(map(_short, _letters(desk, year, nil))) for nil in (False, True))
    title = filled(Both("Attendus pour {year}", "Awaited for {year}"), year=year)
    nil = Both("Ont dit n'avoir rien, l'autre côté déclare", "Said nothing, contradicted by the other side")
    below = Rows(name="contradicted", title=nil, columns=AWAITED, rows=contradicted)
    return Rows(
        name="silent", title=title, columns=AWAITED, rows=rows, more={"contradicted": contradicted},
        empty=filled(Both("Personne n'est attendu pour {year}.", "Nobody is awaited for {year}."), year=year),
        tables=(below,) if contradicted else (),
    )  # fmt: skip


def _letters(desk: "Desk", year: int, nil: bool = False) -> list[dict[str, Any]]:
    from edi.lending.books.reminding import silent
    from edi.lending.matching.reconciling import reconcile

    reconcile(desk)
    return silent(desk, year, nil)


def _short(letter: dict[str, Any]) -> dict[str, Any]:
    names = ("role", "period", "declared", "least_cents", "most_cents", "invoices")
    return {
        "gln": letter["partner"]["gln"],
        "name": letter["partner"]["name"],
        **{name: letter[name] for name in names},
    }


def remind(
    desk: "Desk", *,
    year: Year,
    output: Annotated[Path, Asked(Both("Où écrire les lettres.", "Where the letters go."), FOLDER, short="o")],
) -> Facts:  # fmt: skip
    """A letter to each partner awaited, as PDF and as text."""
    letters = _letters(desk, year)
    names = [f"relance-{year}-{letter['role']}-{letter['partner']['gln']}" for letter in letters]

    def papers() -> Any:
        for letter, name in zip(letters, names, strict=True):
            yield Paper(f"{name}.txt", functools.partial(_text, letter))
            yield Paper(f"{name}.pdf", functools.partial(_pdf, letter))

    rows = [{**_short(letter), "file": f"{name}.pdf"} for letter, name in zip(letters, names, strict=True)]
    says = filled("{n} : {folder}", n=counted(len(rows), "lettre", "letter"), folder=output)
    return Facts(facts={"letters": rows}, papers=papers, below=(says,))


def _text(letter: dict[str, Any]) -> list[bytes]:
    from edi.lending.books.reminding import as_text

    return [as_text(letter).encode()]


def _pdf(letter: dict[str, Any]) -> list[bytes]:
    from edi.lending.books.reminding import as_pdf

    return [as_pdf(letter)]


def certificate(
    desk: "Desk", *,
    declarant: Annotated[str, Asked(Both("Le déclarant.", "The declarant."), "GLN", argument=True, gln=True)],
    period: Annotated[int, Asked(Both("L'année.", "The year."), Both("ANNÉE", "YEAR"))],
    output: Annotated[Path | None, Asked(Both("En PDF ; sinon du texte.", "As PDF; else text."), Both("FICHIER.pdf", "FILE.pdf"), short="o")] = None,
) -> Facts:  # fmt: skip
    """A declarant's certificate, as of this moment."""
    from edi.lending.books import certificates

    facts = certificates.certificate(desk, declarant, period)
    paper = Paper(f"attestation-{declarant}.pdf", lambda: [certificates.as_pdf(facts)])
    text = () if output else tuple(certificates.as_text(facts))
    return Facts(facts=facts, paper=paper if output else None, below=text)
