"""The specification says everything there is, in every form and language, and goes nowhere for it."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from edi.spec.rendering import LANGUAGES, escaped, page, rendered
from parsers.answers import gencod
from parsers.xml.xsd import elements
from schemas.acknowledgement import NOTICE_NUMBERS, VERDICTS
from schemas.catalogue import CATALOGUE, advice
from schemas.lending import layout, lists, status
from schemas.text import Both
from tests.edi.spec.conftest import Json
from tests.program import edi

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def whole() -> dict[str, bytes]:
    return rendered()


@pytest.fixture(scope="session")
def made(whole: dict[str, bytes]) -> dict[str, str]:
    """Every file of the specification as text; the example's fixed files are left out."""
    return {name: data.decode() for name, data in whole.items() if not name.startswith("exemples") or ".xml" in name}


def everything(language: str) -> Iterator[str]:
    """What must be said in `language`."""

    def said(both: Both) -> str:
        return getattr(both, language)

    for record in layout.LAYOUTS.values():
        for field in record.fields:
            place = f"{field.first}–{field.last}" if field.width > 1 else f"{field.first}"
            yield f"{place}|{field.width}|{field.form}|{said(Both(field.fr, field.en))}|"
    for rows in (lists.SIDE, lists.USE, lists.NATURE, lists.KIND, lists.EXCLUSION):
        for row in rows:
            yield f"{row.fixed}|{row.xml}|{said(Both(row.fr, row.en))}|"
    for code, entry in CATALOGUE.items():
        yield f"{entry.number} {code}"
        yield said(advice()[code].means)
        yield said(advice()[code].write)
    for rubrique, zones in gencod.RUBRIQUES.items():
        yield f"{rubrique}|"
        for zone in (*zones, *gencod.COMMENTS[904], *gencod.COMMENTS[905]):
            yield said(Both(zone.fr, zone.en))
    for notice, (number, identifier) in NOTICE_NUMBERS.items():
        yield f"{notice.upper()}|{number}|{identifier}|"
    for name, root in (("declaration-1.0.xsd", "declaration"), ("reponse-1.0.xsd", "reponse")):
        for element in elements(name, root):
            yield f"<{element.name}>"
            yield from (f"{attribute.name}|" for attribute in element.attributes)
            yield from (value for attribute in element.attributes for value in attribute.values)
    for column in (*status.HEAD, *status.COLUMNS):
        yield f"{column.wire}|{column.head}|{column.name}|{said(Both(column.fr, column.en))}|"
    for row in (*status.STATE, *status.AWAITED):
        yield row.xml
    yield from VERDICTS
    yield from ("depot/test/", ".rdy", ".part", ".rapport.txt", ".rapport.json", ".ast.txt", ".ane.xml")
    yield from ("kind-differs", "exemption-differs", "amount-differs", "declared-twice", "lines-awaited", "net-differs")


def shown(text: str, form: str) -> str:
    """The words of a page or a Markdown document as a reader sees them; table cells end in a bar and nothing else."""
    if form == "html":
        text = re.sub(r"<style>.*?</style>|</t[dh]>", lambda tag: "|" * (tag[0][1] == "/"), text, flags=re.DOTALL)
        text = re.sub(r"</?[a-z][^>]*>", "", text)
    else:
        text = re.sub(r" *(?<!\\)\| *", "|", text)
        text = re.sub(r"\\(?=[|*_\[`\\])|`|\*\*", "", text)
    return re.sub(r"\s+", " ", re.sub(r"\|\s+", "|", html.unescape(text)))


@pytest.mark.parametrize("form", ["md", "html"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing(made: dict[str, str], language: str, form: str) -> None:
    text = shown(made[f"specification.{language}.{form}"], form)

    assert [one for one in everything(language) if one not in text] == []


def test_nothing_is_missing_in_json(made: dict[str, str]) -> None:
    told = json.loads(made["specification.json"])

    assert [(one["code"], one["number"]) for one in told["checks"]] == [(e.code, e.number) for e in CATALOGUE.values()]
    for one in told["checks"]:
        paragraph = advice()[one["code"]]
        assert one["means"] == {"fr": paragraph.means.fr, "en": paragraph.means.en}
        assert one["write"] == {"fr": paragraph.write.fr, "en": paragraph.write.en}
    places = [
        (record["mark"], field["name"], field["first"], field["last"], field["form"])
        for record in told["fixed"]["records"]
        for field in record["fields"]
    ]
    assert places == [
        (record.mark, field.wire, field.first, field.last, field.form)
        for record in layout.LAYOUTS.values()
        for field in record.fields
    ]
    values = {(value["fixed"], value["xml"]) for one in told["lists"] for value in one["values"]}
    every = (*lists.SIDE, *lists.USE, *lists.NATURE, *lists.KIND, *lists.EXCLUSION)
    assert values == {(row.fixed, row.xml) for row in every}
    zones = {
        rubrique["rubrique"]: [(zone["name"], zone["width"]) for zone in rubrique["zones"]]
        for rubrique in told["answers"]["gencod"]
    }
    assert list(zones) == ["05003", *gencod.RUBRIQUES]
    for rubrique, row in gencod.RUBRIQUES.items():
        hanging = (*gencod.COMMENTS[904], *gencod.COMMENTS[905]) if rubrique == "177" else ()
        assert zones[rubrique] == [(zone.name, zone.width) for zone in row + hanging]
    assert [key["key"] for key in told["answers"]["verdicts"]] == list(VERDICTS)
    for language in LANGUAGES:
        written = "\n\n".join(f"## {part['title']}\n\n{part['markdown']}" for part in told["chapters"][language])
        assert written.strip() in made[f"specification.{language}.md"]


def test_the_two_languages_tell_the_same(made: dict[str, str]) -> None:
    outlines = [
        [line.partition(" ")[0] for line in made[f"specification.{language}.md"].splitlines() if line.startswith("#")]
        for language in LANGUAGES
    ]
    tables = [made[f"specification.{language}.md"].count("\n|") for language in LANGUAGES]

    assert outlines[0] == outlines[1]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_needs_nothing_but_itself(made: dict[str, str], language: str) -> None:
    text = made[f"specification.{language}.html"]
    tree = etree.fromstring(text.encode(), etree.HTMLParser())

    assert not re.findall(r"<script|<link|<img|<iframe|@import|url\(|https?:", text)
    anchors = {node.get("id") for node in tree.iter("h1", "h2", "h3", "h4", "h5")}
    targets = [unquote(node.get("href") or "") for node in tree.iter("a")]
    other = "en" if language == "fr" else "fr"
    assert {target for target in targets if target[1:] not in anchors} == {f"specification.{other}.html"}
    assert len(targets) > len(CATALOGUE) + 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_the_markdown_lead_somewhere(made: dict[str, str], language: str) -> None:
    text = made[f"specification.{language}.md"]
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40))
def test_whatever_a_table_holds_is_shown_as_it_is(text: str) -> None:
    body = page(f"# t\n\n| a |\n|---|\n| x{escaped(text)}x |\n", "en")
    cell = re.search(r"<td>(.*?)</td>", body, re.DOTALL)

    assert cell is not None
    assert html.unescape(cell[1]) == f"x{text}x"


def test_the_example_ends_in_the_ledger(made: dict[str, str]) -> None:
    example = json.loads(made["specification.json"])["example"]

    assert [file["verdict"] for file in example["files"]] == 2 * ["accepted", "accepted", "partly-accepted"]
    assert example["counts"] | {"matched": 3, "entries_posted": 3, "waiting_library": 1} == example["counts"]
    assert sum(entry["remuneration_cents"] for entry in example["entries"]) == example["counts"]["remuneration_cents"]
    assert [answer["name"].rsplit(".", 2)[1] for answer in example["files"][2]["answers"]][:2] == ["ane", "ate"]


def test_report_keys_are_all_explained(made: dict[str, str]) -> None:
    told = json.loads(made["specification.json"])
    reports = [json.loads(answer["text"]) for file in told["example"]["files"] for answer in file["answers"]
               if answer["name"].endswith(".json")]  # fmt: skip

    assert len(reports) == 6
    for report in reports:
        assert [row["key"] for row in told["answers"]["report"]] == list(report)
        for finding in report["findings"]:
            keys = [row["key"] for row in told["answers"]["finding"]]
            assert [key for key in keys if key in finding] == list(finding)
            assert keys[-2:] == ["column", "path"] and len(finding) in (len(keys), len(keys) - 2)


def test_the_command_writes_it_and_its_examples_pass(tmp_path: Path, whole: dict[str, bytes], told: Json) -> None:
    first = edi("spec", cwd=tmp_path, expect=0)
    folder = tmp_path / "specification"
    written = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert written == whole
    assert all(name in first.out for name in written)
    examples = [folder / name for name in written if name.startswith("exemples") and "-2." not in name]
    report = told("check", "--json", *examples)
    assert [(file["verdict"], file["findings"]) for file in report["files"]] == 4 * [("accepted", [])]


def test_json_alone_writes_nothing(tmp_path: Path, made: dict[str, str], told: Json) -> None:
    assert told("spec", "--json") == json.loads(made["specification.json"])
    assert list(tmp_path.iterdir()) == []
    told("spec", "--json", "-o", "there")
    assert (tmp_path / "there" / "specification.fr.html").exists()


def test_a_committed_copy_is_not_stale(whole: dict[str, bytes]) -> None:
    """`make docs` writes it anew."""
    folder = ROOT / "docs" / "specification"
    kept = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    kept.pop("specification.json", None)

    assert {name for name, data in kept.items() if whole.get(name) != data} == set()
    assert set(whole) - set(kept) == {"specification.json"}
