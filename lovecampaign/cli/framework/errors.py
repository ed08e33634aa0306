"""What does a person, a program and the shell hear of a failure?

Every exception ends here, in words and as one exit code; a traceback goes to a file.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from lovecampaign.cli.framework.group import NEAR
from lovecampaign.cli.framework.invocation import command_name
from lovecampaign.cli.output.output import Output
from lovecampaign.core.errors import ExitCode, LovecampaignError, ProblemsFound
from lovecampaign.core.problems import Problem

#: Faults of the machine or of its owner's rights, not of ours.
_MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
#: Of a place that cannot hold a file, or holds another thing; ours where it is a file of ours.
_PLACE_FAULTS = {
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
class Failure:
    """An exception, said for its reader."""

    exit_code: ExitCode
    message: str
    hint: str | None = None
    problems: Sequence[Problem] = ()

    def as_problems(self) -> Sequence[Problem]:
        """For the JSON envelope: what was found in files, or the failure itself."""
        if self.problems:
            return self.problems
        code = "failed" if self.exit_code is ExitCode.PROBLEMS else self.exit_code.name.lower()
        return [Problem(code=code, message=self.message, hint=self.hint)]


def report(error: BaseException, output: Output, words: Sequence[str]) -> int:
    """Tell about an exception; the exit code for the shell."""
    if isinstance(error, BrokenPipeError):
        return _BROKEN_PIPE
    if isinstance(error, click.UsageError) and error.ctx is not None:
        output.command = command_name(error.ctx)
    failure = describe(error) or _bug(error, words)
    with contextlib.suppress(OSError):  # nobody can be told any more; the exit code says it
        if output.as_json and not output.is_cut:
            output.show_failure(failure.as_problems(), failure.exit_code)
        elif _is_only_help(error):
            output.show_aside(failure.message)
        else:
            output.show_error(failure.message, failure.problems, failure.hint)
    return int(failure.exit_code)


def describe(error: BaseException) -> Failure | None:
    """The failure that an exception stands for; None for one that nobody foresaw."""
    match error:
        case LovecampaignError():
            problems = error.problems if isinstance(error, ProblemsFound) else ()
            return Failure(
                exit_code=error.exit_code,
                message=error.message,
                hint=error.hint,
                problems=problems,
            )
        case click.UsageError():
            return _usage(error)
        case click.ClickException():
            return Failure(exit_code=ExitCode.USAGE, message=error.format_message())
        case click.Abort() | KeyboardInterrupt():
            return Failure(exit_code=ExitCode.INTERRUPTED, message="Interrupted.")
        case OSError() if error.errno in _MACHINE_FAULTS or _is_about_a_place(error):
            return _machine_fault(error)
    return None


def _usage(error: click.UsageError) -> Failure:
    path = error.ctx.command_path if error.ctx else "lovecampaign"
    return Failure(
        exit_code=ExitCode.USAGE,
        message=_usage_message(error),
        hint=f"type: {path} --help",
    )


def _usage_message(error: click.UsageError) -> str:
    """Click's words, but for "Invalid value for": what is wrong with it follows anyway."""
    match error:
        case click.MissingParameter(param=click.Parameter() as param):
            return f"{_name_of(param, error.ctx)} is missing{_choices_of(param)}"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_name_of(param, error.ctx)}: {_say_number(param) or error.message}"
        case click.NoSuchOption():
            near = difflib.get_close_matches(error.option_name, error.possibilities or (), 1, NEAR)
            guess = f" Did you mean {near[0]}?" if near else ""
            return f"There is no option {error.option_name}.{guess}"
    return error.format_message()


def _name_of(parameter: click.Parameter, context: click.Context | None) -> str:
    """``--limit``, ``FILE``: without the quotes and brackets of usage lines."""
    return parameter.get_error_hint(context).strip("'[].")


def _choices_of(parameter: click.Parameter) -> str:
    kind = parameter.type
    return f": {' or '.join(map(str, kind.choices))}" if isinstance(kind, click.Choice) else ""


def _say_number(parameter: click.Parameter) -> str | None:
    """What a number must be; None for what is none. Click speaks of ranges like ``x>=1``."""
    match parameter.type:
        case click.IntRange(min=least, max=None):
            return f"write a whole number from {least} on"
        case click.IntRange(min=least, max=most):
            return f"write a whole number from {least} to {most:,}"
        case click.types.IntParamType():
            return "write a whole number"
    return None


def _machine_fault(error: OSError) -> Failure:
    where = f" ({error.filename})" if error.filename else ""
    return Failure(
        exit_code=ExitCode.PROBLEMS,
        message=f"The system refused: {error.strerror}{where}.",
        hint="free some space, mend the rights there or name another place, then run the same "
        "command again",
    )


def _is_about_a_place(error: OSError) -> bool:
    """Whether it names a place outside of this program, which the machine does not have so."""
    name = str(error.filename or "")
    return error.errno in _PLACE_FAULTS and bool(name) and not name.startswith(_OUR_FOLDER)


def _bug(error: BaseException, words: Sequence[str]) -> Failure:
    from lovecampaign.cli.framework.bug_log import write_bug_log

    path = write_bug_log(error, words)
    return Failure(
        exit_code=ExitCode.BUG,
        message=f"This is a mistake in lovecampaign, not in what you wrote. Details: {path}",
        hint="running the same command again is safe; please report it with that file",
    )


def _is_only_help(error: BaseException) -> bool:
    """A command called without the words it needs shows its help."""
    return isinstance(error, click.exceptions.NoArgsIsHelpError)
