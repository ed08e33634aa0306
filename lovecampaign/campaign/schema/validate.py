"""Validation of a file's settings: all errors at once, and the valid remainder.

Invalid settings are removed, so that the rules about the others still run. Their paths are
``broken``: no rule reports about them.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lovecampaign.campaign.schema.removal import BrokenPaths, without
from lovecampaign.campaign.schema.settings_group import SettingsGroup
from lovecampaign.campaign.schema.validation_errors import (
    is_covered,
    spot_of_error,
    translate_validation_error,
    written_path,
)
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import read_tree
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.problem_limit import MAX_PROBLEMS, only_counted
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.campaign.source.tree import KeyPath, Keys, Tree, empty_entries, walk
from lovecampaign.core.problems import Place, Problem, Severity

G = TypeVar("G", bound=SettingsGroup)

#: Each round removes one level more; the schema has five.
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Generic[G]):
    """Settings as read: ``value`` is None without a valid remainder."""

    source: Source
    tree: Tree
    value: G | None
    broken: BrokenPaths
    #: All of them; those behind the first 200 of the schema are only counted.
    problems: tuple[Problem, ...]

    def problem(
        self,
        code: ProblemCode,
        path: Keys,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem at the place of a setting."""
        spot = self.tree.spot(path)
        return self.source.problem(code, message, spot, hint=hint, severity=severity)

    def refusal(self, path: Keys, bad: BadValue) -> Problem:
        """The problem of a bad value at the place of its setting."""
        return self.problem(bad.code, path, bad.message, hint=bad.hint)

    def place(self, path: Keys) -> Place | None:
        """The place of a setting; None for one that is not written."""
        if not self.tree.has(path):
            return None
        spot = self.tree.spot(path)
        return Place(file=self.source.name, line=spot.line, column=spot.column)

    def places(self) -> dict[str, Place]:
        """The places of all settings, by dotted path."""
        paths = walk(self.tree.root) if self.tree.root else ()
        places = ((".".join(map(str, path)), self.place(path)) for path in paths)
        return {name: place for name, place in places if place is not None}

    def is_sound(self, *path: str | int) -> bool:
        """Whether nothing at this path, above it or below it was invalid."""
        return not self.broken.overlap(path)


def read_document(
    source: Source,
    model: type[G],
    *,
    first_line: int = 1,
    last_line: int | None = None,
    placeholders: dict[str, Any] | None = None,
) -> Document[G]:
    """Read a range of lines as settings; ``placeholders`` replace invalid required settings."""
    tree = read_tree(source, fix_lines(source, first_line, last_line or len(source.lines)))
    problems: list[Problem] = []
    data = tree.root.data() if tree.root else {}
    if not isinstance(data, dict):
        problems.append(_no_settings(source, tree))
        data = {}
    problems += _empty_values(source, tree)
    value, broken, invalid = _validate(source, tree, model, data, placeholders or {})
    problems += invalid
    shown = (*tree.problems, *(one for one in problems if not tree.is_silent(one)))
    return Document(source=source, tree=tree, value=value, broken=broken, problems=shown)


def _validate(
    source: Source, tree: Tree, model: type[G], data: dict[Any, Any], placeholders: dict[str, Any]
) -> tuple[G | None, BrokenPaths, list[Problem]]:
    """Validate and remove invalid settings until the rest is valid."""
    problems: list[Problem] = []
    broken: set[KeyPath] = set()
    for attempt in range(_ROUNDS):
        try:
            return model.model_validate(data), BrokenPaths(broken), problems
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            if attempt == 0:
                problems = _translate(source, tree, model, errors)
            invalid = {_invalid_path(one) for one in errors}
            broken |= invalid
            data = {**placeholders, **without(data, invalid)}
    return None, BrokenPaths(broken), problems


def _translate(
    source: Source, tree: Tree, model: type[G], errors: Iterable[ErrorDetails]
) -> list[Problem]:
    """The problems of pydantic's errors; of thousands, those behind the first are only counted.

    To suggest the right name of a setting takes a millisecond. A translated error may move down,
    to the wrong piece of a long value: more are translated until no other can be before the last.
    """
    spots = ((spot_of_error(tree, one), one) for one in errors if not is_covered(tree, one))
    audible = ((spot, one) for spot, one in spots if spot.line not in tree.silent_lines)
    problems: list[Problem] = []
    positions: list[tuple[int, int]] = []
    for spot, error in sorted(audible, key=lambda pair: _position(pair[0])):
        if bisect_right(positions, _position(spot)) >= MAX_PROBLEMS:
            problems.append(only_counted(source, spot))
            continue
        problem = translate_validation_error(source, model, error, spot)
        problems.append(problem)
        if problem.place and not tree.is_silent(problem):
            insort(positions, (problem.place.line or 0, problem.place.column or 0))
    return problems


def _position(spot: Spot) -> tuple[int, int]:
    return (spot.line, spot.column)


def _invalid_path(error: Any) -> KeyPath:
    """The path to remove: the invalid value, or the group with a missing setting."""
    path = written_path(error)
    if error["type"] != "missing":
        return path
    return path if len(path) == 1 else path[:-1]


def _empty_values(source: Source, tree: Tree) -> list[Problem]:
    if tree.root is None:
        return []
    return [
        source.problem(
            ProblemCode.EMPTY_VALUE,
            f"{entry.key} has no value",
            entry.key_spot,
            hint="write one, or delete the line",
        )
        for entry in empty_entries(tree.root)
    ]


def _no_settings(source: Source, tree: Tree) -> Problem:
    return source.problem(
        ProblemCode.WRONG_SHAPE,
        "settings are expected here",
        tree.root.spot if tree.root else Spot(line=1),
        hint='one on each line, written "key: value"',
    )
