"""A walk knows its place and holds nothing, whatever names it meets."""

import io
import tracemalloc

import pytest

from parsers.xml import tag, walk
from parsers.xml.tag import line_offset
from parsers.xml.walk import Walk


def steps(data: bytes) -> list[walk.Markup]:
    along = Walk(io.BytesIO(data))
    return [*iter(along.step, None)]  # type: ignore[list-item]


@pytest.mark.parametrize("anew", [1, 40, 1 << 22])
def test_expat_begun_anew_goes_on_where_it_was(anew: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"<a xmlns:p='u'><p:b>t<c d='>'/>\r\n</p:b><!-- > --><e></e></a>" + b" " * 3
    whole = steps(data)
    monkeypatch.setattr(walk, "_ANEW", anew)
    assert steps(data) == whole
    assert [met.tag.path for met in whole if met.tag] == ["/*", "/*/*[1]", "/*/*[1]/*[1]", "/*/*[2]"]
    along = Walk(io.BytesIO(data.replace(b"</e>", b"</f>")))
    while along.step():
        pass
    assert along.wrong is not None
    assert (along.wrong.record, along.wrong.column) == (2, 22)


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
