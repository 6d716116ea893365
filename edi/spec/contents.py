"""All that the specification states, as one JSON-able document, out of the very tables production reads.

Nothing is listed here that stands elsewhere: records come from `schemas.lending.layout`, XML from the XSDs, codes from
`schemas.lending.lists` and the catalogue, zones from `parsers.answers.gencod`, rates from `edi.lending.rules.terms`. What has no words there
has them in `words.toml`; a table that grows without them is a KeyError here, so that nothing is left out in silence.
"""

import tomllib
from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files
from typing import Any, get_args

import msgspec

from edi.core.limits import Limits
from edi.core.settings import OUR_GLN
from edi.lending.booking import rehearsing
from edi.lending.rules import proposing, terms
from edi.lending.rules.candidate import DAYS_APART, TOLERANCE_CENTS
from edi.sandbox import SCENARIOS
from edi.spec.worked import ANSWERED, LIBRARY, worked
from parsers.answers import Encoding, answer_xml, aperak, gencod, names, status
from parsers.answers.report import as_json
from parsers.xml.faults import FIELDS
from parsers.xml.tag import NAMESPACE
from parsers.xml.tag import VERSION as XML_VERSION
from parsers.xml.xsd import Element, elements
from schemas import charset, gln, number
from schemas.acknowledgement import NOTICE_NUMBERS, VERDICTS, Acknowledgement, Rehearsal, Rehearsed
from schemas.catalogue import CATALOGUE, advice
from schemas.finding import Finding
from schemas.lending import layout, lists
from schemas.lending.status import AWAITED, COLUMNS, FORMS, HEAD, STATE, Column
from schemas.lending.status import file_name as status_file_name
from schemas.text import Both
from spool.link import Link

XSDS = {"declaration": "declaration-1.0.xsd", "reponse": "reponse-1.0.xsd", "etat": "etat-1.0.xsd"}
_LISTS = (
    ("cote", Both("Côté", "Side"), lists.SIDE),
    ("usage", Both("Usage", "Use"), lists.USE),
    ("nature", Both("Nature", "Nature"), lists.NATURE),
    ("type", Both("Type de facture", "Kind of invoice"), lists.KIND),
    ("exclusion", Both("Exclusion d'une ligne", "Exclusion of a line"), lists.EXCLUSION),
)
_FORMS = (proposing.SAME_AMOUNT, proposing.NUMBER_ENDS, proposing.LATE, proposing.STATEMENT, proposing.NET_OF_CREDIT)
_WRITTEN = ("FA-2025/0012", "fa 2025 0012", "000013", "2025-0040", "AV n° 3", "F-000")
_ELEMENTS = elements(XSDS["declaration"], "declaration")
#: Which field an attribute of a declaration is, by element and name; and the other way round.
_FIELDS = {
    (element.name, attribute.name): FIELDS[f"{{{NAMESPACE}}}{element.name}", attribute.name]
    for element in _ELEMENTS
    for attribute in element.attributes
}
_PLACES = {field: place for place, field in _FIELDS.items()}

_Words = dict[str, dict[str, Both]]


def contents() -> dict[str, Any]:
    """The document: figures, tables and examples; texts are `{"fr": ..., "en": ...}`."""
    words = _words()
    document = {
        "version": version("droit-de-pret"),
        "our_gln": OUR_GLN,
        "weighed": {
            "gln": LIBRARY,
            "sum": sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(LIBRARY[:12])),
        },
        "fixed": {
            "version": layout.VERSION, "length": layout.LENGTH, "encoding": charset.ENCODING,
            "records": [_record(record, words) for record in layout.LAYOUTS.values()],
        },
        "xml": {
            "version": XML_VERSION, "namespace": NAMESPACE, "schema": XSDS["declaration"],
            "elements": [_declared(element, words) for element in _ELEMENTS],
        },
        "lists": [{"name": name, "label": label, "values": list(map(_value, rows))} for name, label, rows in _LISTS],
        "legacy_gencods": sorted(gln.LEGACY),
        "reaches": words["reaches"],
        "checks": [
            {
                "code": entry.code, "number": entry.number, "reach": entry.reach, "sentence": Both(entry.fr, entry.en),
                "means": advice()[entry.code].means, "write": advice()[entry.code].write,
                "sample": f"{entry.number}-{entry.code}",
            }
            for entry in CATALOGUE.values()
        ],
        "answers": _answers(words),
        "status": {
            "names": [status_file_name(LIBRARY, 1, form) for form in FORMS], "namespace": status.NAMESPACE,
            "schema": XSDS["etat"], "head": list(map(_column, HEAD)), "columns": list(map(_column, COLUMNS)),
            "states": [_value(row) for row in STATE], "awaited": [_value(row) for row in AWAITED],
        },
        "files": {
            "folders": {name: getattr(Link(name="x"), name) for name in ("depot", "retour", "archive")},
            "settle_seconds": Link(name="x").settle_seconds, "limits": Limits(),
        },
        "terms": [
            {"since": term.since.isoformat(), "rate_percent": term.rate_percent, "cap_percent": term.cap_bp // 100}
            for term in terms.TERMS
        ],
        "dates": {
            name.lower(): getattr(terms, name).isoformat()
            for name in ("SCHEME_BEGINS", "CONTRACT_EXEMPT_UNTIL", "CONTRACTS_DECLARED_UNTIL", "FOREIGN_EXCLUDED_UNTIL",
                         "LINES_DUE_FROM", "HOSPITALS_EXEMPT_UNTIL")
        },
        "first_period": terms.FIRST_PERIOD,
        "seven_percent": [day.isoformat() for day in terms.SEVEN_PER_CENT],
        "matching": {
            "days_apart": DAYS_APART, "tolerance_cents": TOLERANCE_CENTS,
            "proposals": _keys(_FORMS, _counted(words["proposals"])),
            "discrepancies": _keys(words["discrepancies"], _counted(words["discrepancies"])),
        },
        "trying": {
            "longest": rehearsing.LONGEST,
            "would": _keys(Rehearsal.__struct_fields__, _counted(words["would"])),
            "would_invoice": _keys(Rehearsed.__struct_fields__, words["would"]),
            "scenarios": _keys(SCENARIOS, SCENARIOS),
        },
        "keys": [{"written": written, "key": number.key(written)} for written in _WRITTEN],
        "example": worked(),
    }  # fmt: skip
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def _words() -> _Words:
    return msgspec.convert(tomllib.loads(files("edi.spec").joinpath("words.toml").read_text("utf-8")), _Words)


def _column(column: Column) -> dict[str, Any]:
    return {
        "xml": column.wire, "csv": column.head, "json": column.name, "label": Both(column.fr, column.en),
    }  # fmt: skip


def _value(row: lists.Row) -> dict[str, Any]:
    return {"fixed": row.fixed, "xml": row.xml, "label": Both(row.fr, row.en)}


def _record(record: layout.Layout, words: _Words) -> dict[str, Any]:
    return {
        "mark": record.mark,
        "label": Both(record.fr, record.en),
        "fields": [
            {
                "name": field.wire, "first": field.first, "last": field.last, "width": field.width, "form": field.form,
                "form_label": words["forms"][field.form], "label": Both(field.fr, field.en),
                "expected": _expected(record, field), "values": list(map(_value, field.codes)),
                "xml": "@".join(_PLACES.get(field, ())),
            }
            for field in record.fields
        ],
    }  # fmt: skip


def _expected(record: layout.Layout, field: layout.Field) -> Both:
    """What stands in a field: what findings expect there, but where the specification can say it outright."""
    always = {"mark": record.mark, "version": layout.VERSION}.get(field.name)
    return Both(always, always) if always else layout.describe(field)


def _declared(element: Element, words: _Words) -> dict[str, Any]:
    """An element of a declaration; its attributes are the fixed format's fields."""
    facts = _element(element, words["elements"][element.name], words)
    for row in facts["attributes"]:
        field = _FIELDS[element.name, row["name"]]
        mark = next(record.mark for record in layout.LAYOUTS.values() if field in record.fields)
        row |= {"label": Both(field.fr, field.en), "fixed": f"{mark} {field.first}-{field.last}"}
    return facts


def _element(element: Element, label: Both, words: _Words) -> dict[str, Any]:
    facts = {**msgspec.to_builtins(element), "label": label}
    for row in facts["attributes"]:
        listed = " / ".join(row["values"])
        row["form"] = Both(listed, listed) if listed else words["types"][row["type"]]
    return facts


def _answers(words: _Words) -> dict[str, Any]:
    """The notices and their names, the Gencod zones, the XML elements, the keys of the JSON report."""
    meant = words["answer"]
    xml = []
    for element in elements(XSDS["reponse"], "reponse"):
        facts = _element(element, meant[element.name], words)
        for row in facts["attributes"]:
            row["label"] = meant.get(f"{element.name}@{row['name']}") or meant[f"@{row['name']}"]
        xml.append(facts)
    partly = Acknowledgement(
        file="", sha256="", format=None, verdict="partly-accepted", addressee=None, sender=OUR_GLN,
        answered_at=ANSWERED, invoices=2, accepted=1, refused=1, findings=(Finding(code="charset"),),
    )  # fmt: skip
    refused = msgspec.structs.replace(partly, verdict="refused", structure_refused=True)
    encodings = [encoding for encoding in get_args(Encoding) if encoding != "auto"]
    named = [names("<nom>", answered, encoding) for encoding in encodings for answered in (refused, partly)]
    report = as_json(partly)
    return {
        "notices": [
            {"notice": notice.upper(), "number": number, "comment": comment, "label": words["notices"][notice]}
            for notice, (number, comment) in NOTICE_NUMBERS.items()
        ],
        "verdicts": _keys(VERDICTS, words["verdicts"]),
        "names": list(dict.fromkeys(name for files in named for name, _ in files)),
        "network": gencod.NETWORK,
        "original_type": gencod.ORIGINAL_TYPE,
        "gencod": [_rubrique(gencod.MESSAGE_TYPE, (), words)]
        + [_rubrique(rubrique, zones, words) for rubrique, zones in gencod.RUBRIQUES.items()],
        "aperak": aperak.MESSAGE_TYPE,
        "aperak_errors": aperak.MOST_ERRORS,
        "xml": {"namespace": answer_xml.NAMESPACE, "schema": XSDS["reponse"], "elements": xml},
        "report": _keys(report, words["report"]),
        "finding": _keys(words["finding"], words["finding"]),
    }


def _counted(words: dict[str, Both]) -> dict[str, Both]:
    """Words with their figures in them."""
    figures = {
        "close": proposing.CLOSE_DAYS, "days": DAYS_APART, "more": DAYS_APART + 1, "late": proposing.LATE_DAYS,
        "lines": terms.LINES_DUE_FROM.year, "listed": rehearsing.LISTED,
    }  # fmt: skip
    return {key: Both(both.fr.format(**figures), both.en.format(**figures)) for key, both in words.items()}


def _keys(keys: Iterable[str], words: dict[str, Both]) -> list[dict[str, Any]]:
    return [{"key": key, "label": words[key]} for key in keys]


def _rubrique(rubrique: str, zones: tuple[gencod.Zone, ...], words: _Words) -> dict[str, Any]:
    """A line of a Gencod answer: its zones; of a comment also those that hang on its identifier (`of`)."""
    hanging: dict[tuple[gencod.Zone, ...], list[int]] = {}
    for identifier, more in gencod.COMMENTS.items() if rubrique == "177" else ():
        hanging.setdefault(more, []).append(identifier)
    rows = [("", zone) for zone in zones]
    rows += [(", ".join(map(str, of)), zone) for more, of in hanging.items() for zone in more]
    return {
        "rubrique": rubrique,
        "label": words["rubriques"][rubrique],
        "zones": [
            {"of": of, "name": zone.name, "width": zone.width, "label": Both(zone.fr, zone.en),
             "form": words["zones"][zone.kind]}
            for of, zone in rows
        ],
    }  # fmt: skip
