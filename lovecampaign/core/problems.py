"""Problems in an author's files, with severity, place, excerpt and hint.

A :class:`Problem` is never raised by the code that finds it: all of an author's mistakes are
collected and shown in file order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a problem is."""

    ERROR = "error"  #: nothing is sent before it is fixed
    WARNING = "warning"  #: sending goes on (``check --strict`` counts it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a file; ``line`` and ``column`` count from 1."""

    #: Relative to the workspace for files inside it.
    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake, described so that its author can fix it."""

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR
    #: The source line that holds the mistake, without its line end, for the excerpt.
    excerpt: str | None = None
    #: How many characters the caret underlines, from ``place.column`` on.
    width: int = 1

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def as_json(self) -> Mapping[str, str | int | None]:
        """The problem as the JSON envelope shows it (docs/reference.md, "JSON")."""
        place = self.place
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "hint": self.hint,
        }


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sorted by file, line and column; problems without a place come first."""
    return sorted(problems, key=_reading_position)


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.is_error for problem in problems)


def _reading_position(problem: Problem) -> tuple[str, int, int, str]:
    place = problem.place
    if place is None:
        return ("", 0, 0, problem.code)
    return (place.file, place.line or 0, place.column or 0, problem.code)
