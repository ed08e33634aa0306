"""How are verbs found, loaded on use, and corrected when mistyped?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from lovecampaign.cli.framework.help_page import format_help
from lovecampaign.cli.framework.options import HELP_OPTIONS, split_options
from lovecampaign.cli.framework.registry import Verb

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


#: How alike two words are of which one may be meant for the other: one slip in five letters.
NEAR = 0.75


class Command(click.Command):
    """A verb, or a subcommand of one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser does not say of which command it speaks
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_options(self, ctx, formatter)


class Group(click.Group):
    """A verb with subcommands, which suggests the one that was meant.

    ``fallback`` names the subcommand that takes over where none is named, as in
    ``in-doubt [CAMPAIGN]`` beside ``in-doubt resolve``.
    """

    command_class = Command

    def __init__(self, *args: Any, fallback: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fallback = fallback

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.fallback and not self._names_subcommand(args):
            args = [self.fallback, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            raise click.UsageError(unknown_command(ctx, name, self.list_commands(ctx)), ctx)
        return name, command, args[1:]

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In the order of their definition, which is the order of their use."""
        return [name for name, command in self.commands.items() if not command.hidden]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands come first: they are what one looks for."""
        self.format_commands(ctx, formatter)
        write_options(self, ctx, formatter)

    def _names_subcommand(self, args: list[str]) -> bool:
        return any(arg in self.commands or arg in HELP_OPTIONS for arg in args)


class VerbGroup(Group):
    """The whole program: imports a verb's module when that verb is called."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.verbs)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        module, _, name = verb.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_help(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(format_help(self.verbs))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=verb.summary)
            for name, verb in self.verbs.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def unknown_command(ctx: click.Context, name: str, known: Iterable[str]) -> str:
    """What to say about a command that does not exist."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=NEAR)
    guess = f' Did you mean "{close[0]}"?' if close else ""
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
