"""The XSD judges each element by itself, and nothing that a file invents stays behind in libxml2."""

import io

import pytest
from lxml import etree

from parsers.xml import faults
from parsers.xml.faults import own_faults
from parsers.xml.tag import LINE
from parsers.xml.walk import Walk
from tests.declarations import BASES, codes, written

XML = written(BASES["supplier"], "xml")


def test_invented_names_are_shown_to_libxml2_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps each name as long as the process lives; past a hundred megabytes of them every XML is refused."""
    shown: set[str] = set()
    element = etree.Element

    def heard(tag: str, attributes: dict[str, str], nsmap: dict[None, str]) -> etree._Element:
        shown.update((tag, *attributes))
        return element(tag, attributes, nsmap)

    monkeypatch.setattr(faults.etree, "Element", heard)
    data = XML.replace(b"<ligne ", b'<ligne invented="1" xml:lang="fr" d:made-up="2" xmlns:d="urn:d" ')
    data = data.replace(b"</facture>", b"<imagined/></facture>")
    assert set(codes(data)) == {"xml-schema"}
    known = {name for _, name in faults.FIELDS} | {tag for tag, _ in faults.FIELDS}
    assert shown - known == {f"inconnu{place}" for place in range(3)}


def test_what_is_said_bears_the_names_of_the_file() -> None:
    walk = Walk(io.BytesIO(XML.replace(b"<ligne ", b'<ligne invented="1" ean2="2" ').replace(b' tva="5.50"', b"")))
    while (met := walk.step()) is not None and (met.tag is None or met.tag.name != LINE):
        pass
    assert met is not None and met.tag is not None
    assert [fault.attribute for fault in own_faults(met.tag)] == ["invented", "ean2", "tva"]
