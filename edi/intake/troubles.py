"""Troubles of links, each told once: not again while the pass before knew of it too."""

from collections.abc import Collection

from edi.core.desk import Tell
from schemas.text import Language, Text, say


class Troubles:
    """What has gone wrong with which link, in the pass that goes on and in the one before."""

    def __init__(self, tell: Tell, language: Language) -> None:
        self.tell = tell
        self.language = language
        self._known: dict[str, set[Text]] = {}
        self._before: dict[str, set[Text]] = {}
        self._first: dict[str, str] = {}

    def begin(self, only: Collection[str] | None) -> dict[str, str]:
        """Begins a pass over all links, or those `only`; the first trouble of each link in it, as they come."""
        self._before = self._known
        self._known = {link: texts for link, texts in self._known.items() if only and link not in only}
        self._first = {}
        return self._first

    def note(self, link: str, trouble: Text, file: str = "") -> None:
        """Notes a trouble of a link, and with which file; tells of it unless that is known."""
        spoken = say(trouble, self.language) or ""
        self._first.setdefault(link, spoken)
        if trouble not in self._before.get(link, ()) and trouble not in self._known.get(link, ()):
            self.tell("trouble", {"link": link, "trouble": spoken, "file": file})
        self._known.setdefault(link, set()).add(trouble)
