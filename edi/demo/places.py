"""Where the demo's partners live: folders on a loopback SFTP server, and the home's links to them.

    partenaires/<link>/{depot,retour,archive}                 a partner with an account of its own
    partenaires/<link>/homes/<home>/{depot,retour,archive}    a software house: one account, many homes

Afterwards the server is gone; the links then point at the same folders as local ones, so that `edi run` goes on.
"""

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from edi.core.settings import Home, open_home
from edi.demo.cast import Sent
from schemas.errors import NotAllowed
from schemas.text import Both
from spool.sftp.hostkeys import trust
from spool.sftp.server import Server, User
from spool.transports import server_of

_FOLDERS = ("depot", "retour", "archive")


class Place(msgspec.Struct, frozen=True):
    """One partner's folders: the link, the home under it (empty: the link's only one), the GLN, the path."""

    link: str
    home: str
    gln: str
    path: Path


def settle(files: Iterable[Sent], home: Path) -> list[Place]:
    """Makes the partners' folders under `home`, and the links' passwords. Raises NotAllowed where anything is there already."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise NotAllowed(
            why=Both(f"{home} sert déjà : donner un dossier vide.", f"{home} is in use already: give an empty folder.")
        )
    open_home(home)
    root = home / "partenaires"
    rows = dict.fromkeys((file.link, file.home, file.gln) for file in files)
    places = [Place(*row, root / row[0] / "homes" / row[1] if row[1] else root / row[0]) for row in rows]
    for place in places:
        for name in _FOLDERS:
            (place.path / name).mkdir(parents=True)
    (home / "secrets").mkdir(mode=0o700)
    for place in places:
        (home / "secrets" / place.link).touch(mode=0o600)
        (home / "secrets" / place.link).write_text(secrets.token_urlsafe(12), "utf-8")
    return places


def server(home: Path) -> Server:
    """The SFTP server of all partners, to be entered; each account sees its own folder only."""
    accounts = {path.name: User(path.name, path.read_text("utf-8")) for path in (home / "secrets").iterdir()}
    return Server(home / "partenaires", accounts)


def connect_links(home: Path, places: list[Place], running: Server) -> Home:
    """Writes `edi.toml` with a link to each account, and pins the server's key as an operator would."""
    account = 'host = "{host}"\nport = {port}\nuser = "{link}"\npassword_file = "secrets/{link}"\n'
    opened = _write(home, places, lambda link: account.format(host=running.host, port=running.port, link=link))
    for link in opened.settings.link:
        trust(server_of(link), opened.known_hosts, running.fingerprint)
    return opened


def keep_links(home: Path, places: list[Place]) -> Home:
    """Turns the links into local folders: the server is gone, the partners' folders are not."""
    return _write(home, places, lambda link: f'kind = "folder"\npath = "partenaires/{link}"\n')


def _write(home: Path, places: list[Place], account: Callable[[str], str]) -> Home:
    tables = ["# Les liaisons de la démonstration.\n"]
    for link in dict.fromkeys(place.link for place in places):
        here = [place for place in places if place.link == link]
        glns = ", ".join(f'"{place.gln}"' for place in here)
        text = f'[[link]]\nname = "{link}"\n{account(link)}declarants = [{glns}]\nsettle_seconds = 0\n'
        if here[0].home:
            text += "".join(f'{name} = "homes/*/{name}"\n' for name in _FOLDERS)
            text += "[link.homes]\n" + "".join(f'"{place.home}" = ["{place.gln}"]\n' for place in here)
        tables.append(text)
    (home / "edi.toml").write_text("\n".join(tables), "utf-8")
    return open_home(home)


def deposit(places: list[Place], files: Iterable[Sent]) -> None:
    """Puts files into their declarants' depots, as a partner does: written aside, then renamed complete."""
    depots = {place.gln: place.path / "depot" for place in places}
    for file in files:
        aside = depots[file.gln] / f"{file.name}.part"
        aside.write_bytes(file.content())
        aside.rename(depots[file.gln] / file.name)
