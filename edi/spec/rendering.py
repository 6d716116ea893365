"""The specification as files: Markdown and HTML in French and in English, JSON, the XSDs, the example's declarations.

Prose stands once a language, in `templates/fr.md` and `templates/en.md`; HTML is that Markdown in a page that needs
neither network nor script. Whatever comes out of a table is escaped; raw HTML in Markdown is never passed on.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from edi.spec.contents import XSDS, contents
from parsers.plain import french_day
from schemas import money
from schemas.charset import ENCODING
from schemas.lending.layout import LAYOUTS

LANGUAGES = ("fr", "en")
#: What Markdown would take for its own in a cell.
_ESCAPES = {"&": "&amp;", "<": "&lt;"} | {own: f"\\{own}" for own in "|*_[`\\"}


def document() -> dict[str, Any]:
    """The specification as one JSON-able document: `contents`, and in each language the chapters as Markdown."""
    facts = contents()
    chapters = {}
    for language in LANGUAGES:
        parts = re.split(r"(?m)^## ", markdown(facts, language))[1:]
        chapters[language] = [
            {"title": title, "markdown": text.strip()} for title, _, text in (part.partition("\n") for part in parts)
        ]
    return {**facts, "chapters": chapters}


def rendered() -> dict[str, bytes]:
    """Every file of the specification, by its name below the folder it goes into."""
    facts = document()
    texts = {"specification.json": json.dumps(facts, ensure_ascii=False, indent=1) + "\n"}
    for language in LANGUAGES:
        text = markdown(facts, language)
        texts[f"specification.{language}.md"] = text
        texts[f"specification.{language}.html"] = page(text, language)
    written = {name: text.encode() for name, text in texts.items()}
    written |= {xsd: files("schemas").joinpath("xsd", xsd).read_bytes() for xsd in XSDS.values()}
    for file in facts["example"]["files"]:
        written[f"exemples/{file['name']}"] = file["text"].encode(ENCODING if file["format"] == "fixed" else "utf-8")
    return written


# -- Markdown --------------------------------------------------------------------------------------


def markdown(facts: dict[str, Any], language: str) -> str:
    """The specification in `language` (`fr` or `en`), in Markdown with tables."""
    text = _environment(language).get_template(f"{language}.md").render(doc=facts)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _environment(language: str) -> Environment:
    english = language == "en"
    environment = Environment(
        loader=PackageLoader("edi.spec"), autoescape=True, finalize=escaped, undefined=StrictUndefined,
        trim_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals.update(lang=language, t=lambda french, other: other if english else french, fence=_fence)
    environment.filters.update(
        code=lambda text: Markup("`{}`").format(Markup(str(text).replace("|", "\\|"))) if text != "" else "",  # noqa: S704
        strong=lambda text: Markup("**{}**").format(Markup(escaped(text))),  # noqa: S704
        day=lambda iso: iso if english else french_day(iso),
        cents=money.decimal if english else money.french,
    )
    return environment


def escaped(value: Any) -> Any:
    """What comes out of a table, so that Markdown takes it for text; what is Markdown already as it is."""
    if hasattr(value, "__html__"):
        return value
    return Markup(re.sub(r"[&<|*_\[`\\]", lambda found: _ESCAPES[found[0]], str(value)))  # noqa: S704


def _fence(language: str, text: str) -> Markup:
    assert "```" not in text
    return Markup(f"```{language}\n{text.rstrip()}\n```")  # noqa: S704 - our own, and shown as it is


# -- HTML ------------------------------------------------------------------------------------------


def page(text: str, language: str) -> str:
    """The Markdown `text` as one HTML page: a table of contents, its own style for screen and paper."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    renderer = parser.renderer
    assert isinstance(renderer, RendererHTML)
    for name, rule in (("heading_open", _heading), ("table_open", _table), ("table_close", _table), ("fence", _code)):
        parser.add_render_rule(name, rule)
    tokens = parser.parse(text.replace(".md)", ".html)"))
    entries = []
    for opened, inline in pairwise(tokens):
        if opened.type == "heading_open":
            opened.attrSet("id", _anchor(inline.content))
            if opened.tag in ("h2", "h3"):
                label = renderer.renderInline(inline.children or [], parser.options, {})
                entries.append((opened.tag, _anchor(inline.content), Markup(label)))  # noqa: S704 - html is off
    title = next(token.content for token in tokens if token.type == "inline")
    body = Markup(renderer.render(tokens, parser.options, {"language": language}))  # noqa: S704 - html is off
    template = _environment(language).get_template("page.html")
    return template.render(title=title, entries=entries, body=body)


def _anchor(heading: str) -> str:
    """A heading's anchor, as forges make it of Markdown.

    >>> _anchor("201 `record-length`"), _anchor("Qui déclare quoi ?")
    ('201-record-length', 'qui-déclare-quoi-')
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _heading(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A heading; that of a finding opens a section in its reach's colour, which the next heading closes."""
    before = "</section>" * env.pop("open", 0)
    if found := re.match(r"([123])\d\d ", tokens[at + 1].content):
        env["open"] = 1
        before += f'<section class="n{found[1]}">\n'
    return f"{before}{self.renderToken(tokens, at, options, env)}"


def _table(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return '<div class="wide"><table>\n' if tokens[at].nesting == 1 else "</table></div>\n"


def _code(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    kind, text = tokens[at].info or "plain", tokens[at].content
    shown = _records(text, env["language"]) if kind == "fixed" else escape(text)
    return f'<pre class="{kind}"><code>{shown}</code></pre>\n'


def _records(text: str, language: str) -> str:
    """Records of the fixed format with each field in a span that says what it is."""
    lines = []
    for line in text.splitlines():
        layout = LAYOUTS.get(line[:2])
        if layout is None:
            lines.append(str(escape(line)))
            continue
        spans = [
            f'<span title="{field.first}-{field.last} {escape(getattr(field, language))}">'
            f"{escape(line[field.first - 1 : field.last])}</span>"
            for field in layout.fields
        ]
        lines.append("".join(spans))
    return "\n".join(lines) + "\n"
