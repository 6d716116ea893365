"""The XML encoding of our answers, version 1.0: AST, ANE and ATE with nothing cut.

Authority: `schemas/xsd/reponse-1.0.xsd`, this project's own (format, section 4). Every notice holds
the whole acknowledgement, so that either message of a partly accepted file tells everything. Texts
are made harmless, and with that fit for XML; times are Paris time with its offset.
"""

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

VERDICT = {
    "accepted": "acceptee",
    "partly-accepted": "partielle",
    "refused": "refusee",
    "duplicate": "doublon",
    "failed": "echec",
}
FORMAT = {"fixed": "fixe", "xml": "xml"}
REACH = {"file": "fichier", "invoice": "facture", "warning": "avertissement"}
SIDE = lists.to_xml(lists.SIDE)
USE = lists.to_xml(lists.USE)
NATURE = lists.to_xml(lists.NATURE)


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
    root = etree.Element(
        f"{{{NAMESPACE}}}reponse",
        {
            "version": VERSION,
            "avis": notice.upper(),
            "verdict": VERDICT[ack.verdict],
            "refusEntier": _boolean(ack.structure_refused),
            "aBlanc": _boolean(ack.dry_run),
            "emission": moment(ack.answered_at),
        },
        nsmap={None: NAMESPACE},
    )
    _add(root, "emetteur", gln=_gln(ack.sender))
    _add(root, "destinataire", gln=_gln(ack.addressee))
    _add(
        root,
        "original",
        fichier=ack.file,
        sha256=ack.sha256,
        format=FORMAT[ack.format] if ack.format else None,
        cote=SIDE[ack.side] if ack.side else None,
        usage=USE[ack.use] if ack.use else None,
        nature=NATURE[ack.nature] if ack.nature else None,
        declarant=_gln(ack.declarant),
        destinataire=_gln(ack.original_addressee),
        reference=ack.reference,
        periode=ack.period,
        envoiNumero=ack.sending,
        emission=moment(ack.issued) if ack.issued else None,
    )
    _add(root, "factures", lues=ack.invoices, acceptees=ack.accepted, refusees=ack.refused)
    findings = _add(root, "constats", total=ack.findings_total)
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
    original, invoices, findings = (root.find(_tag(name)) for name in ("original", "factures", "constats"))
    assert original is not None and invoices is not None and findings is not None
    ack = Acknowledgement(
        file=original.attrib["fichier"],
        sha256=original.attrib["sha256"],
        format=_ours(FORMAT, original.get("format")),
        verdict=_ours(VERDICT, root.attrib["verdict"]) or "",
        sender=_party(root, "emetteur") or "",
        addressee=_party(root, "destinataire"),
        answered_at=read_moment(root.attrib["emission"]),
        side=_ours(SIDE, original.get("cote")),
        use=_ours(USE, original.get("usage")),
        nature=_ours(NATURE, original.get("nature")),
        declarant=original.get("declarant"),
        original_addressee=original.get("destinataire"),
        reference=original.get("reference"),
        period=_number(original.get("periode")),
        sending=_number(original.get("envoiNumero")),
        issued=read_moment(original.attrib["emission"]) if "emission" in original.attrib else None,
        invoices=int(invoices.attrib["lues"]),
        accepted=int(invoices.attrib["acceptees"]),
        refused=int(invoices.attrib["refusees"]),
        findings=tuple(map(_read_finding, findings.iterfind(_tag("constat")))),
        findings_total=int(findings.attrib["total"]),
        findings_by_code={row.attrib["code"]: int(row.attrib["nombre"]) for row in findings.iterfind(_tag("compte"))},
        not_checked=tuple(row.attrib["code"] for row in root.iterfind(_tag("nonControle"))),
        corrections=tuple(row.attrib["fichier"] for row in root.iterfind(_tag("correction"))),
        structure_refused=root.attrib["refusEntier"] in ("true", "1"),
        dry_run=root.attrib["aBlanc"] in ("true", "1"),
    )
    return Answer(root.attrib["avis"].lower(), ack)


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
    row = _add(
        parent,
        "constat",
        **_kind(finding.code),
        enregistrement=finding.record,
        position=finding.position,
        champ=finding.field,
        facture=finding.invoice,
    )
    if finding.found is not None:
        _add(row, "trouve").text = harmless(finding.found)
    _write_text(row, "attendu", finding.expected)
    _write_text(row, "suggestion", finding.suggestion)
    _write_text(row, "message", Both(catalogue.message(finding, "fr"), catalogue.message(finding, "en")))


def _read_finding(row: etree._Element) -> Finding:
    found = row.find(_tag("trouve"))
    return Finding(
        code=row.attrib["code"],
        record=_number(row.get("enregistrement")),
        position=_number(row.get("position")),
        field=row.get("champ"),
        invoice=row.get("facture"),
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


def _add(parent: etree._Element, element: str, **attributes: str | int | None) -> etree._Element:
    kept = {name: harmless(str(value)) for name, value in attributes.items() if value is not None}
    return etree.SubElement(parent, _tag(element), kept)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _ours(words: dict[str, str], written: str | None) -> str | None:
    return next((ours for ours, wire in words.items() if wire == written), None)


def _party(root: etree._Element, name: str) -> str | None:
    element = root.find(_tag(name))
    return None if element is None else element.get("gln")


def _gln(number: str | None) -> str | None:
    return number if number is not None and gln.has_form(number) else None


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def moment(wall: datetime) -> str:
    """A Paris wall-clock time as XML has it, with its offset."""
    aware = wall.replace(tzinfo=_PARIS)
    offset = aware.utcoffset()
    # Before 1911 Paris was 9 min 21 s ahead, which no XML time can say.
    return (wall if offset is None or offset.seconds % 60 else aware).isoformat()


def read_moment(text: str) -> datetime:
    """Paris wall-clock time; the offset is dropped, since a declarant may state an hour that never was."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
