"""The Gencod encoding of our answers: AST, ANE and ATE as the French book trade's service messages.

Message type 05003: one rubrique a line, `;` between zones, CRLF, ISO-8859-15. The zones are the
publicly documented ones (format, section 4) and stand here once, as a table that writer and reader
share. What the public texts leave open, and is therefore *ours*:

- A numeric zone is right-aligned and zero-filled; what cannot be read is zeros, the reference too;
  a number too great for its zone is all nines.
- A text zone is left-aligned, space-filled to its width and cut there, never begins with a space,
  as everywhere in the fixed format. `;` becomes `,`; controls are spelled out (`\\x1b`).
- The reference keeps exactly its last 8 characters.
- AST and ANE hold one 177 for every finding of reach file and invoice. If some were not kept, a last
  177 with error number 000 says how many; so does every such message without a finding, because
  177 is also what names the original.
- The texts are in French, whatever the language of the report.
"""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import msgspec

from parsers import plain
from schemas import catalogue, charset, gln
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from schemas.finding import Finding

MESSAGE_TYPE = "05003"
NETWORK = "&&&EDILECTRE"
#: The original's message type: a declaration (ours; the public list knows none).
ORIGINAL_TYPE = 900


class Zone(msgspec.Struct, frozen=True):
    """One zone: its name here, its width, its kind, and what it is in French and English.

    Kinds: `n` number, `gln`, `day` JJMMAA, `time` HHMMSS, `an` text, `tail` the end of a text.
    """

    name: str
    width: int
    kind: str
    fr: str
    en: str


_ORIGINAL = (
    Zone("identifier", 3, "n", "identifiant du commentaire", "comment identifier"),
    Zone("sender", 13, "gln", "GLN de l'émetteur de l'original", "GLN of the original's sender"),
    Zone("original_type", 3, "n", "type du message original", "original message type"),
    Zone("reference", 8, "tail", "référence, ses 8 derniers caractères", "reference, its last 8 characters"),
    Zone("sending", 6, "n", "numéro d'envoi de l'original", "original's sending number"),
    Zone("sent", 6, "day", "date d'envoi de l'original", "original's sending date"),
    Zone("addressee", 13, "gln", "GLN du destinataire de l'original", "GLN of the original's addressee"),
)
_PROCESSED = (
    Zone("processed_on", 6, "day", "date de traitement", "processing date"),
    Zone("processed_at", 6, "time", "heure de traitement", "processing time"),
)
_ERROR = (
    Zone("error", 3, "n", "numéro d'erreur", "error number"),
    Zone("line", 6, "n", "ligne en erreur", "line in error"),
    Zone("position", 3, "n", "position dans la ligne", "position in that line"),
    Zone("field", 20, "an", "zone en erreur", "field in error"),
    Zone("text", 80, "an", "texte, précédé du numéro de facture", "text, beginning with the invoice number"),
)

#: The zones after the number of each rubrique, in the order of the message.
RUBRIQUES: dict[str, tuple[Zone, ...]] = {
    "100": (Zone("addressee", 13, "gln", "GLN du destinataire", "GLN of the addressee"),),
    "221": (Zone("sender", 13, "gln", "GLN de l'émetteur", "GLN of the sender"),),
    "176": (Zone("issued", 6, "day", "date d'émission", "date of issue"),),
    "198": (
        Zone("network", 12, "an", "réseau", "network"),
        Zone("number", 3, "n", "numéro de l'avis", "notice number"),
    ),
    "177": _ORIGINAL,
    "199": (Zone("lines", 6, "n", "nombre de lignes du message", "number of lines of the message"),),
}
_WHOLE = {zone.name for rubrique, zones in RUBRIQUES.items() if rubrique != "177" for zone in zones}
#: What follows in a 177, by its identifier.
COMMENTS: dict[int, tuple[Zone, ...]] = {904: _PROCESSED, 905: _ERROR, 906: _ERROR}


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One rubrique 177. A GLN, day or reference of zeros is None; a number of zeros is 0."""

    identifier: int
    sender: str | None = None
    original_type: int = ORIGINAL_TYPE
    reference: str | None = None
    sending: int | None = 0
    sent: date | None = None
    addressee: str | None = None
    processed_on: date | None = None
    processed_at: time | None = None
    error: int | None = None
    line: int | None = None
    position: int | None = None
    field: str | None = None
    text: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message. `notice` is ast, ane or ate; `lines` counts all its lines, first and last too."""

    addressee: str | None
    sender: str | None
    issued: date | None
    network: str = NETWORK
    number: int
    comments: tuple[Comment, ...]
    lines: int

    @property
    def notice(self) -> str:
        """`ast`, `ane` or `ate`; ValueError if the number is another notice's."""
        for notice, (number, _) in NOTICE_NUMBERS.items():
            if int(number) == self.number:
                return notice
        raise ValueError(f"notice {self.number:03d} is none of ours")


def compose(acknowledgement: Acknowledgement, notice: str) -> Message:
    """What the `notice` (ast, ane or ate) of this file says, before any zone is cut."""
    number, identifier = (int(digits) for digits in NOTICE_NUMBERS[notice])
    answered = acknowledgement.answered_at
    original = Comment(
        identifier=identifier,
        sender=acknowledgement.declarant,
        reference=acknowledgement.reference,
        sending=acknowledgement.sending,
        sent=acknowledgement.issued,
        addressee=acknowledgement.original_addressee,
    )
    comments = (
        (msgspec.structs.replace(original, processed_on=answered, processed_at=answered.time()),)
        if notice == "ate"
        else tuple(_errors(acknowledgement, original))
    )
    return Message(
        addressee=acknowledgement.addressee,
        sender=acknowledgement.sender,
        issued=answered,
        number=number,
        comments=comments,
        lines=len(RUBRIQUES) + len(comments),  # 05003 stands for the 177 that RUBRIQUES counts
    )


def write(acknowledgement: Acknowledgement, notice: str) -> bytes:
    """The `notice` (ast, ane or ate) that answers this file, in ISO-8859-15. Never raises on content."""
    return encode(compose(acknowledgement, notice))


def encode(message: Message) -> bytes:
    """`message` as bytes, every zone at its width. What was read comes out as it stood."""
    lines = [MESSAGE_TYPE]
    for rubrique, zones in RUBRIQUES.items():
        if rubrique == "177":
            for comment in message.comments:
                lines.append(_line(rubrique, zones + COMMENTS[comment.identifier], comment))
        else:
            lines.append(_line(rubrique, zones, message))
    return "".join(line + "\r\n" for line in lines).encode(charset.ENCODING)


def read(data: bytes) -> Message:
    """The message in `data`; ValueError, naming the line, where it is not as `write` makes it."""
    lines = data.decode(charset.ENCODING).split("\r\n")
    if lines[0] != MESSAGE_TYPE or lines[-1]:
        raise ValueError(f"line 1: {MESSAGE_TYPE} expected, and CRLF after every line")
    facts: dict[str, Any] = {}
    comments: list[Comment] = []
    for place, line in enumerate(lines[1:-1], 2):
        rubrique, *texts = line.split(";")
        try:
            zones = RUBRIQUES[rubrique]
            if rubrique == "177":
                comments.append(Comment(**_zones(zones + COMMENTS[int(texts[0])], texts)))
            else:
                facts |= _zones(zones, texts)
        except (ValueError, LookupError) as why:
            raise ValueError(f"line {place}: {why}") from why
    if facts.keys() != _WHOLE or facts["lines"] != min(len(lines) - 1, 999_999):
        raise ValueError(f"rubriques {', '.join(RUBRIQUES)} expected, and their number in 199")
    message = Message(comments=tuple(comments), **facts)
    if encode(message) != data:  # order, widths, what a text may hold
        raise ValueError("other lines than are written")
    return message


def _errors(acknowledgement: Acknowledgement, original: Comment) -> list[Comment]:
    kept = [finding for finding in acknowledgement.findings if catalogue.reach(finding) != "warning"]
    counts = acknowledgement.findings_by_code.items()
    total = sum(count for code, count in counts if catalogue.CATALOGUE[code].reach != "warning")
    comments = [_error(finding, original) for finding in kept]
    if total > len(kept) or not kept:
        more = total - len(kept)
        text = f"Constats non transmis ici : {more}. Voir le compte rendu." if more > 0 else ""
        comments.append(msgspec.structs.replace(original, error=0, text=text))
    return comments


def _error(finding: Finding, original: Comment) -> Comment:
    message = catalogue.message(finding, "fr").replace(" ; ", ", ")
    return msgspec.structs.replace(
        original,
        error=catalogue.CATALOGUE[finding.code].number,
        line=finding.record,
        position=finding.position,
        field=finding.field,
        text=f"{finding.invoice} : {message}" if finding.invoice else message,
    )


def _line(rubrique: str, zones: tuple[Zone, ...], source: msgspec.Struct) -> str:
    return ";".join([rubrique, *(_CODECS[zone.kind][0](getattr(source, zone.name), zone.width) for zone in zones)])


def _zones(zones: tuple[Zone, ...], texts: list[str]) -> dict[str, Any]:
    if [len(text) for text in texts] != [zone.width for zone in zones]:
        raise ValueError(f"zones of {[zone.width for zone in zones]} characters expected")
    return {zone.name: _CODECS[zone.kind][1](text) for zone, text in zip(zones, texts, strict=True)}


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _latin(value: str | None) -> str:
    return plain.latin(value or "").replace(";", ",")


def _day(text: str) -> date | None:
    return date(2000 + int(text[4:]), int(text[2:4]), int(text[:2])) if _digits(text) else None


_Codec = tuple[Callable[[Any, int], str], Callable[[str], Any]]
#: How each kind of zone is written, in its width, and read.
_CODECS: dict[str, _Codec] = {
    "n": (lambda number, width: f"{min(max(number or 0, 0), 10**width - 1):0{width}d}", _digits),
    "gln": (
        lambda code, width: code if code is not None and gln.has_form(code) else "0" * width,
        lambda text: text if _digits(text) else None,
    ),
    "day": (lambda day, width: f"{day:%d%m}{day.year % 100:02d}" if day else "0" * width, _day),
    "time": (
        lambda at, width: f"{at:%H%M%S}" if at else "0" * width,
        lambda text: time.fromisoformat(f"{_digits(text):06d}"),
    ),
    "an": (
        lambda text, width: _latin(text).lstrip()[:width].ljust(width),
        lambda text: text.rstrip(" "),
    ),
    "tail": (
        lambda text, width: (_latin(text).rstrip()[-width:] or "0" * width).ljust(width),
        lambda text: text.rstrip(" ") if text.strip("0") else None,
    ),
}
