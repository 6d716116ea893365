"""What reading and checking made of a file, whatever its scheme: its findings, what becomes of each invoice, the verdict."""

from collections import Counter
from collections.abc import Callable

import msgspec

from edi.core.limits import Limits
from schemas import catalogue
from schemas.acknowledgement import Rehearsal
from schemas.declaration import Header
from schemas.finding import Finding

#: What becomes of an invoice: refused, it may be mended, or is beyond mending here (a copy; another one is booked).
ACCEPTED, REFUSED, BEYOND = range(3)


class Tally(msgspec.Struct):
    """The findings of a file: kept up to a number a severity, counted in full. `wrong` names the fields of which a
    file finding was raised."""

    keep: int = Limits().findings_kept
    errors: list[Finding] = msgspec.field(default_factory=list)
    warnings: list[Finding] = msgspec.field(default_factory=list)
    by_code: Counter[str] = msgspec.field(default_factory=Counter)
    file_refused: bool = False
    wrong: set[str | None] = msgspec.field(default_factory=set)

    def add(self, finding: Finding, advise: Callable[[Finding], Finding] | None = None) -> bool:
        """Counts a finding, and keeps it while there is room, as `advise` would have it; whether it is kept."""
        reach = catalogue.reach(finding)
        self.by_code[finding.code] += 1
        if reach == "file":
            self.file_refused = True
            self.wrong.add(finding.field)
        kept = self.warnings if reach == "warning" else self.errors
        room = len(kept) < self.keep
        if room:
            kept.append(advise(finding) if advise else finding)
        elif reach == "file":  # whatever else is cut, why the file is refused is said
            kept[-1] = finding
        return room

    def kept(self) -> tuple[Finding, ...]:
        """The findings kept: in the order of the file's records, what concerns no record first."""
        return tuple(sorted((*self.errors, *self.warnings), key=lambda finding: finding.record or 0))


class Judged(msgspec.Struct):
    """What was made of a file. `fates`: what became of each invoice, in the file's order. `outside`: how many of those
    refused are of another year than the period's, by year."""

    format: str | None
    header: Header | None = None
    tally: Tally = msgspec.field(default_factory=Tally)
    invoices: int = 0
    refused: int = 0
    fates: bytearray = msgspec.field(default_factory=bytearray)
    outside: Counter[int] = msgspec.field(default_factory=Counter)


class Booked(msgspec.Struct):
    """The verdict on a file, how many of its invoices were accepted and refused, and what a dry run would come to."""

    verdict: str
    accepted: int
    refused: int
    would: Rehearsal | None = None


def verdict(judged: Judged, accepted: int) -> str:
    """`accepted`, `partly-accepted` or `refused`: a file finding, or no invoice accepted of at least one."""
    if judged.tally.file_refused or (judged.invoices and not accepted):
        return "refused"
    return "partly-accepted" if judged.refused else "accepted"


def ruled(judged: Judged) -> Booked:
    """The verdict on a file as it is judged."""
    accepted = 0 if judged.tally.file_refused else judged.invoices - judged.refused
    return Booked(verdict(judged, accepted), accepted, judged.invoices - accepted)
