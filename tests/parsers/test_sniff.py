"""What a file is, from its bytes alone: zips, byte-order marks, encodings, sizes; one finding, which stops the rest."""

import io
import zipfile

import pytest

from parsers.sniff import open_source
from tests.declarations import BASES, codes, judged, written

FIXED, XML = written(BASES["supplier"], "fixed"), written(BASES["supplier"], "xml")
ASCII = FIXED.replace(b"\xb0", b"o")


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """The same zip, with the flag that says encrypted in both its headers."""
    at, central = 6, data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 : central] + b"\x01" + data[central + 1 :]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "format-unknown"),
        (b"\n\n", "format-unknown"),
        (b"FA0000001", "format-unknown"),
        (b" " + FIXED, "format-unknown"),
        (b"%PDF-1.7", "format-unknown"),
        (b"<html><body>", "format-unknown"),
        (b"<", "xml-not-well-formed"),
        (b"\r\n" + FIXED, None),
        (ASCII, None),
        (ASCII.replace(b"Titre no 1 ", "Titre n° 1".encode()), "charset"),
        (ASCII.replace(b"FA-2025", "FÀ-202".encode()), "charset"),
        (ASCII[:-2] + b"\xc3\n", "trailer-count"),
        (b"\xef\xbb\xbf" + FIXED, "charset"),
        (FIXED.decode("latin-1").encode("utf-16"), "charset"),
        (b"\xef\xbb\xbf" + XML, None),
        (XML.decode().encode("utf-16"), "charset"),
        (XML.decode().encode("utf-16-le"), "charset"),
        (XML.replace(b"Titre n\xc2\xb0 1", b"Titre n\xb0 1"), "charset"),
        (XML.replace(b"Titre n\xc2\xb0 1", b"Titre n\xff 1"), "charset"),
        (XML.replace(b"Titre n\xc2\xb0 1", b"Titre \x00"), "xml-not-well-formed"),
        (b"  \n" + XML[XML.index(b"<decl") :], None),
        (zipped(("a.txt", FIXED)), None),
        (zipped(("d/", b""), ("d/a.xml", XML)), None),
        (zipped(("a.txt", FIXED), method=zipfile.ZIP_BZIP2), None),
        (zipped(("a.txt", FIXED), method=zipfile.ZIP_LZMA), "format-unknown"),
        (zipped(), "format-unknown"),
        (zipped(("a", FIXED), ("b", XML)), "format-unknown"),
        (zipped(("a.zip", zipped(("a", FIXED)))), "format-unknown"),
        (encrypted(zipped(("a", FIXED))), "format-unknown"),
        (zipped(("a", FIXED))[:-30], "format-unknown"),
        (zipped(("a", b"not a declaration")), "format-unknown"),
        (zipped(("a", FIXED.replace(b"BL", b"\x00\x00").replace(b"FA-", b"F\x00-"))), "charset"),
        (b"PK\x03\x04", "format-unknown"),
    ],
)
def test_a_file_is_what_its_bytes_are(data: bytes, expected: str | None) -> None:
    assert codes(data) == ([expected] if expected else [])


def where(data: bytes, spot: bytes) -> tuple[int, int]:
    """(line, position in it) of a spot, counted by hand, empty lines of a fixed file left out."""
    before = data[: data.index(spot)]
    lines = before.split(b"\n")
    return len([line for line in lines[:-1] if line.strip() or data.startswith(b"<")]) + 1, len(lines[-1]) + 1


LONG = XML.replace(b"<ligne", b"\n" * 2_000_000 + b"<ligne", 1)


@pytest.mark.parametrize(
    ("data", "spot", "found"),
    [
        (ASCII.replace(b"Titre no 1 ", "Titre n° 1".encode()), b"\xc2\xb0", "UTF-8"),
        (ASCII.replace(b"FA-2025", "FÀ-202".encode()), b"\xc3\x80", "UTF-8"),
        (b"\n\r\n" + ASCII.replace(b"FA-2025", "FÀ-202".encode()), b"\xc3\x80", "UTF-8"),
        (ASCII.replace(b"FA-2025", b"FA\x002025"), b"\x00", "0x00"),
        (b"\xef\xbb\xbf" + FIXED, b"\xef", "BOM"),
        (XML.decode().encode("utf-16"), b"\xff\xfe", "UTF-16"),
        (XML.replace(b"'UTF-8'", b"'latin1'"), b"latin1", "latin1"),
        (b"\xef\xbb\xbf" + XML.replace(b"'UTF-8'", b"\n'latin1'"), b"latin1", "latin1"),
        (XML.replace(b"Titre n\xc2\xb0 1", b"Titre n\xb0 1"), b"\xb0 1", "0xB0"),
        (XML.replace(b"Titre n\xc2\xb0 1", b"Titre n\xff 1"), b"\xff", "0xFF"),
        (LONG.replace(b"Titre n\xc2\xb0 5", b"Titre n\xb0 5").replace(b"Titre n\xc2\xb0 4", b"\xe9!"), b"\xe9!", "0xE9"),
        (XML + b"\n\xc3", b"\n\xc3", "0xC3"),
    ],
)  # fmt: skip
def test_a_charset_finding_points_at_the_first_byte(data: bytes, spot: bytes, found: str) -> None:
    record, position = where(data, spot)
    if spot.startswith(b"\n"):
        record, position = record + 1, 1

    (finding,), _ = judged(data)

    assert (finding.code, finding.record, finding.position, finding.found) == ("charset", record, position, found)


def test_a_long_line_of_xml_is_pointed_into() -> None:
    data = XML.replace(b"\n", b" ").replace(b"Titre n\xc2\xb0 1", b"a" * 1_100_000 + b"\xe9", 1)

    (finding,), _ = judged(data)

    assert (finding.record, finding.position) == (1, data.index(b"\xe9") + 1)


@pytest.mark.parametrize("data", [FIXED, XML, zipped(("a", FIXED))])
def test_a_file_too_large_is_not_looked_into(data: bytes) -> None:
    source = open_source(io.BytesIO(data), max_bytes=1000)

    assert source.stopped is not None
    assert source.stopped.code == "file-too-large"
    assert open_source(io.BytesIO(data), max_bytes=len(FIXED) + len(XML)).stopped is None


def test_a_control_is_found_however_far_in() -> None:
    head, line, tail = FIXED.split(b"\n")[:2], FIXED.split(b"\n")[2], FIXED.split(b"\n")[3:]
    lines = [line] * 30_000
    lines[-1] = line[:50] + b"\x07" + line[51:]
    lines[14_000] = line[:69] + b"\x00\n\x0a\x92" + line[73:]

    (finding,), _ = judged(b"\n".join([*head, *lines, *tail]))

    assert (finding.code, finding.position, finding.found) == ("charset", 51, "0x07")
