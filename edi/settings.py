"""The home and its settings, `edi.toml`: the only reader of both and of the environment.

HOME/edi.toml     settings and links      HOME/incoming/    being fetched
HOME/edi.sqlite   the database            HOME/received/    original bytes by sha256
HOME/known_hosts  pinned host keys        HOME/quarantine/  HOME/outgoing/
"""

import os
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from parsers.sniff import MAX_BYTES
from schemas import gln
from schemas.errors import NotAllowed, NotFound, SettingsWrong, Unreadable
from spool import durable
from spool.errors import why
from spool.link import Link, problems

OUR_GLN = "3035593037000"
PARIS = ZoneInfo("Europe/Paris")
#: Where files given on the command line come from: a link that speaks for everybody.
LOCAL = "local"

_TEMPLATE = """\
# Réglages d'edi. / Settings of edi. Voir le README, « Configurer une liaison ».

gln = "{gln}"            # notre GLN : les déclarations lui sont adressées / our own GLN
# max_bytes = {max_bytes}       # taille maximale d'une déclaration, dézippée / largest declaration, unpacked
# language = "fr"               # langue des comptes rendus : fr ou en / language of reports
# every_seconds = 60            # pause entre deux passages de « edi run » / pause between two passes

# [[link]]
# name = "mediatheques-sud"
# host = "sftp.example.org"
# user = "edi"
# key_file = "/etc/edi/id_ed25519"      # ou / or: password_env = "EDI_SUD_PASSWORD", password_file = "..."
# depot = "/homes/*/depot"              # dossiers ; * : un dossier par partenaire / one folder per partner
# retour = "/homes/*/retour"
# archive = "/homes/*/archive"
# declarants = ["3025616805006"]        # pour qui cette liaison parle / for whom it may speak
"""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edi.toml`, decoded. Sizes in bytes, times in seconds."""

    gln: str = OUR_GLN
    max_bytes: int = MAX_BYTES
    language: Literal["fr", "en"] = "fr"
    every_seconds: float = 60
    link: tuple[Link, ...] = ()


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

    def link(self, name: str) -> Link:
        """The link of that name; NotFound names those there are."""
        for link in self.settings.link:
            if link.name == name:
                return link
        names = ", ".join(link.name for link in self.settings.link) or "-"
        raise NotFound(what=f"liaison / link {name!r} ({names})")


def locate(given: Path | None) -> Path:
    """The home's path: as given, else `EDI_HOME`, else `./edi-home`."""
    return given or Path(os.environ.get("EDI_HOME") or "edi-home")


def open_home(path: Path) -> Home:
    """The home at `path`, made on first use. Raises SettingsWrong or Unreadable with what to mend."""
    try:
        if not path.exists():
            path.mkdir(parents=True, mode=0o700)
        if not path.is_dir():
            raise SettingsWrong(path=path, why="n'est pas un dossier / is not a folder")
        if path.stat().st_mode & 0o077:
            raise NotAllowed(
                why=f"{path} est ouvert à d'autres utilisateurs. Le fermer : chmod 700 {path} / {path} is open to other "
                "users: close it as shown."
            )
        settings = path / "edi.toml"
        if not settings.exists():
            durable.write(settings, _TEMPLATE.format(gln=OUR_GLN, max_bytes=MAX_BYTES).encode())
        return Home(path, read_settings(settings))
    except OSError as wrong:
        raise Unreadable(path=wrong.filename or path, why=why(wrong)) from wrong


def read_settings(path: Path) -> Settings:
    """The settings in a TOML file; SettingsWrong names everything that is wrong with them."""
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as wrong:
        raise SettingsWrong(path=path, why=wrong) from wrong
    wrongs = [f"[[link]] {link.name} : {problem}" for link in settings.link for problem in problems(link)]
    names = [link.name for link in settings.link]
    wrongs += [f"[[link]] {name} : deux fois / twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if LOCAL in names:
        wrongs.append(f"[[link]] {LOCAL} : nom réservé / reserved name")
    if not gln.is_valid(settings.gln):
        wrongs.append(f"gln {settings.gln!r} : pas un GLN / not a GLN")
    if not 1 <= settings.every_seconds <= 86400:
        wrongs.append(f"every_seconds {settings.every_seconds} : de 1 à 86400 / from 1 to 86400")
    if not 1 <= settings.max_bytes <= 2**40:
        wrongs.append(f"max_bytes {settings.max_bytes} : de 1 à {2**40} / from 1 to {2**40}")
    if wrongs:
        raise SettingsWrong(path=path, why=" ; ".join(wrongs))
    return msgspec.structs.replace(settings, link=tuple(_anchored(link, path.parent) for link in settings.link))


def _anchored(link: Link, home: Path) -> Link:
    """The link with its files and folders relative to the home, not to wherever we were started."""
    named = {name: getattr(link, name) for name in ("key_file", "password_file", "path")}
    return msgspec.structs.replace(
        link, **{name: str(home / Path(given).expanduser()) for name, given in named.items() if given}
    )


def paris_now() -> datetime:
    """Paris wall-clock time, to the second: the only clock of the product."""
    return datetime.now(PARIS).replace(tzinfo=None, microsecond=0)
