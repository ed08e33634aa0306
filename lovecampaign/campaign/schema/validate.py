"""Validation of a file's settings: all errors at once, and the valid remainder.

Invalid settings are removed, so that the rules about the others still run. Their paths are
``broken``: no rule reports about them.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from lovecampaign.campaign.schema.models import SettingsGroup
from lovecampaign.campaign.schema.validation_errors import translate_validation_error
from lovecampaign.campaign.source.errors import BadValue
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import read_tree
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import Source, Spot
from lovecampaign.campaign.source.tree import KeyPath, Keys, Tree, empty_entries, walk
from lovecampaign.core.problems import Place, Problem, Severity

G = TypeVar("G", bound=SettingsGroup)
Broken = frozenset[KeyPath]

#: Each round removes one level more; the schema has five.
_ROUNDS = 8


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
    problems = list(tree.problems)
    data = tree.root.data() if tree.root else {}
    if not isinstance(data, dict):
        problems.append(_no_settings(source, tree))
        data = {}
    problems += _empty_values(source, tree)
    value, broken, invalid = _validate(source, tree, model, data, placeholders or {})
    problems += invalid
    shown = [one for one in problems if one in tree.problems or not tree.is_silent(one)]
    return Document(source=source, tree=tree, value=value, broken=broken, problems=tuple(shown))


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
                translated = (
                    translate_validation_error(source, tree, model, one) for one in errors
                )
                problems = [one for one in translated if one is not None]
            invalid = {_invalid_path(one) for one in errors}
            broken |= invalid
            data = {**placeholders, **_without(data, invalid)}
    return None, frozenset(broken), problems


def _invalid_path(error: Any) -> KeyPath:
    """The path to remove: the invalid value, or the group with a missing setting."""
    path = tuple(step for step in error["loc"] if step != "[key]")
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
            hint="write one, or take the line away",
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
