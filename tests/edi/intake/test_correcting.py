"""Correction files: what was refused, as it was sent; mended and sent again it is accepted whole, and nothing is booked twice."""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import edi.core.desk
from edi.intake import correcting
from edi.intake.outgoing import deliver
from parsers.fixed.records import each
from schemas.acknowledgement import Acknowledgement
from schemas.declaration import Declaration, Invoice
from tests.declarations import read_back
from tests.desk import LIBRARY, OTHER_LIBRARY, SHOP, Desk, bought, counts, declared, sold, written

DAY = "2025-03-14"
FORMS = pytest.mark.parametrize("form", ["fixed", "xml"])


def spoilt(invoice: Invoice) -> Invoice:
    """HT and TTC swapped."""
    return replace(invoice, ht=invoice.ttc, ttc=invoice.ht)


def corrections(desk: Desk) -> dict[str, bytes]:
    """The correction files of the last file taken, by what follows its name."""
    made = {}
    for row in desk.db.execute(
        "SELECT * FROM answer WHERE receipt = (SELECT max(receipt) FROM answer) AND name LIKE '%correction%' ORDER BY id"
    ):
        with correcting.body(desk, row) as data:
            made[row["name"].partition(".correction")[2]] = data if isinstance(data, bytes) else data.read()
    return made


def numbers(data: bytes) -> list[str | None]:
    return [invoice.number for invoice in read_back(data).invoices]


def mended(data: bytes, form: str, mend: Callable[[Invoice], Invoice] = spoilt) -> bytes:
    """A correction after its sender's work: every invoice mended, everything else left as it was made."""
    declaration = read_back(data)
    return written(Declaration(declaration.header, tuple(map(mend, declaration.invoices))), form)


@FORMS
def test_mended_and_sent_again_it_is_accepted_whole(desk: Desk, form: str) -> None:
    invoices = [sold(str(n), DAY) for n in range(1, 6)]
    spoilt_ones = [spoilt(one) if one.number in ("2", "4") else one for one in invoices]
    taken = desk.take(declared("2025-000123-X", *spoilt_ones, sending=7), form, name="F.bin")
    ((ending, data),) = corrections(desk).items()

    assert counts(taken) == ("partly-accepted", 3, 2)
    assert taken.corrections == (f"F.bin.correction{ending}",) and ending == (".txt" if form == "fixed" else ".xml")
    header = read_back(data).header
    assert (header.nature, header.replaced, header.period, header.sending) == ("initial", "", 2025, 8)
    assert header.reference is not None and re.fullmatch(r"2025-000123-C[0-9a-f]{7}", header.reference)
    assert numbers(data) == ["2", "4"]
    assert counts(desk.take(data, form)) == ("refused", 0, 2), "as it was sent it is refused for the same reason"
    assert counts(desk.take(mended(data, form), form)) == ("accepted", 2, 0)
    assert desk.live() == [f"{n} 9100" for n in range(1, 6)]
    assert desk.one("SELECT count(*) FROM invoice") == 5


@FORMS
def test_a_date_outside_the_period_stands_in_the_file_of_its_year(desk: Desk, form: str) -> None:
    invoices = [
        sold("1", DAY),
        sold("2", "2024-05-02"),
        spoilt(sold("3", DAY)),
        sold("4", "2023-05-02"),
        sold("5", "2024-12-31"),
    ]
    taken = desk.take(declared("R", *invoices, period=2025), form)
    made = {re.sub(r"\.\w+$", "", ending): data for ending, data in corrections(desk).items()}

    assert {ending: numbers(data) for ending, data in made.items()} == {"": ["3"], "-2023": ["4"], "-2024": ["2", "5"]}
    assert [read_back(data).header.period for data in made.values()] == [2025, 2023, 2024]
    assert len({read_back(data).header.reference for data in made.values()}) == len(taken.corrections) == 3
    for ending in ("-2023", "-2024"):
        assert desk.take(made[ending], form).verdict == "accepted", "nothing is left to mend in these"
    assert desk.take(mended(made[""], form), form).verdict == "accepted"
    assert len(desk.live()) == desk.one("SELECT count(*) FROM invoice") == 5


@FORMS
def test_what_no_declaration_of_nature_i_can_bring_in_is_left_out(desk: Desk, form: str) -> None:
    desk.take(declared("FIRST", sold("1", DAY)), form)
    again = [sold("1", DAY, price=20_000), sold("2", DAY), sold("2", DAY), sold("3", DAY)]
    taken = desk.take(declared("SECOND", *again), form)
    assert (counts(taken), taken.corrections) == (("partly-accepted", 2, 2), ()), "there is nothing to mend"
    report = desk.one("SELECT body FROM answer WHERE receipt = 2 AND name LIKE '%rapport.txt'").decode()
    report = re.sub(r"\s+", " ", report)
    assert "remplacez-la (nature R)" in report and "la première compte" in report

    twice = [sold("8", DAY), sold("8", DAY, price=500), sold("9", DAY)]
    desk.take(declared("THIRD", *twice), form)
    ((_, data),) = corrections(desk).items()
    assert numbers(data) == ["8", "8"], "which of two different ones is right, only their sender knows"


@FORMS
def test_what_is_refused_of_a_replacement_comes_again_as_a_replacement_with_all(desk: Desk, form: str) -> None:
    desk.take(declared("A", *(sold(str(n), DAY) for n in (1, 2, 3))), form)
    changed = [sold("1", DAY, price=20_000), spoilt(sold("2", DAY, price=30_000)), sold("7", "2024-03-14")]
    taken = desk.take(declared("B", *changed, replaces="A", period=2025), form)
    made = {re.sub(r"\.\w+$", "", ending): data for ending, data in corrections(desk).items()}
    header = read_back(made[""]).header

    assert counts(taken) == ("partly-accepted", 1, 2)
    assert (header.nature, header.replaced, numbers(made[""])) == ("replaces", "B", ["1", "2"])
    assert (read_back(made["-2024"]).header.nature, numbers(made["-2024"])) == ("initial", ["7"])
    assert desk.live() == ["1 18200", "2 9100", "3 9100"], "nothing is withdrawn until a clean R"
    again = mended(made[""], form, lambda one: spoilt(one) if one.number == "2" else one)
    assert desk.take(again, form).verdict == desk.take(made["-2024"], form).verdict == "accepted"
    assert desk.live() == ["7 9100", "1 18200", "2 27300"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_records_that_cannot_be_read_are_carried_as_they_are(desk: Desk, end: bytes) -> None:
    """A record too short, one without its running number, a letter in an amount, a line feed in a title."""
    lines = sold("", DAY).lines * 2
    clean = written(declared("A", *(sold(str(n), DAY, lines=lines) for n in range(1, 6)))).split(b"\n")
    records = list(clean)
    records[2] = records[2][:130]
    records[4] = records[4][:3] + records[4][4:]
    records[7] = records[7][:51] + b"X" + records[7][52:]
    records[10] = records[10][:51] + b"000000000001" + records[10][63:]
    records[11] = records[11][:80] + b"\n" + records[11][81:]
    taken = desk.take(end.join(records))
    ((_, data),) = corrections(desk).items()
    got = [text.encode("latin-1") for _, text in each(io.BytesIO(data))]

    assert counts(taken) == ("partly-accepted", 1, 4)
    assert [record[:2] for record in got] == [b"EN", *[b"FA", b"LG", b"LG"] * 4, b"FI"]
    assert got[1:13] == records[1:13], "too short, they keep what they have: nobody knows what is missing"
    assert got[13][9:23] == b"00000040000008", "FA and LG as they stand"
    assert int(got[13][23:37]) == 18_200 + 1, "of the amounts that can be read"
    assert data.count(end) == data.count(b"\n") - (end != b"\n")
    got[13] = b"FI0000014" + got[13][9:23] + b"%014d" % (4 * 18_200) + got[13][37:]
    assert counts(desk.take(end.join([got[0], *clean[1:13], got[13], b""]))) == ("accepted", 4, 0)
    assert desk.live() == [f"{n} 18200" for n in range(1, 6)]


_DRESSES: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "one line": lambda text: text.replace("\n", "").encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "prefix": lambda text: (
        re.sub(r"(</?)(?=\w)", r"\1d:", text).replace("<?d:xml", "<?xml").replace(" xmlns=", " xmlns:d=").encode()
    ),
    "no declaration": lambda text: text.partition("?>")[2].lstrip().encode(),
    "another name of UTF-8": lambda text: text.replace("UTF-8", "utf8").encode(),
    "remarks": lambda text: (
        text.replace("  <facture", "  <!-- <facture> --><?pi x?>\n<facture").replace("<ligne", "<!-- é --><ligne").encode()
    ),
    "schema": lambda text: (
        text.replace(" xmlns=", ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a&amp;b" xmlns=').encode()
    ),
    "entities": lambda text: text.replace('numero="3"', 'numero="&#51;"').encode(),
}  # fmt: skip


@pytest.mark.parametrize("dress", _DRESSES)
def test_xml_keeps_what_it_wears(desk: Desk, dress: str) -> None:
    title = sold("", DAY).lines[0].__class__
    lines = (title("9782070360024", 1, 10_000, 900, 550, "", "", 'L’été <&> "œuvre"'),)
    given = declared(
        "é&<>", *(spoilt(sold(str(n), DAY, lines=lines)) if n % 2 else sold(str(n), DAY) for n in range(1, 6))
    )
    data = _DRESSES[dress](written(given, "xml").decode())
    taken = desk.take(data, "xml")
    ((_, made),) = corrections(desk).items()
    assert counts(taken) == ("partly-accepted", 2, 3)
    assert numbers(made) == ["1", "3", "5"]
    assert read_back(made).invoices[0].lines[0].title == 'L\'été <&> "œuvre"'
    assert desk.take(mended(made, "xml"), "xml").verdict == "accepted"


def test_a_zip_is_corrected_by_what_is_in_it(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("F.txt", written(declared("A", sold("1", DAY), spoilt(sold("2", DAY)))))
    taken = desk.take(packed.getvalue(), name="F.zip")
    assert taken.corrections == ("F.zip.correction.txt",)
    assert [numbers(data) for data in corrections(desk).values()] == [["2"]]


@pytest.mark.parametrize(
    "given",
    [
        declared("A", sold("1", DAY)),
        declared("A", spoilt(sold("1", DAY))),
        declared("A"),
        declared("A", sold("1", DAY), spoilt(sold("2", DAY)), addressee=SHOP),
    ],
    ids=["accepted", "all refused", "nil", "refused whole"],
)
def test_only_what_is_accepted_in_part_has_a_correction(desk: Desk, given: Declaration) -> None:
    assert desk.take(given).corrections == ()
    assert corrections(desk) == {}


def test_it_lies_with_the_answers_and_the_report_and_json_name_it(desk: Desk) -> None:
    desk.take(declared("A", bought("1", DAY), spoilt(bought("2", DAY)), by=LIBRARY), "xml", name="B.xml", dry=True)
    desk.db.execute("UPDATE answer SET link = 'local'")
    deliver(edi.core.desk.Desk(desk.home, desk.db))
    lying = {path.name: path.read_bytes() for path in (desk.home.path / "outgoing" / "local").iterdir()}

    assert numbers(lying["B.xml.correction.xml"]) == ["2"]
    assert (
        b"B.xml.correction.xml" in lying["B.xml.rapport.txt"]
        and b'fichier="B.xml.correction.xml"' in lying["B.xml.ane.xml"]
    )
    assert b'"B.xml.correction.xml"' in lying["B.xml.rapport.json"]
    assert desk.one("SELECT count(*) FROM answer WHERE sent_at IS NULL") == 0


def test_a_lost_original_keeps_no_other_answer(desk: Desk) -> None:
    desk.take(declared("A", sold("1", DAY), spoilt(sold("2", DAY))))
    desk.db.execute("UPDATE answer SET link = 'local'")
    desk.folder.original(desk.one("SELECT sha256 FROM receipt")).unlink()
    deliver(edi.core.desk.Desk(desk.home, desk.db))
    assert desk.rows("SELECT name FROM answer WHERE sent_at IS NULL AND trouble <> ''") == [("F.txt.correction.txt",)]


@pytest.mark.parametrize("form", ["fixed", "xml"])
def test_memory_does_not_grow_with_the_file(desk: Desk, form: str) -> None:
    long = spoilt(sold("1", DAY, lines=sold("", DAY).lines * 40_000))
    data = written(declared("A", long, sold("2", DAY), *(spoilt(sold(str(n), DAY)) for n in range(3, 300))), form)
    desk.take(data, form)
    recipe = desk.one("SELECT recipe FROM correction")
    assert len(recipe) < 2_000
    with Path("/dev/null").open("wb") as nowhere:
        tracemalloc.start()
        correcting.write(msgspec.json.decode(recipe, type=correcting.Recipe), io.BytesIO(data), nowhere)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4_000_000 < len(data) + 1_000_000


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([LIBRARY, OTHER_LIBRARY]), st.integers(0, 3)), min_size=1, max_size=9
    ),
    st.sampled_from(["fixed", "xml"]),
)
def test_it_holds_exactly_what_was_refused(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[bool, str, int]], form: str
) -> None:
    desk = Desk(tmp_path_factory.mktemp("h") / "home")
    lines = sold("", DAY).lines
    invoices = [
        (spoilt if wrong else replace)(
            sold(f"N{place}", DAY, partner=partner, lines=lines * (1 + many), ttc=9_601 * (1 + many))
        )
        for place, (wrong, partner, many) in enumerate(plan)
    ]
    taken: Acknowledgement = desk.take(declared("A", *invoices), form)
    refused = tuple(one for one, (wrong, _, _) in zip(invoices, plan, strict=True) if wrong)
    made = corrections(desk)
    assert bool(made) == (0 < len(refused) < len(invoices)) == bool(taken.corrections)
    for data in made.values():
        assert read_back(data).invoices == refused
        assert desk.take(mended(data, form), form).verdict == "accepted"
        assert desk.one("SELECT count(*) FROM invoice") == len(invoices)
