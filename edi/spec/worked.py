"""The worked example: a small year of one supplier and one library, in each format, by the ordinary road.

What `example/*.xml` declares is written by the real writers, taken by `edi.intake.taking` in a home of its own, and reconciled
in one pass; what is shown is what came of that. The clock is given: one version always tells the same.
"""

import io
import tempfile
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from edi.converting import convert
from edi.core import partners
from edi.core.desk import Desk, open_desk
from edi.core.partners import Partner
from edi.core.store import transaction
from edi.intake.arrivals import Arrival
from edi.intake.correcting import body
from edi.intake.taking import receive, take
from edi.lending.matching import claims
from edi.lending.matching.reconciling import reconcile
from schemas.charset import ENCODING

SUPPLIER, LIBRARY = "3025616805006", "3015593010104"
ANSWERED = datetime.fromisoformat("2026-01-15T09:45:00")
_NAMES = {"library": f"B-{LIBRARY}-2025", "supplier": f"F-{SUPPLIER}-2025", "refused": f"F-{SUPPLIER}-2025-2"}
_SHOWN = ("invoice_number", "invoice_date", "kind", "base_cents", "rate", "remuneration_cents", "copies")


def worked() -> dict[str, Any]:
    """The files of both formats with their answers, and what a pass matches and posts, the same from either."""
    shown: list[dict[str, Any]] = []
    for form, extension in (("fixed", "txt"), ("xml", "xml")):
        with (
            tempfile.TemporaryDirectory() as room,
            open_desk(Path(room) / "home", clock=lambda: ANSWERED) as desk,
        ):
            shown += _taken(desk, form, extension)
            counts = reconcile(desk)
            entries = [{name: entry[name] for name in _SHOWN} for entry in claims.entries(desk)]
    return {"files": shown, "counts": counts, "entries": entries}


def _taken(desk: Desk, form: str, extension: str) -> Iterator[dict[str, Any]]:
    """The files of one format, each as it is answered."""
    with transaction(desk.db):
        roles = {SUPPLIER: "supplier", LIBRARY: "library"}
        partners.keep(desk, [Partner(code, "", role) for code, role in roles.items()])
    for what, stem in _NAMES.items():
        written, name = io.BytesIO(), f"{stem}.{extension}"
        source = files("edi.spec").joinpath("example", f"{what}.xml").read_bytes()
        assert not convert(io.BytesIO(source), form, written)
        arrival = Arrival(name=name, link="example")
        receipt = receive(desk, arrival, desk.folder.keep([written.getvalue()], 1 << 20))
        verdict = take(desk, receipt, arrival).verdict
        answers = []
        for row in desk.db.execute("SELECT * FROM answer WHERE receipt = ? ORDER BY id", (receipt,)).fetchall():
            with body(desk, row) as data:
                sent = data if isinstance(data, bytes) else data.read()
            answers.append({"name": row["name"], "text": _text(row["name"], sent)})
        text = _text(name, written.getvalue())
        yield {"what": what, "name": name, "format": form, "verdict": verdict, "text": text, "answers": answers}


def _text(name: str, data: bytes) -> str:
    """A file's text: what is in the fixed format or a Gencod notice is not UTF-8."""
    latin = name.endswith(".txt") and not name.endswith(".rapport.txt")
    return data.decode(ENCODING if latin else "utf-8").replace("\r\n", "\n")
