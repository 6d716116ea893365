"""A link: one transport account, whose folders it has, and for whom it may speak (format, section 5).

A link is decoded from a `[[link]]` table of the settings by msgspec (`spool.transports.AnyLink`). What every kind has
is here; each transport's own `Link` adds its account. None holds a secret: only the names of environment variables
and files that do.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal, Self

import msgspec

from schemas import gln
from schemas.lending.status import FORMS
from schemas.text import Both, Language, Text

#: A declaration may hold 256 MiB; a zip of bytes that do not shrink is a little longer.
MAX_BYTES = 257 * 2**20

EVERYBODY = ("*",)


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every `[[link]]` of the settings has. Times in seconds, sizes in bytes.

    `depot`, `retour` and `archive` are folders relative to where the account begins; one segment of each may be `*`,
    and what it stands for is the *home*. `declarants` are the GLNs this link may speak for, `("*",)` for everybody;
    `homes` gives each home its own, narrower ones. `gln` is the link's own, addressed when a declarant cannot be read.
    `pass_seconds`: how long a link may take in one pass. What goes over `files_a_day`, `bytes_a_day` or
    `quarantine_bytes` (refused files nobody has decided on) is left in place. `status`: whether declarants are told
    what becomes of their invoices, or in which forms only; one of them not more often than every `status_seconds`.
    """

    name: str
    depot: str = "depot"
    retour: str = "retour"
    archive: str = "archive"
    declarants: tuple[str, ...] = ()
    homes: dict[str, tuple[str, ...]] = {}
    gln: str | None = None
    answers: Literal["auto", "gencod", "xml", "aperak"] = "auto"
    language: Language = "fr"
    status: bool | tuple[Literal["xml", "csv", "json"], ...] = True
    status_seconds: float = 0
    settle_seconds: float = 10
    max_bytes: int = MAX_BYTES
    pass_seconds: float = 900
    files_a_day: int = 20_000
    bytes_a_day: int = 20 * 2**30
    quarantine_bytes: int = 20 * 2**30

    #: Which settings name files or folders of this machine.
    PATHS: ClassVar[tuple[str, ...]] = ()
    #: The least and the most of each figure.
    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {
        "settle_seconds": (0, 86400),
        "max_bytes": (1, 2**40),
        "pass_seconds": (1, 86400),
        "status_seconds": (0, 2_678_400),
        "files_a_day": (1, 10**9),
        "bytes_a_day": (1, 2**50),
        "quarantine_bytes": (1, 2**50),
    }

    @property
    def folders(self) -> dict[str, str]:
        """The depot, retour and archive, by these names."""
        return {field: getattr(self, field) for field in ("depot", "retour", "archive")}

    @property
    def status_forms(self) -> tuple[str, ...]:
        """The forms of status files, none when they are switched off."""
        if isinstance(self.status, bool):
            return FORMS if self.status else ()
        return tuple(form for form in FORMS if form in self.status)

    def anchored(self, home: Path) -> Self:
        """The link with its files and folders relative to `home`, not to wherever we were started."""
        named = {name: getattr(self, name) for name in self.PATHS}
        placed = {name: str(home / Path(path).expanduser()) for name, path in named.items() if path}
        return msgspec.structs.replace(self, **placed)


def declarants(link: Link, home: str) -> tuple[str, ...]:
    """The GLNs this home may speak for; `("*",)` everybody, `()` nobody.

    A home without a list of its own has the link's, but never everybody's: where homes are told apart, a
    forgotten one speaks for nobody.

    >>> link = Link(name="a", declarants=("*",), homes={"lyon": ("3035593037000",)})
    >>> declarants(link, "lyon"), declarants(link, "paris")
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


def problems(link: Link) -> Iterator[Text]:
    """What is wrong with what every link has, a sentence each."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", link.name):
        named = f"name {link.name!r}"
        yield Both(f"{named} : lettres minuscules, chiffres et tirets", f"{named}: lower case, digits, dashes")
    yield from (*_folders(link), *_speakers(link), *_figures(link))


def _folders(link: Link) -> Iterator[Text]:
    folders = link.folders
    for field, folder in folders.items():
        segments, named = folder.split("/"), f"{field} {folder!r}"
        if not segments[-1] or {".", "..", ""} & set(segments[1:]) or segments[0] in (".", ".."):
            yield Both(f"{named} : chemin de dossier attendu, sans ..", f"{named}: a folder path, without ..")
        if any("*" in segment and segment != "*" for segment in segments) or segments.count("*") > 1:
            yield Both(f"{named} : un seul *, segment entier", f"{named}: one *, a whole segment")
    starred = {field for field, folder in folders.items() if "*" in folder}
    if starred and starred != set(folders):
        yield Both("depot, retour, archive : * dans les trois ou aucun", "depot, retour, archive: * in all or in none")
    if len({*folders.values(), f"{link.depot}/test"}) < 4:
        yield Both(
            "depot, depot/test, retour, archive : des dossiers différents",
            "depot, depot/test, retour, archive: must be different folders",
        )


def _speakers(link: Link) -> Iterator[Text]:
    if not link.declarants and not link.homes:
        yield Both('declarants : GLN, ou ["*"] pour tous', 'declarants: GLNs, or ["*"] for everybody')
    if "*" in link.declarants and link.declarants != EVERYBODY:
        yield Both('declarants : "*" seul', 'declarants: "*" alone')
    if link.homes and "*" not in link.depot:
        yield Both("homes : seulement avec un * dans depot", "homes: only with a * in depot")
    named = [("declarants", number) for number in link.declarants if number != "*"]
    named += [(f"homes.{home}", number) for home, numbers in link.homes.items() for number in numbers]
    named += [("gln", link.gln)] if link.gln is not None else []
    for field, number in named:
        if not (gln.is_valid(number) or gln.is_legacy(number)):
            yield Both(f"{field} {number!r} : pas un GLN", f"{field} {number!r}: not a GLN")
    if link.declarants not in ((), EVERYBODY):
        for number in sorted(set[str]().union(*link.homes.values()) - set(link.declarants)):
            yield Both(f"homes : {number!r} absent de declarants", f"homes: {number!r} is not among declarants")


def _figures(link: Link) -> Iterator[Text]:
    for field, (low, high) in link.BOUNDS.items():
        if not low <= (value := getattr(link, field)) <= high:
            yield Both(f"{field} {value} : de {low} à {high}", f"{field} {value}: from {low} to {high}")
