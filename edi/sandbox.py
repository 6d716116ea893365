"""`edi sandbox`: a partner's SFTP account on loopback with the real processor watching it, for vendors to try their client on.

    vendor's client -- SFTP --> <home>/partenaire/depot -- edi run's own passes --> retour/

The other side is played: each declaration that is booked is answered by the matching one of its partners, so that a
vendor sees it matched seconds later. A reference that begins with one of `SCENARIOS` has something else happen.
"""

import io
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from edi.core.desk import Desk, Tell, open_desk
from edi.core.settings import Home, open_home
from edi.core.store import PLACES, transaction
from edi.intake import links
from edi.intake.arrivals import header_of
from edi.intake.ingesting import ingest
from edi.intake.pipeline import Pass, Run
from edi.intake.running import forever
from edi.lending.matching.reconciling import reconcile
from edi.lending.rules import terms
from parsers.fixed import writer as write_fixed
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Header, Invoice, Line
from schemas.lending.layout import VERSION
from schemas.money import half_away
from schemas.text import Both
from spool import durable
from spool.folder import Folder
from spool.sftp.server import Server, User, host_key

LINK = "partenaire"
USER = "partenaire"
LATE_SECONDS = 15.0
_FOLDERS = ("depot", "depot/test", "retour", "archive")
#: No longer file is played by the other side.
_PLAYED = 5_000
_EAN = "9782070360024"

#: What happens to a declaration whose reference begins so.
SCENARIOS = {
    "TARD": Both(f"la réponse arrive {LATE_SECONDS:.0f} secondes plus tard", f"the answer comes {LATE_SECONDS:.0f} seconds late"),
    "REFUS": Both("refusée entière : référence déjà utilisée", "refused whole: reference already used"),
    "DOUBLE": Both("traitée deux fois : la seconde est un doublon", "taken twice: the second time as a duplicate"),
    "MUET": Both("l'autre côté ne déclare rien : tout attend", "the other side declares nothing: everything waits"),
    "ECART": Both("l'autre côté déclare d'autres montants", "the other side declares other amounts"),
}  # fmt: skip


class Account(msgspec.Struct, frozen=True):
    """What a client needs; `known_hosts` is a line for OpenSSH."""

    host: str
    port: int
    user: str
    password: str
    fingerprint: str
    known_hosts: str
    folder: str


@contextmanager
def account(path: Path, port: int, public_key: str | None) -> Iterator[tuple[Home, Account]]:
    """The account, open for as long as it is entered, in the home at `path`; key and password stay the same there."""
    home = open_home(path)
    root = home.path / "partenaires"
    for name in _FOLDERS:
        (root / USER / name).mkdir(parents=True, exist_ok=True)
    vault = home.path / "secrets"
    vault.mkdir(mode=0o700, exist_ok=True)
    if not (vault / USER).exists():
        durable.write(vault / USER, secrets.token_urlsafe(12).encode())
    password = (vault / USER).read_text("ascii")
    durable.write(home.path / "edi.toml", _settings(home).encode())
    key = host_key(vault / "host_key")
    with Server(root, {USER: User(USER, password, public_key)}, port, key) as server:
        line = f"[{server.host}]:{server.port} {key.get_name()} {key.get_base64()}"
        yield (
            open_home(path),
            Account(server.host, server.port, USER, password, server.fingerprint, line, str(root / USER)),
        )


def _settings(home: Home) -> str:
    return (
        f'# Le bac à sable.\ngln = "{home.settings.gln}"\nevery_seconds = 1\n\n[[link]]\nname = "{LINK}"\n'
        f'kind = "folder"\npath = "partenaires/{USER}"\ndeclarants = ["*"]\nsettle_seconds = 1\n'
    )


def play(home: Home, stop: threading.Event, tell: Tell) -> None:
    """Watches the account until `stop` is set, and plays the other side."""
    with open_desk(home.path) as desk:
        desk.stop, desk.tell = stop, lambda event, facts: _meddle(home, event, facts, tell)
        run = Run(desk, reconcile)
        forever(run, lambda done: _play(desk, done))


def _scenario(reference: str | None) -> str:
    return next((word for word in SCENARIOS if (reference or "").upper().startswith(word)), "")


def _meddle(home: Home, event: str, facts: dict[str, Any], tell: Tell) -> None:
    """What has to happen in the middle of a pass: before a file is judged, or before it is answered."""
    if event == "pulled":
        header = header_of(Folder(home.path).original(facts["sha256"]), home.settings.max_bytes)
        if header is not None and _scenario(header.reference) == "REFUS":
            _use_up(home, facts["sha256"], header)
    elif event == "taken" and _scenario(facts["acknowledgement"].reference) == "TARD":
        _change(home, lambda desk: links.pause(desk, LINK))
        later = threading.Timer(LATE_SECONDS, _change, [home, lambda desk: links.resume(desk, LINK)])
        later.daemon = True
        later.start()
    tell(event, facts)


def _change(home: Home, change: Callable[[Desk], object]) -> None:
    with open_desk(home.path) as desk, transaction(desk.db):
        change(desk)


def _use_up(home: Home, sha256: str, header: Header) -> None:
    """Has the declarant's reference used already, by a declaration that booked something."""
    sql = (
        "INSERT INTO declaration (receipt, sha256, format, verdict, side, use, nature, declarant, reference, replaced, period, "
        "sending, issued, invoices, accepted, dry, taken_at) SELECT max(id), 'sandbox', ?, 'accepted', ?, 'real', 'initial', ?, ?, "
        "'', ?, 0, ?, 1, 1, 0, ? FROM receipt WHERE sha256 = ?"
    )
    known = (header.format, header.side, header.declarant, header.reference, header.period)
    if None not in known:
        _change(home, lambda desk: desk.db.execute(sql, (*known, *(2 * [desk.now().isoformat()]), sha256)))


def _play(desk: Desk, done: Pass) -> None:
    """The other side's turn, after a pass."""
    for taken in done.taken:
        if taken.verdict not in ("accepted", "partly-accepted") or taken.use != "real" or taken.dry_run:
            continue
        scenario = _scenario(taken.reference)
        if scenario == "DOUBLE":
            depot, again = desk.home.path / "partenaires" / USER / "depot", f"encore-{taken.file}"
            durable.write(depot / again, desk.folder.original(taken.sha256).read_bytes())
        if scenario != "MUET" and taken.accepted <= _PLAYED:
            for path in _twins(desk, taken, dearer=scenario == "ECART"):
                list(ingest(desk, [path]))


def _twins(desk: Desk, taken: Acknowledgement, dearer: bool) -> Iterator[Path]:
    """The declarations of the other side for what a file booked, one for each of its partners."""
    receipt = desk.db.execute(
        "SELECT max(receipt) FROM declaration WHERE declarant = ? AND reference = ? AND accepted > 0",
        (taken.declarant, taken.reference),
    ).fetchone()[0]
    other = "library" if taken.side == "supplier" else "supplier"
    rows = desk.db.execute(
        f"SELECT * FROM invoice WHERE id BETWEEN ? AND ? ORDER BY {other}, id",
        (receipt * PLACES, receipt * PLACES + PLACES - 1),
    ).fetchall()
    folder = desk.home.path / "autre-cote"
    folder.mkdir(mode=0o700, exist_ok=True)
    for place, (partner, theirs) in enumerate(groupby(rows, key=lambda row: str(row[other])), 1):
        assert taken.period is not None and taken.declarant is not None
        header = Header(
            format="fixed", record=1, version=VERSION, side=other, declarant=partner, addressee=desk.home.settings.gln,
            issued=desk.now(), reference=f"BAC-{receipt}-{place}"[:20], period=taken.period, use="real", nature="initial",
            replaced="", sending=0,
        )  # fmt: skip
        out = io.BytesIO()
        write_fixed.write(header, tuple(_mirrored(row, taken.declarant, other, dearer) for row in theirs), out)
        path = folder / f"{header.reference}.txt"
        durable.write(path, out.getvalue())
        yield path


def _mirrored(row: sqlite3.Row, partner: str, side: str, dearer: bool) -> Invoice:
    """The same invoice as the other side would declare it, or a fifth dearer."""
    ht = row["ht"] * 6 // 5 + 100 if dearer else row["ht"]
    day = date.fromisoformat(row["date"])
    vat = max(terms.vat_rates(day, side))
    lines = (Line(_EAN, 1, ht, 0, vat, "", "", ""),) if side == "supplier" and ht else ()
    return Invoice(
        record=0, partner=partner, number=row["number"], date=day, kind=row["kind"], ht=ht,
        ttc=half_away(ht * (10_000 + vat), 10_000), lines=lines,
    )  # fmt: skip
