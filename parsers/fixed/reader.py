"""Reads the fixed format, version 0100, as a stream: Header, Invoices, Findings.

Authority: format, sections 1 and 3. `parsers.fixed.grammar` reads records in bulk; the first one it cannot
read is taken apart field by field, said, and reading goes on behind it. Memory does not grow
with the file: at most one piece of it and one part of an invoice are held.
"""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from parsers.fixed import fields
from parsers.fixed.block import Block, block, fields_of
from parsers.fixed.grammar import body, read_fields
from parsers.fixed.numbering import Numbering
from parsers.fixed.records import AS_BYTES, characters, too_many, walk
from parsers.fixed.trailer import trailer_findings
from parsers.partial_invoice import PartialInvoice
from schemas.declaration import Event, Header, Invoice, Invoices, Lines, PartialLine
from schemas.finding import Finding, shown
from schemas.lending.layout import EN, FA, FI, LAYOUTS, LENGTH, LG, VERSION
from schemas.text import Both

_HEAD = tuple(field.name for field in fields_of(FA))
_KIND, _HT = _HEAD.index("kind"), _HEAD.index("ht")
assert Invoice.__struct_fields__[:14] == ("record", *_HEAD, "lines", "line_records")
#: What may stand behind the last record.
_NOTHING = "\r\n\x1a"


def read_in_bulk(stream: IO[bytes], max_records: int | None = None) -> Iterator[Event | Invoices]:
    """The events of a fixed-format file; content never raises. Past `max_records` reading ends, and says so.

    Invoices that stand together and of which the reader has nothing to say come together.
    """
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
        self.coming = PartialInvoice({})  # the invoice whose lines come in

    def events(self, stream: IO[bytes]) -> Iterator[Event | Invoices]:
        cut_short = False
        for _, text, lost, run, cut_short in walk(stream, self._end_of_run):
            if self.max_records is not None and self.numbering.records > self.max_records:
                yield too_many(self.numbering.records, self.max_records)
                return
            if self.state == "end":
                if rest := text.lstrip(_NOTHING):
                    self.numbering.records += 1
                    yield self._misplaced(
                        characters(rest[:2].rstrip(_NOTHING)), Both("fin du fichier après FI", "end of file after FI")
                    )
                    return
            elif run:
                yield from self._bulk(text.encode(AS_BYTES))
            elif cut_short and len(text) + lost < LENGTH and text[:2] != FI.mark:
                self.coming.countable = False  # the file ends within this record: all that can be said is that
            else:
                yield from self._single(text, lost)
        if self.state == "end":
            return
        missing = cut_short or not self.misplaced_last
        if missing:  # nobody knows how many lines were to follow
            self.coming.countable = False
        yield from self._flush()
        if missing:
            yield Finding(code="trailer-missing", record=self.numbering.records or 1)

    def _end_of_run(self, text: str, place: int) -> int:
        """Where the well-formed records end that begin there."""
        if self.state in ("start", "end"):
            return 0
        matches = body.parse_string(text[place:] if place else text)
        return place + matches[-1].end() if matches else 0

    def _bulk(self, raw: bytes) -> Iterator[Event | Invoices]:
        """Well-formed FA and LG records; an FA in which something is no value by itself."""
        rest, begin = block(raw), 0
        for end in (*rest.unsound(), len(rest)):
            if some := rest.part(begin, end):
                yield from self._block(some)
            if end < len(rest):
                yield from self._single(rest.part(end, end + 1).raw[:LENGTH].decode(AS_BYTES), 0)
            begin = end + 1
        self.misplaced_last = False

    def _block(self, some: Block) -> Iterator[Event | Invoices]:
        """Records that hold values: the hot path, if nothing is to be said of any. Invoices that are all there go on together."""
        lines, odd_title = some.lines()
        due, places = self.numbering.expected, some.invoices
        orphaned = self.state == "head" and places[:1] != [0]
        if orphaned or odd_title or self.numbering.odd or some.numbers() != list(range(due, due + len(some))):
            yield from self._odd_block(some, lines, odd_title)
            return
        heads, first = some.heads, self.numbering.records + 1
        records = [first + place for place in places]
        begins = [place - count for count, place in enumerate(places)]  # which line follows each
        self.numbering.run_on(len(some))
        self.counts["LG"] += len(lines)
        for kind, ht in zip(heads[_KIND], heads[_HT], strict=True):
            self._count(kind, ht)
        if self.state == "invoice":
            mine = lines[: begins[0]] if begins else lines
            yield from self.coming.add(mine, range(first, first + len(mine)))
        if begins:
            yield from self._flush()
            if len(records) > 1:
                yield Invoices(records[:-1], [column[:-1] for column in heads], begins, lines.table)
            self._begin({name: column[-1] for name, column in zip(_HEAD, heads, strict=True)}, records[-1])
            mine = lines[begins[-1] :]
            yield from self.coming.add(mine, range(records[-1] + 1, records[-1] + 1 + len(mine)))

    def _odd_block(self, some: Block, lines: Lines, odd_title: bool) -> Iterator[Event]:
        """Records among which something is to be said: a running number, a title, or that there is no invoice."""
        heads, invoices, place = zip(*some.heads, strict=True), set(some.invoices), 0
        for at, number in enumerate(some.numbers()):
            if at in invoices:
                yield from self._invoice_number(f"{number:07d}")
                self._invoice(dict(zip(_HEAD, next(heads), strict=True)))
                continue
            self.counts["LG"] += 1
            yield from self._line_number(f"{number:07d}")
            if self.state == "invoice":
                line = lines[place : place + 1]
                if odd_title:
                    *others, (text,) = line.columns
                    title, findings = fields.title(text, self.numbering.records)
                    self.coming.findings += findings
                    line = Lines((*others, [title]))
                yield from self.coming.add(line, self._here)
            place += 1

    @property
    def _here(self) -> range:
        """The record that is read, as a run of one."""
        return range(self.numbering.records, self.numbering.records + 1)

    def _single(self, record: str, lost: int) -> Iterator[Event]:
        """One record the bulk grammar did not take: EN, FI, or one with something wrong, its numbers included."""
        record = characters(record)
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
                self._invoice(dict.fromkeys(_HEAD), [wrong])
            else:
                yield from self._line_without_invoice()
                if self.state == "invoice":
                    self.coming.findings.append(wrong)
                    yield from self.coming.add((PartialLine(),), self._here)
            return
        texts = read_fields(record)
        if mark == "FA":
            yield from self._invoice_number(texts["record"])
            self._invoice(*fields.read(FA.fields[2:], texts, self.numbering.records))
            return
        yield from self._line_number(texts["record"])
        if self.state == "invoice":
            values, findings = fields.read(LG.fields[2:], texts, self.numbering.records)
            self.coming.findings += findings
            yield from self.coming.add((PartialLine(**values),), self._here)

    def _stray(self, record: str) -> Iterator[Event]:
        """A record of no known type, or a second EN. Whose lines follow, nobody knows."""
        if self.state == "invoice":
            yield self.coming.part(last=False)
            self.coming.countable = False
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
            self.coming.countable = self.numbering.odd = False

    def _invoice_number(self, running: str) -> Iterator[Event]:
        """Counts an FA, and ends the invoice before it; neither's lines are judged when its number is not the next one."""
        wrong = self.numbering.count(running)
        if wrong is not None:
            yield wrong
        if self.numbering.odd:
            self.coming.countable = False
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
            yield fields.finding("header-version", EN.field("version"), 1, texts["version"], VERSION)
        values, findings = fields.read(EN.fields[3:], texts, 1, "header-field")
        yield from findings
        yield Header(format="fixed", record=1, version=str(texts["version"]), **values)

    # -- FA and LG -----------------------------------------------------------------------------

    def _begin(self, head: dict[str, Any], record: int, findings: Sequence[Finding] = ()) -> None:
        self.state = "invoice"
        self.coming = PartialInvoice({"record": record, **head}, not self.numbering.odd, findings)
        self.numbering.odd = False

    def _invoice(self, head: dict[str, Any], findings: Sequence[Finding] = ()) -> None:
        """Begins an invoice at the record that is read."""
        self._count(head["kind"], head["ht"])
        self._begin(head, self.numbering.records, findings)

    def _count(self, kind: str | None, ht: int | None) -> None:
        """Counts an FA, and its HT with those of its kind."""
        self.counts["FA"] += 1
        if kind is None or ht is None:
            self.summable = False
        else:
            self.sums[kind] += ht

    def _flush(self) -> Iterator[Invoice]:
        if self.state == "invoice":
            yield self.coming.part(last=True)
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
