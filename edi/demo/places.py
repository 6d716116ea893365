"""Where the demo's partners live: folders on a loopback SFTP server, and the home's links to them.

    partenaires/<slug>/{depot,retour,archive}                       a supplier, or a library with its own account
    partenaires/alcyon-logiciels/homes/<slug>/{depot,...}           a software house: one account, many homes

Afterwards the server is gone; the links then point at the same folders as local ones, so that `edi run` goes on.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from edi.demo.world import DeclarationFile, World
from edi.settings import Home, open_home
from schemas.errors import NotAllowed
from spool.sftp.hostkeys import trust
from spool.sftp.server import Server, User
from spool.transports import server_of

HOUSE = "alcyon-logiciels"
_FOLDERS = ("depot", "retour", "archive")
_OWN_ACCOUNTS = 2  # libraries with an account of their own; the software house sends for the others


class Place(msgspec.Struct, frozen=True):
    """Where one partner's folders are: the link, the home under it (empty: the link's only one), the path."""

    link: str
    home: str
    path: Path


class Places(msgspec.Struct, frozen=True):
    """The partners' places by GLN, under one root, and the passwords of the accounts."""

    root: Path
    by_gln: dict[str, Place]
    passwords: dict[str, str]

    def links(self) -> list[str]:
        """The names of the links."""
        return list(dict.fromkeys(place.link for place in self.by_gln.values()))

    def of_link(self, link: str) -> dict[str, Place]:
        """The places of one link, by GLN."""
        return {code: place for code, place in self.by_gln.items() if place.link == link}


def settle(world: World, home: Path) -> Places:
    """Makes the partners' folders under `home`. Raises NotAllowed where anything is there already."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise NotAllowed(
            why=f"{home} sert déjà : donner un dossier vide. / {home} is in use already: give an empty folder."
        )
    open_home(home)
    root = home / "partenaires"
    libraries = [code for code in world.slugs if _role(world, code) == "library"]
    by_gln = {}
    for code, slug in world.slugs.items():
        if code in libraries[_OWN_ACCOUNTS:]:
            by_gln[code] = Place(HOUSE, slug, root / HOUSE / "homes" / slug)
        else:
            by_gln[code] = Place(slug, "", root / slug)
    for place in by_gln.values():
        for name in _FOLDERS:
            (place.path / name).mkdir(parents=True)
    passwords = {place.link: secrets.token_urlsafe(12) for place in by_gln.values()}
    return Places(root, by_gln, passwords)


def _role(world: World, code: str) -> str:
    return next(partner.role for partner in world.partners if partner.gln == code)


def server(places: Places) -> Server:
    """The SFTP server of all partners, to be entered; each account sees its own folder only."""
    return Server(places.root, {link: User(link, password) for link, password in places.passwords.items()})


def connect_links(home: Path, places: Places, running: Server) -> Home:
    """Writes `edi.toml` with a link to each account, and pins the server's key as an operator would."""
    vault = home / "secrets"
    vault.mkdir(mode=0o700)
    for link, password in places.passwords.items():
        (vault / link).touch(mode=0o600)
        (vault / link).write_text(password, "utf-8")
    account = 'host = "{host}"\nport = {port}\nuser = "{link}"\npassword_file = "secrets/{link}"\n'
    opened = _write(home, places, lambda link: account.format(host=running.host, port=running.port, link=link))
    for account_link in opened.settings.link:
        trust(server_of(account_link), opened.known_hosts, running.fingerprint)
    return opened


def keep_links(home: Path, places: Places) -> Home:
    """Turns the links into local folders: the server is gone, the partners' folders are not."""
    return _write(home, places, lambda link: f'kind = "folder"\npath = "{places.root.name}/{link}"\n')


def _write(home: Path, places: Places, account: Callable[[str], str]) -> Home:
    tables = ["# Les liaisons de la démonstration. / The demo's links.\n"]
    for link in places.links():
        here = places.of_link(link)
        glns = ", ".join(f'"{code}"' for code in here)
        text = f'[[link]]\nname = "{link}"\n{account(link)}declarants = [{glns}]\nsettle_seconds = 0\n'
        if link == HOUSE:
            text += "".join(f'{name} = "homes/*/{name}"\n' for name in _FOLDERS)
            text += "[link.homes]\n" + "".join(f'"{place.home}" = ["{code}"]\n' for code, place in here.items())
        tables.append(text)
    (home / "edi.toml").write_text("\n".join(tables), "utf-8")
    return open_home(home)


def deposit(places: Places, files: list[DeclarationFile]) -> None:
    """Puts files into their declarants' depots, as a partner does: written aside, then renamed complete."""
    for file in files:
        depot = places.by_gln[file.declarant].path / "depot"
        aside = depot / f"{file.name}.part"
        aside.write_bytes(file.data)
        aside.rename(depot / file.name)
