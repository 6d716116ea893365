"""Records of the fixed format one by one: where one ends when the grammar could not say; when there are too many.

Records end with a line feed, but a title may hold one (format, section 3: any byte), and so may a
broken field, of which one finding is enough.
"""

import re
from collections.abc import Collection, Iterator
from typing import IO

from schemas.charset import ENCODING
from schemas.finding import Finding
from schemas.layout import LAYOUTS, LENGTH, LG
from schemas.text import Both

_PIECE = 1 << 17
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


def each(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """(offset, characters) of every record of a fixed file, counted as its reader does; of an endless one the beginning.

    >>> import io
    >>> [(offset, record[:2]) for offset, record in each(io.BytesIO(b"\\nEN\\r\\n\\r\\nFA\\nLG"))]
    [(1, 'EN'), (7, 'FA'), (10, 'LG')]
    """
    return ((offset, record) for offset, record, _ in _walk(stream, whole_runs=False))


def some(stream: IO[bytes], wanted: Collection[int]) -> Iterator[tuple[int, int, str]]:
    """(number, offset, characters) of the records of these numbers, from 1, ascending; nothing is read behind the last.

    >>> import io
    >>> list(some(io.BytesIO(b"\\nEN\\r\\n\\r\\nFA\\nLG"), [2, 9]))
    [(2, 7, 'FA')]
    """
    due, count = sorted(wanted, reverse=True), 0
    for offset, text, records in _walk(stream, whole_runs=True):
        length = len(text) // records
        while due and due[-1] <= count + records:
            start = (due[-1] - count - 1) * length
            yield due.pop(), offset + start, text[start : start + length].rstrip("\r\n") if records > 1 else text
        count += records
        if not due:
            return


#: Records of the right length without a line feed, one after another: what most of a file is made of.
_RUN = re.compile(r"(?:[^\r\n]{%d}\n){2,}|(?:[^\r\n]{%d}\r\n){2,}" % (LENGTH, LENGTH))  # noqa: UP031


def _walk(stream: IO[bytes], whole_runs: bool) -> Iterator[tuple[int, str, int]]:
    """(offset, characters, 1) of every record; if `whole_runs`, of many at once with their ends, and how many."""
    stream.seek(0)
    text, at, lost, ended = "", 0, False, False  # what is in sight, where it begins, whether it is a record's rest
    while not ended:
        chunk = stream.read(_PIECE)
        ended = not chunk
        text += chunk.decode(ENCODING) if chunk else "\n" * (bool(text) and not text.endswith("\n"))
        place = 0
        while place < len(text):
            if text[place] in "\r\n" and text.startswith(("\n", "\r\n"), place) and not lost:
                place = text.index("\n", place) + 1
                continue
            if whole_runs and not lost and (run := _RUN.match(text, place)):
                yield at + place, run[0], run[0].count("\n")
                place = run.end()
                continue
            if text.find("\n", place) < 0 or (not ended and len(text) - place < LENGTH + 4):
                break
            record, after = cut(text, place)
            if not lost:
                yield at + place, record, 1
            place, lost = after, False
        at, text = at + place, text[place:]
        if len(text) > _PIECE:  # an endless one
            if not lost:
                yield at, text[:_PIECE], 1
            at, text, lost = at + len(text), "", True


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
