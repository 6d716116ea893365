"""How long others wait for the database while long work is done: small write transactions in a loop, beside it.

    python -m tests.bench.waiting [--lines N] [--each N] [--folder DIR]

The work is a process of its own; a wait is from asking for the write lock to having it. At most a second is promised.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edi.core.settings import open_home
from edi.core.store import connect, transaction
from tests.worlds import volume

MOST_SECONDS = 1.0


def longest_wait(home: Path, *words: str | Path) -> tuple[float, float, int]:
    """Runs `edi` with these words; (its seconds, the longest wait, how many transactions of others found their turn)."""
    connection = connect(open_home(home).database)
    command = [sys.executable, "-c", "from edi.cli import main; main()", "--home", str(home), *map(str, words)]
    began, longest, turns = time.perf_counter(), 0.0, 0
    work = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while work.poll() is None:
        asked = time.perf_counter()
        with transaction(connection):
            longest = max(longest, time.perf_counter() - asked)
            connection.execute("INSERT OR REPLACE INTO link_state (link) VALUES ('other')")
        turns += 1
        time.sleep(0.005)
    connection.close()
    if work.returncode:
        raise RuntimeError(f"{words[0]}: {work.returncode}")
    return time.perf_counter() - began, longest, turns


def main() -> None:
    """The measure from the command line."""
    asked = argparse.ArgumentParser(description="How long others wait for the database while long work is done.")
    asked.add_argument("--lines", type=int, default=1_000_000)
    asked.add_argument("--each", type=int, default=volume.EACH, help="invoices of each supplier for each library")
    asked.add_argument("--folder", type=Path)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="edi-waiting-", dir=options.folder) as base:
        folder = Path(base)
        volume.write_million(folder / "big.txt", "fixed", options.lines)
        (folder / "market").mkdir()
        market = volume.write_market(folder / "market", options.each)
        works: list[tuple[str, Path, list[str | Path]]] = [
            (f"book a file of {options.lines:,} lines", folder / "one", ["ingest", folder / "big.txt"]),
            (f"book {len(market)} files of the stock", folder / "two", ["ingest", *market]),
            ("reconcile the stock", folder / "two", ["reconcile"]),
        ]
        for title, home, words in works:
            seconds, longest, turns = longest_wait(home, *words)
            said = "met" if longest <= MOST_SECONDS else "missed"
            print(f"{title:40} {seconds:8.1f} s   longest wait {longest:6.3f} s ({said})   {turns} turns of others")


if __name__ == "__main__":
    main()
