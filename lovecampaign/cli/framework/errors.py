"""The outermost error boundary: every exception becomes a message and one exit code.

The traceback of a bug goes to a file.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from lovecampaign.cli.framework.invocation import command_name
from lovecampaign.cli.output.output import Output
from lovecampaign.core.errors import ExitCode, LovecampaignError, ProblemsFound
from lovecampaign.core.masking import mask_passwords
from lovecampaign.core.problems import Problem
from lovecampaign.core.suggestions import nearest

#: Faults of the machine or of permissions, not of this program.
_MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
#: A path that cannot hold a file, or holds something else; a bug where the path is in our package.
_PATH_FAULTS = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
_OUR_FOLDER = str(Path(__file__).parents[2])
_BROKEN_PIPE = 128 + 13  # as a shell reports a program that SIGPIPE ended


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailure:
    """A failed command in words, with its exit code."""

    exit_code: ExitCode
    message: str
    hint: str | None = None
    problems: Sequence[Problem] = ()

    def as_problems(self) -> Sequence[Problem]:
        """For the JSON envelope: the problems in files, or the failure itself."""
        if self.problems:
            return self.problems
        code = "failed" if self.exit_code is ExitCode.PROBLEMS else self.exit_code.name.lower()
        return [Problem(code=code, message=self.message, hint=self.hint)]


def report_failure(error: BaseException, output: Output, argv: Sequence[str]) -> int:
    """Show an exception to the user; returns the exit code for the shell."""
    if isinstance(error, BrokenPipeError):
        return _BROKEN_PIPE
    if isinstance(error, click.UsageError) and error.ctx is not None:
        output.command = command_name(error.ctx)
    failure = _without_passwords(describe_failure(error) or _bug(error, argv))
    with contextlib.suppress(OSError):  # both streams are broken; the exit code is left
        if output.as_json and not output.is_stdout_broken:
            output.show_failure(failure.as_problems(), failure.exit_code)
        elif isinstance(error, click.exceptions.NoArgsIsHelpError):
            output.show_note(failure.message)
        else:
            output.show_error(failure.message, failure.problems, failure.hint)
    return int(failure.exit_code)


def describe_failure(error: BaseException) -> CommandFailure | None:
    """The failure that an exception means; None for an unexpected one, which is a bug."""
    match error:
        case LovecampaignError():
            return CommandFailure(
                exit_code=error.exit_code,
                message=error.message,
                hint=error.hint,
                problems=error.problems if isinstance(error, ProblemsFound) else (),
            )
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "lovecampaign"
            return CommandFailure(
                exit_code=ExitCode.USAGE, message=_usage_message(error), hint=f"type: {path} --help"
            )
        case click.ClickException():
            return CommandFailure(exit_code=ExitCode.USAGE, message=error.format_message())
        case click.Abort() | KeyboardInterrupt():
            return CommandFailure(exit_code=ExitCode.INTERRUPTED, message="Interrupted.")
        case OSError() if error.errno in _MACHINE_FAULTS or _is_path_fault(error):
            return _machine_fault(error)
    return None


def _without_passwords(failure: CommandFailure) -> CommandFailure:
    """A message may repeat what was typed: a database URL, with a password in it."""
    hint = failure.hint and mask_passwords(failure.hint)
    return replace(failure, message=mask_passwords(failure.message), hint=hint)


def _usage_message(error: click.UsageError) -> str:
    """Click's message without "Invalid value for": the reason follows anyway."""
    match error:
        case click.MissingParameter(param=click.Parameter() as param):
            return f"{_name_of(param, error.ctx)} is missing{_choices_of(param)}"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_name_of(param, error.ctx)}: {_number_wanted(param) or error.message}"
        case click.NoSuchOption():
            near = nearest(error.option_name, error.possibilities or ())
            guess = f" Did you mean {near}?" if near else ""
            return f"There is no option {error.option_name}.{guess}"
    return error.format_message()


def _name_of(parameter: click.Parameter, context: click.Context | None) -> str:
    """``--limit``, ``FILE``: without the quotes and brackets of usage lines."""
    return parameter.get_error_hint(context).strip("'[].")


def _choices_of(parameter: click.Parameter) -> str:
    kind = parameter.type
    return f": {' or '.join(map(str, kind.choices))}" if isinstance(kind, click.Choice) else ""


def _number_wanted(parameter: click.Parameter) -> str | None:
    """The range of a number in words (click writes ``x>=1``); None for other types."""
    match parameter.type:
        case click.IntRange(min=least, max=None):
            return f"write a whole number from {least} on"
        case click.IntRange(min=least, max=most):
            return f"write a whole number from {least} to {most:,}"
        case click.types.IntParamType():
            return "write a whole number"
    return None


def _machine_fault(error: OSError) -> CommandFailure:
    where = f" ({error.filename})" if error.filename else ""
    return CommandFailure(
        exit_code=ExitCode.PROBLEMS,
        message=f"The system refused: {error.strerror}{where}.",
        hint="free some space, fix the permissions or use another folder, then run the same "
        "command again",
    )


def _is_path_fault(error: OSError) -> bool:
    """Whether the error is about a path outside of this program's own files."""
    name = str(error.filename or "")
    return error.errno in _PATH_FAULTS and bool(name) and not name.startswith(_OUR_FOLDER)


def _bug(error: BaseException, argv: Sequence[str]) -> CommandFailure:
    from lovecampaign.cli.framework.bug_log import write_bug_log

    path = write_bug_log(error, argv)
    return CommandFailure(
        exit_code=ExitCode.BUG,
        message=f"This is a bug in lovecampaign, not a mistake of yours. Details: {path}",
        hint="you can safely run the same command again; please report the bug with that file",
    )
