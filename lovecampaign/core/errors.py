"""Errors for operators: a message, a hint of what to type next, and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from lovecampaign.core.problems import Problem


class ExitCode(IntEnum):
    """Exit codes of the process (docs/reference.md, "Exit codes")."""

    DONE = 0
    PROBLEMS = 1  #: problems found, or some deliveries failed for good
    USAGE = 2
    BUG = 3  #: ours: a log file is named
    CONFIRMATION = 4  #: needed or declined
    RUN_AGAIN = 6  #: in doubt, to retry or remaining > 0
    UNREACHABLE = 7  #: provider or database
    FENCED = 75  #: suspended, and others took over: EX_TEMPFAIL of sysexits.h, start it again
    INTERRUPTED = 130


class LovecampaignError(Exception):
    """Base class of our errors; shown as text, never as a traceback."""

    exit_code = ExitCode.PROBLEMS

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        #: What to type or change next.
        self.hint = hint


class UsageError(LovecampaignError):
    """The command line is wrong, or names something that does not exist."""

    exit_code = ExitCode.USAGE


class ProblemsFound(LovecampaignError):
    """An author's files hold mistakes; ``problems`` are all of them."""

    def __init__(
        self, message: str, problems: Sequence[Problem], *, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ConfirmationNeeded(LovecampaignError):
    """A real send was not confirmed, or there was no terminal for the question."""

    exit_code = ExitCode.CONFIRMATION


class Unreachable(LovecampaignError):
    """The provider or the database does not answer, or rejects the login."""

    exit_code = ExitCode.UNREACHABLE


class DatabaseBusy(Unreachable):
    """The database's write lock, or a free connection, was not available in time."""


class ProviderRefused(Unreachable):
    """The provider rejects the login or the sender: a retry does not help."""
