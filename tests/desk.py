"""A desk to try the main job at: a home with a real database, and declarations of either side built small."""

import io
import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import edi.core.desk
from edi.core import partners
from edi.core.limits import Limits
from edi.core.partners import Partner
from edi.core.settings import Home, Settings, open_home
from edi.core.store import connect, scratch, transaction
from edi.directory.importing import bring_in
from edi.intake.arrivals import Arrival
from edi.intake.taking import receive, take
from edi.lending.matching import derived
from edi.lending.matching.reconciling import reconcile
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Declaration, Header, Invoice, Line
from tests.worlds.core import US, net, numbered, with_vat, written

NOW = datetime(2026, 11, 20, 12, 0)
EAN = "9782070360024"


def code(place: int) -> str:
    """A GLN of ours, by number."""
    return numbered(f"30129{place:07d}")


SHOP, OTHER_SHOP, LIBRARY, OTHER_LIBRARY, COMMUNE = (code(place) for place in (11, 12, 21, 22, 23))


def sold(number: str, day: str, price: int = 10_000, partner: str = LIBRARY, **more: Any) -> Invoice:
    """A supplier's invoice: one copy at `price` cents with 9 % off, unless `lines` or `ht` say otherwise."""
    lines = more.pop("lines", (Line(EAN, 1, price, 900, 550, "", "", ""),))
    ht = more.pop("ht", net(lines))
    return bought(number, day, ht, partner, lines=lines, **more)


def bought(number: str, day: str, ht: int = 9_100, partner: str = SHOP, **more: Any) -> Invoice:
    """A library's invoice of `ht` cents, at 5.5 % VAT."""
    ttc = more.pop("ttc", with_vat(ht))
    kind = more.pop("kind", "F")
    return Invoice(
        record=0, partner=partner, number=number, date=date.fromisoformat(day), kind=kind, ht=ht, ttc=ttc, **more
    )


def declared(reference: str, *invoices: Invoice, by: str = SHOP, side: str = "", **more: Any) -> Declaration:
    """A declaration of 2025 unless the first invoice says otherwise; `replaces` or `cancels` names a reference."""
    nature = next((name for name in ("replaces", "cancels") if name in more), "initial")
    replaced = more.pop(nature, "")
    first = invoices[0].date if invoices else None
    header = Header(
        format="fixed", record=1, declarant=by, addressee=US, reference=reference, nature=nature, replaced=replaced,
        side=side or ("library" if by in (LIBRARY, OTHER_LIBRARY, COMMUNE) else "supplier"),
        period=more.pop("period", first.year if first else 2025), use=more.pop("use", "real"),
        issued=more.pop("issued", datetime(2026, 1, 15, 9, 30)),
    )  # fmt: skip
    return Declaration(msgspec.structs.replace(header, **more), invoices)


def aside(now: datetime = NOW, known: Collection[Partner] = (), limits: Limits | None = None) -> edi.core.desk.Desk:
    """A desk over a database that is thrown away and knows these partners, of nobody's home."""
    settings = Settings(gln=US, **msgspec.structs.asdict(limits or Limits()))
    desk = edi.core.desk.Desk(Home(Path("nowhere"), settings), scratch(), clock=lambda: now)
    with transaction(desk.db):
        partners.keep(desk, known)
    return desk


@cache
def _new_database() -> bytes:
    """The database of a new home: every migration, made once for the many homes of a test run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edi.sqlite"
        connect(path).close()
        return path.read_bytes()


class Desk(edi.core.desk.Desk):
    """A home in `path`; its clock stands at `time`."""

    def __init__(self, path: Path, now: datetime = NOW) -> None:
        home = open_home(path)
        if not home.database.exists():
            home.database.write_bytes(_new_database())
        super().__init__(home, connect(home.database), clock=lambda: self.time)
        self.db.execute("PRAGMA synchronous = OFF")
        self.time = now

    def take(
        self, given: Declaration | bytes, form: str = "fixed", name: str = "F.txt",
        speaks_for: Collection[str] | None = None, dry: bool = False, receipt: int | None = None, link: str = "l",
    ) -> Acknowledgement:  # fmt: skip
        """A file by the ordinary road."""
        data = written(given, form) if isinstance(given, Declaration) else given
        self.time += timedelta(seconds=1)
        arrival = Arrival(name=name, link=link, speaks_for=speaks_for, dry=dry)
        if receipt is None:
            receipt = receive(self, arrival, self.folder.keep(io.BytesIO(data), 1 << 28))
        return take(self, receipt, arrival)

    def reconcile(self) -> dict[str, int]:
        return reconcile(self)

    def know(self, directory: Iterable[Partner]) -> int:
        """Imports partners, as `edi partners import` does; how many invoices that touches."""
        told = {partner.gln: partners.facts(partner) for partner in directory}
        return bring_in(self, told, "somebody", "annuaire.csv", self.time)["touched"]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.db.execute(sql, values)]

    def one(self, sql: str, *values: Any) -> Any:
        return self.db.execute(sql, values).fetchone()[0]

    def live(self) -> list[str]:
        """Numbers of the invoices that stand, with their HT."""
        rows = self.rows(
            "SELECT number, ht FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal) ORDER BY date, number, id"
        )
        return [f"{number} {ht}" for number, ht in rows]

    def owed(self) -> int:
        """The sum of every entry, in cents."""
        return int(self.one("SELECT coalesce(sum(remuneration_cents), 0) FROM remuneration"))

    def balances(self) -> dict[tuple[Any, ...], tuple[int, ...]]:
        """What each supplier's invoice owes, net of reversals, by what it says itself."""
        rows = self.rows(
            "SELECT supplier, library, invoice_number, invoice_date, kind, sum(base_cents), sum(remuneration_cents), "
            "sum(copies) FROM remuneration GROUP BY 1, 2, 3, 4, 5"
        )
        return {row[:5]: row[5:] for row in rows if any(row[5:])}

    def states(self) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """Where each live invoice stands, by what it says itself: state, reason, whom with, booked in, rate."""
        names = {
            row[0]: row[1:]
            for row in self.rows("SELECT id, side, supplier, library, number, date, kind, ht, digest FROM invoice")
        }
        stands = {
            row[0]: row[1:] for row in self.rows("SELECT invoice, state, reason, other, bag, period, rate FROM outcome")
        }
        found = {}
        for (invoice,) in self.rows("SELECT id FROM invoice WHERE id NOT IN (SELECT invoice FROM withdrawal)"):
            state, reason, other, bag, period, rate = stands.get(invoice, ("waiting", "", None, None, 0, 0))
            found[names[invoice]] = (state, reason, names.get(other), names.get(bag), period, rate)
        return found

    def snapshot(self) -> list[list[tuple[Any, ...]]]:
        """Everything that may not change by itself."""
        tables = (
            "declaration", "invoice", "line", "statement", "withdrawal", "entry", "posting_run", "twin", "credit", "tally",
            "outcome",
        )  # fmt: skip
        return [sorted(self.rows(f"SELECT * FROM {table}"), key=repr) for table in tables]

    def from_scratch(self) -> None:
        """Makes twin and outcome anew from the facts alone."""
        for table in ("outcome", "left_over", "untold"):
            self.db.execute(f"DELETE FROM {table}")
        derived.make_anew(self)


def codes(acknowledgement: Acknowledgement) -> list[str]:
    return [finding.code for finding in acknowledgement.findings]


def counts(acknowledgement: Acknowledgement) -> tuple[str, int, int]:
    return acknowledgement.verdict, acknowledgement.accepted, acknowledgement.refused


def partner(code: str, role: str = "library", **more: Any) -> Partner:
    return Partner(code, "?", role, **more)


Directory = Mapping[str, Partner]
Connection = sqlite3.Connection
