"""What spool hands over: a file seen on a link, and bytes kept at home."""

from pathlib import Path

import msgspec


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file waiting in a depot, as one listing showed it.

    `path` is where it lies on the link; like `os.fsdecode` it may hold surrogates for bytes that are not
    UTF-8, so show it and store it with care. `name` is the declaration's name: always proper text, `.rdy`
    dropped, but not yet made safe (`spool.names.safe`). `home` is what `*` stood for, or empty; `folder` is
    the depot (or its `test`). `size` in bytes, -1 when the server does not say; `modified` in seconds since
    1970, in whole seconds over SFTP. `test` marks a dry run.
    """

    path: str
    name: str
    home: str
    folder: str
    size: int
    modified: float
    test: bool = False


class Kept(msgspec.Struct, frozen=True):
    """Bytes that are safe: their sha256 in hex, their number, and the file they lie in."""

    sha256: str
    size: int
    path: Path
