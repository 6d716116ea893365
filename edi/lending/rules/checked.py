"""What the checks make of invoices: those by themselves with their findings, and those in which nothing was found together."""

from collections.abc import Sequence

import msgspec

from schemas.declaration import NO_LINES, Invoice, Invoices, Lines
from schemas.finding import Finding

#: A finding, and quantity, price and discount of its line.
Withheld = tuple[Finding, tuple[int, ...]]
#: What the digest of an invoice takes in behind its lines.
DIGESTED = ("ht", "ttc", "contract", "contract_sent", "credited", "credited_on")


class Sums(msgspec.Struct):
    """What an invoice's lines add up to, in cents and copies. `base` leaves out lines validly excluded."""

    lines: int = 0
    copies: int = 0
    gross: int = 0
    net: int = 0
    base: int = 0
    base_copies: int = 0
    exempt_contract: bool = False


class Checked(msgspec.Struct, frozen=True):
    """An invoice, or a part of one, with its findings. On the last part: verdict, sums, digest of amounts and lines.

    `lines` are those that could be read whole, where it is for the supplier to give any. `withheld` are findings kept back
    until the date of the invoice is known that a credit note names by its number alone: discounts above the cap of the
    note's own date (`edi.lending.booking.staging`).
    """

    invoice: Invoice
    findings: tuple[Finding, ...]
    refused: bool = False
    sums: Sums = msgspec.field(default_factory=Sums)
    digest: bytes = b""
    lines: Lines = NO_LINES
    withheld: tuple[Withheld, ...] = ()


class CleanInvoices(msgspec.Struct, frozen=True):
    """Whole invoices in which no check found anything. Of each: number key, what its lines come to (as `Sums` has it),
    and the digest of amounts and lines."""

    invoices: Invoices
    keys: Sequence[str]
    lines: Sequence[int]
    copies: Sequence[int]
    gross: Sequence[int]
    base: Sequence[int]
    base_copies: Sequence[int]
    exempt_contract: Sequence[bool]
    digests: Sequence[bytes]
