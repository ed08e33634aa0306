"""The call of a command: its output, clock, folder and settings, and the decorators of verbs."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from lovecampaign.cli.framework.group import Command, CommandGroup
from lovecampaign.cli.framework.options import common_options, given_options
from lovecampaign.cli.output.output import NO_COMMAND, Output
from lovecampaign.cli.output.result import Result
from lovecampaign.core.clock import Clock, FixedClock, SystemClock
from lovecampaign.core.errors import ConfirmationNeeded, UsageError
from lovecampaign.core.settings import Settings, read_settings

Parameters = ParamSpec("Parameters")
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of one command. The workspace is searched for on demand."""

    output: Output
    clock: Clock
    #: Set where ``--now`` replaces the clock.
    chosen_now: datetime | None
    #: The current folder, or the one that ``-C`` names.
    directory: Path
    #: At a terminal, without ``--json`` and ``--no-input``.
    may_ask: bool
    verbosity: int

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def find_workspace(self) -> Path:
        """The workspace here or above; raises UsageError that says how to make one."""
        from lovecampaign.campaign.workspace.find import find_workspace

        return find_workspace(self.directory)

    def settings(self) -> Settings:
        return read_settings(self.find_workspace(), os.environ)


def verb(
    name: str, group: CommandGroup | None = None
) -> Callable[[Callable[Concatenate[Invocation, Parameters], Result]], click.Command]:
    """Make a function that takes an :class:`Invocation` and returns a Result into a command."""

    def decorate(function: Callable[Concatenate[Invocation, Parameters], Result]) -> click.Command:
        @functools.wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> int:
            context = click.get_current_context()
            output = _output_of(context)
            invocation = _invocation(context, output)
            _start_logging(output, invocation.verbosity)
            result = function(invocation, *args, **kwargs)
            output.show(result)
            return int(result.exit_code)

        command = click.command(name, cls=Command)(common_options(call))
        if group is not None:
            group.add_command(command)
        return command

    return decorate


def verb_group(
    name: str, *, fallback: str | None = None
) -> Callable[[Callable[[], None]], CommandGroup]:
    """Make a function that does nothing into a verb with subcommands."""

    def decorate(function: Callable[[], None]) -> CommandGroup:
        settings: dict[str, Any] = {"fallback": fallback}
        return click.group(name, cls=CommandGroup, **settings)(common_options(function))

    return decorate


def require_retyped(invocation: Invocation, name: str, question: str) -> None:
    """Ask to retype a name before an action that cannot be undone.

    Raises ConfirmationNeeded where the answer differs, or where asking is not possible.
    """
    if not invocation.may_ask:
        raise ConfirmationNeeded(f"{question} Please confirm it.", hint="add --yes")
    answer = invocation.output.ask(f'{question} Type "{name}" to go on:')
    if answer is None:
        raise ConfirmationNeeded("Nothing was done: you typed no name.")
    if answer != name:
        raise ConfirmationNeeded(f"Nothing was done: what you typed is not {name}.")


def command_name(context: click.Context) -> str:
    """``subscribers-import`` for ``lovecampaign subscribers import``."""
    names: list[str] = []
    here: click.Context | None = context
    while here is not None and here.parent is not None:
        parent = here.parent.command
        if not (isinstance(parent, CommandGroup) and parent.fallback == here.info_name):
            names.insert(0, str(here.info_name))
        here = here.parent
    return "-".join(names) or NO_COMMAND


def _output_of(context: click.Context) -> Output:
    """The output of this call, with the command's name set."""
    output = context.find_object(Output)
    if output is None:
        raise RuntimeError("commands are called through lovecampaign.cli.app.run")
    output.command = command_name(context)
    return output


def _invocation(context: click.Context, output: Output) -> Invocation:
    given = given_options(context)
    chosen_now = given.get("now")
    return Invocation(
        output=output,
        clock=FixedClock(chosen_now) if chosen_now else SystemClock(),
        chosen_now=chosen_now,
        directory=given.get("directory") or _current_folder(),
        may_ask=output.can_ask and not given.get("no_input"),
        verbosity=given.get("verbose", 0),
    )


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the current folder is gone", hint="go to another folder, or add -C DIR"
        ) from error


class OutputHandler(logging.Handler):
    """Sends log lines through the one module that prints."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.show_note(self.format(record))


def _start_logging(output: Output, verbosity: int) -> None:
    """Warnings always, each step with ``-v``, everything with ``-vv``."""
    handler = OutputHandler(output)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("lovecampaign")
    logger.handlers[:] = [handler]
    logger.setLevel(_LEVELS[min(verbosity, 2)])
    logger.propagate = False
