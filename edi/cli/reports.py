"""How the verdicts on files are shown: in colour on a terminal, as plain text, as JSON, as a page; and the exit code."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from rich.text import Text

from edi.cli.common import VERDICTS, out, sentence

if TYPE_CHECKING:
    from parsers.answers.report import Lines
    from parsers.excerpts import Excerpt
    from schemas.acknowledgement import Acknowledgement
    from schemas.finding import Finding

#: On a terminal, so many findings of one code are shown.
_FEW = 5


class Result(msgspec.Struct, frozen=True):
    """What came of one file: no acknowledgement when the checker failed; the excerpts of its findings, if fetched."""

    file: str
    acknowledgement: "Acknowledgement | None" = None
    excerpts: "Mapping[Finding, Excerpt]" = {}

    @property
    def verdict(self) -> str:
        """The verdict, `failed` when there is none."""
        return self.acknowledgement.verdict if self.acknowledgement else "failed"


def few(acknowledgement: "Acknowledgement") -> "Acknowledgement":
    """The acknowledgement with the first findings of each code only, as a person at a terminal wants them."""
    seen = Counter[str]()
    kept = []
    for finding in acknowledgement.findings:
        seen[finding.code] += 1
        if seen[finding.code] <= _FEW:
            kept.append(finding)
    return msgspec.structs.replace(acknowledgement, findings=tuple(kept))


def document(results: Sequence[Result], said: str) -> dict[str, Any]:
    """`{"files": [...]}`; a file that could not be checked says so, and nothing else of it."""
    from parsers.answers.report import as_json as report_json

    failed: dict[str, Any] = {
        "file": None, "sha256": None, "format": None, "verdict": "failed", "side": None, "reference": None, "invoices": 0,
        "accepted": 0, "refused": 0, "not_checked": [], "findings": [], "findings_total": 0, "findings_by_code": {}, "would": None,
        "corrections": [],
    }  # fmt: skip
    return {
        "files": [
            {**(report_json(one.acknowledgement, said) if one.acknowledgement else failed), "file": one.file}
            for one in results
        ]
    }


def show(results: Sequence[Result], said: str) -> None:
    """The report in full; of several files, of those with findings, then a line each."""
    from parsers.answers.report import WIDTH, lines, told

    width = min(WIDTH, out.width) if out.is_terminal else WIDTH
    for one in results:
        ack = one.acknowledgement and (few(one.acknowledgement) if out.is_terminal else one.acknowledgement)
        if ack is not None and (len(results) == 1 or ack.findings_total or ack.verdict != "accepted"):
            for line in _painted(lines(told(ack, said, one.excerpts), width), VERDICTS[ack.verdict][2]):
                out.print(line, soft_wrap=True)
            out.print()
    if len(results) < 2:
        return
    place = 0 if said == "fr" else 1
    for one in results:
        words, ack = VERDICTS[one.verdict], one.acknowledgement
        counts = f"{ack.accepted}/{ack.invoices}" if ack else "-"
        out.print(f"[{words[2]}]{words[place]:<20}[/] {counts:>9}  {sentence(one.file)}", soft_wrap=True)


_STYLES = {"title": "bold", "rule": "dim", "name": "bold", "caret": "bold red", "quote": "cyan", "do": "green"}
_NUMBERS = {"file": "bold red", "invoice": "bold red", "warning": "bold yellow"}
_LABEL, _LABEL_BOX = 19, 12


def _painted(lines: "Lines", colour: str) -> Iterator[Text]:
    """The lines of a report in the colours of a terminal."""
    for role, line in lines:
        made = Text(line, style=_STYLES.get(role, ""))
        if role in ("box", "verdict"):
            made.stylize("dim", 0, 1)
            made.stylize("dim", len(line) - 1)
        if role == "verdict":
            value = line[_LABEL_BOX:-1].strip()
            made.stylize(f"bold {colour}", line.rindex(value), line.rindex(value) + len(value))
        elif role in _NUMBERS:
            made.stylize(_NUMBERS[role], 2, 5)
            made.stylize("bold", 5)
        elif role in ("label", "do"):
            made.stylize("dim", 0, _LABEL)
        yield made


def exit_code(results: Sequence[Result]) -> int:
    """0 all is well, 1 something was refused, 2 the checker failed."""
    verdicts = {one.verdict for one in results}
    return 2 if "failed" in verdicts else int(bool({"refused", "partly-accepted"} & verdicts))
