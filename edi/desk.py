"""The desk: one home at work, for one act or one request. Nothing of it is shared with another desk.

Home, database, folder, clock, log, language and who acts go together through the house in one value.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from edi import store
from edi.log import logged, user
from edi.settings import Home, open_home, paris_now
from schemas.text import Language
from spool.folder import Folder

Clock = Callable[[], datetime]


class Desk:
    """A home with its open database. `language` is what people are told in, `who` whose act it is, `clock` the only
    clock: Paris wall-clock time, to the second."""

    def __init__(
        self,
        home: Home,
        connection: store.Connection,
        language: Language = "fr",
        who: str = "",
        clock: Clock = paris_now,
    ) -> None:
        self.home = home
        self.connection = connection
        self.language = language
        self.clock = clock
        self._who = who

    def now(self) -> datetime:
        """Paris wall-clock time, to the second."""
        return self.clock()

    @cached_property
    def who(self) -> str:
        """Whose act it is: as said, else the user of the operating system."""
        return self._who or user()

    @cached_property
    def folder(self) -> Folder:
        """The home's spool; made where it is missing. Raises DiskTrouble."""
        return Folder(self.home.path)

    @cached_property
    def log(self) -> Callable[[str, dict[str, Any]], None]:
        """Logs a fact: (event, facts)."""
        return logged(self.home.path)

    @contextmanager
    def beside(self) -> Iterator["Desk"]:
        """The same desk with a connection of its own, for another thread."""
        with _connected(self.home, self.connection.on_wait) as connection:
            yield Desk(self.home, connection, self.language, self._who, self.clock)


@contextmanager
def open_desk(
    path: Path, language: Language | None = None, who: str = "", clock: Clock = paris_now,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Desk]:  # fmt: skip
    """The desk of the home at `path`, made on first use; its language is the home's unless another is asked for.

    Raises SettingsWrong, Unreadable, NotAllowed, HomeTooNew.
    """
    home = open_home(path)
    with _connected(home, on_wait or store.Connection.on_wait) as connection:
        yield Desk(home, connection, language or home.settings.language, who, clock)


@contextmanager
def _connected(home: Home, on_wait: Callable[[str], None]) -> Iterator[store.Connection]:
    connection = store.connect(home.database)
    connection.on_wait = on_wait
    try:
        yield connection
    finally:
        connection.close()
