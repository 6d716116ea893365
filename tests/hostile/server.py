"""An evil SFTP server: the embedded one, with bad habits as data.

A habit belongs to a path below the login folder; `""` is the habit of all that have none of their own.
"""

import contextlib
import itertools
import stat
import struct
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import paramiko
from paramiko import sftp

from spool.sftp.server import Files, Handle, Server, User


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong with one path."""

    drop_at: int | None = None  # hangs up when this byte is asked for
    drops: int = 1 << 30  # so often, then behaves
    drip_seconds: float = 0  # one byte of an answer in this time, once the file is read
    size: int | None = None  # what its listing says
    endless: bool = False  # its bytes never end
    swells: bool = False  # another time, at every look
    then: Callable[[], None] | None = None  # done when its first byte is read
    before_rename: Callable[[], None] | None = None
    denied: frozenset[str] = frozenset()  # rename, mkdir, open, list
    names: tuple[str, ...] = ()  # a folder: names that are in its listing besides


_HONEST = Habit()
_FILE = stat.S_IFREG | 0o644


class EvilServer(Server):
    """A server with habits by path. `asked` counts what was done with which path."""

    def __init__(self, root: Path, users: Mapping[str, User], habits: Mapping[str, Habit] | None = None, **more: Any):
        super().__init__(root, users, **more)
        self.habits = dict(habits or {})
        self.asked: Counter[tuple[str, str]] = Counter()
        self.dripping = 0.0
        self.protocol = type("Protocol", (_Protocol,), {"evil": self})
        self.files = type("EvilFiles", (_Files,), {"evil": self})

    def habit(self, act: str, path: str) -> Habit:
        path = path.strip("/")
        self.asked[act, path] += 1
        return self.habits.get(path, self.habits.get("", _HONEST))


class _Protocol(paramiko.SFTPServer):
    evil: EvilServer

    def _send_packet(self, kind: int, packet: Any) -> None:
        if not self.evil.dripping:
            super()._send_packet(kind, packet)  # type: ignore[misc]
            return
        data = packet.asbytes()
        with contextlib.suppress(OSError, EOFError):
            for byte in struct.pack(">IB", len(data) + 1, kind) + data:
                self.sock.sendall(bytes([byte]))
                time.sleep(self.evil.dripping)


class _Handle(Handle):
    def __init__(self, file: Any, flags: int, evil: EvilServer, path: str, habit: Habit) -> None:
        super().__init__(file, flags)
        self.evil, self.path, self.habit = evil, path.strip("/"), habit
        self.dropped = False

    def read(self, offset: int, length: int) -> Any:
        evil, habit = self.evil, self.habit
        if offset == 0:
            evil.asked["read", self.path] += 1
            if habit.then is not None:
                habit.then()
        if habit.drip_seconds:
            evil.dripping = habit.drip_seconds
        if self.dropped:  # what was asked ahead is still read: it is not to hang up on the next connection
            return sftp.SFTP_FAILURE
        if (
            habit.drop_at is not None
            and offset + length > habit.drop_at
            and evil.asked["drop", self.path] < habit.drops
        ):
            evil.asked["drop", self.path] += 1
            self.dropped = True
            evil.drop()
            return sftp.SFTP_FAILURE
        if habit.endless:
            return b"x" * length
        return super().read(offset, length)


class _Files(Files):
    evil: EvilServer
    _moments = itertools.count(1_700_000_000)

    def list_folder(self, path: str) -> Any:
        habit = self.evil.habit("list", path)
        if "list" in habit.denied:
            return sftp.SFTP_PERMISSION_DENIED
        found = super().list_folder(path)
        if not isinstance(found, list):
            return found
        for one in found:
            self._lie(f"{path}/{one.filename}", one)
        for name in habit.names:
            one = paramiko.SFTPAttributes()
            one.filename, one.st_mode, one.st_size, one.st_mtime, one.st_atime = name, _FILE, 3, 1, 1
            found.append(one)
        return found

    def lstat(self, path: str) -> Any:
        found = super().lstat(path)
        return self._lie(path, found) if isinstance(found, paramiko.SFTPAttributes) else found

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        habit = self.evil.habit("open", path)
        if "open" in habit.denied:
            return sftp.SFTP_PERMISSION_DENIED
        made = super().open(path, flags, attr)
        return _Handle(made.readfile, flags, self.evil, path, habit) if isinstance(made, Handle) else made

    def rename(self, oldpath: str, newpath: str) -> int:
        habit = self.evil.habit("rename", oldpath)
        if habit.before_rename is not None:
            habit.before_rename()
        return sftp.SFTP_PERMISSION_DENIED if "rename" in habit.denied else super().rename(oldpath, newpath)

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        denied = "mkdir" in self.evil.habit("mkdir", path).denied
        return sftp.SFTP_PERMISSION_DENIED if denied else super().mkdir(path, attr)

    def _lie(self, path: str, seen: paramiko.SFTPAttributes) -> paramiko.SFTPAttributes:
        habit = self.evil.habits.get(path.strip("/"), _HONEST)
        if habit.size is not None:
            seen.st_size = habit.size
        if habit.swells:
            seen.st_mtime = next(self._moments)
        return seen
