"""Commands made of acts: options from their parameters, help in one language, and what every command understands.

`--home --json --lang --by --format` are given once, before or after the command.
"""

from collections.abc import Callable, Iterator
from typing import Any

import click

from edi.acts.table import BY_NAME, texts
from edi.cli import help  # noqa: A004 - what it is
from edi.cli.help import COMMON
from edi.cli.screen import Screen
from edi.core.act import Act, Parameter, WrongUse, called, spoken
from schemas.text import Both, Text, filled


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
        return help.first(texts().acts[self.act.name])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of one command, in one language."""
        help.of_act(self.act, formatter)


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
        return Group(name, self._run) if any(act.startswith(f"{name} ") for act in BY_NAME) else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command meant, and the words after it. Raises WrongUse."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise WrongUse(name=repr(args[0]), why=Both("commande inconnue", "no such command"))
        return super().resolve_command(ctx, args)

    def get_short_help_str(self, limit: int = 45) -> str:
        """What the group is about."""
        return help.first(texts().groups[self.words])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What may come next, in one language."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        help.of_group(
            self.words, [(name, command.get_short_help_str()) for name, command in commands if command], formatter
        )


_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120, "allow_extra_args": True}


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
    if wrong.ctx and isinstance(wrong.ctx.command, click.Group):
        return Both("une commande est attendue", "a command is expected")
    return Both("ligne de commande incomprise", wrong.format_message())
