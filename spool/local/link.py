"""The account of a link that is a folder of this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from schemas.text import Both, Text
from spool.link import Link


class FolderLink(Link, frozen=True, kw_only=True, tag="folder"):
    """A `[[link]]` with `kind = "folder"`. Its depot, retour and archive are relative to `path`."""

    path: str = ""

    PATHS: ClassVar[tuple[str, ...]] = ("path",)

    @property
    def account(self) -> str:
        """The folder."""
        return self.path

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(self.path or ".").expanduser()

    def account_problems(self) -> Iterator[Text]:
        """What is wrong with the folder."""
        if not self.path:
            yield Both("path : le dossier de la liaison manque", "path: the link's folder is missing")
        for field in ("depot", "retour", "archive"):
            if (folder := getattr(self, field)).startswith("/"):
                yield Both(f"{field} {folder!r} : relatif à path", f"{field} {folder!r}: relative to path")

    def depots(self) -> list[Path]:
        """The folders in which declarations arrive, as far as they are there."""
        return [folder for folder in self.root.glob(self.depot) if folder.is_dir()]
