"""Help in one language, of an act and of what begins with the same words; and which language that is."""

import os
import sys
from collections.abc import Iterable, Sequence

from click import HelpFormatter, style

from edi.acts.table import texts
from edi.core.act import FILE, Act, Parameter, WrongUse, called, spoken
from schemas.text import Both, Language, Text, filled, joined

Lines = Iterable[tuple[Text, Text]]
#: What every command understands, as parameters of the frame: name, what stands for its value, help.
COMMON: tuple[tuple[str, Text, Both], ...] = (
    ("home", Both("DOSSIER", "FOLDER"), Both("Le dossier de travail (EDI_HOME, ./edi-home).", "The home (EDI_HOME, ./edi-home).")),
    ("json", "", Both("Un document JSON sur stdout.", "One JSON document on stdout.")),
    ("format", Both("FORME", "FORM"), Both("Une autre forme : {forms}.", "Another form: {forms}.")),
    ("lang", "fr|en", Both("La langue (EDI_LANG, lang dans edi.toml).", "The language (EDI_LANG, lang in edi.toml).")),
    ("by", Both("NOM", "NAME"), Both("De qui c'est l'acte ; sinon l'utilisateur.", "Whose act it is; else the user.")),
)  # fmt: skip
_OUTPUT = (
    filled("-o, --output {file}", file=FILE),
    Both("Où l'écrire ; sinon stdout.", "Where to write it; else stdout."),
)
_ROOT_ONLY: tuple[tuple[Text, Text], ...] = (
    ("--version", Both("La version.", "The version.")),
    ("--show-completion SHELL", Both("À mettre dans ~/.bashrc, pour compléter par Tab.", "To be put into ~/.bashrc, for completion by Tab.")),
)  # fmt: skip
_ROOT = Both(
    "{titles}\n\nedi demo : tout voir en une minute. edi check F-2025.txt : contrôler un fichier. edi run --once : un passage "
    "sur toutes les liaisons.\n\nCodes de sortie : 0 tout va bien, 1 quelque chose est refusé ou ne tombe pas juste, 2 usage "
    "ou panne.",
    "{titles}\n\nedi demo: see it all in a minute. edi check F-2025.txt: check a file. edi run --once: one pass over every "
    "link.\n\nExit codes: 0 all is well, 1 something was refused or does not balance, 2 wrong use or failure.",
)


def language_of(words: Sequence[str]) -> Language | None:
    """The language asked for by `--lang` among the words of a command line, else by EDI_LANG. Raises WrongUse."""
    name, given = "EDI_LANG", os.environ.get("EDI_LANG") or None
    for place, word in enumerate(words):
        if word == "--":
            break
        if word == "--lang" and place + 1 < len(words):
            name, given = "--lang", words[place + 1]
        elif word.startswith("--lang="):
            name, given = "--lang", word.removeprefix("--lang=")
    if given is not None and given not in ("fr", "en"):
        raise WrongUse(name=f"{name} {given!r}", why=Both("fr ou en", "fr or en"))
    return "en" if given == "en" else "fr" if given == "fr" else None


def of_act(act: Act, formatter: HelpFormatter) -> None:
    """The help of one command."""
    arguments = [one for one in act.asked if one.about.argument]
    shown = "".join(
        f" {_told(one.about.shown)}" if one.required else f" [{_told(one.about.shown)}]" for one in arguments
    )
    taken = {one.name for one in act.asked}
    forms = ", ".join(("json", *act.forms))
    common = [_common(name, what, says, forms) for name, what, says in COMMON if name not in taken]
    _begin(formatter, f"{act.name} [OPTIONS]{shown}", texts().acts[act.name])
    _list(formatter, "Arguments", ((called(one), one.about.help) for one in arguments))
    _list(formatter, "Options", map(_option, (one for one in act.asked if not one.about.argument)))
    _list(
        formatter, Both("Partout", "Everywhere"), [*common, *([_OUTPUT] if act.forms and "output" not in taken else [])]
    )
    _list(formatter, Both("Colonnes (* nécessaire)", "Columns (* needed)"), act.notes() if act.notes else ())
    formatter.write(f"\n{style(_told(Both('Exemples', 'Examples')), bold=True)}\n")
    for line in texts().acts[act.name].examples:
        formatter.write(f"  {style(line, fg='cyan')}\n")


def of_group(words: str, commands: Lines, formatter: HelpFormatter) -> None:
    """The help of what begins with these words, or of `edi` itself."""
    says = texts().groups.get(words) or filled(_ROOT, titles=joined(texts().titles, "\n\n"))
    _begin(formatter, f"{words} [OPTIONS] {_told(Both('COMMANDE ...', 'COMMAND ...'))}".lstrip(), says)
    _list(formatter, Both("Commandes", "Commands"), commands)
    if not words:
        _list(formatter, Both("Partout", "Everywhere"), [*(_common(*one, "json") for one in COMMON), *_ROOT_ONLY])


def first(text: Text) -> str:
    """The first line of a help."""
    return _told(text).split("\n", 1)[0]


def _told(text: Text) -> str:
    """A text in the language of the help: as asked for on the command line, else of the environment."""
    return spoken(text, language_of(sys.argv[1:]) or "fr")


def _common(name: str, shown: Text, says: Both, forms: str) -> tuple[Text, Text]:
    return filled("--{name} {shown}", name=name, shown=shown), filled(says, forms=forms)


def _option(one: Parameter) -> tuple[Text, Text]:
    """An option and what it is for."""
    short = f"-{one.about.short}, " if one.about.short else ""
    settled: Text = f" [{one.default}]" if one.default not in (None, "", False) else ""
    settled = Both(" [à donner]", " [needed]") if one.required else settled
    return (
        filled("{short}{name} {shown}", short=short, name=called(one), shown=one.about.shown),
        filled("{help}{settled}", help=one.about.help, settled=settled),
    )


def _begin(formatter: HelpFormatter, usage: str, text: Text) -> None:
    formatter.write(f"{style('Usage', bold=True)}{_told(Both(' :', ':'))} edi {usage}\n")
    for part in _told(text).split("\n\n"):
        formatter.write("\n")
        formatter.write_text(part)


def _list(formatter: HelpFormatter, head: Text, rows: Lines) -> None:
    if told := [(_told(name).rstrip(), _told(says)) for name, says in rows]:
        formatter.write(f"\n{style(_told(head), bold=True)}\n")
        with formatter.indentation():
            formatter.write_dl(told, col_max=34)
