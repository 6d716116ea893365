"""A file is judged as it would be without the sound invoices before, between or behind its own: the tables of defects,
on production's own road. (Those of `values.txt`: `test_findings_by_value`; of `suggestions.txt`: `test_suggestions`.)"""

import re
from collections.abc import Callable

import pytest

from tests.breaking import after
from tests.declarations import BASES, PLACES, among, rows, staged, written
from tests.parsers.xml.test_reader import broken

CLEAN = BASES["supplier"]
AMONG = {place: counts for place, counts in PLACES.items() if place != "alone"}
#: Which words of a step of `tests.breaking` name a record.
NAMING = {
    "copy": (1, 3),
    "swap": (1, 2),
    **dict.fromkeys(("set", "put", "length", "drop", "join", "feed", "zap"), (1,)),
}


def found(data: bytes, standing: Callable[[int], int] = lambda record: record) -> list[tuple[object, ...]]:
    """What staging finds of a file, and where: at the record that the one of this number would be."""
    return [
        (standing(finding.record or 0), finding.code, finding.field, finding.invoice, finding.suggestion)
        for finding in staged(data)
    ]


def records(steps: str) -> list[int]:
    """The records that steps name; none if one of them is done to the whole file."""
    words = [step.split(" ") for step in steps.split(" ; ")]
    if any(step[0] not in NAMING for step in words):
        return []
    return [int(step[at].split(".")[0]) for step in words for at in NAMING[step[0]]]


def further_on(steps: str, by: int) -> str:
    """The same steps to the records that stand so many further on."""
    words = [step.split(" ") for step in steps.split(" ; ")]
    for step in words:
        for at in NAMING[step[0]]:
            step[at] = re.sub(r"^\d+", lambda record: str(int(record[0]) + by), step[at])
    return " ; ".join(map(" ".join, words))


#: Not next to the first record or the last: it is theirs alone what becomes of them.
INNER = [steps for steps, *_ in rows("fixed.txt") if records(steps) and {*records(steps)} <= {*range(3, 10)}]


def test_most_defects_of_records_are_among_them() -> None:
    assert len(INNER) > 60


@pytest.mark.parametrize("steps", INNER)
def test_of_a_broken_record(steps: str) -> None:
    alone = found(after(written(CLEAN, "fixed"), steps))
    for place, (before, _) in AMONG.items():
        by = before * (1 + len(CLEAN.invoices[0].lines))
        data = after(written(among(CLEAN, place), "fixed"), further_on(steps, by))
        assert found(data, lambda record, by=by: record - by) == alone, place


OTHERS = re.findall(r"<facture.*?</facture>\n?", written(among(CLEAN, "last"), "xml").decode(), re.DOTALL)[:4]


@pytest.mark.parametrize("row", list(rows("xml.txt")), ids=lambda row: f"{row[0]} | {row[1]}"[:90])
def test_of_a_broken_element(row: list[str]) -> None:
    data = broken(row).decode("utf-8", errors="surrogateescape")
    begin, end = data.find("<facture"), data.rfind("</declaration>")
    if not 0 < begin < end:
        assert row[-1] not in ("-", "xml-schema")
        return
    alone = found(data.encode())
    for place, (before, behind) in AMONG.items():
        others = ["".join(OTHERS[:before]), "".join(OTHERS[:behind]).replace("SOUND", "MORE")]
        more = data[:begin] + others[0] + data[begin:end] + others[1] + data[end:]
        first, last = (more.count("\n", 0, at) + 1 for at in (more.find("<facture"), more.rfind("</declaration>")))

        def standing(line: int, first: int = first, last: int = last, others: list[str] = others) -> int:
            moved = others[0].count("\n") * (line > first) + others[1].count("\n") * (line >= last)
            return line - moved

        assert found(more.encode(), standing) == alone, place
