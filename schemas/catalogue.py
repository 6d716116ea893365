"""The finding codes: reach, number for the Gencod answer, and the sentence in French and English.

Order is for ever: numbers follow it (file 101 on, invoice 201 on, warning 301 on), and a new code
goes to the end of its reach. What each means and what to write instead stands in `findings.toml`,
a paragraph in each language; a check of values is a row of its scheme's table beside it
(`edi.lending.rules.checks.CHECKS`), and is raised nowhere else. Authority: format, section 3.
"""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from schemas.finding import Finding
from schemas.text import Both, say


class Entry(msgspec.Struct, frozen=True):
    """One code. `fr` and `en` may name {found}, {expected}, {field} and {invoice}."""

    code: str
    reach: str
    number: int
    fr: str
    en: str


_FILE = (
    ("format-unknown", "Ce fichier n'est pas une déclaration : {found}.", "This file is not a declaration: {found}."),
    ("file-too-large", "Fichier trop volumineux : {found} ; limite : {expected}.", "File too large: {found}; limit: {expected}."),
    ("charset", "Caractère ou encodage interdit : {found} ; attendu : {expected}.", "Forbidden character or encoding: {found}; expected: {expected}."),
    ("record-order", "Enregistrement hors de sa place : {found} ; attendu : {expected}.", "Record out of place: {found}; expected: {expected}."),
    ("record-number", "Numéro d'enregistrement {found} au lieu de {expected}.", "Record number {found} instead of {expected}."),
    ("header-field", "En-tête, {field} : {found} ; attendu : {expected}.", "Header, {field}: {found}; expected: {expected}."),
    ("header-version", "Version de format {found} ; attendue : {expected}.", "Format version {found}; expected: {expected}."),
    ("declarant-gln-check-digit", "GLN du déclarant {found} : clé de contrôle fausse ; attendu : {expected}.", "Declarant's GLN {found}: wrong check digit; expected: {expected}."),
    ("declarant-not-allowed", "Cette liaison ne parle pas pour le déclarant {found}.", "This link does not speak for declarant {found}."),
    ("addressee-not-us", "Déclaration adressée à {found} ; notre GLN est {expected}.", "Declaration addressed to {found}; our GLN is {expected}."),
    ("reference-already-used", "La référence {found} a déjà servi à une déclaration comptabilisée.", "Reference {found} was already used by a booked declaration."),
    ("replaced-reference-unknown", "La référence {found} n'est pas la dernière déclaration en vigueur ; attendu : {expected}.", "Reference {found} is not the latest live declaration; expected: {expected}."),
    ("trailer-missing", "Enregistrement FI absent : le fichier est peut-être tronqué.", "FI record missing: the file may be cut short."),
    ("trailer-count", "FI, {field} : {found} ; attendu : {expected}.", "FI, {field}: {found}; expected: {expected}."),
    ("trailer-total", "FI, {field} : {found} ; somme des factures : {expected}.", "FI, {field}: {found}; sum of the invoices: {expected}."),
    ("xml-not-well-formed", "XML mal formé : {found}.", "XML not well-formed: {found}."),
    ("xml-dtd-forbidden", "Une DTD (<!DOCTYPE>) est interdite.", "A DTD (<!DOCTYPE>) is forbidden."),
)  # fmt: skip

_INVOICE = (
    ("record-length", "Enregistrement de {found} caractères au lieu de {expected}.", "Record of {found} characters instead of {expected}."),
    ("field-format", "Zone {field} : {found} ; attendu : {expected}.", "Field {field}: {found}; expected: {expected}."),
    ("xml-schema", "Non conforme au schéma, {field} : {found} ; attendu : {expected}.", "Against the schema, {field}: {found}; expected: {expected}."),
    ("partner-gln-check-digit", "GLN du partenaire {found} : clé de contrôle fausse ; attendu : {expected}.", "Partner's GLN {found}: wrong check digit; expected: {expected}."),
    ("ean-check-digit", "EAN {found} : clé de contrôle fausse ; attendu : {expected}.", "EAN {found}: wrong check digit; expected: {expected}."),
    ("invoice-date-invalid", "Date impossible, {field} : {found} ; attendu : {expected}.", "Impossible date, {field}: {found}; expected: {expected}."),
    ("invoice-date-outside-period", "Date {found} hors de la période {expected}.", "Date {found} outside period {expected}."),
    ("invoice-date-in-future", "Date {found} postérieure à l'émission ({expected}).", "Date {found} after the day of issue ({expected})."),
    ("invoice-before-scheme", "Date {found} antérieure au droit de prêt ({expected}).", "Date {found} before the lending right began ({expected})."),
    ("ht-exceeds-ttc", "Total HT {found} supérieur au total TTC {expected}.", "Total HT {found} above total TTC {expected}."),
    ("line-count-differs", "{expected} lignes annoncées, {found} lues.", "{expected} lines announced, {found} read."),
    ("lines-missing", "Facture de fournisseur sans ligne : le détail est dû depuis le 01/01/2006.", "Supplier's invoice without lines: detail is due since 2006-01-01."),
    ("lines-not-allowed", "Une bibliothèque déclare sans lignes ; {found} trouvées ou annoncées.", "A library declares no lines; {found} found or announced."),
    ("quantity-zero", "Quantité nulle ; au moins 1.", "Quantity zero; at least 1."),
    ("price-zero", "Prix public nul.", "Public price zero."),
    ("invoice-total-differs", "Total HT {found} ; somme des lignes : {expected}.", "Total HT {found}; sum of the lines: {expected}."),
    ("exclusion-unknown", "Code d'exclusion inconnu : {found} ; attendu : {expected}.", "Unknown exclusion code: {found}; expected: {expected}."),
    ("exclusion-expired", "Exclusion {found} non recevable : {expected}.", "Exclusion {found} not admissible: {expected}."),
    ("invoice-twice-in-file", "Facture présente deux fois dans le fichier (enregistrement {found}).", "Invoice stands twice in the file (record {found})."),
    ("invoice-declared-differently", "Facture déjà déclarée autrement (déclaration {found}) ; la remplacer par une nature R.", "Invoice already declared differently (declaration {found}); replace it with nature R."),
)  # fmt: skip

_WARNING = (
    ("gln-check-digit-legacy", "GLN {found} : clé de contrôle fausse, mais Gencod connu ; accepté.", "GLN {found}: wrong check digit, but a known Gencod; accepted."),
    ("partner-unknown", "Partenaire {found} absent de l'annuaire.", "Partner {found} not in the directory."),
    ("partner-role", "Partenaire {found} connu dans un autre rôle ; attendu : {expected}.", "Partner {found} known in another role; expected: {expected}."),
    ("ean-not-a-book", "EAN {found} : pas un livre ; attendu : {expected}.", "EAN {found}: not a book; expected: {expected}."),
    ("discount-over-cap", "Remise {found} supérieure au plafond légal {expected}.", "Discount {found} above the legal cap {expected}."),
    ("vat-implausible", "TVA invraisemblable, {field} : {found} ; attendu : {expected}.", "Implausible VAT, {field}: {found}; expected: {expected}."),
    ("exclusion-without-evidence", "Exclusion {found} sans preuve : la ligne reste dans l'assiette.", "Exclusion {found} without evidence: the line stays in the base."),
    ("contract-date-missing", "Date d'envoi du marché public absente ({found}).", "Date the public contract was sent is missing ({found})."),
    ("title-altered", "Titre translittéré : {found} devient {expected}.", "Title transliterated: {found} becomes {expected}."),
    ("invoice-already-declared", "Facture déjà déclarée à l'identique (déclaration {found}) ; comptée une seule fois.", "Invoice already declared identically (declaration {found}); counted once."),
    ("period-closed-booked-late", "Période {found} close : comptabilisée en {expected}.", "Period {found} closed: booked in {expected}."),
)  # fmt: skip

#: What cannot be said of a partner where there is no directory.
OF_DIRECTORY = ("partner-unknown", "partner-role")
CATALOGUE: dict[str, Entry] = {
    code: Entry(code, reach, first + place, fr, en)
    for reach, first, rows in (("file", 101, _FILE), ("invoice", 201, _INVOICE), ("warning", 301, _WARNING))
    for place, (code, fr, en) in enumerate(rows)
}


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code means, and what to write instead."""

    means: Both
    write: Both


@cache
def advice() -> dict[str, Advice]:
    """The paragraph on every code, in the catalogue's order."""
    told = tomllib.loads(files("schemas").joinpath("findings.toml").read_text("utf-8"))
    by_code = msgspec.convert(told, dict[str, Advice])
    assert list(by_code) == list(CATALOGUE)
    return by_code


def reach(finding: Finding) -> str:
    """`file`, `invoice` or `warning`."""
    return CATALOGUE[finding.code].reach


def message(finding: Finding, language: str = "fr") -> str:
    """The finding's sentence in `language` (`fr` or `en`).

    >>> message(Finding(code="record-number", found="0000007", expected="0000006"), "en")
    'Record number 0000007 instead of 0000006.'
    """
    entry = CATALOGUE[finding.code]
    template = entry.en if language == "en" else entry.fr
    return template.format(
        found=finding.found if finding.found is not None else "-",
        expected=say(finding.expected, language) or "-",
        field=finding.field or "-",
        invoice=finding.invoice or "-",
    )
