"""What is fuzzed: each target takes any bytes, judges them, and asserts what must hold of every input.

Time is the processor's. A target that takes longer a byte than `SECONDS_PER_BYTE` has failed, as one that raises has.
"""

import io
import time
from collections.abc import Callable

from edi.lending.rules.checked import Checked
from edi.lending.rules.checks import check
from parsers import read
from parsers.answers import answer_xml, aperak, gencod
from parsers.fixed import records
from parsers.plain import escaped, harmless, latin
from parsers.sniff import Source, open_source
from schemas import charset, number
from schemas.catalogue import CATALOGUE, message
from schemas.declaration import Event, Header, Invoice
from schemas.finding import Finding
from tests.declarations import BASES, CONTEXT, written
from tests.parsers.answers.answer_cases import CASES

#: No input may cost more than this, and what is needed anyway.
SECONDS_PER_BYTE, SECONDS_ANYWAY = 50e-6, 0.2


def whole(data: bytes) -> None:
    """Any file, by the way of every file: sniffed, unzipped, read, checked, said."""
    _judged(data)


def fixed_format(data: bytes) -> None:
    """The fixed reader behind the sniffer's back, and the same in small pieces."""
    data = b"EN" + data  # so much the sniffer has seen
    _sound(read(Source("fixed", io.BytesIO(data))))
    assert sum(1 for _ in records.each(io.BytesIO(data))) <= len(data) + 1


def xml_format(data: bytes) -> None:
    """The XML reader behind the sniffer's back."""
    _sound(read(Source("xml", io.BytesIO(data))))


def inside_fixed(data: bytes) -> None:
    """A clean fixed file with some bytes of it replaced."""
    _judged(_spliced(FIXED, data))


def inside_xml(data: bytes) -> None:
    """A clean XML file with some bytes of it replaced."""
    _judged(_spliced(XML, data))


def gencod_answers(data: bytes) -> None:
    """Reading a Gencod answer: a message or a ValueError; a message comes out as it stood."""
    for given in (data, _spliced(GENCOD, data)):
        try:
            made = gencod.read(given)
        except ValueError:
            continue
        assert gencod.read(gencod.encode(made)) == made


def aperak_answers(data: bytes) -> None:
    """Reading an APERAK: a message that is written as it stood, or a ValueError."""
    for given in (data, _spliced(APERAK, data)):
        try:
            made = aperak.read(given)
        except ValueError:
            continue
        assert aperak.encode(made) == given


def xml_answers(data: bytes) -> None:
    """Reading an XML answer: an answer or a ValueError; an answer can be written and read again."""
    for given in (data, _spliced(ANSWER, data)):
        try:
            made = answer_xml.read(given)
        except ValueError:
            continue
        codes = {finding.code for finding in made.acknowledgement.findings} | set(made.acknowledgement.findings_by_code)
        if not codes <= CATALOGUE.keys():  # somebody's later version; we only read it
            continue
        again = answer_xml.read(answer_xml.write(made.acknowledgement, made.notice))
        assert answer_xml.read(answer_xml.write(again.acknowledgement, again.notice)) == again


def number_key(data: bytes) -> None:
    """The key of any number: capitals and digits, no leading zero in its first digits, and a key is its own key."""
    text = data.decode("utf-8", "surrogatepass") if _is_text(data) else data.decode("latin-1")
    key = number.key(text)
    assert number.key(key) == key
    assert key.isascii() and (not key or key.isalnum()) and key == key.upper()
    assert number.key(f" {text}-") == key
    digits = key.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert len(digits) < 2 or digits[0] != "0" or not digits[1].isdigit()


def shown_texts(data: bytes) -> None:
    """Whatever a text holds, what is shown of it is harmless, and a title once told stays."""
    text = data.decode("utf-8", "surrogatepass") if _is_text(data) else data.decode("latin-1")
    assert harmless(harmless(text)) == harmless(text)
    assert all(c.isprintable() or c in "\xa0\u202f" or c.isspace() for c in harmless(text))
    assert charset.encodable(latin(text))
    assert not [c for c in escaped(text) if not c.isprintable() and c != "\n" and not c.isspace()]
    told, _ = charset.title(text)
    assert charset.title(told) == (told, False)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__.replace("_", "-"): target
    for target in (
        whole, fixed_format, xml_format, inside_fixed, inside_xml, gencod_answers, aperak_answers, xml_answers,
        number_key, shown_texts,
    )
}  # fmt: skip

FIXED, XML = written(BASES["supplier"], "fixed"), written(BASES["supplier"], "xml")
APERAK = aperak.write(CASES["partly"], "ane")
GENCOD, ANSWER = gencod.write(CASES["partly"], "ane"), answer_xml.write(CASES["partly"], "ane")

#: What a fuzzer begins with, and words it may use.
SEEDS = (*(written(base, form) for base in BASES.values() for form in ("fixed", "xml")), GENCOD, ANSWER, APERAK)
WORDS = (
    b"EN", b"FA", b"LG", b"FI", b"\r\n", b"\n", b"\x1a", b"\xa4", b"PK\x03\x04", b"<declaration", b"<facture", b"<ligne",
    b"</facture>", b"<!DOCTYPE", b"<!--", b"<![CDATA[", b"<?a?>", b"&#10;", b"&x;", b"xmlns=", b'totalHT="', b'titre="',
    b"05003", b"177;905;", b"0000000000000", b"'", b"?", b"+", b":",
)  # fmt: skip


def timed(target: Callable[[bytes], None], data: bytes) -> None:
    """Runs a target; AssertionError when it takes too long for its bytes, twice: once may be another's collecting."""
    most = SECONDS_ANYWAY + SECONDS_PER_BYTE * len(data)
    for _ in range(2):
        begun = time.process_time()
        target(data)
        spent = time.process_time() - begun
        if spent < most:
            return
    raise AssertionError(f"{spent:.2f} s for {len(data)} bytes")


def _spliced(whole: bytes, data: bytes) -> bytes:
    """`whole` with a piece of it replaced: the first four bytes of `data` say which, the rest is put there."""
    place, length = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little") % 300
    place %= len(whole)
    return whole[:place] + data[4:] + whole[place + length :]


def _judged(data: bytes) -> None:
    events = list(check(read(open_source(io.BytesIO(data)), 10_000), CONTEXT))
    assert any(isinstance(event, Header | Finding) for event in events)
    for event in events:
        if isinstance(event, Finding):
            _said(event)
        elif isinstance(event, Checked):
            for finding in event.findings:
                _said(finding)
            assert event.refused or len(event.invoice.lines) <= 10_000


def _sound(events: "object") -> None:
    number_of = 0
    for event in events:  # type: ignore[attr-defined]
        assert isinstance(event, Event)
        if isinstance(event, Invoice):
            assert len(event.lines) == len(event.line_records)
            assert len(event.lines) <= 5_000
        if isinstance(event, Finding):
            _said(event)
        number_of += 1
    assert number_of


def _said(finding: Finding) -> None:
    assert finding.code in CATALOGUE
    assert finding.record is None or finding.record >= 1
    for language in ("fr", "en"):
        assert message(finding, language)
    assert finding.found is None or len(finding.found) <= 800


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
