"""Values out of the XML: a line's attributes as far as they can be read, a moment as Paris time.

Authority: format, section 2. What the XSD has accepted needs no second look; of what it refuses, the rest is read.
"""

from collections.abc import Mapping, Set
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.declaration import Line, PartialLine

PARIS = ZoneInfo("Europe/Paris")


def trimmed(text: str | None) -> str | None:
    """Without the spaces that only fill; None stays None."""
    return None if text is None else text.rstrip(" ")


def paris(text: str) -> datetime | None:
    """Paris wall-clock time of a moment; an hour that summer time skips stays as it was written."""
    try:
        moment = datetime.fromisoformat(text)
        wall = moment.replace(tzinfo=None)
        if wall.replace(tzinfo=PARIS).utcoffset() != moment.utcoffset():
            wall = moment.astimezone(PARIS).replace(tzinfo=None, fold=0)
    except (ValueError, OverflowError):
        return None
    return wall


def line(attributes: Mapping[str, str], bad: Set[str | None], title: str) -> Line | PartialLine:
    """A line of which the XSD refuses some attributes, or (None among them) the element; its title as the repertoire has it."""
    if None in bad:
        return PartialLine()

    def get(name: str, absent: str | None = None) -> str | None:
        return None if name in bad else attributes.get(name, absent)

    def whole(name: str, absent: str | None = None) -> int | None:
        text = get(name, absent)
        return None if text is None else int(text.replace(".", ""))

    values = (
        get("ean"), whole("quantite"), whole("prixPublicHT"), whole("remise", "0"), whole("tva"),
        trimmed(get("exclusion", "")), trimmed(get("preuve", "")), title,
    )  # fmt: skip
    return PartialLine(*values) if bad else Line(*values)  # type: ignore[arg-type]
