"""Invoices of which nothing at all can be said, told at one look each, many at once.

Whether a closer look is wanted, not what it comes to: that is for the checks alone (`edi.lending.checks`), and a property
test holds that they find nothing in what is passed over here.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise

import msgspec

from edi.lending import terms
from edi.lending.context import Context
from edi.lending.invoice_checks import is_plausible_vat
from edi.lending.line_table import LineTable, LineTables
from schemas import gln, money, number
from schemas.declaration import Header, Invoice, Invoices

#: Number key, lines, copies, gross in cents, digest: what else is to be known of an invoice.
_Reckoned = tuple[str, int, int, int, bytes]


class Sound(msgspec.Struct, frozen=True):
    """Whole invoices of which nothing is to be said. Of each: number key, how many lines and copies, their public price
    in cents, and the digest of amounts and lines. None of the lines is excluded from the base."""

    invoices: Invoices
    keys: Sequence[str]
    counts: Sequence[int]
    copies: Sequence[int]
    gross: Sequence[int]
    digests: Sequence[bytes]


class Look:
    """The look at the invoices of one declaration."""

    def __init__(self, header: Header, context: Context, tables: LineTables) -> None:
        self._header = header
        self._directory = context.directory
        self._role = {"library": "supplier", "supplier": "library"}.get(header.side or "")
        self._tables = tables

    def at(self, invoices: Invoices) -> Iterator[Sound | Invoice]:
        """The same invoices in the same order: those that are sound together, the others each by itself."""
        if self._header.side is None or self._header.nature == "cancels":
            yield from invoices
            return
        reckoned = self._reckoned(invoices, self._tables.of(invoices.table))
        begin = 0
        for sound, alike in groupby(reckoned, key=bool):
            run = list(alike)
            end = begin + len(run)
            some = invoices if len(run) == len(invoices) else invoices[begin:end]
            if sound:
                yield Sound(some, *zip(*run, strict=True))
            else:
                yield from some
            begin = end

    def _reckoned(self, invoices: Invoices, table: LineTable) -> Iterator[_Reckoned | None]:
        """What there is to know of each; None if a closer look is wanted."""
        side, period, supplier = self._header.side, self._header.period, self._header.side == "supplier"
        last = self._header.issued and self._header.issued.date()
        for partner, name, day, kind, ht, ttc, contract, sent, announced, credited, credited_on, (begin, end) in zip(
            *invoices.heads, pairwise(invoices.begins), strict=True
        ):
            rates = terms.vat_rates(day, side)
            key = number.key(name)
            count = end - begin
            if not (
                key
                and day.year == period
                and last is not None
                and terms.SCHEME_BEGINS <= day <= last
                and ht <= ttc
                and (sent is not None or not contract)
                and (announced in (count, None) if supplier else not announced and not count)
                and (count or not supplier or day < terms.LINES_DUE_FROM)
                and self._is_known(partner)
                and is_plausible_vat(ht, ttc, rates)
            ):
                yield None
                continue
            if kind == "F":
                since, fits = day, not credited and credited_on is None
            else:
                since, fits = credited_on or day, credited_on is None or terms.SCHEME_BEGINS <= credited_on <= day
            if not fits or (count and not table.is_plain(begin, end, terms.at(since).cap_bp, rates)):
                yield None
                continue
            gross, copies = sum(table.gross[begin:end]), sum(table.quantities[begin:end])
            if count and abs(ht - sum(table.net[begin:end])) > money.tolerance(count, copies, gross):
                yield None
                continue
            digest = hashlib.blake2b(table.digest(begin, end) if count else b"", digest_size=16)
            digest.update(digest_of_head(ht, ttc, contract, sent, credited, credited_on))
            yield key, count, copies, gross, digest.digest()

    def _is_known(self, partner: str) -> bool:
        """Whether nothing can be said of that partner."""
        if not gln.is_valid(partner):
            return False
        known = self._directory.get(partner)
        return known.role == self._role if known is not None else not self._directory


def digest_of_head(
    ht: int | None,
    ttc: int | None,
    contract: str | None,
    sent: date | None,
    credited: str | None,
    credited_on: date | None,
) -> bytes:
    """What the digest of an invoice takes in after its lines."""
    return _ENCODE((ht, ttc, contract, sent, credited, credited_on))


_ENCODE = msgspec.msgpack.Encoder().encode
