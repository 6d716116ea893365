"""The XML encoding of our answers, version 1.0: AST, ANE and ATE with nothing cut.

Authority: `schemas/xsd/reponse-1.0.xsd`, this project's own (format, section 4). Every notice holds
the whole acknowledgement, so that either message of a partly accepted file tells everything. Texts
are made harmless, and with that fit for XML; times are Paris time with its offset.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from lxml import etree

from parsers.plain import harmless
from schemas import catalogue, gln
from schemas.acknowledgement import NOTICE_NUMBERS, Acknowledgement
from schemas.finding import Finding
from schemas.lending import lists
from schemas.text import Both, Text

NAMESPACE = "urn:droit-de-pret:reponse:1.0"
VERSION = "1.0"
_PARIS = ZoneInfo("Europe/Paris")

#: How a fact is written, None where it cannot be; and read.
Codec = tuple[Callable[[Any], Any], Callable[[str], Any]]


def moment(wall: datetime) -> str:
    """A Paris wall-clock time as XML has it, with its offset."""
    aware = wall.replace(tzinfo=_PARIS)
    offset = aware.utcoffset()
    # Before 1911 Paris was 9 min 21 s ahead, which no XML time can say.
    return (wall if offset is None or offset.seconds % 60 else aware).isoformat()


def read_moment(text: str) -> datetime:
    """Paris wall-clock time; the offset is dropped, since a declarant may state an hour that never was."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def words(wire: Mapping[str, str]) -> Codec:
    """How words of ours are written as those of `wire`, and read back."""
    return wire.__getitem__, {written: word for word, written in wire.items()}.__getitem__


REACH = {"file": "fichier", "invoice": "facture", "warning": "avertissement"}
TEXT: Codec = (str, str)
NUMBER: Codec = (str, int)
_BOOLEAN: Codec = (lambda fact: "true" if fact else "false", lambda text: text in ("true", "1"))
MOMENT: Codec = (moment, read_moment)
_GLN: Codec = (lambda number: number if gln.has_form(number) else None, str)
_VERDICT = words({
    "accepted": "acceptee", "partly-accepted": "partielle", "refused": "refusee", "duplicate": "doublon",
    "failed": "echec",
})  # fmt: skip
_Columns = Mapping[str, tuple[str, Codec]]
#: What stands in each element, in the order of the message: attribute, the acknowledgement's name for it, how it is written.
_FACTS: dict[str, _Columns] = {
    "reponse": {
        "verdict": ("verdict", _VERDICT),
        "refusEntier": ("structure_refused", _BOOLEAN),
        "aBlanc": ("dry_run", _BOOLEAN),
        "emission": ("answered_at", MOMENT),
    },
    "emetteur": {"gln": ("sender", _GLN)},
    "destinataire": {"gln": ("addressee", _GLN)},
    "original": {
        "fichier": ("file", TEXT),
        "sha256": ("sha256", TEXT),
        "format": ("format", words({"fixed": "fixe", "xml": "xml"})),
        "cote": ("side", words(lists.written(lists.SIDE, "xml"))),
        "usage": ("use", words(lists.written(lists.USE, "xml"))),
        "nature": ("nature", words(lists.written(lists.NATURE, "xml"))),
        "declarant": ("declarant", _GLN),
        "destinataire": ("original_addressee", _GLN),
        "reference": ("reference", TEXT),
        "periode": ("period", NUMBER),
        "envoiNumero": ("sending", NUMBER),
        "emission": ("issued", MOMENT),
    },
    "factures": {"lues": ("invoices", NUMBER), "acceptees": ("accepted", NUMBER), "refusees": ("refused", NUMBER)},
    "constats": {"total": ("findings_total", NUMBER)},
}
_OF_A_FINDING: _Columns = {
    "enregistrement": ("record", NUMBER),
    "position": ("position", NUMBER),
    "champ": ("field", TEXT),
    "facture": ("invoice", TEXT),
}


class Answer(msgspec.Struct, frozen=True):
    """What one XML answer says: its notice (ast, ane or ate) and the acknowledgement it carries."""

    notice: str
    acknowledgement: Acknowledgement


@cache
def schema() -> etree.XMLSchema:
    """The XSD of answers, version 1.0, ready to validate."""
    return etree.XMLSchema(etree.fromstring(files("schemas").joinpath("xsd", "reponse-1.0.xsd").read_bytes()))


def write(acknowledgement: Acknowledgement, notice: str) -> bytes:
    """The `notice` (ast, ane or ate) that answers this file, in UTF-8. Never raises on content.

    A GLN that is not 13 digits counts as not read.
    """
    assert notice in NOTICE_NUMBERS, notice
    ack = acknowledgement
    root = etree.Element(_tag("reponse"), {"version": VERSION, "avis": notice.upper()}, nsmap={None: NAMESPACE})
    for element in _FACTS:
        _put(root if element == "reponse" else _add(root, element), _FACTS[element], ack)
    findings = root[-1]
    for code, count in ack.findings_by_code.items():
        _add(findings, "compte", **_kind(code), nombre=count)
    for finding in ack.findings:
        _write_finding(findings, finding)
    for code in ack.not_checked:
        _add(root, "nonControle", code=code)
    for name in ack.corrections:
        _add(root, "correction", fichier=name)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def read(data: bytes) -> Answer:
    """The answer in `data`; ValueError if it is not XML, has a DTD or is against the XSD."""
    root = validated(data, schema())
    facts: dict[str, Any] = {"format": None, "sender": "", "addressee": None}
    for element, columns in _FACTS.items():
        for row in (root,) if element == "reponse" else root.iterfind(_tag(element)):
            facts |= _taken(row, columns)
    findings = root.iterfind(f"{_tag('constats')}/{_tag('constat')}")
    counts = root.iterfind(f"{_tag('constats')}/{_tag('compte')}")
    acknowledgement = Acknowledgement(
        **facts,
        findings=tuple(map(_read_finding, findings)),
        findings_by_code={row.attrib["code"]: int(row.attrib["nombre"]) for row in counts},
        not_checked=tuple(row.attrib["code"] for row in root.iterfind(_tag("nonControle"))),
        corrections=tuple(row.attrib["fichier"] for row in root.iterfind(_tag("correction"))),
    )
    return Answer(root.attrib["avis"].lower(), acknowledgement)


def validated(data: bytes, against: etree.XMLSchema) -> etree._Element:
    """The root of an XML message; ValueError if it is not XML, has a DTD or is against its XSD."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as why:
        raise ValueError(str(why)) from why
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a DTD is forbidden")
    if not against.validate(root):
        raise ValueError(str(against.error_log.last_error))
    return root


def _write_finding(parent: etree._Element, finding: Finding) -> None:
    row = _add(parent, "constat", **_kind(finding.code))
    _put(row, _OF_A_FINDING, finding)
    if finding.found is not None:
        _add(row, "trouve").text = harmless(finding.found)
    _write_text(row, "attendu", finding.expected)
    _write_text(row, "suggestion", finding.suggestion)
    _write_text(row, "message", Both(catalogue.message(finding, "fr"), catalogue.message(finding, "en")))


def _read_finding(row: etree._Element) -> Finding:
    found = row.find(_tag("trouve"))
    return Finding(
        code=row.attrib["code"],
        **_taken(row, _OF_A_FINDING),
        found=None if found is None else found.text or "",
        expected=_read_text(row, "attendu"),
        suggestion=_read_text(row, "suggestion"),
    )


def _write_text(parent: etree._Element, name: str, text: Text | None) -> None:
    if isinstance(text, Both):
        _add(parent, name, langue="fr").text = harmless(text.fr)
        _add(parent, name, langue="en").text = harmless(text.en)
    elif text is not None:
        _add(parent, name).text = harmless(text)


def _read_text(row: etree._Element, name: str) -> Text | None:
    texts = {text.get("langue"): text.text or "" for text in row.iterfind(_tag(name))}
    if "fr" in texts or "en" in texts:
        return Both(texts.get("fr", ""), texts.get("en", ""))
    return texts.get(None)


def _kind(code: str) -> dict[str, Any]:
    entry = catalogue.CATALOGUE[code]
    return {"code": code, "numero": entry.number, "portee": REACH[entry.reach]}


def _add(parent: etree._Element, element: str, **attributes: str | int) -> etree._Element:
    return etree.SubElement(parent, _tag(element), {name: harmless(str(value)) for name, value in attributes.items()})


def _put(element: etree._Element, columns: _Columns, source: msgspec.Struct) -> None:
    """Writes the facts of `source` that are known."""
    for attribute, (name, (write, _)) in columns.items():
        if (fact := getattr(source, name)) is not None and (written := write(fact)) is not None:
            element.set(attribute, harmless(written))


def _taken(element: etree._Element, columns: _Columns) -> dict[str, Any]:
    """The facts that an element has attributes for."""
    return {
        name: read(element.attrib[attribute])
        for attribute, (name, (_, read)) in columns.items()
        if attribute in element.attrib
    }


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
