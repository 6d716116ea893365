"""Calls of the product wrapped where it looks them up, from outside: something is done before or after the Nth of them."""

import importlib
import os
import signal
import sqlite3
from collections.abc import Callable
from functools import reduce
from typing import Any, Never

Function = Callable[..., Any]
_connect = sqlite3.connect


class Nth:
    """Counts calls of a kind in `seen`; `due` says whether this is the one. Once, or from then on (`17+`)."""

    def __init__(self, at: str, kind: str = "", seen: dict[str, int] | None = None) -> None:
        self.at, self.on = int(at.rstrip("+")), at.endswith("+")
        self.kind, self.seen = kind, {} if seen is None else seen
        self.seen[kind] = 0

    def due(self) -> bool:
        self.seen[self.kind] += 1
        now = self.seen[self.kind]
        return now == self.at or (self.on and now > self.at)


def hooked(
    function: Function, nth: Nth, before: Function | None = None, after: Function | None = None,
    counts: Callable[..., bool] = lambda *given, **named: True,
) -> Function:  # fmt: skip
    """The function with `before` and `after` done around the Nth call, on its arguments, of those that count."""

    def wrapped(*given: Any, **named: Any) -> Any:
        due = counts(*given, **named) and nth.due()
        if due and before:
            before(*given)
        result = function(*given, **named)
        if due and after:
            after(*given)
        return result

    return wrapped


def hook(where: str, nth: Nth, before: Function | None = None, after: Function | None = None) -> None:
    """Hooks `module:name` or `module:Class.name`."""
    owner, name = place(where)
    setattr(owner, name, hooked(getattr(owner, name), nth, before, after))


def place(where: str) -> tuple[Any, str]:
    """The module or class, and the name in it."""
    module, _, path = where.partition(":")
    *owners, name = path.split(".")
    return reduce(getattr, owners, importlib.import_module(module)), name


def watch_sql(told: Callable[[sqlite3.Connection, str, str], None]) -> None:
    """Tells of every statement on every connection made from now on: the connection, `before` or `after`, its text."""

    def around(base: type, name: str) -> Function:
        function = getattr(base, name)

        def wrapped(self: sqlite3.Connection, *given: Any) -> Any:
            statement = given[0].strip() if given else "COMMIT"
            told(self, "before", statement)
            result = function(self, *given)
            told(self, "after", statement)
            return result

        return wrapped

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        base = named.get("factory", sqlite3.Connection)
        watched = type("Watched", (base,), {name: around(base, name) for name in _STATEMENTS})
        return _connect(*given, **{**named, "factory": watched})

    sqlite3.connect = connect  # type: ignore[assignment]


_STATEMENTS = ("execute", "executemany", "executescript", "commit")


def die(*given: Any) -> Never:
    """As a power cut or the kernel would have it."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")
