"""Arbitrary values of our own types, for property tests."""

from datetime import date, datetime

from hypothesis import strategies as st

from schemas.acknowledgement import VERDICTS, Acknowledgement
from schemas.catalogue import CATALOGUE
from schemas.declaration import Declaration, Header, Invoice, Line
from schemas.finding import Finding
from schemas.text import Both

#: What has broken a terminal, a parser or a zone before.
HOSTILE = (
    "\x1b[2J\x1b]0;title\x07", "a;b;c", "1\r\n2\n3\r4", "\x00", "\u202eevil\u2066", "\ud800", "\x9b31m", "😀👩‍💻",
    "<!DOCTYPE x>]]>&amp;", "x" * 5000, "日本語" * 50, "\u2028\u2029\u0085", "\ufffe\uffff", "{found} {0}",
    " ; ", "\\x1b",
)  # fmt: skip


def texts(max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text at all: lone surrogates, controls, directions, and the hostile ones."""
    anything = st.text(st.characters(exclude_categories=()), max_size=max_size)
    return st.one_of(st.text("ABC 0123;-é", max_size=max_size), anything, st.sampled_from(HOSTILE))


def glns() -> st.SearchStrategy[str]:
    """Thirteen digits, check digit as it falls; never all zeros."""
    return st.integers(1, 10**13 - 1).map(lambda number: f"{number:013d}")


def findings() -> st.SearchStrategy[Finding]:
    """Any finding of the catalogue, saying anything."""
    maybe = st.none() | texts()
    either = st.none() | texts() | st.builds(Both, texts(), texts())
    return st.builds(
        Finding,
        code=st.sampled_from(sorted(CATALOGUE)),
        record=st.none() | st.integers(0, 2_000_000),
        position=st.none() | st.integers(0, 5000),
        field=maybe,
        invoice=maybe,
        found=maybe,
        expected=either,
        suggestion=either,
    )


@st.composite
def acknowledgements(draw: st.DrawFn) -> Acknowledgement:
    """Any acknowledgement whose counts agree; its findings may be capped."""
    kept = tuple(draw(st.lists(findings(), max_size=5)))
    counts = {code: sum(finding.code == code for finding in kept) for code in {f.code for f in kept}}
    for code in draw(st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=3)):
        counts[code] = counts.get(code, 0) + draw(st.integers(1, 10_000))
    accepted, refused = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2099, 12, 31))
    return Acknowledgement(
        file=draw(texts()),
        sha256=f"{draw(st.integers(0, 16**64 - 1)):064x}",
        format=draw(st.sampled_from([None, "fixed", "xml"])),
        verdict=draw(st.sampled_from(VERDICTS)),
        addressee=draw(st.none() | glns()),
        sender=draw(glns()),
        answered_at=draw(moments),
        side=draw(st.sampled_from([None, "library", "supplier"])),
        use=draw(st.sampled_from([None, "real", "test"])),
        nature=draw(st.sampled_from([None, "initial", "replaces", "cancels"])),
        declarant=draw(st.none() | glns()),
        original_addressee=draw(st.none() | glns()),
        reference=draw(st.none() | texts()),
        period=draw(st.none() | st.integers(0, 9999)),
        sending=draw(st.none() | st.integers(0, 9_999_999)),
        issued=draw(st.none() | moments),
        invoices=accepted + refused,
        accepted=accepted,
        refused=refused,
        findings=kept,
        findings_total=sum(counts.values()),
        findings_by_code=counts,
        not_checked=tuple(draw(st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=2))),
        corrections=tuple(draw(st.lists(texts(), max_size=2))),
        structure_refused=draw(st.booleans()),
        dry_run=draw(st.booleans()),
    )


# -- declarations that say only what both formats can say --------------------------------------------

_LATIN9 = "".join(c for c in bytes(range(256)).decode("iso8859-15") if c.isprintable() or c in "\xa0\xad")


def written_texts(width: int, least: int = 0) -> st.SearchStrategy[str]:
    """A field's text as it comes back: of the repertoire, not beginning or ending with a space."""
    return st.text(st.sampled_from(_LATIN9), min_size=least, max_size=width).map(lambda text: text.strip(" ")).filter(
        lambda text: len(text) >= least
    )  # fmt: skip


def codes13() -> st.SearchStrategy[str]:
    return st.integers(0, 10**13 - 1).map(lambda number: f"{number:013d}")


def lines() -> st.SearchStrategy[Line]:
    return st.builds(
        Line,
        ean=codes13(),
        quantity=st.integers(0, 999_999),
        price=st.integers(0, 999_999_999),
        discount=st.integers(0, 9_999),
        vat=st.integers(0, 9_999),
        exclusion=written_texts(2),
        evidence=written_texts(20),
        title=written_texts(60),
    )


def invoices() -> st.SearchStrategy[Invoice]:
    days = st.dates(date(1, 1, 1), date(9999, 12, 31))
    return st.builds(
        Invoice,
        record=st.just(0),
        partner=codes13(),
        number=written_texts(20, least=1),
        date=days,
        kind=st.sampled_from("FA"),
        ht=st.integers(0, 10**12 - 1),
        ttc=st.integers(0, 10**12 - 1),
        contract=written_texts(20),
        contract_sent=st.none() | days,
        credited=written_texts(20),
        credited_on=st.none() | days,
        lines=st.lists(lines(), max_size=4).map(tuple),
    )


def declarations() -> st.SearchStrategy[Declaration]:
    """Any declaration that can be written, right or wrong by its values."""
    headers = st.builds(
        Header,
        format=st.just("fixed"),
        record=st.just(1),
        version=st.just("0100"),
        side=st.sampled_from(["library", "supplier"]),
        declarant=codes13(),
        addressee=codes13(),
        issued=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda at: at.replace(microsecond=0)),
        reference=written_texts(20, least=1),
        period=st.integers(0, 9999),
        use=st.sampled_from(["real", "test"]),
        nature=st.sampled_from(["initial", "replaces", "cancels"]),
        replaced=written_texts(20),
        sending=st.integers(0, 999_999),
    )
    return st.builds(Declaration, headers, st.lists(invoices(), max_size=4).map(tuple))
