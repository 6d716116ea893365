"""Double entry: the accounts under the ledger, their trial balance, and the journal in the layout of the French tax office.

Nothing is stored twice: a posting (view `v_posting`) is one amount from one account to another, read out of the
immutable facts it follows from (entries, estimates, distributions), so every posting balances and what proves
the facts proves the books. The book of a period is its calendar year; what is posted later to an open period bears the
period's last day, and says itself when that was (ValidDate).
Authority of the FEC: LPF art. A47 A-1, VII (18 columns, dates AAAAMMJJ, decimal comma, ISO-8859-15, naming).
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import msgspec

from edi.core.desk import Desk
from edi.core.settings import Home, table
from schemas import money
from schemas.charset import ENCODING
from schemas.errors import SettingsWrong
from schemas.text import Both

LABELS = {
    "suppliers": "Fournisseurs de livres, parts dues", "to_distribute": "Rémunération à répartir",
    "estimates": "Parts estimées, à régulariser", "state": "État, part au titre des usagers inscrits",
    "fees": "Prélèvements pour frais de gestion", "pension": "Retraite complémentaire des auteurs",
    "authors": "Auteurs, parts réparties", "publishers": "Éditeurs, parts réparties",
    "carried": "Reports à répartir l'année suivante",
}  # fmt: skip
JOURNALS = {"PART": "Parts des fournisseurs", "ESTIM": "Parts estimées d'office", "REPART": "Répartition"}
FEC = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip


class Accounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Account numbers, `[accounts]` in edi.toml: to be adapted to the house's own plan."""

    suppliers: str = "411000"
    to_distribute: str = "467100"
    estimates: str = "468600"
    state: str = "441000"
    fees: str = "706100"
    pension: str = "467200"
    authors: str = "467300"
    publishers: str = "467400"
    carried: str = "467800"

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not re.fullmatch(r"[1-8][0-9]{2}[0-9A-Z]{0,17}", getattr(self, name)):
                raise ValueError(f"{name} : un numéro de compte, de 3 chiffres au moins")


def accounts_of(home: Home) -> Accounts:
    """`[accounts]` in edi.toml. Raises SettingsWrong."""
    return table(home, "accounts", Accounts)


def trial(desk: Desk, period: int | None = None, at: date | None = None) -> list[dict[str, Any]]:
    """The trial balance, by account number: sums of debits and credits, and what is left, in cents (debit is positive)."""
    accounts = accounts_of(desk.home)
    rows = desk.db.execute(
        "SELECT account, sum(debit_cents) AS debit_cents, sum(credit_cents) AS credit_cents FROM v_journal "
        "WHERE (?1 IS NULL OR period = ?1) AND (?2 IS NULL OR substr(at, 1, 10) <= ?2) GROUP BY account",
        (period, at and at.isoformat()),
    )
    found = [
        {
            "account": getattr(accounts, row["account"]), "name": row["account"], "label": LABELS[row["account"]],
            "debit_cents": row["debit_cents"], "credit_cents": row["credit_cents"],
            "balance_cents": row["debit_cents"] - row["credit_cents"],
        }
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row["account"], row["name"]))


def fec_name(siren: str, period: int) -> str:
    """The name the file must bear: SIREN, FEC, the last day of the book.

    >>> fec_name("732829320", 2025)
    '732829320FEC20251231.txt'
    """
    if not siren:
        raise SettingsWrong(
            path="edi.toml",
            why=Both('siren = "..." manque : le nom du FEC', 'siren = "..." is missing: the name of the FEC'),
        )
    return f"{siren}FEC{period}1231.txt"


def fec(desk: Desk, period: int) -> Iterator[bytes]:
    """The journal of a period as a "fichier des écritures comptables": a line of heads, then 18 fields a line."""
    accounts = accounts_of(desk.home)
    rows = desk.db.execute(
        "SELECT j.*, p.name FROM v_journal j LEFT JOIN partner p ON p.gln = j.party WHERE j.period = ? "
        "ORDER BY at, journal, id, label, debit_cents = 0",
        (period,),
    )
    yield _line(FEC)
    for number, (_, lines) in enumerate(groupby(rows, key=lambda row: (row["at"], row["journal"], row["id"])), 1):
        for row in lines:
            party = row["party"] if row["account"] == "suppliers" else ""
            yield _line(
                (
                    row["journal"], JOURNALS[row["journal"]], str(number), _day(row["day"]),
                    getattr(accounts, row["account"]), LABELS[row["account"]], party, party and (row["name"] or party),
                    row["piece"], _day(row["piece_date"]), row["label"], _amount(row["debit_cents"]),
                    _amount(row["credit_cents"]), "", "", _day(row["at"]), "", "",
                )
            )  # fmt: skip


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _line(fields: tuple[str, ...]) -> bytes:
    return ("\t".join(_BREAKS.sub(" ", field) for field in fields) + "\r\n").encode(ENCODING, "replace")


def _day(iso: str) -> str:
    return iso[:10].replace("-", "")


def _amount(cents: int) -> str:
    return money.decimal(cents).replace(".", ",")
