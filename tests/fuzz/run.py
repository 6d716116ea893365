"""Fuzzes every target for a while, each in its own process: atheris (libFuzzer) where it can be had, hypothesis else.

    python -m tests.fuzz.run [--seconds 60] [--only TARGET]

What is found is left in `.fuzz/` and printed; it becomes a test in `tests/fuzz/test_targets.py`. Exit code 1 then.
"""

import argparse
import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import FunctionType

from tests.fuzz.targets import SEEDS, TARGETS, WORDS, timed

FOUND = Path(".fuzz")
#: A process that outgrows this is stopped, and its input kept.
_MEGABYTES = 1_000


#: Where coverage leads the fuzzer.
_WATCHED = (
    "parsers.fixed.reader", "parsers.fixed.grammar", "parsers.xml.walk", "parsers.xml.reader", "parsers.xml.bulk", "parsers.xml.faults",
    "parsers.fixed.records", "parsers.sniff", "parsers.answers.gencod", "parsers.answers.aperak", "parsers.answers.answer_xml",
    "parsers.plain", "schemas.charset", "schemas.number", "edi.lending.rules.checks", "edi.lending.rules.line_checks",
    "edi.lending.rules.header_checks", "edi.lending.rules.invoice_checks", "edi.lending.rules.one_invoice", "parsers.fixed.numbering",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", choices=TARGETS, help="one target")
    parser.add_argument("--inside", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=("atheris", "hypothesis"), default=_engine())
    given = parser.parse_args()
    if given.inside:
        (_atheris if given.engine == "atheris" else _hypothesis)(given.inside, given.seconds)
        return 0
    failed = []
    for name in [given.only] if given.only else TARGETS:
        begun = time.monotonic()
        words = ["--inside", name, "--seconds", str(given.seconds), "--engine", given.engine]
        ran = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.run", *words], capture_output=True, text=True, check=False
        )
        summary = next((line for line in reversed(ran.stderr.splitlines()) if "stat::number_of_executed" in line), "")
        print(f"{name:<16} {'ok' if ran.returncode == 0 else 'FOUND':<6} {time.monotonic() - begun:5.0f} s  "
              f"{given.engine} {summary.rpartition(' ')[2]}", flush=True)  # fmt: skip
        if ran.returncode:
            failed.append(name)
            print(ran.stdout[-4_000:], *ran.stderr.splitlines()[-6:], sep="\n", flush=True)
    return int(bool(failed))


def _engine() -> str:
    return "atheris" if importlib.util.find_spec("atheris") else "hypothesis"


def _atheris(name: str, seconds: int) -> None:
    """Never returns: libFuzzer ends the process, and has written what it found."""
    import atheris

    corpus = FOUND / name
    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(SEEDS):
        (corpus / f"seed-{place}").write_bytes(seed[:20_000])
    dictionary = FOUND / "words.txt"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in WORDS)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    target = TARGETS[name]
    for module in _WATCHED:
        for value in list(vars(sys.modules[module]).values()):
            if getattr(value, "__module__", "") == module:
                for function in vars(value).values() if isinstance(value, type) else (value,):
                    if isinstance(function, FunctionType):
                        atheris.instrument_func(function)
    options = [
        sys.argv[0], str(corpus), f"-max_total_time={seconds}", "-max_len=20000", f"-rss_limit_mb={_MEGABYTES}",
        "-timeout=10", f"-dict={dictionary}", f"-artifact_prefix={FOUND}/{name}-", "-print_final_stats=1", "-verbosity=1",
    ]  # fmt: skip
    atheris.Setup(options, lambda data: timed(target, data))
    atheris.Fuzz()


def _hypothesis(name: str, seconds: int) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    pieces = st.one_of(st.sampled_from(WORDS), st.binary(max_size=40), st.sampled_from(SEEDS))
    until = time.monotonic() + seconds

    @given(st.lists(pieces, max_size=12).map(b"".join))
    @settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def fuzzed(data: bytes) -> None:
        if time.monotonic() < until:
            timed(TARGETS[name], data)

    while time.monotonic() < until:
        fuzzed()


if __name__ == "__main__":
    sys.exit(main())
