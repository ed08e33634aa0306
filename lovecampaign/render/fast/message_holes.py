"""Holes of a message, grouped by the inputs that they depend on.

The holes of a group are computed together and cached by the values of those inputs: thousands of
subscribers share a town, a plan or a first name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lovecampaign.render.fast.result_cache import CacheBudget, ResultCache
from lovecampaign.render.mime.quoted_printable import as_plain_bytes
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.values.expressions import Dependencies, Expression, dependencies_of

#: In bytes or characters. Longer results are not cached: thousands would fill the memory.
MAX_CACHED_LENGTH = 1000

#: Bytes of a whole message; text where the provider fills the holes.
Written = TypeVar("Written", bound=bytes | str)


@dataclass(frozen=True, slots=True)
class MessageHole(Generic[Written]):
    """A place for the value of an expression: in a body, or the subject."""

    expression: Expression
    write: Callable[[str], Written]
    #: Whether a value that :func:`as_plain_bytes` takes is written as it is.
    allows_plain: bool = False

    def written_for(self, recipient: Recipient) -> Written:
        return self.write(self.expression.value(recipient))


class HoleGroups(Generic[Written]):
    """All groups of holes of one email; equal groups are shared by its variants."""

    def __init__(self, budget: CacheBudget, make_group: MakeGroup[Written]) -> None:
        self._budget = budget
        self._make_group = make_group
        self._groups: dict[tuple[MessageHole[Written], ...], HoleGroup[Written]] = {}

    def of(self, holes: Iterable[MessageHole[Written]]) -> list[HoleGroup[Written]]:
        """Each hole once, in a group with those of the same dependencies."""
        grouped: dict[Dependencies, dict[MessageHole[Written], None]] = {}
        for hole in holes:
            grouped.setdefault(dependencies_of(hole.expression), {})[hole] = None
        return [self._group(each, tuple(together)) for each, together in grouped.items()]

    def _group(
        self, dependencies: Dependencies, holes: tuple[MessageHole[Written], ...]
    ) -> HoleGroup[Written]:
        if holes not in self._groups:
            self._groups[holes] = self._make_group(dependencies, holes, self._budget)
        return self._groups[holes]


class HoleGroup(Generic[Written]):
    """Holes with the same dependencies."""

    __slots__ = ("_cache", "_expressions", "_key", "_writers", "holes")

    def __init__(
        self, dependencies: Dependencies, holes: Sequence[MessageHole[Written]], budget: CacheBudget
    ) -> None:
        self.holes = holes
        self._key = dependencies.key
        #: None where hardly two subscribers have the same values.
        self._cache: ResultCache[Sequence[Written]] | None = None
        if dependencies.is_shared:
            self._cache = budget.new_cache()
        self._expressions = list(dict.fromkeys(hole.expression for hole in holes))
        numbers = {one: number for number, one in enumerate(self._expressions)}
        self._writers = [
            (numbers[hole.expression], hole.allows_plain, hole.write) for hole in holes
        ]

    def written_for(self, recipient: Recipient) -> Sequence[Written]:
        """The written value of each hole."""
        if self._cache is None:
            return self._compute(recipient)
        key = self._key(recipient)
        written = self._cache.get(key)
        if written is None:
            written = self._compute(recipient)
            if sum(map(len, written)) <= MAX_CACHED_LENGTH:
                self._cache.keep(key, written)
        return written

    def _compute(self, recipient: Recipient) -> Sequence[Written]:
        values = [one.value(recipient) for one in self._expressions]
        return [write(values[number]) for number, _, write in self._writers]


class QuotedHoleGroup(HoleGroup[bytes]):
    """Holes of a quoted body: a value is tested for being plain once, not once per hole."""

    __slots__ = ()

    def _compute(self, recipient: Recipient) -> Sequence[bytes]:
        values = [one.value(recipient) for one in self._expressions]
        plain = [as_plain_bytes(value) for value in values]
        return [
            (allows_plain and plain[number]) or write(values[number])
            for number, allows_plain, write in self._writers
        ]


MakeGroup = Callable[
    [Dependencies, Sequence[MessageHole[Written]], CacheBudget], HoleGroup[Written]
]
