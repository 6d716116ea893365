"""A link: one transport account, whose folders it has, and for whom it may speak (format, section 5).

A `Link` is decoded from a `[[link]]` table of the settings by msgspec. It never holds a secret: only the
names of environment variables and files that do.
"""

import re
from typing import Literal

import msgspec

from schemas import gln
from schemas.status import FORMS

#: A declaration may hold 256 MiB; a zip of bytes that do not shrink is a little longer.
MAX_BYTES = 257 * 2**20

EVERYBODY = ("*",)


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[link]]` of the settings. Times in seconds, sizes in bytes.

    `depot`, `retour` and `archive` are folders relative to the login folder, or to `path` for kind
    `folder`; one segment of each may be `*`, and what it stands for is the *home*. `declarants` are the
    GLNs this link may speak for, `("*",)` for everybody; `homes` gives each home its own, narrower ones.
    `gln` is the link's own, addressed when a declarant cannot be read. `attempts` counts connections
    tried in one pass, `pass_seconds` how long a link may take in one. What goes over `files_a_day`,
    `bytes_a_day` or `quarantine_bytes` (refused files nobody has decided on) is left in place. `legacy_kex` also allows the older algorithms, for this link alone.
    `status`: whether declarants are told what becomes of their invoices, or in which forms only; one of them not more
    often than every `status_seconds`.
    """

    name: str
    kind: Literal["sftp", "folder"] = "sftp"
    host: str = ""
    port: int = 22
    user: str = ""
    key_file: str | None = None
    key_passphrase_env: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    path: str | None = None
    depot: str = "depot"
    retour: str = "retour"
    archive: str = "archive"
    declarants: tuple[str, ...] = ()
    homes: dict[str, tuple[str, ...]] = {}
    gln: str | None = None
    answers: Literal["auto", "gencod", "xml", "aperak"] = "auto"
    language: Literal["fr", "en"] = "fr"
    status: bool | tuple[Literal["xml", "csv", "json"], ...] = True
    status_seconds: float = 0
    settle_seconds: float = 10
    timeout_seconds: float = 30
    keepalive_seconds: int = 15
    attempts: int = 4
    max_bytes: int = MAX_BYTES
    pass_seconds: float = 900
    files_a_day: int = 20_000
    bytes_a_day: int = 20 * 2**30
    quarantine_bytes: int = 20 * 2**30
    legacy_kex: bool = False

    @property
    def status_forms(self) -> tuple[str, ...]:
        """The forms of status files, none when they are switched off."""
        if isinstance(self.status, bool):
            return FORMS if self.status else ()
        return tuple(form for form in FORMS if form in self.status)


def declarants(link: Link, home: str) -> tuple[str, ...]:
    """The GLNs this home may speak for; `("*",)` everybody, `()` nobody.

    A home without a list of its own has the link's, but never everybody's: where homes are told apart, a
    forgotten one speaks for nobody.

    >>> some = Link(name="a", declarants=("*",), homes={"lyon": ("3035593037000",)})
    >>> declarants(some, "lyon"), declarants(some, "paris")
    (('3035593037000',), ())
    """
    own = link.homes.get(home)
    if own is not None:
        return own
    return () if link.homes and link.declarants == EVERYBODY else link.declarants


def in_home(pattern: str, home: str) -> str:
    """A folder pattern with its `*` filled.

    >>> in_home("homes/*/retour", "lyon"), in_home("retour", "")
    ('homes/lyon/retour', 'retour')
    """
    return "/".join(home if segment == "*" else segment for segment in pattern.split("/"))


def problems(link: Link) -> list[str]:
    """What is wrong with these settings, a sentence each; empty when all is well. Looks at no file."""
    checks = (_account, _folders, _speakers, _figures)
    return [problem for check in checks for problem in check(link)]


def _account(link: Link) -> list[str]:
    found = []
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", link.name):
        found.append(f"name {link.name!r} : lettres minuscules, chiffres et tirets / lower case, digits, dashes")
    if link.kind == "folder":
        if not link.path:
            found.append("path : le dossier de la liaison manque / the link's folder is missing")
        return found
    if not link.host or re.search(r"[\s/@\[\]]", link.host):
        found.append("host : nom ou adresse du serveur attendu / a host name or address is expected")
    if not link.user:
        found.append("user : utilisateur manquant / the user is missing")
    if not (link.key_file or link.password_file or link.password_env):
        found.append("key_file, password_file ou password_env : l'un d'eux est nécessaire / one of them is needed")
    if link.password_file and link.password_env:
        found.append("password_file et password_env : l'un ou l'autre / one or the other")
    if link.key_passphrase_env and not link.key_file:
        found.append("key_passphrase_env : sans key_file / without a key_file")
    if link.path:
        found.append('path : seulement avec kind = "folder" / only with kind = "folder"')
    return found


def _folders(link: Link) -> list[str]:
    found = []
    folders = {"depot": link.depot, "retour": link.retour, "archive": link.archive}
    for field, folder in folders.items():
        segments = folder.split("/")
        if folder.startswith("/") and link.kind == "folder":
            found.append(f"{field} {folder!r} : relatif à path / relative to path")
        if not segments[-1] or {".", "..", ""} & set(segments[1:]) or segments[0] in (".", ".."):
            found.append(f"{field} {folder!r} : chemin de dossier attendu, sans .. / a folder path, without ..")
        if any("*" in segment and segment != "*" for segment in segments) or segments.count("*") > 1:
            found.append(f"{field} {folder!r} : un seul *, segment entier / one *, a whole segment")
    starred = {field for field, folder in folders.items() if "*" in folder}
    if starred and starred != set(folders):
        found.append("depot, retour, archive : * dans les trois ou aucun / * in all three or in none")
    if len({*folders.values(), f"{link.depot}/test"}) < 4:
        found.append("depot, depot/test, retour, archive : des dossiers différents / must be different folders")
    return found


def _speakers(link: Link) -> list[str]:
    found = []
    if not link.declarants and not link.homes:
        found.append('declarants : GLN, ou ["*"] pour tous / GLNs, or ["*"] for everybody')
    if "*" in link.declarants and link.declarants != EVERYBODY:
        found.append('declarants : "*" seul / "*" alone')
    if link.homes and "*" not in link.depot:
        found.append("homes : seulement avec un * dans depot / only with a * in depot")
    named = [("declarants", number) for number in link.declarants if number != "*"]
    named += [(f"homes.{home}", number) for home, numbers in link.homes.items() for number in numbers]
    named += [("gln", link.gln)] if link.gln is not None else []
    wider = {number for numbers in link.homes.values() for number in numbers} - set(link.declarants)
    for field, number in named:
        if not (gln.is_valid(number) or gln.is_legacy(number)):
            found.append(f"{field} {number!r} : pas un GLN / not a GLN")
    if link.declarants not in ((), EVERYBODY):
        found += [f"homes : {n!r} absent de declarants / not among declarants" for n in sorted(wider)]
    return found


def _figures(link: Link) -> list[str]:
    bounds = {
        "port": (link.port, 1, 65535),
        "settle_seconds": (link.settle_seconds, 0, 86400),
        "timeout_seconds": (link.timeout_seconds, 1, 3600),
        "keepalive_seconds": (link.keepalive_seconds, 0, 3600),
        "attempts": (link.attempts, 1, 20),
        "max_bytes": (link.max_bytes, 1, 2**40),
        "pass_seconds": (link.pass_seconds, 1, 86400),
        "status_seconds": (link.status_seconds, 0, 2_678_400),
        "files_a_day": (link.files_a_day, 1, 10**9),
        "bytes_a_day": (link.bytes_a_day, 1, 2**50),
        "quarantine_bytes": (link.quarantine_bytes, 1, 2**50),
    }
    return [
        f"{field} {value} : de {low} à {high} / from {low} to {high}"
        for field, (value, low, high) in bounds.items()
        if not low <= value <= high
    ]
