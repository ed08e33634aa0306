"""Removal of invalid settings, in one pass over the data however many they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from lovecampaign.campaign.source.tree import KeyPath, Keys

#: Paths as a prefix tree, by the text of each step; an empty one is the end of a path.
_Cuts: TypeAlias = dict[str, "_Cuts"]


class BrokenPaths:
    """The paths of invalid settings; a look-up does not depend on their number."""

    def __init__(self, paths: Iterable[KeyPath] = ()) -> None:
        self._cuts = _prefix_tree(paths)

    def overlap(self, path: Keys) -> bool:
        """Whether the setting at this path, one above it or one below it is invalid."""
        cuts = self._cuts
        for step in map(str, path):
            if step not in cuts:
                return False
            cuts = cuts[step]
            if not cuts:
                return True
        return bool(cuts)


def without(data: dict[Any, Any], paths: Iterable[KeyPath]) -> dict[Any, Any]:
    """A copy of the data without some paths; pydantic's paths may be deeper than the data."""
    rest: dict[Any, Any] = _pruned(data, _prefix_tree(paths))
    return rest


def _prefix_tree(paths: Iterable[KeyPath]) -> _Cuts:
    root: _Cuts = {}
    for *group, last in sorted(set(paths), key=len, reverse=True):
        cuts = root
        for step in group:
            cuts = cuts.setdefault(str(step), {})
        cuts[str(last)] = {}  # the longer paths below it are removed with it
    return root


def _pruned(value: Any, cuts: _Cuts) -> Any:
    """A copy of a group or list without the cuts."""
    if isinstance(value, list):
        pairs = ((item, cuts.get(str(index))) for index, item in enumerate(value))
        return [_kept(item, inner) for item, inner in pairs if not _is_removed(item, inner)]
    entries = ((key, item, cuts.get(str(key))) for key, item in value.items())
    return {key: _kept(item, inner) for key, item, inner in entries if not _is_removed(item, inner)}


def _is_removed(item: Any, cuts: _Cuts | None) -> bool:
    """Whether a path ends at this item, or inside it where the data has no parts."""
    return cuts is not None and not (cuts and isinstance(item, dict | list))


def _kept(item: Any, cuts: _Cuts | None) -> Any:
    return _pruned(item, cuts) if cuts else item
