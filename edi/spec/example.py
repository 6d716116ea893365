"""The worked example: a small year of one supplier and one library, in each format, by the ordinary road.

Real writers write it, `edi.taking` takes it in a home of its own, one pass reconciles it; what is shown is what came
of that. The clock is given, so that the same version always tells the same.
"""

import io
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from edi import ledger, partners
from edi.lending.context import Partner
from edi.reconciling import reconcile
from edi.settings import OUR_GLN, open_home
from edi.store import connect, transaction
from edi.taking import Arrival, receive, take
from parsers import write_fixed, write_xml
from schemas import charset, money
from schemas.declaration import Declaration, Header, Invoice, Line
from spool.folder import Folder

SUPPLIER, LIBRARY = "3025616805006", "3015593010104"
ISSUED = datetime.fromisoformat("2026-01-15T09:30:00")
ANSWERED = datetime.fromisoformat("2026-01-15T09:45:00")
_VAT = 550

_STRANGER = Line("9782070360024", 10, 1895, 900, _VAT, "", "", "L'Étranger")
_SECOND_HAND = Line("9791093983004", 1, 900, 0, _VAT, "OC", "BL-77", "Un cœur simple")
_FABLES = Line("9782253010692", 4, 474, 500, _VAT, "", "", "Fables")
_WRONG = msgspec.structs.replace(_FABLES, ean="9782253010629")


def _sold(number: str, day: str, *lines: Line, **credited: Any) -> Invoice:
    ht = sum(money.discounted(line.quantity * line.price, line.discount) for line in lines)
    ttc = money.half_away(ht * (10_000 + _VAT), 10_000)
    kind = "A" if credited else "F"
    return Invoice(
        record=0, partner=LIBRARY, number=number, date=date.fromisoformat(day), kind=kind, ht=ht, ttc=ttc, lines=lines,
        **credited,
    )  # fmt: skip


_SOLD = (
    _sold("FA-2025/0012", "2025-03-14", _STRANGER, _SECOND_HAND),
    _sold("FA-2025/0040", "2025-09-02", _FABLES),
    _sold("AV-2025/0003", "2025-06-30", msgspec.structs.replace(_STRANGER, quantity=1), credited="FA-2025/0012",
          credited_on=date(2025, 3, 14)),
)  # fmt: skip
#: How the library typed the same numbers, and when it dates the same invoices.
_TYPED = (("fa 2025-0012", "2025-03-14"), ("FA-2025/0040", "2025-09-04"), ("AV 2025 0003", "2025-07-01"))
_REFUSED = (
    _sold("FA-2025/0055", "2025-11-20", _STRANGER),
    _sold("FA-2025/0056", "2025-11-21", _WRONG),
)


def _header(side: str, reference: str) -> Header:
    return Header(
        format="fixed", record=1, side=side, declarant=SUPPLIER if side == "supplier" else LIBRARY, addressee=OUR_GLN,
        issued=ISSUED, reference=reference, period=2025, use="real", nature="initial",
    )  # fmt: skip


def _bought() -> tuple[Invoice, ...]:
    """The same sales as the library declares them: headers only, by its own word for number and date."""
    return tuple(
        msgspec.structs.replace(one, partner=SUPPLIER, number=number, date=date.fromisoformat(day), lines=())
        for one, (number, day) in zip(_SOLD, _TYPED, strict=True)
    )


#: What is shown of an entry.
ENTRY = ("period", "supplier", "library", "invoice_number", "invoice_date", "kind", "base_cents", "rate",
         "remuneration_cents", "copies")  # fmt: skip
#: What is declared, the file's name but its extension, the declaration.
DECLARATIONS = (
    ("library", f"B-{LIBRARY}-2025", Declaration(_header("library", "2025-0007"), _bought())),
    ("supplier", f"F-{SUPPLIER}-2025", Declaration(_header("supplier", "2025-000123"), _SOLD)),
    ("refused", f"F-{SUPPLIER}-2025-2", Declaration(_header("supplier", "2025-000124"), _REFUSED)),
)


def worked() -> dict[str, Any]:
    """The example: the files of both formats with their answers, then what a pass matches and posts."""
    files = []
    for form, extension in (("fixed", "txt"), ("xml", "xml")):
        with tempfile.TemporaryDirectory() as room:
            home = open_home(Path(room) / "home")
            connection, folder = connect(home.database), Folder(home.path)
            connection.execute("PRAGMA synchronous = OFF")
            with transaction(connection):
                partners.store(
                    connection, {SUPPLIER: Partner(SUPPLIER, "", "supplier"), LIBRARY: Partner(LIBRARY, "", "library")}
                )
            for what, stem, declaration in DECLARATIONS:
                name, out = f"{stem}.{extension}", io.BytesIO()
                (write_fixed if form == "fixed" else write_xml).write(declaration.header, declaration.invoices, out)
                arrival = Arrival(name=name, link="example")
                receipt = receive(connection, arrival, folder.keep([out.getvalue()], 1 << 20), ANSWERED)
                taken = take(connection, home, folder, receipt, arrival, ANSWERED)
                given = connection.execute("SELECT name, body FROM answer WHERE receipt = ? ORDER BY id", (receipt,))
                files.append({
                    "what": what, "name": name, "format": form, "side": declaration.header.side,
                    "verdict": taken.verdict, "text": _text(name, out.getvalue()),
                    "answers": [{"name": row["name"], "text": _text(row["name"], row["body"])} for row in given],
                })  # fmt: skip
            counts = reconcile(connection, ANSWERED)
            entries = [{name: entry[name] for name in ENTRY} for entry in ledger.entries(connection)]
            connection.close()
    return {"files": files, "counts": counts, "entries": entries}  # the same from either format


def _text(name: str, data: bytes) -> str:
    """A file's text: what is fixed format or a Gencod notice is not UTF-8."""
    fixed = name.endswith(".txt") and not name.endswith(".rapport.txt")
    return data.decode(charset.ENCODING if fixed else "utf-8").replace("\r\n", "\n")
