"""The desk: one home at work, for one act or one request. Nothing of it is shared with another desk.

Home, database, folder, clock, log, language and who acts go together through the house in one value.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from edi.core import store
from edi.core.log import logged, user
from edi.core.settings import Home, Settings, open_home, paris_now
from edi.core.timing import Timing
from schemas.text import Language, Text
from spool.folder import Folder

Clock = Callable[[], datetime]
Tell = Callable[[str, dict[str, Any]], None]


def _unheard(event: str, facts: dict[str, Any]) -> None:
    """Nobody wants to know."""


def _unseen(what: Text, done: int, of: int | None) -> None:
    """Nobody watches."""


class Desk:
    """A home with its open database. `language` is what people are told in, `who` whose act it is, `clock` the only
    clock: Paris wall-clock time, to the second."""

    #: The pace of a run; tests set another.
    timing = Timing()

    def __init__(
        self,
        home: Home,
        connection: store.Connection,
        language: Language = "fr",
        who: str = "",
        clock: Clock | None = None,
    ) -> None:
        self.home = home
        self.db = connection
        self.language = language
        self.clock: Clock = clock or paris_now
        self._who = who
        #: Whoever shows what happens may put its own here: told of events, of progress (what, done, of); asks to stop.
        self.tell: Tell = _unheard
        self.progress: Callable[[Text, int, int | None], None] = _unseen
        self.stop = threading.Event()

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

    def decided(self, fact: str, **facts: Any) -> None:
        """Logs what a person decided, once it is committed."""
        self.log(fact, {"who": self.who, **facts})

    @contextmanager
    def aside(self) -> Iterator["Desk"]:
        """The same desk over an empty database like a home's, which is thrown away: for what is tried and not kept."""
        with closing(store.scratch()) as db:
            yield Desk(self.home, db, self.language, self._who, self.clock)

    @contextmanager
    def beside(self) -> Iterator["Desk"]:
        """The same desk with a connection of its own, for another thread."""
        with _connected(self.home, self.db.on_wait) as connection:
            yield Desk(self.home, connection, self.language, self._who, self.clock)


@contextmanager
def bare_desk(
    path: Path, language: Language | None = None, who: str = "", clock: Clock | None = None
) -> Iterator[Desk]:
    """A desk for acts that keep nothing: the settings at `path` if there are some, and no home is made there.

    Raises SettingsWrong, Unreadable.
    """
    home = open_home(path) if (path / "edi.toml").exists() else Home(path, Settings())
    with closing(sqlite3.connect("", factory=store.Connection)) as connection:
        yield Desk(home, connection, language or home.settings.lang, who, clock)


@contextmanager
def open_desk(
    path: Path, language: Language | None = None, who: str = "", clock: Clock | None = None,
    on_wait: Callable[[Text], None] | None = None,
) -> Iterator[Desk]:  # fmt: skip
    """The desk of the home at `path`, made on first use; its language is the home's unless another is asked for.

    Raises SettingsWrong, Unreadable, NotAllowed, HomeTooNew.
    """
    home = open_home(path)
    with _connected(home, on_wait or store.Connection.on_wait) as connection:
        yield Desk(home, connection, language or home.settings.lang, who, clock)


@contextmanager
def _connected(home: Home, on_wait: Callable[[Text], None]) -> Iterator[store.Connection]:
    connection = store.connect(home.database)
    connection.on_wait = on_wait
    try:
        yield connection
    finally:
        connection.close()
