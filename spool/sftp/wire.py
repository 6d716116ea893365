"""The SFTP client proper: paramiko's, with what a night of unattended collecting needs of it.

paramiko decodes every name as UTF-8 and lets one name that is not spoil the whole listing; it lists without
bound; and it reads ahead in a thread that outlives a lost connection. Here names keep their bytes (as
`os.fsdecode` does), listings end, and reading ahead needs no thread. Authority: the SFTP draft that servers
speak, draft-ietf-secsh-filexfer-02, sections 6.4, 6.7 and 7.

The requests themselves are paramiko's own internals, stable since 2008; tests over a real sshd hold them.
"""

import errno
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import paramiko
from paramiko import sftp

_ATTRIBUTES: Any = paramiko.SFTPAttributes
_CHUNK = 32768
_AHEAD = 64
#: An answer to a read is no longer than what was asked for, and a little.
_LONGEST_ANSWER = _CHUNK + 1024

_ERRNO = {
    sftp.SFTP_NO_SUCH_FILE: errno.ENOENT,
    sftp.SFTP_PERMISSION_DENIED: errno.EACCES,
    sftp.SFTP_OP_UNSUPPORTED: errno.EOPNOTSUPP,
    11: errno.EEXIST,  # SSH_FX_FILE_ALREADY_EXISTS, which some servers send though it is of version 4
    14: errno.ENOSPC,  # SSH_FX_NO_SPACE_ON_FILESYSTEM
    15: errno.EDQUOT,  # SSH_FX_QUOTA_EXCEEDED
}


def raw(path: str) -> bytes:
    """The bytes of a path that may hold surrogates."""
    return path.encode("utf-8", "surrogateescape")


class Client(paramiko.SFTPClient):
    """An SFTP session. Methods raise OSError (with an errno where the server gave a reason), EOFError and
    paramiko's exceptions."""

    _request: Callable[..., tuple[int, paramiko.Message]]
    _async_request: Callable[..., int]
    _read_response: Callable[..., object]

    def entries(self, folder: str, limit: int, start: int = 0) -> list[tuple[str, Any]]:
        """At most `limit` names of `folder`, after the first `start`, with their SFTPAttributes; not `.` and `..`."""
        _, answer = self._request(sftp.CMD_OPENDIR, raw(folder))
        handle, found = answer.get_binary(), list[tuple[str, Any]]()
        try:
            while len(found) < limit:
                _, answer = self._request(sftp.CMD_READDIR, handle)
                count = answer.get_int()
                if not count:
                    break
                for _ in range(count):
                    if len(found) == limit:
                        break
                    name = answer.get_binary().decode("utf-8", "surrogateescape")
                    longname = answer.get_binary().decode("utf-8", "replace")
                    attributes = _attributes(answer, longname)
                    if name in (".", ".."):
                        continue
                    if start > 0:
                        start -= 1
                    else:
                        found.append((name, attributes))
        except EOFError:
            pass
        self._request(sftp.CMD_CLOSE, handle)
        return found

    def stat(self, path: Any) -> Any:
        """The attributes of what stands at `path`, links followed."""
        return self._attributes_of(sftp.CMD_STAT, path)

    def lstat(self, path: Any) -> Any:
        """The attributes of what stands at `path` itself."""
        return self._attributes_of(sftp.CMD_LSTAT, path)

    def _attributes_of(self, command: int, path: Any) -> Any:
        kind, answer = self._request(command, path)
        if kind != sftp.CMD_ATTRS:
            raise paramiko.SFTPError("no attributes")
        return _attributes(answer)

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """The bytes of a file to its end, asking up to two MiB ahead as far as `size` goes."""
        with self.open(raw(path), "rb") as file:
            handle: Any = file.handle
            answers = _Answers()
            asked: deque[tuple[int, int, int]] = deque()
            ahead = read = 0
            while True:
                while len(asked) < _AHEAD and ahead < size:
                    length = min(_CHUNK, size - ahead)
                    number = self._async_request(answers, sftp.CMD_READ, handle, sftp.int64(ahead), int(length))
                    asked.append((number, ahead, length))
                    ahead += length
                if not asked:
                    break
                number, start, length = asked.popleft()
                while number not in answers.by_number:
                    self._read_response()
                kind, answer = answers.by_number.pop(number)
                if kind == sftp.CMD_STATUS and self._is_end(answer):
                    return
                chunk = _no_longer(answer.get_binary(), length)
                read = start + len(chunk)
                yield chunk
                while read < start + length:
                    chunk = self._piece(handle, read, start + length - read)
                    if not chunk:
                        return
                    read += len(chunk)
                    yield chunk
            while chunk := self._piece(handle, read, _CHUNK):
                read += len(chunk)
                yield chunk

    def _piece(self, handle: Any, offset: int, length: int) -> bytes:
        try:
            _, answer = self._request(sftp.CMD_READ, handle, sftp.int64(offset), int(length))
        except EOFError:
            return b""
        return _no_longer(answer.get_binary(), length)

    def _is_end(self, answer: paramiko.Message) -> bool:
        try:
            self._convert_status(answer)
        except EOFError:
            return True
        raise paramiko.SSHException("a status where data was due")

    def _convert_status(self, answer: paramiko.Message) -> None:
        """Raise what a status says, as paramiko does, whatever the encoding of its text."""
        code = answer.get_int()
        if code == sftp.SFTP_OK:
            return
        if code == sftp.SFTP_EOF:
            raise EOFError
        text = answer.get_binary().decode("utf-8", "replace") or f"status {code}"
        raise OSError(_ERRNO[code], text) if code in _ERRNO else OSError(text)


def _attributes(answer: paramiko.Message, longname: str = "") -> Any:
    """Attributes as paramiko reads them (draft, section 5), but as many extended ones as are really there."""
    found = _ATTRIBUTES()
    found.longname = longname
    flags = answer.get_int()
    if flags & found.FLAG_SIZE:
        found.st_size = answer.get_int64()
    if flags & found.FLAG_UIDGID:
        found.st_uid, found.st_gid = answer.get_int(), answer.get_int()
    if flags & found.FLAG_PERMISSIONS:
        found.st_mode = answer.get_int()
    if flags & found.FLAG_AMTIME:
        found.st_atime, found.st_mtime = answer.get_int(), answer.get_int()
    if flags & found.FLAG_EXTENDED:
        for _ in range(answer.get_int()):
            if not answer.get_binary():  # past the end of the message names are empty
                break
            answer.get_binary()
    return found


def _no_longer(chunk: bytes, length: int) -> bytes:
    if len(chunk) > length:
        raise paramiko.SSHException("more than was asked for")
    return chunk


class _Answers:
    """Where paramiko puts the answers to what was asked ahead, in whatever order they come."""

    def __init__(self) -> None:
        self.by_number: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, answer: paramiko.Message, number: int) -> None:
        _no_longer(answer.asbytes(), _LONGEST_ANSWER)
        self.by_number[number] = (kind, answer)
