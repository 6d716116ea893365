"""The correction files beside a partly accepted answer: what is to be mended, as a declaration ready to be sent again.

Authority: format, section 1 "Natures" and section 3. Each holds the refused invoices as they were sent, under a
reference of its own and nature I; those dated outside the period stand in a file of their own year. Left out is what
no such file could bring in: the copy of an invoice that stands, and one declared differently before (that wants an R
of the declaration that holds it). What is refused of an R is sent again as an R of that one with all its invoices,
since nothing is withdrawn until a clean R comes.

T2 keeps only how each is written, a recipe of a few bytes an invoice; it is written from the original when it is sent.
"""

import hashlib
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from edi.core.desk import Desk
from edi.core.judged import ACCEPTED, REFUSED, Booked, Judged
from edi.core.scheme import File
from edi.intake.answers import note
from edi.intake.arrivals import Arrival
from parsers import correction
from parsers.answers import correction as named
from parsers.sniff import open_source
from schemas.declaration import Header
from schemas.errors import NotFound, Unreadable

_REFERENCE_KEPT = 11  # characters of the reference corrected; `-C` and seven digits make it 20


class Recipe(msgspec.Struct, frozen=True):
    """How a correction is written: from which bytes, in which format, under which header, with which invoices.

    `fates` are those of `edi.core.judged`, packed. `everything`: what was accepted too, as an R wants. `only`: of this
    year alone; else of every year but `others`, which have a file of their own.
    """

    sha256: str
    format: str
    header: Header
    fates: bytes
    everything: bool = False
    only: int | None = None
    others: tuple[int, ...] = ()


def plan(judged: Judged, booked: Booked, name: str, sha256: str, now: datetime) -> dict[str, Recipe]:
    """The corrections due to a file, by their names: none unless it was accepted in part."""
    header, form = judged.header, judged.format
    if booked.verdict != "partly-accepted" or header is None or form is None:
        return {}
    assert header.period is not None and header.reference is not None
    others = tuple(sorted(year for year, invoices in judged.outside.items() if invoices))
    replaces = header.nature == "replaces"
    here = judged.fates.count(REFUSED) > sum(judged.outside.values())
    fates, recipes = zlib.compress(bytes(judged.fates)), {}
    for place, period in enumerate([header.period] * (here or replaces) + [*others], 1):
        own = period == header.period
        digest = hashlib.blake2b(f"{sha256} {now.isoformat()} {period}".encode()).hexdigest()[:7]
        new = msgspec.structs.replace(
            header,
            reference=f"{header.reference[:_REFERENCE_KEPT].rstrip()}-C{digest}",
            period=period,
            issued=now,
            nature="replaces" if own and replaces else "initial",
            replaced=header.reference if own and replaces else "",
            sending=min(header.sending + place, 999_999) if header.sending else 0,
        )
        recipe = Recipe(sha256, form, new, fates, own and replaces, None if own else period, others)
        recipes[named(name, form, None if own else period)] = recipe
    return recipes


def post(desk: Desk, file: File, arrival: Arrival, recipes: dict[str, Recipe]) -> None:
    """Puts corrections in the outbox, within T2."""
    for name, recipe in recipes.items():
        answer = desk.db.execute(
            "INSERT INTO answer (receipt, link, home, name, body, written_at) VALUES (?, ?, ?, ?, x'', ?)",
            (file.receipt, arrival.link, arrival.home, name, file.now.isoformat()),
        ).lastrowid
        desk.db.execute("INSERT INTO correction VALUES (?, ?)", (answer, msgspec.json.encode(recipe).decode()))


@contextmanager
def body(desk: Desk, answer: sqlite3.Row) -> Iterator[bytes | IO[bytes]]:
    """What an answer sends: its bytes, or a correction as a temporary file.

    Raises NotFound or Unreadable when the original is gone or damaged.
    """
    row = desk.db.execute("SELECT recipe FROM correction WHERE answer = ?", (answer["id"],)).fetchone()
    if row is None:
        yield answer["body"]
        return
    recipe = msgspec.json.decode(row["recipe"], type=Recipe)
    original = desk.folder.original(recipe.sha256)
    with tempfile.TemporaryFile() as written:
        try:
            with original.open("rb") as stream:
                write(recipe, stream, written)
        except ValueError as wrong:
            raise Unreadable(path=original, why=wrong) from wrong
        written.seek(0)
        yield written


def hold(desk: Desk, link: str, answer: sqlite3.Row) -> Path | None:
    """Where an answer is put in outgoing/; None, and noted, when the original that it corrects cannot be read."""
    try:
        with body(desk, answer) as data:
            return desk.folder.queue_answer(link, answer["home"], answer["name"], data)
    except (NotFound, Unreadable) as wrong:
        note(desk, answer["id"], wrong.text)
        return None


def write(recipe: Recipe, original: IO[bytes], out: IO[bytes]) -> None:
    """Writes a correction from the bytes that it corrects."""
    fates = zlib.decompress(recipe.fates)
    carried = (ACCEPTED, REFUSED) if recipe.everything else (REFUSED,)

    def wanted(place: int, year: int | None) -> bool:
        here = year not in recipe.others if recipe.only is None else year == recipe.only
        return here and place <= len(fates) and fates[place - 1] in carried

    source = open_source(original, sys.maxsize)
    out.writelines(correction.pieces(source.stream, recipe.format, recipe.header, wanted))
