"""A small world out of a seed: partners, some hundred sales, and the files in which both sides declare them.

Most of it is in order. What is not is there on purpose, and said: `DeclarationFile.cause` in words,
`DeclarationFile.expected` as finding codes, `World.planted` as the state of each invoice after either round.
The same seed gives the same bytes on any machine.
"""

import datetime
from datetime import timedelta
from random import Random

import msgspec

from edi.demo import faults
from edi.demo.names import LIBRARIES, SUPPLIERS
from edi.demo.sales import PLANS, Sale, catalogue, credit, ean13, sell, ttc
from edi.lending.context import Partner
from edi.settings import OUR_GLN
from schemas import gln
from schemas.declaration import Declaration, Header, Invoice, Line
from schemas.text import Both


class DeclarationFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its declarant sends it, in round 1 or 2. `declaration` is what it means to say; None: nothing.

    `expected` are the codes that checking it alone must find, no others; `cause` says what was done to it.
    """

    name: str
    declarant: str
    round: int
    format: str | None
    data: bytes
    declaration: Declaration | None = None
    expected: frozenset[str] = frozenset()
    cause: Both | None = None


class Named(msgspec.Struct, frozen=True):
    """An invoice as one side writes it."""

    supplier: str
    library: str
    number: str
    date: datetime.date


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """Where one sale must stand after rounds 1 and 2: a state of reconciliation, or a discrepancy's name."""

    by_supplier: Named
    by_library: Named
    plan: str
    first: str
    last: str

    def named(self, state: str) -> Named:
        """What a listing of that state calls it: as the supplier writes it, where the supplier has."""
        return self.by_library if state in ("waiting_supplier", "declared-twice") else self.by_supplier


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Partners with their slugs (by GLN), the files of both rounds, and what must come of them."""

    year: int
    partners: tuple[Partner, ...]
    slugs: dict[str, str]
    files: tuple[DeclarationFile, ...]
    sales: tuple[Sale, ...]
    planted: tuple[Planted, ...]

    def names(self) -> dict[str, str]:
        """Partners' names by GLN."""
        return {partner.gln: partner.name for partner in self.partners}


def world(seed: int = 2003, suppliers: int = 5, libraries: int = 8, invoices: int = 300, year: int = 2025) -> World:
    """The world of a seed: 4 suppliers and 7 libraries at least, and some `invoices` sales of that year."""
    assert 4 <= suppliers <= len(SUPPLIERS) and 7 <= libraries <= len(LIBRARIES) and invoices >= 60
    rng = Random(seed)  # noqa: S311 - a world, not a secret
    sellers = [known or ean13(f"3019{rng.randrange(10**8):08d}") for _, _, known in SUPPLIERS[:suppliers]]
    buyers = [ean13(f"3025{rng.randrange(10**8):08d}") for _ in range(libraries)]
    commune, former = ean13(f"3025{rng.randrange(10**8):08d}"), ean13(f"3019{rng.randrange(10**8):08d}")
    partners = (
        *(Partner(code, name, "supplier") for code, (_, name, _) in zip(sellers, SUPPLIERS, strict=False)),
        *(Partner(code, name, "library", category) for code, (_, name, category) in zip(buyers, LIBRARIES, strict=False)),
        Partner(commune, "Commune de Saint-Aubin", "library", "1", alias_of=buyers[0]),
        Partner(former, f"{SUPPLIERS[3][1]} (ancien siège)", "supplier", successor=sellers[3]),
    )  # fmt: skip
    slugs = {
        **{code: row[0] for code, row in zip(sellers, SUPPLIERS, strict=False)},
        **{code: row[0] for code, row in zip(buyers, LIBRARIES, strict=False)},
    }
    sales = _sales(rng, sellers, buyers, commune, former, invoices, year)
    files = tuple(_files(_Office(year, slugs), sales, sellers, buyers))
    return World(year=year, partners=partners, slugs=slugs, files=files, sales=sales, planted=tuple(_planted(sales)))


def directory_csv(world: World) -> bytes:
    """The directory, as `edi partners import` reads it."""
    rows = [
        "gln;name;role;category;successor;alias_of",
        *(";".join(msgspec.structs.astuple(p)[:6]) for p in world.partners),
    ]
    return ("\n".join(rows) + "\n").encode()


def as_planned(planned: str, found: str | None) -> bool:
    """Whether an invoice stands where it was planned; what a person would be asked about may also wait unasked."""
    return found == planned or (planned == "proposed" and found == "waiting_library")


# -- sales -----------------------------------------------------------------------------------------


def _sales(
    rng: Random, sellers: list[str], buyers: list[str], commune: str, former: str, invoices: int, year: int
) -> tuple[Sale, ...]:
    """The sales: the plans first, each between partners of its own, then plain ones, then some credit notes."""
    books = catalogue(rng)
    forms = ("FA-{year}/{n:04d}", "{n:06d}", "F{n:05d}", "{year}-{n:04d}", "A{n:05d}")
    counts = dict.fromkeys(sellers, 0)

    def name(seller: str) -> str:
        counts[seller] += rng.choice((1, 1, 2, 3))
        return forms[sellers.index(seller) % len(forms)].format(year=year, n=counts[seller] + 100)

    def sold(seller: int, buyer: int, plan: str) -> Sale:
        return sell(rng, books, sellers[seller], buyers[buyer], name(sellers[seller]), year, plan)

    made = [
        *(sold(0, 1, "ean") for _ in range(1)),
        *(sold(0, 2, "no-evidence") for _ in range(2)),
        *(sold(3, 1, "evidence") for _ in range(2)),
        *(sold(i % 3, 2, "amount") for i in range(3)),
        *(sold(i, 5, "kind") for i in range(2)),
        *(sold(1, i * 5, "net") for i in range(2)),
        *(sold(i, 0, "twice") for i in range(2)),
        sold(0, 5, "retyped"),
        *(sold(i % len(sellers), (0, 1, 2, 5, 6)[i % 5], "silent-library") for i in range(9)),
        *(sold(i % len(sellers), (0, 1, 2, 5, 6)[i * 2 % 5], "silent-supplier") for i in range(7)),
        sold(3, 1, "swapped"),
        sold(3, 2, "wrong-gln"),
        sold(0, 5, "outside"),
        *(sold(2, i % 3, "utf8") for i in range(4)),
        *(sold(i % len(sellers), 6, "dtd") for i in range(3)),
        *(sold(rng.randrange(len(sellers)), 3, "late") for _ in range(invoices // 9)),
        *(sold(rng.randrange(len(sellers)), 4, "cut") for _ in range(invoices // 12)),
    ]
    in_order = [buyer for buyer in range(len(buyers)) if buyer not in (3, 4)]
    while len(made) < invoices - invoices // 25:
        made.append(sold(rng.randrange(len(sellers)), rng.choice(in_order), "plain"))
    plain = [sale for sale in made if sale.plan == "plain" and sale.date < datetime.date(year, 12, 1)]
    made += [credit(rng, sale, name(sale.supplier)) for sale in rng.sample(plain, invoices // 25)]
    return tuple(_as_written(sale, place, buyers[0], commune, sellers[3], former) for place, sale in enumerate(made))


def _as_written(sale: Sale, place: int, library: str, commune: str, supplier: str, former: str) -> Sale:
    """Every third sale of two partners under another of their GLNs: the commune's, the former head office's."""
    if sale.plan == "plain" and place % 3 == 0:
        if sale.library == library:
            return msgspec.structs.replace(sale, billed=commune)
        if sale.supplier == supplier:
            return msgspec.structs.replace(sale, bought_from=former)
    return sale


def _planted(sales: tuple[Sale, ...]) -> list[Planted]:
    found = []
    for sale in sales:
        first, last = PLANS[sale.plan]
        by_supplier = Named(sale.supplier, sale.billed, sale.number, sale.date)
        by_library = Named(sale.bought_from, sale.library, sale.typed, sale.seen)
        found.append(Planted(by_supplier=by_supplier, by_library=by_library, plan=sale.plan, first=first, last=last))
        if sale.plan == "twice":
            again = msgspec.structs.replace(by_library, number=sale.number, date=second_date(sale))
            twice = "declared-twice"
            found.append(Planted(by_supplier=by_supplier, by_library=again, plan="twice", first=twice, last=twice))
    return found


# -- declarations ----------------------------------------------------------------------------------

_NO_SUPPLIER = {"silent-supplier", "utf8"}
_NO_LIBRARY = {"silent-library", "dtd"}


def second_date(sale: Sale) -> datetime.date:
    """When a library that declares an invoice twice dates it the second time: the payment order's date."""
    return sale.seen + timedelta(days=11)


def supplier_invoice(sale: Sale, mended: bool = False) -> Invoice:
    """The sale as its supplier declares it; `mended`: as a replacement declares it later."""
    lines = sale.lines
    if sale.plan == "ean" and not mended:
        lines = (faults.wrong_ean(lines[0]), *lines[1:])
    if sale.plan == "no-evidence" and mended:
        lines = tuple(_proven(line) for line in lines)
    return Invoice(
        record=0, partner=sale.billed, number=sale.number, date=sale.date, kind=sale.kind, ht=sale.ht,
        ttc=ttc(sale.ht), lines=lines, credited=sale.credited, credited_on=sale.credited_on,
    )  # fmt: skip


def _proven(line: Line) -> Line:
    return msgspec.structs.replace(line, evidence="PV-2114") if line.exclusion else line


def library_invoices(sale: Sale) -> list[Invoice]:
    """The sale as its library declares it: one header, or two where it is declared twice."""
    plain = Invoice(
        record=0, partner=sale.bought_from, number=sale.typed, date=sale.seen, kind=sale.kind, ht=sale.net,
        ttc=ttc(sale.net), credited=sale.credited, credited_on=sale.credited_on,
    )  # fmt: skip
    if sale.plan == "twice":
        return [plain, msgspec.structs.replace(plain, number=sale.number, date=second_date(sale))]
    spoil = faults.INVOICE_FAULTS.get(sale.plan)
    return [spoil(plain) if spoil else plain]


class _Office:
    """Numbers and dates the declarations as they are made."""

    def __init__(self, year: int, slugs: dict[str, str]) -> None:
        self.year, self.slugs, self.sent = year, slugs, 0

    def declare(
        self, declarant: str, side: str, invoices: list[Invoice], form: str, round_: int = 1, replaced: str = ""
    ) -> Declaration:
        """A declaration of those invoices, in order of date, with a reference and an issue time of its own."""
        self.sent += 1
        begins = datetime.datetime(self.year + 1, 1 if round_ == 1 else 2, 6, 9, 0)  # noqa: DTZ001 - Paris wall-clock time, as headers have it
        header = Header(
            format=form, record=1, version="0100" if form == "fixed" else "1.0", side=side, declarant=declarant,
            addressee=OUR_GLN, issued=begins + timedelta(hours=5 * self.sent, minutes=7 * self.sent),
            reference=f"{self.year}-{self.slugs[declarant][:10].upper()}-{self.sent:02d}", period=self.year, use="real",
            nature="replaces" if replaced else "initial", replaced=replaced, sending=self.sent,
        )  # fmt: skip
        return Declaration(header, tuple(sorted(invoices, key=lambda invoice: (invoice.date, invoice.number))))

    def file(
        self, declaration: Declaration, note: str = "", data: bytes | None = None, codes: set[str] | None = None,
        cause: Both | None = None, round_: int = 1,
    ) -> DeclarationFile:  # fmt: skip
        """The file of a declaration. Findings of its plain content are added to `codes` unless `data` was spoilt."""
        header = declaration.header
        letter, ending = ("F" if header.side == "supplier" else "B"), (".txt" if header.format == "fixed" else ".xml")
        assert header.declarant is not None
        written = faults.write(declaration)
        expected = codes or set()
        if data is None or data == written:
            partners = {invoice.partner for invoice in declaration.invoices} | {header.declarant}
            lines = [line for invoice in declaration.invoices for line in invoice.lines]
            expected |= {"gln-check-digit-legacy"} if any(gln.is_legacy(code or "") for code in partners) else set()
            unproven = any(line.exclusion and not line.evidence for line in lines)
            expected |= {"exclusion-without-evidence"} if unproven else set()
        return DeclarationFile(
            name=f"{letter}-{self.year}-{self.slugs[header.declarant]}{note}{ending}", declarant=header.declarant,
            round=round_, format=header.format, data=written if data is None else data, declaration=declaration,
            expected=frozenset(expected), cause=cause,
        )  # fmt: skip


def _files(office: _Office, sales: tuple[Sale, ...], sellers: list[str], buyers: list[str]) -> list[DeclarationFile]:
    """Every file, in the order of issue: first round, then the late library, the whole file, the replacement."""
    files: list[DeclarationFile] = []
    for place, seller in enumerate(sellers):
        own = [sale for sale in sales if sale.supplier == seller and sale.plan not in _NO_SUPPLIER]
        form = ("fixed", "xml")[place % 2]
        first = office.declare(seller, "supplier", [supplier_invoice(sale) for sale in own], form)
        codes = {"ean-check-digit"} if any(sale.plan == "ean" for sale in own) else set()
        files.append(office.file(first, codes=codes, cause=faults.CAUSES["ean"] if codes else None))
    for place, buyer in enumerate(buyers):
        own = [sale for sale in sales if sale.library == buyer and sale.plan not in _NO_LIBRARY]
        if place == 3:  # the late library
            continue
        whole = office.declare(
            buyer, "library", [one for sale in own for one in library_invoices(sale)], ("fixed", "xml")[place % 2]
        )
        plans = {sale.plan for sale in own}
        if place == 4:
            files.append(office.file(
                whole, data=faults.cut(faults.write(whole)), codes={"trailer-missing", "gln-check-digit-legacy"}, cause=faults.CAUSES["cut"]))  # fmt: skip
            continue
        wrong = next((plan for plan in faults.INVOICE_CODES if plan in plans), None)
        codes = {faults.INVOICE_CODES[wrong]} if wrong else set()
        files.append(office.file(whole, codes=codes, cause=faults.CAUSES[wrong] if wrong else None))
    files += _spoilt(office, sales, sellers, buyers, files)
    return files + _second_round(office, sales, sellers, buyers, files)


def _spoilt(
    office: _Office, sales: tuple[Sale, ...], sellers: list[str], buyers: list[str], files: list[DeclarationFile]
) -> list[DeclarationFile]:
    """Files that are refused whole, and one sent twice."""
    accents = [supplier_invoice(sale) for sale in sales if sale.plan == "utf8"]
    in_utf8 = office.declare(sellers[2], "supplier", accents, "fixed")
    more = [one for sale in sales if sale.plan == "dtd" for one in library_invoices(sale)]
    with_dtd = office.declare(buyers[6], "library", more, "xml")
    again = files[len(sellers)]
    copy = msgspec.structs.replace(again, name=f"Copie de {again.name}", cause=faults.CAUSES["copy"])
    return [
        office.file(
            in_utf8, "-suite", faults.as_utf8(faults.write(in_utf8)), {"charset"}, faults.CAUSES["utf8"]
        ),
        office.file(
            with_dtd, "-suite", faults.with_dtd(faults.write(with_dtd)), {"xml-dtd-forbidden"}, faults.CAUSES["dtd"]
        ),
        DeclarationFile(
            name="Factures bibliothèques.csv", declarant=sellers[3], round=1, format=None, data=faults.NO_DECLARATION,
            expected=frozenset({"format-unknown"}), cause=faults.CAUSES["no-declaration"],
        ),
        copy,
    ]  # fmt: skip


def _second_round(
    office: _Office, sales: tuple[Sale, ...], sellers: list[str], buyers: list[str], files: list[DeclarationFile]
) -> list[DeclarationFile]:
    """The late library, the truncated file whole, and the replacement that mends EAN and evidence."""
    late = [one for sale in sales if sale.library == buyers[3] for one in library_invoices(sale)]
    cut = [one for sale in sales if sale.library == buyers[4] for one in library_invoices(sale)]
    own = [sale for sale in sales if sale.supplier == sellers[0] and sale.plan not in _NO_SUPPLIER]
    replaced = files[0].declaration
    assert replaced is not None and replaced.header.reference is not None
    mended = office.declare(
        sellers[0], "supplier", [supplier_invoice(sale, mended=True) for sale in own], "fixed", 2,
        replaced.header.reference,
    )  # fmt: skip
    return [
        office.file(office.declare(buyers[3], "library", late, "xml", 2), round_=2, cause=faults.CAUSES["late"]),
        office.file(office.declare(buyers[4], "library", cut, "fixed", 2), "-entier", round_=2, cause=faults.CAUSES["whole"]),
        office.file(mended, "-R", round_=2, cause=faults.CAUSES["replaces"]),
    ]  # fmt: skip
