"""An answer or a status file of ours, read back whatever its encoding: what a partner has in hand, told again."""

import re
from collections.abc import Callable

import msgspec

from parsers.answers import answer_xml, aperak, gencod, status
from schemas.lending.status import Status

Answer = gencod.Message | aperak.Message | answer_xml.Answer | Status
#: What an encoding begins with, its name, and how it is read.
_ENCODINGS: tuple[tuple[bytes, str, Callable[[bytes], Answer]], ...] = (
    (rb"%s\r\n" % gencod.MESSAGE_TYPE.encode(), "gencod", gencod.read),
    (rb"UN[AB]", "aperak", aperak.read),
    (rb"(?s)[^<]*<.{0,999}%s" % answer_xml.NAMESPACE.encode(), "xml", answer_xml.read),
    (rb"(?s)[^<]*<.{0,999}%s" % status.NAMESPACE.encode(), "status-xml", lambda data: status.read(data, "xml")),
    (rb"\s*\{", "status-json", lambda data: status.read(data, "json")),
    (rb"[^\n]*;", "status-csv", lambda data: status.read(data, "csv")),
)


def read_answer(data: bytes) -> tuple[str, Answer]:
    """(encoding, what it says) of the bytes of a notice or a status file; ValueError where they are neither."""
    for begins, encoding, read in _ENCODINGS:
        if re.match(begins, data):
            try:
                return encoding, read(data)
            except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
                raise ValueError(str(wrong)) from wrong
    raise ValueError("no answer of ours")
