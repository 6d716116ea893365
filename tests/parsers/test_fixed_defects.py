"""Every defect of a fixed file's form is one finding, at its record and field; the rest is read all the same."""

import pytest

from parsers import write_fixed
from schemas import catalogue
from schemas.layout import LAYOUTS, LENGTH
from tests.declarations import BASES, codes, judged, rows, written

CLEAN = written(BASES["supplier"], "fixed").split(b"\n")[:-1]


def field_put(record: bytes, name: str, text: str) -> bytes:
    field = LAYOUTS[record[:2].decode()].field(name)
    value = text.encode("iso8859-15").ljust(field.width)
    assert len(value) == field.width, (name, text)
    return record[: field.first - 1] + value + record[field.last :]


def byte_put(record: bytes, position: int, value: bytes, over: int | None = None) -> bytes:
    width = len(value) if over is None else over
    return record[: position - 1] + value + record[position - 1 + width :]


def broken(steps: str) -> bytes:
    """The clean file after the steps of one row; records are counted from 1 as they then stand."""
    records, end, tail, ended = list(CLEAN), b"\n", b"", True
    for step in (part.lstrip() for part in steps.split(" ;")):
        verb, *words = step.split(" ")
        at = int(words[0].split(".")[0]) - 1 if words and verb not in ("append", "insert") else 0
        if verb == "set":
            records[at] = field_put(records[at], words[0].split(".")[1], " ".join(words[1:]))
        elif verb == "put":
            records[at] = byte_put(records[at], int(words[1]), bytes.fromhex(words[2]))
        elif verb in ("feed", "zap"):
            records[at] = byte_put(records[at], int(words[1]), b"\n", int(verb == "zap"))
        elif verb == "length":
            records[at] = records[at].ljust(int(words[1]), b" ")[: int(words[1])]
        elif verb == "cut":
            records, ended = [*records[:at], records[at][: int(words[1])]], False
        elif verb == "drop":
            del records[at]
        elif verb == "copy":
            records.insert(int(words[2]), records[at])
        elif verb == "swap":
            other = int(words[1]) - 1
            records[at], records[other] = records[other], records[at]
        elif verb == "join":
            records[at : at + 2] = [records[at] + records[at + 1]]
        elif verb == "insert":
            text = words[0].replace("\\n", "\n").replace("\\r", "\r").encode()
            records.insert(int(words[2]), text.removesuffix(b"\n"))
        elif verb == "append":
            tail += bytes.fromhex(words[0])
        elif verb == "crlf":
            end = b"\r\n"
        elif verb == "unended":
            ended = False
        elif verb == "renumber":
            records = [record[:2] + b"%07d" % place + record[9:] for place, record in enumerate(records, 1)]
        elif verb == "recount":
            records[-1] = field_put(records[-1], "lines", f"{sum(r[:2] == b'LG' for r in records):07d}")
        else:
            raise AssertionError(step)
    return end.join(records) + end * ended + tail


def test_the_clean_file_is_what_the_table_says() -> None:
    marks = [record[:2].decode() for record in CLEAN]

    assert marks == ["EN", "FA", "LG", "LG", "LG", "FA", "LG", "LG", "FA", "LG", "FI"]
    assert {len(record) for record in CLEAN} == {LENGTH}


@pytest.mark.parametrize("row", list(rows("fixed.txt")), ids=lambda row: row[0])
def test_one_defect_is_one_finding(row: list[str]) -> None:
    steps, record, field, expected = row

    findings, invoices = judged(broken(steps))

    assert sorted(finding.code for finding in findings) == sorted(expected.replace("-", " ", expected == "-").split())
    if record != "-" and len(set(expected.split())) == 1:
        assert [finding.record for finding in findings] == [int(number) for number in record.split()]
    if field != "-" and len(findings) == 1:
        assert findings[0].field == field
        if field != "enregistrement":
            mark = broken(steps).replace(b"\r", b"").split(b"\n")[int(record) - 1][:2].decode()
            wired = next(known for known in LAYOUTS[mark].fields if known.wire == field)
            assert findings[0].position == wired.first
    refused = {place for place, invoice in enumerate(invoices) if invoice.refused}
    if len(findings) == 1:
        inside = catalogue.reach(findings[0]) == "invoice"
        assert len(refused) == inside
        if inside:
            assert {place for place, first in enumerate((2, 6, 9)) if first <= int(record)} >= refused
            assert findings[0].record is not None and max(refused) == sum(findings[0].record >= s for s in (6, 9))


def test_lines_of_no_invoice_are_said_once_and_not_judged() -> None:
    orphans = b"\n".join([CLEAN[0], *CLEAN[2:5], *CLEAN[5:]]) + b"\n"

    findings, invoices = judged(orphans)

    assert [(finding.code, finding.record) for finding in findings] == [("record-order", 2)]
    assert len(invoices) == 2


def test_neighbours_of_a_refused_invoice_are_read_whole() -> None:
    _, invoices = judged(broken("length 4 139"))

    assert [invoice.refused for invoice in invoices] == [True, False, False]
    assert [invoice.sums.lines for invoice in invoices] == [3, 2, 1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_writer_is_read_back(end: str) -> None:
    import io

    out = io.BytesIO()
    write_fixed.write(BASES["old"].header, BASES["old"].invoices, out, end)

    assert codes(out.getvalue()) == []
