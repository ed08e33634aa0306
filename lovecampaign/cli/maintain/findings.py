"""What did the doctor find?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lovecampaign.core.problems import Problem, Severity


class State(StrEnum):
    """How one thing is."""

    GOOD = "good"
    DOUBTFUL = "doubtful"  #: mail goes out; somebody should look
    WRONG = "wrong"
    UNKNOWN = "unknown"  #: we could not ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    #: ``spf``, ``database`` …
    name: str
    state: State
    message: str
    #: What to type or change.
    hint: str | None = None
    #: The database or the provider does not answer.
    is_unreachable: bool = False

    @property
    def is_problem(self) -> bool:
        return self.state in (State.WRONG, State.DOUBTFUL)

    def as_problem(self) -> Problem:
        """For programs that read what every command says in the same way."""
        return Problem(
            code=self.name.replace(" ", "_"),
            message=self.message,
            hint=self.hint or None,
            severity=Severity.ERROR if self.state is State.WRONG else Severity.WARNING,
        )

    def as_json(self) -> Mapping[str, str | None]:
        return {
            "name": self.name,
            "state": self.state.value,
            "message": self.message,
            "hint": self.hint,
        }


def good(name: str, message: str) -> Finding:
    return Finding(name=name, state=State.GOOD, message=message)


def doubtful(name: str, message: str, hint: str) -> Finding:
    return Finding(name=name, state=State.DOUBTFUL, message=message, hint=hint)


def wrong(name: str, message: str, hint: str) -> Finding:
    return Finding(name=name, state=State.WRONG, message=message, hint=hint)


def unknown(name: str, message: str, hint: str | None = None) -> Finding:
    return Finding(name=name, state=State.UNKNOWN, message=message, hint=hint)


def unreachable(name: str, message: str, hint: str | None) -> Finding:
    return Finding(name=name, state=State.WRONG, message=message, hint=hint, is_unreachable=True)
