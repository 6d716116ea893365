"""The home and its settings, `edi.toml`: the only reader of both and of the environment.

HOME/edi.toml     settings and links      HOME/incoming/    being fetched
HOME/edi.sqlite   the database            HOME/received/    original bytes by sha256
HOME/known_hosts  pinned host keys        HOME/quarantine/  HOME/outgoing/
"""

import os
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from edi.core.limits import Limits
from schemas import gln
from schemas.errors import NotAllowed, NotFound, SettingsWrong, Unreadable
from schemas.text import Both, Language, Text, filled, joined
from spool import durable
from spool.errors import why
from spool.transports import AnyLink, tagged

OUR_GLN = "3035593037000"
PARIS = ZoneInfo("Europe/Paris")
#: Where files given on the command line come from: a link that speaks for everybody.
LOCAL = "local"

_OPEN = Both(
    "{path} est ouvert à d'autres utilisateurs. Le fermer : chmod 700 {path}",
    "{path} is open to other users. Close it: chmod 700 {path}",
)
_TEMPLATE = """\
# Réglages d'edi. Voir le README, « A real link ».

gln = "{gln}"            # notre GLN : les déclarations lui sont adressées
# max_bytes = {max_bytes}       # taille maximale d'une déclaration, dézippée
# max_records = {max_records}       # enregistrements, ou éléments XML, au plus
# max_seconds = {max_seconds}           # temps de lecture d'un fichier, au plus
# findings_kept = {findings_kept}        # constats gardés par fichier et gravité
# lang = "fr"                   # langue des comptes rendus : fr ou en
# every_seconds = 60            # pause entre deux passages de « edi run »
# siren = "732829320"           # nomme le fichier des écritures comptables

# [issuer]                      # qui émet les appels
# name = "Société de perception"
# address = ["1, rue des Livres", "75001 Paris"]
# payment = "À régler sous trente jours."
# mention = "..."               # au pied de chaque page
# [accounts]                    # numéros de compte ; les noms : edi ledger trial
# fees = "706100"
# [distribution]                # 1/100 % ; la retraite : la moitié au plus (L133-4)
# fees_bp = 450
# pension_bp = 3000
# threshold_cents = 1000

# [[link]]
# name = "mediatheques-sud"
# host = "sftp.example.org"
# user = "edi"
# key_file = "/etc/edi/id_ed25519"      # ou password_env = "EDI_SUD_PASSWORD", password_file = "..."
# depot = "/homes/*/depot"              # dossiers ; * : un dossier par partenaire
# retour = "/homes/*/retour"
# archive = "/homes/*/archive"
# declarants = ["3025616805006"]        # pour qui cette liaison parle
"""


#: Least and most of each figure. Records are counted within `edi.core.store.PLACES`.
_BOUNDS = {
    "every_seconds": (1, 86400),
    "max_bytes": (1, 2**40),
    "max_records": (1, 16_000_000),
    "max_seconds": (1, 86400),
    "findings_kept": (10, 100_000),
}


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who papers come from, as they print it."""

    name: str = "Société de perception"
    address: tuple[str, ...] = ()
    payment: str = ""
    mention: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edi.toml`, decoded. Sizes in bytes, times in seconds. What a scheme has of its own is a
    plain table, which it decodes (`table`)."""

    gln: str = OUR_GLN
    max_bytes: int = Limits().max_bytes
    max_records: int = Limits().max_records
    max_seconds: float = Limits().max_seconds
    findings_kept: int = Limits().findings_kept
    lang: Language = "fr"
    every_seconds: float = 60
    siren: str = ""
    issuer: Issuer = Issuer()
    accounts: dict[str, Any] = {}
    distribution: dict[str, Any] = {}
    link: tuple[AnyLink, ...] = ()

    @property
    def letterhead(self) -> dict[str, Any]:
        """Who papers come from, as their templates have it."""
        return {"gln": self.gln, **msgspec.to_builtins(self.issuer)}

    @property
    def limits(self) -> Limits:
        """What is read of one file."""
        return msgspec.convert(self, Limits, from_attributes=True)


class Home(msgspec.Struct, frozen=True):
    """A home directory and its settings."""

    path: Path
    settings: Settings

    @property
    def database(self) -> Path:
        """Where the database lies."""
        return self.path / "edi.sqlite"

    @property
    def known_hosts(self) -> Path:
        """Where host keys are pinned."""
        return self.path / "known_hosts"

    def link(self, name: str) -> AnyLink:
        """The link of that name; NotFound names those there are."""
        for link in self.settings.link:
            if link.name == name:
                return link
        names = ", ".join(link.name for link in self.settings.link) or "-"
        raise NotFound(what=Both(f"liaison {name!r} ({names})", f"link {name!r} ({names})"))


T = TypeVar("T")


def table(home: Home, name: str, kind: type[T]) -> T:
    """A scheme's own table of the settings, decoded. Raises SettingsWrong naming what is wrong with it."""
    whole = msgspec.defstruct("Settings", [(name, kind)])
    try:
        found: T = getattr(msgspec.convert({name: getattr(home.settings, name)}, whole), name)
    except msgspec.ValidationError as wrong:
        raise SettingsWrong(path=home.path / "edi.toml", why=wrong) from wrong
    return found


def locate(given: Path | None) -> Path:
    """The home's path: as given, else `EDI_HOME`, else `./edi-home`."""
    return given or Path(os.environ.get("EDI_HOME") or "edi-home")


def open_home(path: Path) -> Home:
    """The home at `path`, made on first use. Raises SettingsWrong or Unreadable with what to mend."""
    try:
        if not path.exists():
            path.mkdir(parents=True, mode=0o700)
        if not path.is_dir():
            raise SettingsWrong(path=path, why=Both("n'est pas un dossier", "is not a folder"))
        if path.stat().st_mode & 0o077:
            raise NotAllowed(why=filled(_OPEN, path=path))
        settings = path / "edi.toml"
        if not settings.exists():
            durable.write(settings, _TEMPLATE.format(gln=OUR_GLN, **msgspec.structs.asdict(Limits())).encode())
        return Home(path, read_settings(settings))
    except OSError as wrong:
        raise Unreadable(path=wrong.filename or path, why=why(wrong)) from wrong


def read_settings(path: Path) -> Settings:
    """The settings in a TOML file; SettingsWrong names everything that is wrong with them."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        if isinstance(links := tables.get("link"), list):
            tables["link"] = [tagged(link) if isinstance(link, dict) else link for link in links]
        settings = msgspec.convert(tables, Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as wrong:
        raise SettingsWrong(path=path, why=wrong) from wrong
    if wrongs := list(_wrongs(settings)):
        raise SettingsWrong(path=path, why=joined(wrongs))
    return msgspec.structs.replace(settings, link=tuple(link.anchored(path.parent) for link in settings.link))


def _wrongs(settings: Settings) -> Iterator[Text]:
    """What is wrong with the settings, a sentence each."""
    names = [link.name for link in settings.link]
    for link in settings.link:
        for problem in link.problems():
            yield joined([f"[[link]] {link.name}", problem], " : ")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Both(f"[[link]] {name} : deux fois", f"[[link]] {name}: twice")
    if LOCAL in names:
        yield Both(f"[[link]] {LOCAL} : nom réservé", f"[[link]] {LOCAL}: reserved name")
    if not gln.is_valid(settings.gln):
        yield Both(f"gln {settings.gln!r} : pas un GLN", f"gln {settings.gln!r}: not a GLN")
    if settings.siren and not _is_siren(settings.siren):
        yield Both(f"siren {settings.siren!r} : pas un SIREN", f"siren {settings.siren!r}: not a SIREN")
    for name, (least, most) in _BOUNDS.items():
        given = getattr(settings, name)
        if not least <= given <= most:
            yield Both(f"{name} {given} : de {least} à {most}", f"{name} {given}: from {least} to {most}")


def _is_siren(code: str) -> bool:
    """Nine digits that Luhn's rule holds for.

    >>> _is_siren("732829320"), _is_siren("732829321"), _is_siren("73282932٠")
    (True, False, False)
    """
    digits = [int(c) * (1 + place % 2) for place, c in enumerate(code)] if code.isascii() and code.isdigit() else []
    return len(digits) == 9 and sum(d - 9 * (d > 9) for d in digits) % 10 == 0


def paris_now() -> datetime:
    """Paris wall-clock time, to the second: the only clock of the product."""
    return datetime.now(PARIS).replace(tzinfo=None, microsecond=0)
