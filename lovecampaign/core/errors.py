"""Errors an operator meets: what happened, what to type next, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from lovecampaign.core.problems import Problem


class ExitCode(IntEnum):
    """What the process tells the shell (INTERFACE.md, "Exit codes")."""

    DONE = 0
    PROBLEMS = 1  #: problems found, or some deliveries failed for good
    USAGE = 2
    BUG = 3  #: ours: a log file is named
    CONFIRMATION = 4  #: needed or declined
    RUN_AGAIN = 6  #: in doubt, to retry or remaining > 0
    UNREACHABLE = 7  #: provider or database
    INTERRUPTED = 130


class LovecampaignError(Exception):
    """Base of every error that we raise on purpose; shown as text, never as a traceback."""

    exit_code = ExitCode.PROBLEMS

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: What to type or change next.
        self.hint = hint


class UsageError(LovecampaignError):
    """The command line asks for something that makes no sense, or names what isn't there."""

    exit_code = ExitCode.USAGE


class ProblemsFound(LovecampaignError):
    """An author's files hold mistakes; carries all of them."""

    def __init__(
        self, message: str, problems: Sequence[Problem], *, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ConfirmationNeeded(LovecampaignError):
    """A real send was not confirmed, or there was nobody to ask."""

    exit_code = ExitCode.CONFIRMATION


class Unreachable(LovecampaignError):
    """The provider or the database does not answer, or does not let us in."""

    exit_code = ExitCode.UNREACHABLE


class DatabaseBusy(Unreachable):
    """Others had the database for as long as we were ready to wait: its writer, or all of its
    connections.
    """


class ProviderRefused(Unreachable):
    """The provider does not let us in, or not with this sender: waiting does not help."""
