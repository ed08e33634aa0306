"""Click groups that import verbs on use and correct mistyped names."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from lovecampaign.cli.framework.options import HELP_OPTIONS, split_options
from lovecampaign.cli.framework.registry import VERBS, format_help
from lovecampaign.core.suggestions import nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Command(click.Command):
    """A verb, or a subcommand of one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser leaves the command out
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_options(self, ctx, formatter)


class CommandGroup(click.Group):
    """A verb with subcommands, which suggests the nearest name for a mistyped one.

    ``fallback`` is the subcommand that runs where none is named, as in ``in-doubt [CAMPAIGN]``
    beside ``in-doubt resolve``.
    """

    command_class = Command

    def __init__(self, *args: Any, fallback: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fallback = fallback

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.fallback and not any(arg in self.commands or arg in HELP_OPTIONS for arg in args):
            args = [self.fallback, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            raise click.UsageError(_unknown_command(ctx, name, self.list_commands(ctx)), ctx)
        return name, command, args[1:]

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In the order of their definition, which is the order of their use."""
        return [name for name, command in self.commands.items() if not command.hidden]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands before options: they are what a user looks for."""
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)


class LazyGroup(CommandGroup):
    """The whole program: imports a verb's module when that verb is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        command: click.Command = getattr(import_module(verb.module), cmd_name.replace("-", "_"))
        return command

    def format_help(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(format_help())

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        verbs = [
            CompletionItem(name, help=verb.summary)
            for name, verb in VERBS.items()
            if name.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]


def _unknown_command(ctx: click.Context, name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    guess = f' Did you mean "{near}"?' if near else ""
    return f'{ctx.command_path} has no command "{name}".{guess}'


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """The command's own options first, then those that every command takes."""
    for title, options in split_options(command.get_params(ctx)):
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
