"""Arbitrary values of our own types, for property tests."""

from datetime import datetime

from hypothesis import strategies as st

from schemas.acknowledgement import VERDICTS, Acknowledgement
from schemas.catalogue import CATALOGUE
from schemas.finding import Both, Finding

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
        structure_refused=draw(st.booleans()),
        dry_run=draw(st.booleans()),
    )
