"""Validation of a file's settings: all errors at once, and the valid remainder.

Invalid settings are removed, so that the rules about the others still run. Their paths are
``broken``: no rule reports about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lovecampaign.campaign.schema.models import SettingsGroup
from lovecampaign.campaign.schema.validation_errors import translate_validation_error
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import read_tree
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.campaign.source.tree import KeyPath, Keys, Tree, empty_entries, walk
from lovecampaign.core.problems import Place, Problem, Severity, has_errors, in_file_order

G = TypeVar("G", bound=SettingsGroup)
Broken = frozenset[KeyPath]

#: Each round removes one level more; the schema has five.
_ROUNDS = 8
#: Of one file; the others are counted.
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Generic[G]):
    """Settings as read: ``value`` is None without a valid remainder."""

    source: Source
    tree: Tree
    value: G | None
    broken: Broken
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
        return not any(_overlap(broken, path) for broken in self.broken)


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
    shown = [*tree.problems, *(one for one in problems if not tree.is_silent(one))]
    return Document(
        source=source, tree=tree, value=value, broken=broken, problems=_first_of(shown, source)
    )


def _first_of(problems: Sequence[Problem], source: Source) -> tuple[Problem, ...]:
    """The first problems of a file with thousands, and the number of the others."""
    if len(problems) <= MAX_PROBLEMS:
        return tuple(problems)
    ordered = in_file_order(problems)
    rest = ordered[MAX_PROBLEMS:]
    summary = Problem(
        code=ProblemCode.MORE_MISTAKES.value,
        message=f"{source.name} has {len(rest):,} more mistakes",
        place=Place(file=source.name, line=rest[0].place.line if rest[0].place else None),
        hint="is this the right file? Fix the ones above first",
        severity=Severity.ERROR if has_errors(rest) else Severity.WARNING,
    )
    return (*ordered[:MAX_PROBLEMS], summary)


def _validate(
    source: Source, tree: Tree, model: type[G], data: dict[Any, Any], placeholders: dict[str, Any]
) -> tuple[G | None, Broken, list[Problem]]:
    """Validate and remove invalid settings until the rest is valid."""
    problems: list[Problem] = []
    broken: set[KeyPath] = set()
    for attempt in range(_ROUNDS):
        try:
            return model.model_validate(data), frozenset(broken), problems
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            if attempt == 0:
                problems = _translate(source, tree, model, errors)
            invalid = {_invalid_path(one) for one in errors}
            broken |= invalid
            data = {**placeholders, **_without(data, invalid)}
    return None, frozenset(broken), problems


def _translate(
    source: Source, tree: Tree, model: type[G], errors: Sequence[ErrorDetails]
) -> list[Problem]:
    """The problems of pydantic's errors; of thousands, only the first have a hint of their own.

    To suggest the right name of a setting takes a millisecond.
    """
    if len(errors) > MAX_PROBLEMS:
        errors = sorted(errors, key=lambda one: tree.spot(_written_path(one), of_key=True).line)
    first, rest = errors[:MAX_PROBLEMS], errors[MAX_PROBLEMS:]
    translated = (translate_validation_error(source, tree, model, one) for one in first)
    others = (
        source.problem(ProblemCode.WRONG_SHAPE, "this cannot be read", spot)
        for spot in (tree.spot(_written_path(one), of_key=True) for one in rest)
    )
    return [one for one in (*translated, *others) if one is not None]


def _written_path(error: ErrorDetails) -> KeyPath:
    return tuple(step for step in error["loc"] if step != "[key]")


def _invalid_path(error: Any) -> KeyPath:
    """The path to remove: the invalid value, or the group with a missing setting."""
    path = _written_path(error)
    if error["type"] != "missing":
        return path
    return path if len(path) == 1 else path[:-1]


def _without(data: dict[Any, Any], paths: Iterable[KeyPath]) -> dict[Any, Any]:
    """A copy of the data without some paths."""
    rest = deepcopy(data)
    for path in sorted(paths, key=_item_order, reverse=True):
        _remove(rest, path)
    return rest


def _item_order(path: KeyPath) -> list[tuple[int, str]]:
    """The items of a list by number, so that the last can be removed first."""
    return [(step, "") if isinstance(step, int) else (-1, step) for step in path]


def _remove(data: Any, path: KeyPath) -> None:
    """Remove the value at a path; pydantic's paths may be deeper than the data."""
    step, *rest = path
    for key in _matching_keys(data, step):
        if rest and isinstance(data[key], dict | list):
            _remove(data[key], tuple(rest))
        else:
            del data[key]


def _matching_keys(holder: Any, step: str | int) -> list[Any]:
    """The indexes or keys of a step: keys match by their text."""
    if isinstance(holder, list):
        return [step] if isinstance(step, int) and step < len(holder) else []
    if isinstance(step, str) and step in holder:
        return [step]
    return [key for key in holder if str(key) == str(step)]


def _overlap(one: Keys, other: Keys) -> bool:
    return all(str(a) == str(b) for a, b in zip(one, other, strict=False))


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
