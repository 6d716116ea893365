"""Hostile content: never a crash, never more than a bounded time and memory, and harmless wherever it is shown."""

import io
import json
import multiprocessing
import re
import time
import zipfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import pytest

import parsers
from edi.core.limits import Limits, OutOfTime, open_within
from edi.core.settings import read_settings
from edi.intake import quarantine
from parsers.plain import escaped
from parsers.sniff import open_source
from schemas.errors import SettingsWrong
from schemas.text import Both, recalled
from tests.declarations import BASES, codes, read_back, written
from tests.desk import LIBRARY, SHOP, Desk, bought, counts, declared, sold
from tests.desk import codes as taken_codes
from tests.desk import written as filed
from tests.edi.cli.conftest import _main
from tests.worlds import hostile
from tests.worlds.core import zipped
from tests.worlds.hostile import END, FIXED, HEAD, INVOICE, MADE, XML

DAY = "2025-03-14"


FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.worlds.hostile"])


def of_a_process(case: str, sent: Connection) -> None:
    sent.send(hostile.facts(case))


@pytest.mark.parametrize("case", MADE)
def test_every_file_made_to_hurt_is_refused_in_bounded_memory(case: str) -> None:
    """How long each takes, against honest lines, is `make bench`'s to say; here it only has to come to its end."""
    received, sent = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=of_a_process, args=(case, sent), daemon=True)
    process.start()
    sent.close()
    try:
        assert received.poll(60), "no end in sight"
        facts = received.recv()
    finally:
        process.kill()
        process.join()
    assert facts["verdict"] == "refused"
    assert facts["codes"], "why is said"
    assert facts["megabytes"] < 64


# -- XML ------------------------------------------------------------------------------------------------


def doctyped(subset: str, use: str) -> bytes:
    return f"<!DOCTYPE declaration [{subset}]>\n".encode() + XML.replace("Titre n° 1".encode(), use.encode())


LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        doctyped(LAUGHS, "&a9;"),
        doctyped('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
        doctyped('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;', "x"),
        doctyped('<!ATTLIST facture totalHT CDATA "1.00">', "x"),
        b"<!DOCTYPE declaration SYSTEM 'file:///dev/zero'>" + XML,
        b"<?xml version='1.0'?><!-- \n --><?a?>\n<!DOCTYPE a>" + XML,
        b"<!-- " + b"x" * 100_000 + b" --><!DOCTYPE a>" + XML,
    ],
    ids=["laughs", "external", "parameter", "default", "external subset", "behind", "far behind"],
)
def test_a_dtd_is_refused_and_nothing_it_names_is_read(data: bytes) -> None:
    assert codes(data) == ["xml-dtd-forbidden"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD + INVOICE + b"&undefined;" + END, {"xml-not-well-formed", "lines-missing", "xml-schema"}),
        (HEAD + b"<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>" + END[10:], {"record-order"}),
        (XML.replace(b"<ligne ", b'<ligne xsi:schemaLocation="urn:x file:///dev/zero" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ', 1), set()),
        (HEAD + b"<?xml-stylesheet href='file:///dev/zero'?>" + XML[len(HEAD):], set()),
        (HEAD + INVOICE + b"<a>" * 300 + b"</a>" * 300 + END, {"xml-not-well-formed"}),
        (XML.replace(b"<declarant", b"\0<declarant"), {"xml-not-well-formed"}),
        (HEAD + INVOICE + b"<ligne " + b"a='1' " * 2 + b"/>" + END, {"xml-not-well-formed"}),
    ],
    ids=["entity", "XInclude", "schema location", "stylesheet", "depth", "NUL", "an attribute twice"],
)  # fmt: skip
def test_what_xml_can_ask_for_is_not_done(data: bytes, expected: set[str]) -> None:
    assert set(codes(data)) <= expected or not expected


def test_a_title_as_long_as_a_tag_may_be_is_cut_and_one_longer_refuses() -> None:
    def titled(length: int) -> bytes:
        return XML.replace("Titre n° 1".encode(), b"x" * length, 1)

    assert codes(titled(200_000)) == ["title-altered"]
    assert "xml-not-well-formed" in codes(titled(400_000))


def test_long_invoices_are_let_go_by_their_bytes_and_judged_alike() -> None:
    lines = sold("1", DAY).lines * 300
    whole = filed(declared("A", sold("1", DAY, lines=lines)), "xml")
    padded = whole.replace(b"<ligne", b" " * 20_000 + b"<ligne")
    assert codes(padded) == codes(whole) == []
    assert read_back(padded) == read_back(whole)
    late = padded.replace(b"</facture>", b'<marche reference="M"/></facture>')
    assert codes(late) == ["xml-schema"]


def test_names_invented_in_one_file_do_not_spoil_the_next() -> None:
    """libxml2 keeps a hundred megabytes of names; then every later file of the process would be refused."""
    for place in range(13):
        names = [b"n%d_%d_" % (place, n) + b"z" * 40_000 for n in range(250)]
        data = HEAD + b"".join(b"<" + name + b"/>" for name in names) + b"</declaration>"
        assert "xml-not-well-formed" not in codes(data)
    assert codes(XML.replace(b"<facture ", b"<facture nouveau='1' ")) == ["xml-schema"] * 3
    assert codes(XML) == []


# -- zip --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["/etc/cron.d/x", "../../x.txt", "C:\\x", "\x1b[2J\u202e.txt", "a" * 60_000])
def test_the_name_inside_a_zip_is_never_used(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert desk.folder.queued("nobody") == []  # its folders are made
    before = sorted(tmp_path.rglob("*"))
    taken = desk.take(zipped((name, filed(declared("A", sold("1", DAY))))))
    assert counts(taken) == ("accepted", 1, 0)
    new = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert {path.parent.parent.name for path in new} <= {"home", "received"}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_bomb_is_unpacked_no_further_than_is_taken(method: int) -> None:
    bomb = zipped(("F.txt", FIXED[:141] + bytes(8 << 20)), method=method)
    lying = bomb.replace((FIXED[:141] + bytes(8 << 20)).__len__().to_bytes(4, "little"), (500).to_bytes(4, "little"))
    for data in (bomb, lying):
        source = open_source(io.BytesIO(data), 1 << 20)
        assert source.stopped is not None
        assert source.stopped.code in ("file-too-large", "format-unknown")
    assert len(bomb) < 50_000


# -- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["fixed", "xml"])
def test_too_many_records(desk: Desk, form: str) -> None:
    (desk.home.path / "edi.toml").write_text("max_records = 20\n")
    desk.home = msgspec.structs.replace(desk.home, settings=read_settings(desk.home.path / "edi.toml"))
    small, large = (declared(f"{n}", *(sold(str(i), DAY) for i in range(n))) for n in (8, 12))
    assert counts(desk.take(small, form)) == ("accepted", 8, 0)
    taken = desk.take(large, form)
    assert (taken.verdict, taken.accepted) == ("refused", 0)
    assert set(taken_codes(taken)) <= {"file-too-large", "invoice-already-declared"}
    (finding,) = (finding for finding in taken.findings if finding.code == "file-too-large")
    assert finding.found is not None and int(finding.found) > 20
    assert "20" in str(finding.expected)
    assert desk.one("SELECT count(*) FROM invoice") == 8
    assert desk.one("SELECT count(*) FROM line") == 8


def test_findings_are_kept_up_to_the_setting_and_counted_beyond(desk: Desk) -> None:
    (desk.home.path / "edi.toml").write_text("findings_kept = 10\n")
    desk.home = msgspec.structs.replace(desk.home, settings=read_settings(desk.home.path / "edi.toml"))
    bad = [msgspec.structs.replace(sold(str(n), DAY), ttc=1) for n in range(50)]
    taken = desk.take(filed(declared("A", *bad)) + b"more\n")
    assert (len(taken.findings), taken.findings_total) == (10, 51)
    assert taken.findings_by_code == {"ht-exceeds-ttc": 50, "record-order": 1}
    assert "record-order" in taken_codes(taken), "why the file is refused is said"


@pytest.mark.parametrize("form", ["fixed", "xml", "zip"])
def test_out_of_time_is_a_failed_check_and_never_a_verdict(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    data = filed(declared("A", *(sold(str(n), DAY) for n in range(3_000))), "xml" if form == "xml" else "fixed")
    data = zipped(("F.txt", data)) if form == "zip" else data
    clock = iter(range(10**9))
    with monkeypatch.context() as patch:
        patch.setattr("edi.core.limits.time.monotonic", lambda: 150 * next(clock))  # seconds go by at every look
        taken = desk.take(data)
    assert counts(taken) == ("failed", 0, 0)
    ((state, verdict, trouble),) = desk.rows("SELECT state, verdict, trouble FROM receipt")
    assert (state, verdict) == ("failed", "failed")
    assert recalled(trouble) == Both("plus de 600 s de lecture (max_seconds)", "not read within 600 s (max_seconds)")
    assert [row["trouble"] for row in quarantine.listing(desk)] == ["plus de 600 s de lecture (max_seconds)"]
    assert desk.rows("SELECT * FROM declaration") == desk.rows("SELECT * FROM answer") == []
    assert counts(desk.take(b"", receipt=1))[0] == "accepted"


def test_the_clock_is_looked_at_while_reading() -> None:
    source = open_within(io.BytesIO(XML), Limits(max_seconds=0.05))
    time.sleep(0.06)
    with pytest.raises(OutOfTime):
        list(parsers.read(source))


@pytest.mark.parametrize(
    "text", ["max_records = 0", "max_records = 16777216", "max_seconds = 0", "max_seconds = nan", "findings_kept = 9"]
)
def test_limits_that_cannot_be(tmp_path: Path, text: str) -> None:
    (tmp_path / "edi.toml").write_text(text)
    with pytest.raises(SettingsWrong, match=text.split()[0]):
        read_settings(tmp_path / "edi.toml")


# -- shown ------------------------------------------------------------------------------------------------

#: What a terminal obeys, and what makes a text look like another: anything but line ends.
HARMFUL = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
EVIL = "\x1b]0;x\x07\x1b[2J\u202etxt.exe\n=cmd|' /C calc'!A0\x9b31m\u2066"
NAME = "=cmd()\x1b[2J\u202e\nfaux.xml"
FORMULAS = ["=1+1", "+1", "-2+3", "@SUM(A1)"]


@pytest.fixture(scope="module")
def evil_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken hostile names, numbers, titles and references, and matched some of them."""
    place = tmp_path_factory.mktemp("evil")
    quoted = "".join(f"&#{ord(c)};" if ord(c) >= 32 or c == "\n" else "" for c in EVIL)
    library = [bought(number, DAY, 9_100) for number in FORMULAS]
    supplier = [sold(number, DAY) for number in FORMULAS]
    files = {
        "=B.txt": filed(declared("@REF", *library, by=LIBRARY)),
        NAME: filed(declared("=REF()", *supplier), "xml").replace(b"<ligne", f'<ligne titre="{quoted}"'.encode()),
        "refusé\x07.xml": filed(declared("X", sold("9", DAY)), "xml").replace(b'numero="9"', f'numero="{quoted}"'.encode()),
        "nul\x1b.txt": filed(declared("Y", sold("9", DAY))).replace(b"FA0000002", b"FA\x1b[31m02"),
        "inconnu.txt": EVIL.encode(),
        "balise.xml": HEAD + b"<" + "é".encode() * 50 + b"\xe2\x80\xae/>" + END[10:],
        "stray.txt": FIXED.replace(b"\nFI", b"\n=\xad\xa0LG\nFI"),
    }  # fmt: skip
    for name, data in files.items():
        (place / name).write_bytes(data)
    paths = [str(place / name) for name in files]
    _main(["--home", str(place / "home"), "ingest", *paths])
    _main(["--home", str(place / "home"), "reconcile"])
    return place


COMMANDS = (
    "status", "reconcile --details", "ledger list", "ledger export --format csv", "ledger export --format json",
    "answers list", "quarantine list", "quarantine show 3", "quarantine show 4", "quarantine show 5", "quarantine show 6",
    "quarantine show 7", "why =1+1", "period list", "link list",
)  # fmt: skip


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["people", "json"])
def test_nothing_shown_is_obeyed(evil_home: Path, capfd: pytest.CaptureFixture[str], more: list[str]) -> None:
    home = ["--home", str(evil_home / "home")]
    files = [str(path) for path in sorted(evil_home.iterdir()) if path.is_file()]
    for words in (*(command.split() for command in COMMANDS), ["check", *files], ["ingest", *files]):
        if words[0] == "why" and _main([*home, "why", "--help"]):  # not there yet
            continue
        capfd.readouterr()
        _main([*home, *words, *(more if words[:2] != ["ledger", "export"] else [])])
        out, err = capfd.readouterr()
        shown = out.replace("\r\n", "\n") + err
        assert shown.strip()
        assert not HARMFUL.search(shown), (words, HARMFUL.search(shown))
        assert "Traceback" not in shown
        if more and words[0] != "ledger":
            json.loads(out)


def test_no_answer_and_no_file_name_is_harmful(evil_home: Path) -> None:
    outgoing = sorted((evil_home / "home" / "outgoing").rglob("*.*"))
    assert len(outgoing) > 15
    for path in outgoing:
        encoding = "iso8859-15" if path.name.endswith((".ast.txt", ".ane.txt", ".ate.txt")) else "utf-8"
        text = path.read_bytes().decode(encoding).replace("\r\n", "\n")
        assert not HARMFUL.search(text), path
    everything = [path.name for path in (evil_home / "home").rglob("*")]
    assert any("faux~" in name for name in everything)
    assert not [name for name in everything if HARMFUL.search(name) or "\n" in name]
    log = evil_home / "home" / "edi.log"
    if log.exists():
        assert not HARMFUL.search(log.read_text("utf-8"))


def test_formulas_are_texts_in_the_export_and_numbers_stay_numbers(
    evil_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import csv

    home = ["--home", str(evil_home / "home")]
    capfd.readouterr()
    _main([*home, "ledger", "export", "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out, newline="")))
    _main([*home, "ledger", "export", "--format", "json"])
    exact: list[dict[str, Any]] = json.loads(capfd.readouterr().out)["entries"]
    assert sorted(row["invoice_number"] for row in rows) == sorted(f"'{number}" for number in FORMULAS)
    assert sorted(entry["invoice_number"] for entry in exact) == sorted(FORMULAS)
    for row, entry in zip(rows, exact, strict=True):
        assert {name: int(row[name]) for name in ("base_cents", "remuneration_cents", "copies")} == {
            name: entry[name] for name in ("base_cents", "remuneration_cents", "copies")
        }
        assert (row["supplier"], row["rate"]) == (SHOP, entry["rate"])


def test_a_reversal_is_a_negative_number_and_no_formula() -> None:
    from edi.lending.matching.claims import COLUMNS
    from parsers.sheets.exports import plain_csv

    row = dict.fromkeys(COLUMNS, None) | {"base_cents": -100, "invoice_number": "-1", "rate": "0.06"}
    assert ",-100," in b"".join(plain_csv(COLUMNS, [row])).decode()
    assert ",'-1," in b"".join(plain_csv(COLUMNS, [row])).decode()


def test_json_says_the_same_escaped() -> None:
    text = json.dumps({"a": EVIL + "é\u202f"}, ensure_ascii=False)
    assert not HARMFUL.search(escaped(text))
    assert json.loads(escaped(text)) == json.loads(text)
    assert "é\u202f" in escaped(text)


def test_every_base_is_read_as_before() -> None:
    for base, declaration in BASES.items():
        for form in ("fixed", "xml"):
            assert codes(written(declaration, form)) == codes(zipped(("a", written(declaration, form)))) == [], base
