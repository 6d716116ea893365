"""Values out of the XML: an element's attributes as a line, a moment as Paris time.

Authority: format, section 2. What the XSD has accepted needs no second look; of what it refuses, the rest is read.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

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


def line(element: etree._Element, title: str) -> Line:
    """A line the XSD has accepted; its title as the repertoire has it."""
    get = element.attrib.get
    return Line(
        get("ean", ""),
        int(get("quantite", "")),
        int(get("prixPublicHT", "").replace(".", "")),
        int(get("remise", "0").replace(".", "")),
        int(get("tva", "").replace(".", "")),
        get("exclusion", "").rstrip(" "),
        get("preuve", "").rstrip(" "),
        title,
    )


def partial_line(element: etree._Element, bad: set[str | None], title: str) -> PartialLine:
    """A line of which the XSD refuses some attributes, or (None among them) the element."""
    if None in bad:
        return PartialLine()

    def get(name: str, absent: str | None = None) -> str | None:
        return None if name in bad else element.get(name, absent)

    def whole(name: str, absent: str | None = None) -> int | None:
        text = get(name, absent)
        return None if text is None else int(text.replace(".", ""))

    return PartialLine(
        ean=get("ean"),
        quantity=whole("quantite"),
        price=whole("prixPublicHT"),
        discount=whole("remise", "0"),
        vat=whole("tva"),
        exclusion=trimmed(get("exclusion", "")),
        evidence=trimmed(get("preuve", "")),
        title=title,
    )
