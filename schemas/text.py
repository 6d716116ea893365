"""What people read, in French and in English; one language is spoken at a time (`say`)."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Language = Literal["fr", "en"]


class Both(msgspec.Struct, frozen=True):
    """A text in French and in English."""

    fr: str
    en: str


#: A text that is the same in every language (a code, an amount), or one in both.
Text = str | Both


def say(text: Text | None, language: str) -> str | None:
    """`text` in `language` (`fr` or `en`)."""
    if isinstance(text, Both):
        return text.en if language == "en" else text.fr
    return text


def filled(text: Text, **facts: object) -> Text:
    """`text` with `{name}` places filled; a fact in both languages goes into each in its own.

    >>> filled(Both("Liaison {link} : {why}.", "Link {link}: {why}."), link="sud", why=Both("fermée", "closed")).en
    'Link sud: closed.'
    """
    if isinstance(text, str) and not any(isinstance(fact, Both) for fact in facts.values()):
        return text.format(**facts)
    return Both(*(_filled(text, language, facts) for language in ("fr", "en")))


def joined(texts: Iterable[Text], by: str = " ; ") -> Text:
    """Several texts as one, in each language.

    >>> joined([Both("a", "b"), "c"])
    Both(fr='a ; c', en='b ; c')
    """
    each = list(texts)
    return Both(*(by.join(say(text, language) or "" for text in each) for language in ("fr", "en")))


def _filled(text: Text, language: str, facts: dict[str, object]) -> str:
    spoken = {name: say(fact, language) if isinstance(fact, Both) else fact for name, fact in facts.items()}
    return (say(text, language) or "").format(**spoken)


def stored(text: Text) -> str:
    """`text` as a database or a log keeps it, for `recalled` to read back.

    >>> recalled(stored(Both("plein", "full"))), recalled(stored("a")), recalled('{"fr')
    (Both(fr='plein', en='full'), 'a', '{"fr')
    """
    return text if isinstance(text, str) else msgspec.json.encode(text).decode()


def recalled(kept: str) -> Text:
    """The text of which `stored` made this; text kept before there were two languages is itself."""
    if kept.startswith('{"fr":'):
        try:
            return msgspec.json.decode(kept, type=Both)
        except msgspec.DecodeError:
            return kept
    return kept


def counted(count: int, fr: str, en: str) -> Both:
    """So many of a noun: in French the first word and in English the last is put into the plural.

    >>> counted(2, "demande de référencement", "referencing request")
    Both(fr='2 demandes de référencement', en='2 referencing requests')
    >>> counted(0, "écriture", "entry"), counted(1, "écriture", "entry").en
    (Both(fr='0 écriture', en='0 entries'), '1 entry')
    """
    noun, *rest = fr.split(" ")
    french = " ".join((f"{noun}s" if abs(count) > 1 else noun, *rest))
    english = en if count == 1 else f"{en[:-1]}ies" if en.endswith("y") else f"{en}s"
    return Both(f"{count} {french}", f"{count} {english}")
