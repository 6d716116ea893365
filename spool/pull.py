"""Collecting: what waits on a link, what of it is complete, its bytes home, and then into the archive.

    complete, waiting = settling.sort(listing(remote, link))
    kept = pull(remote, file, folder, link.max_bytes)
    ... the caller commits its receipt: only now may the file be touched ...
    archive(remote, link, file, kept)

Two things are looked at twice, because partners write while we read: a file that changed during its fetch
is not kept, and one that changed after it is not archived. Both are simply found again next time.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from schemas.errors import LinkError
from schemas.finding import shown
from schemas.text import Both
from spool import names
from spool.errors import Changed, Exists, Missing, Refused, TooBig
from spool.folder import Folder
from spool.link import Link, in_home
from spool.receipt import Kept, RemoteFile
from spool.remote import LONGEST_LISTING, Entry, Remote, is_segment

_DRY_RUN = "test"
_COUNTED = 1000


def listing(
    remote: Remote, link: Link, troubles: list[LinkError] | None = None, starts: Mapping[str, int] | None = None,
    full: set[str] | None = None,
) -> list[RemoteFile]:  # fmt: skip
    """Every file that may be collected, complete or not, in all depots and their `test` folders; by path.

    A depot that is missing or closed to us is added to `troubles` and does not keep the others from being
    listed; without `troubles` it is raised. Of a folder, names are passed over as `starts` says; folders that
    hold more than one listing shows are added to `full`. Raises LinkAway.
    """
    found: list[RemoteFile] = []

    def entries(folder: str) -> list[Entry]:
        seen = remote.entries(folder, (starts or {}).get(folder, 0))
        if full is not None and len(seen) >= LONGEST_LISTING:
            full.add(folder)
        if troubles is not None and (bad := next((entry.name for entry in seen if not is_segment(entry.name)), None)):
            why = Both("nom impossible", "impossible name")
            troubles.append(Refused(link=link.name, path=shown(bad), what="list", why=why))
        return seen

    for home, depot in depots(remote, link):
        try:
            seen = entries(depot)
            found += _files(seen, home, depot, test=False)
            if any(entry.name == _DRY_RUN and entry.kind == "folder" for entry in seen):
                dry = f"{depot}/{_DRY_RUN}"
                found += _files(entries(dry), home, dry, test=True)
        except (Missing, Refused) as trouble:
            if troubles is None:
                raise
            troubles.append(trouble)
    return sorted(found, key=lambda file: file.path)


def depots(remote: Remote, link: Link) -> list[tuple[str, str]]:
    """The depots of a link as (home, folder): one, or one for each home that `*` stands for.

    A home counts when its depot is a real folder: a symbolic link could lead into another's. Homes that
    are hidden, or whose names are not UTF-8, do not count.
    """
    if "*" not in link.depot.split("/"):
        return [("", link.depot)]
    before, after = _around(link.depot)
    homes = [
        entry.name
        for entry in remote.entries(before)
        if entry.kind == "folder" and is_segment(entry.name) and not entry.name.startswith(".")
    ]
    return [
        (home, in_home(link.depot, home))
        for home in homes
        if names.readable(home) == home and all(_is_folder(remote, p) for p in _below(before, home, after)[1:])
    ]


class Settling:
    """Which files are complete (format, section 5): `.rdy` at once, others when size and time lie still.

    One for each link, kept from pass to pass; it remembers in memory when it first saw each file as it is.
    `clock` gives seconds and never goes back.
    """

    def __init__(self, settle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.settle_seconds = settle_seconds
        self._clock = clock
        self._since: dict[str, tuple[int, float, float]] = {}
        #: Of the last listing: those waiting that have moved since the one before.
        self.moving: list[RemoteFile] = []

    def sort(self, files: Iterable[RemoteFile]) -> tuple[list[RemoteFile], list[RemoteFile]]:
        """One listing as (complete, waiting), each in its order."""
        now, since = self._clock(), dict[str, tuple[int, float, float]]()
        complete: list[RemoteFile] = []
        waiting: list[RemoteFile] = []
        self.moving = []
        for file in files:
            size, modified, first = self._since.get(file.path, (file.size, file.modified, now))
            if moved := (size, modified) != (file.size, file.modified):
                first = now
            since[file.path] = (file.size, file.modified, first)
            still = now - first >= self.settle_seconds
            if still or names.is_ready(file.path):
                complete.append(file)
                continue
            waiting.append(file)
            if moved:
                self.moving.append(file)
        self._since = since
        return complete, waiting

    def due_seconds(self, waiting: Iterable[RemoteFile]) -> float | None:
        """In how many seconds the first of `waiting` is complete if it lies still; None when none waits."""
        now = self._clock()
        due = [self._since[f.path][2] + self.settle_seconds - now for f in waiting if f.path in self._since]
        return max(0.0, min(due)) if due else None


def pull(
    remote: Remote, file: RemoteFile, folder: Folder, limit: int, go_on: Callable[[], None] = lambda: None
) -> Kept:
    """Fetch a file and put its bytes away; nothing changes on the other side.

    `go_on` is asked at every piece, and raises what ends the fetch.

    Raises TooBig, Changed when it is no longer what the listing showed, Refused, LinkAway, DiskTrouble;
    whatever is raised, nothing stays behind.
    """
    if file.size > limit:
        raise TooBig(name=shown(file.name), limit=limit)
    return folder.keep(_whole(remote, file, go_on), limit, file.name)


def archive(remote: Remote, link: Link, file: RemoteFile, kept: Kept) -> bool:
    """Move a file whose receipt is committed into the archive, under its name and first eight of its sha256.

    False when it is gone or changed since it was listed; then it stays for the next pass. Never replaces
    anything. Raises Refused, Missing, Exists, LinkAway.
    """
    if not _same(remote.look(file.path), file):
        return False
    folder = in_home(link.archive, file.home)
    ensure(remote, link, link.archive, file.home)
    target = ""
    for count in range(1, _COUNTED + 1):
        target = f"{folder}/{names.archived(file.name, kept.sha256, count)}"
        try:
            remote.move(file.path, target)
            break
        except Exists:
            if count == _COUNTED:
                raise
        except Missing:
            if remote.look(file.path) is not None:
                raise
            return False
    if _same(remote.look(target), file):
        return True
    _put_back(remote, target, file)
    return False


def ensure(remote: Remote, link: Link, pattern: str, home: str) -> None:
    """Make sure a folder of the link is there; in a home, that it is a real one and not a link to another's."""
    folder = in_home(pattern, home)
    if folder in remote.sure:
        return
    if "*" in pattern.split("/"):
        before, after = _around(pattern)
        for path in _below(before, home, after):
            seen = remote.look(path)
            if seen is None and path != _below(before, home, ())[0]:
                remote.make(path)
            elif seen is None:
                raise Missing(link=link.name, path=shown(path))
            elif seen.kind != "folder":
                why = Both("pas un dossier", "not a folder")
                raise Refused(link=link.name, path=shown(path), what="open", why=why)
    elif remote.look(folder) is None:
        remote.make(folder)
    remote.sure.add(folder)


def _files(entries: Iterable[Entry], home: str, folder: str, *, test: bool) -> Iterator[RemoteFile]:
    for entry in entries:
        if entry.kind == "file" and is_segment(entry.name) and names.is_collected(entry.name):
            yield RemoteFile(
                path=f"{folder}/{entry.name}",
                name=names.declared(entry.name),
                home=home,
                folder=folder,
                size=entry.size,
                modified=entry.modified,
                test=test,
            )


def _around(pattern: str) -> tuple[str, tuple[str, ...]]:
    """What stands before `*`, and the segments after it."""
    before, _, after = f"/{pattern}".partition("/*")
    return before[1:] or ("/" if pattern.startswith("/") else "."), PurePosixPath(after.lstrip("/")).parts


def _below(before: str, home: str, after: Iterable[str]) -> list[str]:
    """The folder of a home, and those on the way down to the last segment of `after`."""
    paths = [str(PurePosixPath(before) / home)]
    for segment in after:
        paths.append(f"{paths[-1]}/{segment}")
    return paths


def _is_folder(remote: Remote, path: str) -> bool:
    seen = remote.look(path)
    return seen is not None and seen.kind == "folder"


def _same(seen: Entry | None, file: RemoteFile) -> bool:
    return seen is not None and seen.kind == "file" and (seen.size, seen.modified) == (file.size, file.modified)


def _whole(remote: Remote, file: RemoteFile, go_on: Callable[[], None]) -> Iterator[bytes]:
    """The bytes of a file; Changed at their end if they are not those of one state of it."""
    size = 0
    try:
        for chunk in remote.read(file.path, file.size):
            go_on()
            size += len(chunk)
            if size > file.size != -1:
                raise Changed(name=shown(file.name))
            yield chunk
    except Missing:
        raise Changed(name=shown(file.name)) from None
    if size != file.size != -1 or not _same(remote.look(file.path), file):
        raise Changed(name=shown(file.name))


def _put_back(remote: Remote, target: str, file: RemoteFile) -> None:
    """What was moved is not what was kept: it goes back to be collected, beside a newer one if need be."""
    name, dot, extension = file.name.rpartition(".")
    for count in range(1, _COUNTED + 1):
        again = f"{name or extension}-{count}{dot if name else ''}{extension if name else ''}"
        path = file.path if count == 1 else f"{file.folder}/{names.safe(again)}"
        try:
            remote.move(target, path)
            return
        except Exists:
            if count == _COUNTED:
                raise
        except Missing:
            return
