"""A real OpenSSH server on loopback for tests: no accounts made, no service touched, gone afterwards.

It runs as whoever runs the tests and lets only that user in, by key, with nothing but SFTP starting in one
folder. There is no chroot: OpenSSH refuses one below a folder that others may write, such as /tmp.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_PRIVILEGE_SEPARATION = Path("/run/sshd")
_START_SECONDS = 10

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host
HostKey {keys}/host-rsa
PidFile none
AuthorizedKeysFile {keys}/client.pub
StrictModes no
UsePAM {pam}
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 200
LogLevel ERROR
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {root}
AllowTcpForwarding no
PermitTTY no
"""


def _sshd() -> str | None:
    return shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")


def _wants_pam(user: str) -> bool:
    """Whether only PAM can vouch for the account: it is locked, or we may not read whether it is."""
    try:
        lines = Path("/etc/shadow").read_text("utf-8").splitlines()
    except OSError:
        return True
    return any(line.startswith(f"{user}:!") for line in lines)


def available() -> bool:
    """Whether OpenSSH's server and its key generator are installed, and may run here."""
    may_run = os.getuid() != 0 or _PRIVILEGE_SEPARATION.is_dir() or os.access("/run", os.W_OK)
    return _sshd() is not None and shutil.which("ssh-keygen") is not None and may_run


class Sshd:
    """A running sshd, as a context manager: `host`, `port`, `user`, `key`, `root`, `fingerprint`
    (of its ed25519 key) and `rsa_fingerprint`.

    `keys` is a folder for its keys and settings, `root` the folder where a session starts; neither may
    have a space in its name.
    """

    host = "127.0.0.1"

    def __init__(self, root: Path, keys: Path) -> None:
        self.root = root
        self.keys = keys
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.key = keys / "client"
        self.port = 0
        self.fingerprint = self.rsa_fingerprint = ""

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        make_key(self.key)
        self.fingerprint = make_key(self.keys / "host")
        self.rsa_fingerprint = make_key(self.keys / "host-rsa", kind="rsa")
        for _ in range(5):
            self.port = free_port()
            if self._start():
                return self
        raise RuntimeError((self.keys / "log").read_text("utf-8", "replace"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()

    def _start(self) -> bool:
        sshd = _sshd()
        assert sshd is not None
        settings = self.keys / "sshd_config"
        text = _CONFIG.format(
            port=self.port, keys=self.keys, root=self.root, pam="yes" if _wants_pam(self.user) else "no"
        )
        # From 9.8 on sshd makes an address wait that failed to log in; before, it does not know the word.
        for more in ("PerSourcePenalties no\n", ""):
            settings.write_text(text + more, "utf-8")
            if not subprocess.run([sshd, "-t", "-f", settings], capture_output=True, check=False).returncode:
                break
        with (self.keys / "log").open("ab") as log:
            self._process = subprocess.Popen([sshd, "-D", "-e", "-f", settings], stdout=log, stderr=log)
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1) as door:
                return door.recv(4) == b"SSH-"
            time.sleep(0.02)
        self._process.kill()
        self._process.wait()
        return False


def make_key(path: Path, passphrase: str = "", kind: str = "ed25519") -> str:
    """Make a key pair at `path` unless it is there; its fingerprint, as OpenSSH tells it."""
    if not path.exists():
        command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", path]
        subprocess.run(command, check=True, capture_output=True)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", path], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def free_port() -> int:
    """A port of loopback nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd for the whole session; give each test its own folder below `root`."""
    if not available():
        pytest.skip("no sshd here: make system-deps")
    base = tmp_path_factory.mktemp("sshd")
    with Sshd(base / "root", base / "keys") as running:
        yield running
