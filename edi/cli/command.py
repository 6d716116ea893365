"""Commands made of acts: options from their parameters, help in one language, and what every command understands.

`--home --json --lang --by --format` are given once, before or after the command.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from edi.acts.act import FILE, Act, Parameter, WrongUse, called, spoken
from edi.acts.table import BY_NAME, GROUPS
from edi.cli.screen import Screen
from schemas.text import Both, Language, Text, filled

#: What every command understands, as parameters of the frame: name, what stands for its value, help.
COMMON: tuple[tuple[str, Text, Both], ...] = (
    ("home", Both("DOSSIER", "FOLDER"), Both("Le dossier de travail (EDI_HOME, ./edi-home).", "The home (EDI_HOME, ./edi-home).")),
    ("json", "", Both("Un document JSON sur stdout.", "One JSON document on stdout.")),
    ("format", Both("FORME", "FORM"), Both("Une autre forme : {forms}.", "Another form: {forms}.")),
    ("lang", "fr|en", Both("La langue (EDI_LANG, lang dans edi.toml).", "The language (EDI_LANG, lang in edi.toml).")),
    ("by", Both("NOM", "NAME"), Both("De qui c'est l'acte ; sinon l'utilisateur.", "Whose act it is; else the user.")),
)  # fmt: skip
_HEADS = {
    "usage": Both("Usage", "Usage"), "arguments": Both("Arguments", "Arguments"), "options": Both("Options", "Options"),
    "commands": Both("Commandes", "Commands"), "common": Both("Partout", "Everywhere"), "notes": Both("Colonnes (* nécessaire)", "Columns (* needed)"),
    "examples": Both("Exemples", "Examples"),
}  # fmt: skip
_LANGUAGES = ("fr", "en")


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
    if given is not None and given not in _LANGUAGES:
        raise WrongUse(name=f"{name} {given!r}", why=Both("fr ou en", "fr or en"))
    return "en" if given == "en" else "fr" if given == "fr" else None


class Frame:
    """One call of `edi`: where it speaks, and what of `COMMON` was given before the command."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.given: dict[str, Any] = {}


#: Does an act: given the frame, what was given of `COMMON`, and the parameters as texts, it returns the exit code.
Run = Callable[[Frame, Act, dict[str, Any], dict[str, Any]], int]


def _common(act: Act | None) -> Iterator[click.Option]:
    taken = {one.name for one in act.asked} if act else set()
    for name, shown, _ in COMMON:
        if name not in taken:
            more: dict[str, Any] = {"is_flag": True, "default": None} if not shown else {"metavar": spoken(shown, "fr")}
            yield click.Option([f"--{name}", f"_{name}"], **more)
    if act is not None and act.forms and "output" not in taken:
        yield click.Option(["--output", "_output", "-o"])


def _option(one: Parameter) -> click.Parameter:
    """The option or argument of a parameter: texts, which the act itself makes values of."""
    if one.about.argument:
        return click.Argument(
            [f"_{one.name}"], metavar=spoken(one.about.shown, "fr"), nargs=-1 if one.many else 1, required=one.required
        )
    names = [f"--{one.name.replace('_', '-')}", f"_{one.name}", *([f"-{one.about.short}"] if one.about.short else [])]
    names = ["--output" if name == "--output" else name for name in names]
    if one.kind is bool:
        return click.Option(names, is_flag=True, default=None)
    return click.Option(names, required=one.required)


class Command(click.Command):
    """The command of an act."""

    def __init__(self, act: Act, run: Run) -> None:
        self.act = act
        self._run = run
        super().__init__(
            act.name.rsplit(" ", 1)[-1], params=[*map(_option, act.asked), *_common(act)], context_settings=_HELP
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the act."""
        given = {name.removeprefix("_"): value for name, value in ctx.params.items()}
        own = {one.name for one in self.act.asked}
        common = {name: value for name, value in given.items() if name not in own and value is not None}
        if ctx.args:
            raise WrongUse(name=repr(ctx.args[0]), why=Both("de trop", "one too many"))
        frame = ctx.find_root().obj
        ctx.exit(self._run(frame, self.act, {**frame.given, **common}, {name: given[name] for name in own}))

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence of its help."""
        return _first(self.act.help)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of one command, in one language."""
        act, language = self.act, _spoken()
        arguments = [one for one in act.asked if one.about.argument]
        shown = " ".join(
            name if one.required else f"[{name}]" for one in arguments for name in [spoken(one.about.shown, language)]
        )
        _begin(formatter, f"edi {act.name} [OPTIONS] {shown}".rstrip(), act.help)
        _list(formatter, "arguments", ((called(one), one.about.help) for one in arguments if one.about.help))
        _list(formatter, "options", map(_explained, (one for one in act.asked if not one.about.argument)))
        taken = {one.name for one in act.asked}
        forms = filled(COMMON[2][2], forms=", ".join(("json", *act.forms)))
        rows = [
            (_named(name, what), forms if name == "format" else says)
            for name, what, says in COMMON
            if name not in taken
        ]
        if act.forms and "output" not in taken:
            rows.append(
                (
                    filled("-o, --output {file}", file=FILE),
                    Both("Où l'écrire ; sinon stdout.", "Where to write it; else stdout."),
                )
            )
        _list(formatter, "common", rows)
        _list(formatter, "notes", act.notes() if act.notes else ())
        _examples(formatter, act.examples)


class Group(click.Group):
    """Commands that begin with the same words."""

    def __init__(self, words: str, run: Run, **more: Any) -> None:
        self.words = words
        self._run = run
        more = {"params": [*_common(None), *more.pop("params", ())], "callback": _noted, **more}
        super().__init__(words.rsplit(" ", 1)[-1] or "edi", context_settings=_HELP, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The words that may come next, in the order of the table."""
        depth = len(self.words.split())
        below = (act.name.split() for act in BY_NAME.values() if f"{act.name} ".startswith(f"{self.words} ".lstrip()))
        return list(dict.fromkeys(words[depth] for words in below if len(words) > depth))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or the group, of that word; made when it is asked for."""
        name = f"{self.words} {cmd_name}".strip()
        if name in BY_NAME:
            return Command(BY_NAME[name], self._run)
        return Group(name, self._run) if name in GROUPS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command meant, and the words after it. Raises WrongUse."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise WrongUse(name=repr(args[0]), why=Both("commande inconnue", "no such command"))
        return super().resolve_command(ctx, args)

    def get_short_help_str(self, limit: int = 45) -> str:
        """What the group is about."""
        return _first(GROUPS[self.words])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What may come next, in one language."""
        _begin(
            formatter,
            f"edi {self.words} [OPTIONS] {spoken(_COMMAND, _spoken())}".replace("  ", " "),
            GROUPS.get(self.words, ROOT),
        )
        names = self.list_commands(ctx)
        _list(
            formatter,
            "commands",
            ((name, command.get_short_help_str()) for name in names if (command := self.get_command(ctx, name))),
        )
        if not self.words:
            _list(
                formatter,
                "common",
                [*((_named(name, what), filled(says, forms="json")) for name, what, says in COMMON), *_ROOT_ONLY],
            )


_COMMAND = Both("COMMANDE ...", "COMMAND ...")
_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120, "allow_extra_args": True}
_ROOT_ONLY = [
    ("--version", Both("La version.", "The version.")),
    ("--show-completion SHELL", Both("À mettre dans ~/.bashrc, pour compléter par Tab.", "To be put into ~/.bashrc, for completion by Tab.")),
]  # fmt: skip
ROOT = Both(
    "Déclarations du droit de prêt : des dossiers SFTP des partenaires au registre rapproché des 6 %.\n\n"
    "edi demo : tout voir en une minute. edi check F-2025.txt : contrôler un fichier. edi run --once : un passage sur toutes "
    "les liaisons.\n\nCodes de sortie : 0 tout va bien, 1 quelque chose est refusé ou ne tombe pas juste, 2 usage ou panne.",
    "French lending right: from partners' SFTP folders to a reconciled 6 % ledger.\n\n"
    "edi demo: see it all in a minute. edi check F-2025.txt: check a file. edi run --once: one pass over every link.\n\n"
    "Exit codes: 0 all is well, 1 something was refused or does not balance, 2 wrong use or failure.",
)


def _spoken() -> Language:
    """The language of a help."""
    return language_of(sys.argv[1:]) or "fr"


def _first(text: Both) -> str:
    return spoken(text, _spoken()).split("\n", 1)[0]


def _named(name: str, shown: Text) -> Text:
    return filled("--{name} {shown}", name=name, shown=shown) if shown else f"--{name}"


def _explained(one: Parameter) -> tuple[Text, Text]:
    """An option and what it is for."""
    name = filled(
        "{short}{name} {shown}",
        short=f"-{one.about.short}, " if one.about.short else "",
        name=called(one),
        shown=one.about.shown,
    )
    settled = filled(" [{default}]", default=one.default) if one.default not in (None, "", False) else ""
    needed = Both(" [à donner]", " [needed]") if one.required else settled
    return name, filled("{help}{needed}", help=one.about.help, needed=needed)


def _begin(formatter: click.HelpFormatter, usage: str, text: Both) -> None:
    language = _spoken()
    formatter.write(
        f"{click.style(spoken(_HEADS['usage'], language), bold=True)}{spoken(Both(' :', ':'), language)} {usage}\n"
    )
    for part in spoken(text, language).split("\n\n"):
        formatter.write("\n")
        formatter.write_text(part)


def _list(formatter: click.HelpFormatter, head: str, rows: Any) -> None:
    language = _spoken()
    told = [(spoken(name, language).rstrip(), spoken(says, language)) for name, says in rows]
    if told:
        formatter.write(f"\n{click.style(spoken(_HEADS[head], language), bold=True)}\n")
        formatter.indent()
        formatter.write_dl(told, col_max=34)
        formatter.dedent()


def _examples(formatter: click.HelpFormatter, lines: Sequence[str]) -> None:
    formatter.write(f"\n{click.style(spoken(_HEADS['examples'], _spoken()), bold=True)}\n")
    for line in lines:
        formatter.write(f"  {click.style(line, fg='cyan')}\n")


def root(run: Run) -> Group:
    """`edi` itself."""

    def version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
        if wanted:
            from importlib.metadata import version as installed

            click.echo(f"edi {installed('droit-de-pret')}")
            ctx.exit()

    def completion(ctx: click.Context, option: click.Parameter, shell: str | None) -> None:
        if shell is not None:
            from click.shell_completion import get_completion_class

            if (kind := get_completion_class(shell)) is None:
                raise WrongUse(name="--show-completion", why="bash, zsh, fish")
            click.echo(kind(app, {}, "edi", "_EDI_COMPLETE").source())
            ctx.exit()

    eager: dict[str, Any] = {"is_eager": True, "expose_value": False}
    own = [
        click.Option(["--version"], is_flag=True, callback=version, **eager),
        click.Option(["--show-completion"], callback=completion, **eager),
    ]
    app = Group("", run, params=own)
    return app


@click.pass_context
def _noted(ctx: click.Context, /, **given: Any) -> None:
    """Notes what was given of `COMMON` before the command."""
    root = ctx.find_root()
    root.obj = root.obj or Frame(Screen("fr"))
    root.obj.given |= {name.removeprefix("_"): value for name, value in given.items() if value is not None}


def wording(wrong: click.UsageError) -> Text:
    """What is wrong with the words of a command line, in our words."""
    if isinstance(wrong, click.NoSuchOption):
        return filled(Both("{name} : option inconnue", "{name}: no such option"), name=wrong.option_name)
    if isinstance(wrong, click.MissingParameter) and wrong.param is not None:
        asked = wrong.ctx.command.act.asked if wrong.ctx and isinstance(wrong.ctx.command, Command) else ()
        name = next((called(one) for one in asked if f"_{one.name}" == wrong.param.name), wrong.param.name)
        return filled(Both("{name} : à donner", "{name}: missing"), name=name)
    if isinstance(wrong, click.BadOptionUsage):
        return filled(Both("{name} : mal employée", "{name}: wrongly used"), name=wrong.option_name)
    return wrong.format_message()
