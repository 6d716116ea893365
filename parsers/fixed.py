"""Reads the fixed format, version 0100, as a stream: Header, Invoices, Findings.

Authority: format, sections 1 and 3. `parsers.grammar` reads records in bulk; the first one it cannot
read is taken apart field by field, said, and reading goes on behind it. Memory does not grow
with the file: at most one piece of it and one part of an invoice are held.
"""

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

from parsers import fields
from parsers.grammar import INVOICE_RE, LINE_RE, Misread, body, read_fields
from parsers.numbering import Numbering
from parsers.records import cut, too_many
from parsers.trailer import trailer_findings
from schemas import charset
from schemas.declaration import Event, Header, Invoice, Line, PartialLine
from schemas.finding import Both, Finding, shown
from schemas.layout import EN, FA, FI, LAYOUTS, LENGTH, LG, VERSION

#: How many lines of one invoice are held at once.
PART = 5_000
_PIECE = 1 << 17
_KEPT_OF_A_LONG_LINE = 1024

_FA_FIELDS = FA.fields[2:-1]
_FA_TO_VALUES = tuple((field.name, fields.converter(field)) for field in _FA_FIELDS)
_UNREAD = tuple(Misread() for _ in _FA_FIELDS)
_EMPTY_LINES = re.compile(r"(?:\r?\n)+")


def read(stream: IO[bytes], max_records: int | None = None) -> Iterator[Event]:
    """The events of a fixed-format file; content never raises. Past `max_records` reading ends, and says so."""
    return _Reading(max_records).events(stream)


class _Reading:
    """Where reading stands: counts so far, and the invoice whose lines are coming in."""

    def __init__(self, max_records: int | None = None) -> None:
        self.max_records = max_records
        self.numbering = Numbering()
        self.counts = {"FA": 0, "LG": 0}
        self.sums: dict[str, int] = {"F": 0, "A": 0}
        self.summable = True  # every FA's kind and HT could be read
        self.countable_file = True  # FA and LG can be counted: no record was out of place, or two in one
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
        text, lost = "", 0  # what is not yet read, and how much of an endless record was dropped
        ended = cut_short = False
        while not ended and self.state != "end":
            chunk = stream.read(_PIECE)
            ended = not chunk
            text += chunk.decode(charset.ENCODING)
            if ended:
                text = text.removesuffix("\x1a")
                cut_short = bool(text) and not text.endswith("\n")
                text += "\n" * cut_short
            place = 0
            while place < len(text) and self.state != "end":
                if empty := _EMPTY_LINES.match(text, place):
                    place = empty.end()
                    continue
                if self.max_records is not None and self.numbering.records > self.max_records:
                    yield too_many(self.numbering.records, self.max_records)
                    return
                if self.state != "start" and (INVOICE_RE.match(text, place) or LINE_RE.match(text, place)):
                    tokens = body.parse_string(text[place:] if place else text)
                    if tokens:
                        yield from self._bulk(list(tokens))
                        place += tokens[-1].end()
                        continue
                if not ended and (len(text) - place < LENGTH + 4 or text.find("\n", place) < 0):
                    break
                record, after = cut(text, place)
                if cut_short and after == len(text) and len(record) + lost < LENGTH and record[:2] != FI.mark:
                    self.countable = False  # the file ends within this record: all that can be said is that
                else:
                    yield from self._single(record, lost)
                place, lost = after, 0
            text = text[place:]
            if not ended and len(text) > _KEPT_OF_A_LONG_LINE and "\n" not in text:
                lost += len(text) - _KEPT_OF_A_LONG_LINE
                text = text[:_KEPT_OF_A_LONG_LINE]
        if self.state == "end":
            yield from self._behind_the_end(text, stream)
            return
        missing = cut_short or not self.misplaced_last
        if missing:  # nobody knows how many lines were to follow
            self.countable = False
        yield from self._flush()
        if missing:
            yield Finding(code="trailer-missing", record=self.numbering.records or 1)

    def _behind_the_end(self, text: str, stream: IO[bytes]) -> Iterator[Finding]:
        while text:
            rest = text.strip("\r\n\x1a")
            if rest:
                self.numbering.records += 1
                yield self._misplaced(rest[:2], Both("fin du fichier après FI", "end of file after FI"))
                return
            text = stream.read(_PIECE).decode(charset.ENCODING)

    def _bulk(self, matches: list[re.Match[str]]) -> Iterator[Event]:
        """Well-formed FA and LG records, in the order the grammar read them."""
        for match in matches:
            if match.re is INVOICE_RE:
                yield from self._invoice_number(match[1])
                self._open_plain(match.groups()[1:-1])
            run = match.re.groups  # its last group
            if match.start(run) < match.end(run):
                yield from self._bulk_lines(LINE_RE.findall(match.string, match.start(run), match.end(run)))
        self.misplaced_last = False

    def _bulk_lines(self, rows: list[tuple[str, ...]]) -> Iterator[Event]:
        """A run of well-formed LG records, as many at a time as a part has room for: the hot path."""
        self.counts["LG"] += len(rows)
        while rows:
            some, rows = rows[: PART - len(self.lines)], rows[PART - len(self.lines) :]
            columns = tuple(zip(*some, strict=True))
            runs_on = list(map(int, columns[0])) == list(
                range(self.numbering.expected, self.numbering.expected + len(some))
            )
            if runs_on and self.state == "invoice" and not any(columns[-1]):
                if not self.lines:
                    self.first_line = self.numbering.records + 1
                self.numbering.records += len(some)
                self.numbering.expected += len(some)
                self.lines += fields.lines(columns[1:-1])
            else:
                yield from self._odd_lines(some)
            if len(self.lines) >= PART:
                yield self._take(last=False)

    def _odd_lines(self, rows: list[tuple[str, ...]]) -> Iterator[Event]:
        """Lines among which something is to be said: a running number, a title, or that there is no invoice."""
        for running, *texts, title, odd_title in rows:
            yield from self._line_number(running)
            if self.state != "invoice":
                continue
            if not self.lines:
                self.first_line = self.numbering.records
            plain = self._title(odd_title) if odd_title else title
            self.lines += fields.lines(tuple((text,) for text in (*texts, plain)))

    def _single(self, record: str, lost: int) -> Iterator[Event]:
        """One record the bulk grammar did not take: EN, FI, or one with something wrong."""
        if record == "\x1a":
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
            yield from self._trailer(record.removesuffix("\x1a"), lost)
            self.state = "end"
            return
        if mark == "LG":
            self.counts["LG"] += 1
        if len(record) != LENGTH or lost:
            if mark == "FA":
                yield from self._flush()
            self._uncounted(len(record) + lost)
            wrong = self._length(record, lost, mark)
            if mark == "FA":
                self._open(None)
                self.findings.append(wrong)
            else:
                yield from self._line_without_invoice()
                if self.state == "invoice":
                    yield from self._append(PartialLine(), (wrong,))
            return
        texts = read_fields(record)
        if mark == "FA":
            yield from self._invoice_number(texts["record"])
            self._open(tuple(texts[field.name] for field in _FA_FIELDS), texts["filler"])
            return
        yield from self._line_number(texts["record"])
        if self.state == "invoice":
            yield from self._append(self._partial(texts))

    def _stray(self, record: str) -> Iterator[Event]:
        """A record of no known type, or a second EN. Whose lines follow, nobody knows."""
        if self.state == "invoice":
            yield self._take(last=False)
            self.countable = False
        elif self.state == "head":
            self.state = "lost"
        self._uncounted(0)
        self.misplaced_last = True
        yield self._misplaced(record[:2], Both("FA, LG ou FI", "FA, LG or FI"))

    def _misplaced(self, mark: str, expected: Both) -> Finding:
        self.countable_file = False
        return Finding(
            code="record-order", record=self.numbering.records or 1, position=1, found=shown(mark), expected=expected
        )

    def _line_without_invoice(self) -> Iterator[Finding]:
        """Said of the first LG that follows no FA; those behind it are silent, and so is what the next FA lacks."""
        if self.state == "head":
            self.state, self.numbering.odd = "lost", True
            yield self._misplaced("LG", Both("FA avant le premier LG", "FA before the first LG"))

    def _line_number(self, running: str) -> Iterator[Finding]:
        """Counts an LG; says when it is not in its place. The lines of its invoice are not judged then."""
        wrong = self.numbering.count(running)
        if self.state == "head":
            yield from self._line_without_invoice()
        elif wrong is not None:
            yield wrong
        if self.state == "invoice" and self.numbering.odd:
            self.countable = self.numbering.odd = False

    def _invoice_number(self, running: str) -> Iterator[Event]:
        """Counts an FA, and ends the invoice before it; neither's lines are judged when its number is not the next one."""
        wrong = self.numbering.count(running)
        if wrong is not None:
            yield wrong
        if self.numbering.odd:
            self.countable = False
        yield from self._flush()

    def _uncounted(self, length: int) -> None:
        """Counts a record of that length whose number is not read."""
        if self.numbering.pass_over(length):
            self.countable_file = False

    def _length(self, record: str, lost: int, mark: str) -> Finding:
        code = {"EN": "header-field", "FI": "trailer-count"}.get(mark, "record-length")
        field = LAYOUTS[mark].field("mark").wire
        length = len(record) + lost
        return Finding(code=code, record=self.numbering.records, field=field, found=str(length), expected=str(LENGTH))

    # -- EN ------------------------------------------------------------------------------------

    def _header(self, record: str, lost: int) -> Iterator[Event]:
        if len(record) != LENGTH or lost:
            self._uncounted(len(record) + lost)
            if not self.countable_file:  # the first FA may stand in it
                self.state = "lost"
            yield self._length(record, lost, "EN")
            return
        texts = read_fields(record)
        if (wrong_number := self.numbering.count(texts["record"])) is not None:
            yield wrong_number
            self.numbering.odd = False
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

    def _open_plain(self, texts: tuple[str, ...]) -> None:
        """Begins an invoice from an FA that has its form: fast, unless a value in it is none."""
        try:
            self._begin({name: convert(text) for (name, convert), text in zip(_FA_TO_VALUES, texts, strict=True)})
        except (ValueError, KeyError):
            self._open(texts)

    def _begin(self, head: dict[str, Any]) -> None:
        self.state = "invoice"
        self.counts["FA"] += 1
        self.lines, self.findings, self.part, self.countable = [], [], 0, not self.numbering.odd
        self.numbering.odd = False
        self.head = {"record": self.numbering.records, **head}
        if head["kind"] is None or head["ht"] is None:
            self.summable = False
        else:
            self.sums[head["kind"]] += head["ht"]

    def _open(self, texts: tuple[str, ...] | None, filler: str = "") -> None:
        """Begins an invoice from its FA's fields but the filler, as far as they can be read; None: not at all."""
        head: dict[str, Any] = {}
        findings: list[Finding] = []
        for field, text in zip(_FA_FIELDS, texts or _UNREAD, strict=True):
            value, wrong = fields.value(field, text)
            if wrong and texts is not None:
                real_digits = not isinstance(text, Misread) and field.name in ("date", "credited_on")
                code = "invoice-date-invalid" if real_digits else "field-format"
                findings.append(fields.finding(code, field, text, self.numbering.records))
            head[field.name] = value
        if isinstance(filler, Misread):
            findings.append(fields.finding("field-format", FA.field("filler"), filler, self.numbering.records))
        self._begin(head)
        self.findings = findings

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
                self.findings.append(fields.finding("field-format", field, text, self.numbering.records))
            elif field.meaning != "blank":
                values[field.name] = value
        return PartialLine(**values)

    def _append(self, line: PartialLine, findings: Iterable[Finding] = ()) -> Iterator[Invoice]:
        if not self.lines:
            self.first_line = self.numbering.records
        self.lines.append(line)
        self.findings += findings
        if len(self.lines) == PART:
            yield self._take(last=False)

    def _title(self, text: str) -> str:
        """A title with odd characters or a leading space, brought into the repertoire, and said."""
        plain, altered = charset.title(text)
        if altered:
            field = LG.field("title")
            self.findings.append(
                Finding(
                    code="title-altered",
                    record=self.numbering.records,
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

    def _trailer(self, record: str, lost: int) -> Iterator[Event]:
        if len(record) != LENGTH or lost:
            yield from self._flush()
            self.numbering.records += 1
            yield self._length(record, lost, "FI")
            return
        texts = read_fields(record)
        yield from self._invoice_number(texts["record"])
        counts = self.counts if self.countable_file and not self.numbering.odd else None
        yield from trailer_findings(texts, self.numbering.records, counts, self.sums if self.summable else None)
