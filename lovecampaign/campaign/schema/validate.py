"""Do the settings of a file fit their schema? All that does not, at once, and what is left.

What cannot be read is left out, so that the rules about everything else still run; the paths
of what was left out are ``broken``, and no rule speaks about those.
"""

from __future__ import annotations

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

#: Each round leaves out one level more; the schema has five.
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Generic[G]):
    """Settings as read: ``value`` is None where not even a remainder makes sense."""

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
        """A problem about a setting, at its place."""
        spot = self.tree.spot(path)
        return self.source.problem(code, message, spot, hint=hint, severity=severity)

    def refusal(self, path: Keys, bad: BadValue) -> Problem:
        """Why the value of a setting will not do, at its place."""
        return self.problem(bad.code, path, bad.message, hint=bad.hint)

    def place(self, path: Keys) -> Place | None:
        """Where a setting stands, or None for one that is not written."""
        if not self.tree.has(path):
            return None
        spot = self.tree.spot(path)
        return Place(file=self.source.name, line=spot.line, column=spot.column)

    def places(self) -> dict[str, Place]:
        """Where each setting stands, by its path with dots."""
        paths = walk(self.tree.root) if self.tree.root else ()
        found = ((".".join(map(str, path)), self.place(path)) for path in paths)
        return {name: place for name, place in found if place is not None}

    def is_sound(self, *path: str | int) -> bool:
        """Whether nothing was left out at this path, above it or below it."""
        return not any(_overlap(broken, path) for broken in self.broken)


def read_document(
    source: Source,
    model: type[G],
    *,
    first_line: int = 1,
    last_line: int | None = None,
    stand_in: dict[str, Any] | None = None,
) -> Document[G]:
    """Read a stretch of a file as settings; ``stand_in`` holds what the model requires."""
    tree = read_tree(source, fix_lines(source, first_line, last_line or len(source.lines)))
    problems = list(tree.problems)
    data = tree.root.data() if tree.root else {}
    if not isinstance(data, dict):
        problems.append(_no_settings(source, tree))
        data = {}
    problems += _empty_values(source, tree)
    value, broken, found = _fit(source, tree, model, data, stand_in or {})
    problems += found
    shown = [one for one in problems if one in tree.problems or not tree.is_silent(one)]
    return Document(source=source, tree=tree, value=value, broken=broken, problems=tuple(shown))


def _fit(
    source: Source, tree: Tree, model: type[G], data: dict[Any, Any], stand_in: dict[str, Any]
) -> tuple[G | None, Broken, list[Problem]]:
    """Validate, leaving out what does not fit, until the rest does."""
    problems: list[Problem] = []
    broken: set[KeyPath] = set()
    for attempt in range(_ROUNDS):
        try:
            return model.model_validate(data), frozenset(broken), problems
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            if attempt == 0:
                told = (translate_validation_error(source, tree, model, one) for one in found)
                problems = [one for one in told if one is not None]
            data, gone = _without(data, [_left_out(one) for one in found])
            broken |= gone
            data = {**stand_in, **data}
    return None, frozenset(broken), problems


def _left_out(error: Any) -> KeyPath:
    """What has to go: the wrong value, or the group in which something is missing."""
    path = tuple(step for step in error["loc"] if step != "[key]")
    if error["type"] != "missing":
        return path
    return path if len(path) == 1 else path[:-1]


def _without(data: dict[Any, Any], paths: list[KeyPath]) -> tuple[dict[Any, Any], set[KeyPath]]:
    """A copy of the data without some paths; and the paths that were there."""
    rest = _copy(data)
    for path in sorted(paths, key=_last_first, reverse=True):
        _remove_at(rest, path)
    return rest, set(paths)


def _remove_at(data: Any, path: KeyPath) -> None:
    """Take away what stands at a path; pydantic's may go deeper than what is written."""
    inner = _inside(data, path[0])
    if len(path) == 1 or not isinstance(inner, dict | list):
        _remove(data, path[0])
    else:
        _remove_at(inner, path[1:])


def _remove(holder: Any, step: str | int) -> None:
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        del holder[step]
    elif isinstance(holder, dict):
        for key in [key for key in holder if str(key) == str(step)]:
            del holder[key]


def _inside(holder: Any, step: str | int) -> Any:
    if isinstance(holder, list):
        return holder[step] if isinstance(step, int) and step < len(holder) else None
    if isinstance(holder, dict):
        return next((value for key, value in holder.items() if str(key) == str(step)), None)
    return None


def _copy(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(item) for item in data] if isinstance(data, list) else data


def _last_first(path: KeyPath) -> list[tuple[int, str]]:
    """Items of a list in order of their numbers, so that the last can go first."""
    return [(step, "") if isinstance(step, int) else (-1, step) for step in path]


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
