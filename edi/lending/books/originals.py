"""The original files, read again: what they say of each invoice that is kept, by production's own readers and checks.

A file is staged once more, as when it was taken, into a database of its own; every invoice kept of it must be there
with the same amounts, sums and digest of lines. Nothing is written.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator

from edi.core import partners
from edi.core.desk import Desk
from edi.core.limits import Limits, content_sha256
from edi.core.store import PLACES
from edi.lending.booking.staging import stage
from edi.lending.matching import derived
from edi.lending.rules.context import Context
from parsers.sniff import open_source
from schemas.errors import NotFound, Unreadable
from schemas.text import Both, Text
from spool.errors import why

#: Told what is gone through, how far, and of how much.
Progress = Callable[[Text, int, int], None]

#: Columns of `invoice`: as declared, and made of its lines.
DECLARED = ("number", "date", "kind", "ht", "ttc", "contract", "contract_sent", "credited", "credited_on")
MADE = ("lines", "copies", "gross", "base", "base_copies", "exempt_contract", "digest")
#: As they are read; the number key too, where keys are derived as this program does it.
_COMPARED = (*DECLARED, *MADE, "record", "key")
_HEADER = ("side", "declarant", "reference", "period", "nature")
_BEHIND_ENTRIES = """
SELECT b.receipt, r.sha256, r.size, min(d.id) AS id, d.sha256 AS content, d.side, d.declarant, d.reference, d.period, d.nature
FROM (SELECT supplier_invoice >> 24 AS receipt FROM remuneration UNION SELECT library_invoice >> 24 FROM remuneration) b
LEFT JOIN receipt r ON r.id = b.receipt
LEFT JOIN declaration d ON d.receipt = b.receipt AND d.accepted > 0 AND NOT d.dry
WHERE b.receipt IS NOT NULL GROUP BY b.receipt ORDER BY b.receipt
"""


def read_again(desk: Desk, progress: Progress) -> tuple[int, dict[int, str]]:
    """Reads every file behind an entry: how many, and of invoices they say something else of, by id, what it is.

    Raises Unreadable naming a file that is gone or cannot be read.
    """
    declared = desk.db.execute(_BEHIND_ENTRIES).fetchall()
    of, done = sum(row["size"] or 0 for row in declared), 0
    context = Context(our_gln=desk.home.settings.gln, now=desk.now(), directory=partners.load(desk))
    otherwise: dict[int, str] = {}
    with partners.known_aside(desk, context.directory.values()) as aside:
        for row in declared:
            progress(Both("fichiers", "files"), done, of)
            otherwise.update(_differences(desk, aside, row, context))
            done += row["size"] or 0
    return len(declared), otherwise


def _differences(desk: Desk, aside: Desk, declared: sqlite3.Row, context: Context) -> Iterator[tuple[int, str]]:
    """(invoice, what differs) of one file, which is read `aside`."""
    first, sha256, keyed = declared["receipt"] * PLACES, declared["sha256"] or "", derived.is_current(desk)
    kept = desk.db.execute("SELECT * FROM invoice WHERE id BETWEEN ? AND ?", (first, first + PLACES - 1))
    if declared["id"] is None:
        yield from ((row["id"], f"receipt {declared['receipt']}") for row in kept)
        return
    side, find = declared["side"], "SELECT * FROM staged_invoice WHERE seq = ?"
    partner = "library" if side == "supplier" else "supplier"
    try:
        path = desk.folder.original(sha256)
        with path.open("rb") as stream:
            header = None
            if hashlib.file_digest(stream, "sha256").hexdigest() == sha256:
                source = open_source(stream, 1 << 62)
                if content_sha256(source, sha256) == declared["content"]:
                    header = stage(aside, source, context, limits=Limits(max_records=PLACES)).header
            for row in kept:
                staged = aside.db.execute(find, (row["id"] - first,)).fetchone() if header else None
                wanted = {} if header is None else {name: getattr(header, name) for name in _HEADER}
                if staged is None or staged["partner"] != row[partner]:
                    yield row["id"], f"received/{sha256[:2]}/{sha256}"
                elif differs := [name for name in _HEADER if declared[name] != wanted[name]]:
                    yield row["id"], f"{differs[0]} {declared[differs[0]]} ; {wanted[differs[0]]}"
                elif (row["declaration"], row[side]) != (declared["id"], declared["declarant"]):
                    yield row["id"], f"declaration {row['declaration']} {row[side]} ; {declared['id']}"
                elif differs := [name for name in _COMPARED[: None if keyed else -1] if staged[name] != row[name]]:
                    yield row["id"], f"{differs[0]} {row[differs[0]]} ; {staged[differs[0]]}"
    except NotFound as gone:
        raise Unreadable(
            path=desk.home.path / "received" / sha256[:2] / sha256, why=Both("n'y est plus", "is not there")
        ) from gone
    except OSError as wrong:
        raise Unreadable(path=wrong.filename or sha256, why=why(wrong)) from wrong
