"""A walk over the records of the fixed format: where each begins and ends; when there are too many.

Records end with a line feed, but a title may hold one (format, section 3: any byte), and so may a
broken field, of which one finding is enough.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import IO, NamedTuple

from schemas.charset import ENCODING
from schemas.finding import Finding
from schemas.lending.layout import LAYOUTS, LENGTH, LG
from schemas.text import Both

_PIECE = 1 << 18
_KEPT_OF_A_LONG_LINE = 1 << 14
_TITLE, _FILLER = LG.field("title"), LG.field("filler")


def cut(text: str, place: int) -> tuple[str, int]:
    """(record, place behind it) of the record that begins at `place`; a line feed must follow somewhere.

    >>> cut("LG0000003\\r\\nFI0000004\\n", 0)
    ('LG0000003', 11)
    >>> broken = "FA" + "0" * 40 + "\\n" + " " * 97
    >>> cut(broken + "\\nFI", 0) == (broken, 141)
    True
    """
    end = text.index("\n", place)
    record = text[place:end].removesuffix("\r")
    if len(record) < LENGTH and record[:2] in LAYOUTS:
        for length in (LENGTH, LENGTH + 1, LENGTH + 2):  # a line feed or CRLF in place of a byte, or put in
            whole = text[place : place + length]
            if text.startswith(("\n", "\r\n"), place + length) and _is_one(whole, end - place):
                return whole, text.index("\n", place + length) + 1
    return record, end + 1


class Record(NamedTuple):
    """A record of a file, or a `run` of them with their ends: its characters as bytes, from that offset.

    Of an endless one the beginning, and how many bytes are `lost`. `cut`: the file ends with it, without a line end.
    """

    offset: int
    text: str
    lost: int = 0
    run: bool = False
    cut: bool = False


#: A character is a byte while records are sought: it is read as what it stands for where one is taken apart.
AS_BYTES = "latin-1"


def walk(stream: IO[bytes], run: Callable[[str, int], int] = lambda text, place: 0) -> Iterator[Record]:
    """The records of a fixed file; many at once where `run` says, of the text in sight and a place in it, where they end."""
    stream.seek(0)
    text, at, lost = "", 0, 0  # what is in sight, where it begins, how much of an endless record was dropped
    ended = cut_short = False
    while not ended:
        chunk = stream.read(_PIECE)
        ended = not chunk
        text += chunk.decode(AS_BYTES)
        if ended:
            text = text.removesuffix("\x1a")
            cut_short = bool(text) and not text.endswith("\n")
            text += "\n" * cut_short
        place = 0
        while place < len(text):
            if not lost and (empty := _EMPTY_LINES.match(text, place)):
                place = empty.end()
            elif not lost and (end := run(text, place)):
                yield Record(at + place, text[place:end], run=True, cut=cut_short and end == len(text))
                place = end
            elif not ended and (len(text) - place < LENGTH + 4 or text.find("\n", place) < 0):
                break
            else:
                record, after = cut(text, place)
                if record != "\x1a":
                    yield Record(at + place - lost, record, lost, cut=cut_short and after == len(text))
                place, lost = after, 0
        at, text = at + place, text[place:]
        if not ended and len(text) > _KEPT_OF_A_LONG_LINE and "\n" not in text:
            dropped = len(text) - _KEPT_OF_A_LONG_LINE
            lost, at, text = lost + dropped, at + dropped, text[:_KEPT_OF_A_LONG_LINE]


def characters(text: str) -> str:
    """What the bytes of a record stand for."""
    return text.encode(AS_BYTES).decode(ENCODING)


def each(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """(offset, characters) of every record of a fixed file, counted as its reader does; of an endless one the beginning.

    >>> import io
    >>> [(offset, record[:2]) for offset, record in each(io.BytesIO(b"\\nEN\\r\\n\\r\\nFA\\nLG"))]
    [(1, 'EN'), (7, 'FA'), (10, 'LG')]
    """
    return ((record.offset, characters(record.text)) for record in walk(stream))


def some(stream: IO[bytes], wanted: Collection[int]) -> Iterator[tuple[int, int, str]]:
    """(number, offset, characters) of the records of these numbers, from 1, ascending; nothing is read behind the last.

    >>> import io
    >>> list(some(io.BytesIO(b"\\nEN\\r\\n\\r\\nFA\\nLG"), [2, 9]))
    [(2, 7, 'FA')]
    """
    due, count = sorted(wanted, reverse=True), 0
    for offset, text, _, run, _ in walk(stream, _end_of_run):
        records = text.count("\n") if run else 1
        length = len(text) // records
        while due and due[-1] <= count + records:
            start = (due[-1] - count - 1) * length
            record = text[start : start + length].rstrip("\r\n") if run else text
            yield due.pop(), offset + start, characters(record)
        count += records
        if not due:
            return


def _end_of_run(text: str, place: int) -> int:
    match = _RUN.match(text, place)
    return match.end() if match else 0


#: Records of the right length without a line feed, one after another: what most of a file is made of.
_RUN = re.compile(r"(?:[^\r\n]{%d}\n){2,}|(?:[^\r\n]{%d}\r\n){2,}" % (LENGTH, LENGTH))  # noqa: UP031
_EMPTY_LINES = re.compile(r"(?:\r?\n)+")


def too_many(records: int, limit: int) -> Finding:
    """The finding that ends the reading of a file of more records, or XML elements, than are taken."""
    expected = Both(f"{limit} enregistrements", f"{limit} records")
    return Finding(code="file-too-large", record=records, found=str(records), expected=expected)


def _is_one(whole: str, feed: int) -> bool:
    """Whether `whole`, with a line feed at `feed`, is one record and not two: what follows begins no record."""
    if _feeds_in_title(whole):
        return True
    return not (whole[-1] in "\r\n" or whole[feed + 1] in "\r\n" or whole[feed + 1 : feed + 3] in LAYOUTS)


def _feeds_in_title(whole: str) -> bool:
    if len(whole) != LENGTH or whole[:2] != LG.mark:
        return False
    filler = whole[_FILLER.first - 1 :]
    return "\n" not in whole[: _TITLE.first - 1] and filler == " " * _FILLER.width
