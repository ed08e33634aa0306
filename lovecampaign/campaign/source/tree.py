"""The tree of a file's settings: nodes with their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from lovecampaign.campaign.source.source import Spot
from lovecampaign.core.problems import Problem


class WrittenFloat(float):
    """A number that knows its spelling: ``1.000`` is a thousand for many authors."""

    def __new__(cls, written: str | float) -> Self:
        number = super().__new__(cls, written)
        number.written = str(written)
        return number

    written: str


Scalar = str | int | float | bool | None
#: A dict lives only from here to the schema.
Data = Scalar | list["Data"] | dict[Scalar, "Data"]
#: The path of a setting from the outermost key on: in any sequence, and hashable.
Keys = Sequence[str | int]
KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """A value, list or mapping; ``items`` and ``entries`` are in file order."""

    spot: Spot
    scalar: Scalar = None
    items: list[Node] | None = None
    entries: list[MappingEntry] | None = None
    is_flow: bool = False
    is_plain: bool = False
    #: The first entry of each key, as far as it was asked for.
    _index: dict[str, MappingEntry] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is no value."""
        return self.is_plain and self.scalar is None

    def data(self) -> Data:
        """Plain data without empty entries; recursion is safe, since the depth is limited."""
        if self.entries is not None:
            written = (entry for entry in self.entries if not entry.value.is_empty)
            return {entry.key: entry.value.data() for entry in written}
        if self.items is not None:
            return [item.data() for item in self.items]
        return self.scalar

    def entry(self, key: str | int) -> MappingEntry | None:
        """The entry of a mapping with that key as text."""
        if self.entries is None:
            return None
        if len(self._index) != len(self.entries):
            self._index = {str(each.key): each for each in reversed(self.entries)}
        return self._index.get(str(key))


@dataclass(slots=True)
class MappingEntry:
    """A key of a mapping and its value."""

    key: Scalar
    key_spot: Spot
    value: Node


@dataclass(slots=True)
class Tree:
    """The root node, None for an empty file, and the problems of parsing."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    #: False if the parser stopped: a missing setting may be further down.
    is_whole: bool = True
    #: Lines about which nothing more is reported: their values are not what the author meant.
    silent_lines: frozenset[int] = frozenset()

    def spot(self, path: Keys, *, of_key: bool = False) -> Spot:
        """The spot of a setting, or of the nearest group around an unwritten one."""
        spot = self.root.spot if self.root else Spot(line=1)
        for entry in self._entries_along(path):
            node = entry.value
            spot = entry.key_spot if of_key or node.is_empty or node.entries else node.spot
        return spot

    def is_silent(self, problem: Problem) -> bool:
        return problem.place is not None and problem.place.line in self.silent_lines

    def has(self, path: Keys) -> bool:
        return len(list(self._entries_along(path))) == len(path)

    def _entries_along(self, path: Keys) -> Iterator[MappingEntry]:
        """The entries of a path, as far as they are written."""
        node = self.root
        for step in path:
            entry = _step(node, step)
            if entry is None:
                return
            yield entry
            node = entry.value


def empty_entries(node: Node) -> Iterator[MappingEntry]:
    """All keys without a value, in file order."""
    for entry in node.entries or ():
        if entry.value.is_empty:
            yield entry
        yield from empty_entries(entry.value)
    for item in node.items or ():
        yield from empty_entries(item)


def walk(node: Node, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of all settings, outer ones first."""
    for entry in node.entries or ():
        inner = (*path, as_step(entry.key))
        yield inner
        yield from walk(entry.value, inner)


def as_step(key: Scalar) -> str | int:
    """A key as a step of a path."""
    return key if isinstance(key, int) else str(key)


def _step(node: Node | None, step: str | int) -> MappingEntry | None:
    if node is None:
        return None
    if node.items is not None and isinstance(step, int) and 0 <= step < len(node.items):
        item = node.items[step]
        return MappingEntry(key=step, key_spot=item.spot, value=item)
    return node.entry(step)
