"""One run a home: who holds it is said, and a holder that dies holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edi.core.lock import held
from schemas.errors import HomeBusy
from spool.errors import DiskTrouble
from tests.program import environment


def test_second_is_told_who(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(HomeBusy, match=f"pid {os.getpid()}"), held(tmp_path):
            pass
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())
    with held(tmp_path):
        pass
    assert (tmp_path / "run.lock").read_text() == ""


def test_killed_holder_holds_nothing(tmp_path: Path) -> None:
    code = f"import time; from pathlib import Path; from edi.core.lock import held\nwith held(Path({str(tmp_path)!r})): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(HomeBusy, match=f"pid {other.pid}"), held(tmp_path):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
        with held(tmp_path):
            pass


def test_no_place_for_the_lock(tmp_path: Path) -> None:
    with pytest.raises(DiskTrouble, match=r"run\.lock"), held(tmp_path / "nowhere"):
        pass
