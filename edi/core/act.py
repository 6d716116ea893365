"""What an act is: one thing that a person or a program can ask for, by whatever face (command, HTTP, page).

An act is a function of a desk and of parameters, each of which says in `Asked` what it means; what it returns is a
`Result`. It prints nothing, reads no command line and ends no process: progress and events go to the desk.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from schemas import gln
from schemas.column import Column, Row
from schemas.errors import EdiError
from schemas.text import Both, Text, filled, say

Role = Literal["operator", "accountant", "declarant", "reader"]
#: The forms every table has beside JSON.
SHEETS = ("csv", "csv-fr", "xlsx")


class WrongUse(EdiError):
    """A parameter that cannot be so, or is missing: what it is called, and what it should be."""

    says = Both("{name} : {why}", "{name}: {why}")


class Asked(msgspec.Struct, frozen=True):
    """What a parameter means, beside its type: `shown` stands for its value in a help, an `argument` needs no name.

    `least` and `most` bound a number; `words` are the only values; `gln` asks for the form of a GLN; `writes` is the form
    of the result that is written to this path.
    """

    help: Text
    shown: Text = ""
    argument: bool = False
    short: str = ""
    least: int | None = None
    most: int | None = None
    words: tuple[str, ...] = ()
    gln: bool = False
    writes: str = ""


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of an act: `kind` is str, int, bool, Path or date; `words` the only values it may have."""

    name: str
    kind: type
    about: Asked
    many: bool
    required: bool
    default: Any
    words: tuple[str, ...]


class Paper(msgspec.Struct, frozen=True):
    """A file that an act makes, in pieces; one that is kept is not written again where it lies already."""

    name: str
    pieces: Callable[[], Iterable[bytes]]
    kept: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an act. Its JSON document is every field but those of this class, in their order.

    `code` is 0 all is well, 1 something was refused or does not balance, 2 the world failed. `forms` are what it can be
    had as beside JSON; `paper` is the file it makes (`into`: where, if nobody says), `papers` those for a folder;
    `above` and `below` are sentences for people about it, `notes` for whoever asked.
    """

    code: int = 0
    forms: Mapping[str, Callable[[], Paper]] = {}
    sheets: Callable[[], list[Any]] | None = None
    paper: Paper | None = None
    papers: Callable[[], Iterable[Paper]] | None = None
    into: str = ""
    above: tuple[Text, ...] = ()
    below: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()

    def document(self, language: str) -> Any:
        """What programs are told, ready for JSON; texts in `language`."""
        fields = (name for name in self.__struct_fields__ if name not in Result.__struct_fields__)
        return {name: getattr(self, name) for name in fields}


class Facts(Result, frozen=True, kw_only=True):
    """Facts that are their own document; None where all was told of while it went on."""

    facts: Any

    def document(self, language: str) -> Any:
        """The same."""
        return self.facts


class Rows(Result, frozen=True, kw_only=True):
    """A table: `name` is its key in JSON, where `more` stands beside; `empty` is said instead of a table without rows.

    People are shown the `last` rows only. `whole` is the document where that is another than this table.
    """

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    empty: Text = ""
    last: int | None = None
    more: Mapping[str, Any] = {}
    tables: tuple["Rows", ...] = ()
    whole: dict[str, Any] | None = None

    def document(self, language: str) -> Any:
        """`{name: [rows]}` and what stands beside, or the `whole`."""
        return {self.name: self.rows, **self.more} if self.whole is None else self.whole


class Act(msgspec.Struct, frozen=True):
    """An act: the words it is asked for by, and its function. What it says of itself stands in `edi.acts.table.texts`.

    `role` is whose it is; it `writes` or only reads; `home` says whether it needs one: `made` on first use, `none`,
    or a `fresh` one unless one is named. `fixed` are parameters that this name of the act settles, `form` is what it
    gives if nobody says, `notes` end its help. A `lasting` one goes on until its desk is asked to stop.
    """

    name: str
    work: Any
    role: Role = "reader"
    writes: bool = False
    home: Literal["made", "none", "fresh"] = "made"
    more: tuple[str, ...] = ()
    form: str = ""
    fixed: Mapping[str, Any] = {}
    notes: Callable[[], list[tuple[str, Text]]] | None = None
    lasting: bool = False

    @property
    def result(self) -> Any:
        """The type of what it returns."""
        return self.work.__annotations__["return"]

    @property
    def forms(self) -> tuple[str, ...]:
        """What its result can be had as, beside JSON."""
        table = isinstance(self.result, type) and issubclass(self.result, Rows)
        return (*(SHEETS if table else ()), *self.more)

    @property
    def asked(self) -> tuple[Parameter, ...]:
        """Its parameters but those that are fixed."""
        defaults = self.work.__kwdefaults__ or {}
        named = {
            name: of for name, of in self.work.__annotations__.items() if name not in ("desk", "return", *self.fixed)
        }
        return tuple(_parameter(name, of, defaults) for name, of in named.items())

    def asks(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters for its function, from texts; one that is None is not given. Raises WrongUse."""
        values = dict(self.fixed)
        for one in self.asked:
            value = given.get(one.name)
            if one.many and value:
                values[one.name] = tuple(_value(one, text) for text in value)
            elif value is not None and not one.many:
                values[one.name] = value if isinstance(value, bool) else _value(one, value)
            elif one.required:
                raise WrongUse(name=called(one), why=Both("à donner", "missing"))
        return values


def _parameter(name: str, of: Any, defaults: Mapping[str, Any]) -> Parameter:
    kind, about = get_args(of)
    if get_origin(kind) in (Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    many = get_origin(kind) is tuple
    kind = get_args(kind)[0] if many else kind
    words = get_args(kind) if get_origin(kind) is Literal else about.words
    return Parameter(name, str if words else kind, about, many, name not in defaults, defaults.get(name), words)


def called(one: Parameter) -> Text:
    """What a person calls a parameter: `--its-name`, or what stands for it."""
    return one.about.shown if one.about.argument else f"--{one.name.replace('_', '-')}"


_NUMBER = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _value(one: Parameter, text: Any) -> Any:
    """A value out of a text. Raises WrongUse."""

    def wrong(fr: str, en: str) -> WrongUse:
        return WrongUse(name=filled("{name} {value!r}", name=called(one), value=str(text)), why=Both(fr, en))

    about = one.about
    if one.kind is int:
        if not _NUMBER.fullmatch(str(text)):
            raise wrong("un nombre entier", "a whole number")
        number = int(text)
        if about.least is not None and number < about.least:
            raise wrong(f"{about.least} au moins", f"{about.least} at least")
        if about.most is not None and number > about.most:
            raise wrong(f"{about.most} au plus", f"{about.most} at most")
        return number
    if one.kind is date:
        try:
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise wrong("un jour, AAAA-MM-JJ", "a day, YYYY-MM-DD") from None
    if one.words and text not in one.words:
        raise wrong(" ou ".join(one.words), " or ".join(one.words))
    if about.gln and not gln.has_form(text):
        raise wrong("13 chiffres", "13 digits")
    return Path(text) if one.kind is Path else text


def spoken(text: Text, language: str) -> str:
    """A text that is there, in a language."""
    return say(text, language) or ""


#: Parameters that several acts have.
_YEAR = Both("ANNÉE", "YEAR")
FOLDER = Both("DOSSIER", "FOLDER")
FILE = Both("FICHIER", "FILE")
Year = Annotated[int, Asked(Both("L'année.", "The year."), _YEAR, argument=True)]
SomeYear = Annotated[int, Asked(Both("L'année.", "The year."), _YEAR, argument=True, least=2003, most=9999)]
Period = Annotated[int | None, Asked(Both("Une période.", "One period."), _YEAR)]
Reason = Annotated[str, Asked(Both("Pourquoi ; c'est gardé.", "Why; it is kept."), Both("TEXTE", "TEXT"))]
Output = Annotated[
    Path | None, Asked(Both("Où l'écrire ; sinon stdout.", "Where to write it; else stdout."), FILE, short="o")
]
Number = Annotated[
    int, Asked(Both("Son numéro dans la liste.", "Its number in the list."), "N°", argument=True, least=1)
]
