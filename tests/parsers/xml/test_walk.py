"""A walk knows its place and holds nothing, whatever names it meets."""

import io
import tracemalloc

import pytest

from parsers.xml import tag, walk
from parsers.xml.tag import line_offset
from parsers.xml.walk import TAG_BYTES, Walk
from schemas.finding import Finding
from schemas.text import say


def steps(data: bytes) -> list[walk.Markup]:
    along = Walk(io.BytesIO(data))
    return [*iter(along.step, None)]  # type: ignore[list-item]


def ended(data: bytes) -> Finding | None:
    """What is wrong with a file, if anything."""
    along = Walk(io.BytesIO(data))
    while along.step():
        pass
    return along.wrong


@pytest.mark.parametrize("anew", [1, 40, 1 << 22])
def test_expat_begun_anew_goes_on_where_it_was(anew: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"<a xmlns:p='u'><p:b>t<c d='>'/>\r\n</p:b><!-- > --><e></e></a>" + b" " * 3
    whole = steps(data)
    monkeypatch.setattr(walk, "_ANEW", anew)
    assert steps(data) == whole
    assert ended(data) is None
    assert [met.tag.path for met in whole if met.tag] == ["/*", "/*/*[1]", "/*/*[1]/*[1]", "/*/*[2]"]
    wrong = ended(data.replace(b"</e>", b"</f>"))
    assert wrong is not None
    assert (wrong.record, wrong.column) == (2, 22)


def test_names_without_number_are_not_kept() -> None:
    """expat keeps each name for as long as it lives, as libxml2 does for as long as the process does."""
    along = Walk(io.BytesIO(b"<a>" + b"".join(b"<n%06d_%s/>" % (n, b"z" * 90) for n in range(200_000)) + b"</a>"))
    tracemalloc.start()
    while along.step():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert along.elements == 200_001 and along.wrong is None
    assert peak < 4_000_000


@pytest.mark.parametrize("place", [(1, 1, 0), (1, 3, 3), (2, 1, 5), (2, 2, 6), (3, 9, None)])
def test_a_line_and_column_are_a_byte(place: tuple[int, int, int | None], monkeypatch: pytest.MonkeyPatch) -> None:
    line, column, offset = place
    for piece in (4, 100):
        monkeypatch.setattr(tag, "PIECE", piece)
        assert line_offset(io.BytesIO("aéb\r\ncd".encode().replace(b"\r\n", b"\n")), line, column) == offset


@pytest.mark.parametrize(
    "between",
    [" ", "\r\n", "\r", "\n\t", "<!-- x -->", "<!--é-->\n", "<!--{}-->", "<!--\n{}\r\n-->", "<!-- € {}{}--> "],
)
@pytest.mark.parametrize("bytes_between", [TAG_BYTES + 100, 5_000_000])
def test_space_and_comments_may_be_as_long_as_they_like(between: str, bytes_between: int) -> None:
    bytes_between = bytes_between if "{}" in between else min(bytes_between, 700_000)
    dashed = "é-\r\n€- " * (bytes_between // 12)
    much = between.replace("{}", dashed) if "{}" in between else between * (bytes_between // len(between))
    data = f"<a>{much}<b>{much}</b></a>{much}".encode()
    begin = len(f"<a>{much}".encode())
    along = Walk(io.BytesIO(data))
    tracemalloc.start()
    tags = [met.tag for met in iter(along.step, None) if met.tag]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert along.wrong is None
    assert [(tag.begin.offset, data[tag.begin.offset :][: len(tag.raw)]) for tag in tags] == [
        (0, b"<a>"),
        (begin, b"<b>"),
    ]
    assert tags[1].begin.line == 1 + tag.lines(much.encode())
    assert along.place.offset >= begin and peak < 15_000_000


def test_a_fault_behind_a_long_comment_or_in_it_is_where_it_is() -> None:
    comment = "<!--" + "é-\n" * 200_000
    for fault, column in (("-- -->", 1), ("x--><b></c>", 8)):
        wrong = ended(f"<a>{comment}{fault}</a>".encode())
        assert wrong is not None
        assert (wrong.record, abs((wrong.column or 0) - column) <= 3) == (200_001, True)


@pytest.mark.parametrize("title", ["<b t='{}'/>", "<b>{}</b>"])
@pytest.mark.parametrize("rest", ["</a>", "<c/>" * 200_000 + "</a>"])
def test_what_is_longer_than_is_read_is_refused_where_it_begins(title: str, rest: str) -> None:
    wrong = ended(("<a>\n  " + title.format("x" * 500_000) + rest).encode())
    assert wrong is not None
    assert (wrong.record, wrong.column) == (2, 3 if "=" in title else 6)
    assert "<b" in str(wrong.found) or "xx" in str(wrong.found)
    assert "longer than what is read" in str(say(wrong.suggestion, "en"))
    assert "plus long que ce qui est lu" in str(say(wrong.suggestion, "fr"))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("<a>\n<b c='1' d", (2, 11)),
        ("<a>\n<b c='1'\n d='e\n", (3, 6)),
        ("<a>\n<!-- x", (2, 7)),
        ("<a>\n<![CDATA[ x", (2, 12)),
        ("<a>\n<b c='&amp;&#65;&nbsp;'/></a>", (2, 17)),
        ("<a>\n<b> &amp; &nbsp; </b></a>", (2, 11)),
    ],
)
def test_what_is_malformed_is_shown_at_the_byte_at_fault(data: str, place: tuple[int, int]) -> None:
    wrong = ended(data.encode())
    assert wrong is not None
    assert (wrong.record, wrong.column) == place


def test_an_end_tag_that_is_not_due_is_told_which_element_is_open_and_since_which_line() -> None:
    wrong = ended(b"<p:a xmlns:p='u'>\n<b\nc='1'>\n</p:a>")
    assert wrong is not None
    assert (wrong.record, say(wrong.expected, "fr"), say(wrong.expected, "en")) == (
        4, "</b> (ouvert ligne 2)", "</b> (opened on line 2)",
    )  # fmt: skip
