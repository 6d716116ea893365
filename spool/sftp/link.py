"""The account of a link over SFTP."""

import re
from collections.abc import Iterator
from typing import ClassVar

from schemas.text import Both, Text
from spool.link import Link, problems


class SftpLink(Link, frozen=True, kw_only=True, tag="sftp"):
    """A `[[link]]` with `kind = "sftp"`, or without a kind. Folders are relative to the login folder.

    `attempts` counts the connections tried in one pass; `legacy_kex` also allows the older algorithms, for this link alone.
    """

    host: str = ""
    port: int = 22
    user: str = ""
    key_file: str | None = None
    key_passphrase_env: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    timeout_seconds: float = 30
    keepalive_seconds: int = 15
    attempts: int = 4
    legacy_kex: bool = False

    PATHS: ClassVar[tuple[str, ...]] = ("key_file", "password_file")
    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {
        **Link.BOUNDS,
        "port": (1, 65535),
        "timeout_seconds": (1, 3600),
        "keepalive_seconds": (0, 3600),
        "attempts": (1, 20),
    }

    @property
    def account(self) -> str:
        """User, host and port."""
        return f"{self.user}@{self.host}:{self.port}"

    def problems(self) -> Iterator[Text]:
        """What is wrong with these settings, a sentence each. Looks at no file."""
        yield from problems(self)
        if not self.host or re.search(r"[\s/@\[\]]", self.host):
            yield Both("host : nom ou adresse du serveur attendu", "host: a host name or address is expected")
        if not self.user:
            yield Both("user : utilisateur manquant", "user: the user is missing")
        if not (self.key_file or self.password_file or self.password_env):
            yield Both(
                "key_file, password_file ou password_env : l'un d'eux est nécessaire",
                "key_file, password_file or password_env: one of them is needed",
            )
        if self.password_file and self.password_env:
            yield Both(
                "password_file et password_env : l'un ou l'autre", "password_file and password_env: one or the other"
            )
        if self.key_passphrase_env and not self.key_file:
            yield Both("key_passphrase_env : sans key_file", "key_passphrase_env: without a key_file")
