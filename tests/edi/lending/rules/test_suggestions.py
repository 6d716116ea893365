"""The likely correction: told where the file or the directory proves it, and silent when it is unsure."""

import io
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edi.core.desk import Desk
from edi.core.limits import Limits
from edi.core.partners import Partner
from edi.intake.taking import check_file
from edi.lending.rules.context import Context
from edi.lending.rules.suggestions import Witness, neighbours, suggested
from schemas import gln
from schemas.acknowledgement import Acknowledgement
from schemas.finding import Finding
from schemas.text import say
from tests.breaking import after
from tests.declarations import (
    BASES,
    DIRECTORY,
    LIBRARY,
    OTHER_LIBRARY,
    PLACES,
    SHOP,
    SUPPLIER,
    US,
    among,
    book,
    changed,
    numbered,
    rows,
    written,
)  # fmt: skip
from tests.desk import aside

NOW = datetime(2026, 3, 1, 12, 0)
FIVES = numbered("301292170518")
#: One neighbour too many: with either digit, 2>7 of the one and 2>7 of the other are the same wrong code.
TWIN = OTHER_LIBRARY.replace("2", "8", 1)
NAMED = {
    "LIBRARY": LIBRARY, "OTHER_LIBRARY": OTHER_LIBRARY, "SUPPLIER": SUPPLIER, "SHOP": SHOP, "FIVES": FIVES,
    "EAN1": book(1).ean,
}  # fmt: skip
KNOWN = {
    **{code: Partner(code, "Médiathèque", "library") for code in (LIBRARY, OTHER_LIBRARY, TWIN)},
    **{code: Partner(code, "Librairie", "supplier") for code in (SUPPLIER, FIVES)},
}


def spoilt(match: re.Match[str]) -> str:
    """`{LIBRARY:9>4}`, `{LIBRARY:swap}` (the first two unlike neighbours), `{EAN1:last}`, `{EAN1:next}`."""
    code, how = NAMED[match[1]], match[2] or ""
    if how == "swap":
        at = next(
            at for at in range(3, 12) if code[at] != code[at + 1] and (match[1] != "FIVES" or code[at : at + 2] == "05")
        )
        return code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    if how == "last":
        return code[:12] + str((int(code[12]) + 1) % 10)
    if how == "next":  # another EAN one digit away from the wrong one
        wrong = code[:12] + str((int(code[12]) + 1) % 10)
        return next(other for other in sorted(neighbours(wrong)) if other[:11] != code[:11] and gln.is_valid(other))
    return re.sub(*how.split(">"), code, count=1) if how else code


def checked(data: bytes, directory: Mapping[str, Partner] = DIRECTORY, limits: Limits | None = None) -> Acknowledgement:
    return check_file(_knowing(tuple(directory.values()), limits), io.BytesIO(data), "F.txt")[0]


@cache
def _knowing(directory: tuple[Partner, ...], limits: Limits | None) -> Desk:
    return aside(NOW, directory, limits)


def told(data: bytes, code: str, directory: Mapping[str, Partner] = DIRECTORY, language: str = "fr") -> str:
    """The suggestion of the one finding of this code; `-` when it has none."""
    [finding] = [finding for finding in checked(data, directory).findings if finding.code == code]
    return say(finding.suggestion, language) or "-"


@pytest.mark.parametrize("row", list(rows("suggestions.txt")), ids=lambda row: " | ".join(row[:2]))
def test_the_likely_correction_is_told_or_nothing(row: list[str]) -> None:
    base, changes, code, expected = (re.sub(r"\{(\w+)(?::([^}]*))?\}", spoilt, cell) for cell in row)
    known = KNOWN if "partner=" in changes or "declarant=" in changes else {}
    for form, place in product(("fixed", "xml"), PLACES):
        found = told(written(among(changed(BASES[base], changes), place), form), code, known)
        assert found == "-" if expected == "-" else expected in found, (form, place)


@pytest.mark.parametrize(
    ("steps", "code", "expected"),
    [
        ("set 2.date 14032025", "invoice-date-invalid", "20250314"),
        ("set 2.date 14032024", "invoice-date-invalid", "-"),  # another year than the period's
        ("set 2.date 14132025", "invoice-date-invalid", "-"),
        ("set 2.date 31022025", "invoice-date-invalid", "-"),
        ("set 9.credited_on 14032025", "invoice-date-invalid", "20250314"),
        ("set 9.credited_on 14031825", "invoice-date-invalid", "-"),
        ("set 2.contract_sent 02072003", "field-format", "20030702"),
        ("set 1.issued 15012026093000", "header-field", "20260115093000"),
        ("set 1.issued 15012026253000", "header-field", "-"),
        ("set 1.issued 15042026093000", "header-field", "-"),  # after today
        ("set 2.ht -00000018145", "field-format", "un avoir : type A (XML : avoir), montants sans signe"),
        ("set 9.ht -00000000996", "field-format", "montants sans signe : le type A dit l'avoir"),
        ("set 2.ht 0000 0018145", "field-format", "-"),
    ],
)  # fmt: skip
def test_of_a_fixed_field_that_has_not_its_form(steps: str, code: str, expected: str) -> None:
    assert told(after(written(BASES["supplier"], "fixed"), steps), code) == expected


@pytest.mark.parametrize(
    ("what", "instead", "code", "expected"),
    [
        ('date="2025-03-14"', 'date="14/03/2025"', "xml-schema", "2025-03-14"),
        ('date="2025-03-14"', 'date="14-03-2025"', "xml-schema", "2025-03-14"),
        ('date="2025-03-14"', 'date="14-03/2025"', "xml-schema", "-"),
        ('date="2025-03-14"', 'date="2025-14-03"', "invoice-date-invalid", "-"),
        ('totalTTC="105.17"', 'totalTTC="-105.17"', "xml-schema", "un avoir : type A (XML : avoir), montants sans signe"),
        ('totalTTC="105.17"', 'totalTTC="105,17"', "xml-schema", "-"),
    ],
)  # fmt: skip
def test_of_an_attribute_that_has_not_its_form(what: str, instead: str, code: str, expected: str) -> None:
    data = written(BASES["supplier"], "xml").decode()
    assert what in data
    assert told(data.replace(what, instead, 1).encode(), code) == expected


def test_utf8_is_told_where_the_encoding_alone_is_wrong() -> None:
    text = written(BASES["supplier"], "fixed").decode("iso8859-15")
    assert told(text.encode(), "charset") == "enregistrer le fichier en ISO-8859-15"
    assert told(text.encode(), "charset", language="en") == "save the file as ISO-8859-15"
    padded_in_bytes = text.replace("Titre n° 1  ", "Titre n° 1 ")
    assert told(padded_in_bytes.encode(), "charset") == "-"


@pytest.mark.parametrize(
    ("speaks_for", "expected"), [([LIBRARY, SHOP], LIBRARY), ([SHOP], None), ([LIBRARY, LIBRARY[:-1] + "x"], LIBRARY)]
)
def test_a_link_knows_its_own_declarants(speaks_for: list[str], expected: str | None) -> None:
    wrong = Finding(code="declarant-gln-check-digit", found=LIBRARY[:-1] + str((int(LIBRARY[-1]) + 1) % 10))
    context = Context(our_gln=US, now=NOW, speaks_for=speaks_for)
    assert suggested(wrong, Witness(BASES["library"].header, None, context)).suggestion == expected


def test_units_are_named_only_where_they_are_the_fault() -> None:
    assert "centimes" in told(written(changed(BASES["library"], "I1.ht=181"), "fixed"), "vat-implausible", {})
    assert "centimes" not in told(written(changed(BASES["library"], "I1.ht=181"), "xml"), "vat-implausible", {})


def test_beyond_the_findings_kept_nothing_is_looked_for() -> None:
    lines = tuple(book(1, ean=book(1).ean[:12] + str((int(book(1).ean[12]) + 1) % 10)) for _ in range(50))
    base = BASES["supplier"]
    many = replace(base, invoices=(*base.invoices, replace(base.invoices[1], number="M", lines=lines)))
    found = checked(written(many, "xml"), {}, Limits(findings_kept=10)).findings
    assert [finding.suggestion for finding in found if finding.code == "ean-check-digit"] == [book(1).ean] * 10


@given(st.integers(0, 10**12 - 1).map(lambda number: numbered(f"{number:012d}")), st.data())
def test_every_slip_has_the_code_that_was_meant_among_its_neighbours(code: str, data: st.DataObject) -> None:
    slip = data.draw(st.sampled_from(sorted(neighbours(code))))
    assert code in neighbours(slip)
    assert slip not in neighbours(slip)
