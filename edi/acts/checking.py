"""Acts on files that somebody holds: check, draw up, convert, specify. Nothing of them is kept, no home is needed."""

import contextlib
import functools
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from edi.acts.files import LONG, opened, seekable
from edi.core.act import FILE, FOLDER, Asked, Output, Paper, Result
from schemas.text import Both, Text, filled

if TYPE_CHECKING:
    from edi.core.desk import Desk
    from edi.core.limits import Limits
    from edi.core.partners import Partner
    from parsers.excerpts import Excerpt
    from schemas.acknowledgement import Acknowledgement
    from schemas.finding import Finding

Files = Annotated[
    tuple[Path, ...],
    Asked(
        Both("Déclarations, zip ou non ; « - » : l'entrée standard.", 'Declarations, zipped or not; "-" is stdin.'),
        Both("FICHIER...", "FILE..."), argument=True,
    ),
]  # fmt: skip
CRASHED = Both(
    "contrôle en panne ({crash}) ; EDI_DEBUG=1 montre où", "the checker failed ({crash}); EDI_DEBUG=1 shows where"
)


class File(msgspec.Struct, frozen=True):
    """What came of one file: no acknowledgement when the checker failed; `quote` finds the excerpts of findings."""

    file: str
    acknowledgement: "Acknowledgement | None" = None
    quote: "Callable[[Iterable[Finding]], Mapping[Finding, Excerpt]] | None" = None

    @property
    def verdict(self) -> str:
        """The verdict, `failed` when there is none."""
        return self.acknowledgement.verdict if self.acknowledgement else "failed"


class Checked(Result, frozen=True, kw_only=True):
    """The verdicts on some files. Code 1 when something was refused, 2 when the checker failed."""

    files: Sequence[File]

    def document(self, language: str) -> Any:
        """`{"files": [...]}`; a file that could not be checked says so, and nothing else of it."""
        from parsers.answers.report import as_json

        failed: dict[str, Any] = {
            "file": None, "sha256": None, "format": None, "verdict": "failed", "side": None, "reference": None,
            "invoices": 0, "accepted": 0, "refused": 0, "not_checked": [], "findings": [], "findings_total": 0,
            "findings_by_code": {}, "would": None, "corrections": [],
        }  # fmt: skip
        files = ((file, file.acknowledgement) for file in self.files)
        return {"files": [{**(as_json(ack, language) if ack else failed), "file": file.file} for file, ack in files]}


def code(verdicts: Iterable[str]) -> int:
    """0 all is well, 1 something was refused, 2 the checker failed."""
    found = set(verdicts)
    return 2 if "failed" in found else int(bool({"refused", "partly-accepted"} & found))


def check(
    desk: "Desk", *,
    files: Files,
    partners: Annotated[Path | None, Asked(Both("Annuaire.", "Directory."), Both("FICHIER.csv", "FILE.csv"))] = None,
    html: Annotated[Path | None, Asked(Both("Une page à transmettre.", "A page to pass on."), Both("FICHIER.html", "FILE.html"), writes="html")] = None,
) -> Checked:  # fmt: skip
    """Production's own reading and checks, in temporary tables."""
    with aside_of(desk, partners) as aside:
        found = [judged(desk, file, aside) for file in files]

    def page() -> Paper:
        from parsers.answers.report import page, told

        reports = [told(ack, desk.language, excerpts(file)) for file in found if (ack := file.acknowledgement)]
        return Paper("constats.html", lambda: (piece.encode() for piece in page(reports, desk.language)))

    return Checked(files=found, code=code(file.verdict for file in found), forms={"html": page})


def excerpts(file: File, findings: "Iterable[Finding] | None" = None) -> "Mapping[Finding, Excerpt]":
    """Where findings of a file, or all, are in its bytes; nothing where it can no longer be read."""
    if file.quote is None or file.acknowledgement is None:
        return {}
    return file.quote(file.acknowledgement.findings if findings is None else findings)


def judged(desk: "Desk", file: Path, aside: "Desk", data: bytes | None = None) -> File:
    """What came of a file, or of `data` under its name, in a database that is thrown away; the desk is told why there is no
    verdict."""
    from edi.core.limits import OutOfTime
    from edi.intake.taking import check_file
    from spool.errors import why

    settings = desk.home.settings
    trouble: Text
    try:
        stream = seekable(file, settings.max_bytes) if data is None else io.BytesIO(data)
        lasting = data is None and str(file) != "-" and file.is_file()
        again: _Again = (lambda: file.open("rb")) if lasting else (lambda: contextlib.nullcontext(stream))
        with stream if lasting else contextlib.nullcontext():
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            told = (lambda done: desk.progress(file.name, done, size)) if size >= LONG else None
            acknowledgement, _ = check_file(aside, stream, file.name, told)
        return File(str(file), acknowledgement, functools.partial(_quoted, again, settings.limits))
    except OSError as wrong:
        trouble = why(wrong)
    except OutOfTime as late:
        trouble = filled(CRASHED, crash=late.text)
    except Exception as crash:
        if os.environ.get("EDI_DEBUG"):
            raise
        trouble = filled(CRASHED, crash=type(crash).__name__)
    desk.tell("failed", {"file": str(file), "trouble": trouble})
    return File(str(file))


_Again = Callable[[], contextlib.AbstractContextManager[IO[bytes]]]


def aside_of(desk: "Desk", given: Path | None = None) -> "contextlib.AbstractContextManager[Desk]":
    """A desk whose database is thrown away, and knows the directory to check against."""
    from edi.core.partners import known_aside

    return known_aside(desk, _directory(desk, given).values())


def _quoted(again: _Again, limits: "Limits", findings: "Iterable[Finding]") -> "Mapping[Finding, Excerpt]":
    from edi.core.limits import OutOfTime, open_within
    from parsers.excerpts import excerpts

    with contextlib.suppress(OSError, OutOfTime), again() as stream:
        stream.seek(0)
        source = open_within(stream, limits)
        return excerpts(source.stream, source.format, findings)
    return {}


def _directory(desk: "Desk", given: Path | None) -> "dict[str, Partner]":
    """The directory to check against: the CSV given, else the home's if there is one."""
    from edi.core.partners import load
    from edi.directory.importing import read_csv

    if given is not None:
        return read_csv(given)
    if desk.home.database.exists():
        with desk.beside() as beside:
            return load(beside)
    return {}


class Converted(Result, frozen=True, kw_only=True):
    """The declaration in the other format, or what stands in the way."""

    file: str
    findings: list[Any]


def convert(
    desk: "Desk", *,
    file: Annotated[Path, Asked(Both("Déclaration ; « - » : l'entrée standard.", 'A declaration; "-" is stdin.'), FILE, argument=True)],
    to: Annotated[Literal["fixed", "xml"], Asked(Both("Le format voulu.", "The wanted format."), "fixed|xml")],
    output: Output = None,
) -> Converted:  # fmt: skip
    """Reads all of it before anything is written."""
    import tempfile

    from edi.converting import convert as converted
    from parsers.sniff import MAX_BYTES
    from schemas.catalogue import message

    made = tempfile.TemporaryFile()  # noqa: SIM115 - read once the act is over, and gone with it
    with opened(file, MAX_BYTES) as stream:
        findings = converted(stream, to, made)
    if not findings:
        made.seek(0)
        pieces = functools.partial(iter, functools.partial(made.read, 1 << 20), b"")
        return Converted(file=str(file), findings=[], paper=Paper(f"{file.stem}.{to}", pieces))
    notes: list[Text] = []
    for finding in findings[:50]:
        place = Both(f"enregistrement {finding.record}  ", f"record {finding.record}  ") if finding.record else ""
        says = Both(message(finding, "fr"), message(finding, "en"))
        notes.append(filled("{code}  {place}{says}", code=finding.code, place=place, says=says))
    more = Both("… {more} autres", "… {more} more")
    whole = Both(
        "{file} : illisible en partie, rien n'est converti. Voir tout : edi check.",
        "{file}: cannot be read whole, nothing is converted. To see all: edi check.",
    )
    notes += [filled(more, more=len(findings) - 50)] if findings[50:] else []
    return Converted(code=1, file=str(file), findings=findings, notes=(*notes, filled(whole, file=file)))


class Specification(Result, frozen=True, kw_only=True):
    """The partners' specification: its document, and the same as files."""

    def document(self, language: str) -> Any:
        """All of it, texts in both languages."""
        from edi.spec.rendering import document

        return document()


def spec(
    desk: "Desk", *,
    output: Annotated[Path | None, Asked(Both("Sinon ./specification.", "Else ./specification."), FOLDER, short="o")] = None,
) -> Specification:  # fmt: skip
    """Made of production's own tables."""

    @functools.cache
    def papers() -> Iterable[Paper]:
        from edi.spec.rendering import rendered

        return [Paper(name, functools.partial(list, [data])) for name, data in rendered().items()]

    return Specification(papers=papers, into="specification")
