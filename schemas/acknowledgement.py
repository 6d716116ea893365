"""An acknowledgement: what we answer to one file, before any encoding.

One value carries all answers: the Gencod and XML notices, the plain report, the JSON. The notices
are AST (refused whole), ANE (invoices refused), ATE (invoices booked); format, section 4.
"""

from datetime import datetime

import msgspec

from schemas.finding import Finding
from schemas.text import Both

#: Gencod notice number, and the identifier of its 177 comments, by notice.
NOTICE_NUMBERS = {"ate": ("912", "904"), "ane": ("913", "905"), "ast": ("914", "906")}

VERDICT_WORDS = {
    "accepted": Both("accepté", "accepted"),
    "partly-accepted": Both("accepté en partie", "partly accepted"),
    "refused": Both("refusé", "refused"),
    "duplicate": Both("doublon", "duplicate"),
    "failed": Both("contrôle en panne", "checker failed"),
}
VERDICTS = tuple(VERDICT_WORDS)


class Rehearsed(msgspec.Struct, frozen=True):
    """Where an invoice would stand: state and reason of matching, the other side's number, what it would owe in cents."""

    number: str
    date: str
    kind: str
    state: str
    reason: str
    other: str | None
    owed: int


class Rehearsal(msgspec.Struct, frozen=True):
    """What a dry run would have come to, in invoices of the file, and the remuneration in cents; the first ones listed."""

    matched: int
    proposed: int
    discrepancies: int
    waiting: int
    remuneration_cents: int
    invoices: tuple[Rehearsed, ...] = ()


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one file. Counts are of invoices; `None` is what could not be read.

    `addressee` is the GLN the answer goes to: the declarant, or the link's own. `answered_at` and
    `issued` are Paris wall-clock times. `findings` may be capped; the totals count all of them.
    `corrections` are the names of the correction files that go out beside the answers.
    `dry_run`: judged as usual, but nothing is booked, so that no answer may say it was; `would`: what it would come to.
    """

    file: str
    sha256: str
    format: str | None
    verdict: str
    addressee: str | None
    sender: str
    answered_at: datetime
    side: str | None = None
    use: str | None = None
    nature: str | None = None
    declarant: str | None = None
    original_addressee: str | None = None
    reference: str | None = None
    period: int | None = None
    sending: int | None = None
    issued: datetime | None = None
    invoices: int = 0
    accepted: int = 0
    refused: int = 0
    findings: tuple[Finding, ...] = ()
    findings_total: int = 0
    findings_by_code: dict[str, int] = {}
    not_checked: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    structure_refused: bool = False
    dry_run: bool = False
    would: Rehearsal | None = None


def notices(acknowledgement: Acknowledgement) -> tuple[str, ...]:
    """Which notices answer this file, in the order they are written.

    AST when a file finding refused it whole; otherwise ANE for refused invoices and ATE for booked
    ones (a nil declaration is processed too). A failed check answers nothing yet.
    """
    if acknowledgement.verdict == "failed":
        return ()
    if acknowledgement.structure_refused:
        return ("ast",)
    refused = ("ane",) if acknowledgement.refused else ()
    booked = ("ate",) if acknowledgement.accepted or not acknowledgement.invoices else ()
    return refused + booked
