"""Findings of the health checks of ``doctor``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lovecampaign.cli.output.result import NOT_IN_JSON
from lovecampaign.core.problems import Problem, Severity


class HealthState(StrEnum):
    """The result of one health check."""

    GOOD = "good"
    DOUBTFUL = "doubtful"  #: mail can be sent, but this should be looked at
    WRONG = "wrong"
    UNKNOWN = "unknown"  #: could not be checked


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFinding:
    """The result of one health check, in the shape of its JSON."""

    #: ``spf``, ``database`` …
    name: str
    state: HealthState
    message: str
    #: What to type or change.
    hint: str | None = None
    #: The database or the provider does not answer.
    is_unreachable: bool = field(default=False, metadata=NOT_IN_JSON)

    @property
    def is_problem(self) -> bool:
        return self.state in (HealthState.WRONG, HealthState.DOUBTFUL)

    def as_problem(self) -> Problem:
        return Problem(
            code=self.name.replace(" ", "_"),
            message=self.message,
            hint=self.hint or None,
            severity=Severity.ERROR if self.state is HealthState.WRONG else Severity.WARNING,
        )


def good(name: str, message: str) -> HealthFinding:
    return HealthFinding(name=name, state=HealthState.GOOD, message=message)


def doubtful(name: str, message: str, hint: str) -> HealthFinding:
    return HealthFinding(name=name, state=HealthState.DOUBTFUL, message=message, hint=hint)


def wrong(name: str, message: str, hint: str) -> HealthFinding:
    return HealthFinding(name=name, state=HealthState.WRONG, message=message, hint=hint)


def unknown(name: str, message: str) -> HealthFinding:
    return HealthFinding(name=name, state=HealthState.UNKNOWN, message=message)


def unreachable(name: str, message: str, hint: str | None) -> HealthFinding:
    return HealthFinding(
        name=name, state=HealthState.WRONG, message=message, hint=hint, is_unreachable=True
    )
