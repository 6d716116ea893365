"""Spreadsheets as French people keep them, read into invoices; every cell that cannot be read, at once; and there and back."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.lending.invoice_sheet import COLUMNS, columns, read
from schemas.declaration import Invoice, Line
from schemas.money import decimal

LIBRARY, EAN = "3025616805006", "9782070360024"
CELLS = """
date     | 14/03/2025        | 2025-03-14
date     | 4/3/2025          | 2025-03-04
date     | 14.03.2025        | 2025-03-14
date     | 14-03-2025        | 2025-03-14
date     | 2025-03-14        | 2025-03-14
date     | 20250314          | 2025-03-14
date     | 14/03/25          | !
date     | 31/02/2025        | !
date     | 14/03/2025 00:00  | 2025-03-14
date     | 14/03/2025 9:32:05 | 2025-03-14
date     | 2025-03-14T23:59:59.000 | 2025-03-14
date     | 14/03/2025 matin  | !
date     | 45730             | !
ht       | 1234,56           | 123456
ht       | 1 234,56 €        | 123456
ht       | 1.234,56          | 123456
ht       | 1,234.56          | 123456
ht       | 12                | 1200
ht       | € 12,50           | 1250
ht       | 12,50 EUR         | 1250
ht       | 12,50 euros       | 1250
ht       | 12 € 50           | !
ht       | €                 | !
ht       | (12,50)           | !
ht       | 12,5              | 1250
ht       | 12,500            | 1250
ht       | 12,345            | !
ht       | -12,00            | !
ht       | 1E3               | !
ht       | ١٢                | !
ht       | 99999999999,99    | !
discount | 9 %               | 900
discount | 8,75              | 875
discount | 100,01            | !
vat      | 5,5               | 550
quantity | 2                 | 2
quantity | 2,0               | 2
quantity | 2,5               | !
partner  | 3025616805006     | 3025616805006
partner  | 3 025616 805006   | 3025616805006
partner  | 3,02562E+12       | !
partner  | 302561680500      | !
partner  | ="3025616805006"  | 3025616805006
partner  | '3025616805006    | 3025616805006
number   | ="0012"           | 0012
number   | '=FA+1            | =FA+1
ean      | 978-2-07-036002-4 | 9782070360024
ean      | 9,78E+12          | !
kind     | avoir             | A
kind     | Facture           | F
kind     | devis             | !
number   | FA-2025/0012      | FA-2025/0012
number   | 漢                | !
exclusion| OC                | OC
"""


@pytest.mark.parametrize("row", CELLS.strip().splitlines())
def test_a_cell(row: str) -> None:
    name, cell, expected = (part.strip() for part in row.split("|"))
    head = (
        f"partenaire;numero;date;quantite;prix;{name}"
        if name not in ("partner", "number", "date", "quantity")
        else "partenaire;numero;date;quantite;prix"
    )
    values = {"partner": LIBRARY, "number": "1", "date": "14/03/2025", "quantity": "1", "price": "10,00", name: cell}
    content = (
        f"{head}\n{values['partner']};{values['number']};{values['date']};{values['quantity']};{values['price']}"
        + (f";{cell}" if head.count(";") == 5 else "")
    )
    invoices, faults = read(content, "supplier")
    if expected == "!":
        assert [fault.found for fault in faults] == [cell] and faults[0].row == 2
        return
    assert faults == []
    (made,) = invoices
    values_read = {
        **{field: getattr(made, field) for field in Invoice.__struct_fields__},
        **{field: getattr(made.lines[0], field) for field in Line.__struct_fields__},
    }
    assert str(values_read[name]) == expected


def test_every_fault_is_told_at_once_with_its_row() -> None:
    content = "Partenaire,Numéro,Date,HT,Bidule\n"
    assert [fault.column for fault in read(content, "library")[1]] == ["Bidule"]
    content = f"partenaire;numero;date;HT\n\n{LIBRARY};1;14/03/2025;1,00\n;2;hier;dix\n{LIBRARY};3;;\n"
    assert [(fault.row, fault.column, fault.found) for fault in read(content, "library")[1]] == [
        (4, "partenaire", ""), (4, "date", "hier"), (4, "ht", "dix"), (5, "date", "")
    ]  # fmt: skip
    assert {fault.column for fault in read("", "library")[1]} >= {"partenaire", "numero", "date"}
    assert [fault.column for fault in read("partenaire;numero;date\n", "library")[1]] == ["ht"]


HEADS = """
Gencod fournisseur;N° de facture;Date de la facture;Montant H.T. (€);Montant T.T.C. (€)
GLN du fournisseur;NUMÉRO_FACTURE;Date facture;Total HT en euros;Total TTC en euros
Partenaire;nº facture;date;HT;TTC
partner;invoice number;invoice date;net;gross
"""


@pytest.mark.parametrize("head", HEADS.strip().splitlines())
def test_heads_as_people_write_them(head: str) -> None:
    ((made,), faults) = read(f"{head}\n{LIBRARY};1;14/03/2025;1,00;1,06\n", "library")
    assert (faults, made.number, made.ht, made.ttc) == ([], "1", 100, 106)


def test_nothing_that_stands_in_no_column_is_dropped() -> None:
    content = f"partenaire,numero,date,ht\n{LIBRARY},1,14/03/2025,181,45\n"
    invoices, faults = read(content, "library")
    assert invoices == [] and [(fault.row, fault.found) for fault in faults] == [(2, "45")]
    invoices, faults = read(f"partenaire;numero;date;ht;\n{LIBRARY};1;14/03/2025;181,45;x\n", "library")
    assert invoices == [] and [(fault.row, fault.found) for fault in faults] == [(2, "x")]


def test_what_excel_says_of_the_delimiter_is_heeded() -> None:
    ((made,), faults) = read(f"sep=;\r\npartenaire;numero;date;ht\r\n{LIBRARY};1;14/03/2025;1,00\r\n", "library")
    assert (faults, made.ht) == ([], 100)


def test_lines_of_an_invoice_apart_are_told() -> None:
    rows = [f"{LIBRARY};{number};14/03/2025;{EAN};1;10,00" for number in (1, 2, 1)]
    _, faults = read("\n".join(["partenaire;numero;date;ean;quantite;prix", *rows]), "supplier")
    assert [(fault.row, fault.found) for fault in faults] == [(4, "1")]


def test_totals_are_computed_where_absent() -> None:
    rows = f"{LIBRARY};1;14/03/2025;{EAN};2;10,00;9;5,5\n{LIBRARY};1;14/03/2025;{EAN};1;4,99;0;5,5"
    ((made,), _) = read(f"partenaire;numero;date;ean;quantite;prix;remise;tva\n{rows}", "supplier")
    assert (made.ht, made.ttc) == (1820 + 499, 2447)
    ((made,), _) = read(f"partenaire;numero;date;ht\n{LIBRARY};1;14/03/2025;100", "library")
    assert (made.ht, made.ttc) == (10_000, 10_550)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(encoding: str) -> None:
    content = f"Numéro;Fournisseur;Date;Total HT\nFÉ-1;{LIBRARY};14/03/2025;1,00"
    assert read(content.encode(encoding), "library")[0][0].number == "FÉ-1"


amounts = st.integers(0, 99_999_999)
lines = st.builds(
    Line, st.just(EAN), st.integers(1, 999), st.integers(1, 999_999), st.integers(0, 10_000), st.sampled_from([0, 210, 550]),
    st.sampled_from(["", "OC"]), st.sampled_from(["", "BL;7"]), st.sampled_from(["", 'Le "petit"; prince', "Œuvres"]),
)  # fmt: skip
invoices = st.builds(
    Invoice, record=st.just(0), partner=st.just(LIBRARY), number=st.integers(1, 999).map(str), date=st.dates(date(2003, 8, 1), date(2025, 12, 31)),
    kind=st.sampled_from("FA"), ht=amounts, ttc=amounts, contract=st.sampled_from(["", "M-1"]), credited=st.sampled_from(["", "F 9"]),
    lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
)  # fmt: skip


def _cell(name: str, value: object, comma: bool) -> str:
    if value is None:
        return ""
    if name in ("ht", "ttc", "price", "discount", "vat"):
        assert isinstance(value, int)
        return decimal(value).replace(".", "," if comma else ".")
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}" if comma else value.isoformat()
    return str(value)


@given(
    st.lists(invoices, max_size=4, unique_by=lambda one: (one.number, one.date, one.kind)),
    st.booleans(),
    st.sampled_from(";\t,"),
)
def test_there_and_back(made: list[Invoice], comma: bool, delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([column.heads[0] for column in columns("supplier")])
    for one in made:
        for line in one.lines:
            cells = [
                _cell(column.name, getattr(line if column.side == "supplier" else one, column.name), comma)
                for column in COLUMNS
            ]
            writer.writerow(cells)
    assert read(out.getvalue(), "supplier") == (made, [])
