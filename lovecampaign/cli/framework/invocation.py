"""What does every command know about how it was called?"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from lovecampaign.cli.framework.group import Command, Group
from lovecampaign.cli.framework.logs import start_logging
from lovecampaign.cli.framework.options import everywhere, given_options
from lovecampaign.cli.output.output import NO_COMMAND, Output
from lovecampaign.cli.output.result import Result
from lovecampaign.core.clock import Clock, FixedClock, SystemClock
from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings, read_settings

Parameters = ParamSpec("Parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of one command. The workspace is looked for when it is asked for."""

    output: Output
    clock: Clock
    #: Set where ``--now`` replaces the clock.
    chosen_now: datetime | None
    #: Where the person stands, or what ``-C`` names.
    directory: Path
    #: Whether there is somebody to ask, who did not forbid it.
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
    name: str, group: Group | None = None
) -> Callable[[Callable[Concatenate[Invocation, Parameters], Result]], click.Command]:
    """Make a function that takes an :class:`Invocation` and returns a Result into a command."""

    def decorate(
        function: Callable[Concatenate[Invocation, Parameters], Result],
    ) -> click.Command:
        @functools.wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> int:
            context = click.get_current_context()
            output = begin(context)
            invocation = _invocation(context, output)
            start_logging(output, invocation.verbosity)
            result = function(invocation, *args, **kwargs)
            output.show(result)
            return int(result.exit_code)

        command = click.command(name, cls=Command)(everywhere(call))
        if group is not None:
            group.add_command(command)
        return command

    return decorate


def verb_group(name: str, *, fallback: str | None = None) -> Callable[[Callable[[], None]], Group]:
    """Make a function that does nothing into a verb with subcommands."""

    def decorate(function: Callable[[], None]) -> Group:
        settings: dict[str, Any] = {"fallback": fallback}
        return click.group(name, cls=Group, **settings)(everywhere(function))

    return decorate


def begin(context: click.Context) -> Output:
    """The output of this call, which now knows the command's name."""
    output = context.find_object(Output)
    if output is None:
        raise RuntimeError("commands are called through lovecampaign.cli.app.run")
    output.command = command_name(context)
    return output


def command_name(context: click.Context) -> str:
    """``subscribers-import`` for ``lovecampaign subscribers import``."""
    names: list[str] = []
    here: click.Context | None = context
    while here is not None and here.parent is not None:
        parent = here.parent.command
        if not (isinstance(parent, Group) and parent.fallback == here.info_name):
            names.insert(0, str(here.info_name))
        here = here.parent
    return "-".join(names) or NO_COMMAND


def _invocation(context: click.Context, output: Output) -> Invocation:
    given = given_options(context)
    chosen_now = given.get("now")
    return Invocation(
        output=output,
        clock=FixedClock(chosen_now) if chosen_now else SystemClock(),
        chosen_now=chosen_now,
        directory=given.get("directory") or _here(),
        may_ask=output.can_ask and not given.get("no_input"),
        verbosity=given.get("verbose", 0),
    )


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "the folder in which this was typed is gone", hint="go to another, or add -C DIR"
        ) from error
