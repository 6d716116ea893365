"""Reads the fixed format, version 0100, as a stream: Header, Invoices, Findings.

Authority: format, sections 1 and 3. `parsers.grammar` reads records in bulk; the first one it cannot
read is taken apart field by field, said, and reading goes on behind it. Memory does not grow
with the file: at most one piece of it and one part of an invoice are held.
"""

import re
from collections.abc import Iterator
from typing import IO, Any

from parsers import fields
from parsers.grammar import INVOICE_RE, LINE_RE, Misread, body, read_fields
from schemas import charset
from schemas.declaration import Event, Header, Invoice, Line, PartialLine
from schemas.finding import Both, Finding, shown
from schemas.layout import EN, FA, FI, LAYOUTS, LENGTH, LG, VERSION

#: How many lines of one invoice are held at once.
PART = 5_000
_PIECE = 1 << 17
_KEPT_OF_A_LONG_LINE = 1024

assert tuple(f.name for f in LG.fields[2:-1]) == Line.__struct_fields__
_FA_NAMES = tuple(f.name for f in FA.fields[1:-1])
_RECORD_FIELD = EN.field("record")


def read(stream: IO[bytes]) -> Iterator[Event]:
    """The events of a fixed-format file; content never raises."""
    return _Reading().events(stream)


def _pieces(stream: IO[bytes]) -> Iterator[tuple[str, int]]:
    """(text, length lost): text that ends with a record's end; the middle of an endless line is lost."""
    carried, lost = "", 0
    while chunk := stream.read(_PIECE).decode(charset.ENCODING):
        text = carried + chunk
        cut = text.rfind("\n") + 1
        if cut:
            if lost:  # the endless line ends here, and goes alone
                end = text.index("\n") + 1
                yield text[:end], lost
                text, cut, lost = text[end:], cut - end, 0
            if cut:
                yield text[:cut], 0
        carried = text[cut:]
        if len(carried) > _PIECE:
            lost += len(carried) - _KEPT_OF_A_LONG_LINE
            carried = carried[:_KEPT_OF_A_LONG_LINE]
    if carried:
        yield carried, lost


class _Reading:
    """Where reading stands: counts so far, and the invoice whose lines are coming in."""

    def __init__(self) -> None:
        self.records = 0  # records seen
        self.expected = 1  # running number the next one should bear
        self.counts = {"FA": 0, "LG": 0}
        self.sums: dict[str, int] = {"F": 0, "A": 0}
        self.summable = True  # every FA's kind and HT could be read
        self.ordered = True  # no record was out of place
        self.state = "start"  # start, head, invoice, lost (lines of no invoice), end
        self.misplaced_last = False
        self.head: dict[str, Any] = {}
        self.lines: list[Line | PartialLine] = []
        self.first_line = 0
        self.findings: list[Finding] = []
        self.part = 0
        self.countable = True

    def events(self, stream: IO[bytes]) -> Iterator[Event]:
        stream.seek(0)
        for text, lost in _pieces(stream):
            place = 0
            while place < len(text) and self.state != "end":
                if self.state != "start" and not lost:
                    tokens = body.parse_string(text[place:] if place else text)
                    if tokens:
                        yield from self._bulk(list(tokens))
                        place += tokens[-1].end()
                        continue
                end = text.find("\n", place) + 1 or len(text)
                yield from self._single(text[place:end].rstrip("\n").removesuffix("\r"), lost)
                place = end
            if self.state == "end" and text[place:].strip("\r\n\x1a"):
                yield self._misplaced(text[place : place + 2], Both("fin du fichier après FI", "end of file after FI"))
                return
        yield from self._flush()
        if self.state != "end" and not self.misplaced_last:
            yield Finding(code="trailer-missing", record=self.records or 1)

    def _bulk(self, matches: list[re.Match[str]]) -> Iterator[Event]:
        """Well-formed FA and LG records, in the order the grammar read them."""
        lines, expected = self.lines, self.expected
        lost = self.state in ("head", "lost")
        for match in matches:
            if match.re is LINE_RE:
                running, ean, quantity, price, discount, vat, exclusion, evidence, title, odd_title = match.groups()
                if int(running) != expected or lost:
                    self.expected = expected
                    yield from self._number(running)
                    yield from self._line_without_invoice()
                    expected = self.expected
                    if lost:
                        continue
                else:
                    self.records += 1
                    expected += 1
                if not lines:
                    self.first_line = self.records
                if odd_title is not None:
                    title = self._title(odd_title)
                lines.append(
                    Line(
                        ean,
                        int(quantity),
                        int(price),
                        int(discount),
                        int(vat),
                        exclusion.rstrip(" "),
                        evidence.rstrip(" "),
                        title.rstrip(" "),
                    )
                )
                if len(lines) == PART:
                    yield self._take(last=False)
                    lines = self.lines
            else:
                assert match.re is INVOICE_RE
                self.expected = expected
                yield from self._flush()
                yield from self._number(match[1])
                self._open(dict(zip(_FA_NAMES, match.groups(), strict=True)))
                lines, expected, lost = self.lines, self.expected, False
        self.expected = expected
        self.misplaced_last = False
        # counts of LG are kept in bulk: every match that is not an FA
        self.counts["LG"] += sum(match.re is LINE_RE for match in matches)

    def _single(self, record: str, lost: int) -> Iterator[Event]:
        """One record the bulk grammar did not take: EN, FI, or one with something wrong."""
        if not record or record == "\x1a":
            return
        mark = record[:2]
        if self.state == "start":
            self.state = "head"
            yield from self._header(record, lost)
            return
        if mark not in LAYOUTS or mark == "EN":
            yield from self._stray(record)
            return
        self.misplaced_last = False
        if mark == "FI":
            yield from self._flush()
            yield from self._trailer(record.removesuffix("\x1a"), lost)
            self.state = "end"
            return
        if mark == "FA":
            yield from self._flush()
        else:
            self.counts["LG"] += 1
        if len(record) != LENGTH or lost:
            self.records += 1
            self.expected += 1
            wrong = self._length(record, lost, mark)
            if mark == "FA":
                self._open({})
            else:
                yield from self._line_without_invoice()
                self._append(PartialLine())
            self.findings.append(wrong)
            return
        texts = read_fields(record)
        yield from self._number(texts["record"])
        if mark == "FA":
            self._open(texts)
            return
        yield from self._line_without_invoice()
        if self.state == "invoice":
            self._append(self._partial(texts))

    def _stray(self, record: str) -> Iterator[Finding]:
        """A record of no known type, or a second EN."""
        self.records += 1
        self.expected += 1
        self.countable = False
        self.misplaced_last = True
        if self.state == "invoice":
            self._append(PartialLine())  # holds its place, so that the records behind it keep theirs
        yield self._misplaced(record[:2], Both("FA, LG ou FI", "FA, LG or FI"))

    def _misplaced(self, mark: str, expected: Both) -> Finding:
        self.ordered = False
        return Finding(code="record-order", record=self.records or 1, position=1, found=shown(mark), expected=expected)

    def _line_without_invoice(self) -> Iterator[Finding]:
        """Said of the first LG that follows no FA; those behind it are silent."""
        if self.state == "head":
            self.state = "lost"
            yield self._misplaced("LG", Both("FA avant le premier LG", "FA before the first LG"))

    def _number(self, running: str) -> Iterator[Finding]:
        """Counts one record, and says when its running number is not the next one."""
        self.records += 1
        expected, self.expected = self.expected, self.expected + 1
        wrong = isinstance(running, Misread)
        if wrong or int(running) != expected:
            if not wrong:
                self.expected = int(running) + 1
            yield Finding(
                code="record-number",
                record=self.records,
                position=_RECORD_FIELD.first,
                field=_RECORD_FIELD.wire,
                found=shown(running),
                expected=f"{expected:07d}",
            )

    def _length(self, record: str, lost: int, mark: str) -> Finding:
        code = {"EN": "header-field", "FI": "trailer-count"}.get(mark, "record-length")
        field = LAYOUTS[mark].field("mark").wire
        length = len(record) + lost
        return Finding(code=code, record=self.records, field=field, found=str(length), expected=str(LENGTH))

    # -- EN ------------------------------------------------------------------------------------

    def _header(self, record: str, lost: int) -> Iterator[Event]:
        if len(record) != LENGTH or lost:
            self.records, self.expected = 1, 2
            yield self._length(record, lost, "EN")
            return
        texts = read_fields(record)
        yield from self._number(texts["record"])
        if texts["version"] != VERSION:
            field = EN.field("version")
            yield Finding(
                code="header-version",
                record=1,
                position=field.first,
                field=field.wire,
                found=shown(texts["version"]),
                expected=VERSION,
            )
        values: dict[str, Any] = {}
        for field in EN.fields[2:]:
            if field.name == "version":
                continue
            value, wrong = fields.value(field, texts[field.name])
            if wrong:
                yield fields.finding("header-field", field, texts[field.name], 1)
            elif field.meaning != "blank":
                values[field.name] = value
        unread = {name: None for name in ("replaced", "sending") if name not in values}
        yield Header(format="fixed", record=1, version=texts["version"], **values, **unread)

    # -- FA and LG -----------------------------------------------------------------------------

    def _open(self, texts: dict[str, str]) -> None:
        """Begins an invoice from the fields of its FA, as far as they can be read."""
        self.state = "invoice"
        self.counts["FA"] += 1
        self.lines, self.findings, self.part, self.countable = [], [], 0, True
        head: dict[str, Any] = {"record": self.records}
        for field in FA.fields[2:]:
            text = texts.get(field.name)
            if text is None:  # a record of wrong length, or (filler) one the bulk grammar has read
                if field.meaning != "blank":
                    head[field.name] = None
                continue
            value, wrong = fields.value(field, text)
            if wrong:
                real_digits = not isinstance(text, Misread) and field.name in ("date", "credited_on")
                code = "invoice-date-invalid" if real_digits else "field-format"
                self.findings.append(fields.finding(code, field, text, self.records))
                value = None
            if field.meaning != "blank":
                head[field.name] = value
        self.head = head
        if head["kind"] is None or head["ht"] is None:
            self.summable = False
        else:
            self.sums[head["kind"]] += head["ht"]

    def _partial(self, texts: dict[str, str]) -> PartialLine:
        """A line's fields as far as they can be read; findings for the others."""
        values: dict[str, Any] = {}
        for field in LG.fields[2:]:
            text = texts[field.name]
            if field.form == "title":
                values["title"] = self._title(text)
                continue
            value, wrong = fields.value(field, text)
            if wrong:
                self.findings.append(fields.finding("field-format", field, text, self.records))
            elif field.meaning != "blank":
                values[field.name] = value
        return PartialLine(**values)

    def _append(self, line: PartialLine) -> None:
        if not self.lines:
            self.first_line = self.records
        self.lines.append(line)

    def _title(self, text: str) -> str:
        """A title with odd characters or a leading space, brought into the repertoire, and said."""
        plain, altered = charset.title(text)
        if altered:
            field = LG.field("title")
            self.findings.append(
                Finding(
                    code="title-altered",
                    record=self.records,
                    position=field.first,
                    field=field.wire,
                    found=shown(text.strip(" ")),
                    expected=plain,
                )
            )
        return plain

    def _take(self, last: bool) -> Invoice:
        """The invoice as far as it has come in; its lines and findings begin anew."""
        invoice = Invoice(
            **self.head,
            lines=tuple(self.lines),
            line_records=range(self.first_line, self.first_line + len(self.lines)),
            findings=tuple(self.findings),
            part=self.part,
            last=last,
            countable=self.countable,
        )
        self.lines, self.findings = [], []
        self.part += 1
        return invoice

    def _flush(self) -> Iterator[Invoice]:
        if self.state == "invoice":
            yield self._take(last=True)
            self.state = "lost"

    # -- FI ------------------------------------------------------------------------------------

    def _trailer(self, record: str, lost: int) -> Iterator[Finding]:
        if len(record) != LENGTH or lost:
            self.records += 1
            yield self._length(record, lost, "FI")
            return
        texts = read_fields(record)
        yield from self._number(texts["record"])
        sound = True
        for field in FI.fields[2:]:
            if isinstance(texts[field.name], Misread):
                sound = False
                yield fields.finding("trailer-count", field, texts[field.name], self.records)
        if not self.ordered:
            return
        for name, mark in (("invoices", "FA"), ("lines", "LG")):
            if not isinstance(texts[name], Misread) and int(texts[name]) != self.counts[mark]:
                sound = False
                yield self._trailer_differs("trailer-count", name, texts[name], self.counts[mark])
        for name, kind in (("sum_invoices", "F"), ("sum_credits", "A")):
            if sound and self.summable and int(texts[name]) != self.sums[kind]:
                yield self._trailer_differs("trailer-total", name, texts[name], self.sums[kind])

    def _trailer_differs(self, code: str, name: str, found: str, expected: int) -> Finding:
        field = FI.field(name)
        shape = f"{expected:0{field.width}d}"
        return Finding(
            code=code, record=self.records, position=field.first, field=field.wire, found=found, expected=shape
        )
