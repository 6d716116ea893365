"""VAT on books, in 1/100 %. Authority: CGI 278-0 bis (5.5 %), 278 bis in 2012 (7 %), 296 (2.1 % overseas).

Which of them is plausible on which day is for the rules of each scheme.

>>> with_vat(10_000, USUAL)
10550
"""

from schemas import money

ON_BOOKS = USUAL, IN_2012, OVERSEAS = 550, 700, 210


def with_vat(ht_cents: int, rate_bp: int) -> int:
    """A total with VAT at a rate in 1/100 %, in cents, halves away from zero."""
    return money.half_away(ht_cents * (10_000 + rate_bp), 10_000)
