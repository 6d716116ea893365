"""A correction: some invoices of a declaration as they were sent, under a new header, numbered and totalled anew.

The records (or elements) are carried as they are, byte for byte but for their running number, so that what cannot be
read can be mended by its sender too. A stream: memory does not grow with the file. The reader has judged it before.
"""

import re
from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.sax.saxutils import quoteattr

from parsers.fixed import fields, records
from parsers.fixed import writer as write_fixed
from parsers.xml import values
from parsers.xml import writer as write_xml
from parsers.xml.tag import ROOT
from parsers.xml.walk import Walk
from schemas import charset
from schemas.declaration import Header
from schemas.lending import lists
from schemas.lending.layout import FA, FI, LENGTH

_DATE, _KIND, _HT = (FA.field(name) for name in ("date", "kind", "ht"))
_KINDS = lists.words(lists.KIND, "fixed")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

#: Whether the invoice of that place in the file, from 1, and of that year (None: it cannot be read) is carried.
Wanted = Callable[[int, int | None], bool]


def pieces(stream: IO[bytes], form: str, header: Header, wanted: Wanted) -> Iterator[bytes]:
    """The bytes of a correction of an unpacked declaration that was accepted in part.

    ValueError when the file is not what the reader took it for.
    """
    return _xml(stream, header, wanted) if form == "xml" else _fixed(stream, header, wanted)


def _fixed(stream: IO[bytes], header: Header, wanted: Wanted) -> Iterator[bytes]:
    stream.seek(0)
    end = "\r\n" if b"\r\n" in stream.read(LENGTH + 8) else "\n"
    counts, sums = {"FA": 0, "LG": 0}, dict.fromkeys(_KINDS.values(), 0)
    kept, invoices = False, 0
    yield (write_fixed.header_record(header) + end).encode(charset.ENCODING)
    for place, (_, text) in enumerate(records.each(stream), 1):
        mark = text[:2]
        if mark == FA.mark:
            invoices += 1
            kept = wanted(invoices, _year(_zone(text, _DATE)))
        if mark == FI.mark:
            break
        if mark not in counts or not kept:
            continue
        counts[mark] += 1
        kind, ht = _KINDS.get(_zone(text, _KIND)), _zone(text, _HT)
        if mark == FA.mark and kind is not None and ht.isascii() and ht.isdigit():
            sums[kind] += int(ht)
        if len(text) == LENGTH or text[2:9] == f"{place:07d}":  # else a character of it may be missing
            text = f"{mark}{sum(counts.values()) + 1:07d}{text[9:]}"
        yield (text + end).encode(charset.ENCODING)
    most = 10 ** FI.field("sum_invoices").width - 1  # where an HT cannot be read, nobody has checked the sums
    totals = {
        "invoices": counts["FA"],
        "lines": counts["LG"],
        "sum_invoices": min(sums["F"], most),
        "sum_credits": min(sums["A"], most),
    }
    yield (write_fixed.record(FI, {"record": sum(counts.values()) + 2, **totals}) + end).encode(charset.ENCODING)


def _zone(text: str, field: Any) -> str:
    """A field of an FA; nothing of a record of another length."""
    return text[field.first - 1 : field.last] if len(text) == LENGTH else ""


def _year(text: str) -> int | None:
    try:
        return fields.converter(_DATE)(text).year if text.isascii() and text.isdigit() else None
    except ValueError:
        return None


def _xml(stream: IO[bytes], header: Header, wanted: Wanted) -> Iterator[bytes]:
    walk = Walk(stream)
    name, invoices, kept = "", 0, False
    while met := walk.step():
        within, begins = walk.depth + met.ends, met.tag is not None
        markup = met.raw.find(b"<")
        if not within - begins:
            if begins:
                name, attributes = walk.written
                yield _head(name, attributes, header)
            continue
        if (within == 2 and met.tag is not None) or not walk.depth:  # a child of the root begins, or the root ends
            if kept:
                yield met.raw[:markup]
            kept = met.tag is not None and met.tag.local == "facture"
            if kept and met.tag is not None:
                invoices += 1
                day = met.tag.attributes.get("date", "")
                kept = wanted(invoices, _year(day.replace("-", "")) if _DAY.fullmatch(day) else None)
            yield met.raw[markup:] if kept else b""
        elif kept:
            yield met.raw
    if walk.wrong is not None:
        raise ValueError(walk.wrong.found)
    yield f"</{name}>\n".encode()


def _head(name: str, attributes: dict[str, str], header: Header) -> bytes:
    """The root's start tag, with its own names and prefixes, then declarant and addressee."""
    ours = {attribute.name for attribute in values.ATTRIBUTES[ROOT]}
    told = {key: value for key, value in attributes.items() if key not in ours} | write_xml.root_attributes(header)
    written = "".join(f" {key}={quoteattr(value)}" for key, value in told.items())
    prefix = name[: -len("declaration")]
    parties = "".join(
        f'  <{prefix}{party} gln="{code}"/>\n'
        for party, code in (("declarant", header.declarant), ("destinataire", header.addressee))
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{written}>\n{parties}  '.encode()
