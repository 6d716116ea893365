"""Lines that went into the store before their file's verdict: they go when their invoice is refused."""

from schemas.declaration import Line
from tests.desk import EAN, Desk, counts, declared, sold

LONG = tuple(Line(EAN, 1, 1_000, 900, 550, "", "", "") for _ in range(21_000))


def test_a_long_refused_invoice_ahead_of_another(desk: Desk) -> None:
    refused = sold("1", "2025-03-14", lines=LONG, ht=1)

    assert counts(desk.take(declared("S", refused, sold("2", "2025-03-14")))) == ("partly-accepted", 1, 1)
    assert desk.rows("SELECT number, lines FROM invoice") == [("2", 1)]
    assert desk.one("SELECT count(*) FROM line") == 1
