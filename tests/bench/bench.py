"""`make bench`: each figure beside its limit, measured in the same run; each measure in a process of its own.

    python -m tests.bench.bench [--quick] [--json] [--folder DIR]

Limits are what the bare library does with the same bytes or rows (`tests.bench.measures`). Ratios matter, seconds are the machine's.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.worlds.hostile import MADE

#: A measure that takes less is taken three times, and its median stands.
SHORT_SECONDS = 15
PEAK_BYTES = 200_000_000
_RUNS = 3
#: Measures that wait for no disk: their ratio is of processor time, which a busy machine does not stretch.
IN_MEMORY = ("read", "read_and_check", "hostile", "matching")


class Measure(NamedTuple):
    """One line of the table: what is measured, how, against which limit, and how many times the limit it may take."""

    title: str
    name: str
    facts: dict[str, str]
    limit: str
    limit_title: str
    most: float | None
    again: bool = True


MEASURES = (
    Measure("read, fixed", "read", {}, "record_expression", "record's expression", None),
    Measure("read and check, fixed", "read_and_check", {}, "record_expression", "record's expression", None),
    Measure("read and check, fixed", "read_and_check", {}, "bare_expression_groups", "field widths, groups()", None),
    Measure("read and check, fixed", "read_and_check", {}, "bare_expression", "field widths, nothing", 10),
    Measure("read, XML", "read", {"form": "xml"}, "bare_iterparse", "lxml iterparse", None),
    Measure("read and check, XML", "read_and_check", {"form": "xml"}, "bare_iterparse", "lxml iterparse", 4.4),
    Measure("worst hostile file", "hostile", {}, "honest_lines", "100,000 honest lines", 10),
    Measure("whole ingest, fixed", "ingest_big", {}, "bare_file_to_table", "file to sqlite3 table", None),
    Measure("whole ingest, fixed", "ingest_big", {}, "bare_insert", "rows at hand, sqlite3", 3.0),
    Measure("whole ingest, XML", "ingest_big", {"form": "xml"}, "bare_insert", "rows at hand, sqlite3", 4.5),
    Measure("stock, file by file", "ingest_market", {}, "", "", None, False),
    Measure("match the stock", "matching", {}, "bare_group_by", "GROUP BY", 2),
    Measure("reconcile the stock", "reconciling", {}, "bare_grouping", "GROUP BY, insert", None, False),
    Measure("one more file", "one_more_file", {}, "bare_group_by", "GROUP BY", 0.01, False),
    Measure("small files arriving", "ingest_arrivals", {}, "bare_arrivals", "insert, one commit", None, False),
    Measure("small files arriving", "ingest_arrivals", {}, "bare_arrivals_each", "insert, commit each", None, False),
    Measure("reconcile what arrived", "reconciling", {}, "bare_grouping", "GROUP BY, insert", None, False),
)  # fmt: skip


class Bench:
    """Runs measures over one folder; limits are measured once each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.limits: dict[str, dict[str, Any]] = {}
        self.taken: dict[str, dict[str, Any]] = {}

    def once(self, name: str, **facts: str) -> dict[str, Any]:
        """One measure in a process of its own."""
        words = [f"{key}={value}" for key, value in facts.items()]
        command = [sys.executable, "-m", "tests.bench.measures", name, str(self.folder), *words]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return dict(json.loads(done.stdout))

    def median(self, name: str, again: bool = True, **facts: str) -> dict[str, Any]:
        """The median of three, where one is short; a fresh home each time where one is needed."""
        runs: list[dict[str, Any]] = []
        while not runs or (again and len(runs) < _RUNS and runs[0]["seconds"] < SHORT_SECONDS):
            home: dict[str, str] = {"home": f"home-{name}-{len(runs)}"} if name == "ingest_big" else {}
            runs.append(self.once(name, **facts, **home))
            for made in home.values():
                shutil.rmtree(self.folder / made)
        middle = sorted(runs, key=lambda run: float(run["seconds"]))[len(runs) // 2]
        return {**middle, "peak_bytes": max(run["peak_bytes"] for run in runs), "runs": len(runs)}

    def figures(self, measure: Measure) -> dict[str, Any]:
        """What a measure says; one that stands beside two limits is taken once."""
        if measure.title not in self.taken:
            self.taken[measure.title] = self.median(measure.name, measure.again, **measure.facts)
        return self.taken[measure.title]

    def limit(self, name: str, again: bool = True) -> dict[str, Any]:
        """A limit, measured when first asked for."""
        if name not in self.limits:
            self.limits[name] = self.median(name, again)
        return self.limits[name]


def run(folder: Path, quick: bool, console: Console) -> list[dict[str, Any]]:
    """Every measure, in order; the rows of the table."""
    bench = Bench(folder)
    lines, each, files = (100_000, 2, 200) if quick else (1_000_000, 20, 2_000)
    rows = []
    with console.status("writing files") as status:
        for form in ("fixed", "xml"):
            bench.once("make_big", form=form, lines=str(lines))
        bench.once("make_small", each=str(each), files=str(files))
        stock = each * 25_000
        sizes = {
            "hostile": (1, "file", f"of {len(MADE)}, each a few MB"),
            "ingest_market": (2 * stock, "invoices", f"{stock:,} a side, 550 files"),
            "matching": (2 * stock, "invoices", f"{stock:,} a side, from scratch"),
            "one_more_file": (100, "invoices", f"on {stock:,} a side"),
            "reconciling": (2 * stock, "invoices", f"{stock:,} a side"),
            "ingest_arrivals": (files * 25, "invoices", f"{files:,} files on top"),
        }
        for measure in MEASURES:
            status.update(measure.title)
            figures = bench.figures(measure)
            if measure.limit == "bare_grouping":
                bench.limit("bare_arrivals", again=False)  # fills the plain tables
            if measure.limit:
                limit = bench.limit(measure.limit, again=measure.limit not in ("bare_arrivals", "bare_arrivals_each"))
            count, unit, said = sizes.get(measure.name, (lines, "lines", f"{lines:,} lines"))
            clock = "cpu_seconds" if measure.name in IN_MEMORY else "seconds"
            ratio = figures[clock] / limit[clock] if measure.limit else None
            row: dict[str, Any] = {
                "measure": measure.title, "size": said, "seconds": figures["seconds"], "cpu_seconds": figures["cpu_seconds"], "runs": figures["runs"],
                "per_second": count / figures["seconds"], "unit": unit, "peak_bytes": figures["peak_bytes"],
                "limit": measure.limit_title, "limit_seconds": limit["seconds"] if measure.limit else None,
                "limit_cpu_seconds": limit["cpu_seconds"] if measure.limit else None,
                "ratio": ratio, "ratio_of": clock, "most": measure.most,
                "met": None if measure.most is None or ratio is None else ratio <= measure.most,
                "memory_met": figures["peak_bytes"] < PEAK_BYTES,
                **{key: figures[key] for key in ("matched", "posted") if key in figures},
            }  # fmt: skip
            rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> Table:
    """The rows for people, in 110 columns."""
    made = Table(title="edi bench", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("measure", "time", "per second", "peak", "limit", "its time", "ratio", "target"):
        made.add_column(heading, justify="left" if heading in ("measure", "limit") else "right")
    for row in rows:
        what = Text(row["measure"], no_wrap=True).append(f"\n{row['size']}", "dim")
        speed = Text(f"{row['per_second']:,.0f}").append(f"\n{row['unit']}", "dim")
        peak = Text(f"{row['peak_bytes'] / 1e6:.0f} MB", "green" if row["memory_met"] else "red")
        made.add_row(
            what, _seconds(row["seconds"], row["cpu_seconds"]), speed, peak, Text(row["limit"], "dim", no_wrap=True),
            _seconds(row["limit_seconds"], row["limit_cpu_seconds"]), _ratio(row), _target(row),
        )  # fmt: skip
    return made


def _seconds(seconds: float | None, cpu_seconds: float | None) -> Text:
    """Wall-clock seconds, and those of the processor below: far apart, the measure waited for the disk or for others."""
    return Text("") if seconds is None else Text(f"{seconds:.2f} s").append(f"\ncpu {cpu_seconds:.2f}", "dim")


def _ratio(row: dict[str, Any]) -> Text:
    if row["ratio"] is None:
        return Text("")
    return Text(f"{row['ratio']:.1f}" if row["ratio"] > 0.1 else f"{row['ratio']:.4f}").append(
        "\nof cpu" if row["ratio_of"] == "cpu_seconds" else "\nof time", "dim"
    )


def _target(row: dict[str, Any]) -> Text:
    if row["most"] is None:
        return Text("")
    return Text(f"<= {row['most']:g}\n{'met' if row['met'] else 'missed'}", "green" if row["met"] else "red")


def main() -> None:
    """The bench from the command line."""
    asked = argparse.ArgumentParser(description="Each figure beside its limit, measured in the same run.")
    asked.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    asked.add_argument("--json", action="store_true", help="one JSON document on stdout")
    asked.add_argument(
        "--folder", type=Path, help="where to put files (about 2 GB), else the system's temporary folder"
    )
    options = asked.parse_args()
    console = Console(quiet=options.json, highlight=False, width=None if sys.stdout.isatty() else 110)
    with tempfile.TemporaryDirectory(prefix="edi-bench-", dir=options.folder) as folder:
        rows = run(Path(folder), options.quick, console)
    console.print(table(rows))
    console.print(
        f"Ratio: time over the limit's. Peak: the process's largest resident set, to stay below {PEAK_BYTES // 10**6} MB.\n"
        "Short measures are the median of three. Where a measure waits for no disk its ratio is of processor time. "
        "Seconds are this machine's; ratios travel.",
        style="dim",
    )
    if options.json:
        sys.stdout.write(json.dumps({"quick": options.quick, "measures": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
