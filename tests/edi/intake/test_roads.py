"""`edi check` says what `edi ingest` will: every sample, every value table, and each field of the layouts spoilt, by both
of production's roads. What only the store can know aside, verdicts and findings are equal; nothing is ever `failed`."""

import io
import random
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edi.intake.taking import check_file
from edi.lending.booking.booking import STORE_CODES
from schemas.acknowledgement import Acknowledgement
from schemas.lending.layout import FA, LAYOUTS, Layout
from tests.breaking import after
from tests.declarations import BASES, CONTEXT, changed, rows, written
from tests.desk import Desk, aside

ROOT = Path(__file__).parents[3]
SAMPLES = [
    path
    for folder in (ROOT / "tests" / "samples", ROOT / "docs" / "samples", ROOT / "docs" / "specification" / "exemples")
    for path in sorted(folder.rglob("*"))
    if path.suffix in (".txt", ".xml", ".csv", ".zip") and "retour" not in path.parts and path.name != "partners.csv"
]
FORMS = ("fixed", "xml")
#: One of each field is blank; the others are drawn.
SPOILT = (
    "0" * 200, "9" * 200, "A" * 200, "-1", "é", " 1", "1,5", "2025-02-30", "20250230", "00000000", "\x1b", "<&>", "1E5",
)  # fmt: skip
TAGS = {"EN": "declaration", "FA": "facture", "LG": "ligne"}


class Roads:
    """Both roads: a home that is as new before each file, and the validator's temporary database."""

    def __init__(self, path: Path) -> None:
        self.desk = Desk(path, CONTEXT.now)
        self.pristine = sqlite3.connect(":memory:")
        self.desk.db.backup(self.pristine)
        self.aside = aside(now=CONTEXT.now)

    def check(self, data: bytes) -> Acknowledgement:
        """What the validator says."""
        return check_file(self.aside, io.BytesIO(data), "F.txt")[0]

    def agree(self, data: bytes, what: object = "") -> Acknowledgement:
        """What `check` says, which is what `ingest` does."""
        checked = self.check(data)
        self.pristine.backup(self.desk.db)
        self.desk.time = CONTEXT.now - timedelta(seconds=1)
        taken = self.desk.take(data)

        store = [finding for finding in taken.findings if finding.code in STORE_CODES]
        assert taken.verdict != "failed", (what, self.desk.rows("SELECT trouble FROM receipt"))
        assert checked.findings == tuple(finding for finding in taken.findings if finding not in store), what
        if not store:
            for name in ("verdict", "accepted", "refused", "invoices", "findings_by_code", "reference", "declarant"):
                assert getattr(checked, name) == getattr(taken, name), (what, name)
        return checked


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roads]:
    both = Roads(tmp_path_factory.mktemp("roads") / "home")
    yield both
    both.desk.db.close()


def test_every_sample(roads: Roads) -> None:
    assert len(SAMPLES) > 80
    for path in SAMPLES:
        roads.agree(path.read_bytes(), path)


@pytest.mark.parametrize("form", FORMS)
def test_every_value(roads: Roads, form: str) -> None:
    for base, changes, *_, code in rows("values.txt"):
        said = roads.agree(written(changed(BASES[base], changes), form), (base, changes))
        assert list(said.findings_by_code) == ([] if code == "-" else [code])


def mutants(base: str, form: str, layouts: Iterable[Layout]) -> Iterator[tuple[str, bytes]]:
    """A clean declaration with one field of the first record of each layout spoilt: blank, and otherwise."""
    chance, clean = random.Random(f"{base} {form}"), written(BASES[base], form)
    marks = [record[:2] for record in written(BASES[base], "fixed").decode("latin-1").splitlines()]
    for layout in layouts:
        mark = layout.mark
        for field in layout.fields:
            for value in ("", *chance.sample(SPOILT, 2)):
                if form == "fixed":
                    place = marks.index(mark) + 1
                    spoilt = after(clean, f"set {place}.{field.name} {value[: field.width]}")
                elif mark not in TAGS:
                    continue
                else:
                    inside = rf'(<{TAGS[mark]}\b[^>]*? {field.wire}=")[^"]*'
                    safe = value.replace("&", "&amp;").replace("<", "&lt;").replace("\x1b", "&#27;")
                    spoilt = re.sub(inside, rf"\g<1>{safe}", clean.decode(), count=1).encode()
                if spoilt != clean:
                    yield f"{base} {form} {mark}.{field.name} {value[:20]!r}", spoilt


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("base", "layouts"), [("supplier", LAYOUTS.values()), ("library", (FA,))], ids=["supplier", "library"]
)
def test_every_field_spoilt(roads: Roads, base: str, form: str, layouts: Collection[Layout]) -> None:
    refused = [what for what, data in mutants(base, form, layouts) if roads.agree(data, what).verdict != "accepted"]
    assert len(refused) > 10 * len(layouts)
