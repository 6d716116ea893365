"""All the answers to one file, under their names: notices, plain report, JSON.

Names and families are those of the format, sections 4 and 5: a notice is answered in the sender's
own encoding, `<original name>.<ast|ane|ate>.<txt|xml|edi>`, and always with `.rapport.txt` and
`.rapport.json`. A failed check answers nothing yet. A duplicate is told so by report and JSON; its
notices are the first answer's, which the caller sends again as they stand.
"""

import json
import re
from collections.abc import Callable
from typing import Literal

from parsers.answers import answer_xml, aperak, gencod, report, report_text
from schemas.acknowledgement import Acknowledgement, notices

Encoding = Literal["auto", "gencod", "xml", "aperak"]

_WRITERS: dict[str, tuple[str, Callable[[Acknowledgement, str], bytes]]] = {
    "gencod": ("txt", gencod.write),
    "xml": ("xml", answer_xml.write),
    "aperak": ("edi", aperak.write),
}
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


def family(acknowledgement: Acknowledgement, encoding: Encoding = "auto") -> str:
    """`gencod`, `xml` or `aperak`: the link's choice, or by itself the family of the file that came."""
    if encoding != "auto":
        return encoding
    return "xml" if acknowledgement.format == "xml" else "gencod"


def names(original: str, acknowledgement: Acknowledgement, encoding: Encoding = "auto") -> list[tuple[str, str]]:
    """The answers due to a file called `original`: (file name, notice), in the order they are sent.

    The notice is ast, ane or ate; `text` is the report, `json` its JSON. Separators and controls in
    the name become `_`.
    """
    if acknowledgement.verdict == "failed":
        return []
    base = _UNSAFE.sub("_", original)
    extension, _ = _WRITERS[family(acknowledgement, encoding)]
    due = () if acknowledgement.verdict == "duplicate" else notices(acknowledgement)
    return [
        *((f"{base}.{notice}.{extension}", notice) for notice in due),
        (f"{base}.rapport.txt", "text"),
        (f"{base}.rapport.json", "json"),
    ]


def correction(original: str, form: str, period: int | None = None) -> str:
    """The name of the correction of a file called `original`; of that period, where it is another than the file's own."""
    under = "" if period is None else f"-{period}"
    return f"{_UNSAFE.sub('_', original)}.correction{under}.{'xml' if form == 'xml' else 'txt'}"


def render(
    acknowledgement: Acknowledgement, original: str, encoding: Encoding = "auto", language: str = "fr"
) -> list[tuple[str, bytes]]:
    """The answers themselves: (file name, bytes), as `names` lists them.

    `language` (`fr` or `en`) is that of the report and the JSON; a Gencod or APERAK text is always French, an
    XML answer says everything in both.
    """
    _, write = _WRITERS[family(acknowledgement, encoding)]
    files = []
    for name, notice in names(original, acknowledgement, encoding):
        if notice == "text":
            data = report_text.text(acknowledgement, language).encode()
        elif notice == "json":
            facts = report.as_json(acknowledgement, language)
            data = (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode()
        else:
            data = write(acknowledgement, notice)
        files.append((name, data))
    return files
