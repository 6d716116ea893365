"""The EDIFACT encoding of our answers: AST, ANE and ATE as EANCOM D.96A messages APERAK.

Authority: ISO 9735 syntax 3 for the interchange, the UN/EDIFACT directory D.96A for the segments and their widths, and
what is public of the French book trade's service messages (4343, 9321, FTX AAE). The rest is *ours*:

- One interchange of one message a notice, in ISO-8859-1 (UNOC), without UNA or line feeds. Characters outside are
  transliterated, controls spelled out (`\\x1b`), runs of spaces made one.
- BGM 1001 is the notice's number (914, 913, 912; 3055 ZZZ). Its 1004 is the reference of the interchange too, another
  one for every answer. The test indicator 0035 stands on dry runs and on declarations of use T.
- RFF AGO is the declaration's reference, with its issue as DTM 137; RFF ACW its sending number.
- NAD BY or SU is the declarant, by its side (MS if that could not be read); NAD DP the addressee it named.
- Under each ERC (number of the finding) FTX is the French sentence, cut at 5 times 70 characters. RFF LI is the
  record, or the line in XML; the FTX after it the position and the field.
- APERAK holds 999 errors; as in Gencod, a last one numbered 000 says how many findings are not told.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from parsers import plain
from parsers.answers import gencod
from schemas import gln
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from schemas.catalogue import reach
from schemas.lending import lists

ENCODING = "iso8859-1"
MESSAGE_TYPE = ["APERAK", "D", "96A", "UN", "EAN000"]
MOST_ERRORS = 999
_WIDTH, _PIECES, _REFERENCE = 70, 5, 35  # of 4440 in an FTX, of 1154
_NOTICES = {number: notice for notice, (number, _) in NOTICE_NUMBERS.items()}
_DECLARANT = {row.word: row.un for row in lists.SIDE} | {None: "MS"}
_SIDES = {qualifier: side for side, qualifier in _DECLARANT.items()}
_NOBODY = "0" * 13
#: In ISO-8859-15, but not in ISO-8859-1.
_LATIN1 = str.maketrans({"€": "EUR", "Š": "S", "š": "s", "Ž": "Z", "ž": "z", "Œ": "OE", "œ": "oe", "Ÿ": "Y"})
_HELD = {mark: chr(place) for place, mark in enumerate("?+:'")}  # controls, which no message holds
_FREED = str.maketrans({held: mark for mark, held in _HELD.items()})


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """One ERC and what hangs on it. `number` is the finding's; None and "" where there is nothing to say."""

    number: int
    text: str = ""
    record: int | None = None
    position: int | None = None
    field: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A whole interchange. `notice` is ast, ane or ate; the times are Paris time, to the minute."""

    notice: str
    identity: str
    test: bool
    sender: str | None
    addressee: str | None
    answered_at: datetime
    reference: str = ""
    issued: datetime | None = None
    sending: int | None = None
    declarant: str | None = None
    side: str | None = None
    original_addressee: str | None = None
    errors: tuple[Error, ...] = ()


def compose(acknowledgement: Acknowledgement, notice: str) -> Message:
    """What the `notice` (ast, ane or ate) of this file says, as far as the elements can hold it."""
    ack = acknowledgement
    told = tuple(finding for finding in ack.findings if reach(finding) != "warning")
    comments = gencod.compose(msgspec.structs.replace(ack, findings=told[: MOST_ERRORS - 1]), notice).comments
    named = f"{ack.sha256} {notice} {ack.answered_at.isoformat()} {ack.dry_run}"
    declarant = _gln(ack.declarant)
    return Message(
        notice=notice, identity=hashlib.sha256(named.encode()).hexdigest()[:14].upper(),
        test=ack.dry_run or ack.use == "test", sender=_gln(ack.sender), addressee=_gln(ack.addressee),
        answered_at=ack.answered_at.replace(second=0, microsecond=0), reference=_text(ack.reference, _REFERENCE),
        issued=ack.issued and ack.issued.replace(second=0, microsecond=0), sending=ack.sending,
        declarant=declarant, side=ack.side if declarant else None, original_addressee=_gln(ack.original_addressee),
        errors=tuple(
            Error(number=one.error, text=_text(one.text, _WIDTH * _PIECES), record=one.line, position=one.position,
                  field=_text(one.field, _WIDTH))
            for one in comments if one.error is not None
        ),
    )  # fmt: skip


def write(acknowledgement: Acknowledgement, notice: str) -> bytes:
    """The `notice` (ast, ane or ate) that answers this file, in ISO-8859-1. Never raises on content."""
    return encode(compose(acknowledgement, notice))


def encode(message: Message) -> bytes:
    """`message` as bytes."""
    at, body = _when(message.answered_at), list(_body(message))
    parties = [[party or _NOBODY, "14"] for party in (message.sender, message.addressee)]
    test = [[""]] * 5 + [["1"]] if message.test else []
    segments: list[list[list[str]]] = [
        [["UNB"], ["UNOC", "3"], *parties, [at[2:8], at[8:]], [message.identity], *test],
        [["UNH"], ["1"], MESSAGE_TYPE],
        *body,
        [["UNT"], [str(len(body) + 2)], ["1"]],
        [["UNZ"], ["1"], [message.identity]],
    ]
    return "".join("+".join(map(_element, segment)) + "'" for segment in segments).encode(ENCODING)


def read(data: bytes) -> Message:
    """The message in `data`; ValueError where it is not, byte for byte, as `write` makes it."""
    if re.search(rb"[\x00-\x1f\x7f-\x9f]", data):
        raise ValueError("APERAK: a control character")
    marked = re.sub(r"\?([?+:'])", lambda released: _HELD[released[1]], data.decode(ENCODING))
    facts: dict[str, Any] = {"test": False}
    errors: list[dict[str, Any]] = []
    try:
        for written in marked.split("'")[:-1]:
            segment = [[one.translate(_FREED) for one in element.split(":")] for element in written.split("+")]
            _take(segment, facts, errors)
        message = Message(errors=tuple(Error(**error) for error in errors), **facts)
    except (ValueError, LookupError, TypeError) as why:
        raise ValueError(f"APERAK: {why}") from why
    if encode(message) != data:  # order, counts, references, widths, what is released
        raise ValueError("APERAK: other counts, references or segments than are written")
    return message


def _body(message: Message) -> Iterator[list[list[str]]]:
    number, _ = NOTICE_NUMBERS[message.notice]
    yield [["BGM"], [number, "", "ZZZ"], [message.identity], ["9"], ["AB" if message.notice == "ate" else "RE"]]
    yield [["DTM"], ["137", _when(message.answered_at), "203"]]
    yield [["RFF"], ["AGO", message.reference]]
    if message.issued:
        yield [["DTM"], ["137", _when(message.issued), "203"]]
    if message.sending is not None:
        yield [["RFF"], ["ACW", str(message.sending)]]
    parties = ((_DECLARANT[message.side], message.declarant), ("DP", message.original_addressee))
    yield from ([["NAD"], [qualifier], [party, "", "9"]] for qualifier, party in parties if party)
    for error in message.errors:
        record, position = ("" if one is None else str(one) for one in (error.record, error.position))
        yield [["ERC"], [f"{error.number:03d}", "", "ZZZ"]]
        if error.text:
            cut = [error.text[first : first + _WIDTH] for first in range(0, _WIDTH * _PIECES, _WIDTH)]
            yield [["FTX"], ["AAE"], [""], [""], cut]
        if record or position or error.field:
            yield [["RFF"], ["LI", record]]
        if position or error.field:
            yield [["FTX"], ["AAE"], [""], [""], [position, error.field]]


def _take(segment: list[list[str]], facts: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Put what a segment says into `facts`, or into the last of `errors`. The rest, `encode` compares."""
    match segment:
        case [["UNB"], _, [sender, _], [addressee, _], _, _, *rest]:
            facts |= {"sender": _gln(sender), "addressee": _gln(addressee), "test": bool(rest)}
        case [["BGM"], [number, *_], [identity], *_]:
            facts |= {"notice": _NOTICES[number], "identity": identity}
        case [["DTM"], [_, when, _]]:
            facts["issued" if "answered_at" in facts else "answered_at"] = datetime.fromisoformat(
                f"{when[:8]}T{when[8:]}"
            )
        case [["RFF"], ["AGO", *reference]]:
            facts["reference"] = "".join(reference)
        case [["RFF"], ["ACW", sending]]:
            facts["sending"] = int(sending)
        case [["NAD"], [role], [party, *_]]:
            facts |= (
                {"original_addressee": _gln(party)}
                if role == "DP"
                else {"declarant": _gln(party), "side": _SIDES[role]}
            )
        case [["ERC"], [number, *_]]:
            errors.append({"number": int(number)})
        case [["RFF"], ["LI", *record]]:
            errors[-1]["record"] = int(record[0]) if record else None
        case [["FTX"], _, _, _, [position, *field]] if "record" in errors[-1]:
            errors[-1] |= {"position": int(position) if position else None, "field": "".join(field)}
        case [["FTX"], _, _, _, pieces]:
            errors[-1]["text"] = "".join(pieces)


def _element(components: list[str]) -> str:
    last = max((place for place, one in enumerate(components, 1) if one), default=1)
    return ":".join(re.sub(r"[?+:']", r"?\g<0>", one) for one in components[:last])


def _text(value: str | None, width: int) -> str:
    return re.sub(r" +", " ", plain.latin(value or "").translate(_LATIN1)).strip(" ")[:width].rstrip(" ")


def _when(moment: datetime) -> str:
    return re.sub(r"\D", "", moment.isoformat(timespec="minutes"))


def _gln(number: str | None) -> str | None:
    return number if number is not None and gln.has_form(number) and number != _NOBODY else None
